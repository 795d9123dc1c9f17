"""Decoded pictures on disk: when they are used, found again, and removed."""

import os
import shutil
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

import striate as st
from striate.data import ImageFile, picture_store, pictures
from striate.data.picture_store import PictureStore
from striate.errors import CacheError, DataError, OptionError
from striate.files import user_cache


class Usage(NamedTuple):
    """The space of a disk."""

    total: int
    used: int
    free: int


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Use a cache folder of this test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    """Write a folder of 2 x 20 color pictures of several sizes."""
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for k in range(20):
            pixels = random.integers(0, 256, (12 + k % 3, 10, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{k:02}.png")
    return tmp_path / "photos"


@pytest.fixture
def decoded(monkeypatch):
    """List the pictures that were decoded."""
    names = []
    original = pictures._decoded

    def recorded(path, *rest):
        names.append(path.name)
        return original(path, *rest)

    monkeypatch.setattr(pictures, "_decoded", recorded)
    return names


def kept():
    """List the files of decoded pictures."""
    return [path for path, _ in PictureStore().entries()]


def test_the_same_data_set(folder):
    """Images in a file are those in memory, with the same labels, split and files."""
    memory = st.data.open_dataset(folder, size=(8, 6))
    disk = st.data.open_dataset(folder, size=(8, 6), in_memory=False)

    assert isinstance(memory.x, np.ndarray)
    assert isinstance(disk.x, ImageFile)
    for part in ("x", "x_test", "y", "y_test"):
        assert np.array_equal(getattr(disk, part), getattr(memory, part))
    assert disk.files == memory.files
    assert disk.files_test == memory.files_test
    (x, _), (x_test, _) = st.data.load(folder, size=(8, 6), in_memory=False)
    assert np.array_equal(x, memory.x)
    assert np.array_equal(x_test, memory.x_test)


def test_all_parts_are_in_one_file(tmp_path):
    """The training, validation and test sets of a folder are parts of one file."""
    for k, part in enumerate(("train", "val", "test")):
        for name in ("cat", "dog"):
            (tmp_path / "photos" / part / name).mkdir(parents=True)
            for level in range(k + 1):
                pixels = np.full((4, 4), 10 * k + level, np.uint8)
                Image.fromarray(pixels).save(tmp_path / "photos" / part / name / f"{level}.png")
    dataset = st.data.open_dataset(tmp_path / "photos", in_memory=False)

    assert dataset.x[:, 0, 0, 0].tolist() == [0, 0]
    assert dataset.x_validation[:, 0, 0, 0].tolist() == [10, 11, 10, 11]
    assert dataset.x_test[:, 0, 0, 0].tolist() == [20, 21, 22, 20, 21, 22]
    assert dataset.x.path == dataset.x_validation.path == dataset.x_test.path


def test_the_choice_depends_on_the_memory(folder, monkeypatch):
    """Pictures that need more than a quarter of the available memory are kept in a file."""
    need = 40 * 8 * 6 * 3
    monkeypatch.setattr(picture_store, "available", lambda: 4 * need)
    assert isinstance(st.data.open_dataset(folder, size=(8, 6)).x, np.ndarray)
    monkeypatch.setattr(picture_store, "available", lambda: 4 * need - 1)
    dataset = st.data.open_dataset(folder, size=(8, 6))

    assert isinstance(dataset.x, ImageFile)
    assert any(
        note.startswith("The decoded pictures (5.6 KiB) are kept in the file")
        for note in dataset.notes
    )
    assert isinstance(st.data.open_dataset(folder, size=(8, 6), in_memory=True).x, np.ndarray)
    monkeypatch.setattr(picture_store, "available", lambda: None)
    assert isinstance(st.data.open_dataset(folder, size=(8, 6)).x, np.ndarray)


def test_pictures_are_decoded_once(folder, decoded):
    """The file is used again, until a picture, the size or the rule of resizing changes."""
    options = {"size": (8, 6), "in_memory": False}
    first = np.asarray(st.data.open_dataset(folder, **options).x)
    assert len(decoded) == 40
    assert np.array_equal(st.data.open_dataset(folder, **options).x, first)
    assert len(decoded) == 40

    st.data.open_dataset(folder, **options, resize="crop")
    st.data.open_dataset(folder, size=(8, 7), in_memory=False)
    assert len(decoded) == 120
    Image.fromarray(np.zeros((12, 10, 3), np.uint8)).save(folder / "cat" / "00.png")
    st.data.open_dataset(folder, **options)
    os.utime(folder / "cat" / "00.png", ns=(5, 5))
    st.data.open_dataset(folder, **options)
    assert len(decoded) == 200
    (folder / "cat" / "00.png").rename(folder / "cat" / "50.png")
    st.data.open_dataset(folder, **options)
    assert len(decoded) == 240
    assert len(kept()) == 6


def test_pictures_of_16_bits(tmp_path):
    """Deep gray pictures stay uint16 in the file."""
    for k, name in enumerate(("cat", "dog")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        levels = np.full((4, 4), 40_000 + k, np.uint16)
        Image.fromarray(levels).save(tmp_path / "photos" / name / "a.png")
    dataset = st.data.open_dataset(tmp_path / "photos", in_memory=False)

    assert dataset.x.dtype == np.uint16
    assert dataset.x[:, 0, 0, 0].tolist() == [40_000, 40_001]


def test_a_damaged_file_is_replaced(folder, decoded):
    """A file of the wrong size is written again."""
    st.data.open_dataset(folder, in_memory=False)
    kept()[0].write_bytes(b"short")
    st.data.open_dataset(folder, in_memory=False)

    assert len(decoded) == 80


def test_nothing_is_left_of_a_failure(folder, message):
    """A picture that cannot be read is an error, and no file is kept."""
    (folder / "dog" / "07.png").write_bytes(b"not a picture")
    with pytest.raises(DataError) as error:
        st.data.open_dataset(folder, in_memory=False, size=8, channels=3)

    message(error)
    assert not list((user_cache() / "pictures").glob("*"))


def test_a_cut_picture(folder):
    """Nor is one kept if a picture fails in the middle of its pixels."""
    path = folder / "dog" / "07.jpg"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(DataError, match=r"07\.jpg as a picture"):
        st.data.open_dataset(folder, in_memory=False)
    assert list((user_cache() / "pictures").iterdir()) == []


def test_the_least_recently_used_files_are_removed(folder):
    """Beyond the limit, the files that were used least recently make room for a new one."""
    files = sorted(folder.rglob("*.png"))
    store = PictureStore(limit=3 * 40 * 8 * 8 * 3)
    layouts = [pictures.Layout(8, 8, 3, white=white) for white in range(4)]
    found = [store.images(files, layout, resize="fit")[0].path for layout in layouts[:3]]
    for age, path in enumerate(found):
        os.utime(path, ns=(age, age))
    store.images(files, layouts[0], resize="fit")  # used again
    store.images(files, layouts[3], resize="fit")

    assert [path.exists() for path in found] == [True, False, True]
    large = PictureStore(limit=10)
    assert large.images(files, layouts[1], resize="fit")[0].path.exists()
    assert len(large.entries()) == 1


def test_files_in_use_stay_readable(folder):
    """Images can be read after their file was removed from the cache."""
    dataset = st.data.open_dataset(folder, in_memory=False)
    PictureStore().clear()

    assert kept() == []
    assert dataset.x[3].shape == dataset.image_shape


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_only_the_user_may_read_them(folder):
    """Pictures may be private: neither the folder nor its files are open to other users."""
    st.data.open_dataset(folder, in_memory=False)

    assert (user_cache() / "pictures").stat().st_mode & 0o077 == 0
    assert kept()[0].stat().st_mode & 0o077 == 0


def test_a_disk_that_is_too_small(folder, monkeypatch, message):
    """Too little space is an error before the first picture is decoded."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 30, 1 << 30, 3 << 20))
    with pytest.raises(DataError) as error:
        st.data.open_dataset(folder, in_memory=False, size=(300, 400))

    message(error)


def test_a_folder_that_cannot_be_written(folder, tmp_path, message):
    """A cache folder that cannot be made is an error."""
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(DataError) as error:
        st.data.open_dataset(folder, in_memory=False)

    message(error)


def test_a_user_without_a_home(folder, monkeypatch, message):
    """Without a cache folder, the error says how to name one."""

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(picture_store, "user_cache", homeless)
    with pytest.raises(DataError) as error:
        st.data.open_dataset(folder, in_memory=False)

    message(error)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may remove any file")
def test_a_file_that_cannot_be_removed(folder):
    """Clearing reports a file that cannot be removed."""
    st.data.open_dataset(folder, in_memory=False)
    (user_cache() / "pictures").chmod(0o500)
    with pytest.raises(CacheError, match="Cannot remove the decoded pictures"):
        PictureStore().clear()


def test_data_that_is_not_a_folder_of_pictures(message):
    """Other data has no pictures to decode."""
    with pytest.raises(OptionError) as error:
        st.data.open_dataset("digits", in_memory=False)
    message(error)
    with pytest.raises(OptionError) as error:
        st.data.open_dataset("digits", in_memory="disk")
    message(error)


def test_decoding_is_reported(folder):
    """Progress is reported with the number of pictures that are done, and of all."""
    reports = []
    for in_memory in (True, False):
        st.data.open_dataset(
            folder, in_memory=in_memory, decoding=lambda *counts: reports.append(counts)
        )
        assert reports[-1] == (40, 40)
        reports.clear()
