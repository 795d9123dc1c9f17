"""The results that are compared with PyTorch: layers of two functions, and losses."""

import numpy as np

from striate.functions.base import Call


def arrays_for(configuration, rng):
    """Draw input, parameters, running statistics and the output's derivatives, in float64.

    Names are `a`, `weight.…`, `net_input.…`, `state.…`, `dn`.
    """
    weight, net_input = configuration.weight, configuration.net_input
    shape = configuration.shape
    z_shape = weight.output_shape(shape)
    arrays = {"a": rng.standard_normal((configuration.images, *shape))}
    for name, parameter in weight.parameters(shape).items():
        arrays[f"weight.{name}"] = rng.standard_normal(parameter.shape)
    for name, parameter in net_input.parameters(z_shape).items():
        arrays[f"net_input.{name}"] = rng.standard_normal(parameter.shape)
    for name, start in weight.state(shape).items():
        arrays[f"state.{name}"] = rng.uniform(0.5, 1.5, start.shape)
    arrays["dn"] = rng.standard_normal((configuration.images, *net_input.output_shape(z_shape)))
    return arrays


def run(configuration, arrays):
    """Compute `n`, `da`, `d…` of every parameter, and the running statistics afterwards."""
    weight, net_input = configuration.weight, configuration.net_input
    call = Call(
        inputs=(arrays["a"],),
        parameters=part(arrays, "weight"),
        state=part(arrays, "state"),
        training=configuration.training,
    )
    z = weight.forward(call)
    joined = Call(inputs=(z,), parameters=part(arrays, "net_input"))
    n = net_input.forward(joined)
    back = net_input.backward(joined, n, arrays["dn"])
    first = weight.backward(call, z, back.inputs[0])
    after = weight.next_state(call) if configuration.training and call.state else {}
    return {
        "n": n,
        "da": first.inputs[0],
        **{f"d.weight.{name}": array for name, array in first.parameters.items()},
        **{f"d.net_input.{name}": array for name, array in back.parameters.items()},
        **{f"after.{name}": array for name, array in after.items()},
    }


def batch_loss(loss, n, y):
    """Compute the mean loss of a batch, and the derivatives with respect to the net input."""
    y = loss.targets(y, n.shape[1:])
    counted = loss.image_weights(y).sum()
    return loss.apply(n, y).sum() / counted, loss.backward_n(n, y) / counted


def part(arrays, of):
    """Return the arrays whose names start with a prefix."""
    return {k.removeprefix(f"{of}."): v for k, v in arrays.items() if k.startswith(f"{of}.")}


def distance(found, wanted):
    """Return the relative distance, in norm, of two arrays; zeros must be exactly zero."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    size = float(np.linalg.norm(wanted))
    return float(np.linalg.norm(found - wanted)) / (size or 1.0)
