"""The report of a network's predictions."""

import numpy as np

from striate.cli.output import CommandOutput
from striate.cli.report import say_confusion, say_per_class
from striate.model.scoring import Evaluation


def said(capsys, say, counts, classes):
    """Return the report of a confusion matrix."""
    counts = np.array(counts)
    evaluation = Evaluation(
        loss=0.1, images=int(counts.sum()), accuracy=0.5, confusion=counts, classes=classes
    )
    say(CommandOutput(), evaluation)
    return capsys.readouterr().out


def test_wide_matrix_has_numbers_for_names(capsys, monkeypatch):
    """If names are too wide for the terminal, classes are numbered, with a key."""
    monkeypatch.setenv("COLUMNS", "60")
    classes = tuple(f"a long name of class {k}" for k in range(3))

    text = said(capsys, say_confusion, np.eye(3, dtype=int), classes)

    assert "0 = a long name of class 0, 1 = a long name of class 1, 2 = a long" in text
    assert "true  0  1  2  recall\n" in text


def test_class_without_images_has_no_recall(capsys):
    """A class without images has hyphens instead of percentages."""
    text = said(capsys, say_per_class, [[1, 1], [0, 0]], ("cat", "dog"))

    assert "cat         2    100.00%  50.00%  66.67%\n" in text
    assert "dog         0          -       -       -\n" in text
