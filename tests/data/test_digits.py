"""The data set that is included in striate."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

import striate.data
from striate.data import idx, load

FOLDER = Path(striate.data.__file__).parent / "digits"


@pytest.mark.parametrize(
    ("name", "checksum"),
    [
        (
            "train-images-idx3-ubyte.gz",
            "988e6ed10fbe841af94f49486b3ac5ca1b8b96b0f6e39f137cde1732935fff30",
        ),
        (
            "train-labels-idx1-ubyte.gz",
            "7abea16ea19178d8e4df8e62a6ac2fa78a15be3027c15a190a73dcd3ac279448",
        ),
        (
            "t10k-images-idx3-ubyte.gz",
            "b0fcb1949a8ea32151bd5d3f68da765ffc390abdd0825b1ea9e4a62bf190f3ef",
        ),
        (
            "t10k-labels-idx1-ubyte.gz",
            "9ed1dc30e9f5d567f384bf438faae9743c15b59ed73cd27524d3b16ac9f3314b",
        ),
    ],
)
def test_the_files_are_those_that_were_made(name, checksum):
    """Each file has the checksum that tools/make_digits.py printed."""
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == checksum


def test_the_files_are_small_and_carry_their_notice():
    """The files take at most 1.2 MB, with a file about their makers and license."""
    notice = (FOLDER / "NOTICE.txt").read_text()

    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 1_200_000
    assert "CC BY-SA 3.0" in notice
    for maker in ("Yann LeCun", "Corinna Cortes", "Christopher J. C. Burges"):
        assert maker in notice


def test_each_class_has_500_and_100_images():
    """There are 5,000 training and 1,000 test images, the same number of each class."""
    (x, y), (x_test, y_test) = load("digits")

    assert (x.shape, x.dtype) == ((5000, 28, 28, 1), np.uint8)
    assert (x_test.shape, x_test.dtype) == ((1000, 28, 28, 1), np.uint8)
    assert (y.dtype, y_test.dtype) == (np.int64, np.int64)
    assert np.bincount(y).tolist() == [500] * 10
    assert np.bincount(y_test).tolist() == [100] * 10


def test_they_are_the_first_of_each_class_in_the_order_of_mnist(shared_data):
    """The images are those of MNIST, in the same order."""
    full, parts = idx.read_folder(shared_data / "mnist"), load("digits")

    for (x, y), (x_full, y_full), count in (
        (parts[0], (full.x, full.y), 500),
        (parts[1], (full.x_test, full.y_test), 100),
    ):
        kept, counts = [], [0] * 10
        for place, label in enumerate(y_full):
            if counts[label] < count:
                counts[label] += 1
                kept.append(place)

        np.testing.assert_array_equal(y, y_full[kept])
        np.testing.assert_array_equal(x, x_full[kept])


def test_the_tool_makes_the_same_files(shared_data, tmp_path, capsys):
    """tools/make_digits.py makes the files from MNIST's, and refuses other files."""
    script = Path(__file__).parents[2] / "tools" / "make_digits.py"
    tool = {"__name__": "make_digits", "__file__": str(script)}
    exec(compile(script.read_text(), script, "exec"), tool)  # a script, no module
    for name in tool["CHECKSUMS"]:
        packed = (shared_data / "mnist" / f"{name}.gz").read_bytes()
        (tmp_path / name).write_bytes(gzip.decompress(packed))

    tool["main"](tmp_path, tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(b"")

    assert capsys.readouterr().out.count("SHA-256") == 4
    # The bytes of the compressed files depend on zlib's version; what they hold does not.
    for name in tool["CHECKSUMS"]:
        made, shipped = (idx.read_idx(place / f"{name}.gz") for place in (tmp_path, FOLDER))
        np.testing.assert_array_equal(made, shipped)
    with pytest.raises(SystemExit, match="t10k-labels-idx1-ubyte has SHA-256 e3b0c44298fc"):
        tool["main"](tmp_path, tmp_path)
