"""What train and evaluate say about a network's answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.cli.blocks import gallery
from striate.cli.networks import answers, as_taken, labels_for
from striate.cli.output import Output, percent
from striate.model.network import Network
from striate.model.scoring import Evaluation
from striate.pictures.mistakes import worst
from striate.pictures.style import names_of
from striate.shapes import Array
from striate.training import metrics

WORST = 3
_MOST_COLUMNS = 20  # wider matrices are no longer read on a terminal


@dataclass(frozen=True, kw_only=True)
class Tested:
    """A network's answers to images whose labels are known.

    Parameters
    ----------
    evaluation
        Loss, accuracy, confusion matrix.
    x, y
        The images, and their labels as numbers of the network's classes; no labels where the
        targets are numbers.
    scores
        One number for each image and class; none likewise.
    probabilities
        Whether the scores are probabilities.
    """

    evaluation: Evaluation
    x: Array
    y: Array | None = None
    scores: Array | None = None
    probabilities: bool = False

    def worst(self) -> list[dict[str, Any]]:
        """Describe the three images whose own class has the smallest score."""
        if self.y is None or self.scores is None:
            return []
        names = names_of(self.evaluation.classes, self.scores.shape[1])
        return [
            {
                "image": int(k),
                "label": names[self.y[k]],
                "predicted": names[self.scores[k].argmax()],
                "score": float(self.scores[k].max()),
                "label_score": float(self.scores[k, self.y[k]]),
            }
            for k in worst(self.y, self.scores, WORST)
        ]

    def document(self) -> dict[str, Any]:
        """Give all of it for JSON."""
        found, classes = self.evaluation, self.evaluation.per_class
        return {
            "images": found.images,
            "loss": found.loss,
            "accuracy": found.accuracy,
            "classes": list(found.classes),
            "confusion": found.confusion,
            "per_class": None if classes is None else classes._asdict(),
            "worst": self.worst(),
        }


def test(network: Network, x: Array, y: Array, classes: tuple[str, ...]) -> Tested:
    """Ask a network about images whose labels are known."""
    taken, labels = as_taken(network, x), labels_for(network, y, classes)
    evaluation = network.evaluate(taken, labels)
    if evaluation.confusion is None or y.ndim != 1:
        return Tested(evaluation=evaluation, x=x)
    scores, probabilities = answers(network, network.predict(taken))
    return Tested(
        evaluation=evaluation,
        x=x,
        y=network.classes.numbers(labels),
        scores=scores if scores.shape[1] > 1 else None,
        probabilities=probabilities,
    )


def say_accuracy(out: Output, evaluation: Evaluation, *, part: str) -> None:
    """Tell how often the network is right."""
    images, accuracy = evaluation.images, evaluation.accuracy
    if accuracy is None:
        out.say(f"{part}: loss {evaluation.loss:.4f} on {images:,} images", style="bold")
        return
    right = round(accuracy * images)
    out.say(
        f"{part} accuracy {percent(accuracy)}: {right:,} of {images:,} images right "
        f"(loss {evaluation.loss:.4f})",
        style="bold",
    )


def say_confusion(out: Output, evaluation: Evaluation) -> None:
    """Show the confusion matrix, or of many classes the pairs most often confused."""
    if evaluation.confusion is None:
        return
    counts = np.asarray(evaluation.confusion)
    names = names_of(evaluation.classes, len(counts))
    if len(counts) > _MOST_COLUMNS:
        out.say("\nMost often confused:")
        out.say("\n".join(_pairs(counts, names)))
        return
    out.say("\nConfusion matrix: each row is a true class, each column an answer.")
    table = metrics.as_text(counts, names)
    if max(map(len, table.splitlines())) > out.console.width:
        table = metrics.as_text(counts)
        out.say(", ".join(f"{k} {name}" for k, name in enumerate(names)))
    out.say(table)


def _pairs(counts: Array, names: Sequence[str]) -> list[str]:
    """Write the ten pairs of classes that are most often confused."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:10]
    places = [divmod(int(k), len(counts)) for k in order]
    return [f"{names[i]} taken for {names[j]}: {wrong[i, j]}" for i, j in places if wrong[i, j]]


def say_per_class(out: Output, evaluation: Evaluation) -> None:
    """Show precision, recall and F1 of each class, with what the words mean."""
    measured = evaluation.per_class
    if measured is None:
        return
    names = names_of(evaluation.classes, len(measured.support))
    wide = max(5, *map(len, names))
    out.say(f"\n{'class':<{wide}}  images  precision    recall        F1")
    for k, name in enumerate(names):
        shares = [measured.precision[k], measured.recall[k], measured.f1[k]]
        words = map(percent, shares) if measured.support[k] else "---"
        cells = "  ".join(f"{word:>8}" for word in words)
        out.say(f"{name:<{wide}}  {measured.support[k]:>6.0f}   {cells}")
    out.say(
        "precision: how many of the answers with this class are right; recall: how many images of "
        "this\nclass are found; F1: their harmonic mean."
    )


def say_worst(out: Output, tested: Tested, *, part: str) -> None:
    """Show the three images that the network is most wrong about."""
    found = tested.worst()
    if not found or out.as_json or out.quiet:
        return
    unit = percent if tested.probabilities else "{:.3g}".format
    captions = [
        [
            f"{part} image {one['image']}",
            f"is {one['label']}",
            f"answer {one['predicted']}, {unit(one['score'])}",
        ]
        for one in found
    ]
    out.say(f"\nThe {part} images that the network finds hardest:")
    images = tested.x[[one["image"] for one in found]]
    for line in gallery(images, captions, out.console):
        out.say(line)
