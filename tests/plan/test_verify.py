"""The verifier accepts valid plans, and names what is wrong with an invalid one."""

from dataclasses import replace

import pytest

from plan.small import PROCESSOR, small_plan
from striate.compile import plan_optimizer, plan_step
from striate.errors import NestError
from striate.functions.loss import BinaryCrossEntropy, CrossEntropy, SquaredError
from striate.functions.optimizer import Adam
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.model.presets import PRESETS, preset
from striate.nests import bind
from striate.plan.allocation import Memory
from striate.plan.fuse import Kernel
from striate.plan.schedule import IndexLoop, LoopSchedule
from striate.plan.statement import LANES, Compute, Variable
from striate.plan.tiles import LoopSegment
from striate.plan.verify import verify_plan

LARGE = {"resnet20", "unet-small"}
"""Networks that take a second to plan."""


def first_line(plan):
    """Verify an invalid plan, and return the first line of the error."""
    with pytest.raises(NestError) as error:
        verify_plan(plan)
    return str(error.value).splitlines()[0]


def position_of(plan, name):
    """Find the kernel whose first statement writes an array: its phase and item."""
    return next(
        (p, k)
        for p, phase in enumerate(plan.phases)
        for k, item in enumerate(phase.items)
        if isinstance(item, Kernel) and item.root.writes == name
    )


def with_item(plan, position, item):
    """Return the plan with another item."""
    p, k = position
    items = list(plan.phases[p].items)
    items[k] = item
    return with_items(plan, p, items)


def with_items(plan, p, items):
    """Return the plan with other items in a phase."""
    phases = list(plan.phases)
    phases[p] = replace(phases[p], items=tuple(items))
    return replace(plan, phases=tuple(phases))


def with_extents(plan, name, **extents):
    """Return the plan with other extents in the first nest of the kernel that writes an array."""
    position = position_of(plan, name)
    kernel = plan.phases[position[0]].items[position[1]]
    head = kernel.root
    nest = replace(head.nest, extents={**head.nest.extents, **extents})
    statements = (replace(head, nest=nest), *kernel.statements[1:])
    return with_item(plan, position, replace(kernel, statements=statements))


def with_variable(plan, name, **changes):
    """Return the plan with changes to a variable."""
    changed = replace(plan.variables[name], **changes)
    return replace(plan, variables={**plan.variables, name: changed})


def with_allocation(plan, name, **changes):
    """Return the plan with changes to an array's allocation."""
    return replace(
        plan, allocations={**plan.allocations, name: replace(plan.allocations[name], **changes)}
    )


def with_loop(plan, name, number, *segments):
    """Return the plan with other segments of one loop of a kernel."""
    position = position_of(plan, name)
    old = plan.schedules[position]
    targets = list(old.targets)
    targets[number] = replace(targets[number], segments=segments)
    schedules = {**plan.schedules, position: replace(old, targets=tuple(targets))}
    return replace(plan, schedules=schedules)


def plan_of(kernels, schedules, *, tasks=1, **variables):
    """Make a plan of one phase, without allocations."""
    base = small_plan()
    phase = replace(base.phases[-1], items=tuple(kernels), tasks=tasks)
    return replace(base, phases=(phase,), schedules=schedules, variables=variables, allocations={})


def alone(nest, *, schedule=None, others=(), **variables):
    """Make a plan of one kernel, by default without loops."""
    statements = tuple(Compute(nest=n) for n in (nest, *others))
    kernel = Kernel(statements=statements, stored=frozenset(variables))
    return plan_of([kernel], {(0, 0): schedule or LoopSchedule(None, (), ())}, **variables)


def loop_over(index, extent):
    """Make a schedule with one loop."""
    return LoopSchedule(None, (IndexLoop(index, (LoopSegment(0, extent, 1),)),), ())


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in LARGE else n for n in PRESETS]
)
def test_the_plans_of_presets(name, training):
    """The plans of all presets are valid."""
    graph = parse(*preset(name))
    shape = graph.shapes[graph.outputs[0]]
    loss = {"wolter-exercise": BinaryCrossEntropy(), "lenet1989": SquaredError()}.get(name)
    targets = shape[1:] if loss is None else shape
    step = TrainingStep.of(graph, [loss or CrossEntropy()])

    plan = plan_step(step, 40, training=training, target_shapes=[targets], target=PROCESSOR)

    verify_plan(plan)


def test_the_plan_of_an_optimizer():
    """The plan of an optimizer, which has no images, is valid."""
    verify_plan(plan_optimizer(Adam(), 1000, target=PROCESSOR))


class TestKernels:
    """Kernels must stay within their arrays, and reach every value of their indices once."""

    def test_an_array_smaller_than_its_nest(self):
        """An array with fewer elements than its nest accesses is rejected."""
        plan = with_variable(small_plan(), "conv1.A", size=125)

        assert first_line(plan).endswith("accesses elements 0 to 2015 of an array of 2000.")

    def test_a_guarded_array_smaller_than_its_nest(self):
        """A guarded array is checked by the lengths of its axes."""
        plan = with_variable(small_plan(), "input.A", size=83)

        assert first_line(plan).endswith("accesses elements 0 to 1343 of an array of 1328.")

    def test_parameters_smaller_than_their_nest(self):
        """An array without images is checked by its own size."""
        plan = with_variable(small_plan(), "dense2.weight", size=19)

        assert (
            first_line(plan) == "`dense2.weight[s,r]` accesses elements 0 to 19 of an array of 19."
        )

    def test_an_extent_too_large(self):
        """An extent that exceeds the axis of a lone index is rejected."""
        plan = with_extents(small_plan(), "conv1.Z", h=4)

        assert "exceeds its axis of" in first_line(plan)

    def test_too_many_images_in_a_block(self):
        """A block of more images than lanes is rejected."""
        plan = with_extents(small_plan(), "conv1.Z", q=17)

        assert "exceeds its axis of" in first_line(plan)

    @pytest.mark.parametrize(
        "segments",
        [
            (LoopSegment(0, 5, 1),),
            (LoopSegment(0, 7, 1),),
            (LoopSegment(1, 6, 1),),
            (LoopSegment(0, 6, 4),),
            (LoopSegment(0, 4, 1), LoopSegment(3, 6, 1)),
            (),
        ],
    )
    def test_a_wrong_loop(self, segments):
        """A loop that is too short, too long, starts late, cuts a tile or overlaps is rejected."""
        plan = small_plan()
        targets = plan.schedules[position_of(plan, "conv1.Z")].targets
        rows = next(k for k, loop in enumerate(targets) if loop.index == "i")

        broken = with_loop(plan, "conv1.Z", rows, *segments)

        assert first_line(broken).startswith("The loops are lanes q | ")

    def test_a_missing_loop(self):
        """An index without a loop is rejected."""
        plan = small_plan()
        position = position_of(plan, "conv1.Z")
        fewer = replace(plan.schedules[position], targets=plan.schedules[position].targets[1:])

        broken = replace(plan, schedules={**plan.schedules, position: fewer})

        assert first_line(broken).startswith("The loops are lanes q | ")

    def test_entries_that_two_tiles_write(self):
        """A scatter that is scheduled like a map is rejected."""
        nest = bind("t[i + j] += x[i,j]", shapes={"t": (5,), "x": (3, 3)})
        t, x = (Variable(name=n, size=s, per_image=False) for n, s in (("t", 5), ("x", 9)))

        assert first_line(alone(nest, t=t, x=x)) == (
            "Several tiles or tasks may write the same element of `t[i + j]`."
        )

    def test_a_table_that_ends_early(self):
        """A table must have an element for every index, even if the term doesn't exist."""
        shapes = {"y": (4,), "x": (4,), "t": (4,)}
        nest = bind("y[i] = x[t[i + 1]]", shapes=shapes, extents={"i": 4})
        y, x = (Variable(name=n, size=4, per_image=False) for n in "yx")
        table = Variable(name="t", size=4, per_image=False, values=(0.0, 1.0, 2.0, 3.0))

        assert first_line(alone(nest, y=y, x=x, t=table)) == (
            "`t[i + 1]` reads positions [(1, 4)] of a table of 4 elements with the shape (4,)."
        )

    def test_a_statement_stored_beyond_its_array(self):
        """A statement whose target has fewer elements than the root's is rejected."""
        first = bind("y[i] = 2 * x[i]", shapes={"y": (4,), "x": (4,)})
        second = bind("z[i - 1] = y[i]", shapes={"z": (3,), "y": (4,)})
        y, x = (Variable(name=n, size=4, per_image=False) for n in "yx")
        z = Variable(name="z", size=3, per_image=False)
        looped = loop_over("i", 4)

        plan = alone(first, others=[second], schedule=looped, y=y, x=x, z=z)

        assert first_line(plan) == "`z` is stored even if `0 <= i - 1 < 3` doesn't hold."

    @pytest.mark.parametrize(
        ("text", "subscript"), [("y[i] = x[i - 1]", "i - 1"), ("y[i] = x[t[i]]", "t[i]")]
    )
    def test_a_condition_that_depends_on_the_lane(self, text, subscript):
        """Conditions and table elements must be the same for all lanes."""
        nest = bind(text, shapes=dict.fromkeys("yxt", (20,)))
        y, x = (Variable(name=n, size=20, per_image=False) for n in "yx")
        table = Variable(name="t", size=20, per_image=False, values=tuple(map(float, range(20))))
        looped = LoopSchedule(
            "i", (IndexLoop("i", (LoopSegment(0, 16, 16), LoopSegment(16, 20, 4))),), ()
        )

        plan = alone(nest, schedule=looped, y=y, x=x, t=table)

        assert first_line(plan) == f"`{subscript}` depends on the lane `i`."

    def test_several_tasks_that_add_in_place(self):
        """A scatter that several tasks share is rejected, because terms would be lost."""
        nest = bind("t[i] += x[i]", shapes={"t": (4,), "x": (4,)})
        t, x = (Variable(name=n, size=4, per_image=False) for n in "tx")
        looped = replace(loop_over("i", 4), in_place=True, tasks=2)

        plan = alone(nest, schedule=looped, t=t, x=x)

        assert first_line(plan) == "2 tasks add to the same elements."


class TestOrder:
    """Arrays must be written before they are read, and not afterwards."""

    def test_read_before_it_is_written(self):
        """An array that no earlier item writes is rejected."""
        plan = small_plan()
        load = plan.phases[0].items[0]

        broken = with_item(plan, (0, 0), replace(load, target="conv1.A"))

        assert first_line(broken) == "`input.A` is read before it is written."

    def test_written_after_it_was_read(self):
        """An array that is written again after it was read is rejected."""
        shapes = dict.fromkeys("xyz", (4,))
        texts = ("y[i] = 2 * x[i]", "z[i] = 3 * y[i]", "y[i] = 4 * x[i]")
        kernels = [
            Kernel(statements=(Compute(nest=bind(text, shapes=shapes)),), stored=frozenset("yz"))
            for text in texts
        ]
        given = Variable(name="x", size=4, per_image=False, buffer="x")
        made = {name: Variable(name=name, size=4, per_image=False) for name in "yz"}
        schedules = {(0, k): loop_over("i", 4) for k in range(3)}

        plan = plan_of(kernels, schedules, x=given, **made)

        assert first_line(plan) == "`y` is written after it was read by"

    def test_chunks_that_share_an_array(self):
        """An array that all chunks would write to at the same address is rejected."""
        broken = with_allocation(small_plan(), "input.A", per_block=0)

        assert first_line(broken) == ("Several tasks access `input.A` while one of them writes it.")

    def test_tasks_that_do_not_wait(self):
        """An item that reads what another item of its phase writes is rejected."""
        shapes = dict.fromkeys("xyz", (4,))
        kernels = [
            Kernel(statements=(Compute(nest=bind(text, shapes=shapes)),), stored=frozenset("yz"))
            for text in ("y[i] = 2 * x[i]", "z[i] = 3 * y[i]")
        ]
        given = Variable(name="x", size=4, per_image=False, buffer="x")
        made = {name: Variable(name=name, size=4, per_image=False) for name in "yz"}
        schedules = {(0, k): replace(loop_over("i", 4), tasks=2) for k in range(2)}

        plan = plan_of(kernels, schedules, tasks=2, x=given, **made)

        assert first_line(plan) == "Several tasks access `y` while one of them writes it."


def test_errors_say_what_to_do(golden):
    """The whole messages, for one violation of each kind, are those of the golden file."""
    plan = small_plan()
    sums = plan.allocations["conv1.dweight.partial_sums"]
    kernel = next(i for i in plan.phases[0].items if isinstance(i, Kernel))
    twice = replace(plan.phases[0], items=(*plan.phases[0].items, plan.phases[0].items[0]))
    broken = [
        with_variable(plan, "conv1.A", size=125),
        with_loop(plan, "conv1.Z", 0, LoopSegment(0, 1, 1)),
        with_item(plan, (0, 0), replace(plan.phases[0].items[0], target="conv1.A")),
        replace(plan, phases=(twice, *plan.phases[1:])),
        with_allocation(plan, "input.A", per_block=0),
        replace(plan, arena=plan.arena - LANES),
        with_allocation(replace(plan, scratch=plan.scratch + LANES), kernel.writes[-1], offset=8),
        with_allocation(plan, "conv1.dbias.partial_sums", offset=sums.offset),
    ]

    messages = []
    for wrong in broken:
        with pytest.raises(NestError) as error:
            verify_plan(wrong)
        messages.append(str(error.value))

    golden("plan/invalid_plans", "\n\n".join(messages))


class TestMemory:
    """Arrays must be within their regions, and must not overlap."""

    def test_beyond_the_arena(self):
        """An array that ends after the arena is rejected."""
        plan = small_plan()

        broken = replace(plan, arena=plan.arena - LANES)

        assert f"of the arena, which has {plan.arena - LANES}." in first_line(broken)

    def test_beyond_the_scratch(self):
        """An array that ends after the scratch memory is rejected."""
        plan = small_plan()

        broken = replace(plan, scratch=plan.scratch - LANES)

        assert f"of the per-thread scratch, which has {plan.scratch - LANES}." in first_line(broken)

    def test_in_front_of_the_arena(self):
        """An array with a negative offset is rejected."""
        plan = small_plan()
        name = next(
            n for n, allocation in plan.allocations.items() if allocation.region == Memory.ARENA
        )

        broken = with_allocation(plan, name, offset=-LANES)
        assert first_line(broken).startswith(f"`{name}` needs elements -16 to ")

    def test_an_unaligned_array(self):
        """An array of images that isn't aligned to a vector is rejected."""
        plan = small_plan()
        name = next(
            n for n, allocation in plan.allocations.items() if allocation.region == Memory.SCRATCH
        )
        moved = with_allocation(
            replace(plan, scratch=plan.scratch + LANES), name, offset=LANES // 2
        )

        assert first_line(moved).startswith(f"`{name}` has the offset 8, ")

    def test_overlapping_arrays(self):
        """Two arrays of one kernel at the same address are rejected."""
        plan = small_plan()
        position = plan.allocations["input.A"].offset

        broken = with_allocation(
            replace(plan, scratch=10 * plan.scratch), "conv1.A", offset=position
        )

        assert first_line(broken).endswith("overlap, and are needed at the same time.")

    def test_arrays_that_overlap_in_another_chunk(self):
        """An array that overlaps the second chunk of another one is rejected."""
        plan = small_plan()
        sums = plan.allocations["conv1.dweight.partial_sums"]
        shifted = replace(sums, offset=sums.offset + sums.per_chunk)

        broken = replace(
            plan, allocations={**plan.allocations, "conv1.dbias.partial_sums": shifted}
        )

        assert first_line(broken).endswith("overlap, and are needed at the same time.")
