"""`fit_photos`: from a folder to a network and a report in one call."""

import numpy as np
import pytest
from PIL import Image

import striate as st
from networks import digest
from striate.errors import DataError, OptionError, ShapeError
from striate.model.network import core_of
from striate.recipes import prepare


@pytest.fixture
def folder(tmp_path):
    """Return a folder with 12 dark and 12 light pictures."""
    rng = np.random.default_rng(0)
    for name, low in (("dark", 0), ("light", 150)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for k in range(12):
            pixels = rng.integers(low, low + 100, (12, 14, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{k}.png")
    return tmp_path / "photos"


def test_a_network_and_a_report(folder):
    """The network predicts names of classes; the report has numbers, and prints them."""
    network, report = st.fit_photos(folder, epochs=12)

    picture = np.asarray(Image.open(folder / "dark" / "0.png"))
    assert network.predict_classes([picture]) == ["dark"]
    assert report.estimate == "5-fold cross-validation"
    assert report.evaluation.images == report.photos == 24
    assert report.classes == network.classes == ("dark", "light")
    assert len(report.history) == report.recipe.settings.epochs == 12
    low, high = report.evaluation.interval
    assert low <= report.evaluation.accuracy <= high
    text = str(report)
    assert text.startswith("24 photos, 2 classes, 12 epochs, ")
    assert f"95% confidence interval {report.evaluation.interval} (5-fold" in text
    assert "- The class 'dark' has only 12 training pictures" in text
    html = report._repr_html_()
    assert html.startswith("<p>24 photos")
    assert "true \\ predicted" in html


def test_the_call_in_the_report_repeats_the_run(folder):
    """A time limit becomes a number of epochs; the weights are the same bits."""
    first = st.fit_photos(folder, minutes=0.02, seed=3)

    second = eval(first.report.call, {"st": st})

    assert "minutes" not in first.report.call
    assert digest(first.network) == digest(second.network)
    assert second.report.call == first.report.call


def test_settings_are_passed_on(folder):
    """Network, size and settings of fit can be given."""
    network, report = st.fit_photos(
        str(folder), epochs=1, net="dense {classes} softmax", size=6, batch_size=5, augment=""
    )

    assert str(network) == "dense 2 softmax"
    assert network.input_shape == (6, 6, 3)
    assert report.recipe.settings.batch_size == 5
    assert report.trial.flips is None


def test_other_data_are_refused(tmp_path):
    """Regression targets have no classes, and a limit excludes a number of epochs."""
    np.savez(tmp_path / "x.npz", x=np.zeros((9, 8, 8, 1), np.float32), y=np.arange(9.0) / 2)

    with pytest.raises(DataError) as error:
        st.fit_photos(tmp_path / "x.npz")
    with pytest.raises(OptionError):
        st.fit_photos(tmp_path, minutes=1, epochs=1)

    assert "which fit_photos needs" in str(error.value)


FROZEN = ("conv1", "batch-norm1", "conv2", "batch-norm2", "conv3", "batch-norm3")


@pytest.fixture
def model(folder, tmp_path):
    """Return the file of a network that was trained on the pictures."""
    network, _ = st.fit_photos(folder, epochs=4, size=12)
    network.save(tmp_path / "first.safetensors")
    return tmp_path / "first.safetensors"


def test_a_trained_network_is_the_starting_point(folder, model):
    """Its first layers stay the same bits, the others are trained, and the last one is new."""
    (folder / "dark").rename(folder / "night")
    first = st.load(model)

    network, report = st.fit_photos(folder, start=model, epochs=2)

    assert report.recipe.settings.freeze == 6
    for name, values in network.parameters.items():
        same = np.array_equal(values, first.parameters[name])
        assert same == name.startswith(FROZEN)
    assert network.classes == ("light", "night")
    assert network.input_shape == first.input_shape
    assert network.preprocessing.mean == first.preprocessing.mean


def test_the_same_classes_keep_the_last_layer(folder, model):
    """With the same classes, all weights are kept at first; `freeze` chooses which stay."""
    first = st.load(model)

    run = st.recipes.prepare(str(folder), start=model, freeze=1, epochs=1)

    assert run.recipe.settings.freeze == 1
    np.testing.assert_array_equal(
        run.network.parameters["dense1.weight"], first.parameters["dense1.weight"]
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"net": "lenet5"}, 'net="lenet5" cannot be used with `start`'),
        ({"standardize": True}, "cannot be used with `start`"),
    ],
)
def test_what_a_starting_point_excludes(folder, model, options, expected):
    """A trained network has layers and preprocessing of its own."""
    with pytest.raises(OptionError) as error:
        st.recipes.prepare(str(folder), start=model, **options)

    assert expected in str(error.value)


@pytest.mark.parametrize(
    ("layers", "shape"),
    [("dense 3 softmax", (7,)), ("conv 2@3x3", (8, 8, 1)), ("dense 2", (8, 8, 3))],
)
def test_only_classifiers_of_pictures_are_starting_points(folder, tmp_path, layers, shape):
    """Signals, feature maps and regressions aren't."""
    st.Network.parse(layers, shape).save(tmp_path / "other.safetensors")

    with pytest.raises(ShapeError) as error:
        st.recipes.prepare(str(folder), start=tmp_path / "other.safetensors")

    assert "expected a classifier of pictures" in str(error.value)


def test_evaluate_leaves_out_the_pictures_of_both_trainings(folder, model):
    """The digests of the first training are kept."""
    first = st.load(model)
    for path in (folder / "light").iterdir():
        pixels = np.asarray(Image.open(path)) - 40
        Image.fromarray(pixels).save(path)

    network, _ = st.fit_photos(folder, start=model, epochs=1)

    assert len(core_of(network).trained_on) == 36
    assert len(core_of(first).trained_on) == 24


def test_seen_pictures_give_no_estimate(folder, model):
    """A network that has seen the pictures would recognize them in cross-validation, too."""
    _, report = st.fit_photos(folder, start=model, epochs=1)

    assert report.evaluation is None
    assert report.estimate is None
    assert st.recipes.prepare(str(folder), start=model, epochs=1).seen == 24


@pytest.mark.parametrize("call", ["fit_photos", "prepare"])
def test_an_unknown_argument_is_named(call):
    """A typo is an error before the data is read, with the argument that is meant."""
    functions = {
        "fit_photos": lambda: st.fit_photos("nowhere", minute=1),
        "prepare": lambda: prepare("nowhere", wingrad=True),
    }
    meant = {
        "fit_photos": "Unknown argument `minute`. Did you mean `minutes`?",
        "prepare": "Unknown argument `wingrad`. Did you mean `winograd`?",
    }

    with pytest.raises(OptionError) as error:
        functions[call]()

    assert str(error.value) == meant[call]
