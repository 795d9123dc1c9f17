"""IDX files: their values, and the errors for damaged ones."""

import contextlib
import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.data import idx
from striate.errors import DataError, OptionError, OutOfMemoryError

VALUES = np.arange(3 * 4 * 5).reshape(3, 4, 5)


def header(*lengths, code=8):
    """Write the header of an IDX file."""
    return bytes([0, 0, code, len(lengths)]) + struct.pack(f">{len(lengths)}I", *lengths)


def write_pair(folder, part="train", count=4):
    """Write a pair of images and labels."""
    x = np.arange(count * 6, dtype=np.uint8).reshape(count, 2, 3)
    idx.write_idx(folder / f"{part}-images-idx3-ubyte.gz", x)
    idx.write_idx(folder / f"{part}-labels-idx1-ubyte.gz", np.arange(count, dtype=np.uint8) % 2)
    return x


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("name", ["values", "values.gz"])
def test_every_type_comes_back(tmp_path, name, dtype):
    """A written array is read back exactly, in each of the format's types, compressed or not."""
    values = VALUES.astype(dtype)

    idx.write_idx(tmp_path / name, values)
    found = idx.read_idx(tmp_path / name)

    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)


def test_bytes_are_those_of_the_format(tmp_path):
    """A file is two zeros, type, number of axes, lengths and values, the largest byte first."""
    idx.write_idx(tmp_path / "values", np.array([[1, -2]], np.int16))

    content = (tmp_path / "values").read_bytes()

    assert content.hex(" ") == "00 00 0b 02 00 00 00 01 00 00 00 02 00 01 ff fe"


def test_compressed_files_are_reproducible(tmp_path):
    """Neither the time nor the name of the file is in its bytes."""
    for name in ("one.gz", "another.gz"):
        idx.write_idx(tmp_path / name, VALUES.astype(np.uint8))

    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "another.gz").read_bytes()
    assert (tmp_path / "one.gz").read_bytes()[4:8] == bytes(4)  # the header's time


def test_real_files(shared_data):
    """MNIST's files hold 60,000 and 10,000 images, and known first labels."""
    dataset = idx.read_folder(shared_data / "mnist")

    assert dataset.x.shape == (60000, 28, 28, 1)
    assert dataset.x_test.shape == (10000, 28, 28, 1)
    assert dataset.x.dtype == np.uint8
    assert dataset.y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert dataset.classes == tuple(range(10))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\x07\x03",
        header(3, 4, 5)[:9],
        header(3, 4, 5) + bytes(59),
        header(3, 4, code=0x0E) + bytes(97),
        header(2**32 - 1, 2**32 - 1) + bytes(50),
    ],
    ids=["empty", "magic", "header", "truncated", "oversized", "lying"],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_bad_files_are_named(tmp_path, content, message, pack):
    """A file that contradicts its header is refused, with the numbers."""
    path = tmp_path / "file"
    path.write_bytes(pack(content))

    with pytest.raises(DataError) as error:
        idx.read_idx(path)

    message(error)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-9],
        lambda content: content[:-8] + bytes(4) + content[-4:],
    ],
    ids=["truncated", "checksum"],
)
def test_damaged_compression_is_named(tmp_path, spoil, message):
    """A gzip file that was cut short or changed is refused."""
    path = tmp_path / "file.gz"
    path.write_bytes(spoil(gzip.compress(header(3, 4, 5) + bytes(60), mtime=0)))

    with pytest.raises(DataError) as error:
        idx.read_idx(path)

    message(error)


def test_no_more_is_unpacked_than_the_header_says(tmp_path, monkeypatch):
    """A gzip file of a gigabyte with a small array in its header is not unpacked."""
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(header(3, 4, 5)) + gzip.compress(bytes(1 << 20)) * 1000)
    unpacked = 0
    read = gzip.GzipFile.read

    def count(self, size=-1):
        nonlocal unpacked
        content = read(self, size)
        unpacked += len(content)
        return content

    monkeypatch.setattr(gzip.GzipFile, "read", count)
    with pytest.raises(DataError, match=r"60 bytes, but more follow it"):
        idx.read_idx(path)

    assert unpacked == 16 + 60 + 1


def test_more_than_the_memory_is_refused(tmp_path, monkeypatch, message):
    """The memory that the header asks for is compared with what is available."""
    path = tmp_path / "file"
    path.write_bytes(header(3, 1000, 1000) + bytes(3_000_000))
    monkeypatch.setattr("striate.data.allocation.available", lambda: 1 << 20)

    with pytest.raises(OutOfMemoryError) as error:
        idx.read_idx(path)

    message(error)


def test_a_missing_file_is_named(tmp_path, message):
    """A missing file is named, with the system's reason."""
    with pytest.raises(DataError) as error:
        idx.read_idx(tmp_path / "none")

    message(error)


def test_types_without_a_code_are_refused(tmp_path, message):
    """An array of a type that the format lacks is not written."""
    with pytest.raises(OptionError) as error:
        idx.write_idx(tmp_path / "file", np.zeros(3, np.int64))

    message(error)
    assert not list(tmp_path.iterdir())


def test_a_folder_of_two_pairs(tmp_path):
    """The pair with `train` in its name is the training set, the one with `t10k` the test set."""
    x, x_test = write_pair(tmp_path), write_pair(tmp_path, "t10k", count=2)

    dataset = idx.read_folder(tmp_path)

    np.testing.assert_array_equal(dataset.x[..., 0], x)
    np.testing.assert_array_equal(dataset.x_test[..., 0], x_test)
    assert dataset.y.tolist() == [0, 1, 0, 1]


def test_one_file_of_a_pair(tmp_path):
    """The path of the images or of the labels opens only that pair."""
    x_test = write_pair(tmp_path, "t10k")
    write_pair(tmp_path)

    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        dataset = idx.read_file(tmp_path / name)

        np.testing.assert_array_equal(dataset.x[..., 0], x_test)
        assert len(dataset.x_test) == 0


def test_a_lone_file_is_named(tmp_path, message):
    """Images without labels are refused."""
    write_pair(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    path = tmp_path / "train-images-idx3-ubyte.gz"

    with pytest.raises(DataError) as error:
        idx.read_file(path)

    message(error)


def test_several_training_pairs_are_named(tmp_path, message):
    """If there are several training pairs, none is chosen."""
    write_pair(tmp_path, "letters-train")
    write_pair(tmp_path, "balanced-train")

    with pytest.raises(DataError) as error:
        idx.read_folder(tmp_path)

    message(error)


def test_other_counts_are_named(tmp_path, message):
    """Images and labels must have the same number."""
    write_pair(tmp_path)
    idx.write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.zeros(3, np.uint8))

    with pytest.raises(DataError) as error:
        idx.read_folder(tmp_path)

    message(error)


@given(
    start=st.sampled_from([b"", b"\0\0", header(2, 2), header(1, code=0x0D), b"\x1f\x8b\x08\0"]),
    rest=st.binary(max_size=60),
)
def test_random_bytes_end_in_an_array_or_a_striate_error(tmp_path_factory, start, rest):
    """Reading random bytes gives an array or a DataError."""
    path = tmp_path_factory.getbasetemp() / "random.idx"
    path.write_bytes(start + rest)

    found = np.empty(0)
    with contextlib.suppress(DataError):
        found = idx.read_idx(path)

    assert found.nbytes <= len(start + rest)
