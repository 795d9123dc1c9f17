"""Opening data sets by name and by path."""

import dataclasses
import hashlib
import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from striate.data import NAMES, catalog, idx, load, open_dataset
from striate.data.catalog import KNOWN, RemoteFile
from striate.errors import DataError, OptionError


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """Hide this machine's data and caches."""
    monkeypatch.delenv("STRIATE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def write_mnist(folder, level=0, labels=10):
    """Write a small data set in MNIST's files."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, count in (("train", 3 * labels), ("t10k", labels)):
        x = np.full((count, 6, 6), level, np.uint8)
        idx.write_idx(folder / f"{part}-images-idx3-ubyte.gz", x)
        y = (np.arange(count) % labels).astype(np.uint8)
        idx.write_idx(folder / f"{part}-labels-idx1-ubyte.gz", y)
    return folder


def write_cifar(folder, name="batch", count=20):
    """Write one binary file of CIFAR's format."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.bin"
    path.write_bytes(b"".join(bytes([i % 10]) + bytes(3072) for i in range(count)))
    return path


def write_pictures(folder):
    """Write three pictures of each of two classes."""
    for name in ("ant", "bee"):
        (folder / name).mkdir(parents=True)
        for number in range(3):
            Image.new("L", (5, 4), number).save(folder / name / f"{number}.png")
    return folder


def test_every_name_is_known():
    """The documentation lists these names."""
    assert NAMES == ("digits", "shapes", "mnist", "fashion-mnist", "cifar10")


def test_digits():
    """The digits have their name, their classes and their makers."""
    dataset = open_dataset("digits")

    assert dataset.name == "digits"
    assert dataset.classes == tuple(range(10))
    assert "ShareAlike 3.0" in dataset.notice
    assert repr(dataset) == (
        "Dataset('digits': 5000 training and 1000 test images of 28 x 28 x 1, 10 classes)"
    )


def test_shapes_are_drawn_at_the_size():
    """Shapes have the book's size by default, and depend on the seed."""
    (x, y), (x_test, _) = load("shapes")

    assert x.shape == (2000, 15, 15, 1)
    assert x_test.shape == (400, 15, 15, 1)
    assert np.bincount(y).tolist() == [1000, 1000]
    assert open_dataset("shapes", size=(20, 20)).image_shape == (20, 20, 1)
    assert (open_dataset("shapes", seed=1).x != x).any()


def test_size_and_channels_of_any_data():
    """Images of every source are converted to the size and the channels."""
    dataset = open_dataset("digits", size=32, channels=3)

    assert dataset.x.shape == (5000, 32, 32, 3)
    assert dataset.x_test.shape == (1000, 32, 32, 3)


def test_a_name_is_looked_for_in_the_folder_given(tmp_path):
    """Only the given folder is read."""
    folder = write_mnist(tmp_path / "here", level=9)
    write_mnist(tmp_path / "cache" / "striate" / "data" / "mnist")

    dataset = open_dataset("mnist", folder=folder)

    assert dataset.x.max() == 9
    assert dataset.source == str(folder)


def test_home_in_striate_data_is_expanded(tmp_path, monkeypatch):
    """`~` in STRIATE_DATA is the home folder, also where no shell has expanded it."""
    write_mnist(tmp_path / "data" / "mnist", level=1)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STRIATE_DATA", "~/data")

    assert open_dataset("mnist").x.max() == 1


def test_a_name_is_looked_for_in_striate_data_and_then_in_the_cache(tmp_path, monkeypatch):
    """STRIATE_DATA comes first; if it lacks the data, the cache is read."""
    write_mnist(tmp_path / "data" / "mnist", level=1)
    write_mnist(tmp_path / "cache" / "striate" / "data" / "mnist", level=2)
    write_mnist(tmp_path / "cache" / "striate" / "data" / "fashion-mnist", level=3)
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path / "data"))

    first, second = open_dataset("mnist"), open_dataset("fashion-mnist")

    assert first.x.max() == 1
    assert second.x.max() == 3
    assert second.classes[0] == "T-shirt/top"
    assert "Zalando" in second.notice


def test_a_name_is_downloaded_into_the_cache(tmp_path, monkeypatch):
    """Missing data is downloaded once, checked, and then read from the cache."""
    served = write_mnist(tmp_path / "served", level=4)
    contents = {path.name: path.read_bytes() for path in served.iterdir()}
    files = tuple(
        RemoteFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    )
    small = dataclasses.replace(KNOWN["mnist"], files=files, mirrors=(served.as_uri() + "/",))
    monkeypatch.setitem(catalog.KNOWN, "mnist", small)
    calls = []

    first = open_dataset("mnist", progress=lambda *call: calls.append(call))
    count = len(calls)
    second = open_dataset("mnist", progress=lambda *call: calls.append(call))

    assert count == len(calls) == 4
    assert first.x.max() == second.x.max() == 4
    assert first.source == str(tmp_path / "cache" / "striate" / "data" / "mnist")


def test_what_is_nowhere_says_what_to_put_where(tmp_path, message):
    """Without a download, the error lists the files and where to put them."""
    with pytest.raises(DataError) as error:
        load("mnist", download=False)

    message(error)
    assert not (tmp_path / "cache").exists()


def test_cifar10_is_read_unpacked_or_as_its_archive(tmp_path, monkeypatch):
    """The binary files are read, or the published archive."""
    unpacked, packed = tmp_path / "unpacked", tmp_path / "packed"
    files = [write_cifar(unpacked, "data_batch_1"), write_cifar(unpacked, "test_batch", 10)]
    packed.mkdir()
    archive = packed / "cifar-10-binary.tar.gz"
    with tarfile.open(archive, "w:gz") as out:
        for path in files:
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{path.name}")
            member.size = path.stat().st_size
            out.addfile(member, io.BytesIO(path.read_bytes()))
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    small = dataclasses.replace(
        KNOWN["cifar10"], files=(RemoteFile(archive.name, archive.stat().st_size, checksum),)
    )
    monkeypatch.setitem(catalog.KNOWN, "cifar10", small)

    for folder in (unpacked, packed):
        dataset = open_dataset("cifar10", folder=folder)

        assert len(dataset.x) == 20
        assert len(dataset.x_test) == 10
        assert dataset.classes[6] == "frog"


def test_real_data_by_name(shared_data, monkeypatch):
    """With STRIATE_DATA, MNIST and Fashion-MNIST are opened by name."""
    monkeypatch.setenv("STRIATE_DATA", str(shared_data))

    for name in ("mnist", "fashion-mnist"):
        dataset = open_dataset(name, download=False)

        assert dataset.x.shape == (60000, 28, 28, 1)
        assert dataset.x_test.shape == (10000, 28, 28, 1)
        assert np.bincount(dataset.y_test).shape == (10,)


def test_paths_of_every_kind(tmp_path):
    """Folders of pictures, of IDX and of CIFAR files, and single files are distinguished."""
    np.savez(tmp_path / "data.npz", x=np.zeros((10, 4, 5)), y=np.arange(10) % 2)
    write_mnist(tmp_path / "idx")
    batch = write_cifar(tmp_path / "cifar")
    write_pictures(tmp_path / "pictures")

    shapes = {
        path: open_dataset(path).image_shape
        for path in (
            tmp_path / "data.npz",
            tmp_path / "idx",
            tmp_path / "idx" / "train-images-idx3-ubyte.gz",
            batch,
            batch.parent,
            tmp_path / "pictures",
        )
    }

    assert list(shapes.values()) == [
        (4, 5, 1),
        (6, 6, 1),
        (6, 6, 1),
        (32, 32, 3),
        (32, 32, 3),
        (4, 5, 1),
    ]


def test_pictures_in_the_size_that_is_asked_for(tmp_path):
    """Size, channels and rule apply to the pictures."""
    folder = write_pictures(tmp_path / "pictures")

    dataset = open_dataset(folder, size=(8, 10), channels=3, resize="stretch")

    assert dataset.image_shape == (8, 10, 3)
    assert dataset.notes[0] == (
        "6 of 6 pictures had another size and were resized to 8 x 10 pixels (stretch)."
    )


def test_a_part_is_held_out_of_a_path(tmp_path):
    """A fraction of data without a test set is held out, or none."""
    folder = write_pictures(tmp_path / "pictures")

    assert open_dataset(folder).y_test.tolist() == [0, 1]
    assert len(open_dataset(folder, test=0).x) == 6


def test_a_path_may_be_a_text_and_a_name_goes_first(tmp_path, monkeypatch):
    """A folder with the name of a data set is opened with ./ before its name."""
    write_mnist(tmp_path / "digits")
    monkeypatch.chdir(tmp_path)

    assert len(open_dataset("digits").x) == 5000
    assert len(open_dataset("./digits").x) == 30


@pytest.mark.parametrize(
    "call",
    [
        lambda _: load("mnits"),
        lambda folder: load(folder / "nothing"),
        lambda _: load("a" * 300),
        load,
        lambda folder: load(folder / "letter.txt"),
        lambda folder: load("mnist", folder=folder / "none"),
        lambda folder: load("mnist", folder=write_mnist(folder / "letters", labels=26)),
        lambda folder: load(write_mnist(folder / "ones", labels=1)),
    ],
    ids=["near", "nothing", "long", "empty", "kind", "folder", "letters", "one class"],
)
def test_data_that_cannot_be_opened(tmp_path, call, message):
    """Missing files and unknown formats are named, with what to give instead."""
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "letter.txt").write_text("Dear reader")

    with pytest.raises(DataError) as error:
        call(folder)

    message(error)


@pytest.mark.parametrize(
    "options",
    [
        {"source": "digits", "folder": "here"},
        {"source": "some/path", "folder": "here"},
        {"source": "shapes", "size": (10, 20)},
        {"source": "digits", "test": 0.1},
    ],
)
def test_options_that_do_not_go_together(options, message):
    """Options that do not apply to a source are refused, not ignored."""
    with pytest.raises(OptionError) as error:
        open_dataset(**options)

    message(error)


def test_a_similar_path_is_suggested(tmp_path, monkeypatch):
    """A typo in the name of a folder is as well recognized as one in the name of a data set."""
    (tmp_path / "My Photos").mkdir()
    monkeypatch.chdir(tmp_path)

    with pytest.raises(DataError, match=r"has that name\. Did you mean 'My Photos'\? The named"):
        open_dataset("My Photo")
    with pytest.raises(DataError, match=r"Did you mean '.*/My Photos'\? The named"):
        open_dataset(tmp_path / "my Photos")
    with pytest.raises(DataError, match=r"has that name\. Check the path\. The named"):
        open_dataset(tmp_path / "nowhere" / "mnist")


def test_a_single_array(tmp_path):
    """The error shows how to save two."""
    np.save(tmp_path / "x.npy", np.zeros((4, 9)))

    with pytest.raises(DataError, match=r"x.npy holds a single array; .* np.savez\(path, x=x"):
        open_dataset(tmp_path / "x.npy")
