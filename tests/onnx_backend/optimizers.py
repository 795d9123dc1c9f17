"""ONNX's optimizers, computed with striate's optimizers, for the first step."""

import math

import numpy as np

from striate.functions.optimizer import Adagrad, Adam, Momentum, Nesterov


def update(node, given):
    """Compute one step with all tensors in one flat array, as in striate."""
    rate, steps, *tensors = given
    assert steps == 0, "from the second step on, ONNX's Adam and Momentum mean something else"
    kind, factor = _KINDS[node.operator](node.attributes)
    roles = 2 + len(kind.buffers)
    count = len(tensors) // roles
    w, dw, *memory = (_flat(tensors[k * count : (k + 1) * count]) for k in range(roles))
    after, buffers = kind.apply(
        w,
        dw,
        dict(zip(kind.buffers, memory, strict=True)),
        rate=factor * float(rate),
        step=1,
        decayed=np.ones_like(w),
    )
    ends = np.cumsum([tensor.size for tensor in tensors[:count]])[:-1]
    flat = (after, *(buffers[name] for name in kind.buffers))
    return [part for array in flat for part in np.split(array, ends)]


def _flat(tensors):
    """Concatenate tensors."""
    return np.concatenate([tensor.reshape(-1) for tensor in tensors])


def _adam(attributes):
    """Undo the bias correction, which ONNX omits in its step 0."""
    kind = Adam(
        beta1=attributes["alpha"],
        beta2=attributes["beta"],
        epsilon=attributes["epsilon"] / math.sqrt(1 - attributes["beta"]),
        weight_decay=attributes["norm_coefficient"],
    )
    return kind, (1 - kind.beta1) / math.sqrt(1 - kind.beta2)


def _momentum(attributes):
    """Choose between the two kinds of momentum; `beta` has no effect in step 0."""
    kind = {"standard": Momentum, "nesterov": Nesterov}[attributes["mode"]]
    decay = attributes["norm_coefficient"]
    return kind(momentum=attributes["alpha"], weight_decay=decay), 1.0


def _adagrad(attributes):
    """Use the options unchanged; `decay_factor` has no effect in step 0."""
    decay = attributes["norm_coefficient"]
    return Adagrad(epsilon=attributes["epsilon"], weight_decay=decay), 1.0


_KINDS = {"Adam": _adam, "Momentum": _momentum, "Adagrad": _adagrad}
