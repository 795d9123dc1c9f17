"""The report on masks: how well each class is covered, and a picture of a few of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from striate.cli.encoding import on_one_line
from striate.cli.mask_colors import as_color, colors_of
from striate.cli.output import CommandOutput, percent
from striate.cli.pages import Page
from striate.cli.report import Tested
from striate.data import Dataset
from striate.data.image_file import Images
from striate.files import atomic_write
from striate.model.network import Network
from striate.model.scoring import Evaluation
from striate.pictures.style import names_of
from striate.recipes.masks import evaluate_masks
from striate.shapes import Array
from striate.tables import Column

MASKS_PICTURE = "masks.png"
_DRAWN = 4
_SIDE, _GAP, _TITLE = 240, 8, 18  # pixels
_TITLES = ("image", "mask", "prediction")
_LONGEST_NAME = 40  # characters
_UNLABELED = (128, 128, 128)


@dataclass(frozen=True, kw_only=True)
class MasksTested(Tested):
    """Predicted masks next to the true ones.

    Parameters
    ----------
    iou
        Intersection over union of each class.
    shares
        Each class's fraction of the labeled pixels.
    """

    iou: tuple[float, ...]
    shares: tuple[float, ...]

    def document(self) -> dict[str, Any]:
        """Return everything that goes into the JSON output."""
        return {
            "images": self.evaluation.images,
            "loss": self.evaluation.loss,
            "pixel_accuracy": self.evaluation.accuracy,
            "mean_iou": mean_iou(self.evaluation),
            "metrics": self.evaluation.metrics,
            "classes": [
                {"name": str(name), "iou": iou, "share": share}
                for name, iou, share in zip(
                    self.evaluation.classes, self.iou, self.shares, strict=True
                )
            ],
            "confusion": self.evaluation.confusion,
        }


def mean_iou(evaluation: Evaluation) -> float:
    """Return the mean of the intersections over unions of the classes that occur."""
    return evaluation.metrics["iou"]


def test_masks(
    network: Network, dataset: Dataset, x: Images, y: Array, metrics: Sequence[str]
) -> MasksTested:
    """Compare a network's masks with the true ones.

    Parameters
    ----------
    network
        The network.
    dataset
        For the classes.
    x, y
        The part of the data to test.
    metrics
        Metrics to compute next to IoU.

    Returns
    -------
    MasksTested
    """
    evaluation = evaluate_masks(network, x, y, dataset.classes, metrics)
    (scores,) = evaluation.outputs.values()
    confusion = np.asarray(evaluation.confusion)
    return MasksTested(
        evaluation=evaluation,
        x=x,
        iou=tuple(map(float, scores.parts["iou"])),
        shares=tuple((confusion.sum(axis=1) / max(1, confusion.sum())).tolist()),
    )


def say_masks(out: CommandOutput, tested: MasksTested, *, part: str) -> None:
    """Print the mean IoU, and that of each class."""
    found = tested.evaluation
    page = Page(out)
    out.say(
        f"{part} mean IoU {percent(mean_iou(found))}, pixel accuracy "
        f"{percent(found.accuracy or 0.0)} ({found.images:,} images)",
        style="bold",
    )
    names = names_of(found.classes, len(tested.iou))
    page.table(
        [Column("class"), Column("pixels", "right"), Column("IoU", "right")],
        [
            [
                on_one_line(name, _LONGEST_NAME),
                percent(share),
                percent(iou) if np.isfinite(iou) else "-",
            ]
            for name, share, iou in zip(names, tested.shares, tested.iou, strict=True)
        ],
    )
    page.line(
        "IoU, intersection over union: the number of pixels that are in the predicted and in the "
        "true region, divided by the number that are in either"
    )


def draw_masks(path: Path, network: Network, x: Images, y: Array) -> Path:
    """Draw images, their masks and the predicted masks in the rows of a PNG file.

    Parameters
    ----------
    path
        The file.
    network
        The network.
    x, y
        Images and their labels, of which the first few are drawn.

    Returns
    -------
    Path
        The file.
    """
    x, y = np.asarray(x[:_DRAWN]), y[:_DRAWN]
    scores = network.predict(x)
    assert isinstance(scores, np.ndarray)
    colors = colors_of(network.classes, scores.shape[-1])
    rows = [
        [
            _scaled(Image.fromarray(as_color(image))),
            _colored(labels, colors),
            _colored(one.argmax(axis=-1), colors),
        ]
        for image, labels, one in zip(x, y, scores, strict=True)
    ]
    height, width = rows[0][0].height, rows[0][0].width
    sheet = Image.new(
        "RGB",
        (3 * width + 4 * _GAP, len(rows) * (height + _GAP) + _GAP + _TITLE),
        (255, 255, 255),
    )
    draw = ImageDraw.Draw(sheet)
    for column, title in enumerate(_TITLES):
        draw.text((_GAP + column * (width + _GAP), _GAP // 2), title, fill=(0, 0, 0), font_size=14)
    for k, row in enumerate(rows):
        for column, one in enumerate(row):
            sheet.paste(one, (_GAP + column * (width + _GAP), _TITLE + _GAP + k * (height + _GAP)))
    with atomic_write(path) as file:
        sheet.save(file, format="PNG")
    return path


def _scaled(picture: Image.Image) -> Image.Image:
    """Enlarge a small picture by a whole number, so that its pixels stay squares."""
    factor = max(1, _SIDE // max(picture.size))
    return picture.resize(
        (picture.width * factor, picture.height * factor), Image.Resampling.NEAREST
    )


def _colored(labels: Array, colors: Array) -> Image.Image:
    """Color labels; pixels without a class are gray."""
    table = np.full((256, 3), _UNLABELED, np.uint8)
    table[: len(colors)] = colors
    return _scaled(Image.fromarray(table[labels]))
