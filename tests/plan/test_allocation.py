"""Allocation: arrays that are needed at the same time don't overlap, and memory is small."""

from dataclasses import replace
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from striate.plan.allocation import ALIGNMENT, LiveInterval, aligned, allocate

LIVES = st.tuples(st.integers(1, 90), st.integers(0, 9), st.integers(0, 9))
NEEDS = st.lists(LIVES, max_size=12).map(
    lambda lives: [
        LiveInterval(f"x{k}", size, min(s), max(s)) for k, (size, *s) in enumerate(lives)
    ]
)


def together(one, other):
    """Whether the lifetimes of two arrays overlap."""
    return one.first <= other.last and other.first <= one.last


@given(NEEDS, st.integers(0, 40))
def test_overlapping_lifetimes_share_no_memory(needs, gap):
    """Arrays with overlapping lifetimes don't share an element, nor each other's canaries."""
    where, _ = allocate(needs, gap)

    for one, other in combinations(needs, 2):
        if together(one, other):
            first, second = sorted((where[n.name], n.size) for n in (one, other))
            assert first[0] + first[1] + gap <= second[0]


@given(NEEDS)
def test_alignment(needs):
    """All offsets and the total size are multiples of a cache line."""
    where, whole = allocate(needs)

    assert where.keys() == {need.name for need in needs}
    assert all(at % ALIGNMENT == 0 for at in (*where.values(), whole))


@given(NEEDS)
def test_total_size(needs):
    """The total size is between the largest simultaneous need and the sum of all sizes."""
    where, whole = allocate(needs)

    moments = ([n for n in needs if n.first <= t <= n.last] for t in range(10))
    least = max(sum(aligned(n.size) for n in alive) for alive in moments)
    assert max([where[n.name] + aligned(n.size) for n in needs], default=0) == whole
    assert least <= whole <= sum(aligned(n.size) for n in needs)


@given(NEEDS, st.randoms())
def test_names_do_not_change_offsets(needs, random):
    """Offsets don't depend on names, so display text never changes machine code."""
    names = [need.name for need in needs]
    random.shuffle(names)
    others = [replace(need, name=name) for need, name in zip(needs, names, strict=True)]
    where, whole = allocate(needs)
    renamed = {new.name: where[old.name] for old, new in zip(needs, others, strict=True)}

    assert allocate(others) == (renamed, whole)


def test_gaps_are_used():
    """An array is allocated in a gap between others if it fits, instead of after them."""
    needs = [
        LiveInterval("low", 64, 0, 0),
        LiveInterval("gap", 48, 0, 1),
        LiveInterval("high", 32, 0, 2),
    ]
    late = [LiveInterval("long", 64, 1, 2), LiveInterval("short", 16, 2, 2)]

    where, whole = allocate([*needs, *late])

    assert where == {"low": 0, "long": 0, "gap": 64, "high": 112, "short": 64}
    assert whole == 144
