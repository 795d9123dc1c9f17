"""striate's kinds, implemented with PyTorch's functions.

This module doesn't use striate's arithmetic; it computes sizes, padding and crops independently.
"""

import math

import torch
from torch.nn import functional as F  # noqa: N812  # PyTorch's own custom

from striate.functions import net_input, normalization, transfer, weight

MODES = {
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "replicate",
    "circular": "circular",
}


def weight_function(kind, a, parameters, state, *, training):
    """Compute any weight function; running statistics are updated in place, as in PyTorch."""
    return _WEIGHT[type(kind)](kind, a, parameters, state, training)


def net_input_function(kind, zs, bias):
    """Compute the sum, the product or the concatenation of several layers."""
    match kind:
        case net_input.Concatenate():
            n, join = torch.cat(zs, 1), torch.add
        case net_input.Sum():
            n, join = sum(zs), torch.add
        case net_input.Product():
            n, join = math.prod(zs), torch.mul
    if bias is None:
        return n
    return join(n, bias if kind.bias == "untied" else bias.reshape(-1, *(1,) * (n.ndim - 2)))


def transfer_function(kind, n):
    """Compute any transfer function."""
    return _TRANSFER[type(kind)](kind, n)


def _each(value, rank):
    """Return one number per axis."""
    return (value,) * rank if isinstance(value, int) else tuple(value)


def _sides(padding, lengths, window, stride, dilation):
    """Return the number of pixels added before and after each axis."""
    reach = [d * (r - 1) + 1 for r, d in zip(window, dilation, strict=True)]
    if padding == "valid":
        return [(0, 0) for _ in lengths]
    if padding == "full":
        return [(r - 1, r - 1) for r in reach]
    if padding == "same":
        totals = [
            max(0, (math.ceil(n / s) - 1) * s + r - n)
            for n, s, r in zip(lengths, stride, reach, strict=True)
        ]
        return [(total // 2, total - total // 2) for total in totals]
    return [p if isinstance(p, tuple) else (p, p) for p in _each(padding, len(lengths))]


def _pad(a, sides, mode="constant", value=0.0):
    """Pad the last axes; PyTorch lists the sides starting with the last axis."""
    flat = [n for side in reversed(sides) for n in side]
    if not any(flat):
        return a
    return F.pad(a, flat, mode, value if mode == "constant" else None)


def _window(kind):
    """Return the window of a pooling function, or the kernel size of a convolution."""
    return kind.kernel_size if isinstance(kind, weight.Convolution) else kind.window


def _laid(kind, a):
    """Return window, stride, dilation and padding of a kind for each axis."""
    rank = a.ndim - 2
    window, dilation = _each(_window(kind), rank), _each(kind.dilation, rank)
    stride = window if kind.stride is None else _each(kind.stride, rank)
    return window, stride, dilation, _sides(kind.padding, a.shape[2:], window, stride, dilation)


def _convolution(kind, a, parameters, _state, _training):
    rank = a.ndim - 2
    _, stride, dilation, sides = _laid(kind, a)
    w = parameters["weight"]
    w = w.flip(tuple(range(2, 2 + rank))) if kind.flip else w
    convolve = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    padded = _pad(a, sides, MODES[kind.padding_mode])
    return convolve(padded, w, stride=stride, dilation=dilation, groups=kind.groups)


def _transposed_convolution(kind, a, parameters, _state, _training):
    rank = a.ndim - 2
    window, stride, dilation = (
        _each(v, rank) for v in (kind.kernel_size, kind.stride, kind.dilation)
    )
    grown = [n * s for n, s in zip(a.shape[2:], stride, strict=True)]
    sides = _sides(kind.padding, grown, window, stride, dilation)
    extra = _each(kind.output_padding, rank)
    w = parameters["weight"]
    w = w.flip(tuple(range(2, 2 + rank))) if kind.flip else w
    convolve = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
    options = {"stride": stride, "dilation": dilation, "groups": kind.groups}
    if kind.padding != "same" and all(before == after for before, after in sides):
        padding = [before for before, _ in sides]
        return convolve(a, w, padding=padding, output_padding=extra, **options)
    whole = convolve(a, w, **options)
    for axis, (n, (before, after), e) in enumerate(zip(grown, sides, extra, strict=True), start=2):
        length = n if kind.padding == "same" else whole.shape[axis] - before - after
        missing = max(0, before + length + e - whole.shape[axis])
        at_end = [(0, missing if k == axis else 0) for k in range(2, whole.ndim)]
        whole = _pad(whole, at_end).narrow(axis, before, length + e)
    return whole


def _reached(kind, a):
    """Return the padding that exactly contains all windows, also in ceil mode."""
    window, stride, dilation, sides = _laid(kind, a)
    if not kind.ceil_mode:
        return sides
    reached = []
    for n, r, s, d, side in zip(a.shape[2:], window, stride, dilation, sides, strict=True):
        before, after = side
        reach = d * (r - 1) + 1
        places = math.ceil((before + n + after - reach) / s) + 1
        while (places - 1) * s >= before + n:  # it would start after the image
            places -= 1
        reached.append((before, (places - 1) * s + reach - before - n))
    return reached


def _sums(kind, a, sides):
    """Sum the pixels under each window by a convolution with ones."""
    window, stride, dilation, _ = _laid(kind, a)
    convolve = (F.conv1d, F.conv2d, F.conv3d)[a.ndim - 3]
    ones = torch.ones((a.shape[1], 1, *window), dtype=a.dtype)
    padded = _pad(a, sides)
    return convolve(padded, ones, stride=stride, dilation=dilation, groups=a.shape[1])


def _counts(kind, a):
    """Return the number of pixels that each sum is divided by."""
    _, _, _, sides = _laid(kind, a)
    reached, ones = _reached(kind, a), torch.ones_like(a)
    if kind.divisor == "window":
        ones = _pad(ones, sides, value=1.0)
        rest = [(0, end - after) for (_, after), (_, end) in zip(sides, reached, strict=True)]
        return _sums(kind, ones, rest)
    return _sums(kind, ones, reached)


def _is_native(kind, a):
    """Return whether PyTorch's own pooling takes these sizes.

    It takes padding of at most half the window, the same before and after the image, and windows
    that are no larger than the image.
    """
    window, _, _, sides = _laid(kind, a)
    return all(
        before == after <= r // 2 and r <= n
        for n, r, (before, after) in zip(a.shape[2:], window, sides, strict=True)
    )


def _max_pooling(kind, a, _parameters, _state, _training):
    window, stride, dilation, sides = _laid(kind, a)
    pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[a.ndim - 3]
    if _is_native(kind, a):
        padding = [before for before, _ in sides]
        return pool(a, window, stride, padding, dilation, ceil_mode=kind.ceil_mode)
    return pool(_pad(a, _reached(kind, a), value=-math.inf), window, stride, 0, dilation)


def _average_pooling(kind, a, _parameters, _state, _training):
    window, stride, dilation, sides = _laid(kind, a)
    if _is_native(kind, a) and set(dilation) == {1}:
        pool = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[a.ndim - 3]
        padding = [before for before, _ in sides]
        return pool(a, window, stride, padding, kind.ceil_mode, kind.divisor == "window")
    return _sums(kind, a, _reached(kind, a)) / _counts(kind, a)


def _sum_pooling(kind, a, _parameters, _state, _training):
    return _sums(kind, a, _reached(kind, a))


def _trainable_average_pooling(kind, a, parameters, _state, _training):
    z = _sums(kind, a, _reached(kind, a))
    return parameters["weight"].reshape(-1, *(1,) * (a.ndim - 2)) * z


def _lp_pooling(kind, a, _parameters, _state, _training):
    sums = _sums(kind, a.abs() ** kind.p, _reached(kind, a))
    # For a window of zeros, PyTorch's derivative is 0 times infinity; striate's is 0.
    zero = sums == 0
    return torch.where(zero, 1.0, sums) ** (1 / kind.p) * ~zero


def _blur_pooling(kind, a, _parameters, _state, _training):
    """Convolve each map with binomial weights, as the published BlurPool does."""
    rank = a.ndim - 2
    stride = _each(kind.stride, rank)
    window = [2 * s - 1 for s in stride] if kind.window is None else _each(kind.window, rank)
    sides = [((r - 1) // 2, r // 2) for r in window]
    if kind.padding is not None:
        sides = _sides(kind.padding, a.shape[2:], window, stride, (1,) * rank)
    w = torch.ones((), dtype=a.dtype)
    for r in window:
        row = torch.ones(1, dtype=a.dtype)
        for _ in range(r - 1):  # the next row of Pascal's triangle, divided by 2
            row = (F.pad(row, (0, 1)) + F.pad(row, (1, 0))) / 2
        w = w[..., None] * row
    convolve = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    maps = a.shape[1]
    padded = _pad(a, sides, MODES[kind.padding_mode])
    return convolve(padded, w.expand(maps, 1, *window), stride=stride, groups=maps)


def _adaptive_average_pooling(kind, a, _parameters, _state, _training):
    pool = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[a.ndim - 3]
    return pool(a, kind.size)


def _global_average_pooling(_kind, a, _parameters, _state, _training):
    return a.flatten(2).mean(2)


def _global_max_pooling(_kind, a, _parameters, _state, _training):
    return a.flatten(2).max(2).values


def _dot_product(_kind, a, parameters, _state, _training):
    return F.linear(a, parameters["weight"])


def _identity(_kind, a, _parameters, _state, _training):
    return a


def _batch_normalization(kind, a, parameters, state, training):
    return F.batch_norm(
        a,
        state["mean"],
        state["variance"],
        parameters["gamma"],
        parameters["beta"],
        training,
        kind.momentum,
        kind.epsilon,
    )


def _layer_normalization(kind, a, parameters, _state, _training):
    return F.layer_norm(a, a.shape[1:], parameters["gamma"], parameters["beta"], kind.epsilon)


def _group_normalization(kind, a, parameters, _state, _training):
    return F.group_norm(a, kind.groups, parameters["gamma"], parameters["beta"], kind.epsilon)


def _local_response_normalization(kind, a, _parameters, _state, _training):
    # For an even window, PyTorch includes one more map before, striate and ONNX one more after.
    options = (kind.size, kind.alpha, kind.beta, kind.bias)
    flat = a.flip(1).reshape(*a.shape[:2], -1)
    return F.local_response_norm(flat, *options).reshape(a.shape).flip(1)


_WEIGHT = {
    weight.Convolution: _convolution,
    weight.TransposedConvolution: _transposed_convolution,
    weight.DotProduct: _dot_product,
    weight.MaxPooling: _max_pooling,
    weight.AveragePooling: _average_pooling,
    weight.SumPooling: _sum_pooling,
    weight.TrainableAveragePooling: _trainable_average_pooling,
    weight.LpPooling: _lp_pooling,
    weight.BlurPooling: _blur_pooling,
    weight.AdaptiveAveragePooling: _adaptive_average_pooling,
    weight.GlobalAveragePooling: _global_average_pooling,
    weight.GlobalMaxPooling: _global_max_pooling,
    weight.Identity: _identity,
    normalization.BatchNormalization: _batch_normalization,
    normalization.LayerNormalization: _layer_normalization,
    normalization.GroupNormalization: _group_normalization,
    normalization.LocalResponseNormalization: _local_response_normalization,
}

_TRANSFER = {
    transfer.Elu: lambda kind, n: F.elu(n, kind.alpha),
    transfer.Gelu: lambda kind, n: F.gelu(n, approximate=kind.approximate),
    transfer.HardSwish: lambda _, n: F.hardswish(n),
    transfer.LeakyRelu: lambda kind, n: F.leaky_relu(n, kind.slope),
    transfer.Linear: lambda _, n: n.clone(),
    transfer.LogSoftmax: lambda _, n: F.log_softmax(n, 1),
    transfer.Logistic: lambda _, n: torch.sigmoid(n),
    transfer.Relu: lambda _, n: F.relu(n),
    transfer.ScaledTanh: lambda _, n: 1.7159 * torch.tanh(2 / 3 * n),
    transfer.Selu: lambda kind, n: kind.scale * F.elu(n, kind.alpha),
    transfer.Silu: lambda _, n: F.silu(n),
    transfer.Softmax: lambda _, n: F.softmax(n, 1),
    transfer.Softplus: lambda _, n: F.softplus(n, threshold=1000),
    transfer.Tanh: lambda _, n: torch.tanh(n),
}
