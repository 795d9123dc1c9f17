"""Phases: only statements that need all images wait for them."""

import pytest

from engine.cases import GROUPS, IDS, network
from plan.statements import lowered
from striate.plan.batch_reduction import reduce_over_batch
from striate.plan.fuse import Kernel, writes_of
from striate.plan.lower import lower
from striate.plan.phases import TASKS, partial_sums, sort_phases
from striate.plan.simplify import simplify
from striate.plan.statement import LANES, Origin

PARTS = 3


def phases(*statements, **arrays):
    """Sort statements from texts."""
    return sort_phases(lowered(*statements, **arrays), PARTS)[0]


def contents(found):
    """List for each phase whether it goes over images, and what it writes."""
    return [
        (phase.over_images, [name for item in phase.items for name in writes_of(item)])
        for phase in found
    ]


A, V = (LANES, 3, 4), 3
MEAN = "m[h] += a[q,h,x]"
CENTereD = "b[q,h,x] = a[q,h,x] - m[h]"


class TestSums:
    """Sums over images."""

    def test_whoever_reads_one_waits(self):
        """Parts are added up, joined, and then read."""
        found = phases(MEAN, CENTereD, "z[q,h,x] = 2 * b[q,h,x]", a=A, m=V, z=A)

        assert contents(found) == [
            (True, [partial_sums("m")]),
            (False, ["m"]),
            (True, ["b", "z"]),
        ]

    def test_what_does_not_read_it_does_not_wait(self):
        """All that can be done in the first phase is."""
        found = phases(MEAN, "b[q,h,x] = 3 * a[q,h,x]", CENTereD.replace("b", "z"), a=A, m=V, z=A)

        assert contents(found)[0] == (True, [partial_sums("m"), "b"])

    def test_sums_of_sums(self):
        """Mean and variance take two waits."""
        found = phases(MEAN, CENTereD, "v[h] += b[q,h,x]**2", "z[q,h,x] = b[q,h,x] / v[h]",
                       a=A, m=V, v=V, z=A)  # fmt: skip

        assert [over for over, _ in contents(found)] == [True, False, True, False, True]

    def test_the_callers_sums_are_joined_last(self):
        """Gradients need no wait of their own."""
        found = phases("z[h] += a[q,h,x]", MEAN, CENTereD, "c[q,h,x] = 2 * b[q,h,x]",
                       a=A, m=V, z=V)  # fmt: skip

        assert contents(found)[-1] == (False, ["z"])

    def test_two_sums_into_one(self):
        """A layer that is used twice: parts take both, and are joined once, behind the second."""
        found = phases("z[h] += a[q,h,x]", MEAN, "z[h] += a[q,h,x] * m[h]", a=A, m=V, z=V)

        assert [(over, set(names)) for over, names in contents(found)] == [
            (True, {partial_sums("z"), partial_sums("m")}),
            (False, {"m"}),
            (True, {partial_sums("z")}),
            (False, {"z"}),
        ]

    def test_the_order_of_the_parts(self):
        """They are added up in the order of their numbers."""
        (_, join) = phases("z[h] += a[q,h,x]", a=A, z=V)

        (kernel,) = join.items
        assert str(kernel.root.nest) == "z[x] += z.partial_sums[k,x]  for x < 3, k < 3"

    def test_every_part_adds(self):
        """A part's sum is cleared first, so that all of its blocks add to it."""
        (over, _) = phases("z[h] += a[q,h,x]", a=A, z=V)

        assert over.items[0].root.adds
        assert over.tasks == PARTS


class TestOnce:
    """Statements without images."""

    def test_before_all_images(self):
        """Statements that depend on parameters alone run before the first image."""
        found = phases("k[h] = 2 * w[h]", "z[q,h,x] = k[h] * a[q,h,x]", a=A, w=V, k=V, z=A)

        assert contents(found) == [(False, ["k"]), (True, ["z"])]

    def test_a_chain(self):
        """What needs another's result, read at other places, is done a phase later."""
        found = phases("k[h] = 2 * w[h]", "z[h] = k[2 - 1*h]", w=V, k=V, z=V)

        assert contents(found) == [(False, ["k"]), (False, ["z"])]

    def test_what_needs_nothing_of_each_other(self):
        """One phase does it all."""
        found = phases("k[h] = 2 * w[h]", "z[h] = 3 * w[2 - 1*h]", w=V, k=V, z=V)

        assert contents(found) == [(False, ["k", "z"])]

    def test_an_array_that_is_written_again(self):
        """The second writer waits for the reader of the first value, wherever that one ends up."""
        found = phases(
            "p[h] = 2 * w[h]",
            "k[h] = w[2 - 1*h]",
            "m[h] = k[2 - 1*h]",
            "z[h] = m[2 - 1*h] * p[h]",
            "p[h] = 3 * w[h]",
            w=V,
            p=V,
            k=V,
            m=V,
            z=V,
        )

        order = [name for _, names in contents(found) for name in names]
        assert order.index("z") < len(order) - 1 - order[::-1].index("p")

    @pytest.mark.parametrize(("size", "tasks"), [(100, 1), (1 << 16, TASKS)])
    def test_shared(self, size, tasks):
        """A phase is shared where it has much to do."""
        (phase,) = phases("z[x] = 2 * a[x]", a=size, z=size)

        assert phase.tasks == tasks

    @pytest.mark.parametrize(("terms", "tasks"), [(1 << 10, 1), (1 << 14, TASKS)])
    def test_terms_are_less_work_than_entries(self, terms, tasks):
        """A sum's terms are added up in a register."""
        (phase,) = phases("z[h] += a[h,x]", a=(16, terms), z=16)

        assert phase.tasks == tasks


@pytest.mark.parametrize("group", GROUPS, ids=[IDS[group] for group in GROUPS])
def test_nobody_reads_a_sum_before_it_is_known(group):
    """In every kind: sums over images and over the batch are read in later phases alone."""
    step, numbers = network(group)
    shapes = [y.shape[1:] for y in numbers.targets]
    simple = simplify(lower(step, training=True, target_shapes=shapes))

    found, variables = sort_phases(reduce_over_batch(simple, numbers.images), 2)

    known = set()
    given = {name for name, v in variables.items() if v.buffer or v.values}
    for phase in found:
        made = {name for item in phase.items for name in writes_of(item)}
        for item in phase.items:
            parts = {n for n in made if variables[n].origin is Origin.PARTIAL_SUMS}
            missing = set(item.reads) - known - given
            if phase.over_images:
                assert missing <= {n for n in made if variables[n].per_image} | parts
                assert not {n for n in item.reads if n in made and n in parts} - set(
                    writes_of(item)
                )
            else:
                # Items of one wave are independent, except for sums to which a kernel itself
                # adds.
                assert missing <= set(writes_of(item))
        known |= made
    assert all(isinstance(i, Kernel) for p in found if not p.over_images for i in p.items)
