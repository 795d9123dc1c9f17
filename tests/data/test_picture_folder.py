"""A folder of pictures with one subfolder for each class."""

import os
from zlib import crc32

import numpy as np
import pytest
from PIL import Image

from striate.data.picture_folder import read_folder
from striate.errors import DataError


def draw(path, level=0, shape=(4, 4)):
    """Write a gray picture with this level in its first pixel, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(crc32(os.fsencode(path))).integers(0, 256, shape, np.uint8)
    pixels[0, 0] = level
    Image.fromarray(pixels).save(path)


def test_folders_are_classes(tmp_path):
    """Each subfolder is a class; pictures are in the order of class and path."""
    draw(tmp_path / "cat" / "2.png", 2)
    draw(tmp_path / "cat" / "1.PNG", 1)
    draw(tmp_path / "ant" / "more" / "b.png", 4)
    draw(tmp_path / "ant" / "a.bmp", 3)

    dataset = read_folder(tmp_path)

    assert dataset.classes == ("ant", "cat")
    assert dataset.y.tolist() == [0, 0, 1, 1]
    assert dataset.x[:, 0, 0, 0].tolist() == [3, 4, 1, 2]
    assert len(dataset.x_test) == 0
    assert dataset.notes == ()


def test_numbers_are_ordered_as_numbers(tmp_path):
    """If all classes are numbers, 10 comes after 9."""
    for name in range(11):
        draw(tmp_path / str(name) / "a.png", name)

    dataset = read_folder(tmp_path)

    assert dataset.classes == tuple(map(str, range(11)))
    assert dataset.x[:, 0, 0, 0].tolist() == list(range(11))


@pytest.mark.parametrize(
    ("train", "test"),
    [("train", "test"), ("Train", "Test"), ("TRAIN", "TEST"), ("training", "testing")],
)
def test_a_folder_with_a_test_set(tmp_path, train, test):
    """Subfolders for training and test are the parts, in upper or lower case.

    A class may be missing from the test set.
    """
    draw(tmp_path / train / "ant" / "a.png")
    draw(tmp_path / train / "cat" / "a.png")
    draw(tmp_path / test / "cat" / "a.png", 7)

    dataset = read_folder(tmp_path)

    assert dataset.classes == ("ant", "cat")
    assert dataset.y.tolist() == [0, 1]
    assert dataset.y_test.tolist() == [1]
    assert dataset.x_test[0, 0, 0, 0] == 7
    assert dataset.notes == ()


@pytest.mark.parametrize("name", ["val", "valid", "Validation"])
def test_a_validation_set_without_a_test_set_is_the_test_set(tmp_path, name):
    """As in ImageNet's layout, with a note."""
    draw(tmp_path / "train" / "ant" / "a.png")
    draw(tmp_path / "train" / "cat" / "a.png")
    draw(tmp_path / name / "cat" / "a.png", 7)

    dataset = read_folder(tmp_path)

    assert dataset.y_test.tolist() == [1]
    assert dataset.notes == (f"Without a test folder, {name} (1 picture) is the test set.",)


@pytest.mark.parametrize("name", ["val", "valid", "VALIDATION"])
def test_three_parts(tmp_path, name):
    """Next to a test set, the validation folder is the validation set, with its files."""
    draw(tmp_path / "train" / "ant" / "a.png", 1)
    draw(tmp_path / "train" / "cat" / "a.png", 2)
    draw(tmp_path / "test" / "ant" / "a.png", 3)
    draw(tmp_path / name / "cat" / "b.png", 4)
    draw(tmp_path / name / "cat" / "c.png", 5)

    dataset = read_folder(tmp_path)

    assert dataset.notes == ()
    assert dataset.y_validation.tolist() == [1, 1]
    assert dataset.x_validation[:, 0, 0, 0].tolist() == [4, 5]
    assert repr(dataset).endswith(
        "2 training, 2 validation and 1 test images of 4 x 4 x 1, 2 classes)"
    )
    assert dataset.files == (tmp_path / "train/ant/a.png", tmp_path / "train/cat/a.png")
    assert dataset.files_test == (tmp_path / "test/ant/a.png",)
    assert dataset.files_validation == (
        tmp_path / name / "cat/b.png",
        tmp_path / name / "cat/c.png",
    )


def test_what_is_left_out_is_noted(tmp_path):
    """Other folders, and pictures without a class."""
    for part in ("train", "test"):
        draw(tmp_path / part / "ant" / "a.png")
        draw(tmp_path / part / "cat" / "a.png")
    draw(tmp_path / "unlabeled" / "a.png")
    draw(tmp_path / "cover.png")
    draw(tmp_path / "train" / "b.jpg.png")
    (tmp_path / "docs").mkdir()

    dataset = read_folder(tmp_path)

    assert len(dataset.x) == len(dataset.x_test) == 2
    assert dataset.classes == ("ant", "cat")
    left_out = (
        "{} was left out: only train, test and validation are read. To train on these pictures "
        "too, move them into train."
    )
    loose = "1 picture next to the class folders, such as {}, belongs to no class and was left out."
    assert dataset.notes == (
        left_out.format("unlabeled (1 picture)"),
        loose.format("cover.png"),
        loose.format("b.jpg.png"),
    )


@pytest.mark.parametrize("name", ["train", "test", "val"])
@pytest.mark.parametrize("inner", ["", "old/"])
def test_a_class_may_have_the_name_of_a_part(tmp_path, name, inner):
    """Among plane and car, train is a class, even if its pictures are in an inner folder."""
    for other in ("plane", "car"):
        draw(tmp_path / other / "a.png")
    draw(tmp_path / name / f"{inner}a.png")

    dataset = read_folder(tmp_path)

    assert set(dataset.classes) == {"plane", "car", name}
    assert len(dataset.x) == 3


def test_two_folders_for_one_part_are_refused(tmp_path, message):
    """The names train and training mean the same part."""
    for part in ("train", "training"):
        draw(tmp_path / part / "ant" / "a.png")
        draw(tmp_path / part / "cat" / "a.png")

    with pytest.raises(DataError) as error:
        read_folder(tmp_path)

    message(error)


def test_parts_without_a_training_set_are_refused(tmp_path, message):
    """Folders test and val are not two classes."""
    for part in ("test", "val"):
        draw(tmp_path / part / "ant" / "a.png")
        draw(tmp_path / part / "cat" / "a.png")

    with pytest.raises(DataError) as error:
        read_folder(tmp_path)

    message(error)


def test_leftovers_of_systems_are_ignored(tmp_path):
    """Hidden files, and those that systems and archives leave behind, need no note."""
    for name in ("ant", "cat"):
        draw(tmp_path / name / "a.png")
        (tmp_path / name / ".hidden.png").write_text("x")
        (tmp_path / name / "Thumbs.db").write_text("x")
    draw(tmp_path / "__MACOSX" / "ant" / "a.png")
    (tmp_path / "desktop.ini").write_text("x")
    (tmp_path / ".cache").mkdir()

    dataset = read_folder(tmp_path)

    assert dataset.y.tolist() == [0, 1]
    assert dataset.notes == ()


def test_skipped_files_are_counted_by_ending(tmp_path, monkeypatch):
    """Other files are skipped with a note, and the plug-in that reads some of them is named."""
    monkeypatch.setattr("striate.data.picture_folder.plug_in_for", {".heic": "pillow-heif"}.get)
    for name in ("ant", "cat"):
        draw(tmp_path / name / "a.png")
        for number in range(2):
            (tmp_path / name / f"{number}.HEIC").write_text("x")
    (tmp_path / "cat" / "notes.txt").write_text("x")
    (tmp_path / "LICENSE").write_text("x")

    dataset = read_folder(tmp_path)

    note = (
        "6 files that are not a picture were skipped: 4 .heic, 1 without extension, 1 .txt. "
        "Pictures like these need a plug-in: pip install pillow-heif."
    )
    assert dataset.notes == (note,)


def test_a_class_of_unreadable_pictures_names_the_plug_in(tmp_path, monkeypatch, message):
    """A class folder with nothing but photos of a phone says what to install."""
    monkeypatch.setattr("striate.data.picture_folder.plug_in_for", {".heic": "pillow-heif"}.get)
    for name in ("ant", "bee"):
        draw(tmp_path / name / "a.png")
    for number in range(3):
        path = tmp_path / "cat" / f"{number}.heic"
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")

    with pytest.raises(DataError) as error:
        read_folder(tmp_path)

    message(error)


def test_bits_that_are_lost_are_noted(tmp_path, monkeypatch):
    """Colors of 16 bits become colors of 8, which a note counts."""
    monkeypatch.setattr("striate.data.pictures._is_reduced", lambda _: True)
    draw(tmp_path / "ant" / "a.png")
    draw(tmp_path / "cat" / "a.png")

    assert read_folder(tmp_path).notes == (
        "2 of 2 pictures have 16 bits per color; they were read with 8, as Pillow does.",
    )


def test_deep_pictures_stay_deep(tmp_path):
    """A folder with a 16-bit picture is read as uint16, both parts alike."""
    for part in ("train", "test"):
        draw(tmp_path / part / "ant" / "a.png", 1)
        draw(tmp_path / part / "cat" / "a.png", 255)
    Image.fromarray(np.full((4, 4), 4095, np.uint16)).save(tmp_path / "train" / "ant" / "b.png")

    dataset = read_folder(tmp_path)

    assert dataset.x.dtype == dataset.x_test.dtype == np.uint16
    assert dataset.x[:, 0, 0, 0].tolist() == [257, 4095, 65535]


def test_names_that_are_not_text_are_escaped(tmp_path):
    """Classes, source and errors can be written in any encoding."""
    strange = tmp_path / os.fsdecode(b"caf\xe9")
    draw(strange / "a.png")
    draw(tmp_path / "bar" / "a.png")

    dataset = read_folder(tmp_path)

    assert dataset.classes == ("bar", "caf\\xe9")
    assert dataset.source.encode().decode() == str(tmp_path)
    (strange / "a.png").write_bytes(b"x")
    with pytest.raises(DataError) as error:
        read_folder(tmp_path)
    assert str(error.value).encode().decode().isprintable()


def test_mixed_sizes_are_noted(tmp_path):
    """A note says how many pictures were resized, and by which rule."""
    draw(tmp_path / "ant" / "a.png")
    draw(tmp_path / "ant" / "b.png")
    draw(tmp_path / "cat" / "a.png", shape=(8, 6))

    dataset = read_folder(tmp_path, resize="crop")

    assert dataset.image_shape == (4, 4, 1)
    assert dataset.notes == (
        "1 of 3 pictures had another size and was resized to 4 x 4 pixels (crop).",
    )


def test_one_class_is_refused(tmp_path, message):
    """There is nothing to learn from a single class."""
    draw(tmp_path / "cat" / "a.png")

    with pytest.raises(DataError) as error:
        read_folder(tmp_path)

    message(error)


@pytest.mark.parametrize("inner", ["", "test/"])
def test_a_class_without_pictures_is_refused(tmp_path, inner, message):
    """An empty class folder is a mistake, in either part."""
    for name in ("ant", "bee", "cat"):
        draw(tmp_path / "train" / name / "a.png")
    folder = tmp_path if inner else tmp_path / "train"
    (folder / inner / "dog").mkdir(parents=True)

    with pytest.raises(DataError) as error:
        read_folder(folder)

    message(error)


@pytest.mark.parametrize("part", ["test", "validation"])
def test_a_class_to_test_with_alone_is_refused(tmp_path, part, message):
    """A class that is not in the training set cannot be recognized."""
    for name in ("ant", "bee"):
        draw(tmp_path / "train" / name / "a.png")
    draw(tmp_path / "test" / "ant" / "a.png")
    draw(tmp_path / part / "cat" / "a.png")

    with pytest.raises(DataError) as error:
        read_folder(tmp_path)

    message(error)


def test_a_bad_picture_is_named(tmp_path):
    """One bad file among many is named by its path."""
    draw(tmp_path / "ant" / "a.png")
    draw(tmp_path / "cat" / "a.png")
    bad = tmp_path / "cat" / "b.png"
    bad.write_bytes(b"no picture")

    with pytest.raises(DataError) as error:
        read_folder(tmp_path)

    assert str(error.value).startswith(f"Cannot read {bad} as a picture: ")
