"""The score map: a score for each position of a template in a scene."""

import contextlib
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from striate.errors import OptionError
from striate.functions.options import SIZE, Each, plain
from striate.functions.writing import short, write
from striate.llvm.matching.scores import line_length
from striate.matching.fourier import fast_length
from striate.matching.images import Image, as_image, as_weights, require_fit
from striate.matching.methods import (
    MatchingMethod,
    MethodName,
    NormalizedCorrelation,
    ScoreFormula,
    find_method,
)
from striate.matching.program import functions
from striate.matching.scratch import Scratch, borrowed, row_stride
from striate.matching.spectra import Spectra, spectral_sums
from striate.matching.sums import Sums
from striate.matching.template import Template, prepare
from striate.matching.tiles import (
    MapTile,
    bands,
    compiled_cost,
    cut,
    direct_cost,
    fft_cost,
    fft_size,
)
from striate.matching.window_sums import column_sums, row_sums
from striate.model.inputs import full_scale
from striate.properties import cached_property
from striate.runtime.settings import threads
from striate.shapes import Array, Float

MatchingEngine = Literal["auto", "fft", "compiled", "direct"]
"""How a score map is computed; the scores agree."""

TileScores = Callable[[MapTile, Scratch, Array], None]
"""Computes the scores of a tile, and writes them to an array."""

_SAMPLED = 8
"""Distance of the rows whose mean is taken for that of the scene."""

_GATHERED = 1 << 18
"""Most pixels of windows that are evaluated by definition at a time: 2 MiB in float64."""


def score_map(
    scene: Any,
    template: Any,
    *,
    method: MethodName = "normalized-correlation",
    mask: Any = None,
    engine: MatchingEngine = "auto",
    tile: int | tuple[int, int] | None = None,
) -> Float[Array, "places_down places_across"]:
    r"""Compare a template with every window of a scene.

    The score at row i and column j belongs to the window whose top left pixel is there. Only
    windows that lie inside the scene have a score.

    ``"normalized-correlation"``, the cosine of the angle between template and window after
    subtracting the mean of each, finds a template under any brightness and contrast:

    .. math:: \frac{\sum m (t - \bar t)(s - \bar s)}
              {\sqrt{\sum m (t - \bar t)^2 \sum m (s - \bar s)^2}}

    ``"squared-difference"`` is the weighted mean of the squared differences, 0 for a perfect match.
    It suits templates that have few pixels of ink, or that other things may hide in part, and
    scenes whose brightness is known:

    .. math:: \frac{1}{\sum m} \sum m (t - s)^2

    ``"cross-correlation"``, :math:`\sum m \, t \, s`, is the matched filter of the texts. Its size
    doesn't measure how well a template matches: in the example below, a bright block scores 7.5,
    and the template itself 5.

    Parameters
    ----------
    scene
        ``(rows, columns)`` or ``(rows, columns, channels)``. uint8 and uint16 pixels are divided by
        255 and 65,535; floats are used unchanged.
    template
        An image with as many channels, at most as large as the scene. In color, the sums are over
        all channels, and each channel has its own mean.
    method
        See above.
    mask
        Weights :math:`m` for the pixels of the template: ``(rows, columns)``, or with channels,
        boolean or any non-negative numbers. They may have any shape. Only their ratios matter,
        except for ``"cross-correlation"``.
    engine
        ``"direct"`` evaluates the formula window by window; ``"fft"`` expands it into sums that are
        computed by FFT, and ``"compiled"`` into sums over the pixels of each window, by a program
        that is compiled for the template's size and takes bytes only. ``"auto"`` is whichever needs
        the least work for these sizes.
    tile
        Rows and columns of the score map that are computed at a time. By default, a few MiB per
        thread, or a few times the template's size.

    Returns
    -------
    Array
        ``(scene rows - template rows + 1, scene columns - template columns + 1)``; float64 if the
        scene or the template is float64, and float32 otherwise.

        Normalized correlations are between -1 and 1. A window without variance scores 0, and so do
        all windows if the template has none. Neither the tile nor the engine changes a score by
        more than 1e-6 (of the mean of the sums of squares of template and window, for the other two
        methods), before rounding to float32: each window that would be less exact is evaluated by
        definition. Without normalization, sums over integer images are exact.

    Raises
    ------
    ShapeError
        If the template doesn't fit the scene, or the mask doesn't fit the template.
    DataError
        If pixels or weights aren't valid numbers.
    OptionError
        If there is no such method or engine.

    Sources
    -------
    Hagan fig. 8.5, 8.6, 8.7 (the magnitude of a correlation doesn't measure the match),
    "Template Matching-Matched Filter"; Lewis, Fast normalized cross-correlation 1995; Higham,
    Accuracy and stability of numerical algorithms 2002.

    Examples
    --------
    A plus sign, the same sign with less contrast on brighter paper, and a bright block:

    >>> plus = np.array([[0.0, 1, 0], [1, 1, 1], [0, 1, 0]])
    >>> scene = np.zeros((3, 11))
    >>> scene[:, 0:3], scene[:, 4:7], scene[:, 8:11] = plus, 0.5 + plus / 2, 1.5
    >>> score_map(scene, plus)[0, ::4]
    array([1., 1., 0.])
    >>> score_map(scene, plus, method="squared-difference")[0, ::4].round(2)
    array([0.  , 0.11, 1.14])
    >>> score_map(scene, plus, method="cross-correlation")[0, ::4]
    array([5. , 5. , 7.5])
    """
    images = as_image(scene, "scene"), as_image(template, "template")
    require_fit(*images)
    return matcher(
        *images, as_weights(mask, images[1]), method=method, engine=engine, tile=tile
    ).scores()


def _cheapest(scene: Image, template: Template, unit: float) -> MatchingEngine:
    """Choose the engine that needs the least work, by counting."""
    sizes = scene.size, template.size
    masks = 0 if template.weights is None else template.weights.shape[2]
    sums = 1 if not masks else 2 + template.channels
    cost: dict[MatchingEngine, float] = {
        "fft": fft_cost(*sizes, fft_size(*sizes), template.channels + sums + masks),
        "direct": direct_cost(*sizes, template.channels),
    }
    if _has_bytes(template, unit):
        products = template.channels * (2 if masks else 1) + (masks > 0)
        cost["compiled"] = compiled_cost(*sizes, products)
    return min(cost, key=lambda name: cost[name])


def _has_bytes(template: Template, unit: float) -> bool:
    """Whether sums over pixels are integers, and small enough for compiled programs."""
    marks = template.weights is None or bool(np.isin(template.weights, (0, 1)).all())
    return unit == 1 / full_scale(np.uint8) and marks


def _require_bytes(template: Template, unit: float) -> None:
    """Raise if compiled programs wouldn't be exact."""
    if not _has_bytes(template, unit):
        raise OptionError(
            'engine="compiled" needs a scene and a template of uint8 pixels and, if any, a mask of '
            "booleans: it computes in float32, where sums of other numbers are rounded. Use "
            'engine="auto".'
        )


def matcher(
    scene: Image,
    given: Image,
    weights: Array | None,
    *,
    method: MethodName,
    engine: MatchingEngine = "auto",
    tile: int | tuple[int, int] | None = None,
) -> "Matcher":
    """Prepare the comparison of a checked template with a checked scene.

    Parameters
    ----------
    scene, given, weights
        The checked scene, template and mask.
    method, engine, tile
        As for :func:`score_map`.

    Returns
    -------
    Matcher

    Raises
    ------
    OptionError
        If there is no such method or engine, or the tile isn't a size.
    """
    found = find_method(method)
    if engine not in get_args(MatchingEngine):
        raise OptionError(
            f"Unknown `engine` {write(engine)}. Choose from {', '.join(get_args(MatchingEngine))}."
        )
    template, unit = prepare(scene, given, weights)
    if engine == "auto":
        engine = _cheapest(scene, template, unit)
    elif engine == "compiled":
        _require_bytes(template, unit)
    dtype = np.float64 if scene.is_double or given.is_double else np.float32
    return Matcher(scene, template, found, unit, engine, _as_tile(tile), dtype)


@dataclass(frozen=True, eq=False)
class Matcher:
    """A template and the scene with which it is compared.

    Parameters
    ----------
    scene
        The checked scene.
    template
        The template, in the unit in which the scene is read.
    method
        The method.
    unit
        The value of a pixel of 1.
    engine
        ``"fft"``, ``"compiled"`` or ``"direct"``.
    tile
        Rows and columns of a tile of the score map, or None.
    dtype
        Of the scores.
    """

    scene: Image
    template: Template
    method: MatchingMethod
    unit: float
    engine: MatchingEngine
    tile: tuple[int, int] | None
    dtype: type[np.float32 | np.float64]

    @property
    def places(self) -> tuple[int, int]:
        """Rows and columns of the score map."""
        rows, columns = (
            n - t + 1 for n, t in zip(self.scene.size, self.template.size, strict=True)
        )
        return rows, columns

    def scores(self) -> Float[Array, "places_down places_across"]:
        """Compute the score map, tile by tile, on all threads."""
        scores = np.empty(self.places, self.dtype)
        if not self.template.varies and isinstance(self.method, NormalizedCorrelation):
            scores[...] = 0
            return scores
        prepare = {"direct": self._by_definition, "compiled": self._by_program}
        with contextlib.ExitStack() as stack:
            compute, size = prepare.get(self.engine, self._by_fft)(stack.enter_context(borrowed()))
            tiles = list(cut(self.places, size))
            workers = min(threads(), len(tiles))
            scratches = queue.SimpleQueue[Scratch]()
            for _ in range(workers):
                scratches.put(stack.enter_context(borrowed()))

            def fill(tile: MapTile) -> None:
                scratch = scratches.get()  # there is one for each worker
                try:
                    with scratch.frame():
                        compute(tile, scratch, scores[tile.places()])
                finally:
                    scratches.put(scratch)

            if workers == 1:
                for tile in tiles:
                    fill(tile)
            else:
                with ThreadPoolExecutor(workers) as pool:
                    for _ in pool.map(fill, tiles):
                        pass
        return scores

    @property
    def whole(self) -> bool:
        """Whether pixels and weights are integers, so that sums of products are."""
        return self.unit != 1 and self.template.has_whole_weights

    def _by_fft(self, kept: Scratch) -> tuple[TileScores, tuple[int, int]]:
        """Return a function that computes a tile by FFT, and the size of the tiles."""
        t, size = self.template, self._fft_size(self.tile)
        spectra, center = Spectra(t, size, kept, exact=self._has_exact_sums), self._center()

        def compute(tile: MapTile, scratch: Scratch, scores: Array) -> None:
            self._from_sums(self._spectral_sums(tile, spectra, center, scratch), tile, scores)

        return compute, self.tile or (spectra.most_rows, size[1] - t.size[1] + 1)

    def _spectral_sums(
        self, tile: MapTile, spectra: Spectra, center: Array, scratch: Scratch
    ) -> Sums:
        """Compute the sums of a tile by FFT."""
        half = -(-tile.rows // 2)
        shape = (half + spectra.size[0], spectra.fourier.stride)
        pixels, energy = self._channels(tile, center, shape, scratch)
        return spectral_sums(spectra, pixels, energy, (tile.rows, tile.columns), center, scratch)

    def _by_program(self, kept: Scratch) -> tuple[TileScores, tuple[int, int]]:
        """Return a function that computes a tile by a compiled program, and the tiles' size."""
        # llvmlite is heavy.
        from striate.matching.compiled import TILE, CompiledKernel, compiled_sums  # noqa: PLC0415

        del kept
        kernel, center = CompiledKernel(self.template), self._center()
        wide = TILE[1] + self.template.size[1] - 1

        def compute(tile: MapTile, scratch: Scratch, scores: Array) -> None:
            shape = (tile.rows + self.template.size[0] - 1, -(-wide // 8) * 8)
            channels, _ = self._channels(tile, center, shape, scratch)
            sums = compiled_sums(kernel, channels, center, scratch)
            if sums is None:
                sums = self._spectral_sums(tile, self._spectra_of_a_tile, center, scratch)
            self._from_sums(sums, tile, scores)

        rows, columns = (min(n, m) for n, m in zip(self.tile or TILE, TILE, strict=True))
        return compute, (rows, columns)

    @cached_property
    def _spectra_of_a_tile(self) -> Spectra:
        """The template's spectra for tiles of a compiled program."""
        from striate.matching.compiled import TILE  # noqa: PLC0415

        size = self._fft_size(TILE)
        return Spectra(self.template, size, Scratch(), exact=self._has_exact_sums)

    def _fft_size(self, tile: tuple[int, int] | None) -> tuple[int, int]:
        """Return the size of the FFTs for tiles of a size, or the cheapest one."""
        if tile is None:
            return fft_size(self.scene.size, self.template.size)
        (high, wide), (rows, columns) = self.template.size, tile
        rows, columns = min(rows, self.places[0]), min(columns, self.places[1])
        return fast_length(-(-rows // 2) + high - 1), fast_length(columns + wide - 1)

    def _from_sums(self, sums: Sums, tile: MapTile, scores: Array) -> None:
        """Compute the scores of a tile, a band of rows at a time, which stays in the cache."""
        formula = self.method.formula(self.template, sums, self.unit, whole=self.whole)
        for band in bands(tile, self.template.size[0]):
            first = band.top - tile.top
            rows = slice(first, first + band.rows)
            with sums.scratch.frame():
                scores[rows] = self._of_band(sums, formula, band, rows)

    def _of_band(self, sums: Sums, formula: ScoreFormula, band: MapTile, rows: slice) -> Array:
        """Return the scores of a band; those that are doubtful are evaluated by definition."""
        scratch, products = sums.scratch, sums.products[rows]
        totals, squares = sums.of_rows(rows.start, rows.stop, scratch)
        raw, doubtful = (scratch.array(products.shape, dtype) for dtype in (self.dtype, np.bool))
        line = line_length(band.columns, sums.width)
        any_doubtful = functions()[f"{formula.name}_{8 * raw.itemsize}"](
            products,
            totals,
            squares,
            totals.strides[0] // totals.itemsize,
            self.template.channels,
            *products.shape,
            band.columns,
            sums.width,
            formula.table,
            raw,
            doubtful,
            scratch.array((self.template.channels + 4, line)),
        )
        marks = doubtful[:, : band.columns]  # the other columns belong to no window
        if any_doubtful and marks.any():
            self._correct(raw, marks, band, scratch)
        return raw[:, : band.columns]

    def _by_definition(self, kept: Scratch) -> tuple[TileScores, tuple[int, int]]:
        """Return a function that evaluates the formula, and the size of the tiles."""
        del kept

        def compute(tile: MapTile, scratch: Scratch, scores: Array) -> None:
            del scratch
            places = np.indices(scores.shape).reshape(2, -1)
            scores[*places] = self._finished(self._at(tile, places))

        return compute, self.tile or (64, 64)

    def _center(self) -> Float[Array, "channels"]:
        """Return about the mean of each channel; an integer if all sums are integers.

        Any numbers near the pixels would do, so a part of the rows is enough.
        """
        mean = self.scene.pixels[::_SAMPLED].mean(axis=(0, 1), dtype=np.float64)
        return np.rint(mean) if self.unit != 1 else mean * self.scene.unit

    def _pixels(self, pixels: Array) -> Float[Array, "..."]:
        """Return pixels of the scene in the unit of the template, in float64."""
        return pixels * np.float64(self.scene.unit) if self.unit == 1 else pixels.astype(np.float64)

    def _channels(
        self, tile: MapTile, center: Array, shape: tuple[int, int], scratch: Scratch
    ) -> tuple[Float[Array, "channels rows columns"], float]:
        """Return the pixels under the windows of a tile, channel by channel, minus the center.

        They are followed by zeros up to a number of rows and columns. Also return their energy.
        """
        part = self.scene.pixels[tile.pixels(self.template.size)]
        rows, columns, channels = part.shape
        found = scratch.array((channels, *shape))
        energy = np.zeros(8)
        unit = self.scene.unit if self.unit == 1 else 1.0
        functions()[f"pixels_{part.dtype}"](
            part, *part.strides, channels, rows, columns, unit, center, found, *shape, energy
        )
        return found, float(energy.sum())

    @property
    def _has_exact_sums(self) -> bool:
        """Whether sums over windows are integers, and float64 holds their variance."""
        t = self.template
        pixels = t.size[0] * t.size[1]
        largest = pixels * pixels * t.channels / self.unit**2
        return self.unit != 1 and t.weights is None and largest < 1 << 53

    def _finished(self, raw: Array) -> Array:
        """Turn sums by definition into scores."""
        return self.method.finish(raw, self.template, self.unit, whole=self.whole)

    def _correct(self, raw: Array, doubtful: Array, tile: MapTile, scratch: Scratch) -> None:
        """Evaluate the doubtful windows by definition; constant ones need only their value."""
        constant, inside = self._is_constant(tile, scratch) & doubtful, raw[:, : tile.columns]
        if isinstance(self.method, NormalizedCorrelation):
            np.copyto(inside, 0, where=constant)
        elif constant.any():
            values = self._pixels(self.scene.pixels[tile.places()][constant])
            inside[constant] = self._finished(self.method.of_constant(self.template, values))
        rest = np.argwhere(doubtful & ~constant).T
        if rest.size:
            raw[*rest] = self._finished(self._at(tile, rest))

    def _is_constant(self, tile: MapTile, scratch: Scratch) -> Array:
        """Find the windows of a tile whose pixels are all equal.

        In their first column, no pixel differs from the one below it, and in all of their rows, no
        pixel differs from its neighbor on the right. Both are counted.
        """
        part = self.scene.pixels[tile.pixels(self.template.size)]
        high, wide = self.template.size
        constant = np.ones((tile.rows, tile.columns), bool)
        with scratch.frame():
            if high > 1:
                below = part[1:, : tile.columns] != part[:-1, : tile.columns]
                constant &= self._marks(below, high - 1, scratch)[:, : tile.columns] == 0
            if wide > 1:
                right = self._marks(part[:, 1:] != part[:, :-1], high, scratch)
                constant &= row_sums(right, tile.columns, wide - 1, scratch) == 0
        return constant

    def _marks(self, differ: Array, length: int, scratch: Scratch) -> Array:
        """Count along columns the pixels that differ from another one in any channel."""
        rows, columns, channels = differ.shape
        marks = scratch.array((1, rows, row_stride(columns)))
        marks[0, :, :columns] = differ[:, :, 0] if channels == 1 else differ.any(axis=2)
        marks[0, :, columns:] = 0
        sums = scratch.array((1, rows - length + 1, marks.shape[2]))
        column_sums(marks, columns, length, sums, None, scratch)
        return sums[0]

    def _at(self, tile: MapTile, places: Array) -> Float[Array, "n"]:
        """Evaluate single windows of a tile by definition, a few at a time."""
        t = self.template
        part = self.scene.pixels[tile.pixels(t.size)]
        windows = np.lib.stride_tricks.sliding_window_view(part, t.size, axis=(0, 1))
        found = np.empty(places.shape[1])
        count = max(1, _GATHERED // t.pixels.size)
        for start in range(0, len(found), count):
            rows, columns = places[:, start : start + count]
            gathered = self._pixels(windows[rows, columns])
            found[start : start + count] = self.method.by_definition(t, np.moveaxis(gathered, 1, 3))
        return found


def _as_tile(tile: Any) -> tuple[int, int] | None:
    """Check the size of a tile."""
    if tile is None:
        return None
    given = plain(tile)
    numbers = given if isinstance(given, tuple) else (given, given)
    if numbers not in Each(SIZE, "sizes") or len(numbers) != 2:
        raise OptionError(
            f"`tile` must be a positive integer or two, got {short(given)}. Try 256, or (128, 512)."
        )
    return numbers
