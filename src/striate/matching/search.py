"""Where templates are in a scene: matches over several templates, scales and rotations."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from striate.errors import OptionError, ShapeError
from striate.functions.options import FINITE, POSITIVE, Each, plain
from striate.functions.writing import short
from striate.matching.images import Image, as_image, as_weights, require_fit
from striate.matching.methods import MatchingMethod, MethodName, find_method
from striate.matching.peaks import check_options, local_maxima, peaks_to_keep, refined, suppress
from striate.matching.scores import MatchingEngine, matcher
from striate.matching.template import Template
from striate.matching.transforms import scaled_size, transformed
from striate.shapes import Array


@dataclass(frozen=True, kw_only=True)
class Match:
    """A place in a scene where a template was found.

    Parameters
    ----------
    row, column
        Top left corner of its box, in pixels; between pixels if the scores were interpolated.
    height, width
        Size of its box, in pixels: the template after scaling and rotation.
    score
        The method's score, at the nearest whole position.
    template
        Number of the template.
    scale
        Factor by which the template was scaled.
    rotation
        Degrees by which it was rotated, counterclockwise.
    """

    row: float
    column: float
    height: int
    width: int
    score: float
    template: int = 0
    scale: float = 1.0
    rotation: float = 0.0

    @property
    def center(self) -> tuple[float, float]:
        """Row and column of the middle of the box, on the scene's grid of pixels."""
        return self.row + (self.height - 1) / 2, self.column + (self.width - 1) / 2


@dataclass(frozen=True, eq=False)
class _Variant:
    """A template at one scale and rotation."""

    name: str
    template: int
    scale: float
    rotation: float
    image: Image
    weights: Array | None

    def moved(self, scale: float, rotation: float) -> "_Variant":
        """Return the template at another scale and rotation."""
        if scale == 1 and rotation == 0:
            return self
        image = self.image
        pixels, weights = transformed(image.scaled(), self.weights, scale=scale, rotation=rotation)
        if not image.is_double:
            pixels = pixels.astype(np.float32)
        return replace(
            self, scale=scale, rotation=rotation, image=Image(pixels, 1.0), weights=weights
        )


def find(
    scene: Any,
    templates: Any,
    *,
    method: MethodName = "normalized-correlation",
    masks: Any = None,
    scales: float | Sequence[float] = 1.0,
    rotations: float | Sequence[float] = 0.0,
    count: int | None = None,
    threshold: float | None = None,
    overlap: float = 0.3,
    subpixel: bool = True,
    engine: MatchingEngine = "auto",
) -> list[Match]:
    """Find templates in a scene.

    Each template is compared with the scene at every scale and rotation. Of all local maxima of the
    scores, the best are kept: a match is dropped if its box overlaps with that of a better one,
    whatever template, scale or rotation either has.

    Parameters
    ----------
    scene
        As for :func:`striate.matching.score_map`.
    templates
        One template, or a list of them.
    method
        As for :func:`striate.matching.score_map`.
    masks
        One mask, or a list with a mask or ``None`` for each template.
    scales
        Factors for rows and columns. Sizes at which a template doesn't fit the scene are skipped.
    rotations
        Degrees, counterclockwise.
    count
        Largest number of matches; by default all that reach the threshold. Without a threshold, the
        best match of each template.
    threshold
        The worst score that counts: the smallest correlation, or the largest squared difference.
    overlap
        Largest intersection over union of the boxes of two matches.
    subpixel
        Whether to interpolate positions between pixels; see
        :func:`striate.matching.peaks.refined`.
    engine
        As for :func:`striate.matching.score_map`.

    Returns
    -------
    list of Match
        The best first; without count and threshold, in the order of the templates.

    Raises
    ------
    ShapeError
        If a template doesn't fit the scene at any scale, or a mask doesn't fit its template.
    DataError
        If pixels or weights aren't valid numbers.
    OptionError
        If an option isn't valid, templates of different sizes are compared by cross-correlation, or
        a template without variance by normalized correlation.

    Sources
    -------
    Hagan "Template Matching-Matched Filter"; Wolter "Finding Waldo via cross-correlation".

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> scene = rng.random((40, 60))
    >>> template = scene[10:20, 30:45]
    >>> [match] = find(scene, template, subpixel=False)
    >>> match.row, match.column, round(match.score, 6)
    (10.0, 30.0, 1.0)
    """
    check_options(count, threshold, overlap)
    comparison = find_method(method)
    image = as_image(scene, "scene")
    variants = _variants(image, templates, masks, scales, rotations)
    sizes = {v.image.size for v in variants}
    if len(sizes) > 1 and not comparison.compares_sizes:
        raise OptionError(
            f"{method} adds up pixels, so scores of templates of different sizes, such as "
            f"{' and '.join(f'{h} x {w}' for h, w in sorted(sizes)[:2])}, cannot be compared. Use "
            'method="normalized-correlation" or "squared-difference".'
        )
    each = count is None and threshold is None
    sign = 1 if comparison.larger_is_better else -1
    found: list[Match] = []
    for variant in variants:
        found += _of_variant(
            image,
            variant,
            sign,
            limit=None if threshold is None else sign * threshold,
            most=1 if each else peaks_to_keep(count, threshold),
            subpixel=subpixel,
            method=method,
            engine=engine,
        )
    found.sort(key=lambda match: -sign * match.score)  # stable: ties stay in order
    if each:
        first = {match.template: match for match in reversed(found)}
        return sorted(first.values(), key=lambda match: match.template)
    boxes = np.array([(m.row, m.column, m.height, m.width) for m in found]).reshape(-1, 4)
    return [found[k] for k in suppress(boxes, overlap=overlap, count=count)]


def _of_variant(
    scene: Image,
    variant: _Variant,
    sign: int,
    *,
    limit: float | None,
    most: int | None,
    subpixel: bool,
    method: MethodName,
    engine: MatchingEngine,
) -> list[Match]:
    """Find the local maxima of one score map."""
    prepared = matcher(scene, variant.image, variant.weights, method=method, engine=engine)
    _require_variance(prepared.method, prepared.template, variant)
    scores = prepared.scores()
    signed = scores if sign > 0 else -scores
    found: list[Match] = []
    for row, column in local_maxima(signed, threshold=limit, most=most).tolist():
        place = refined(signed, row, column) if subpixel else (float(row), float(column))
        found.append(
            Match(
                row=place[0],
                column=place[1],
                height=variant.image.size[0],
                width=variant.image.size[1],
                score=float(scores[row, column]),
                template=variant.template,
                scale=variant.scale,
                rotation=variant.rotation,
            )
        )
    return found


def _require_variance(method: MatchingMethod, template: Template, variant: _Variant) -> None:
    """Raise if every score would be 0."""
    if not template.varies and method is find_method("normalized-correlation"):
        raise OptionError(
            f"`{variant.name}` has no variance: all pixels that count are equal, so "
            'each normalized correlation is 0. Use method="squared-difference", or a template with '
            "some of its surroundings."
        )


def _variants(
    scene: Image, templates: Any, masks: Any, scales: Any, rotations: Any
) -> list[_Variant]:
    """Prepare all templates at all scales and rotations at which they fit the scene."""
    several = isinstance(templates, list | tuple)
    images = list(templates) if several else [templates]
    given = list(masks) if several and isinstance(masks, list | tuple) else [masks] * len(images)
    if not images or len(given) != len(images):
        raise OptionError(
            f"Got {_count(images, 'template')} and {_count(given, 'mask')}; expected "
            "at least one template and a mask for each. Use None for a template without a mask."
        )
    factors = _numbers(scales, "scales", positive=True)
    degrees = _numbers(rotations, "rotations", positive=False)
    variants: list[_Variant] = []
    for number, (one, mask) in enumerate(zip(images, given, strict=True)):
        name = f"templates[{number}]" if several else "template"
        image = as_image(one, name)
        weights = as_weights(mask, image, f"masks[{number}]" if several else "mask")
        first = _Variant(name, number, 1.0, 0.0, image, weights)
        # A rotation makes the box larger, so what has too many pixels needn't be made.
        area = math.prod(scene.size)
        possible = [one for one in factors if math.prod(scaled_size(image.size, one)) <= area]
        each = [first.moved(scale, rotation) for scale in possible for rotation in degrees]
        fitting = [variant for variant in each if _fits(scene, variant.image)]
        if not fitting:
            _require_any(scene, image, factors, each, name)
        variants += fitting
    return variants


def _count(given: list[Any], what: str) -> str:
    return f"{len(given)} {what}{'s' * (len(given) != 1)}"


def _require_any(
    scene: Image, image: Image, factors: list[float], each: list[_Variant], name: str
) -> None:
    """Raise if a template fits at no scale: the error names its smallest size."""
    if each:
        require_fit(
            scene, min((variant.image for variant in each), key=lambda one: one.pixels.size), name
        )
    require_fit(scene, image, name)
    least = min(factors)
    sizes = [f"{high} x {wide}" for high, wide in (scaled_size(image.size, least), scene.size)]
    raise ShapeError(
        f"`{name}`, scaled by {least:g}, has {sizes[0]} pixels, more than the scene, {sizes[1]} "
        "pixels; expected at most as many rows and columns. Use smaller `scales`."
    )


def _fits(scene: Image, template: Image) -> bool:
    """Whether a template can be placed on a scene."""
    fits = all(t <= n for t, n in zip(template.size, scene.size, strict=True))
    return fits and scene.channels == template.channels


def _numbers(given: Any, name: str, *, positive: bool) -> list[float]:
    """Check a number, or several."""
    numbers = plain(given)
    numbers = numbers if isinstance(numbers, tuple) else (numbers,)
    if numbers not in Each(POSITIVE if positive else FINITE, "numbers"):
        what = "positive finite numbers" if positive else "finite numbers of degrees"
        example = "(0.8, 1, 1.25)" if positive else "(-10, 0, 10)"
        raise OptionError(
            f"`{name}` must be {what}, at least one, got {short(plain(given))}. Try {example}."
        )
    return [float(n) for n in dict.fromkeys(numbers)]
