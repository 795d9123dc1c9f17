"""Standardized targets: a regression is trained on targets with mean 0 and standard deviation 1.

If the targets are prices around 250,000, the last layer's weights would first have to grow to that
scale, step by step. With standardized targets, they don't have to: targets are standardized for the
loss, and outputs are converted back wherever a user sees them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from striate.shapes import Array


@dataclass(frozen=True, kw_only=True)
class TargetScaling:
    """The scale of an output's targets: ``number = mean + std * output`` in each column.

    Parameters
    ----------
    mean, std
        Mean and standard deviation of each column, which is a map of the output. The standard
        deviation of a column whose targets are all the same is 1.

    Examples
    --------
    >>> scaling = TargetScaling.learned(np.array([[10.0, 5.0], [30.0, 5.0]]))
    >>> scaling
    TargetScaling(mean=(20.0, 5.0), std=(10.0, 1.0))
    >>> scaling.standardized(np.array([[25.0, 5.0]]))
    array([[0.5, 0. ]], dtype=float32)
    >>> scaling.numbers(np.array([[0.5, 0.0]]))
    array([[25.,  5.]])
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def learned(cls, y: Array, weights: Array | None = None) -> "TargetScaling":
        """Compute the scale of targets.

        Parameters
        ----------
        y
            Targets ``[q, column, *pixels]``.
        weights
            Weights of the images, or of their pixels; 1 by default.
        """
        columns = np.moveaxis(y, 1, -1).reshape(-1, y.shape[1]).astype(np.float64)
        s = np.ones(len(columns))
        if weights is not None:
            each = weights.reshape(*weights.shape, *(1,) * (y.ndim - 1 - weights.ndim))
            s = np.broadcast_to(each, (len(y), *y.shape[2:])).reshape(-1).astype(np.float64)
        # Differences from a row that counts, so that equal targets have a deviation of exactly 0.
        first, total = columns[np.argmax(s > 0)], s.sum()
        mean = first + s @ (columns - first) / total
        std = np.sqrt(s @ (columns - mean) ** 2 / total)
        return cls(
            mean=tuple(mean.tolist()),
            std=tuple(float(value) if value > 0 else 1.0 for value in std),
        )

    def standardized(self, y: Array) -> Array:
        """Convert targets ``[q, column, *pixels]`` to what the network learns, float32."""
        mean, std = self._per_column(y.ndim)
        return ((y - mean) / std).astype(np.float32)

    def numbers(self, a: Array) -> Array:
        """Convert outputs ``[q, column, *pixels]`` to numbers on the targets' scale, float64."""
        mean, std = self._per_column(a.ndim)
        return mean + std * a

    def to_data(self) -> dict[str, list[float]]:
        """Return plain data for a model file."""
        return {"mean": list(self.mean), "std": list(self.std)}

    def _per_column(self, axes: int) -> tuple[Array, Array]:
        """Return mean and standard deviation as arrays that broadcast over the columns."""
        shape = (-1, *(1,) * (axes - 2))
        return np.array(self.mean).reshape(shape), np.array(self.std).reshape(shape)


def standardized(
    scalings: Mapping[str, TargetScaling], names: Sequence[str], targets: Sequence[Array]
) -> tuple[Array, ...]:
    """Standardize the targets of the outputs that have a scale."""
    return tuple(
        scalings[name].standardized(y) if name in scalings else y
        for name, y in zip(names, targets, strict=True)
    )
