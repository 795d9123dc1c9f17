"""A folder of pictures with one subfolder for each class."""

import numpy as np
import pytest
from PIL import Image

from striate.data.picture_folder import read_folder
from striate.errors import DataError


def draw(path, level=0, shape=(4, 4)):
    """Write a gray picture of one level, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(shape, level, np.uint8)).save(path)


def test_folders_are_classes(tmp_path):
    """Each subfolder is a class, by name; pictures come by class and path."""
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
    """Where all classes are numbers, 10 comes after 9, and so label and name agree."""
    for name in range(11):
        draw(tmp_path / str(name) / "a.png", name)

    dataset = read_folder(tmp_path)

    assert dataset.classes == tuple(map(str, range(11)))
    assert dataset.x[:, 0, 0, 0].tolist() == list(range(11))


def test_a_test_part_of_its_own(tmp_path):
    """Subfolders `train` and `test` are the parts; a class may be missing from the test part."""
    draw(tmp_path / "train" / "ant" / "a.png")
    draw(tmp_path / "train" / "cat" / "a.png")
    draw(tmp_path / "test" / "cat" / "a.png", 7)

    dataset = read_folder(tmp_path)

    assert dataset.y.tolist() == [0, 1]
    assert dataset.y_test.tolist() == [1]
    assert dataset.x_test[0, 0, 0, 0] == 7


def test_other_files_are_passed_over(tmp_path):
    """Hidden files, and files that are no pictures by their names, are not looked at."""
    for name in ("ant", "cat"):
        draw(tmp_path / name / "a.png")
        (tmp_path / name / ".hidden.png").write_text("x")
        (tmp_path / name / "Thumbs.db").write_text("x")
    (tmp_path / "README.txt").write_text("x")
    (tmp_path / ".cache").mkdir()

    assert read_folder(tmp_path).y.tolist() == [0, 1]


def test_mixed_sizes_are_noted(tmp_path):
    """How many pictures were resized, and by which rule, is said."""
    draw(tmp_path / "ant" / "a.png")
    draw(tmp_path / "ant" / "b.png")
    draw(tmp_path / "cat" / "a.png", shape=(8, 6))

    dataset = read_folder(tmp_path, resize="crop")

    assert dataset.image_shape == (4, 4, 1)
    assert dataset.notes == (
        "1 of 3 pictures had another size and were brought to 4 x 4 pixels (crop).",
    )


def test_one_class_is_refused(tmp_path):
    """One folder is nothing to tell apart."""
    draw(tmp_path / "cat" / "a.png")

    with pytest.raises(DataError) as error:
        read_folder(tmp_path)

    assert str(error.value) == (
        f"{tmp_path} has 1 folder of pictures (cat). A folder of pictures holds one subfolder for "
        "each class, and there are at least two classes. Sort the pictures into such folders."
    )


@pytest.mark.parametrize(("inner", "part"), [("", ""), ("test/", "test ")])
def test_a_class_without_pictures_is_refused(tmp_path, inner, part):
    """An empty class folder is a mistake, in either part."""
    for name in ("ant", "bee", "cat"):
        draw(tmp_path / "train" / name / "a.png")
    folder = tmp_path if inner else tmp_path / "train"
    (folder / inner / "dog").mkdir(parents=True)

    with pytest.raises(DataError) as error:
        read_folder(folder)

    assert str(error.value) == (
        f"{folder} has no pictures in the {part}class folder 'dog'. "
        "Each class has at least one file with the name of a picture, such as 1.png. "
        "Add pictures, or remove the folder."
    )


def test_a_class_to_test_with_alone_is_refused(tmp_path):
    """A class that is not trained cannot be recognized."""
    for name in ("ant", "bee"):
        draw(tmp_path / "train" / name / "a.png")
    draw(tmp_path / "test" / "cat" / "a.png")

    with pytest.raises(DataError) as error:
        read_folder(tmp_path)

    assert str(error.value) == (
        f"{tmp_path} has the class 'cat' to test with, but not to train with. "
        "The classes are the folders in train: ant, bee. Rename the folder, or remove it."
    )


def test_a_bad_picture_is_named(tmp_path):
    """One bad file among many is named by its path."""
    draw(tmp_path / "ant" / "a.png")
    draw(tmp_path / "cat" / "a.png")
    bad = tmp_path / "cat" / "b.png"
    bad.write_bytes(b"no picture")

    with pytest.raises(DataError) as error:
        read_folder(tmp_path)

    assert str(error.value).startswith(f"{bad} could not be read as a picture: ")
