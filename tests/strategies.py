"""Kinds with random options for a given input shape.

Options are drawn independently, and drawn again if they don't fit together. The result covers
everything that a kind accepts, including corner cases.
"""

import math
from dataclasses import dataclass

import numpy as np

from striate.errors import StriateError
from striate.functions.base import Function, NetInputFunction
from striate.functions.dropout import Dropout
from striate.functions.net_input import Product, Sum
from striate.functions.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    LocalResponseNormalization,
)
from striate.functions.registry import FAMILIES
from striate.functions.reshape import Reshape
from striate.functions.vec import Flatten
from striate.functions.weight import (
    AdaptiveAveragePooling,
    AveragePooling,
    BlurPooling,
    Convolution,
    DotProduct,
    GlobalAveragePooling,
    GlobalMaxPooling,
    Identity,
    LpPooling,
    MaxPooling,
    SumPooling,
    TrainableAveragePooling,
    TransposedConvolution,
)

# Minimum and maximum number of pixels per axis, by the number of axes: a few hundred in total.
LENGTHS = {1: (5, 14), 2: (4, 9), 3: (3, 6)}

PADDING_MODES = ("zeros", "zeros", "reflect", "replicate", "circular")


def pick(rng, items):
    """Choose an item of a sequence; unlike `rng.choice`, don't convert it to a NumPy type."""
    return items[rng.integers(len(items))]


def _numbers(rng, rank, low, high):
    """Draw one number for all axes, or one per axis."""
    if rng.random() < 0.4:
        return int(rng.integers(low, high + 1))
    return tuple(int(n) for n in rng.integers(low, high + 1, rank))


def _padding(rng, rank):
    """Draw padding in one of its forms: a word, a number, one per axis, or two per axis."""
    sides = rng.integers(0, 3, (rank, 2))
    forms = (
        "valid",
        "same",
        "full",
        int(rng.integers(0, 3)),
        tuple(int(n) for n in sides[:, 0]),
        tuple((int(before), int(after)) for before, after in sides),
    )
    return pick(rng, forms)


def _groups(rng, maps):
    """Draw a number of groups: often one, sometimes one per map."""
    return math.gcd(maps, pick(rng, (1, 1, 2, 3, maps)))


def _convolution(rng, shape):
    """Draw a convolution."""
    rank, groups = len(shape) - 1, _groups(rng, shape[0])
    return Convolution(
        feature_maps=groups * int(rng.integers(1, 4)),
        kernel_size=_numbers(rng, rank, 1, 4),
        stride=_numbers(rng, rank, 1, 3),
        dilation=_numbers(rng, rank, 1, 3),
        groups=groups,
        padding=_padding(rng, rank),
        padding_mode=pick(rng, PADDING_MODES),
        flip=bool(rng.random() < 0.2),
    )


def _transposed_convolution(rng, shape):
    """Draw a transposed convolution."""
    rank, groups = len(shape) - 1, _groups(rng, shape[0])
    return TransposedConvolution(
        feature_maps=groups * int(rng.integers(1, 4)),
        kernel_size=_numbers(rng, rank, 1, 4),
        stride=_numbers(rng, rank, 1, 3),
        dilation=_numbers(rng, rank, 1, 2),
        groups=groups,
        padding=_padding(rng, rank),
        output_padding=_numbers(rng, rank, 0, 2),
        flip=bool(rng.random() < 0.2),
    )


def _window(rng, shape):
    """Draw the options that all pooling kinds share."""
    rank = len(shape) - 1
    return {
        "window": _numbers(rng, rank, 1, 3),
        "stride": pick(rng, (None, _numbers(rng, rank, 1, 3))),
        "dilation": pick(rng, (1, 1, _numbers(rng, rank, 1, 2))),
        "padding": _padding(rng, rank),
        "ceil_mode": bool(rng.random() < 0.4),
    }


def _blur(rng, shape):
    """Draw a blur pooling."""
    rank = len(shape) - 1
    return BlurPooling(
        stride=_numbers(rng, rank, 1, 3),
        window=pick(rng, (None, None, _numbers(rng, rank, 1, 5))),
        padding=pick(rng, (None, None, _padding(rng, rank))),
        padding_mode=pick(rng, PADDING_MODES),
    )


def _epsilon(rng):
    """Draw the constant that is added to a variance."""
    return float(pick(rng, (1e-3, 0.01, 0.1)))


def _local_response(rng, _shape):
    """Draw a local response normalization with a noticeable effect."""
    return LocalResponseNormalization(
        size=int(rng.integers(1, 6)),
        alpha=float(rng.uniform(0.1, 2)),
        beta=float(rng.uniform(0.3, 1.2)),
        bias=float(rng.uniform(0.5, 2)),
    )


def _reshape(rng, shape):
    """Draw a different shape with the same number of elements."""
    count = math.prod(shape)
    maps = pick(rng, [n for n in range(1, 7) if count % n == 0])
    rows = pick(rng, [n for n in range(1, 7) if count // maps % n == 0])
    return Reshape(shape=pick(rng, ((maps, -1), (maps, rows, count // maps // rows))))


MAKERS = {
    Convolution: _convolution,
    TransposedConvolution: _transposed_convolution,
    DotProduct: lambda rng, _: DotProduct(neurons=int(rng.integers(2, 12))),
    MaxPooling: lambda rng, shape: MaxPooling(**_window(rng, shape)),
    AveragePooling: lambda rng, shape: AveragePooling(
        **_window(rng, shape), divisor=pick(rng, ("inside", "window"))
    ),
    SumPooling: lambda rng, shape: SumPooling(**_window(rng, shape)),
    TrainableAveragePooling: lambda rng, shape: TrainableAveragePooling(**_window(rng, shape)),
    LpPooling: lambda rng, shape: LpPooling(
        **_window(rng, shape), p=pick(rng, (1.0, 1.5, 2.0, 3.0, 4.0))
    ),
    AdaptiveAveragePooling: lambda rng, shape: AdaptiveAveragePooling(
        size=_numbers(rng, len(shape) - 1, 1, 4)
    ),
    GlobalAveragePooling: lambda _rng, _shape: GlobalAveragePooling(),
    GlobalMaxPooling: lambda _rng, _shape: GlobalMaxPooling(),
    BatchNormalization: lambda rng, _: BatchNormalization(
        momentum=float(rng.uniform()), epsilon=_epsilon(rng)
    ),
    LayerNormalization: lambda rng, _: LayerNormalization(epsilon=_epsilon(rng)),
    GroupNormalization: lambda rng, shape: GroupNormalization(
        groups=_groups(rng, shape[0]), epsilon=_epsilon(rng)
    ),
    LocalResponseNormalization: _local_response,
    Dropout: lambda rng, _: Dropout(
        rate=float(rng.uniform(0, 0.6)), spatial=bool(rng.random() < 0.4)
    ),
    Flatten: lambda rng, _: Flatten(order=pick(rng, ("rows", "columns"))),
    Identity: lambda _rng, _shape: Identity(),
    Reshape: _reshape,
    BlurPooling: _blur,
}
"""Functions that draw options for an input shape; other kinds are drawn from their cases."""

WEIGHTS = (*MAKERS, *(kind for kind in FAMILIES["weight"].values() if kind not in MAKERS))
"""All kinds of weight functions; new ones come last."""


def _from_cases(kind):
    """Draw one of a kind's own cases."""
    return lambda rng, _: pick(rng, kind.cases()).function


def kind_for(kind, rng, shape, *, most=math.inf):
    """Draw a kind whose output has at most `most` elements; return None if none was found."""
    for _ in range(30):
        try:
            drawn = MAKERS.get(kind, _from_cases(kind))(rng, shape)
            output = drawn.output_shape(shape)
        except StriateError:
            continue
        if math.prod(output) <= most and _is_normalizable(drawn, shape):
            return drawn
    return None


def _is_normalizable(kind, shape):
    """Return whether each group has more than two values, which always become -1 and 1."""
    if isinstance(kind, GroupNormalization):
        return math.prod(shape) // kind.groups > 3
    return not isinstance(kind, LayerNormalization) or math.prod(shape) > 3


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A weight function and a net input function, with their input shape."""

    weight: Function
    net_input: NetInputFunction
    shape: tuple[int, ...]
    images: int
    training: bool = False

    def __str__(self):
        when = " in training" if self.training else ""
        return f"{self.weight} {self.net_input} on {self.images} x {self.shape}{when}"


POOLING = (
    *(MaxPooling, AveragePooling, SumPooling, TrainableAveragePooling, LpPooling),
    *(AdaptiveAveragePooling, GlobalAveragePooling, GlobalMaxPooling),
)

NORMALIZATION = (
    *(BatchNormalization, LayerNormalization, GroupNormalization, LocalResponseNormalization),
)

COUNTS = (
    ((Convolution,), 110),
    ((TransposedConvolution,), 50),
    (POOLING, 80),
    (NORMALIZATION, 40),
    ((DotProduct,), 20),
    ((BlurPooling,), 20),
)
"""The number of configurations of each family that are compared with PyTorch."""


def configurations(seed=20260):
    """Draw all configurations; a seed always gives the same ones."""
    for family, (kinds, count) in enumerate(COUNTS):
        for number in range(count):
            rng = np.random.default_rng([seed, family, number])
            yield _configuration(kinds[number % len(kinds)], rng)


def _configuration(kind, rng):
    """Draw a configuration with a given kind."""
    weight = None
    while weight is None:
        shape = _shape_for(kind, rng)
        weight = kind_for(kind, rng, shape)
    join = pick(rng, (Sum, Sum, Product))
    return Configuration(
        weight=weight,
        net_input=join(bias=pick(rng, ("tied", "untied", None))),
        shape=shape,
        images=int(rng.integers(5, 7) if kind in NORMALIZATION else rng.integers(2, 4)),
        training=bool(rng.random() < 0.7),
    )


def _shape_for(kind, rng):
    """Draw an input shape that a kind accepts: a vector, or maps with one to three axes."""
    if kind is DotProduct:
        return (int(rng.integers(1, 40)),)
    rank = int(rng.integers(0 if kind in NORMALIZATION else 1, 4))
    low, high = LENGTHS.get(rank, (0, 0))
    return (int(rng.integers(1, 7)), *(int(n) for n in rng.integers(low, high + 1, rank)))
