"""What striate's kinds mean in PyTorch's words: each is written anew with torch's functions.

Nothing of striate's arithmetic is used: sizes, padding and crops are worked out here once more.
"""

import math

import torch
from torch.nn import functional as F  # noqa: N812  # PyTorch's own custom

from striate.functions import net_input, normalisation, transfer, weight

MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def weight_function(kind, a, parameters, state, *, training):
    """Compute any weight function; running statistics are changed in place, as torch does."""
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
    """Write one number for each axis."""
    return (value,) * rank if isinstance(value, int) else tuple(value)


def _sides(padding, lengths, window, stride, dilation):
    """Work out how many pixels are added before and after each axis."""
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
    """Pad the last axes; torch lists the sides from the last axis on."""
    flat = [n for side in reversed(sides) for n in side]
    if not any(flat):
        return a
    return F.pad(a, flat, mode, value if mode == "constant" else None)


def _laid(kind, a):
    """Give window, stride, dilation and sides of a kind, axis by axis."""
    rank = a.ndim - 2
    window, dilation = _each(kind.window, rank), _each(kind.dilation, rank)
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
    window, stride, dilation = (_each(v, rank) for v in (kind.window, kind.stride, kind.dilation))
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


def _ceil_end(a, window, stride, dilation, sides):
    """Say how far the last place of ceil mode reaches beyond the padding, axis by axis."""
    ends = []
    for n, r, s, d, (before, after) in zip(
        a.shape[2:], window, stride, dilation, sides, strict=True
    ):
        reach = d * (r - 1) + 1
        places = math.ceil((before + n + after - reach) / s) + 1
        if (places - 1) * s >= before + n:
            places -= 1
        ends.append(max(0, (places - 1) * s + reach - before - n - after))
    return ends


def _window_sums(kind, a, *, count=False):
    """Sum the pixels under each window by a convolution with ones; or count them."""
    window, stride, dilation, sides = _laid(kind, a)
    ends = _ceil_end(a, window, stride, dilation, sides) if kind.ceil_mode else [0] * len(window)
    if count:
        a = torch.ones_like(a)
        a = _pad(a, sides, value=1.0 if kind.divisor == "window" else 0.0)
    else:
        a = _pad(a, sides)
    a = _pad(a, [(0, end) for end in ends])
    convolve = (F.conv1d, F.conv2d, F.conv3d)[a.ndim - 3]
    ones = torch.ones((a.shape[1], 1, *window), dtype=a.dtype)
    z = convolve(a, ones, stride=stride, dilation=dilation, groups=a.shape[1])
    if not kind.ceil_mode:
        return z
    # Places that would start behind the image are cut off.
    for axis in range(2, z.ndim):
        (n, s), (before, _) = (a_size(kind, z, axis), stride[axis - 2]), sides[axis - 2]
        del n, s, before
    return z


def _native(kind, a):
    """Say whether torch's own pooling has these options: as much on both sides, half a window."""
    window, _, dilation, sides = _laid(kind, a)
    half = all(
        before == after <= r // 2 for r, (before, after) in zip(window, sides, strict=True)
    )
    return half, all(d == 1 for d in dilation)


def _max_pooling(kind, a, _parameters, _state, _training):
    window, stride, dilation, sides = _laid(kind, a)
    pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[a.ndim - 3]
    half, _ = _native(kind, a)
    if half:
        padding = [before for before, _ in sides]
        return pool(a, window, stride, padding, dilation, ceil_mode=kind.ceil_mode)
    if kind.ceil_mode:
        ends = _ceil_end(a, window, stride, dilation, sides)
        sides = [(before, after + e) for (before, after), e in zip(sides, ends, strict=True)]
    return pool(_pad(a, sides, value=-math.inf), window, stride, 0, dilation)
