"""Learning curves: of one run, of several, and of several networks."""

import numpy as np
import pytest

from striate.pictures import learning_curve
from striate.training.history import History

ROWS = [
    {
        "epoch": k,
        "loss": 1 / k,
        "accuracy": 1 - 0.3 / k,
        "validation_loss": 1.2 / k,
        "validation_accuracy": 1 - 0.4 / k,
        "seconds": 1.0,
    }
    for k in range(1, 6)
]


def test_learning_curve_shows_every_epoch_of_both_parts():
    """Loss and accuracy in percent are plotted over epochs, for training and validation."""
    history = History(ROWS, best_epoch=4)

    losses, accuracies = (learning_curve(history, score) for score in ("loss", "accuracy"))

    assert [line.get_label() for line in losses.lines] == ["training", "validation", "best epoch"]
    assert losses.lines[0].get_xydata().tolist() == [[row["epoch"], row["loss"]] for row in ROWS]
    assert accuracies.lines[1].get_ydata() == pytest.approx(
        [100 * row["validation_accuracy"] for row in ROWS], rel=1e-15
    )


def test_learning_curve_of_several_runs_has_a_band():
    """The curve is the mean over the runs, the band one standard deviation around it, or all."""
    runs = [
        History([{"epoch": k, "loss": value} for k, value in enumerate(values, start=1)])
        for values in ([4.0, 2.0], [6.0, 3.0], [8.0])
    ]

    std, whole = learning_curve(runs), learning_curve(runs, band="range")

    solid, dashed = std.lines
    assert (solid.get_ydata().tolist(), dashed.get_ydata().tolist()) == ([6.0], [6.0, 2.5])
    assert (solid.is_dashed(), dashed.is_dashed()) == (False, True)
    edges = [axes.collections[0].get_paths()[0].vertices for axes in (std, whole)]
    spread = np.std([2.0, 3.0], ddof=1)
    assert (edges[0][:, 1].min(), edges[0][:, 1].max()) == pytest.approx((2.5 - spread, 8.0))
    assert (edges[1][:, 1].min(), edges[1][:, 1].max()) == (2.0, 8.0)
    assert solid.get_label() == "training"
    assert [axes.get_legend().get_title().get_text() for axes in (std, whole)] == [
        "mean and ±1 std of 3 runs\ndashed: after some runs ended",
        "mean and range of 3 runs\ndashed: after some runs ended",
    ]


def test_the_spread_of_one_run_is_not_drawn():
    """Where only one run is left, a band without width would look certain."""
    runs = [
        History([{"epoch": k, "loss": value} for k, value in enumerate(values, start=1)])
        for values in ([4.0, 2.0, 1.0], [6.0])
    ]
    for band in ("std", "range"):
        axes = learning_curve(runs, band=band)
        vertices = axes.collections[0].get_paths()[0].vertices
        assert vertices[:, 0].max() == 1
        assert axes.get_ylim()[1] > vertices[:, 1].max()  # the band is drawn whole


def test_the_legend_does_not_hide_the_curves():
    """A score that rises to the upper right leaves room at the lower right."""
    rising = [
        History([{"epoch": k, "f1": 1 - 0.8**k + shift} for k in range(1, 13)])
        for shift in (0.0, 0.1)
    ]
    axes = learning_curve(dict.fromkeys(("a", "b", "c"), rising), "f1")
    axes.figure.canvas.draw()
    legend = axes.get_legend().get_window_extent()

    for line in axes.lines:
        assert not legend.count_contains(axes.transData.transform(line.get_xydata()))


@pytest.mark.parametrize(
    ("score", "heading", "labels"),
    [
        ("f1", "F1 (higher is better)", ["training", "validation"]),
        ("validation_f1", "Validation F1 (higher is better)", ["validation"]),
        ("digit_f1", "Digit F1 (higher is better)", ["training"]),
        ("mae", "MAE (lower is better)", ["training"]),
        ("validation_loss", "Validation loss (lower is better)", ["validation"]),
        ("top-3", "Top-3 (higher is better)", ["training"]),
        ("learning_rate", "Learning rate", ["training"]),
    ],
)
def test_a_curve_says_what_it_shows(score, heading, labels):
    """The metric as it is usually written, of which images, and which direction is better."""
    columns = ("f1", "loss", "digit_f1", "mae", "top-3", "learning_rate")
    columns += ("validation_f1", "validation_loss")
    axes = learning_curve(History([dict.fromkeys(("epoch", *columns), 1.0)]), score)

    assert axes.get_title("left") == heading
    assert [line.get_label() for line in axes.lines] == labels


def test_learning_curves_of_several_networks_are_compared():
    """Each network has its color, and the validation images are shown if there are any."""
    axes = learning_curve({"a": History(ROWS), "b": [History(ROWS[:2]), History(ROWS[:3])]})

    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    assert axes.get_legend().get_title().get_text().startswith("mean and ±1 std of 2 runs")
    assert axes.get_title("left") == "Validation loss (lower is better)"
    assert axes.lines[0].get_ydata()[0] == ROWS[0]["validation_loss"]
    assert len({line.get_color() for line in axes.lines}) == 2
