"""A folder of images with a folder of masks."""

import numpy as np
import pytest
from PIL import Image

from striate.data import load, open_dataset
from striate.data.masks import restore
from striate.errors import DataError, StriateError


def save(values, path, **options):
    """Write a picture, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values, np.uint8)).save(path, **options)


def save_pair(folder, name, mask, *, part="", word=""):
    """Write an image whose gray levels are 40 times the mask, and the mask."""
    save(np.asarray(mask) // 4, folder / "images" / part / f"{name}.png")
    save(mask, folder / "masks" / part / f"{name}{word}.png")


HALVES = np.repeat([[0, 1]], 4, axis=0).repeat(2, axis=1)  # 4 x 4: left 0, right 1


def opened(folder, **options):
    """Open a folder without holding anything out."""
    return open_dataset(folder, test=0, **options)


def test_masks_are_labels_of_pixels(tmp_path):
    """Images and masks match by name; `load` returns the same arrays."""
    save_pair(tmp_path, "b", HALVES)
    save_pair(tmp_path, "a", 1 - HALVES)

    dataset = opened(tmp_path)
    (x, y), _ = load(tmp_path, test=0)

    assert dataset.has_masks
    assert dataset.classes == (0, 1)
    assert dataset.y.dtype == np.uint8
    assert dataset.y.tolist() == [(1 - HALVES).tolist(), HALVES.tolist()]
    assert [path.name for path in dataset.files] == ["a.png", "b.png"]
    assert np.array_equal(x, dataset.x)
    assert np.array_equal(y, dataset.y)
    assert dataset.notes == ()


@pytest.mark.parametrize("outer", [True, False])
def test_parts(tmp_path, outer):
    """Parts are folders in images and masks, or around them."""
    for part in ("Train", "val", "TEST"):
        if outer:
            save_pair(tmp_path / part, part, HALVES)
        else:
            save_pair(tmp_path, part, HALVES, part=part)

    dataset = open_dataset(tmp_path)

    assert [path.stem for path in dataset.files] == ["Train"]
    assert [path.stem for path in dataset.files_validation] == ["val"]
    assert [path.stem for path in dataset.files_test] == ["TEST"]
    assert dataset.y_test.tolist() == dataset.y_validation.tolist() == [HALVES.tolist()]


def test_a_fifth_is_held_out(tmp_path):
    """Whole images, with their masks and file names."""
    for k in range(10):
        save_pair(tmp_path, f"{k}", np.full((4, 4), 1) if k % 2 else HALVES)

    dataset = open_dataset(tmp_path)

    assert dataset.y.shape == (8, 4, 4)
    assert dataset.y_test.shape == (2, 4, 4)
    assert len(dataset.files_test) == 2


@pytest.mark.parametrize("word", ["_mask", "-seg", "_L"])
def test_a_word_at_the_end_of_the_names_of_masks(tmp_path, word):
    """As many tools name them."""
    save_pair(tmp_path, "a_1", HALVES, word=word)

    assert [path.name for path in opened(tmp_path).files] == ["a_1.png"]


CODES = {
    "indices": ([0, 1, 2], (0, 1, 2), [0, 1, 2]),
    "indices and ignored pixels": ([0, 1, 255], (0, 1), [0, 1, 255]),
    "black and white": ([0, 255, 0], (0, 255), [0, 1, 0]),
    "gray levels": ([0, 128, 255], (0, 128, 255), [0, 1, 2]),
    "indices with a gap": ([0, 3, 1], (0, 1, 2, 3), [0, 3, 1]),
    "indices from 1": ([1, 2, 1], (0, 1, 2), [1, 2, 1]),
}


@pytest.mark.parametrize(("values", "classes", "labels"), CODES.values(), ids=CODES)
def test_codes(tmp_path, values, classes, labels):
    """The values in the files are the classes; 255 next to indices is ignored."""
    save_pair(tmp_path, "a", [values])

    dataset = opened(tmp_path)

    assert dataset.classes == classes
    assert dataset.y.tolist() == [[labels]]


def test_palettes_are_indices(tmp_path):
    """Not the colors that they show: PASCAL VOC's masks."""
    save_pair(tmp_path, "a", HALVES)
    mask = Image.fromarray(np.asarray(HALVES, np.uint8), "P")
    mask.putpalette([0, 0, 0, 128, 0, 0])
    mask.save(tmp_path / "masks" / "a.png")

    dataset = opened(tmp_path)

    assert dataset.classes == (0, 1)
    assert dataset.y[0].tolist() == HALVES.tolist()


def test_colors_are_classes(tmp_path):
    """With a note; the class of a color doesn't depend on the other masks."""
    save_pair(tmp_path, "a", HALVES)
    save_pair(tmp_path, "b", HALVES)
    colors = np.array([[0, 0, 0], [128, 0, 0]])[HALVES]
    save(colors, tmp_path / "masks" / "a.png")
    save(colors * 0 + [0, 0, 128], tmp_path / "masks" / "b.png")

    dataset = opened(tmp_path)

    assert dataset.classes == ("#000000", "#000080", "#800000")
    assert dataset.y[0].tolist() == (2 * HALVES).tolist()
    assert np.all(dataset.y[1] == 1)
    assert dataset.notes == (
        "The masks are colored; each color is a class: 0 = #000000, 1 = #000080, 2 = #800000.",
    )


def test_names_of_classes(tmp_path):
    """A file with a name in each line, as labeling tools write it."""
    save_pair(tmp_path, "a", HALVES)
    (tmp_path / "classes.txt").write_text("ground\ncell\n")

    assert opened(tmp_path).classes == ("ground", "cell")


@pytest.mark.parametrize("resize", ["fit", "crop", "stretch"])
def test_masks_are_resized_like_their_images(tmp_path, resize):
    """By the nearest pixel: no label appears that wasn't there; padding is ignored."""
    mask = np.zeros((8, 16), int)
    mask[:, 4:8] = 3
    save_pair(tmp_path, "a", mask * 50)
    save_pair(tmp_path, "b", np.zeros((4, 4), int))

    dataset = opened(tmp_path, size=8, resize=resize)

    inside = dataset.y[0] != 255
    assert set(np.unique(dataset.y[0][inside])) == {0, 1}
    assert (~inside).any() == (resize == "fit")
    bright = dataset.x[0, :, :, 0] > 18
    assert np.mean(bright[inside] == (dataset.y[0][inside] == 1)) > 0.9


@pytest.mark.parametrize("resize", ["fit", "stretch"])
def test_masks_are_restored_at_the_size_of_the_picture(tmp_path, resize):
    """Scores at the network's size become labels at the picture's."""
    mask = np.zeros((40, 80), int)
    mask[10:30, 20:60] = 1
    save_pair(tmp_path, "a", mask)
    save_pair(tmp_path, "b", mask)
    labels = opened(tmp_path, size=16, resize=resize).y[0]

    scores = np.stack([labels != 1, labels == 1], axis=-1).astype(np.float32)
    restored = restore(scores, (40, 80), resize=resize)

    assert restored.shape == (40, 80)
    assert np.mean(restored == mask) > 0.95


def test_images_that_end_too_early(tmp_path, monkeypatch):
    """All images that are cut short are listed; with `skip_bad`, their masks are left out, too."""
    monkeypatch.chdir(tmp_path)
    for name in "abcdefgh":
        save_pair(tmp_path / "cells", name, HALVES)
    for name in "bd":
        path = tmp_path / "cells/images" / f"{name}.png"
        path.write_bytes(path.read_bytes()[:-25])

    with pytest.raises(DataError) as error:
        open_dataset("cells")
    data = open_dataset("cells", skip_bad=True, test=0)

    assert str(error.value).startswith(
        "cells has 2 problems:\n  images/b.png can't be read: the file is truncated\n  "
        "images/d.png can't be read: "
    )
    assert [path.stem for path in data.files] == list("acefgh")
    assert len(data.x) == len(data.y) == 6


def test_all_problems_are_listed(tmp_path, golden, monkeypatch):
    """Images without a mask, masks without an image, sizes, broken files."""
    monkeypatch.chdir(tmp_path)
    for name in "abcd":
        save_pair(tmp_path / "cells", name, HALVES)
    (tmp_path / "cells/masks/a.png").unlink()
    (tmp_path / "cells/images/b.png").unlink()
    save(np.zeros((3, 5)), tmp_path / "cells/masks/c.png")
    (tmp_path / "cells/images/e.png").write_bytes(b"no picture")
    save(HALVES, tmp_path / "cells/masks/e.png")

    with pytest.raises(DataError) as caught:
        open_dataset("cells")

    golden("data/mask-problems", str(caught.value))


def test_errors(tmp_path, golden, monkeypatch):
    """Masks that aren't labels."""
    monkeypatch.chdir(tmp_path)
    smooth = np.arange(256).reshape(16, 16)
    colors = np.stack([smooth, smooth[::-1], smooth.T], axis=-1)
    cases = {
        "smooth": smooth,
        "smooth colors": colors,
        "one class": np.zeros((4, 4)),
    }
    texts = []
    for name, mask in cases.items():
        save(mask, tmp_path / name / "images/a.png")
        save(mask, tmp_path / name / "masks/a.png")
    save(HALVES * 255, tmp_path / "jpeg/images/a.png")
    save(np.kron(HALVES, np.ones((7, 7))) * 255, tmp_path / "jpeg/masks/a.jpg", quality=60)
    save(HALVES * 255, tmp_path / "mixed/images/a.png")
    save(HALVES * 255, tmp_path / "mixed/images/b.png")
    save(HALVES * 2, tmp_path / "mixed/masks/a.png")
    save(np.array([[0, 0, 0], [128, 0, 0]])[HALVES], tmp_path / "mixed/masks/b.png")
    save(np.kron(HALVES, np.ones((7, 7))), tmp_path / "jpeg/images/a.png")
    (tmp_path / "empty/images").mkdir(parents=True)
    (tmp_path / "empty/masks").mkdir(parents=True)
    texts = []
    for name in (*cases, "jpeg", "mixed", "empty"):
        with pytest.raises(StriateError) as caught:
            open_dataset(name)
        texts.append(f"{name}\n{caught.value}\n")

    golden("data/mask-errors", "\n".join(texts))
