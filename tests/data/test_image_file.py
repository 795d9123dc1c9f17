"""Images in a file: indexed like an array, and read only then."""

import copy
import pickle

import numpy as np
import pytest

from striate.data.image_file import ImageFile, extremes_of, joined, part_of, parts_of
from striate.errors import DataError


@pytest.fixture(params=[np.uint8, np.uint16])
def stored(request, tmp_path):
    """Images, and the same images in a file."""
    most = np.iinfo(request.param).max
    images = np.random.default_rng(0).integers(1, most, (700, 5, 4, 3), request.param)
    path = tmp_path / "pixels"
    path.write_bytes(images.tobytes())
    return images, ImageFile(path, images.shape, images.dtype)


MASK = np.arange(700) % 3 == 0


@pytest.mark.parametrize(
    "key",
    [
        0,
        -1,
        np.int64(7),
        slice(3, 9),
        slice(None, None, -1),
        slice(5, 5),
        [4, 5, 6, 2, 3, 3],
        np.array([699, 0]),
        np.array([], int),
        MASK,
        ...,
        (2, 1, 3),
        (slice(2, 5), 1),
        (..., 0),
        ([3, 1], slice(None), 0, 0),
    ],
    ids=repr,
)
def test_indices_are_those_of_an_array(stored, key):
    """Every index reads the same pixels as from an array."""
    images, x = stored

    assert np.array_equal(x[key], images[key])
    assert x[key].dtype == images.dtype


@pytest.mark.parametrize("key", [700, -701, [0, 700]])
def test_an_image_that_is_not_there(stored, key):
    """An index out of range is an IndexError, as for an array; so a loop over all images ends."""
    images, x = stored
    with pytest.raises(IndexError):
        x[key]

    assert sum(1 for _ in x) == len(images)


def test_the_attributes_of_an_array(stored):
    """It has the shape, type and size of the array."""
    images, x = stored
    for name in ("shape", "ndim", "size", "dtype", "nbytes"):
        assert getattr(x, name) == getattr(images, name)
    assert len(x) == len(images)
    assert repr(x) == f"ImageFile(700 images of 5 x 4 x 3, {images.dtype})"


def test_all_images_become_an_array(stored):
    """NumPy makes an array of it, of another type on request, but not without reading."""
    images, x = stored

    assert np.array_equal(np.asarray(x), images)
    assert np.asarray(x, np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="without reading"):
        np.array(x, copy=False)


def test_parts_read_nothing(stored):
    """A part selects images of the file without reading them, and can be divided again."""
    images, x = stored
    x.path.unlink()  # it stays open
    part = part_of(x, MASK)

    assert isinstance(part, ImageFile)
    assert np.array_equal(part, images[MASK])
    assert np.array_equal(part.part([2, 0]), images[MASK][[2, 0]])
    assert np.array_equal(part_of(images, MASK), images[MASK])


def test_parts_are_joined(stored):
    """Two parts of a file become one again."""
    images, x = stored
    both = joined(x.part(~MASK), x.part(MASK))

    assert isinstance(both, ImageFile)
    assert np.array_equal(both, np.concatenate([images[~MASK], images[MASK]]))


def test_pieces_are_those_of_an_array(stored):
    """A pass through the images in pieces has the same pieces for an array."""
    images, x = stored
    pieces = list(parts_of(x))

    assert [len(piece) for piece in pieces] == [len(piece) for piece in parts_of(images)]
    assert max(map(len, pieces)) <= 256
    assert np.array_equal(np.concatenate(pieces), images)


def test_the_range_is_that_of_the_part(stored):
    """The smallest and largest value are those of the images that are selected."""
    images, x = stored

    assert extremes_of(x) == (images.min(), images.max())
    assert extremes_of(x.part([3, 1])) == (images[[3, 1]].min(), images[[3, 1]].max())


def test_copies_open_the_file_again(stored):
    """A copy, also in another process, reads the same images."""
    images, x = stored
    for other in (copy.deepcopy(x), pickle.loads(pickle.dumps(x.part([5, 2])))):
        assert np.array_equal(other, images if len(other) == 700 else images[[5, 2]])


def test_a_file_of_another_size(tmp_path):
    """A file that is too short or too long is an error when it is opened, and when it shrinks."""
    path = tmp_path / "pixels"
    path.write_bytes(bytes(99))
    with pytest.raises(DataError, match=r"pixels has 99 bytes; expected 100\. Remove it"):
        ImageFile(path, (25, 2, 2, 1), np.uint8)
    path.write_bytes(bytes(100))
    x = ImageFile(path, (25, 2, 2, 1), np.uint8)
    path.write_bytes(bytes(50))
    with pytest.raises(DataError, match="became shorter while it was read"):
        x[20]


def test_a_file_that_is_not_there(tmp_path):
    """A missing file is an error of striate."""
    with pytest.raises(DataError, match=r"^Cannot read .*: no such file or directory\. Open"):
        ImageFile(tmp_path / "none", (1, 2, 2, 1), np.uint8)


def test_a_system_without_reads_at_a_place(stored, monkeypatch):
    """Where the system cannot read at a place in a file, it is read from its position."""
    images, x = stored
    monkeypatch.delattr("os.preadv")
    monkeypatch.delattr("os.posix_fadvise")

    assert np.array_equal(x[MASK], images[MASK])
