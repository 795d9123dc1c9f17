"""Kinds with random options and shapes that go with them, drawn from a generator.

Options are drawn freely, and again where they do not fit together: what is left covers everything
that a kind accepts, corners included.
"""

from dataclasses import dataclass

import numpy as np

from striate.errors import StriateError
from striate.functions.base import Function, NetInputFunction
from striate.functions.net_input import Product, Sum
from striate.functions.normalisation import (
    BatchNormalisation,
    GroupNormalisation,
    LayerNormalisation,
    LocalResponseNormalisation,
)
from striate.functions.weight import (
    AdaptiveAveragePooling,
    AveragePooling,
    Convolution,
    DotProduct,
    GlobalAveragePooling,
    GlobalMaxPooling,
    LpPooling,
    MaxPooling,
    SumPooling,
    TrainableAveragePooling,
    TransposedConvolution,
)

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")

# Pixels along each axis, by the number of axes: some hundred pixels at most.
LENGTHS = {1: (5, 14), 2: (4, 9), 3: (3, 6)}


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A weight function and a net input function, with the shape of what comes in."""

    weight: Function
    net_input: NetInputFunction
    shape: tuple[int, ...]
    images: int
    training: bool = False

    def __str__(self):
        when = " in training" if self.training else ""
        return f"{self.weight} {self.net_input} on {self.images} x {self.shape}{when}"


def pick(rng, items):
    """Choose one of a sequence, whatever its items are."""
    return items[rng.integers(len(items))]


def convolution(rng):
    """Draw a convolution with all of its options."""
    rank = int(rng.integers(1, 4))
    groups = int(pick(rng, (1, 1, 2, 3)))
    shape = (groups * int(rng.integers(1, 4)), *_pixels(rng, rank))
    if rng.random() < 0.15:
        groups = shape[0]
    kind = Convolution(
        feature_maps=groups * int(rng.integers(1, 4)),
        window=_numbers(rng, rank, 1, 4),
        stride=_numbers(rng, rank, 1, 3),
        dilation=_numbers(rng, rank, 1, 3),
        groups=groups,
        padding=_padding(rng, rank),
        padding_mode=pick(rng, ("zeros", "zeros", *PADDING_MODES)),
        flip=bool(rng.random() < 0.2),
    )
    return kind, shape


def transposed_convolution(rng):
    """Draw a transposed convolution with all of its options."""
    rank = int(rng.integers(1, 4))
    groups = int(pick(rng, (1, 1, 2, 3)))
    kind = TransposedConvolution(
        feature_maps=groups * int(rng.integers(1, 4)),
        window=_numbers(rng, rank, 1, 4),
        stride=_numbers(rng, rank, 1, 3),
        dilation=_numbers(rng, rank, 1, 2),
        groups=groups,
        padding=_padding(rng, rank),
        output_padding=_numbers(rng, rank, 0, 2),
        flip=bool(rng.random() < 0.2),
    )
    return kind, (groups * int(rng.integers(1, 4)), *_pixels(rng, rank, -2))


def pooling(rng):
    """Draw one of the pooling kinds with all of its options."""
    rank = int(rng.integers(1, 4))
    shape = (int(rng.integers(1, 4)), *_pixels(rng, rank))
    options = {
        "window": _numbers(rng, rank, 1, 3),
        "stride": pick(rng, (None, _numbers(rng, rank, 1, 3))),
        "dilation": pick(rng, (1, 1, _numbers(rng, rank, 1, 2))),
        "padding": _padding(rng, rank),
        "ceil_mode": bool(rng.random() < 0.4),
    }
    makers = (
        lambda: MaxPooling(**options),
        lambda: MaxPooling(**options),
        lambda: AveragePooling(**options, divisor=pick(rng, ("inside", "window"))),
        lambda: AveragePooling(**options, divisor=pick(rng, ("inside", "window"))),
        lambda: SumPooling(**options),
        lambda: TrainableAveragePooling(**options),
        lambda: LpPooling(**options, p=float(pick(rng, (1.0, 1.5, 2.0, 3.0, 4.0)))),
        lambda: AdaptiveAveragePooling(size=_numbers(rng, rank, 1, 4)),
        GlobalAveragePooling,
        GlobalMaxPooling,
    )
    return pick(rng, makers)(), shape


def normalisation(rng):
    """Draw one of the normalisations; each group has several values, else nothing but 0 is left."""
    rank = int(rng.integers(0, 4))
    groups = int(rng.integers(1, 4))
    pixels = _pixels(rng, rank) if rank else ()
    shape = (groups * int(rng.integers(1 if rank else 4, 6)), *pixels)
    epsilon = float(pick(rng, (1e-5, 1e-3, 0.1)))
    makers = (
        lambda: BatchNormalisation(momentum=float(rng.uniform()), epsilon=epsilon),
        lambda: BatchNormalisation(epsilon=epsilon),
        lambda: LayerNormalisation(epsilon=epsilon),
        lambda: GroupNormalisation(groups=groups, epsilon=epsilon),
        lambda: LocalResponseNormalisation(
            size=int(rng.integers(1, 6)),
            alpha=float(rng.uniform(0.1, 2)),
            beta=float(rng.uniform(0.3, 1.2)),
            bias=float(rng.uniform(0.5, 2)),
        ),
    )
    return pick(rng, makers)(), shape


def dense(rng):
    """Draw a dense layer."""
    return DotProduct(neurons=int(rng.integers(1, 12))), (int(rng.integers(1, 40)),)


def configuration(draw, rng):
    """Draw a configuration whose options fit together."""
    while True:
        weight, shape = draw(rng)
        join = pick(rng, (Sum, Sum, Product))
        net_input = join(bias=pick(rng, ("tied", "untied", None)))
        try:
            net_input.output_shape(weight.output_shape(shape))
        except StriateError:
            continue
        # Two values of a batch are standardised to -1 and 1, whatever they are.
        images = int(rng.integers(5, 7) if draw is normalisation else rng.integers(2, 4))
        training = bool(rng.random() < 0.7)
        return Configuration(
            weight=weight, net_input=net_input, shape=shape, images=images, training=training
        )


def _pixels(rng, rank, shift=0):
    """Draw lengths of the pixel axes."""
    low, high = LENGTHS[rank]
    return tuple(int(n) for n in rng.integers(max(low + shift, 1), high + 1 + shift, rank))


def _numbers(rng, rank, low, high):
    """Draw one number for all axes, or one for each."""
    if rng.random() < 0.4:
        return int(rng.integers(low, high + 1))
    return tuple(int(n) for n in rng.integers(low, high + 1, rank))


def _padding(rng, rank):
    """Draw padding in one of its forms: a word, a number, one for each axis, two for each."""
    sides = rng.integers(0, 3, (rank, 2))
    return pick(
        rng,
        (
            "valid",
            "same",
            "full",
            int(rng.integers(0, 3)),
            tuple(int(n) for n in sides[:, 0]),
            tuple((int(before), int(after)) for before, after in sides),
        ),
    )


FAMILIES = {
    convolution: 110,
    transposed_convolution: 50,
    pooling: 80,
    normalisation: 40,
    dense: 20,
}
"""How many configurations of each family are compared."""


def configurations(seed=20260):
    """Draw all configurations: the same ones every time."""
    for family, count in FAMILIES.items():
        for number in range(count):
            yield configuration(family, np.random.default_rng([seed, count, number]))
