"""IDX files: what is read, and what is said about files that cannot be."""

import contextlib
import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.data import idx
from striate.errors import DataError, OptionError

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
    """What is written is read again, in each of the format's types, gzip'd or not."""
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
    """MNIST's own files are read: 60,000 and 10,000 images, and the first labels."""
    dataset = idx.read_folder(shared_data / "mnist")

    assert dataset.x.shape == (60000, 28, 28, 1)
    assert dataset.x_test.shape == (10000, 28, 28, 1)
    assert dataset.x.dtype == np.uint8
    assert dataset.y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert dataset.classes == tuple("0123456789")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"",
            (
                "{path} does not begin as an IDX file does: its first bytes are missing. They "
                "must be 00 00, a type (08, 09, 0b, 0c, 0d, 0e) and the number of axes (1 to 8). "
                "Check that this is the right file, or download it again."
            ),
        ),
        (
            b"\0\0\x07\x03",
            (
                "{path} does not begin as an IDX file does: its first bytes are 00 00 07 03. "
                "They must be 00 00, a type (08, 09, 0b, 0c, 0d, 0e) and the number of axes (1 "
                "to 8). Check that this is the right file, or download it again."
            ),
        ),
        (
            header(3, 4, 5)[:9],
            (
                "{path} ends within its header, after 9 bytes. "
                "A file of 3 axes has a header of 16 bytes. Copy or download the file again."
            ),
        ),
        (
            header(3, 4, 5) + bytes(59),
            (
                "{path} holds 59 bytes of data, but its header asks for 60 (3 x 4 x 5 x 1). "
                "An IDX file holds exactly the values that its header counts. "
                "Copy or download the file again."
            ),
        ),
        (
            header(3, 4, code=0x0E) + bytes(97),
            (
                "{path} holds more than 96 bytes of data, but its header asks for 96 (3 x 4 x 8). "
                "An IDX file holds exactly the values that its header counts. "
                "Copy or download the file again."
            ),
        ),
        (
            header(2**32 - 1, 2**32 - 1) + bytes(50),
            (
                "{path} cannot hold 18446744065119617025 bytes of data, but its header asks for "
                "18446744065119617025 (4294967295 x 4294967295 x 1). "
                "An IDX file holds exactly the values that its header counts. "
                "Copy or download the file again."
            ),
        ),
    ],
    ids=["empty", "magic", "header", "truncated", "oversized", "lying"],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_bad_files_are_named(tmp_path, content, message, pack):
    """A file that is not what its header says is refused, with the numbers."""
    path = tmp_path / "file"
    path.write_bytes(pack(content))

    with pytest.raises(DataError) as error:
        idx.read_idx(path)

    assert str(error.value) == message.format(path=path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda content: content[:-9],
            (
                "{path} ends in the middle of its compressed data. "
                "A gzip file ends with a checksum of its content. Copy or download the file again."
            ),
        ),
        (
            lambda content: content[:-8] + bytes(4) + content[-4:],
            (
                "{path} has damaged compressed data (CRC check failed 0x0 != 0xef6bec0a). "
                "A gzip file carries a checksum of its content, and it must agree. "
                "Copy or download the file again."
            ),
        ),
    ],
    ids=["truncated", "checksum"],
)
def test_damaged_compression_is_named(tmp_path, spoil, message):
    """A gzip file that was cut short or changed is refused."""
    path = tmp_path / "file.gz"
    path.write_bytes(spoil(gzip.compress(header(3, 4, 5) + bytes(60), mtime=0)))

    with pytest.raises(DataError) as error:
        idx.read_idx(path)

    assert str(error.value) == message.format(path=path)


def test_no_more_is_unpacked_than_the_header_says(tmp_path, monkeypatch):
    """A gzip file that would grow to a gigabyte behind an honest-looking header is left packed."""
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
    with pytest.raises(DataError, match=r"holds more than 60 bytes"):
        idx.read_idx(path)

    assert unpacked == 16 + 60 + 1


def test_a_missing_file_is_named(tmp_path):
    """A file that is not there is named, with the system's reason."""
    with pytest.raises(DataError) as error:
        idx.read_idx(tmp_path / "none")

    assert str(error.value) == (
        f"{tmp_path / 'none'} could not be read: No such file or directory. "
        "Data are read from files that exist and that you may read. "
        "Check the path and its permissions."
    )


def test_types_without_a_code_are_refused(tmp_path):
    """An array of a type that the format lacks is not written."""
    with pytest.raises(OptionError) as error:
        idx.write_idx(tmp_path / "file", np.zeros(3, np.int64))

    assert str(error.value) == (
        "An array of 1 axes and type int64 has no place in an IDX file. The format has uint8, "
        "int8, int16, int32, float32, float64 and 1 to 8 axes. Convert it first."
    )
    assert not list(tmp_path.iterdir())


def test_a_folder_of_two_pairs(tmp_path):
    """The pair with `train` in its name is the training part, the one with `t10k` the test part."""
    x, x_test = write_pair(tmp_path), write_pair(tmp_path, "t10k", count=2)

    dataset = idx.read_folder(tmp_path)

    np.testing.assert_array_equal(dataset.x[..., 0], x)
    np.testing.assert_array_equal(dataset.x_test[..., 0], x_test)
    assert dataset.y.tolist() == [0, 1, 0, 1]


def test_one_file_of_a_pair(tmp_path):
    """The path of the images or of the labels gives that pair alone."""
    x_test = write_pair(tmp_path, "t10k")
    write_pair(tmp_path)

    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        dataset = idx.read_file(tmp_path / name)

        np.testing.assert_array_equal(dataset.x[..., 0], x_test)
        assert len(dataset.x_test) == 0


def test_a_lone_file_is_named(tmp_path):
    """Images without labels are refused."""
    write_pair(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    path = tmp_path / "train-images-idx3-ubyte.gz"

    with pytest.raises(DataError) as error:
        idx.read_file(path)

    assert str(error.value) == (
        f"{path} has no partner in its folder. Images and labels are two IDX files whose names "
        "differ only in 'images' and 'labels' (and idx3 and idx1), such as train-images-idx3-ubyte "
        "and train-labels-idx1-ubyte. Put the other file beside it."
    )


def test_several_training_pairs_are_named(tmp_path):
    """Where it is open which files are meant, nothing is guessed."""
    write_pair(tmp_path, "letters-train")
    write_pair(tmp_path, "balanced-train")

    with pytest.raises(DataError) as error:
        idx.read_folder(tmp_path)

    assert str(error.value) == (
        f"{tmp_path} has 2 training and 0 test pairs of IDX files (images: "
        "balanced-train-images-idx3-ubyte.gz, letters-train-images-idx3-ubyte.gz). "
        "A folder holds one pair for training and at most one for testing, which has 'test' or "
        "'t10k' in its name. Give the path of one file instead."
    )


def test_other_counts_are_named(tmp_path):
    """Images and labels of different number do not belong together."""
    write_pair(tmp_path)
    idx.write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.zeros(3, np.uint8))

    with pytest.raises(DataError) as error:
        idx.read_folder(tmp_path)

    assert str(error.value) == (
        f"{tmp_path / 'train-images-idx3-ubyte.gz'} has 4 images, but "
        f"{tmp_path / 'train-labels-idx1-ubyte.gz'} has 3 labels. "
        "Each image has one label. Check that the two belong together."
    )


@given(
    start=st.sampled_from([b"", b"\0\0", header(2, 2), header(1, code=0x0D), b"\x1f\x8b\x08\0"]),
    rest=st.binary(max_size=60),
)
def test_random_bytes_end_in_an_array_or_a_striate_error(tmp_path_factory, start, rest):
    """Whatever is in a file, reading it gives an array or a DataError."""
    path = tmp_path_factory.getbasetemp() / "random.idx"
    path.write_bytes(start + rest)

    found = np.empty(0)
    with contextlib.suppress(DataError):
        found = idx.read_idx(path)

    assert found.nbytes <= len(start + rest)
