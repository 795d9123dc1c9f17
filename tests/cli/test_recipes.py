"""The recipes: every one can be cooked."""

import numpy as np
import pytest
from PIL import Image

from striate.cli.networks import make
from striate.cli.recipes import GOOD, RECIPES, Recipe, another, recipe_for, size_for
from striate.data import NAMES
from striate.data.augment import Augmentation
from striate.errors import OptionError
from striate.functions import registry

SHAPES = {"digits": 28, "mnist": 28, "fashion-mnist": 28, "shapes": 15, "cifar10": 32}


ALL = [(data, name) for data, recipes in RECIPES.items() for name in recipes]


def test_every_data_set_has_a_good_recipe():
    """Each data set with a name has recipes, a good one among them."""
    assert set(RECIPES) == set(NAMES)
    assert all(GOOD in recipes for recipes in RECIPES.values())


@pytest.mark.parametrize(("name", "recipe"), ALL)
def test_recipes_fit_their_data(name, recipe):
    """Each recipe's network takes the images, and its update, decay and augmentation exist."""
    channels = 3 if name == "cifar10" else 1
    recipe = recipe_for(name, (SHAPES[name], SHAPES[name], channels), recipe=recipe)

    net = make(recipe.net, (SHAPES[name], SHAPES[name], channels), 10)

    assert net.output_shape == (10,)
    assert recipe.optimizer in registry.kinds("optimizer")
    assert recipe.schedule in registry.kinds("schedule")
    assert bool(recipe.augment) == (Augmentation.parse(recipe.augment) != Augmentation())


@pytest.mark.parametrize("side", [2, 8, 15, 16, 17, 64, 200])
@pytest.mark.parametrize("classes", [True, False])
def test_other_data_get_a_network_for_any_size(side, classes):
    """The network for unknown data takes small and large images, with classes or without."""
    recipe = recipe_for("photos", (side, side + 3, 3), classes=classes)

    net = make(recipe.net, (side, side + 3, 3), 4)

    assert net.output_shape == (4,)


@pytest.mark.parametrize("data", ["mnist", "photos"])
def test_a_data_set_is_trained_with_its_good_recipe(data):
    """Who names no recipe gets the good one, of data with a name and of any other."""
    good = recipe_for(data, (28, 28, 1), recipe=GOOD)

    assert recipe_for(data, (28, 28, 1)) == good


@pytest.mark.parametrize(("data", "there"), [("mnist", "are quick, good, best"), ("a", "is good")])
def test_a_recipe_that_is_not_there_is_refused(data, there):
    """A recipe that a data set does not have is refused, with those that it has."""
    with pytest.raises(OptionError) as error:
        recipe_for(data, (28, 28, 1), recipe="tasty")

    assert str(error.value) == (
        f"{data} has no recipe 'tasty'. A recipe is a network and how to train it; here there "
        f"{there}. Use --recipe good, or leave it out."
    )


@pytest.mark.parametrize(
    ("data", "recipe", "option"),
    [
        ("mnist", None, "--recipe best"),
        ("mnist", "quick", "--recipe best"),
        ("mnist", "best", "--recipe good"),
        ("digits", None, "--net two-layer"),
        ("cifar10", None, "--net lenet5"),
    ],
)
def test_another_way_to_train(data, recipe, option):
    """What to try next is another recipe where there is one, else another network."""
    assert another(data, recipe) == option


def test_recipe_is_one_line():
    """A recipe is told in one line of words."""
    assert str(Recipe(augment="flip", label_smoothing=0.1)) == (
        "lenet5, 10 epochs in batches of 128 images, adam with learning rate 0.001, "
        "schedule cosine, images changed at random (flip), labels smoothed by 0.1"
    )


@pytest.mark.parametrize(
    ("shape", "size"), [((12, 12), None), ((128, 100), None), ((300, 400), (48, 64))]
)
def test_large_pictures_are_made_smaller(tmp_path, shape, size):
    """Pictures of more than 128 pixels are brought to 64, with their proportions; no others."""
    (tmp_path / "class").mkdir()
    Image.fromarray(np.zeros(shape, np.uint8)).save(tmp_path / "class" / "1.png")

    assert size_for(str(tmp_path)) == size


def test_other_data_keep_their_size(tmp_path):
    """Names, files and folders without pictures keep the size that they have."""
    assert [size_for(data) for data in ("digits", __file__, str(tmp_path))] == [None] * 3
