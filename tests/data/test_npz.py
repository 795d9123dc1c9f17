"""NumPy's .npz files."""

import contextlib
import io
import pickle
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.data import npz
from striate.errors import DataError

X = np.arange(6 * 4 * 5, dtype=np.uint8).reshape(6, 4, 5)
Y = np.array([0, 1, 2, 0, 1, 2])


def entry(values, header=None):
    """Write one array, with its own header or a lying one."""
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
    """The usual names are known, with a test part, in upper or lower case."""
    path = tmp_path / "data.npz"
    save(path, **dict(zip(names, (X, Y, X[:2], Y[:2]), strict=True)))

    dataset = npz.read_file(path)

    np.testing.assert_array_equal(dataset.x, X[..., np.newaxis])
    np.testing.assert_array_equal(dataset.y_test, Y[:2])
    assert dataset.classes == ("0", "1", "2")


def test_without_a_test_part(tmp_path):
    """Images and labels alone are a training part."""
    np.savez(tmp_path / "data.npz", x=X, y=Y)

    dataset = npz.read_file(tmp_path / "data.npz")

    assert dataset.x.shape == (6, 4, 5, 1)
    assert dataset.x_test.shape == (0, 4, 5, 1)


def test_texts_name_the_classes(tmp_path):
    """Labels that are texts are numbered in alphabetical order, in both parts alike."""
    np.savez(tmp_path / "data.npz", x=X[:3], y=["cat", "ant", "bee"], x_test=X[:1], y_test=["cat"])

    dataset = npz.read_file(tmp_path / "data.npz")

    assert dataset.classes == ("ant", "bee", "cat")
    assert dataset.y.tolist() == [2, 0, 1]
    assert dataset.y_test.tolist() == [2]


def test_an_array_of_names(tmp_path):
    """An array `classes` names the classes of numbered labels."""
    np.savez(tmp_path / "data.npz", x=X, y=Y, classes=["ant", "bee", "cat", "dog"])

    assert npz.read_file(tmp_path / "data.npz").classes == ("ant", "bee", "cat", "dog")


def test_float_targets_stay_numbers(tmp_path):
    """Floats are targets, not labels: they become float32 and have no classes."""
    np.savez(tmp_path / "data.npz", x=X / 255, y=Y / 2)

    dataset = npz.read_file(tmp_path / "data.npz")

    assert dataset.x.dtype == np.float32
    assert dataset.y.dtype == np.float32
    assert dataset.y.tolist() == [0, 0.5, 1, 0, 0.5, 1]
    assert dataset.classes == ()


@pytest.mark.parametrize("values", [np.asfortranarray(X), X.astype(">i4"), X.astype(">f8")])
def test_every_layout_in_memory_is_read(tmp_path, values):
    """The order of the axes in memory and of the bytes in a number make no difference."""
    np.savez(tmp_path / "data.npz", x=values)

    found = npz.read_npz(tmp_path / "data.npz")["x"]

    assert found.dtype.isnative
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, X)


class Evil:
    """What a pickle may do when it is loaded."""

    def __reduce__(self):
        return (pytest.fail, ("a data file ran code",))


def test_pickled_objects_are_refused_and_not_run(tmp_path):
    """An array of objects is refused by its header; what it says is never done."""
    content = pickle.dumps(np.array([Evil()], dtype=object))
    path = pack(
        tmp_path / "data.npz",
        x=entry(X),
        y=entry(content, {"descr": "|O", "fortran_order": False, "shape": (6,)}),
    )

    with pytest.raises(DataError) as error:
        npz.read_file(path)

    assert str(error.value) == (
        f"{path}, array 'y', holds pickled objects. striate reads truth values, numbers and texts, "
        "and never runs what a data file says. Save it again as an array of numbers."
    )


@pytest.mark.parametrize("shape", [(6, 4, 6), (1 << 40, 4, 5), (-6, -4, 5)])
def test_headers_that_lie_are_refused(tmp_path, shape):
    """A header that claims more, or less than nothing, is refused before memory is taken."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    path = pack(tmp_path / "data.npz", x=entry(X.tobytes(), header), y=entry(Y))

    with pytest.raises(DataError) as error:
        npz.read_file(path)

    product = f"{shape[0]} x {shape[1]} x {shape[2]} x 1"
    assert str(error.value) == (
        f"{path}, array 'x', holds 120 bytes of data, but its header asks for "
        f"{shape[0] * shape[1] * shape[2]} ({product}). "
        "An array holds exactly the values that its header counts. "
        "Copy, download or save the file again."
    )


def test_an_archive_that_claims_too_much_is_refused(tmp_path):
    """An entry whose claimed size is beyond what deflate can do is not unpacked."""
    path = pack(tmp_path / "data.npz", zipfile.ZIP_DEFLATED, x=entry(X), y=entry(Y))
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02")
    stored = int.from_bytes(content[place + 20 : place + 24], "little")
    content[place + 24 : place + 28] = (1 << 31).to_bytes(4, "little")
    path.write_bytes(content)

    with pytest.raises(DataError) as error:
        npz.read_file(path)

    assert str(error.value) == (
        f"{path}, array 'x', claims 2147483648 bytes, but is stored in {stored}. "
        "Deflated data grow by 1032 at most. Copy, download or save the file again."
    )


def test_other_compression_is_refused(tmp_path):
    """Only what NumPy writes is unpacked; bzip2 and LZMA could burst."""
    path = pack(tmp_path / "data.npz", zipfile.ZIP_BZIP2, x=entry(X), y=entry(Y))

    with pytest.raises(DataError) as error:
        npz.read_file(path)

    assert str(error.value) == (
        f"{path}, array 'x', is compressed by method 12. Arrays are stored (0) or deflated (8). "
        "Save the file again with numpy.savez_compressed."
    )


def test_truncated_and_changed_files_are_named(tmp_path):
    """A file that was cut short, or in which a byte changed, is refused."""
    path = tmp_path / "data.npz"
    np.savez(path, x=X, y=Y)
    content = path.read_bytes()
    ending = (
        "An .npz file is a zip archive of .npy files, each with a header and a checksum. "
        "Copy, download or save the file again."
    )

    for spoilt, reason in (
        (content[:-30], "File is not a zip file"),
        (content.replace(X.tobytes()[:9], bytes(9)), "Bad CRC-32 for file 'x.npy'"),
    ):
        path.write_bytes(spoilt)
        with pytest.raises(DataError) as error:
            npz.read_file(path)

        assert str(error.value) == f"{path} is damaged: {reason}. {ending}"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"pixels": X, "y": Y},
            (
                "{path} has the arrays pixels, y. Images and labels are looked for under these "
                "names: x_train and y_train; train_images and train_labels; x and y; images and "
                "labels. Save them under one of these pairs with numpy.savez."
            ),
        ),
        (
            {"x": X, "X": X, "y": Y},
            (
                "{path} has two arrays called 'x'. Case is ignored in names. "
                "Save the file again with different names."
            ),
        ),
        (
            {"x": X, "y": Y[:5]},
            (
                "{path}, array 'x', has 6 images, but array 'y' has 5 labels. "
                "Each image has one label. Check that the two belong together."
            ),
        ),
        (
            {"x": X, "y": Y, "classes": np.array(["ant", "bee"])},
            (
                "{path} names 2 classes, but has labels up to 2. Each label from 0 has a name. "
                "Add the missing names, or leave all of them out."
            ),
        ),
        (
            {"x": X, "y": Y, "x_test": X[:, :3], "y_test": Y},
            (
                "{path} has training images of 4 x 5 x 1 uint8, but test images of 3 x 5 x 1 "
                "uint8. A network takes images of one size and type. Bring them to one size and "
                "type and save them again."
            ),
        ),
        (
            {"x": X, "y": Y, "x_test": X, "y_test": Y / 2},
            (
                "{path} has training labels of shape (6,) and type int64, but test labels of "
                "shape (6,) and type float32. Both parts have labels of one kind. Save them "
                "alike."
            ),
        ),
    ],
    ids=["names", "twice", "counts", "classes", "sizes", "labels"],
)
def test_arrays_that_do_not_fit_are_named(tmp_path, arrays, message):
    """Arrays that are missing or do not belong together are refused, with their names."""
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)

    with pytest.raises(DataError) as error:
        npz.read_file(path)

    assert str(error.value) == message.format(path=path)


def test_a_missing_file_is_named(tmp_path):
    """A file that is not there is named, with the system's reason."""
    with pytest.raises(DataError) as error:
        npz.read_npz(tmp_path / "none.npz")

    assert str(error.value) == (
        f"{tmp_path / 'none.npz'} could not be read: No such file or directory. "
        "Data are read from files that exist and that you may read. "
        "Check the path and its permissions."
    )


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
