"""Binary cross-entropy: the surprise, in nats, of yes-or-no targets under logistic outputs.

It takes the net input, not the probabilities, for the same reasons as cross-entropy; so it absorbs
the logistic function of the last layer. The exercise of Wolter's course trains digits with it: ten
outputs, one for each digit.
"""

import math
from dataclasses import dataclass

import numpy as np

from striate.functions.base import Loss, LossCase, Lowering, TransferFunction
from striate.functions.loss import targets
from striate.functions.maps import all_but_images
from striate.functions.options import WHOLE, OrNone, option
from striate.functions.transfer import Linear, Logistic
from striate.functions.transfer.sigmoid import LOGISTIC, logistic
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class BinaryCrossEntropy(Loss):
    """Binary cross-entropy, averaged over an image's outputs.

    The targets have the output's shape and values from 0 to 1. Labels are accepted too: if the
    output has several maps, they are one-hot encoded.

    Parameters
    ----------
    ignore
        The label, or value of single targets, to ignore: the mean is over the others. ``None``
        ignores none.

    Sources
    -------
    Wolter, exercise 11; Cox 1958; Goodfellow et al. 2016.

    Examples
    --------
    Outputs of 1/2 and 9/10 for targets of 1:

    >>> n = np.log([[0.5 / 0.5], [0.9 / 0.1]])
    >>> BinaryCrossEntropy().apply(n, np.ones((2, 1))).round(4)
    array([0.6931, 0.1054])
    """

    ignore: int | None = option(None, OrNone(WHOLE), example=255)

    equation = "l[q] += (max(n[q,*x], 0) - n[q,*x] * y[q,*x] + log1p(exp(-abs(n[q,*x])))) / outputs"
    derivative = f"dn[q,*x] = ({LOGISTIC} - y[q,*x]) / outputs"
    ignoring_equation = (
        "l[q] += where(y[q,*x] < 0, 0, max(n[q,*x], 0) - n[q,*x] * y[q,*x] "
        "+ log1p(exp(-abs(n[q,*x])))) / outputs"
    )
    ignoring_derivative = f"dn[q,*x] = where(y[q,*x] < 0, 0, {LOGISTIC} - y[q,*x]) / outputs"
    absorbs = (Logistic,)
    takes_labels = True
    target_numbers = "probabilities"

    def lowering(self, shape: Shape, y: Shape) -> Lowering:
        return Lowering(
            statements=(self.equation if self.ignore is None else self.ignoring_equation,),
            backward={
                "dn": (self.derivative if self.ignore is None else self.ignoring_derivative,)
            },
            shapes={"n": shape, "y": y, "l": (), "dn": shape},
            constants={"outputs": math.prod(shape)},
        )

    def targets(self, y: Array, output_shape: Shape) -> Array:
        """Check probabilities, or labels.

        Parameters
        ----------
        y
            Numbers from 0 to 1 of the output's shape, whose map axis may be missing where there
            is one map; or labels ``(images, *positions)`` where there are several.
        output_shape
            ``(maps, *positions)``.

        Returns
        -------
        Array
            Floating-point numbers of the output's shape; -1 for those that are ignored.

        Raises
        ------
        ShapeError
            If they have neither shape.
        DataError
            If they are not numbers from 0 to 1, or a label is none of the maps.
        """
        maps, *positions = output_shape
        if maps > 1 and targets.fits(y, tuple(positions)):
            labels = targets.labels(self, y, maps, tuple(positions))
            ignored = (labels == targets.IGNORED)[:, np.newaxis]
            return np.where(ignored, np.float32(targets.IGNORED), targets.one_hot(labels, maps))
        return targets.probabilities(self, y, output_shape)

    def apply(self, n: Float[Array, "q *x"], y: Float[Array, "q *x"]) -> Float[Array, "q"]:
        r"""Return each image's binary cross-entropy in nats: the mean over its outputs.

        .. math:: l = -y \ln a - (1 - y) \ln (1 - a) = \max(n, 0) - n \, y + \ln(1 + e^{-|n|}),
            \qquad a = \frac{1}{1 + e^{-n}}

        Parameters
        ----------
        n
            Net input.
        y
            The targets, as :meth:`targets` returned them.

        Returns
        -------
        Array
            A loss for each image.

        Sources
        -------
        Goodfellow et al. 2016.
        """
        y = y.astype(n.dtype, copy=False)
        losses = np.maximum(n, 0) - n * y + np.log1p(np.exp(-np.abs(n)))
        if self.ignore is not None:
            losses = np.where(y == targets.IGNORED, 0, losses)
        return losses.mean(axis=all_but_images(n))

    def backward_n(self, n: Float[Array, "q *x"], y: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Return outputs minus targets.

        .. math:: dn = \frac{1}{1 + e^{-n}} - y

        divided by the number of outputs.

        Parameters
        ----------
        n
            Net input.
        y
            The targets, as :meth:`targets` returned them.

        Returns
        -------
        Array
            Derivatives of each image's loss.

        Sources
        -------
        Hagan 8.27, 8.28; Goodfellow et al. 2016.
        """
        error = logistic(n) - y.astype(n.dtype, copy=False)
        if self.ignore is not None:
            error = np.where(y == targets.IGNORED, 0, error)
        return error / math.prod(n.shape[1:])

    def backward_a(
        self,
        a: Float[Array, "q *x"],
        y: Float[Array, "q *x"],
        transfer: TransferFunction | None = None,
    ) -> Float[Array, "q *x"]:
        r"""Return the derivatives with respect to the outputs, for the trace.

        .. math:: da = \frac{1 - y}{1 - a} - \frac{y}{a}

        divided by the number of outputs; infinite where an output rounds to 0 or 1 and should not.

        Parameters
        ----------
        a
            Activation of the last layer.
        y
            The targets, as :meth:`targets` returned them.
        transfer
            The transfer function that returned ``a``; by default the logistic function.

        Returns
        -------
        Array
            Derivatives of each image's loss.

        Sources
        -------
        Hagan 8.28, 8.50; Goodfellow et al. 2016.
        """
        if isinstance(transfer, Linear):
            return self.backward_n(a, y)
        y = y.astype(a.dtype, copy=False)
        # A probability may be 0, or so small that the quotient overflows.
        with np.errstate(divide="ignore", over="ignore"):
            no = np.divide(1 - y, 1 - a, out=np.zeros_like(a), where=y != 1)
            yes = np.divide(y, a, out=np.zeros_like(a), where=y != 0)
        if self.ignore is not None:
            no, yes = (np.where(y == targets.IGNORED, 0, part) for part in (no, yes))
        return (no - yes) / math.prod(a.shape[1:])

    def image_weights(self, y: Float[Array, "q *x"]) -> Float[Array, "q"]:
        """Return the fraction of each image's targets that are not ignored."""
        if self.ignore is None:
            return np.ones(len(y))
        return targets.share_counted(y != targets.IGNORED)

    @classmethod
    def cases(cls) -> tuple[LossCase, ...]:
        several = np.array([[0.0, 1.0, 0.0], [1.0, 1.0, 0.25]])
        pixels = np.array([[[[0.0, 1.0], [1.0, 0.0]]]])
        return (
            LossCase(loss=cls(), shape=(1,), y=np.array([[1.0], [0.0], [1.0]])),
            LossCase(loss=cls(), shape=(3,), y=several),
            LossCase(loss=cls(), shape=(1, 2, 2), y=pixels),
            LossCase(
                loss=cls(ignore=255),
                shape=(1, 2, 2),
                y=np.array([[[[0.0, -1.0], [1.0, 0.0]]], [[[-1.0, -1.0], [-1.0, -1.0]]]]),
                note="ignored pixels",
            ),
            LossCase(
                loss=cls(ignore=-1),
                shape=(3,),
                y=np.array([[0.0, 1.0, -1.0], [-1.0, 1.0, 0.25]]),
                note="missing targets",
            ),
        )
