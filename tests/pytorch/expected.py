"""Reference results for kinds, computed by PyTorch and its automatic differentiation."""

import torch
from torch.nn import functional as F  # noqa: N812  # PyTorch's own custom

from pytorch import reference
from pytorch.layers import part
from striate.functions.loss import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    SquaredError,
)


def layer(configuration, arrays):
    """Compute the results of `pytorch.layers.run`."""
    tensors = {name: torch.tensor(array) for name, array in arrays.items()}
    state = part(tensors, "state")
    trained = [k for k in tensors if k == "a" or k.startswith(("weight.", "net_input."))]
    for name in trained:
        tensors[name].requires_grad_()
    z = reference.weight_function(
        configuration.weight,
        tensors["a"],
        part(tensors, "weight"),
        state,
        training=configuration.training,
    )
    bias = tensors.get("net_input.bias")
    n = reference.net_input_function(configuration.net_input, [z], bias)
    n.backward(tensors["dn"])
    gradients = {
        "da" if name == "a" else f"d.{name}": tensors[name].grad.numpy() for name in trained
    }
    after = {f"after.{name}": array.numpy() for name, array in state.items()}
    return {"n": n.detach().numpy(), **gradients, **(after if configuration.training else {})}


def transfer(kind, n, da):
    """Compute the activation, and the derivatives with respect to the net input."""
    tensor = torch.tensor(n, requires_grad=True)
    a = reference.transfer_function(kind, tensor)
    a.backward(torch.tensor(da))
    return a.detach().numpy(), tensor.grad.numpy()


def loss(kind, n, y):
    """Compute the mean loss of a batch, and the derivatives with respect to the net input."""
    tensor = torch.tensor(n, requires_grad=True)
    value = _LOSSES[type(kind)](kind, tensor, torch.as_tensor(y))
    value.backward()
    return value.item(), tensor.grad.numpy()


def _cross_entropy(kind, n, y):
    weights = None
    if kind.class_weights is not None:
        weights = torch.tensor(kind.class_weights, dtype=torch.float64)
    ignored = {} if kind.ignore is None else {"ignore_index": kind.ignore}
    return F.cross_entropy(n, y, weight=weights, label_smoothing=kind.label_smoothing, **ignored)


def _hinge(kind, n, y):
    """Return the multi-margin loss of each position; one output must be beyond -1 or 1."""
    if n.shape[1] > 1:
        rows, y = n.movedim(1, -1).reshape(-1, n.shape[1]), y.reshape(-1)
        counted = y != kind.ignore if kind.ignore is not None else torch.ones_like(y, dtype=bool)
        return F.multi_margin_loss(rows[counted], y[counted])
    return F.relu(1 - (2 * y[:, None] - 1) * n).mean()


_LOSSES = {
    AbsoluteError: lambda _, n, y: F.l1_loss(n, y),
    BinaryCrossEntropy: lambda _, n, y: F.binary_cross_entropy_with_logits(n, y),
    CrossEntropy: _cross_entropy,
    Hinge: _hinge,
    Huber: lambda kind, n, y: F.huber_loss(n, y, delta=kind.delta),
    SquaredError: lambda _, n, y: F.mse_loss(n, y),
}
