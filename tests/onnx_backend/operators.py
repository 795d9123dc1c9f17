"""ONNX's operators, computed with striate's kinds by translating names and options.

Each function takes a node and its input arrays, and returns the outputs. The kind of an operator
and the names of its options come from the kinds' own `onnx`.
"""

import numpy as np

from onnx_backend.losses import cross_entropy, negative_log_likelihood
from onnx_backend.optimizers import update
from striate.functions.base import Call, Draw
from striate.functions.dropout import Dropout
from striate.functions.normalization import GroupNormalization
from striate.functions.normalization.standardize import mean_and_variance
from striate.functions.registry import FAMILIES
from striate.functions.vec import Flatten
from striate.functions.weight import MaxPooling
from striate.maths import columns, windows

KINDS = {
    kind.onnx.operator: kind
    for family in ("transfer", "net_input", "weight")
    for kind in FAMILIES[family].values()
    if getattr(kind, "onnx", None) is not None
}
"""The kind of each operator."""

_VALUES = {
    "window": tuple,
    "kernel_size": tuple,
    "stride": tuple,
    "dilation": tuple,
    "output_padding": tuple,
    "padding": lambda pads: tuple(zip(pads[: len(pads) // 2], pads[len(pads) // 2 :], strict=True)),
    "ceil_mode": bool,
    "divisor": {0: "inside", 1: "window"}.get,
}
"""How striate writes the values of options that ONNX writes otherwise."""


def run(case):
    """Compute a case, and return its outputs in order."""
    values = case.arrays("in")
    for node in case.nodes:
        given = [values.get(name) for name in node.inputs]
        if node.operator in GLUE:
            found = GLUE[node.operator](node.attributes, *given)
        else:
            found = OPERATORS[node.operator](node, given)
        values |= dict(zip(node.outputs, found, strict=False))
    return [values.get(name) for name in case.outputs]


def made(node, **options):
    """Return the kind of a node with the node's options; others keep the kind's defaults."""
    kind = KINDS[node.operator]
    stated = {
        option: _VALUES.get(option, lambda value: value)(node.attributes[name])
        for option, name in kind.onnx.attributes.items()
        if name in node.attributes
    }
    return kind(**stated | options)


def elementwise(node, given):
    """Compute an elementwise transfer function with the node's options."""
    kind = made(node)
    unsaid = {k: v for k, v in node.attributes.items() if k not in kind.onnx.attributes.values()}
    assert all(v == 1 for v in unsaid.values()), "swish's alpha is 1 in striate"
    return (kind.apply(given[0]),)


def product(node, given):
    """Multiply arrays elementwise."""
    return (made(node, bias=None).apply(tuple(given), None),)


def over_maps(node, given):
    """Compute a softmax over any axis by making it the map axis."""
    (a,) = given
    kind = KINDS[node.operator]()
    axis = node.attributes.get("axis", -1 if node.opset >= 13 else 1) % a.ndim
    if axis == 1 and node.opset >= 13:
        return (kind.apply(a),)
    if node.opset < 13:  # in these versions, it is over all axes starting with this one
        return (kind.apply(a.reshape(int(np.prod(a.shape[:axis])), -1)).reshape(a.shape),)
    last = np.moveaxis(a, axis, -1)
    places = last.reshape(-1, a.shape[axis])
    return (np.moveaxis(kind.apply(places).reshape(last.shape), -1, axis),)


def convolution(node, given):
    """Compute a convolution, with or without bias."""
    a, w, *b = given
    laid = _laid(node, a, w.shape[2:])
    laid["kernel_size"] = laid.pop("window")
    z = made(node, feature_maps=len(w), **laid).apply(w, a)
    return (z if not b else z + b[0].reshape(-1, *(1,) * (z.ndim - 2)),)


def transposed_convolution(node, given):
    """Compute a transposed convolution, with or without bias."""
    a, w, *b = given
    groups = node.attributes.get("group", 1)
    options = {"kernel_size": w.shape[2:], "feature_maps": w.shape[1] * groups}
    if node.attributes.get("auto_pad", "NOTSET") == "SAME_UPPER":
        options["padding"] = "same"
    if "output_shape" in node.attributes:
        options |= _reaching(made(node, **options), node.attributes["output_shape"], a)
    z = made(node, **options).apply(w, a)
    return (z if not b else z + b[0].reshape(-1, *(1,) * (z.ndim - 2)),)


def pooling(node, given):
    """Compute max, average or Lp pooling; for max pooling, also the positions of the maxima."""
    (a,) = given
    kind = made(node, **_laid(node, a, node.attributes["kernel_shape"]))
    # Max pooling pads with minus infinity, which integers can't represent.
    z = kind.apply(a.astype(np.result_type(a.dtype, np.float32))).astype(a.dtype)
    if isinstance(kind, MaxPooling) and len(node.outputs) > 1:
        return z, _places(kind, a, by_columns=node.attributes.get("storage_order", 0) == 1)
    return (z,)


def global_pooling(node, given):
    """Compute global pooling; ONNX keeps the pixel axes with length 1."""
    (a,) = given
    return (KINDS[node.operator]().apply(a).reshape(*a.shape[:2], *(1,) * (a.ndim - 2)),)


def batch_normalization(node, given):
    """Compute batch normalization and, in training, the new running statistics.

    ONNX's momentum is the weight of the old statistics, and its running variance is biased.
    """
    a, gamma, beta, mean, variance = given
    old = node.attributes.get("momentum", 0.9)
    training = node.attributes.get("training_mode", 0) == 1
    kind = made(node, momentum=1 - old)
    call = Call(
        inputs=(a,),
        parameters={"gamma": gamma, "beta": beta},
        state={"mean": mean, "variance": variance},
        training=training,
    )
    if not training:
        return (kind.forward(call),)
    after, count = kind.next_state(call), a.size // a.shape[1]
    new = after["variance"] - old * variance
    return kind.forward(call), after["mean"], old * variance + new * (count - 1) / count


def layer_normalization(node, given):
    """Compute layer normalization starting with any axis; earlier axes are those of images."""
    a, gamma, beta = given
    axis = node.attributes.get("axis", -1) % a.ndim
    images = a.reshape(-1, *a.shape[axis:])
    kind = made(node)
    z = kind.apply(images, gamma, beta)
    m, v = mean_and_variance(a, tuple(range(axis, a.ndim)))
    return z.reshape(a.shape), m, 1 / np.sqrt(v + kind.epsilon)


def group_normalization(node, given):
    """Compute group or instance normalization; the latter has one group per map."""
    groups = node.attributes.get("num_groups", given[0].shape[1])
    epsilon = node.attributes.get("epsilon", 1e-5)
    return (GroupNormalization(groups=groups, epsilon=epsilon).apply(*given),)


def whole(node, given):
    """Compute a kind without weights whose options have the same format in ONNX."""
    return (made(node).apply(given[0]),)


def dense(node, given):
    """Compute a matrix product as a dense layer; its factors apply to the weights and the bias."""
    a, b, *c = given
    options = node.attributes
    a = np.atleast_2d(a.T if options.get("transA") else a)
    w = np.atleast_2d(b if options.get("transB") or b.ndim == 1 else b.T)
    images = a.reshape(-1, a.shape[-1])
    z = KINDS["Gemm"](neurons=len(w)).apply(options.get("alpha", 1.0) * w, images)
    if c:
        bias = np.broadcast_to(options.get("beta", 1.0) * c[0], (1, len(w)))[0]
        z = KINDS["Sum"](bias="tied").apply((z,), bias)
    shape = (*given[0].shape[:-1], *([len(w)] if b.ndim > 1 else []))
    return (z if options.get("transA") else z.reshape(shape).astype(a.dtype),)


def flatten(node, given):
    """Flatten starting with any axis; the axes before it are those of images."""
    (a,) = given
    axis = node.attributes.get("axis", 1)
    axis = axis + a.ndim if axis < 0 else axis
    return (Flatten().apply(a.reshape(int(np.prod(a.shape[:axis])), *a.shape[axis:])),)


def dropout(node, given):
    """Compute dropout: nothing in inference, and ONNX's own mask in training."""
    a, rate, training, mask = [*given, None, None, None][:4]
    rate = float(node.attributes.get("ratio", 0.5 if rate is None else rate))
    kind = Dropout(rate=rate)
    if training is None or not training:
        return kind.forward(Call(inputs=(a,))), np.ones(a.shape, bool)
    if mask is None:
        assert rate == 0, "nothing is left out, whatever is drawn"
        mask = kind.mask(Draw(seed=0, step=0, layer=0, images=np.arange(len(a))), a.shape[1:])
    return kind.apply(a, mask).astype(a.dtype), mask


def reshape(node, given):
    """Change the shape of an array, except for the batch axis."""
    a, shape = given
    assert shape[0] == len(a)
    return (KINDS[node.operator](shape=tuple(map(int, shape[1:]))).apply(a),)


def col2im(node, given):
    """Add columns back to images."""
    (c, sizes, window), rank = given, len(given[1])
    options = node.attributes
    axes = windows.axes(
        [int(n) for n in sizes],
        window=[int(n) for n in window],
        stride=options.get("strides", 1),
        dilation=options.get("dilations", 1),
        padding=_VALUES["padding"](options.get("pads", [0] * 2 * rank)),
    )
    places = [axis.output for axis in axes]
    image = columns.col2im(c.reshape(len(c), -1, *map(int, window), *places), axes)
    return (columns.pad_adjoint(image, axes),)


def pad(node, given):
    """Add pixels around an array, over any of its axes."""
    a, pads, value, over = [*given, None, None, None][:4]
    pads = node.attributes["pads"] if pads is None else [int(n) for n in pads]
    value = float(node.attributes.get("value", 0.0) if value is None else value)
    over = range(a.ndim) if over is None else [int(k) % a.ndim for k in over]
    sides = dict(zip(over, _VALUES["padding"](pads), strict=True))
    axes = [
        windows.Axis(length=n, window=1, before=before, after=after)
        for n, (before, after) in ((n, sides.get(k, (0, 0))) for k, n in enumerate(a.shape))
    ]
    modes = {"edge": "replicate", "reflect": "reflect", "wrap": "circular"}
    mode = modes.get(node.attributes.get("mode", "constant"), "zeros")
    return (columns.pad(a, axes, mode, value),)


def _laid(node, a, window):
    """Return a window's options that ONNX defines differently: defaults, and padding as a word."""
    strides = node.attributes.get("strides", [1] * len(window))
    options = {"window": tuple(window), "stride": tuple(strides)}
    if node.attributes.get("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        dilation = node.attributes.get("dilations", 1)
        axes = windows.axes(a.shape[2:], padding="same", dilation=dilation, **options)
        upper = node.attributes["auto_pad"] == "SAME_UPPER"
        options["padding"] = tuple(
            (x.before, x.after) if upper else (x.after, x.before) for x in axes
        )
    return options


def _reaching(kind, wanted, a):
    """Return the output padding that leads to the required lengths."""
    lengths = kind.output_shape(a.shape[1:])[1:]
    extra = np.broadcast_to(kind.output_padding, len(wanted))
    missing = [n - m + e for n, m, e in zip(wanted, lengths, extra, strict=True)]
    return {"output_padding": tuple(int(n) for n in missing)}


def _places(kind, a, *, by_columns):
    """Return the indices of the maxima within the whole array, as ONNX counts them."""
    axes = kind.axes(a.shape[2:])
    within = np.unravel_index(kind.winners(a.astype(float)), [axis.window for axis in axes])
    pixels = [
        axis.stride * np.arange(axis.output).reshape(-1, *(1,) * (len(axes) - 1 - k))
        + axis.dilation * u
        - axis.before
        for k, (axis, u) in enumerate(zip(axes, within, strict=True))
    ]
    if by_columns:
        pixels.reverse()
    lead = np.indices(within[0].shape)[:2]
    sizes = a.shape[:2] + (a.shape[:1:-1] if by_columns else a.shape[2:])
    return np.ravel_multi_index((*lead, *pixels), sizes)


GLUE = {
    "Constant": lambda attributes: (_constant(attributes["value"]),),
    "Exp": lambda _, a: (np.exp(a),),
    "Neg": lambda _, a: (-a,),
    "Split": lambda attributes, a: np.split(a, 2, attributes["axis"]),
    "Squeeze": lambda attributes, a: (np.squeeze(a, tuple(attributes["axes"])),),
    "Sub": lambda _, a, b: (a - b,),
    "Transpose": lambda attributes, a: (a.transpose(attributes["perm"]),),
    "Unsqueeze": lambda attributes, a: (np.expand_dims(a, tuple(attributes["axes"])),),
}
"""Auxiliary operators, computed with NumPy."""


def _constant(value):
    """Return the array of a constant, which is float32 or int64 in ONNX."""
    array = np.array(value)
    return array.astype(np.float32) if array.dtype.kind == "f" else array


OPERATORS = {
    **dict.fromkeys(
        (
            *("Elu", "Gelu", "HardSwish", "LeakyRelu", "Relu"),
            *("Selu", "Sigmoid", "Softplus", "Swish", "Tanh"),
        ),
        elementwise,
    ),
    **dict.fromkeys(("Softmax", "LogSoftmax"), over_maps),
    "Mul": product,
    "Conv": convolution,
    "ConvTranspose": transposed_convolution,
    **dict.fromkeys(("AveragePool", "LpPool", "MaxPool"), pooling),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), global_pooling),
    "BatchNormalization": batch_normalization,
    "LayerNormalization": layer_normalization,
    **dict.fromkeys(("GroupNormalization", "InstanceNormalization"), group_normalization),
    "LRN": whole,
    **dict.fromkeys(("Gemm", "MatMul"), dense),
    "Flatten": flatten,
    "Reshape": reshape,
    "Dropout": dropout,
    "Col2Im": col2im,
    "Pad": pad,
    "SoftmaxCrossEntropyLoss": cross_entropy,
    "NegativeLogLikelihoodLoss": negative_log_likelihood,
    **dict.fromkeys(("Adam", "Momentum", "Adagrad"), update),
}
"""How each operator is computed."""
