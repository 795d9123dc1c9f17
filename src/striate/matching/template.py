"""A template prepared for matching: its weights, means and variation, and where the scene is zero.

All sums are taken of pixels that were shifted toward zero first. The scores don't change, or change
by terms that are known exactly, but nothing large is subtracted from anything large: images far
from zero, such as float32 pixels around 10,000, lose no digits.
"""

from dataclasses import dataclass

import numpy as np

from striate.matching.images import Image
from striate.properties import cached_property
from striate.shapes import Array, Float

VANISHING = 1e-290
"""A sum of squares below this may have lost digits: float64 has all of them down to 2e-308."""


@dataclass(frozen=True, eq=False)
class Template:
    """A template with its mask, in the unit in which the scene is read.

    Parameters
    ----------
    pixels
        ``(rows, columns, channels)``, float64.
    weights
        The mask, ``(rows, columns, 1)`` or with all channels; ``None`` if all weights are 1.
    """

    pixels: Float[Array, "rows columns channels"]
    weights: Float[Array, "rows columns channels_or_one"] | None

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns, _ = self.pixels.shape
        return rows, columns

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.pixels.shape[2]

    @cached_property
    def every_weight(self) -> Float[Array, "rows columns channels"]:
        """The weight of each pixel of each channel."""
        weights = 1.0 if self.weights is None else self.weights
        return np.broadcast_to(weights, self.pixels.shape)

    def weighted(self, x: Float[Array, "rows columns channels"]) -> Array:
        """Multiply each pixel with its weight."""
        return x if self.weights is None else self.weights * x

    @cached_property
    def totals(self) -> Float[Array, "channels"]:
        """Sum of the weights of each channel."""
        return self.every_weight.sum(axis=(0, 1))

    @cached_property
    def roots(self) -> Float[Array, "channels"]:
        """Roots of these sums."""
        return np.sqrt(self.totals)

    @property
    def total(self) -> float:
        """Sum of all weights."""
        return float(self.totals.sum())

    @cached_property
    def means(self) -> Float[Array, "channels"]:
        """Weighted mean of each channel."""
        # Relative to one pixel, the mean of a constant template is exact.
        first = first_counted(self.pixels, self.every_weight)
        return first + weighted_sums(self.every_weight, self.pixels - first) / self.totals

    @cached_property
    def centered(self) -> Float[Array, "rows columns channels"]:
        """The pixels minus the mean of their channel."""
        first = first_counted(self.pixels, self.every_weight)
        shifted = self.pixels - first
        return shifted - weighted_sums(self.every_weight, shifted) / self.totals

    @cached_property
    def variation(self) -> float:
        """Weighted sum of the squares of the centered pixels; 0 for a constant template."""
        return float(self.weighted(self.centered**2).sum())

    @cached_property
    def varies(self) -> bool:
        """Whether two pixels that count differ in a channel."""
        return self.variation > 0 or bool(self.centered.any(where=self.every_weight > 0))

    @cached_property
    def contrast(self) -> float:
        """Root of the variation, or 1 for a constant template."""
        if self.variation > VANISHING or not self.varies:
            return self.variation**0.5 or 1.0
        # Divided by the largest, squares of pixels close to 0 don't vanish.
        largest = float(np.abs(self.centered).max(where=self.every_weight > 0, initial=0.0))
        return largest * float(self.weighted((self.centered / largest) ** 2).sum()) ** 0.5

    @cached_property
    def kernel(self) -> Float[Array, "rows columns channels"]:
        """The centered pixels times their weights, divided by the contrast.

        Every method correlates with this kernel.
        """
        return self.weighted(self.centered) / self.contrast

    @cached_property
    def energy(self) -> float:
        """Weighted sum of the squares of the pixels."""
        return float(self.weighted(self.pixels**2).sum())

    @cached_property
    def has_whole_weights(self) -> bool:
        """Whether all weights are integers."""
        return self.weights is None or bool((self.weights == np.rint(self.weights)).all())


def first_counted(
    pixels: Float[Array, "... rows columns channels"],
    weights: Float[Array, "rows columns channels"],
) -> Float[Array, "... channels"]:
    """Return the first pixel of each channel whose weight isn't 0."""
    channels = pixels.shape[-1]
    place = (weights.reshape(-1, channels) > 0).argmax(axis=0)
    flat = pixels.reshape(*pixels.shape[:-3], -1, channels)
    return flat[..., place, np.arange(channels)]


def weighted_sums(
    weights: Float[Array, "rows columns channels"], x: Float[Array, "... rows columns channels"]
) -> Float[Array, "... channels"]:
    """Add up the weighted pixels of each channel."""
    return np.einsum("rcl,...rcl->...l", weights, x)


def prepare(scene: Image, given: Image, weights: Array | None) -> tuple[Template, float]:
    """Choose the unit of all pixels, and prepare a template in it.

    Parameters
    ----------
    scene, given
        The checked scene and template.
    weights
        The checked mask.

    Returns
    -------
    Template, float
        The template, and the value of a pixel of 1. Integers of one type stay integers, so that
        their sums are exact; otherwise pixels are scaled and the value is 1.
    """
    if scene.is_integer and scene.pixels.dtype == given.pixels.dtype:
        return Template(given.pixels.astype(np.float64), weights), scene.unit
    return Template(given.scaled(), weights), 1.0
