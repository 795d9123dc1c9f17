"""The search for a learning rate leaves the network as it was, and suggests a rate that works."""

import numpy as np
import pytest

import striate as st
from networks import EVERYTHING, classifier, digest, images_and_labels
from striate.errors import OptionError, StriateError
from striate.training.rate_search import RateSearch

X, Y = images_and_labels(40)


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
def test_the_network_is_unchanged(engine):
    """Weights, statistics, preprocessing, classes and history are those of before."""
    network = classifier(EVERYTHING, engine=engine)
    before = digest(network)
    search = network.find_learning_rate(
        X, np.array(["a", "b", "c"])[Y], batch_size=8, steps=20, standardize=True, freeze=1
    )

    assert digest(network) == before
    assert (network.classes, network.losses, len(network.history)) == ((), None, 0)
    assert not network.preprocessing.mean
    assert search.rates[0] == pytest.approx(1e-6)
    assert len(search.rates) == len(search.losses) <= 20


def test_the_same_seed_gives_the_same_search():
    """It depends on the seed alone."""
    one, same, other = (
        classifier(EVERYTHING).find_learning_rate(X, Y, batch_size=8, seed=seed)
        for seed in (1, 1, 2)
    )

    assert one.losses == same.losses != other.losses


def test_a_loss_that_explodes_ends_the_search():
    """The rates beyond are not tried; neither is a loss of NaN an error."""
    search = classifier("dense 3").find_learning_rate(
        X, np.eye(3)[Y] + 0.5, optimizer="gradient-descent", batch_size=8, highest=1e30
    )

    assert 2 <= len(search.losses) < 100
    assert search.suggestion < 10


@pytest.mark.filterwarnings("ignore:Training diverged")
@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_the_suggestion_trains_well(optimizer):
    """On digits, it is better than a tenth of it, and than ten times as much."""
    (x, y), (x_test, y_test) = st.data.load("digits")
    network = st.Network.preset("lenet5")
    rate = network.find_learning_rate(x, y, optimizer=optimizer).suggestion
    accuracy = {}
    for factor in (0.1, 1, 10):
        other = st.Network.preset("lenet5")
        other.fit(x, y, epochs=2, optimizer=optimizer, learning_rate=factor * rate)
        accuracy[factor] = other.evaluate(x_test, y_test).accuracy

    assert accuracy[1] > 0.85
    assert accuracy[1] > max(accuracy[0.1], accuracy[10])


SEARCH = RateSearch((0.001, 0.01, 0.1, 1.0), (2.0, 0.7, 0.5, 3.0))


def test_it_prints_as_a_table(golden):
    """Rates, losses without the noise of batches, and the suggestion."""
    golden("training/rate-search", f"{SEARCH}\n{SEARCH!r}")


def test_it_is_plotted():
    """The suggestion is marked; the axis of rates is logarithmic."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    axes = SEARCH.plot()

    assert axes.get_xscale() == "log"
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["batch", "smoothed", "suggestion 0.01"]
    with pytest.raises(OptionError, match="must be the result"):
        st.pictures.learning_rates([0.1])
    pyplot.close("all")


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("lowest", {"lowest": 0}),
        ("order", {"lowest": 1, "highest": 0.5}),
        ("steps", {"steps": 3}),
    ],
)
def test_limits_that_cannot_be_searched(case, options, golden):
    """The error names the argument."""
    with pytest.raises(StriateError) as error:
        classifier().find_learning_rate(X, Y, **options)

    golden(f"messages/rate-search-{case}", str(error.value))
