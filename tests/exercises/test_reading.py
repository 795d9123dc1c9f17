"""Typed answers: arrays, numbers and files."""

import numpy as np
import pytest

from striate.errors import DataError
from striate.exercises.reading import is_file_name, read_array, read_file, read_number, read_size

SQUARE = [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    "text",
    [
        "[[1, 2], [3, 4]]",
        "[[1,2],[3,4]]",
        "((1, 2), (3, 4))",
        "[(1, 2), (3, 4)]",
        "array([[1, 2],\n       [3, 4]])",
        "np.array([[1., 2.], [3., 4.]], dtype=float32)",
        "tensor([[1., 2.],\n        [3., 4.]])",
        "[[1 2]\n [3 4]]",
        "1 2; 3 4",
        "[1 2; 3 4]",
        "1, 2; 3, 4",
        "1 2\n3 4\n",
        "1\t2\n3\t4",
        "[[1/1, 4/2], [6/2, 8/2]]",
        "[[+1, 2e0], [3.0, 0.4e1]]",
    ],
)
def test_the_same_array_in_many_forms(text):
    """JSON, Python, what NumPy and PyTorch print, MATLAB, rows, fractions."""
    assert read_array(text).tolist() == SQUARE


def test_arrays_of_other_ranks():
    """A row, a number, and a batch with one image."""
    assert read_array("1 2 3").tolist() == [1, 2, 3]
    assert read_array("[-1, −2.5]").tolist() == [-1, -2.5]
    assert read_array("7").tolist() == [7]
    assert read_array("[[[[1, 2]]]]").shape == (1, 1, 1, 2)
    assert read_array(np.arange(3)).tolist() == [0, 1, 2]
    assert read_array(True).tolist() == 1


@pytest.mark.parametrize(
    "text",
    ["", "eight", "[[1, 2], [3]]", "[[1, 2]", "1 2; 3", "1/0", "[[1, 2]], 3]", "__import__('os')"],
)
def test_other_text_is_refused(text):
    """Nothing is evaluated; what isn't an array of numbers is an error."""
    with pytest.raises(DataError, match="is not an array of numbers"):
        read_array(text)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "[[1, 2], [3]]",
            (
                'The answer "[[1, 2], [3]]" is not an array of numbers; expected rows of the same '
                "length. Write it as [[1, 2], [3, 4]] or as 1 2; 3 4, or name a file that ends in "
                ".npy or .csv."
            ),
        ),
        ([np.inf], 'The answer "[inf]" has numbers that aren\'t finite.'),
        (
            "x" * 70,
            (
                f'The answer "{"x" * 60}…" is not an array of numbers; expected rows of the same '
                "length. Write it as [[1, 2], [3, 4]] or as 1 2; 3 4, or name a file that ends in "
                ".npy or .csv."
            ),
        ),
    ],
)
def test_errors_word_for_word(value, message):
    """The error shows the answer, and two ways to write an array."""
    with pytest.raises(DataError) as error:
        read_array(value)

    assert str(error.value) == message


def test_numbers():
    """Numbers with a sign, a fraction, a group separator."""
    texts = ("8", " 8.0 ", "-1/4", "98,442", "98_442", "98 442", "1,234.5", "[[8]]", "1e-3")

    read = [read_number(text) for text in texts]

    assert read == [8, 8, -0.25, 98442, 98442, 98442, 1234.5, 8, 0.001]


def test_several_numbers_are_not_one():
    """A list of numbers isn't a number."""
    with pytest.raises(DataError) as error:
        read_number("1 2")

    assert str(error.value) == (
        'The answer "1 2" has 2 numbers; expected one. Write it as 8 or 1/2, for example.'
    )


@pytest.mark.parametrize(
    "size", ["8", "8x8", "8 x 8", "8×8", "8 by 8", "(8, 8)", "[8,8]", 8, (8, 8)]
)
def test_sizes(size):
    """The side of a square, once or twice."""
    assert read_size(size) == 8


def test_a_rectangle_is_not_one_side():
    """Two different sides are two numbers."""
    with pytest.raises(DataError, match=r"is not an array|has 2 numbers"):
        read_size("8x9")


def test_files(tmp_path):
    """A .npy file, and text files with commas, blanks or tabs."""
    np.save(tmp_path / "a.npy", np.array(SQUARE, np.uint8))
    np.savetxt(tmp_path / "b.csv", SQUARE, delimiter=",")
    np.savetxt(tmp_path / "c.txt", SQUARE)
    (tmp_path / "d.csv").write_text("\ufeff1\t2\r\n3\t4\r\n", encoding="utf-8")

    for path in tmp_path.iterdir():
        assert is_file_name(str(path))
        assert read_file(str(path)).tolist() == SQUARE


def test_files_that_are_no_arrays(tmp_path):
    """Missing, too large, damaged, pickled: an error that names the file."""
    (tmp_path / "large.csv").write_bytes(b"1 " * (1 << 22))
    (tmp_path / "words.csv").write_text("one two")
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY\x01")
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)

    messages = {}
    for name in ("missing.npy", "large.csv", "words.csv", "broken.npy", "objects.npy"):
        with pytest.raises(DataError) as error:
            read_file(str(tmp_path / name))
        messages[name] = str(error.value).replace(f"{tmp_path}/", "")

    unreadable = (
        " is not an array of numbers; expected a .npy file, or text with rows of numbers. Save it "
        "with np.save or np.savetxt."
    )
    assert messages == {
        "missing.npy": "Cannot read missing.npy: no such file or directory. Check the path.",
        "large.csv": "large.csv is larger than 4 MB; expected an answer of at most a few hundred "
        "numbers. Check the path.",
        "words.csv": f"words.csv{unreadable}",
        "broken.npy": f"broken.npy{unreadable}",
        "objects.npy": f"objects.npy{unreadable}",
    }


def test_a_path_is_not_an_answer_and_an_answer_not_a_path():
    """Files are recognized by their ending."""
    assert is_file_name("~/answer.npy")
    assert is_file_name("rows.CSV")
    assert not is_file_name("8.5")
    assert not is_file_name("[[1, 2]]")
