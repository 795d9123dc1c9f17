"""Cross-entropy: minus the log-probability of the true class under the softmax, in nats.

It takes the net input, not the probabilities: the logarithm of a softmax is finite where the
softmax underflows to 0, and the derivative becomes probabilities minus targets. So it absorbs the
softmax or log-softmax of the last layer.
"""

import math
from dataclasses import dataclass

import numpy as np

from striate.errors import InPython, Message, OptionError, ShapeError
from striate.functions.base import Loss, LossCase, Lowering, Onnx, TransferFunction
from striate.functions.loss import targets
from striate.functions.maps import per_map
from striate.functions.options import NOT_NEGATIVE, WHOLE, Each, OrNone, Range, option
from striate.functions.transfer import Linear, LogSoftmax, Softmax, over_maps
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class CrossEntropy(Loss):
    """Cross-entropy between the targets and the softmax over the maps.

    The targets of an output ``(classes, *positions)`` are labels, one integer for each position, or
    probabilities of all classes at each position.

    Parameters
    ----------
    label_smoothing
        Fraction of each target, from 0 to 1, that is spread equally over all classes.
    class_weights
        Weight of each class; the sum over images is then divided by the sum of their labels'
        weights, as in PyTorch, or by the number of images if the targets are probabilities.
        ``None`` weights all classes by 1.
    ignore
        The label of images or pixels to ignore, such as 255 for unlabeled pixels: the mean is over
        the others. ``None`` ignores none.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    Bridle 1990; Szegedy et al. 2016 (smoothing).

    Examples
    --------
    Four equally likely classes, then one that is nearly certain:

    >>> n = np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 20.0, 0.0, 0.0]])
    >>> CrossEntropy().apply(n, np.array([2, 1])).round(4)
    array([1.3863, 0.    ])

    Of the labels 2 and 255, the second is ignored:

    >>> loss = CrossEntropy(ignore=255)
    >>> y = loss.targets(np.array([2, 255]), (4,))
    >>> loss.apply(n, y).round(4), loss.counted(y)
    (array([1.3863, 0.    ]), 1.0)
    """

    label_smoothing: float = option(0.0, Range(least=0, most=1))
    class_weights: tuple[float, ...] | None = option(
        None, OrNone(Each(NOT_NEGATIVE, "non-negative numbers, one for each class"))
    )
    ignore: int | None = option(None, OrNone(WHOLE), example=255)

    label_equation = "k[q,h,*x] = where(h == y[q,*x], 1 - smoothing, 0) + smoothing / classes"
    ignoring_equation = (
        "k[q,h,*x] = where(y[q,*x] < 0, 0, where(h == y[q,*x], 1 - smoothing, 0) "
        "+ smoothing / classes)"
    )
    probability_equation = "k[q,h,*x] = (1 - smoothing) * y[q,h,*x] + smoothing / classes"
    weight_equation = "k[q,h,*x] = weights[h] * r[q,h,*x]"
    statements = (
        *over_maps.SUMS,
        "l[q] += k[q,h,*x] * (m[q,*x] - n[q,h,*x] + log(t[q,*x])) / positions",
    )
    derivatives = (
        "s[q,*x] += k[q,h,*x]",
        "p[q,h,*x] = exp(n[q,h,*x] - m[q,*x]) / t[q,*x]",
        "dn[q,h,*x] = (s[q,*x] * p[q,h,*x] - k[q,h,*x]) / positions",
    )
    absorbs = (Softmax, LogSoftmax)
    takes_labels = True
    target_numbers = "class probabilities"
    onnx = Onnx(operator="SoftmaxCrossEntropyLoss")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.class_weights is not None and not any(self.class_weights):
            raise OptionError(
                "`class_weights` are all 0, so that no image counts. At least one must be positive."
            )

    def lowering(self, shape: Shape, y: Shape) -> Lowering:
        """Return the equations for labels or probabilities; ``k`` is the smoothed target."""
        classes, *positions = shape
        label_equation = self.label_equation if self.ignore is None else self.ignoring_equation
        first = (label_equation if len(y) < len(shape) else self.probability_equation,)
        if self.class_weights is not None:
            first = (first[0].replace("k[", "r[", 1), self.weight_equation)
        weights = {} if self.class_weights is None else {"weights": np.array(self.class_weights)}
        return Lowering(
            statements=(*first, *self.statements),
            backward={"dn": self.derivatives},
            shapes={
                **dict.fromkeys(("n", "k", "r", "p", "dn"), shape),
                **over_maps.sums_shapes(shape),
                "s": shape[1:],
                "y": y,
                "l": (),
                **{name: table.shape for name, table in weights.items()},
            },
            constants={
                "smoothing": self.label_smoothing,
                "classes": classes,
                "positions": math.prod(positions),
            },
            tables=weights,
        )

    def targets(self, y: Array, output_shape: Shape) -> Array:
        """Check labels, or probabilities of the classes.

        Parameters
        ----------
        y
            Labels ``(images, *positions)`` or probabilities ``(images, classes, *positions)``.
        output_shape
            ``(classes, *positions)``.

        Returns
        -------
        Array
            Labels as int64, -1 for those that are ignored; or probabilities as floating-point
            numbers.

        Raises
        ------
        ShapeError
            If they have neither shape, or the output has only one class.
        OptionError
            If the number of class weights is not the number of classes.
        DataError
            If a label is out of range, or the probabilities do not sum to 1.
        """
        classes, *positions = output_shape
        self._require_classes(classes)
        if targets.fits(y, output_shape):
            return targets.distributions(self, y, output_shape)
        if not targets.fits(y, tuple(positions)):
            targets.raise_shape(
                self,
                y,
                output_shape,
                f"labels of shape {targets.of_images(tuple(positions))}",
                f"class probabilities of shape {targets.of_images(output_shape)}",
            )
        return targets.labels(self, y, classes, tuple(positions))

    def apply(self, n: Float[Array, "q h *x"], y: Array) -> Float[Array, "q"]:
        r"""Return each image's cross-entropy in nats: the mean over its positions.

        .. math:: l = -\sum_h k^h \ln p^h, \qquad
            k^h = w^h \left( (1 - \epsilon) \, y^h + \frac{\epsilon}{H} \right)

        with the softmax p of n, the smoothing epsilon, the class weights w, and one-hot
        labels y.

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
        Bridle 1990; Szegedy et al. 2016.
        """
        losses = -(self._wanted(n, y) * over_maps.log_softmax(n)).sum(axis=1)
        return losses.reshape(len(n), -1).mean(axis=1)

    def backward_n(self, n: Float[Array, "q h *x"], y: Array) -> Float[Array, "q h *x"]:
        r"""Return probabilities minus targets.

        .. math:: dn^h = p^h \sum_j k^j - k^h

        divided by the number of positions. Without class weights the sum is 1.

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
        Hagan 8.27, 8.28; Bridle 1990.
        """
        k = self._wanted(n, y)
        return (over_maps.softmax(n) * k.sum(axis=1, keepdims=True) - k) / math.prod(n.shape[2:])

    def backward_a(
        self, a: Float[Array, "q h *x"], y: Array, transfer: TransferFunction | None = None
    ) -> Float[Array, "q h *x"]:
        r"""Return the derivatives with respect to the activation, for the trace.

        .. math:: da^h = -\frac{k^h}{a^h}

        divided by the number of positions; minus infinity where a probability is 0, or so small
        that the quotient overflows, although its target is positive. With respect to the
        log-probabilities it is :math:`-k^h`.

        Parameters
        ----------
        a
            Activation of the last layer.
        y
            The targets, as :meth:`targets` returned them.
        transfer
            The transfer function that returned ``a``; by default softmax.

        Returns
        -------
        Array
            Derivatives of each image's loss.

        Sources
        -------
        Hagan 8.28, 8.50; Bridle 1990.
        """
        if isinstance(transfer, Linear):
            return self.backward_n(a, y)
        k = self._wanted(a, y) / math.prod(a.shape[2:])
        if isinstance(transfer, LogSoftmax):
            return -k
        # A probability may be 0, or so small that the quotient overflows.
        with np.errstate(divide="ignore", over="ignore"):
            return np.divide(-k, a, out=np.zeros_like(a), where=k != 0)

    def image_weights(self, y: Array) -> Array:
        """Return the mean weight of each image's labels, 0 if ignored; 1 for probabilities."""
        if y.dtype.kind == "f" or (self.class_weights is None and self.ignore is None):
            return np.ones(len(y))
        counted = y != targets.IGNORED
        if self.class_weights is None:
            return targets.share_counted(counted)
        return targets.share_counted(np.where(counted, np.array(self.class_weights)[y], 0.0))

    @classmethod
    def cases(cls) -> tuple[LossCase, ...]:
        weights = (0.5, 2.0, 1.0)
        pixels = np.array([[[0, 1], [2, 2]], [[1, 1], [0, 2]]])
        shares = np.array([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0]])
        return (
            LossCase(loss=cls(), shape=(4,), y=np.array([3, 0, 1])),
            LossCase(
                loss=cls(label_smoothing=0.1, class_weights=weights), shape=(3,), y=np.array([2, 0])
            ),
            LossCase(loss=cls(class_weights=weights), shape=(3, 2, 2), y=pixels),
            LossCase(loss=cls(label_smoothing=0.2), shape=(3,), y=shares),
            LossCase(
                loss=cls(label_smoothing=0.1, class_weights=weights, ignore=255),
                shape=(3, 2, 2),
                y=np.array([[[0, -1], [2, 2]], [[-1, -1], [-1, -1]]]),
                note="ignored pixels",
            ),
            LossCase(loss=cls(ignore=0), shape=(3,), y=np.array([2, -1, 1]), note="ignored images"),
        )

    def _wanted(self, n: Array, y: Array) -> Array:
        """Return the targets in the shape of ``n``, smoothed and weighted: the ``k``."""
        classes = n.shape[1]
        labels = y.ndim < n.ndim
        wanted = (targets.one_hot(y, classes) if labels else y).astype(n.dtype, copy=False)
        k = (1 - self.label_smoothing) * wanted + self.label_smoothing / classes
        if labels and self.ignore is not None:
            k = k * (y != targets.IGNORED)[:, np.newaxis]
        if self.class_weights is None:
            return k
        return per_map(np.array(self.class_weights, n.dtype), n) * k

    def _require_classes(self, classes: int) -> None:
        """Raise if there is a single class, or not one weight for each."""
        if classes < 2:
            raise ShapeError(
                f"CrossEntropy needs at least two outputs, got {classes}: the softmax of one "
                "output is always 1.",
                remedy=Message(
                    "Give the last layer 2 outputs, or use ",
                    InPython('activation="logistic" with loss="binary-cross-entropy"', "logistic"),
                    ".",
                ),
            )
        if self.class_weights is not None and len(self.class_weights) != classes:
            raise OptionError(
                f"`class_weights` has {len(self.class_weights)} numbers, but the network has "
                f"{classes} outputs. Pass one number for each class."
            )
