"""Advice after training: what the accuracies say about the pictures and the settings.

Each piece of advice follows from measured values by a fixed rule, and shows these values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from striate.errors import Argument, Message
from striate.files import quoted
from striate.model.classes import ClassValue
from striate.model.scoring import Evaluation
from striate.recipes.trial import Trial
from striate.shapes import Array

AdviceKind = Literal["cut short", "low training accuracy", "few pictures", "gap", "chance"]

_LEARNED = 0.9  # training accuracy of a network that has learned its pictures
_HARDLY_LEARNED = 0.7
_FEW = 20  # pictures of a class
_GAP = 0.1  # between the accuracies on training pictures and on new ones


@dataclass(frozen=True, kw_only=True)
class Advice:
    """A remark on a trained network.

    Parameters
    ----------
    kind
        What it is about.
    text
        What was found, and what to do.
    """

    kind: AdviceKind
    text: Message

    def __str__(self) -> str:
        """Return the text."""
        return str(self.text)


def advice(
    index: Array,
    classes: Sequence[ClassValue],
    *,
    training_accuracy: float,
    evaluation: Evaluation | None,
    trial: Trial,
    minutes: float | None,
) -> tuple[Advice, ...]:
    """Collect advice on a trained classifier.

    Parameters
    ----------
    index
        For each training picture the index of its class.
    classes
        The classes.
    training_accuracy
        The accuracy on these pictures.
    evaluation
        The accuracy on other pictures; ``None`` if it wasn't measured.
    trial
        The number of epochs and why.
    minutes
        The time limit.

    Returns
    -------
    tuple of Advice
        The most important first.
    """
    return tuple(
        one
        for one in (
            _on_chance(index, classes, evaluation),
            _on_training(training_accuracy, trial, minutes),
            _on_few(index, classes),
            _on_gap(training_accuracy, evaluation),
        )
        if one is not None
    )


def _on_chance(
    index: Array, classes: Sequence[ClassValue], evaluation: Evaluation | None
) -> Advice | None:
    """Return advice if the network may be no better than always predicting the largest class."""
    if evaluation is None or evaluation.interval is None:
        return None
    sizes = np.bincount(index, minlength=len(classes))
    share = sizes.max() / sizes.sum()
    if evaluation.interval.low > share:
        return None
    return Advice(
        kind="chance",
        text=Message(
            "The network isn't clearly better than guessing: always predicting "
            f"{quoted(str(classes[int(sizes.argmax())]))} is correct for {share:.0%} of the "
            "pictures. Check that each picture is in the folder of its class, and add pictures."
        ),
    )


def _on_training(accuracy: float, trial: Trial, minutes: float | None) -> Advice | None:
    """Return advice if longer training would help."""
    if trial.is_cut_short and accuracy < _LEARNED and minutes is not None:
        enough = minutes * trial.wanted / max(trial.epochs, 1)
        return Advice(
            kind="cut short",
            text=Message(
                f"The network recognizes only {accuracy:.0%} of its own training pictures, after "
                f"{trial.epochs} of {trial.wanted} epochs. More time would help: use ",
                Argument("minutes", max(round(enough), round(minutes) + 1)),
                ".",
            ),
        )
    if accuracy < _HARDLY_LEARNED:
        return Advice(
            kind="low training accuracy",
            text=Message(
                f"The network recognizes only {accuracy:.0%} of its own training pictures. Check "
                "that each picture is in the folder of its class. If small details matter, use ",
                Argument("size", 64),
                "; more passes may help, too: ",
                Argument("epochs", 3 * trial.epochs),
                ".",
            ),
        )
    return None


def _on_few(index: Array, classes: Sequence[ClassValue]) -> Advice | None:
    """Name the classes with the fewest pictures."""
    sizes = np.bincount(index, minlength=len(classes))
    few = np.flatnonzero(sizes < _FEW)
    if not len(few):
        return None
    smallest = int(few[sizes[few].argmin()])
    others = len(few) - 1
    more = (
        f" ({others} other class{'es' if others > 1 else ''} fewer than {_FEW})" if others else ""
    )
    count = int(sizes[smallest])
    return Advice(
        kind="few pictures",
        text=Message(
            f"The class {quoted(str(classes[smallest]))} has only {count} training "
            f"picture{'s' * (count != 1)}{more}. That is too few to learn what is typical. Add "
            f"pictures, at least {_FEW} of each class; 100 are much better."
        ),
    )


def _on_gap(training_accuracy: float, evaluation: Evaluation | None) -> Advice | None:
    """Return advice if more pictures would help."""
    if evaluation is None or evaluation.accuracy is None or training_accuracy < _LEARNED:
        return None
    if training_accuracy - evaluation.accuracy <= _GAP:
        return None
    return Advice(
        kind="gap",
        text=Message(
            f"The network recognizes {training_accuracy:.0%} of its training pictures, but "
            f"{evaluation.accuracy:.0%} of new ones. More training pictures would help most."
        ),
    )
