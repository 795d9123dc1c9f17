"""The recipe for photos: size, network and settings from the pictures."""

import numpy as np
import pytest
from PIL import Image

from striate.recipes import prepare
from striate.recipes.networks import make
from striate.recipes.photos import (
    is_unbalanced,
    named_sides,
    photo_net,
    photo_size,
    wanted_epochs,
)


def write(folder, counts, size=(40, 30), seed=0):
    """Write pictures of noise around a class's own color, some turned to portrait format."""
    rng = np.random.default_rng(seed)
    for k, count in enumerate(counts):
        (folder / f"class{k}").mkdir(parents=True)
        for number in range(count):
            shape = size if number % 2 else size[::-1]
            noise = rng.integers(0, 100, (*shape, 3), np.uint8)
            noise[..., k % 3] += 120
            Image.fromarray(noise).save(folder / f"class{k}" / f"{number}.png")
    return folder


@pytest.mark.parametrize("side", [1, 2, 5, 8, 15, 28, 32, 33, 64, 200])
def test_the_network_fits_any_size(side):
    """There is a network for pictures of any size, and its maps stay at least 4 pixels large."""
    net = make(photo_net((side, side + 3, 3)), (side, side + 3, 3), 4)

    assert net.output_shape == (4,)
    smallest = min(shape[1] for shape in net.graph.shapes.values() if len(shape) == 3)
    assert smallest >= min(side, 4)


@pytest.mark.parametrize(
    ("count", "batch_size", "epochs"),
    [(10, 16, 200), (600, 32, 79), (10_000, 32, 5), (10**6, 32, 1)],
)
def test_the_number_of_epochs_follows_from_the_number_of_steps(count, batch_size, epochs):
    """About 1,500 steps, at most 200 epochs, at least one."""
    assert wanted_epochs(count, batch_size) == epochs


def test_unbalanced_classes_get_weights(tmp_path):
    """Classes of similar size count as they are; where one is larger, classes are balanced."""
    assert not is_unbalanced(np.repeat([0, 1], [30, 45]))
    assert is_unbalanced(np.repeat([0, 1], [30, 46]))

    even, uneven = (
        prepare(str(write(tmp_path / name, counts)), epochs=1)
        for name, counts in (("even", (6, 7)), ("uneven", (5, 9)))
    )
    assert even.recipe.settings.class_weight is None
    assert uneven.recipe.settings.class_weight == "balanced"


def test_pictures_of_different_proportions_are_stretched(tmp_path):
    """Pictures in portrait and in landscape format fill the input; the model stores the rule."""
    folder = write(tmp_path / "photos", (4, 4))

    run = prepare(str(folder), epochs=1)
    run.network.save(tmp_path / "net.safetensors")

    assert run.network.preprocessing.resize == "stretch"
    assert run.dataset.image_shape == (32, 32, 3)
    assert run.dataset.x[..., :2, :, :].min(axis=(1, 2, 3)).max() > 0  # no black bars


@pytest.mark.parametrize(
    ("shapes", "size"),
    [
        ([(20, 30)] * 4, None),
        ([(20, 30), (22, 30), (20, 30)], (20, 30)),
        ([(10, 10), (10, 12)], (10, 11)),
        ([(1000, 250)] * 2, (64, 16)),
        ([], None),
    ],
)
def test_the_size_follows_from_the_pictures(tmp_path, shapes, size):
    """Small pictures of one size keep it; all others get 32 x 32 in their proportions, at most."""
    paths = [tmp_path / f"{k}.png" for k in range(len(shapes))]
    for path, shape in zip(paths, shapes, strict=True):
        Image.fromarray(np.zeros(shape, np.uint8)).save(path)

    assert photo_size(paths) == size


def test_options_replace_the_recipe(tmp_path):
    """Each setting can be given; the others are still chosen for photos."""
    run = prepare(
        str(write(tmp_path / "photos", (4, 4))), net="dense {classes} softmax", epochs=3, augment=""
    )

    assert str(run.network) == "dense 2 softmax"
    assert run.recipe.settings.epochs == 3
    assert run.recipe.settings.augment is None
    assert run.recipe.settings.standardize


def test_left_and_right_in_the_names_speak_against_mirroring(tmp_path):
    """Classes of single characters, or with left or right in their names, aren't mirrored."""
    assert named_sides(["left_hand", "right_hand"])
    assert named_sides(["b", "d"])
    assert not named_sides(["bright", "dark"])
    folder = write(tmp_path / "photos", (4, 4))
    (folder / "class0").rename(folder / "Left")

    run = prepare(str(folder), epochs=1)

    assert str(run.recipe.settings.augment) == "shift 1 cutout 8"
    assert "flip" not in run.open_choices


@pytest.mark.parametrize("net", ["lenet5", "conv 4@3x3 relu | dense 1 logistic"])
def test_other_networks_are_trained_on_photos(tmp_path, net):
    """A preset, and a network whose loss doesn't smooth labels."""
    run = prepare(str(write(tmp_path / "photos", (6, 6))), net=net, epochs=1)

    history = run.train(progress=False)

    assert len(history) == 1
    assert run.cross_validate().evaluation.images == 12
