"""CIFAR-10's binary files."""

import gzip
import hashlib
import io
import tarfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.data import cifar
from striate.errors import DataError, OutOfMemoryError


def records(*labels):
    """Write records in which every channel, row and column has other pixels."""
    channel, row, column = np.indices((3, 32, 32))
    planes = (channel * 64 + row + column % 2 * 32).astype(np.uint8).tobytes()
    return b"".join(bytes([label]) + planes for label in labels)


def archive(folder, **files):
    """Write an archive as it is published; return its path and checksum."""
    path = folder / cifar.ARCHIVE
    with tarfile.open(path, "w:gz") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_pixels_lie_where_the_format_has_them(tmp_path, pack):
    """A record is a label, then the red rows, the green rows, the blue rows."""
    path = tmp_path / "batch.bin"
    path.write_bytes(pack(records(3, 9)))

    x, y = cifar.read_cifar(path)

    assert x.shape == (2, 32, 32, 3)
    assert x.dtype == np.uint8
    assert y.tolist() == [3, 9]
    assert x[1, 5, 1].tolist() == [37, 101, 165]


def test_real_files(shared_data):
    """The subset of CIFAR-10 has the order and the first labels of the original."""
    dataset = cifar.read_folder(shared_data / "cifar10-small")

    assert dataset.x.shape == (4000, 32, 32, 3)
    assert dataset.x_test.shape == (1000, 32, 32, 3)
    assert dataset.y[:8].tolist() == [6, 9, 9, 4, 1, 1, 2, 7]
    assert dataset.y_test[:8].tolist() == [3, 8, 8, 0, 6, 6, 1, 6]
    # The first pixel of the frog: exchanged channels or rows would change it.
    assert dataset.x[0, 0, 0].tolist() == [59, 62, 63]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        records(1, 2)[:-1],
        records(1, 10),
    ],
    ids=["empty", "truncated", "label"],
)
def test_bad_files_are_named(tmp_path, content, message):
    """A file with an incomplete record or another label is refused."""
    path = tmp_path / "batch.bin"
    path.write_bytes(content)

    with pytest.raises(DataError) as error:
        cifar.read_cifar(path)

    message(error)


def test_files_made_to_burst_are_refused(tmp_path, monkeypatch, message):
    """A compressed file is unpacked up to a limit that no data set reaches, and no further."""
    monkeypatch.setattr(cifar, "_MOST_RECORDS", 2)
    path = tmp_path / "batch.bin.gz"
    path.write_bytes(gzip.compress(bytes(1 << 20)))

    with pytest.raises(DataError) as error:
        cifar.read_cifar(path)

    message(error)


def test_a_folder_of_batches(tmp_path):
    """Files with `test` in their name are the test set, the others the training set."""
    inner = tmp_path / "cifar-10-batches-bin"
    inner.mkdir()
    (inner / "data_batch_2.bin").write_bytes(records(2))
    (inner / "data_batch_1.bin.gz").write_bytes(gzip.compress(records(1, 1)))
    (inner / "test_batch.bin").write_bytes(records(5))
    (inner / "batches.meta.txt").write_text("airplane\n")

    dataset = cifar.read_folder(tmp_path)

    assert dataset.y.tolist() == [1, 1, 2]
    assert dataset.y_test.tolist() == [5]
    assert dataset.classes == cifar.CLASSES


def test_a_folder_without_batches_is_named(tmp_path, message):
    """A folder without such files is refused."""
    with pytest.raises(DataError) as error:
        cifar.read_folder(tmp_path)

    message(error)


def test_the_archive_is_read_as_it_is(tmp_path):
    """The published archive is read without unpacking it."""
    path, checksum = archive(
        tmp_path, test_batch=records(5), data_batch_2=records(2), data_batch_1=records(1)
    )

    dataset = cifar.read_archive(path, checksum)

    assert dataset.y.tolist() == [1, 2]
    assert dataset.y_test.tolist() == [5]


def test_another_archive_is_not_opened(tmp_path):
    """An archive with another checksum is refused before it is unpacked."""
    path, checksum = archive(tmp_path, data_batch_1=records(1))

    with pytest.raises(DataError) as error:
        cifar.read_archive(path, "0" * 64)

    assert str(error.value) == (
        f"{path} has the SHA-256 checksum {checksum}; the published archive has {'0' * 64}. Remove "
        "the file, so that it is downloaded again, or unpack it in its folder if you trust it."
    )


def test_memory_is_checked_while_a_file_is_unpacked(tmp_path, monkeypatch, message):
    """A compressed file that grows beyond the memory is refused before it fills it."""
    path = tmp_path / "batch.bin.gz"
    path.write_bytes(gzip.compress(records(*[1] * 100), 1))
    monkeypatch.setattr("striate.data.streams._UNCHECKED", 1 << 16)
    monkeypatch.setattr("striate.data.streams.PIECE", 1 << 15)
    monkeypatch.setattr("striate.data.allocation.available", lambda: 1 << 18)

    with pytest.raises(OutOfMemoryError) as error:
        cifar.read_cifar(path)

    message(error)


@given(start=st.sampled_from([b"", b"\x1f\x8b\x08\0"]), rest=st.binary(max_size=60))
def test_random_bytes_are_refused(tmp_path_factory, start, rest):
    """Fewer bytes than a record are always a DataError."""
    path = tmp_path_factory.getbasetemp() / "random.bin"
    path.write_bytes(start + rest)

    with pytest.raises(DataError):
        cifar.read_cifar(path)
