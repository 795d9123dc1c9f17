"""A whole graph computed by PyTorch, with derivatives by automatic differentiation.

The operations of a training step run in order, and each function is rewritten with PyTorch's own
functions (:mod:`pytorch.reference`). The results have the same names as those of
:func:`engine.compiled.wanted`.
"""

from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812  # PyTorch's own custom

from engine.compiled import SEED, STEP
from pytorch import reference
from striate.functions import loss as losses
from striate.functions.base import Draw, NetInputFunction, TransferFunction
from striate.functions.dropout import Dropout
from striate.functions.reshape import Reshape
from striate.functions.vec import Flatten


def wanted(step, numbers):
    """Compute outputs, losses, all derivatives and running statistics in float64."""
    inputs, parameters, state = _tensors(numbers)
    given = {**inputs, **parameters}
    for tensor in given.values():
        tensor.requires_grad_()
    arrays = _forward(step, inputs, parameters, state, training=True)
    found = {f"output {name}": arrays[f"{name}.A"] for name in step.graph.outputs}
    total = torch.zeros((), dtype=torch.float64)
    for end, y in zip(step.losses, numbers.targets, strict=True):
        value = end.weight * _loss(end.loss, arrays[end.reads], y, numbers.weights)
        found[f"loss {end.layer}"] = value
        total = total + value
    total.backward()
    found |= {f"next {name}": tensor for name, tensor in state.items()}
    found |= {f"d {name}": _gradient(tensor) for name, tensor in given.items()}
    return {name: tensor.detach().numpy() for name, tensor in found.items()} | predicted(
        step, numbers
    )


def predicted(step, numbers):
    """Compute the outputs without training in float64."""
    with torch.no_grad():
        arrays = _forward(step, *_tensors(numbers), training=False)
    return {f"predicted {name}": arrays[f"{name}.A"].numpy() for name in step.graph.outputs}


def _tensors(numbers):
    """Convert inputs, parameters and running statistics to tensors."""
    return tuple(
        {name: torch.tensor(np.asarray(array, np.float64)) for name, array in arrays.items()}
        for arrays in (numbers.inputs, numbers.parameters, numbers.state)
    )


def _gradient(tensor):
    """Return the derivatives with respect to a tensor; zeros if nothing depends on it."""
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad


def _forward(step, inputs, parameters, state, *, training):
    """Compute all arrays by name; running statistics are updated in place, as in PyTorch."""
    arrays = {f"{name}.A": tensor for name, tensor in inputs.items()}
    for operation in step.forward:
        kind = operation.function
        sources = [arrays[name] for name in operation.inputs]
        own = {role: parameters[name] for role, name in operation.parameters.items()}
        match kind:
            case Dropout():
                found = _dropout(kind, *sources, operation.number) if training else sources[0]
            case Flatten(order="rows") | Reshape():
                found = sources[0].reshape(
                    len(sources[0]), *kind.output_shape(sources[0].shape[1:])
                )
            case Flatten():
                pixels = tuple(range(2, sources[0].ndim))
                found = sources[0].permute(0, 1, *reversed(pixels)).flatten(1)
            case NetInputFunction():
                found = reference.net_input_function(kind, sources, own.get("bias"))
            case TransferFunction():
                found = reference.transfer_function(kind, *sources)
            case _:
                statistics = {role: state[name] for role, name in operation.state.items()}
                found = reference.weight_function(
                    kind, *sources, own, statistics, training=training
                )
        arrays[operation.output] = found
    return arrays


def _dropout(kind, a, layer):
    """Apply striate's dropout mask, because PyTorch draws different random numbers."""
    draw = replace(Draw(seed=SEED, step=STEP, layer=0, images=np.arange(len(a))), layer=layer)
    mask = torch.tensor(kind.mask(draw, tuple(a.shape[1:])), dtype=torch.float64)
    return a * mask.reshape(*mask.shape, *(1,) * (a.ndim - mask.ndim)) / (1 - kind.rate)


def _loss(kind, n, y, weights):
    """Return the weighted mean over the images."""
    images = torch.ones(len(n), dtype=torch.float64)
    images = images if weights is None else torch.tensor(np.asarray(weights, np.float64))
    y = torch.as_tensor(y if y.dtype.kind == "i" else y.astype(np.float64))
    values, counts = _each_image(kind, n, y)
    return (images * values).sum() / (images * counts).sum()


def _each_image(kind, n, y):
    """Return each image's loss, and its weight in the mean."""
    counts = torch.ones(len(n), dtype=torch.float64)
    match kind:
        case losses.CrossEntropy(class_weights=None):
            each = F.cross_entropy(n, y, reduction="none", label_smoothing=kind.label_smoothing)
        case losses.CrossEntropy():
            weights = torch.tensor(kind.class_weights, dtype=torch.float64)
            each = F.cross_entropy(
                n, y, weights, reduction="none", label_smoothing=kind.label_smoothing
            )
            if not y.is_floating_point():
                counts = weights[y].reshape(len(n), -1).mean(1)
        case losses.Hinge() if n.shape[1] > 1:
            positions = n.movedim(1, -1).reshape(-1, n.shape[1])
            each = F.multi_margin_loss(positions, y.reshape(-1), reduction="none")
        case losses.Hinge():
            each = F.relu(1 - y * n)
        case _:
            each = _ELEMENTWISE[type(kind)](kind, n, y)
    return each.reshape(len(n), -1).mean(1), counts


_ELEMENTWISE = {
    losses.AbsoluteError: lambda _, n, y: F.l1_loss(n, y, reduction="none"),
    losses.BinaryCrossEntropy: lambda _, n, y: F.binary_cross_entropy_with_logits(
        n, y, reduction="none"
    ),
    losses.Huber: lambda kind, n, y: F.huber_loss(n, y, reduction="none", delta=kind.delta),
    losses.SquaredError: lambda _, n, y: F.mse_loss(n, y, reduction="none"),
}
