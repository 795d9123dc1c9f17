"""The recipes: each of them can be trained."""

import numpy as np
import pytest
from PIL import Image

from striate.data import NAMES
from striate.errors import OptionError
from striate.recipes import RECIPES, Recipe, recipe_for
from striate.recipes.networks import make
from striate.recipes.table import GOOD, another, default_net, net_for, size_for
from striate.training import TrainingSettings

SHAPES = {"digits": 28, "mnist": 28, "fashion-mnist": 28, "shapes": 15, "cifar10": 32}


ALL = [(data, name) for data, recipes in RECIPES.items() for name in recipes]


def test_every_data_set_has_a_good_recipe():
    """Each named data set has recipes, one of them the good one."""
    assert set(RECIPES) == set(NAMES)
    assert all(GOOD in recipes for recipes in RECIPES.values())


@pytest.mark.parametrize(("data", "name"), ALL)
def test_recipes_fit_their_data(data, name):
    """Each recipe's network takes the images and has an output for each class."""
    channels = 3 if data == "cifar10" else 1

    net = make(recipe_for(data, name).net, (SHAPES[data], SHAPES[data], channels), 10)

    assert net.output_shape == (10,)


@pytest.mark.parametrize("side", [2, 8, 15, 16, 17, 64, 200])
@pytest.mark.parametrize("classes", [True, False])
def test_other_data_get_a_network_for_any_size(side, classes):
    """The network for unknown data takes small and large images, with classes or without."""
    net = make(net_for((side, side + 3, 3), classes=classes), (side, side + 3, 3), 4)

    assert net.output_shape == (4,)


@pytest.mark.parametrize("data", ["mnist", "photos"])
def test_the_good_recipe_is_the_default(data):
    """Named data sets and any others are trained with it."""
    assert recipe_for(data) == recipe_for(data, GOOD)


@pytest.mark.parametrize(("data", "there"), [("mnist", "quick, good, best"), ("a", "good")])
def test_an_unknown_recipe_is_refused(data, there):
    """The error lists the recipes of the data set."""
    with pytest.raises(OptionError) as error:
        recipe_for(data, "tasty")

    assert str(error.value) == f'Unknown recipe "tasty" for {data}. Choose from {there}.'


@pytest.mark.parametrize(
    ("data", "name", "option"),
    [
        ("mnist", None, "--recipe best"),
        ("mnist", "quick", "--recipe best"),
        ("mnist", "best", "--recipe good"),
        ("digits", None, "--net two-layer"),
        ("cifar10", None, "--net lenet5"),
        ("photos", None, "--net two-layer"),
    ],
)
def test_another_way_to_train(data, name, option):
    """The suggestion is another recipe if there is one, otherwise another network."""
    assert another(data, name) == option


def test_the_word_for_files():
    """Files are named after the default network, or "net" if it depends on the images."""
    assert (default_net("digits"), default_net("photos")) == ("lenet5", "net")


def test_a_recipe_in_one_line():
    """It names the network and every setting that the recipes use."""
    recipe = Recipe(net="lenet5", settings=TrainingSettings(augment="flip", schedule="cosine"))

    assert str(recipe.changed(label_smoothing=0.1, epochs=1)) == (
        "lenet5, 1 epoch, batch size 128, adam, learning rate 0.001, schedule cosine, "
        "augment flip horizontal, label smoothing 0.1"
    )


def test_changes_replace_only_what_they_name():
    """The rest is the recipe's; smoothing of 0 takes a recipe's smoothing away."""
    recipe = recipe_for("mnist")
    other = recipe.changed(net="lenet5", learning_rate=0.5, epochs=None, label_smoothing=0)

    assert other.net == "lenet5"
    assert other.settings.optimizer.learning_rate == 0.5
    assert other.settings.epochs == recipe.settings.epochs
    assert (recipe.label_smoothing, other.label_smoothing) == (0.1, 0.0)


@pytest.mark.parametrize(
    ("shape", "size"), [((12, 12), None), ((128, 100), (40, 32)), ((300, 400), (24, 40))]
)
def test_large_pictures_are_made_smaller(tmp_path, shape, size):
    """Larger pictures get about 32 x 32 pixels in their proportions, in multiples of 8."""
    (tmp_path / "class").mkdir()
    Image.fromarray(np.zeros(shape, np.uint8)).save(tmp_path / "class" / "1.png")

    assert size_for(str(tmp_path)) == size


def test_hidden_files_are_not_surveyed(tmp_path):
    """Files such as ._1.png, which macOS leaves next to pictures, are not pictures."""
    Image.new("RGB", (500, 400)).save(tmp_path / "1.png")
    (tmp_path / "._1.png").write_bytes(b"not a picture")

    assert size_for(str(tmp_path)) == (32, 32)


def test_other_data_keep_their_size(tmp_path):
    """Names, files and folders without pictures keep the size that they have."""
    assert [size_for(data) for data in ("digits", __file__, str(tmp_path))] == [None] * 3
