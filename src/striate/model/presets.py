"""Networks that have a name, in Hagan's shorthand."""

from dataclasses import dataclass

from striate.errors import OptionError
from striate.graph.shorthand_values import did_you_mean
from striate.shapes import Shape


@dataclass(frozen=True)
class Preset:
    """A network that has a name.

    Parameters
    ----------
    text
        Its layers; ``{classes}`` is the number of classes.
    input_shape
        The shape of one image.
    classes
        How many classes it tells apart, unless the caller says otherwise.
    source
        Where it comes from.
    """

    text: str
    input_shape: Shape
    classes: int
    source: str


def _resnet(blocks: int) -> str:
    """Write the network of He et al. 2015 for CIFAR: three stages of blocks, 16, 32, 64 maps."""
    parts = ["conv 16@3x3 same bias none", "batch-norm relu as stage1-block0"]
    before = "stage1-block0"
    for stage, maps in enumerate((16, 32, 64), start=1):
        for block in range(1, blocks + 1):
            name = f"stage{stage}-block{block}"
            shrinks = stage > 1 and block == 1
            stride = " stride 2" if shrinks else ""
            shortcut = before
            if shrinks:
                shortcut = f"{name}-shortcut"
                parts.append(f"conv {maps}@1x1 same stride 2 bias none")
                parts.append(f"batch-norm as {shortcut}")
            parts += [
                f"conv {maps}@3x3 same{stride} bias none" + (f" from {before}" if shrinks else ""),
                "batch-norm relu",
                f"conv {maps}@3x3 same bias none",
                "batch-norm",
                f"add {shortcut} relu as {name}",
            ]
            before = name
    return " | ".join([*parts, "global-average", "dense {classes} softmax"])


def _mobilenet() -> str:
    """Write blocks of depthwise 3 x 3 and of 1 x 1 convolutions (Howard et al. 2017)."""
    parts = ["conv 24@3x3 same bias none", "batch-norm relu"]
    maps = 24
    for wider, stride in ((48, 1), (64, 2), (96, 1), (128, 2), (160, 1), (192, 1)):
        strided = " stride 2" if stride > 1 else ""
        parts += [
            f"conv {maps}@3x3 same{strided} groups {maps} bias none",
            "batch-norm relu",
            f"conv {wider}@1x1 bias none",
            "batch-norm relu",
        ]
        maps = wider
    return " | ".join([*parts, "global-average", "dense {classes} softmax"])


def _unet() -> str:
    """Write a small network of Ronneberger et al. 2015: two steps down, two up, joined."""
    return (
        "conv 16@3x3 same relu | conv 16@3x3 same relu as down1 | max 2x2 | "
        "conv 32@3x3 same relu | conv 32@3x3 same relu as down2 | max 2x2 | "
        "conv 64@3x3 same relu | conv 64@3x3 same relu | conv-transpose 32@2x2 stride 2 | "
        "concatenate down2 | conv 32@3x3 same relu | conv 32@3x3 same relu | "
        "conv-transpose 16@2x2 stride 2 | concatenate down1 | conv 16@3x3 same relu | "
        "conv 16@3x3 same relu | conv {classes}@1x1 softmax"
    )


_LENET5 = (
    "conv 6@5x5{same} tanh | average 2x2 | conv 16@5x5 tanh | average 2x2 | dense 120 tanh | dense "
    "84 tanh | "
    "dense {{classes}} softmax"
)

PRESETS: dict[str, Preset] = {
    "lenet5": Preset(
        _LENET5.format(same=" same"),
        (28, 28, 1),
        10,
        "Wichmann 6.1; LeCun 1998; 28 x 28 with same padding first",
    ),
    "lenet5-valid": Preset(
        _LENET5.format(same=""), (32, 32, 1), 10, "Wichmann 6.1, fig. 4; LeCun 1998"
    ),
    "lenet1989": Preset(
        "conv 12@5x5 stride 2 padding 2 bias untied scaled-tanh | conv 12@5x5 stride 2 padding 2 "
        "bias untied scaled-tanh | "
        "dense 30 scaled-tanh | dense {classes} scaled-tanh",
        (16, 16, 1),
        10,
        "LeCun 1989, as near as shared kernels come: the second layer sees all twelve maps, not "
        "eight",
    ),
    "two-layer": Preset(
        "conv 32@3x3 relu | max 2x2 | conv 64@3x3 relu | max 2x2 | dense {classes} softmax",
        (28, 28, 1),
        10,
        "Wolter, figure of two-layer CNNs",
    ),
    "wolter-exercise": Preset(
        "conv 16@3x3 relu | max 2x2 | conv 32@3x3 relu | max 2x2 | conv 64@3x3 relu | dense 128 | "
        "dense {classes} logistic",
        (28, 28, 1),
        10,
        "Wolter, exercise 11",
    ),
    "hagan-8.11": Preset(
        "conv 6@5x5 relu | max 2x2 | conv 16@5x5 relu | max 2x2 | flatten order columns | dense "
        "{classes} softmax",
        (28, 28, 1),
        10,
        "Hagan fig. 8.11: two pairs of convolution and pooling, vec (8.26), a softmax layer; the "
        "figure leaves the sizes open",
    ),
    "conv4": Preset(
        "conv 32@3x3 same relu | conv 32@3x3 same relu | max 2x2 | conv 64@3x3 same relu | conv "
        "64@3x3 same relu | max 2x2 | "
        "dense 512 relu | dense {classes} softmax",
        (32, 32, 3),
        10,
        "four convolutions, the network of the benchmarks",
    ),
    "resnet20": Preset(
        _resnet(3),
        (32, 32, 3),
        10,
        "He et al. 2015, the CIFAR form, with projections where the maps double",
    ),
    "mobilenet-small": Preset(
        _mobilenet(), (32, 32, 3), 10, "Howard et al. 2017, cut down to 32 x 32 images"
    ),
    "unet-small": Preset(_unet(), (64, 64, 1), 2, "Ronneberger et al. 2015, cut down"),
}


def preset(
    name: str, *, input_shape: Shape | None = None, classes: int | None = None
) -> tuple[str, Shape]:
    """Give the text and the input's shape of a network that has a name.

    Parameters
    ----------
    name
        One of :data:`PRESETS`.
    input_shape, classes
        Where they differ from the preset's own.

    Returns
    -------
    str, tuple of int

    Raises
    ------
    OptionError
        If there is no preset of that name.

    Examples
    --------
    >>> preset("two-layer", classes=3)[0]
    'conv 32@3x3 relu | max 2x2 | conv 64@3x3 relu | max 2x2 | dense 3 softmax'
    """
    if name not in PRESETS:
        raise OptionError(
            f'"{name}" is not the name of a network. There are '
            f"{', '.join(PRESETS)}.{did_you_mean(name, PRESETS)} "
            "Use one of these, or write the layers: conv 6@5x5 tanh | average 2x2 | dense 10 "
            "softmax."
        )
    found = PRESETS[name]
    number = found.classes if classes is None else classes
    return found.text.format(classes=number), input_shape or found.input_shape
