"""ONNX's losses, computed with striate's cross-entropy."""

import numpy as np

from striate.functions.loss import CrossEntropy
from striate.functions.transfer import LogSoftmax


def cross_entropy(node, given):
    """Compute softmax cross-entropy, and the logarithms of the softmax."""
    n, y, *weights = given
    loss = _loss(node, n, weights)
    return _reduced(node, n, y, loss, loss.apply), LogSoftmax().apply(n)


def negative_log_likelihood(node, given):
    """Compute the same loss from logarithms of probabilities `a`, in which it is linear.

    It is the scalar product of `a` with the derivatives of the loss. striate's losses take the net
    input, so only these derivatives can be tested.
    """
    a, y, *weights = given
    loss = _loss(node, a, weights)

    def of_images(a, y):
        return (loss.backward_a(a, y, LogSoftmax()) * a).reshape(len(a), -1).sum(axis=1)

    return (_reduced(node, a, y, loss, of_images),)


def _loss(node, n, weights):
    """Return the loss; an ignored class has weight zero."""
    weights = weights[0].copy() if weights else np.ones(n.shape[1], np.float32)
    if "ignore_index" in node.attributes:
        weights[node.attributes["ignore_index"]] = 0
    return CrossEntropy(class_weights=tuple(map(float, weights)))


def _reduced(node, n, y, loss, of_images):
    """Reduce the losses as the node specifies; without reduction, positions count as images."""
    reduction = node.attributes.get("reduction", "mean")
    if reduction == "none":
        positions = np.moveaxis(n, 1, -1)
        single = positions.reshape(-1, n.shape[1])
        y = loss.targets(y.reshape(-1), single.shape[1:])
        return of_images(single, y).reshape(positions.shape[:-1])
    y = loss.targets(y, n.shape[1:])
    if reduction == "sum":
        return of_images(n, y).sum() * int(np.prod(n.shape[2:]))
    return of_images(n, y).sum() / loss.image_weights(y).sum()
