"""Phases: only statements that read a sum over images wait for all of them."""

import pytest

from engine.cases import GROUPS, IDS, network
from plan.statements import lowered
from striate.plan.batch_reduction import reduce_over_batch
from striate.plan.fuse import Kernel, writes_of
from striate.plan.lower import lower
from striate.plan.phases import TASKS, partial_sums, sort_phases
from striate.plan.simplify import simplify
from striate.plan.statement import LANES, Origin

CHUNKS = 3


def phases(*statements, **arrays):
    """Sort the statements of some texts into phases."""
    return sort_phases(lowered(*statements, **arrays), CHUNKS)[0]


def contents(found):
    """For each phase, return whether it runs over images, and the arrays that it writes."""
    return [
        (phase.over_images, [name for item in phase.items for name in writes_of(item)])
        for phase in found
    ]


A, V = (LANES, 3, 4), 3
MEAN = "m[h] += a[q,h,x]"
CENTERED = "b[q,h,x] = a[q,h,x] - m[h]"


class TestSums:
    """Sums over images."""

    def test_a_reader_of_a_sum_waits(self):
        """Partial sums are computed, then added up, then read, in three phases."""
        found = phases(MEAN, CENTERED, "z[q,h,x] = 2 * b[q,h,x]", a=A, m=V, z=A)

        assert contents(found) == [
            (True, [partial_sums("m")]),
            (False, ["m"]),
            (True, ["b", "z"]),
        ]

    def test_other_statements_do_not_wait(self):
        """Statements that don't read the sum run in the first phase."""
        found = phases(MEAN, "b[q,h,x] = 3 * a[q,h,x]", CENTERED.replace("b", "z"), a=A, m=V, z=A)

        assert contents(found)[0] == (True, [partial_sums("m"), "b"])

    def test_sums_that_depend_on_sums(self):
        """Mean and variance need three phases over images."""
        found = phases(MEAN, CENTERED, "v[h] += b[q,h,x]**2", "z[q,h,x] = b[q,h,x] / v[h]",
                       a=A, m=V, v=V, z=A)  # fmt: skip

        assert [over for over, _ in contents(found)] == [True, False, True, False, True]

    def test_gradients_are_added_up_last(self):
        """Partial sums of gradients are added up after the last phase over images."""
        found = phases("z[h] += a[q,h,x]", MEAN, CENTERED, "c[q,h,x] = 2 * b[q,h,x]",
                       a=A, m=V, z=V)  # fmt: skip

        assert contents(found)[-1] == (False, ["z"])

    def test_two_sums_into_one_array(self):
        """Two phases add to the partial sums of a shared layer, which are added up at the end."""
        found = phases("z[h] += a[q,h,x]", MEAN, "z[h] += a[q,h,x] * m[h]", a=A, m=V, z=V)

        assert [(over, set(names)) for over, names in contents(found)] == [
            (True, {partial_sums("z"), partial_sums("m")}),
            (False, {"m"}),
            (True, {partial_sums("z")}),
            (False, {"z"}),
        ]

    def test_the_order_of_the_chunks(self):
        """Partial sums are added up in the order of their chunks."""
        (_, join) = phases("z[h] += a[q,h,x]", a=A, z=V)

        (kernel,) = join.items
        assert str(kernel.root.nest) == "z[x] += z.partial_sums[k,x]  for x < 3, k < 3"

    def test_chunks_add_to_partial_sums(self):
        """Each chunk adds the terms of all of its blocks to one partial sum."""
        (over, _) = phases("z[h] += a[q,h,x]", a=A, z=V)

        assert over.items[0].root.adds
        assert over.tasks == CHUNKS


class TestOnce:
    """Statements without images."""

    def test_parameters_come_first(self):
        """Statements that depend only on parameters run before the first phase over images."""
        found = phases("k[h] = 2 * w[h]", "z[q,h,x] = k[h] * a[q,h,x]", a=A, w=V, k=V, z=A)

        assert contents(found) == [(False, ["k"]), (True, ["z"])]

    def test_a_chain(self):
        """A statement that reads another one's result at other indices is in a later phase."""
        found = phases("k[h] = 2 * w[h]", "z[h] = k[2 - 1*h]", w=V, k=V, z=V)

        assert contents(found) == [(False, ["k"]), (False, ["z"])]

    def test_independent_statements(self):
        """Independent statements share a phase."""
        found = phases("k[h] = 2 * w[h]", "z[h] = 3 * w[2 - 1*h]", w=V, k=V, z=V)

        assert contents(found) == [(False, ["k", "z"])]

    def test_an_array_that_is_written_again(self):
        """A second value is written after all readers of the first one have run."""
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
        """A phase has several tasks only if it has enough work."""
        (phase,) = phases("z[x] = 2 * a[x]", a=size, z=size)

        assert phase.tasks == tasks

    @pytest.mark.parametrize(("terms", "tasks"), [(1 << 10, 1), (1 << 14, TASKS)])
    def test_terms_are_less_work_than_entries(self, terms, tasks):
        """The terms of a sum count as less work than elements that are stored."""
        (phase,) = phases("z[h] += a[h,x]", a=(16, terms), z=16)

        assert phase.tasks == tasks


@pytest.mark.parametrize("group", GROUPS, ids=[IDS[group] for group in GROUPS])
def test_sums_are_read_in_later_phases(group):
    """In every kind, sums over images and over the batch are only read in later phases."""
    step, numbers = network(group)
    shapes = [y.shape[1:] for y in numbers.targets]
    simple = simplify(lower(step, training=True, target_shapes=shapes))

    found, variables = sort_phases(reduce_over_batch(simple, numbers.images), 2)

    known = set()
    given = {name for name, v in variables.items() if v.buffer or v.values}
    for phase in found:
        made = {name for item in phase.items for name in writes_of(item)}
        for item in phase.items:
            partial = {n for n in made if variables[n].origin is Origin.PARTIAL_SUMS}
            missing = set(item.reads) - known - given
            if phase.over_images:
                assert missing <= {n for n in made if variables[n].per_image} | partial
                assert not {n for n in item.reads if n in made and n in partial} - set(
                    writes_of(item)
                )
            else:
                # Items of one wave are independent, except that a kernel adds to its own sums.
                assert missing <= set(writes_of(item))
        known |= made
    assert all(isinstance(i, Kernel) for p in found if not p.over_images for i in p.items)
