"""The distances of the values in a pass from the kinks of their functions.

Central differences can't measure a derivative if a kink is within the step. At a kink, the slope
jumps: at 0 for relu, for two equal pixels under a maximum, or where an error changes sign.

Values that are *exactly* at a kink, up to rounding, aren't there by chance: they are zeros from
relu, dropout or a transposed convolution, or equal sums of the same products. A step doesn't change
them, so they don't count.
"""

import numpy as np

from striate.functions.loss import AbsoluteError, Hinge, Huber
from striate.functions.transfer import Elu, HardSwish, LeakyRelu, Relu, Selu
from striate.functions.weight import GlobalMaxPooling, LpPooling, MaxPooling
from striate.maths import columns

ROUNDING = 1e-12

_PLACES = {Elu: (0,), HardSwish: (-3, 3), LeakyRelu: (0,), Relu: (0,), Selu: (0,)}


def distance_from_kinks(step, run, targets):
    """Return the smallest distance of a value from a kink of its function, in a forward pass."""
    distances = [np.inf]
    for operation in step.forward:
        kind, a = operation.function, run.arrays[operation.inputs[0]]
        distances += [_least(np.abs(a - place)) for place in _PLACES.get(type(kind), ())]
        if isinstance(kind, MaxPooling | GlobalMaxPooling):
            distances.append(_lead(kind, a))
        if isinstance(kind, LpPooling):
            distances.append(_least(np.abs(a)))
    for end, y in zip(step.losses, targets, strict=True):
        distances.append(_of_loss(end.loss, run.arrays[end.reads], y))
    return float(min(distances))


def _lead(kind, a):
    """Return the smallest difference between the two largest pixels of a window."""
    if isinstance(kind, MaxPooling):
        axes = kind.axes(a.shape[2:])
        a = columns.im2col(columns.pad(a, axes, value=-np.inf), axes)
        a = a.reshape(*a.shape[:2], -1, *a.shape[2 + len(axes) :])
    else:
        a = a.reshape(*a.shape[:2], -1)
    return _least(a.max(axis=2, keepdims=True) - a)


def _least(distances):
    """Return the smallest distance that is larger than a rounding error."""
    return distances[distances > ROUNDING].min(initial=np.inf)


def _of_loss(loss, n, y):
    """Return the smallest distance of an error from the loss's kinks."""
    if isinstance(loss, AbsoluteError):
        return _least(np.abs(n - y))
    if isinstance(loss, Huber):
        return _least(np.abs(np.abs(n - y) - loss.delta))
    if not isinstance(loss, Hinge):
        return np.inf
    if n.shape[1] == 1:
        return _least(np.abs(1 - y * n))
    true = np.take_along_axis(n, y[:, np.newaxis], axis=1)
    return _least(np.abs(1 - true + n)[np.broadcast_to(true, n.shape) != n])
