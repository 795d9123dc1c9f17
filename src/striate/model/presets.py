"""Presets: networks with a name and a fixed text in the shorthand."""

from dataclasses import dataclass

from striate.errors import OptionError
from striate.functions.options import SIZE, require
from striate.functions.synonyms import did_you_mean
from striate.functions.writing import short
from striate.shapes import Shape


@dataclass(frozen=True)
class Preset:
    """A network with a name.

    Parameters
    ----------
    text
        Its layers in the shorthand; ``{classes}`` is replaced by the number of classes.
    input_shape
        The shape of one image.
    classes
        The default number of classes.
    source
        Where the network was published, or what it is for.
    differences
        Sentences that describe how the network differs from the source; empty if it doesn't.
    """

    text: str
    input_shape: Shape
    classes: int
    source: str
    differences: str = ""


def _resnet(blocks: int) -> str:
    """Return the CIFAR network of He et al. 2015: stages of blocks with 16, 32 and 64 maps."""
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
    """Return blocks of depthwise 3 x 3 and pointwise 1 x 1 convolutions (Howard et al. 2017)."""
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
    """Return a small U-Net (Ronneberger et al. 2015): two levels down, two up, with shortcuts."""
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
_FROM_LECUN_1998 = (
    "In LeCun's network, most maps of the second convolution use only three or four of the six "
    "maps, pooling has a trainable weight, a bias and a squashing function, tanh is scaled, and "
    "the output layer consists of radial basis functions instead of softmax."
)

PRESETS: dict[str, Preset] = {
    "lenet5": Preset(
        _LENET5.format(same=" same"),
        (28, 28, 1),
        10,
        "Wichmann 6.1; LeCun 1998",
        "The images are 28 x 28 and padded in the first convolution instead of 32 x 32. "
        + _FROM_LECUN_1998,
    ),
    "lenet5-valid": Preset(
        _LENET5.format(same=""),
        (32, 32, 1),
        10,
        "Wichmann 6.1, fig. 4; LeCun 1998",
        _FROM_LECUN_1998,
    ),
    "lenet1989": Preset(
        "conv 12@5x5 stride 2 padding 2 bias untied scaled-tanh | conv 12@5x5 stride 2 padding 2 "
        "bias untied scaled-tanh | "
        "dense 30 scaled-tanh | dense {classes} scaled-tanh",
        (16, 16, 1),
        10,
        'LeCun 1989, "Backpropagation Applied to Handwritten Zip Code Recognition"',
        "The second convolution uses all twelve maps instead of eight of them, which adds 1,200 "
        "weights to the paper's 9,760 parameters. Padding is 0 instead of the background value -1.",
    ),
    "two-layer": Preset(
        "conv 32@3x3 relu | max 2x2 | conv 64@3x3 relu | max 2x2 | dense {classes} softmax",
        (28, 28, 1),
        10,
        "Wolter, figure of the convergence of a two-layer CNN with a dense classifier",
        "The slides don't specify the layers; they were chosen for this preset.",
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
        "Hagan fig. 8.11: two pairs of convolution and pooling, vec (8.26), a softmax layer",
        "The figure doesn't specify sizes; they were chosen for this preset.",
    ),
    "conv4": Preset(
        "conv 32@3x3 same relu | conv 32@3x3 same relu | max 2x2 | conv 64@3x3 same relu | conv "
        "64@3x3 same relu | max 2x2 | "
        "dense 512 relu | dense {classes} softmax",
        (32, 32, 3),
        10,
        "not published: four convolutions, for benchmarks",
    ),
    "resnet20": Preset(
        _resnet(3),
        (32, 32, 3),
        10,
        "He et al. 2015, the network for CIFAR",
        "Where the number of maps doubles, the shortcuts are 1 x 1 convolutions with batch "
        "normalization (the paper's option B) instead of zero-padded identities (option A).",
    ),
    "mobilenet-small": Preset(
        _mobilenet(),
        (32, 32, 3),
        10,
        "Howard et al. 2017",
        "The images are 32 x 32 instead of 224 x 224, the first convolution has stride 1, and six "
        "pairs of depthwise and pointwise convolutions with up to 192 maps replace thirteen pairs "
        "with up to 1,024.",
    ),
    "unet-small": Preset(
        _unet(),
        (64, 64, 1),
        2,
        "Ronneberger et al. 2015",
        "The images are 64 x 64 instead of 572 x 572, with two levels instead of four and up to 64 "
        "maps instead of 1,024. Convolutions are padded, so that the shortcuts need no cropping. "
        "Dropout is left out.",
    ),
}


def preset(
    name: str, *, input_shape: Shape | None = None, classes: int | None = None
) -> tuple[str, Shape]:
    """Return the shorthand and the input shape of a preset.

    Parameters
    ----------
    name
        One of :data:`PRESETS`.
    input_shape, classes
        The input shape and the number of classes, if they differ from the preset's.

    Returns
    -------
    str, tuple of int

    Raises
    ------
    OptionError
        If there isn't a preset with this name.

    Examples
    --------
    >>> preset("two-layer", classes=3)[0]
    'conv 32@3x3 relu | max 2x2 | conv 64@3x3 relu | max 2x2 | dense 3 softmax'
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise OptionError(
            f"Unknown preset {short(name)}.{did_you_mean(name, PRESETS)} Choose from "
            f"{', '.join(PRESETS)}, or write the layers: conv 6@5x5 tanh | average 2x2 | dense 10 "
            "softmax."
        )
    found = PRESETS[name]
    if classes is not None:
        require("classes", classes, SIZE, example=found.classes)
    shape = found.input_shape if input_shape is None else input_shape
    return found.text.format(classes=classes or found.classes), shape
