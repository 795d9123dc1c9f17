"""What a data set consists of, in words and for machines."""

import dataclasses
import json

import numpy as np

from striate.data import describe, open_dataset
from striate.data.dataset import assemble


def test_digits_in_words():
    """The table gives sizes, range, source, makers and the images of each class."""
    text = str(describe(open_dataset("digits")))

    lines = text.splitlines()
    assert lines[:2] == [
        "digits: 5000 training and 1000 test images",
        "images: 28 x 28 x 1 (rows, columns, channels), uint8 from 0 to 255",
    ]
    assert lines[2].startswith("source: ")
    assert lines[3] == (
        "notice: A cut of MNIST by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, "
        "Creative Commons Attribution-ShareAlike 3.0."
    )
    assert lines[5] == "class  training      test"
    assert lines[6] == "0           500       100"
    assert len(lines) == 16


def test_classes_without_images_are_counted_too():
    """Each class has a count, also where it has no image, and notes are given."""
    part = np.full((3, 2, 2, 1), 0.5, np.float32), np.array([0, 2, 2])
    dataset = assemble(part, name="few", source="here", notes=("Nothing was done.",))

    description = describe(dataset)

    assert description.counts == (1, 0, 2)
    assert description.test_counts == (0, 0, 0)
    assert "note:   Nothing was done." in str(description)


def test_targets_have_no_table():
    """Where the targets are numbers there are no classes to count."""
    part = np.zeros((3, 2, 2, 1), np.float32), np.zeros(3, np.float32)

    description = describe(assemble(part, name="few", source="here"))

    assert description.counts == ()
    assert "class" not in str(description)


def test_machines_can_read_it():
    """Everything in a description is what JSON can hold."""
    description = describe(open_dataset("shapes"))

    found = json.loads(json.dumps(dataclasses.asdict(description)))

    assert found["counts"] == [1000, 1000]
    assert found["classes"] == ["square", "diamond"]
    assert found["highest"] == 255
