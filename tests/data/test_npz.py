"""NumPy's .npz files."""

import contextlib
import io
import pickle
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.data import npz
from striate.errors import DataError, OutOfMemoryError

X = np.arange(6 * 4 * 5, dtype=np.uint8).reshape(6, 4, 5)
Y = np.array([0, 1, 2, 0, 1, 2])


def entry(values, header=None):
    """Write one array, with its own header or a false one."""
    stream = io.BytesIO()
    if header is None:
        np.lib.format.write_array(stream, values)
    else:
        np.lib.format.write_array_header_1_0(stream, header)
        stream.write(values)
    return stream.getvalue()


def pack(path, compression=zipfile.ZIP_STORED, **entries):
    """Write a zip archive of entries."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "names",
    [
        ("x", "y", "x_test", "y_test"),
        ("x_train", "y_train", "x_test", "y_test"),
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("images", "labels", "test_images", "test_labels"),
        ("train_images", "train_labels", "test_images", "test_labels"),
    ],
)
def test_images_and_labels_are_found_by_their_names(tmp_path, save, names):
    """The usual names of arrays are read, with a test set, in upper or lower case."""
    path = tmp_path / "data.npz"
    save(path, **dict(zip(names, (X, Y, X[:2], Y[:2]), strict=True)))

    dataset = npz.read_file(path)

    np.testing.assert_array_equal(dataset.x, X[..., np.newaxis])
    np.testing.assert_array_equal(dataset.y_test, Y[:2])
    assert dataset.classes == (0, 1, 2)


def test_without_a_test_set(tmp_path):
    """Images and labels alone are a training set."""
    np.savez(tmp_path / "data.npz", x=X, y=Y)

    dataset = npz.read_file(tmp_path / "data.npz")

    assert dataset.x.shape == (6, 4, 5, 1)
    assert dataset.x_test.shape == (0, 4, 5, 1)


def test_words_are_classes(tmp_path):
    """Labels that are words are classes, in alphabetical order, the same in both parts."""
    np.savez(tmp_path / "data.npz", x=X[:3], y=["cat", "ant", "bee"], x_test=X[:1], y_test=["cat"])

    dataset = npz.read_file(tmp_path / "data.npz")

    assert dataset.classes == ("ant", "bee", "cat")
    assert dataset.y.tolist() == [2, 0, 1]
    assert dataset.y_test.tolist() == [2]


def test_labels_keep_their_values(tmp_path):
    """Labels from 1 make no class 0, -1 and 1 stay -1 and 1."""
    np.savez(tmp_path / "one.npz", x=X, y=Y + 1)
    np.savez(tmp_path / "signs.npz", x=X, y=np.where(Y > 1, 1, -1))

    one, signs = (npz.read_file(tmp_path / name) for name in ("one.npz", "signs.npz"))

    assert one.classes == (1, 2, 3)
    assert one.y.tolist() == Y.tolist()
    assert signs.classes == (-1, 1)
    assert signs.y.tolist() == (Y > 1).astype(int).tolist()


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, bool])
def test_one_hot_rows_are_labels(tmp_path, dtype):
    """Rows with a single one are the labels at its place, not regression targets."""
    np.savez(tmp_path / "data.npz", x=X, y=np.eye(3)[Y].astype(dtype))

    dataset = npz.read_file(tmp_path / "data.npz")

    assert dataset.classes == (0, 1, 2)
    assert dataset.y.tolist() == Y.tolist()


def test_16_bits_stay_16_bits(tmp_path):
    """uint16 images are not cut to 8 bits."""
    np.savez(tmp_path / "data.npz", x=X.astype(np.uint16) * 257, y=Y)

    dataset = npz.read_file(tmp_path / "data.npz")

    assert dataset.x.dtype == np.uint16
    np.testing.assert_array_equal(dataset.x[..., 0], X.astype(int) * 257)


@pytest.mark.parametrize(
    "y",
    [np.array([None] * 6), np.array([0.0, np.nan] * 3), np.array([b"cat", b"dog"] * 3)],
    ids=["None", "NaN", "bytes"],
)
def test_missing_labels_are_refused(tmp_path, y, message):
    """Labels that are None, NaN or bytes are an error of the data, never a raw TypeError."""
    np.savez(tmp_path / "data.npz", x=X, y=y)

    with pytest.raises(DataError) as error:
        npz.read_file(tmp_path / "data.npz")

    message(error)


def test_more_than_the_memory_is_refused(tmp_path, monkeypatch, message):
    """What an array needs is compared with the memory that is available before it is read."""
    np.savez_compressed(tmp_path / "data.npz", x=np.zeros((3, 1000, 1000), np.uint8), y=Y[:3])
    monkeypatch.setattr("striate.data.allocation.available", lambda: 1 << 20)

    with pytest.raises(OutOfMemoryError) as error:
        npz.read_file(tmp_path / "data.npz")

    message(error)


def test_home_is_expanded(tmp_path, monkeypatch):
    """``~`` is the user's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    np.savez(tmp_path / "data.npz", x=X, y=Y)

    assert set(npz.read_npz("~/data.npz")) == {"x", "y"}


def test_an_array_of_names(tmp_path):
    """An array `classes` names the classes whose indices are the labels."""
    np.savez(tmp_path / "data.npz", x=X, y=Y, classes=["ant", "bee", "cat", "dog"])

    assert npz.read_file(tmp_path / "data.npz").classes == ("ant", "bee", "cat", "dog")


def test_float_targets_stay_numbers(tmp_path):
    """Floats are targets, not labels: they become float32, without classes."""
    np.savez(tmp_path / "data.npz", x=X / 255, y=Y / 2)

    dataset = npz.read_file(tmp_path / "data.npz")

    assert dataset.x.dtype == np.float32
    assert dataset.y.dtype == np.float32
    assert dataset.y.tolist() == [0, 0.5, 1, 0, 0.5, 1]
    assert dataset.classes == ()


@pytest.mark.parametrize("values", [np.asfortranarray(X), X.astype(">i4"), X.astype(">f8")])
def test_every_memory_layout_is_read(tmp_path, values):
    """The order of axes in memory and the byte order make no difference."""
    np.savez(tmp_path / "data.npz", x=values)

    found = npz.read_npz(tmp_path / "data.npz")["x"]

    assert found.dtype.isnative
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, X)


class Evil:
    """Code that a pickle may run when it is loaded."""

    def __reduce__(self):
        return (pytest.fail, ("a data file ran code",))


def test_pickled_objects_are_refused_and_not_run(tmp_path, message):
    """An array of objects is refused by its header; its code is never run."""
    content = pickle.dumps(np.array([Evil()], dtype=object))
    path = pack(
        tmp_path / "data.npz",
        x=entry(X),
        y=entry(content, {"descr": "|O", "fortran_order": False, "shape": (6,)}),
    )

    with pytest.raises(DataError) as error:
        npz.read_file(path)

    message(error)


@pytest.mark.parametrize("shape", [(6, 4, 6), (1 << 40, 4, 5), (-6, -4, 5)])
def test_false_headers_are_refused(tmp_path, shape, message):
    """A header that claims more, or less than nothing, is refused before memory is used."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    path = pack(tmp_path / "data.npz", x=entry(X.tobytes(), header), y=entry(Y))

    with pytest.raises(DataError) as error:
        npz.read_file(path)

    message(error)


def test_an_archive_that_claims_too_much_is_refused(tmp_path, message):
    """An entry that claims more than deflate can compress is not unpacked."""
    path = pack(tmp_path / "data.npz", zipfile.ZIP_DEFLATED, x=entry(X), y=entry(Y))
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02")
    content[place + 24 : place + 28] = (1 << 31).to_bytes(4, "little")
    path.write_bytes(content)

    with pytest.raises(DataError) as error:
        npz.read_file(path)

    message(error)


def test_other_compression_is_refused(tmp_path, message):
    """Only what NumPy writes is unpacked; bzip2 and LZMA could be bombs."""
    path = pack(tmp_path / "data.npz", zipfile.ZIP_BZIP2, x=entry(X), y=entry(Y))

    with pytest.raises(DataError) as error:
        npz.read_file(path)

    message(error)


def test_truncated_and_changed_files_are_named(tmp_path, message):
    """A file that was cut short, or in which a byte changed, is refused."""
    path = tmp_path / "data.npz"
    np.savez(path, x=X, y=Y)
    content = path.read_bytes()

    for spoiled in (content[:-30], content.replace(X.tobytes()[:9], bytes(9))):
        path.write_bytes(spoiled)
        with pytest.raises(DataError) as error:
            npz.read_file(path)

        message(error)


@pytest.mark.parametrize(
    "arrays",
    [
        {"pixels": X, "y": Y},
        {"x": X, "X": X, "y": Y},
        {"x": X, "y": Y[:5]},
        {"x": X, "y": Y, "classes": np.array(["ant", "bee"])},
        {"x": X, "y": Y, "x_test": X[:, :3], "y_test": Y},
        {"x": X, "y": Y, "x_test": X, "y_test": Y / 2},
    ],
    ids=["names", "twice", "counts", "classes", "sizes", "labels"],
)
def test_arrays_that_do_not_fit_are_named(tmp_path, arrays, message):
    """Arrays that are missing or do not belong together are named."""
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)

    with pytest.raises(DataError) as error:
        npz.read_file(path)

    message(error)


def test_a_missing_file_is_named(tmp_path, message):
    """A missing file is named, with the system's reason."""
    with pytest.raises(DataError) as error:
        npz.read_npz(tmp_path / "none.npz")

    message(error)


@settings(max_examples=300)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 139), st.sampled_from(b"()[]{}'\",:LVUSOfi0129#\\ -\n\0\xff")),
        max_size=4,
    ),
    length=st.integers(0, 140),
)
def test_random_changes_end_in_an_array_or_a_striate_error(tmp_path_factory, changes, length):
    """Whatever is changed in an array's header, reading it gives an array or a DataError."""
    content = bytearray(entry(np.arange(3, dtype="<f4")))
    for place, byte in changes:
        content[place] = byte
    path = pack(tmp_path_factory.getbasetemp() / "random.npz", x=bytes(content[:length]))

    found = np.empty(0)
    with contextlib.suppress(DataError):
        found = npz.read_npz(path)["x"]

    assert found.nbytes <= len(content)


@given(content=st.binary(max_size=100))
def test_random_bytes_hold_no_arrays(tmp_path_factory, content):
    """Random bytes are a DataError, or at most an archive without arrays."""
    path = tmp_path_factory.getbasetemp() / "random.npz"
    path.write_bytes(b"PK\x05\x06" + content)

    arrays = {}
    with contextlib.suppress(DataError):
        arrays = npz.read_npz(path)

    assert arrays == {}


def test_a_deflated_bomb_takes_no_memory_beyond_its_claim(tmp_path):
    """An entry that says it is small, but unpacks to much, fails its checksum."""
    path = pack(tmp_path / "data.npz", zipfile.ZIP_DEFLATED, x=bytes(1 << 20), y=entry(Y))
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02")
    content[place + 24 : place + 28] = (200).to_bytes(4, "little")
    path.write_bytes(content)

    with pytest.raises(DataError) as error:
        npz.read_file(path)

    assert zlib.crc32(bytes(200)) != zlib.crc32(bytes(1 << 20))
    assert str(error.value).startswith(f"{path} is damaged: Bad CRC-32 for file 'x.npy'. ")


@pytest.mark.parametrize(
    ("pixel_axes", "shape", "kept"),
    [
        (1, (6, 20), (20, 1)),
        (1, (6, 20, 3), (20, 3)),
        (1, (6, 4, 27), (4, 27)),
        (2, (6, 4, 5), (4, 5, 1)),
        (2, (6, 4, 5, 7), (4, 5, 7)),
        (3, (6, 4, 5, 7), (4, 5, 7, 1)),
        (3, (6, 4, 5, 7, 2), (4, 5, 7, 2)),
    ],
)
def test_the_number_of_pixel_axes_says_what_the_axes_are(tmp_path, pixel_axes, shape, kept):
    """Signals, images and volumes, with a channel axis or without."""
    path = tmp_path / "data.npz"
    np.savez(path, x=np.zeros(shape), y=Y, pixel_axes=pixel_axes)

    dataset = npz.read_file(path)

    assert dataset.image_shape == kept
    assert dataset.are_pictures == (pixel_axes == 2)


@pytest.mark.parametrize(
    ("name", "arrays"),
    [
        ("pixel-axes-4", {"x": X, "pixel_axes": 4}),
        ("pixel-axes-word", {"x": X, "pixel_axes": "signals"}),
        ("pixel-axes-two", {"x": X, "pixel_axes": [1, 2]}),
        ("pixel-axes-of-signals", {"x": X[..., None], "pixel_axes": 1}),
        ("pixel-axes-of-volumes", {"x": X, "pixel_axes": 3}),
    ],
)
def test_other_pixel_axes_are_refused(tmp_path, monkeypatch, name, arrays, golden):
    """The message names the file, the array, and what the number means."""
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", y=Y, **arrays)

    with pytest.raises(DataError) as error:
        npz.read_file(Path("data.npz"))

    golden(f"messages/npz-{name}", str(error.value))


def test_rows_of_a_length_that_is_not_a_square_are_signals(tmp_path):
    """Rows of 600 numbers can only be signals; rows of 784 may be flattened images."""
    y = np.arange(4) % 2
    np.savez(tmp_path / "signals.npz", x=np.zeros((4, 600)), y=y)
    np.savez(tmp_path / "unclear.npz", x=np.zeros((4, 784)), y=y)

    dataset = npz.read_file(tmp_path / "signals.npz")

    assert dataset.x.shape == (4, 600, 1)
    assert "read as signals" in dataset.notes[0]
    with pytest.raises(DataError, match="For signals, add pixel_axes=1"):
        npz.read_file(tmp_path / "unclear.npz")
