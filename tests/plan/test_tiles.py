"""Tiles: segments cover a loop, tiles fit the registers, and the cost model ranks them well."""

from dataclasses import replace
from itertools import product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan.small import PROCESSOR
from striate.plan.target import LANES, Target
from striate.plan.tiles import (
    EDGES,
    Reads,
    Side,
    TileProblem,
    best_tile,
    body_cost,
    loops_cost,
    segments,
)


def processor(register_lanes, registers):
    """Make a processor with registers of this width and number."""
    return Target(
        name="x", features="", triple="x", register_lanes=register_lanes, registers=registers
    )


PROCESSORS = {"AVX-512": PROCESSOR, "AVX2": processor(8, 16), "NEON": processor(4, 32)}


def convolution(maps=32, read=32, rows=34, window=3):
    """Describe Hagan 8.38 with images in the lanes: z[h,i,j] += w[h,l,u,v] * a[l,i+u,j+v]."""
    row, plane = LANES * rows, LANES * rows * rows
    weights = (("h", read * window * window), ("l", window * window), ("u", window), ("v", 1))
    image = (("l", plane), ("i", row), ("u", row), ("j", LANES), ("v", LANES))
    work = TileProblem((Reads(weights, vector=False), Reads(image, vector=True)), (("v", window),))
    outputs = rows - window + 1
    return work, (Side("h", maps),), (Side("i", outputs), Side("j", outputs))


def dense(neurons=120, inputs=400):
    """Describe z[s] += w[s,r] * a[r] with images in the lanes."""
    weights = Reads((("s", inputs), ("r", 1)), vector=False)
    work = TileProblem((weights, Reads((("r", LANES),), vector=True)), ())
    return work, (Side("s", neurons),), ()


def matrix(rows=120, columns=400):
    """Describe dw[s,r] += dn[q,s] * a[q,r], with r in the lanes and a sum over images."""
    one, other = (
        Reads((("q", 128), ("s", 1)), vector=False),
        Reads((("q", columns), ("r", LANES)), vector=True),
    )
    return TileProblem((one, other), ()), (Side("s", rows),), (Side("r", columns // LANES),)


WORKS = {
    "convolution": convolution(),
    "few maps": convolution(maps=6, read=1, rows=32, window=5),
    "one map": convolution(maps=1, read=1),
    "one column": convolution(rows=3),
    "dense": dense(),
    "few neurons": dense(10, 84),
    "matrix": matrix(),
    "narrow matrix": matrix(10, 16),
}


class TestSegments:
    """Cutting a loop into segments of tiles."""

    LOOPS = st.integers(1, 70).flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.none() | st.tuples(st.integers(0, n), st.integers(0, n)).map(sorted).map(tuple),
            st.integers(1, n),
        )
    )

    @given(LOOPS)
    def test_segments_cover_the_loop(self, loop):
        """Segments cover the loop from start to end without gaps, in whole tiles."""
        extent, inside, tile = loop

        found = segments(extent, inside, tile)

        ends = [0, *(s.stop for s in found)]
        assert [s.start for s in found] == ends[:-1]
        assert ends[-1] == extent
        assert all(s.stop > s.start and (s.stop - s.start) % s.tile == 0 for s in found)

    @given(LOOPS)
    def test_no_tile_is_larger(self, loop):
        """No segment has a larger tile than requested."""
        extent, inside, tile = loop

        assert all(s.tile <= tile for s in segments(extent, inside, tile))

    @given(LOOPS)
    def test_edges_are_separate_segments(self, loop):
        """A tile that is partly out of bounds is a separate segment, unless it is one element."""
        extent, inside, tile = loop
        low, high = inside or (0, extent)

        for segment in segments(extent, inside, tile):
            edge = segment.start < low or segment.stop > high
            assert segment.once or segment.tile == 1 or not edge

    @given(LOOPS)
    def test_few_segments(self, loop):
        """The number of segments is bounded, even if the edges are wide."""
        extent, inside, tile = loop

        found = segments(extent, inside, tile)

        assert len(found) <= 2 * EDGES + 4

    def test_a_wide_edge(self):
        """If nearly all iterations are out of bounds somewhere, the loop is one segment."""
        assert [str(s) for s in segments(40, (18, 22), 4)] == ["0..40"]

    def test_the_remainder(self):
        """If tiles don't divide the extent, the last tile is smaller."""
        assert [str(s) for s in segments(11, None, 4)] == ["0..8 by 4", "8..11"]

    def test_a_long_loop(self):
        """The tiles aren't counted one by one, so a loop over a huge batch is cut at once."""
        found = segments(10**15 + 3, (1, 10**15), 4)

        assert [str(s) for s in found] == ["0..4", f"4..{10**15} by 4", f"{10**15}..{10**15 + 3}"]


@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("name", WORKS)
class TestBest:
    """The tile that is chosen."""

    def test_registers(self, name, processor):
        """The sums of a tile leave at least one register for loads."""
        target = PROCESSORS[processor]

        tile = best_tile(*WORKS[name], target)

        assert prod(size for _, size in tile.sizes) < target.vectors

    def test_it_costs_least(self, name, processor):
        """No other tile that fits in the registers costs fewer cycles."""
        (work, first, second), target = WORKS[name], PROCESSORS[processor]
        best = best_tile(work, first, second, target)
        none = Side("", 1)
        cost = {
            (y.index, ty, x.index, tx): loops_cost(work, (y, x), (ty, tx), 1, target)
            for y, x in product(first or (none,), second or (none,))
            for ty, tx in product(range(1, 7), repeat=2)
            if ty <= y.extent
            and tx <= x.extent
            and min(4, target.vectors * 3 // 8) <= ty * tx
            and ty * tx + tx + 1 <= target.vectors
        }
        sizes = dict(best.sizes)
        y = next((s for s in first if s.index in sizes), none)
        x = next((s for s in second if s.index in sizes), none)

        chosen = loops_cost(work, (y, x), (sizes.get(y.index, 1), sizes.get(x.index, 1)), 1, target)

        assert all(chosen <= other for other in cost.values())


class TestModel:
    """The cost model ranks tiles as measurements do; only ratios of cycles matter."""

    @staticmethod
    def cycles(work, tile, target=PROCESSOR):
        """Estimate the cycles for each element of a tile."""
        return body_cost(work, tile, 1, target) / prod(n for _, n in tile)

    def test_too_small_a_tile_waits(self):
        """A single sum is limited by latency: 4 x 4 was measured 7 times as fast per element."""
        work, *_ = convolution()

        one, many = (self.cycles(work, (("h", n), ("j", n))) for n in (1, 4))

        assert one > 5 * many

    def test_a_square_tile_loads_less(self):
        """A tile of 4 x 4 elements is faster than 1 x 16, because it needs fewer loads."""
        work, *_ = convolution()

        square = self.cycles(work, (("h", 4), ("j", 4)))

        assert square < self.cycles(work, (("h", 1), ("j", 16)))

    def test_dense_layers(self):
        """24 neurons at once were measured as fast as any other tile; 4 neurons stall."""
        work, *_ = dense()

        few, many = (self.cycles(work, (("s", n), ("", 1))) for n in (4, 24))

        assert many < few / 1.5

    def test_rows_that_share_a_cache_set(self):
        """16 rows of 4,096 weights evict each other from the cache: half as fast as 8 rows."""
        work, neurons, _ = dense(512, 4096)

        tile = best_tile(work, neurons, (), replace(PROCESSOR, fused_per_cycle=1.0))

        assert 4 <= dict(tile.sizes)["s"] <= 8

    def test_the_first_convolution_of_lenet(self):
        """For 1 -> 6 maps, 5 x 5, tiles of 4 x 3 were measured fastest; 3 or 6 maps are fine."""
        tile = dict(best_tile(*WORKS["few maps"], PROCESSOR).sizes)

        assert tile["h"] in (3, 6)

    def test_tiles_of_avx2(self):
        """For 8 vectors of registers, 2 x 2 and 1 x 4 were measured fast, while 2 x 4 spills."""
        work = convolution(maps=16, read=6, rows=14, window=5)

        tile = best_tile(*work, PROCESSORS["AVX2"])

        assert 4 <= prod(n for _, n in tile.sizes) <= 6
