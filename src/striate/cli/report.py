"""The report of train and evaluate: accuracy, confusion matrix, the hardest images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from striate.cli.blocks import gallery
from striate.cli.encoding import on_one_line
from striate.cli.networks import as_taken, class_indices, class_scores
from striate.cli.output import CommandOutput, counted, percent
from striate.cli.pages import Page
from striate.data import Dataset
from striate.data.image_file import Images
from striate.model.classes import ClassValue
from striate.model.network import Network
from striate.model.scoring import Evaluation
from striate.pictures.samples import worst
from striate.pictures.style import names_of
from striate.recipes.cross_validation import CrossValidation
from striate.recipes.networks import labels_for
from striate.shapes import Array
from striate.tables import Column, table_width
from striate.training.history import format_score

WORST = 3
_MOST_COLUMNS = 20  # larger matrices can't be read on a terminal
_MOST_PAIRS = 10
_MOST_WRONG = 10  # files that are listed
_LONGEST_NAME = 40  # characters
_AXES_OF_PICTURES = 4  # image, row, column, channel


@dataclass(frozen=True, kw_only=True)
class Tested:
    """Images with known labels, and a network's predictions for them.

    Parameters
    ----------
    evaluation
        Loss, accuracy, confusion matrix.
    x, y
        The images, and their labels as indices of the network's classes; no labels if the targets
        are numbers.
    scores
        One number for each image and class; ``None`` if the targets are numbers.
    probabilities
        Whether the scores are probabilities.
    files
        The file of each image, if they are from files.
    folds
        The cross-validation, if there was one.
    """

    evaluation: Evaluation
    x: Images
    y: Array | None = None
    scores: Array | None = None
    probabilities: bool = False
    files: Sequence[Path] = ()
    folds: CrossValidation | None = None

    def worst(self) -> list[dict[str, Any]]:
        """Describe the three images whose true class has the smallest score."""
        if self.y is None or self.scores is None:
            return []
        return [self._described(k) for k in worst(self.y, self.scores, WORST).tolist()]

    def wrong(self) -> list[dict[str, Any]]:
        """Describe all images that were predicted wrong, the worst first; without files, none."""
        if self.y is None or self.scores is None or not self.files:
            return []
        order = worst(self.y, self.scores, len(self.y))
        wrong = self.scores.argmax(axis=1) != self.y
        return [self._described(k) for k in order[wrong[order]].tolist()]

    def _described(self, k: int) -> dict[str, Any]:
        """Describe an image and its prediction."""
        assert self.y is not None
        assert self.scores is not None
        names = names_of(self.evaluation.classes, self.scores.shape[1])
        file = {"file": str(self.files[k])} if self.files else {}
        return {
            "image": k,
            **file,
            "label": names[self.y[k]],
            "predicted": names[self.scores[k].argmax()],
            "score": float(self.scores[k].max()),
            "label_score": float(self.scores[k, self.y[k]]),
        }

    def document(self) -> dict[str, Any]:
        """Return everything that goes into the JSON output."""
        found, classes = self.evaluation, self.evaluation.per_class
        return {
            "images": found.images,
            "loss": found.loss,
            "accuracy": found.accuracy,
            "interval": found.interval,
            "balanced_accuracy": found.balanced_accuracy,
            "metrics": found.metrics,
            "classes": list(found.classes),
            "confusion": found.confusion,
            "per_class": None if classes is None else classes._asdict(),
            "worst": self.worst(),
            **({"wrong": self.wrong()} if self.files else {}),
            **({} if self.folds is None else {"folds": self._folds_document(self.folds)}),
        }

    def _folds_document(self, found: CrossValidation) -> dict[str, Any]:
        """Return the accuracies of the folds, and the prediction for each image."""
        return {
            "accuracies": list(found.accuracies),
            "mean": found.mean,
            "standard_deviation": found.deviation,
            "predictions": self.out_of_fold(),
        }

    def out_of_fold(self) -> list[dict[str, Any]]:
        """Describe the prediction for each image by the network that wasn't trained on it."""
        if self.folds is None or self.scores is None:
            return []
        places = zip(self.folds.tested.tolist(), self.folds.fold.tolist(), strict=True)
        return [
            {**self._described(k), "image": image, "fold": fold + 1}
            for k, (image, fold) in enumerate(places)
        ]


def test(
    network: Network,
    x: Images,
    y: Array,
    classes: Sequence[ClassValue],
    files: Sequence[Path],
    metrics: Sequence[str],
) -> Tested:
    """Evaluate a network on images with known labels."""
    taken, labels = as_taken(network, x), labels_for(network, y, classes)
    evaluation = network.evaluate(taken, labels, metrics=metrics)
    if evaluation.confusion is None or y.ndim != 1:
        return Tested(evaluation=evaluation, x=x)
    scores, probabilities = class_scores(network, network.predict(taken))
    return Tested(
        evaluation=evaluation,
        x=x,
        y=class_indices(network, labels),
        scores=scores if scores.shape[1] > 1 else None,
        probabilities=probabilities,
        files=files,
    )


def tested_by_folds(network: Network, found: CrossValidation, dataset: Dataset) -> Tested:
    """Return what cross-validation found, for the same report as that of a test set."""
    scores, probabilities = class_scores(network, found.outputs)
    labels = labels_for(network, dataset.y[found.tested], dataset.classes)
    return Tested(
        evaluation=found.evaluation,
        x=dataset.x[found.tested],
        y=class_indices(network, labels),
        scores=scores if scores.shape[1] > 1 else None,
        probabilities=probabilities,
        files=[dataset.files[k] for k in found.tested] if dataset.files else (),
        folds=found,
    )


def say_accuracy(out: CommandOutput, evaluation: Evaluation, *, part: str) -> None:
    """Print the accuracy, or for targets that are numbers the loss."""
    images, accuracy = evaluation.images, evaluation.accuracy
    if accuracy is None:
        loss = format_score(evaluation.loss)
        out.say(f"{part} loss {loss} ({images:,} images)", style="bold")
        return
    correct = round(accuracy * images)
    out.say(
        f"{part} accuracy {percent(accuracy)} ({correct:,} of {images:,} images correct), "
        f"loss {format_score(evaluation.loss)}",
        style="bold",
    )
    if evaluation.interval is not None:
        out.say(f"95% confidence interval: {evaluation.interval}")


def say_metrics(
    out: CommandOutput, evaluation: Evaluation, metrics: Sequence[str], *, part: str
) -> None:
    """Print the metrics that were asked for."""
    found = [name for name in evaluation.metrics if name in metrics and name != "accuracy"]
    if found:
        shown = [f"{name} {format_score(evaluation.metrics[name])}" for name in found]
        out.say(f"{part} {', '.join(shown)}")


def say_confusion(out: CommandOutput, evaluation: Evaluation) -> None:
    """Print the confusion matrix, or if it is too wide the pairs most often confused."""
    if evaluation.confusion is None:
        return
    page = Page(out)
    counts = np.asarray(evaluation.confusion)
    names = [on_one_line(name, _LONGEST_NAME) for name in names_of(evaluation.classes, len(counts))]
    numbers = [str(k) for k in range(len(counts))]
    for headings in (names, numbers):
        columns, rows = _confusion_table(counts, headings)
        if len(counts) <= _MOST_COLUMNS and table_width(columns, rows) <= out.console.width:
            page.line()
            page.line("Confusion matrix: a row for each true class, a column for each prediction")
            if headings != names:
                page.items([f"{k} = {name}" for k, name in enumerate(names)], ", ")
            page.table(columns, rows)
            return
    page.line()
    page.line("Most often confused:")
    page.items(_pairs(counts, names), "\n")


def _confusion_table(counts: Array, names: Sequence[str]) -> tuple[list[Column], list[list[str]]]:
    """Write the confusion matrix with the recall of each class."""
    columns = [Column("true"), *(Column(name, "right") for name in names)]
    rows = [
        [name, *(f"{count:.10g}" for count in row), _recall(row, k)]
        for k, (name, row) in enumerate(zip(names, counts, strict=True))
    ]
    return [*columns, Column("recall", "right")], rows


def _recall(row: Array, k: int) -> str:
    return f"{100 * row[k] / row.sum():.1f}%" if row.sum() else "-"


def _pairs(counts: Array, names: Sequence[str]) -> list[str]:
    """Write the ten pairs of classes that are most often confused."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MOST_PAIRS]
    places = [divmod(int(k), len(counts)) for k in order]
    pairs = [
        f"  {names[i]} predicted as {names[j]}: {wrong[i, j]:.10g}"
        for i, j in places
        if wrong[i, j]
    ]
    return pairs or ["  none"]


def say_per_class(out: CommandOutput, evaluation: Evaluation) -> None:
    """Print precision, recall and F1 of each class, and what the words mean."""
    measured = evaluation.per_class
    if measured is None:
        return
    names = names_of(evaluation.classes, len(measured.support))
    page = Page(out)
    page.line()
    page.table(
        [
            Column("class"),
            Column("images", "right"),
            Column("precision", "right"),
            Column("recall", "right"),
            Column("F1", "right", drop=1),
        ],
        [
            [
                on_one_line(name, _LONGEST_NAME),
                f"{measured.support[k]:.0f}",
                *(
                    percent(share) if measured.support[k] else "-"
                    for share in (measured.precision[k], measured.recall[k], measured.f1[k])
                ),
            ]
            for k, name in enumerate(names)
        ],
    )
    page.line(
        "precision: the fraction of a class's predictions that are correct; recall: the fraction "
        "of a class's images that are found; F1: their harmonic mean"
    )


def say_worst(out: CommandOutput, tested: Tested, *, part: str) -> None:
    """Draw the three images whose true class got the lowest score; ``part`` may be empty."""
    found = tested.worst()
    if not found or tested.scores is None or out.as_json or out.quiet:
        return
    unit = percent if tested.probabilities else "{:.3g}".format
    captions = [
        [
            _name_of(one, part),
            f"true class {on_one_line(one['label'])}",
            f"predicted {on_one_line(one['predicted'])}",
            f"({unit(one['score'])})",
        ]
        for one in found
    ]
    page = Page(out)
    page.line()
    page.line(f"The {part} images that are hardest for the network:".replace("  ", " "))
    images = tested.x[[one["image"] for one in found]]
    if images.ndim == _AXES_OF_PICTURES:
        page.lines(gallery(images, captions, out.console))
    else:  # signals and volumes
        page.items([", ".join(lines) for lines in captions], "\n")


def _name_of(one: dict[str, Any], part: str) -> str:
    """Name an image by its file, or by its number."""
    if "file" in one:
        return on_one_line(Path(one["file"]).name)
    return f"{part} image {one['image']}".strip()


def say_wrong(out: CommandOutput, tested: Tested) -> None:
    """Print the files of the images that were predicted wrong, the worst first."""
    wrong = tested.wrong()
    if not wrong or out.as_json or out.quiet:
        return
    page = Page(out)
    page.line()
    more = "; --json lists all" if len(wrong) > _MOST_WRONG else ""
    unit = percent if tested.probabilities else "{:.3g}".format
    score = "probability" if tested.probabilities else "score"
    page.line(
        f"Wrong predictions: {len(wrong):,} of {len(tested.files):,} images, the lowest {score} of "
        f"the true class first{more}"
    )
    page.table(
        [
            Column("file"),
            Column("true class"),
            Column(score, "right"),
            Column("predicted"),
            Column(score, "right"),
        ],
        [
            [
                on_one_line(one["file"]),
                on_one_line(one["label"], _LONGEST_NAME),
                unit(one["label_score"]),
                on_one_line(one["predicted"], _LONGEST_NAME),
                unit(one["score"]),
            ]
            for one in wrong[:_MOST_WRONG]
        ],
    )


def say_drawn(out: CommandOutput, pictures: Sequence[Path]) -> None:
    """Print which pictures were drawn; contact sheets are counted."""
    sheets = [path for path in pictures if path.parent.name == "classes"]
    for path in pictures:
        if path not in sheets:
            out.say(f"drew  {path}", whole=True)
    if sheets:
        each = counted(len(sheets), "contact sheet")
        out.say(f"drew  {sheets[0].parent}/ ({each}: the pictures of each class)", whole=True)


def scan_document(dataset: Dataset) -> dict[str, Any]:
    """Return what was found in a folder of pictures, for the JSON output; nothing for others."""
    found = dataset.scan
    if found is None:
        return {}

    def pairs(some: Sequence[tuple[Path, Path]]) -> list[list[str]]:
        return [[str(one), str(other)] for one, other in some]

    return {
        "scan": {
            "skipped": [{"file": str(path), "reason": reason} for path, reason in found.skipped],
            "test_copies": pairs(found.test_copies),
            "validation_copies": pairs(found.validation_copies),
            "conflicting": pairs(found.conflicting),
        }
    }
