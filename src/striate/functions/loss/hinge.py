"""The hinge loss of support vector machines: zero where the true class leads by at least 1."""

import math
from dataclasses import dataclass

import numpy as np

from striate.functions.base import Loss, LossCase, Lowering
from striate.functions.loss import targets
from striate.functions.maps import all_but_images
from striate.functions.options import WHOLE, OrNone, option
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Hinge(Loss):
    """Hinge loss for a linear output layer.

    With several maps the targets are labels. The amounts by which the lead of the true class over
    each other class falls short of 1 are summed and divided by the number of classes (PyTorch's
    ``MultiMarginLoss``). With one map the targets are 0 and 1: an output of at most -1, or of at
    least 1, has no loss.

    Parameters
    ----------
    ignore
        The label of images or pixels to ignore: the mean is over the others. ``None`` ignores none.

    Sources
    -------
    Crammer and Singer 2001; Weston and Watkins 1999.

    Examples
    --------
    The true class leads by 3 and by 0.5:

    >>> Hinge().apply(np.array([[4.0, 1.0, 3.5]]), np.array([0])).round(4)
    array([0.1667])
    """

    ignore: int | None = option(None, OrNone(WHOLE), example=255)

    takes_labels = True
    target_numbers = None
    score_equation = "t[q,*x] += where(h == y[q,*x], n[q,h,*x], 0)"
    equation = (
        "l[q] += where(h == y[q,*x], 0, max(1 - t[q,*x] + n[q,h,*x], 0)) / (classes * positions)"
    )
    derivatives = (
        "v[q,h,*x] = where(h == y[q,*x], 0, where(1 - t[q,*x] + n[q,h,*x] > 0, 1, 0))",
        "s[q,*x] += v[q,h,*x]",
        "dn[q,h,*x] = (v[q,h,*x] - where(h == y[q,*x], s[q,*x], 0)) / (classes * positions)",
    )
    ignoring_equation = (
        "l[q] += where(y[q,*x] < 0, 0, where(h == y[q,*x], 0, max(1 - t[q,*x] + n[q,h,*x], 0))) "
        "/ (classes * positions)"
    )
    ignoring_derivatives = (
        (
            "v[q,h,*x] = where(y[q,*x] < 0, 0, where(h == y[q,*x], 0, "
            "where(1 - t[q,*x] + n[q,h,*x] > 0, 1, 0)))"
        ),
        *derivatives[1:],
    )
    one_equation = "l[q] += max(1 - y[q,*x] * n[q,*x], 0) / outputs"
    one_ignoring_equation = (
        "l[q] += where(y[q,*x] == 0, 0, max(1 - y[q,*x] * n[q,*x], 0)) / outputs"
    )
    one_derivative = "dn[q,*x] = where(1 - y[q,*x] * n[q,*x] > 0, -y[q,*x], 0) / outputs"

    def lowering(self, shape: Shape, y: Shape) -> Lowering:
        """Return the equations for one map or several; ``t`` is the output of the true class."""
        classes, *positions = shape
        every = self.ignore is None
        if classes == 1:
            return Lowering(
                statements=(self.one_equation if every else self.one_ignoring_equation,),
                backward={"dn": (self.one_derivative,)},
                shapes={"n": shape, "y": y, "l": (), "dn": shape},
                constants={"outputs": math.prod(shape)},
            )
        return Lowering(
            statements=(self.score_equation, self.equation if every else self.ignoring_equation),
            backward={"dn": self.derivatives if every else self.ignoring_derivatives},
            shapes={
                **dict.fromkeys(("n", "v", "dn"), shape),
                **dict.fromkeys(("y", "t", "s"), y),
                "l": (),
            },
            constants={"classes": classes, "positions": math.prod(positions)},
        )

    def targets(self, y: Array, output_shape: Shape) -> Array:
        """Check labels.

        Parameters
        ----------
        y
            Labels ``(images, *positions)``; for one map 0 or 1, also with the output's shape.
        output_shape
            ``(classes, *positions)``.

        Returns
        -------
        Array
            Labels as int64, -1 for those that are ignored; for one map -1 and 1 as float32, with
            the output's shape, 0 for those that are ignored.

        Raises
        ------
        ShapeError
            If there is not exactly one label for each position.
        DataError
            If a label is out of range.
        """
        classes, *positions = output_shape
        if classes > 1:
            return targets.labels(self, y, classes, tuple(positions))
        with_map = targets.with_map(y, output_shape)
        if not targets.fits(with_map, output_shape):
            form = f"labels 0 and 1 of shape {targets.of_images(tuple(positions))}"
            targets.raise_shape(self, y, output_shape, form)
        positive = targets.labels(self, with_map[:, 0], 2, tuple(positions))
        signs = np.where(positive == targets.IGNORED, 0, 2 * positive - 1)
        return signs.astype(np.float32)[:, np.newaxis]

    def apply(self, n: Float[Array, "q h *x"], y: Array) -> Float[Array, "q"]:
        r"""Return each image's loss: by how much the margins fall short, averaged over positions.

        .. math:: l = \frac{1}{H} \sum_{h \ne y} \max(0, 1 - n^y + n^h)
            \qquad \text{or} \qquad l = \max(0, 1 - y \, n)

        Parameters
        ----------
        n
            Output of the network.
        y
            The targets, as :meth:`targets` returned them.

        Returns
        -------
        Array
            A loss for each image.

        Sources
        -------
        Weston and Watkins 1999.
        """
        return np.maximum(self._shortfall(n, y), 0).mean(axis=all_but_images(n))

    def backward_n(self, n: Float[Array, "q h *x"], y: Array) -> Float[Array, "q h *x"]:
        r"""Return 1/H for each class within the margin, and minus their sum for the true class.

        .. math:: dn^h = \frac{1}{H} \cdot \begin{cases} [1 - n^y + n^h > 0] & h \ne y \\
            -\sum_{k \ne y} [1 - n^y + n^k > 0] & h = y \end{cases}
            \qquad \text{or} \qquad dn = -y \, [1 - y \, n > 0]

        divided by the number of positions. At the kink, a margin of exactly 1, it is 0, as in
        PyTorch.

        Parameters
        ----------
        n
            Output of the network.
        y
            The targets, as :meth:`targets` returned them.

        Returns
        -------
        Array
            Derivatives of each image's loss.

        Sources
        -------
        Hagan 8.27, 8.28; Weston and Watkins 1999.
        """
        short = (self._shortfall(n, y) > 0).astype(n.dtype)
        if n.shape[1] == 1:
            return -y.astype(n.dtype, copy=False) * short / math.prod(n.shape[1:])
        true = targets.one_hot(y, n.shape[1]).astype(n.dtype, copy=False)
        return (short - true * short.sum(axis=1, keepdims=True)) / math.prod(n.shape[1:])

    def image_weights(self, y: Array) -> Float[Array, "q"]:
        """Return the fraction of each image's labels that are not ignored."""
        if self.ignore is None:
            return np.ones(len(y))
        return targets.share_counted(self._counted(y))

    @classmethod
    def cases(cls) -> tuple[LossCase, ...]:
        pixels = np.array([[0, 1, 2, 2, 0], [1, 1, 0, 2, 1]])
        return (
            LossCase(loss=cls(), shape=(4,), y=np.array([3, 0, 1])),
            LossCase(loss=cls(), shape=(1,), y=np.array([[1.0], [-1.0], [1.0]])),
            LossCase(loss=cls(), shape=(3, 5), y=pixels),
            LossCase(
                loss=cls(ignore=255),
                shape=(3, 5),
                y=np.array([[0, -1, 2, -1, 0], [-1, -1, -1, -1, -1]]),
                note="ignored pixels",
            ),
            LossCase(
                loss=cls(ignore=255),
                shape=(1,),
                y=np.array([[1.0], [0.0], [-1.0]]),
                note="ignored images",
            ),
        )

    def _shortfall(self, n: Array, y: Array) -> Array:
        """Return 1 minus the margin of each class; 0 for the true class and for ignored labels."""
        counted = self._counted(y)
        if n.shape[1] == 1:
            return np.where(counted, 1 - y.astype(n.dtype, copy=False) * n, 0)
        true = targets.one_hot(y, n.shape[1]).astype(n.dtype, copy=False)
        score = (true * n).sum(axis=1, keepdims=True)
        return np.where(counted[:, np.newaxis], (1 - true) * (1 - score + n), 0)

    def _counted(self, y: Array) -> Array:
        """Return which labels are not ignored: those with one map are -1 and 1, or 0 if ignored."""
        return y != 0 if y.dtype.kind == "f" else y != targets.IGNORED
