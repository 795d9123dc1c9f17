"""The option `--metric` of `striate train` and `striate evaluate`, and standardized targets."""

import json

import numpy as np

from striate import load


def test_metrics_of_a_training(striate):
    """They are columns of the history, and computed of the test set."""
    result = striate(
        *("train", "shapes", "--epochs", 2, "--no-pictures", "--validation", 0.1, "--json"),
        *("--metric", "f1", "--metric", "top-2"),
    )

    found = json.loads(result.stdout)
    assert {"f1", "top-2", "validation_f1", "validation_top-2"} <= found["history"][0].keys()
    assert set(found["test"]["metrics"]) == {"accuracy", "f1", "top-2"}
    assert found["recipe"]["metrics"] == ["f1", "top-2"]


def test_metrics_of_an_evaluation(striate, shapes_model):
    """They are printed below the accuracy."""
    result = striate("evaluate", shapes_model, "shapes", "--metric", "iou", "--metric", "recall")

    lines = result.stdout.splitlines()
    assert any(line.startswith("test iou ") and ", recall " in line for line in lines)


def test_a_metric_that_does_not_suit(striate, shapes_model):
    """The error says what to use."""
    result = striate("evaluate", shapes_model, "shapes", "--metric", "mae")

    assert result.exit_code == 1
    assert "The metric mae needs regression targets, but y holds labels." in result.stderr


def test_standardized_targets(striate, tmp_path):
    """Large numbers are learned, and the model file has their scale."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4, 4)).astype(np.float32)
    y = 250_000 + 50_000 * x[:, 0, 0]
    np.savez(tmp_path / "prices.npz", x=x, y=y)
    command = ("train", "prices.npz", "--net", "dense 1", "--epochs", 40, "--no-pictures")
    options = ("--learning-rate", 0.05, "--metric", "r2", "--json", "--output", "prices")

    result = striate(*command, *options, "--standardize-targets")

    found = json.loads(result.stdout)
    assert found["history"][-1]["r2"] > 0.99
    assert load(tmp_path / "prices").target_scaling["dense1"].mean[0] > 200_000
    assert found["recipe"]["standardize_targets"] is True
