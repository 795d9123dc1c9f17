"""Metrics: values by hand, over batches, with weights and ignored labels."""

from dataclasses import dataclass

import numpy as np
import pytest

from helpers import generator_for
from striate.errors import OptionError
from striate.functions import registry
from striate.functions.metric import (
    F1,
    MAE,
    R2,
    RMSE,
    Accuracy,
    BalancedAccuracy,
    Dice,
    IoU,
    Precision,
    Recall,
    TopK,
)
from striate.functions.metric.base import Metric
from striate.functions.metric.predictions import Predictions
from striate.functions.metric_argument import metrics_named

CASES = [
    pytest.param(case, id=str(case))
    for kind in registry.kinds("metric").values()
    for case in kind.cases()
]


def drawn(rng, metric, images=40, pixels=(3, 2)):
    """Draw the outputs and targets of images with pixels, a weight for each image."""
    classes = 2 if getattr(metric, "average", "") == "binary" else 4
    activations = rng.normal(size=(images, classes, *pixels))
    weights = rng.uniform(0, 2, images)
    if metric.takes == "numbers":
        numbers = rng.normal(size=activations.shape)
        return {"outputs": activations, "numbers": numbers, "sample_weights": weights}
    return {
        "outputs": activations,
        "classified": activations.argmax(axis=1),
        "truth": rng.integers(-1, classes, (images, *pixels)),
        "class_count": classes,
        "sample_weights": weights,
    }


def part(given, images):
    """Take some images of what `drawn` returned."""
    return {
        name: value if name == "class_count" else value[images] for name, value in given.items()
    }


def start(metric, given):
    return metric.start(given.get("class_count", 0), given["outputs"].shape[1])


@pytest.mark.parametrize("metric", CASES)
def test_batches_do_not_matter(metric):
    """The value over uneven batches is that of all images at once, up to rounding."""
    given = drawn(generator_for(metric), metric)
    whole = metric.update(start(metric, given), Predictions(**given))

    totals = start(metric, given)
    for images in (slice(0, 1), slice(1, 33), slice(33, 40)):
        before = totals.copy()
        after = metric.update(totals, Predictions(**part(given, images)))
        np.testing.assert_array_equal(totals, before)  # a state must never change
        totals = after

    assert metric.value(totals) == pytest.approx(metric.value(whole), rel=1e-12)
    assert totals.shape == start(metric, given).shape
    if metric.parts(totals) is not None:
        np.testing.assert_allclose(metric.parts(totals), metric.parts(whole), rtol=1e-12)


@pytest.mark.parametrize("metric", CASES)
def test_a_weight_of_two_is_the_image_twice(metric):
    """Sample weights count like repetitions, and images of weight 0 not at all."""
    given = drawn(generator_for(metric), metric)
    weights = np.arange(40) % 3
    repeated = part(given, np.repeat(np.arange(40), weights))
    repeated["sample_weights"] = None

    weighted = Predictions(**{**given, "sample_weights": weights.astype(float)})

    values = [metric.value(metric.update(start(metric, given), seen))
              for seen in (weighted, Predictions(**repeated))]  # fmt: skip
    assert values[0] == pytest.approx(values[1], rel=1e-12)


@pytest.mark.parametrize("metric", CASES)
def test_nothing_to_score_gives_a_finite_value(metric):
    """Without images, or if every label is ignored, the value is finite."""
    given = drawn(generator_for(metric), metric)
    totals = [start(metric, given)]
    if metric.takes == "labels":
        given["truth"] = np.full_like(given["truth"], -1)
    else:
        given["sample_weights"] = np.zeros(40)
    totals.append(metric.update(start(metric, given), Predictions(**given)))

    for one in totals:
        assert np.isfinite(metric.value(one))


@pytest.mark.parametrize("metric", [case for case in CASES if case.values[0].takes == "labels"])
def test_ignored_labels_count_nothing(metric):
    """Leaving out the pixels whose label is -1 gives the same value."""
    given = drawn(generator_for(metric), metric)
    counted = given["truth"].ravel() >= 0
    assert 0 < counted.sum() < counted.size
    rows = np.moveaxis(given["outputs"], 1, -1).reshape(-1, given["outputs"].shape[1])[counted]
    weights = np.repeat(given["sample_weights"], 6)[counted]

    value = metric.value(metric.update(start(metric, given), Predictions(**given)))

    assert value == pytest.approx(
        metric.of(rows, given["truth"].ravel()[counted], weights=weights), rel=1e-12
    )


def test_classes_that_do_not_occur_are_left_out_of_the_mean():
    """Of four classes two occur: the others don't lower the mean, as in scikit-learn."""
    scores = np.eye(4)[[0, 0, 1]]
    y = np.array([0, 1, 1])

    assert IoU().of(scores, y) == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert Dice().of(scores, y) == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert F1().of(scores, y) == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert Precision().of(scores, y) == pytest.approx((1 / 2 + 1) / 2)
    assert Recall().of(scores, y) == pytest.approx((1 + 1 / 2) / 2)
    assert BalancedAccuracy().of(scores, y) == pytest.approx((1 + 1 / 2) / 2)


def test_a_predicted_class_without_labels_counts():
    """A class that is predicted but has no labels counts as 0, except in balanced accuracy."""
    scores, y = np.eye(3)[[0, 2]], np.array([0, 0])

    assert Precision().of(scores, y) == pytest.approx(1 / 2)
    assert Recall().of(scores, y) == pytest.approx(1 / 4)
    assert IoU().of(scores, y) == pytest.approx(1 / 4)
    assert BalancedAccuracy().of(scores, y) == pytest.approx(1 / 2)


def test_two_classes():
    """F1, precision and recall are those of the second class; IoU and Dice are means of both."""
    scores, y = np.eye(2)[[1, 1, 0, 0, 0]], np.array([1, 0, 0, 0, 1])

    assert Precision().of(scores, y) == 1 / 2
    assert Recall().of(scores, y) == 1 / 2
    assert F1().of(scores, y) == 1 / 2
    assert F1(average="macro").of(scores, y) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert IoU().of(scores, y) == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert IoU(average="binary").of(scores, y) == pytest.approx(1 / 3)


def test_numbers_by_hand():
    """Two columns: errors (0, 3) and (-1, 0) on targets (0, 0) and (2, 0)."""
    outputs, y = np.array([[0.0, 3.0], [1.0, 0.0]]), np.array([[0.0, 0.0], [2.0, 0.0]])

    assert MAE().of(outputs, y) == pytest.approx((0.5 + 1.5) / 2)
    assert RMSE().of(outputs, y) == pytest.approx((np.sqrt(1 / 2) + np.sqrt(9 / 2)) / 2)
    # The second column is constant, and not all of its predictions are exact: 0.
    assert R2().of(outputs, y) == pytest.approx((1 - 1 / 2 + 0) / 2)
    assert R2().of(y, y) == 1.0


def test_r2_of_targets_far_from_zero():
    """Targets with a mean of 1e8 times their spread keep their digits."""
    y = 1e8 + np.arange(10.0).reshape(10, 1)
    metric, totals = R2(), R2().start(0, 1)
    for k in range(10):
        totals = metric.update(totals, Predictions(y[[k]] + 0.5, numbers=y[[k]]))

    # The variance of 0, ..., 9 is 8.25; the error of each mean is at most a rounding of 1e8.
    assert metric.value(totals) == pytest.approx(1 - 0.25 / 8.25, abs=1e-7)


def test_names():
    """Names are words with hyphens; top-k contains its number."""
    assert metrics_named("top-3") == (TopK(k=3),)
    assert metrics_named(["iou", F1(average="macro")]) == (IoU(), F1(average="macro"))
    assert metrics_named({"digit": "accuracy"}) == {"digit": (Accuracy(),)}
    for name, kind in registry.kinds("metric").items():
        assert kind().name == ("top-5" if name == "topk" else name)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("f2", 'Unknown metric "f2". Did you mean "r2"? '),
        ("top-0", "`k` must be a positive integer, got 0."),
        ("jaccard", 'Did you mean "iou"? '),
        (3, '`metrics` must hold names or instances of metrics, got 3. Try metrics=["f1"].'),
        ([F1], "`metrics` must hold names or instances of metrics, got "),
        ([F1], "Use metrics=[F1()]."),
    ],
)
def test_wrong_metrics(given, text):
    """The error names the value and what to use."""
    with pytest.raises(OptionError) as error:
        metrics_named(given)

    assert text in str(error.value)


def test_a_metric_of_ones_own():
    """A subclass with three methods has a name and can be given like the library's."""

    @dataclass(frozen=True, kw_only=True)
    class Bias(Metric):
        takes = "numbers"
        higher_is_better = False

        def start(self, classes, columns):  # noqa: ARG002  # needs neither
            return np.zeros(2)

        def update(self, totals, batch):
            return totals + np.array([np.sum(batch.outputs - batch.targets), batch.targets.size])

        def value(self, totals):
            return totals[0] / totals[1] if totals[1] else 0.0

    assert metrics_named([Bias()]) == (Bias(),)
    assert Bias().name == "bias"
    assert Bias().of(np.array([[1.0], [2.0]]), np.array([[0.0], [2.0]])) == 0.5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_scikit_learn_gives_the_same(seed):
    """Random labels, predictions and weights, often with missing classes and few images."""
    sk = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    images, classes = int(rng.integers(1, 30)), int(rng.integers(3, 7))
    scores = rng.normal(size=(images, classes))
    y = rng.choice(rng.choice(classes, rng.integers(1, classes + 1), replace=False), images)
    s = rng.uniform(0.1, 2, images)
    predicted = scores.argmax(axis=1)
    macro = {"average": "macro", "sample_weight": s, "zero_division": 0}
    wanted = {
        Accuracy(): sk.accuracy_score(y, predicted, sample_weight=s),
        Precision(): sk.precision_score(y, predicted, **macro),
        Recall(): sk.recall_score(y, predicted, **macro),
        F1(): sk.f1_score(y, predicted, **macro),
        Dice(): sk.f1_score(y, predicted, **macro),
        IoU(): sk.jaccard_score(y, predicted, **macro),
        TopK(k=2): sk.top_k_accuracy_score(
            y, scores, k=2, sample_weight=s, labels=np.arange(classes)
        ),
    }
    recalls = sk.recall_score(y, predicted, **{**macro, "average": None}, labels=np.unique(y))
    wanted[BalancedAccuracy()] = recalls.mean()
    two, two_predicted = (y > 0).astype(int), (predicted > 0).astype(int)
    binary = {"sample_weight": s, "zero_division": 0}
    scores_of_two = np.eye(2)[two_predicted]

    found = {metric: metric.of(scores, y, weights=s) for metric in wanted}

    assert found == pytest.approx(wanted, rel=1e-12)
    for metric, function in (
        (Precision(), sk.precision_score),
        (Recall(), sk.recall_score),
        (F1(), sk.f1_score),
        (IoU(average="binary"), sk.jaccard_score),
    ):
        value = metric.of(scores_of_two, two, weights=s)
        assert value == pytest.approx(function(two, two_predicted, **binary), rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_scikit_learn_gives_the_same_for_numbers(seed):
    """Random targets of one to three columns, sometimes constant, with weights."""
    sk = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    images, columns = int(rng.integers(2, 30)), int(rng.integers(1, 4))
    y, outputs = rng.normal(size=(2, images, columns)) * 10
    s = rng.uniform(0.1, 2, images)
    if seed % 3 == 0:  # without weights, whose mean scikit-learn rounds: its variance is then not 0
        y[:, 0], s = 4.0, None
    wanted = {
        MAE(): sk.mean_absolute_error(y, outputs, sample_weight=s),
        RMSE(): sk.root_mean_squared_error(y, outputs, sample_weight=s),
        R2(): sk.r2_score(y, outputs, sample_weight=s),
    }

    found = {metric: metric.of(outputs, y, weights=s) for metric in wanted}

    assert found == pytest.approx(wanted, rel=1e-9)


def test_an_unknown_metric_is_answered_with_names_that_can_be_typed():
    """`top-3` stands for the metrics that differ in their number."""
    with pytest.raises(OptionError) as error:
        metrics_named("balanced_accuracy")

    assert str(error.value) == (
        'Unknown metric "balanced_accuracy". Did you mean "balanced-accuracy"? Choose from '
        "accuracy, balanced-accuracy, dice, f1, iou, mae, precision, r2, recall, rmse, top-3; "
        "top-3 may have another number."
    )
