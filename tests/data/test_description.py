"""Summaries of data sets, as tables and as data."""

import dataclasses
import json

import numpy as np

from striate.data import describe, open_dataset
from striate.data.dataset import assemble


def test_a_table_of_digits():
    """The table has sizes, range, source, makers and the number of images of each class."""
    text = str(describe(open_dataset("digits")))

    lines = text.splitlines()
    assert lines[:2] == [
        "digits: 5000 training and 1000 test images",
        "images: 28 x 28 x 1 (rows, columns, channels), uint8 from 0 to 255",
    ]
    assert lines[2].startswith("source: ")
    assert lines[3] == (
        "notice: A subset of MNIST by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, "
        "Creative Commons Attribution-ShareAlike 3.0."
    )
    assert lines[5] == "class  training      test"
    assert lines[6] == "0           500       100"
    assert len(lines) == 16


def test_classes_without_images_are_counted_too():
    """Each class has a count, also if it has no images, and notes are listed."""
    part = np.full((3, 2, 2, 1), 0.5, np.float32), np.array([0, 2, 2])
    dataset = assemble(
        part, name="few", source="here", classes=("a", "b", "c"), notes=("Nothing was done.",)
    )

    description = describe(dataset)

    assert description.counts == (1, 0, 2)
    assert description.test_counts == (0, 0, 0)
    assert "note:   Nothing was done." in str(description)


def test_targets_have_no_table():
    """Without classes there is nothing to count."""
    part = np.zeros((3, 2, 2, 1), np.float32), np.full(3, 0.5, np.float32)

    description = describe(assemble(part, name="few", source="here"))

    assert description.counts == ()
    assert "class" not in str(description)


def test_a_description_can_be_json():
    """Everything in a description can be written as JSON."""
    description = describe(open_dataset("shapes"))

    found = json.loads(json.dumps(dataclasses.asdict(description)))

    assert found["counts"] == [1000, 1000]
    assert found["classes"] == ["square", "diamond"]
    assert found["highest"] == 255


def test_numbers_without_names(tmp_path):
    """Targets of an .npz file are counted from 1; many of them, such as images, aren't listed."""
    x = np.zeros((6, 8, 8))
    y = np.array([[1.0, 10.5], [2.0, 20.0], [6.0, 15.0]] * 2)
    found = {}
    for name, targets in {"two": y, "one": y[:, 1], "images": x + 0.5}.items():
        np.savez(tmp_path / f"{name}.npz", x=x, y=targets)
        found[name] = describe(open_dataset(tmp_path / f"{name}.npz", test=0)).targets

    assert found["two"] == (("target 1", 1.0, 3.0, 6.0), ("target 2", 10.5, 91 / 6, 20.0))
    assert found["one"] == (("target", 10.5, 91 / 6, 20.0),)
    assert found["images"] == ()
