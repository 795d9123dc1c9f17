"""How far the numbers of a pass are from the kinks of the functions that they go through.

Central differences say nothing about a derivative where a kink lies within the step. Kinks are
where slopes jump: a rectifier's 0, two equal pixels under a maximum, an error that changes sign.

Numbers that are *exactly* at a kink, but for a rounding, are not there by chance: they are zeros
that a rectifier, dropout or a transposed convolution made, or two equal sums of the same products.
They stay what they are, whatever is changed by a step; so they do not count.
"""

import numpy as np

from striate.functions.loss import AbsoluteError, Hinge, Huber
from striate.functions.transfer import Elu, HardSwish, LeakyRelu, Relu, Selu
from striate.functions.weight import GlobalMaxPooling, LpPooling, MaxPooling
from striate.maths import columns

ROUNDING = 1e-12

_PLACES = {Elu: (0,), HardSwish: (-3, 3), LeakyRelu: (0,), Relu: (0,), Selu: (0,)}


def distance_from_kinks(step, run, targets):
    """Give the least distance of any number from a kink of its function, in a forward pass."""
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
    """Give by how much the largest pixel of a window exceeds the second, at least."""
    if isinstance(kind, MaxPooling):
        axes = kind.axes(a.shape[2:])
        a = columns.im2col(columns.pad(a, axes, value=-np.inf), axes)
        a = a.reshape(*a.shape[:2], -1, *a.shape[2 + len(axes) :])
    else:
        a = a.reshape(*a.shape[:2], -1)
    return _least(a.max(axis=2, keepdims=True) - a)


def _least(distances):
    """Give the least distance that is more than a rounding."""
    return distances[distances > ROUNDING].min(initial=np.inf)


def _of_loss(loss, n, y):
    """Give the least distance of an error from the loss's kinks."""
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
