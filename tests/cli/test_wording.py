"""Errors and warnings of the command name its options, not the arguments of Python."""

import ast
import copy
import pickle
import re
from pathlib import Path

import click
import numpy as np
import pytest

import striate as st
from striate.cli.train import command as train
from striate.cli.wording import in_words_of
from striate.errors import Argument, InPython, Message, ModelFileError, OptionError, Use

SOURCE = Path(st.__file__).parent
COMMAND = click.Command(
    "x",
    params=[
        click.Option(["--batch-size"]),
        click.Option(["-a", "--augment"]),
        click.Option(["--size"]),
        click.Option(["--standardize"], is_flag=True),
        click.Option(["--winograd/--no-winograd"], default=True),
        click.Argument(["data"]),
    ],
)


@pytest.mark.parametrize(
    ("part", "in_python", "in_command"),
    [
        (Argument("batch_size"), "`batch_size`", "--batch-size"),
        (Argument("batch_size", 8), "batch_size=8", "--batch-size 8"),
        (Argument("augment", "shift 2"), 'augment="shift 2"', "--augment 'shift 2'"),
        (Argument("size", (24, 32)), "size=(24, 32)", "--size 24x32"),
        (Argument("standardize", True), "standardize=True", "--standardize"),
        (Argument("winograd", False), "winograd=False", "--no-winograd"),
        (Argument("data", "x"), 'data="x"', "data x"),
        (Argument("keep_best", 1), "keep_best=1", "keep best 1"),
        (Argument("keep_best"), "`keep_best`", "keep best"),
        (Use("batch_size", 8), "Use batch_size=8", "Use --batch-size 8"),
        (Use("batch_size", None), "Use batch_size=None", "Leave out --batch-size"),
        (Use("standardize", True), "Use standardize=True", "Add --standardize"),
        (Use("standardize", False), "Use standardize=False", "Leave out --standardize"),
        (Use("winograd", False), "Use winograd=False", "Use --no-winograd"),
        (Use("keep_best", True), "Use keep_best=True", "Use keep best True"),
        (Use("delta", 1.0, "loss"), "Use the same loss, with delta=1.0", "Use the same loss"),
        (InPython("x=y", "y"), "x=y", "y"),
    ],
    ids=str,
)
def test_an_argument_in_python_and_in_the_command(part, in_python, in_command):
    """Each part of a message has a form for Python and one for the command."""
    message = Message(part, ".")

    assert message == f"{in_python}."
    assert in_words_of(COMMAND, message) == f"{in_command}."
    assert in_words_of(None, message) == f"{in_python}."


def test_messages_keep_their_arguments_when_joined():
    """A subject, a remedy and a longer message don't turn arguments into text."""
    remedy = Message("Try ", Argument("size", 8), ".")
    error = OptionError(Message(Argument("size"), " is 0."), remedy=remedy).about("shapes")

    assert str(error) == "shapes: `size` is 0. Try size=8."
    assert str(error.statement) == "shapes: `size` is 0."
    assert in_words_of(COMMAND, Message(error.message, " Or not.")) == (
        "shapes: --size is 0. Try --size 8. Or not."
    )


def test_messages_are_copied_with_their_arguments():
    """An error that another process raised still has the arguments in its message."""
    remedy = Message("Try ", Argument("size", 8), ".")
    error = ModelFileError(Message(Argument("size"), " is 0."), remedy=remedy)

    for copied in (copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert in_words_of(COMMAND, copied.message) == "--size is 0. Try --size 8."


def data(**arrays):
    """Save a small data set."""
    np.savez("own.npz", **arrays)


def images(count, **more):
    """Save images of 6 x 6 pixels with two classes."""
    x = np.random.default_rng(0).integers(0, 256, (count, 6, 6), np.uint8)
    data(**{"x": x, "y": np.arange(count) % 2, "x_test": x[:2], "y_test": [0, 1], **more})


FLOATS = np.random.default_rng(0).random((8, 6, 6), np.float32)
NET = ("--net", "dense {classes} softmax")
SHAPES = ("train", "shapes", "--epochs", 1, "--no-pictures")
OWN = ("train", "own.npz", "--epochs", 1, "--no-pictures")
NORMED = ("--net", "global-average | dense 2 | batch-norm | dense {classes} softmax")

REFUSED = {
    "epochs": (None, (*SHAPES, "--epochs", 0)),
    "batch-size": (None, (*SHAPES, "--batch-size", 0)),
    "learning-rate": (None, (*SHAPES, "--lr", -1)),
    "clip-norm": (None, (*SHAPES, "--clip-norm", 0)),
    "validation": (None, (*SHAPES, "--validation", 1)),
    "early-stopping": (None, (*SHAPES, "--early-stopping", 0)),
    "label-smoothing": (None, (*SHAPES, "--label-smoothing", 2)),
    "seed": (None, (*SHAPES, "--seed", -1)),
    "size": (None, (*SHAPES, "--size", "15x21")),
    "optimizer": (None, (*SHAPES, "--optimizer", "adamm")),
    "augment-word": (None, (*SHAPES, "--augment", "shfit 2")),
    "augment-value": (None, (*SHAPES, "--augment", "crop 5")),
    "augment-size": (None, (*SHAPES, "--augment", "shift 15")),
    "kernel": (None, (*SHAPES, "--net", "max 9 | conv 4@5x5 relu | dense {classes} softmax")),
    "loss": (None, (*SHAPES, "--net", "dense {classes} logistic", "--label-smoothing", 0.1)),
    "softmax-forgotten": (None, (*SHAPES, "--net", "dense {classes}")),
    "one-output": (None, (*SHAPES, "--net", "dense 1 softmax")),
    "too-few-outputs": (
        lambda: images(9, y=np.arange(9) % 3),
        (*OWN, "--net", "dense 2 softmax"),
    ),
    "maps": (None, (*SHAPES, "--net", "conv 0@3x3 relu | dense {classes} softmax")),
    "validation-empty": (
        lambda: images(3, y=np.arange(3)),
        (*OWN, *NET, "--validation", 0.1),
    ),
    "batch-of-one": (lambda: images(9), (*OWN, *NORMED, "--batch-size", 8)),
    "class-weight": (
        lambda: images(8, y=np.linspace(0, 1, 8), y_test=[0.0, 1.0]),
        (*OWN, "--class-weight", "balanced"),
    ),
    "resumes-a-model": (
        lambda: st.Network.parse("dense 2 softmax", (15, 15, 1)).save("net.safetensors"),
        (*SHAPES, "--resume", "net.safetensors"),
    ),
    "predicts-with-a-checkpoint": (
        lambda: st.Network.parse("dense 2 softmax", (6, 6, 1)).fit(
            FLOATS[..., None], np.arange(8) % 2, epochs=1, checkpoint="run.checkpoint"
        ),
        ("predict", "run.checkpoint", "picture.png"),
    ),
    "smoothed-numbers": (
        lambda: images(8, y=np.linspace(0, 1, 8), y_test=[0.0, 1.0]),
        (*OWN, "--label-smoothing", 0.1),
    ),
    "vector": (None, (*SHAPES, "--net", "dense 10 | conv 3@3x3 | dense {classes} softmax")),
    "diverged": (
        None,
        (*SHAPES, *NET, "--optimizer", "gradient-descent", "--lr", 1e38, "--schedule", "constant"),
    ),
}

PYTHON = re.compile(r"`|\b[a-z]+(_[a-z]+)*=|\b(True|False|None)\b")
"""Backticks, ``name=value`` and Python's constants."""


def shown(result):
    """Return the errors and warnings that a command wrote, without its progress."""
    lines = result.stderr.splitlines()
    return "\n".join(
        line for line in lines if not line.startswith("epoch ") and not line.endswith(" ...")
    )


@pytest.mark.parametrize("case", REFUSED)
def test_errors_in_the_words_of_the_command(case, striate, golden):
    """Whatever is refused, the error names options as they are typed."""
    prepare, words = REFUSED[case]
    if prepare is not None:
        prepare()

    result = striate(*words)

    assert result.exit_code == 1, result.output
    assert not PYTHON.search(shown(result))
    golden(f"messages/command-{case}", shown(result))


NOTES = {
    "augment": (
        lambda: images(8, y=np.linspace(0, 1, 8), y_test=[0.0, 1.0]),
        (*OWN, "--augment", "shift 1", "--net", "dense 1"),
    ),
}


@pytest.mark.parametrize("case", NOTES)
def test_notes_in_the_words_of_the_command(case, striate, golden):
    """Warnings name options, too."""
    prepare, words = NOTES[case]
    prepare()

    result = striate(*words)

    assert result.exit_code == 0, result.output
    assert not PYTHON.search(shown(result))
    golden(f"messages/command-note-{case}", shown(result))


@pytest.mark.parametrize("case", ["pictures", "program"])
def test_too_little_memory_in_the_words_of_the_command(case, striate, monkeypatch, picture_folder):
    """The remedy names --size or --batch-size."""
    place = {"pictures": "data.allocation", "program": "runtime.memory"}[case]
    monkeypatch.setattr(f"striate.{place}.available", lambda: 1000)

    images(4000)
    data = {"pictures": picture_folder, "program": "own.npz"}[case]
    result = striate("train", data, "--epochs", 1, "--no-pictures", "--batch-size", 2000)

    assert result.exit_code == 1
    assert {"pictures": "--size 64", "program": "--batch-size 1000"}[case] in result.stderr
    assert not PYTHON.search(shown(result))


OPTIONS = sorted(str(option.name) for option in train.params)
NAMED = re.compile(rf"`({'|'.join(OPTIONS)})`|\b({'|'.join(OPTIONS)})=")

# Texts that the command never shows, or that it shows only for what a user did in Python.
IN_PYTHON_ONLY = {
    "data/crowd.py": "arguments of the function that draws a crowd",
    "data/draws.py": "random numbers, whose seed is checked before",
    "data/resizing.py": "the command checks --size and --resize when it reads them",
    "data/shapes.py": "arguments of functions that draw shapes",
    "model/batch_examples.py": "batches of an iterable",
    "model/batches.py": "batch_size of predict and evaluate",
    "model/fitting.py": "validation data as a pair",
    "model/head.py": "arguments of with_head",
    "model/iterables.py": "batches of an iterable",
    "model/metrics.py": "metrics of single outputs as a dict",
    "model/attributes.py": "attributes that can't be set",
    "model/stream.py": "batches of an iterable",
    "model/weights.py": "weights for single classes",
    "training/confidence.py": "arguments of the function that computes an interval",
    "training/settings.py": "class weights as a dict",
}


def texts(node):
    """Yield the texts in code, without docstrings and without words for Python only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and getattr(child.func, "id", "") == "InPython":
            continue
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value
        yield from texts(child)


@pytest.mark.parametrize("package", ["data", "engine", "model", "recipes", "runtime", "training"])
def test_options_of_the_command_are_not_written_as_text(package):
    """An argument that is also an option is an `Argument` in every message."""
    found = {
        str(path.relative_to(SOURCE))
        for path in (SOURCE / package).rglob("*.py")
        for text in texts(ast.parse(path.read_text()))
        if NAMED.search(text)
    }

    assert found == {name for name in IN_PYTHON_ONLY if name.startswith(f"{package}/")}
