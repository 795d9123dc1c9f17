"""Signals and volumes in the commands `striate data`, `train` and `evaluate`."""

import json

import numpy as np
import pytest

from striate import load

CASES = {
    "signals": ((64, 1), 1, "samples, channels"),
    "signals without channels": ((64,), 1, "samples, channels"),
    "signals with many channels": ((64, 9), 1, "samples, channels"),
    "volumes": ((8, 10, 12, 1), 3, "planes, rows, columns, channels"),
    "volumes without channels": ((8, 10, 12), 3, "planes, rows, columns, channels"),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def file(request, tmp_path):
    """Write data in which one class is brighter than the other."""
    shape, pixel_axes, axes = request.param
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    x = rng.normal(size=(60, *shape)) + y.reshape(-1, *(1,) * len(shape))
    np.savez(
        tmp_path / "data.npz",
        x=x[:40],
        y=y[:40],
        x_test=x[40:],
        y_test=y[40:],
        pixel_axes=pixel_axes,
    )
    return "data.npz", axes


def test_they_are_described(striate, file):
    """The description names the axes; nothing is drawn."""
    name, axes = file

    result = striate("data", name)

    assert result.exit_code == 0
    assert f"({axes}), float32" in result.stdout
    assert result.stdout.endswith(f"To train a network on it: striate train {name}\n")


def test_they_are_trained_on_and_evaluated(striate, file, tmp_path):
    """The default network fits them; the worst ones are listed, and pictures need no images."""
    name, _ = file

    trained = striate("train", name, "--epochs", "30", "--output", "net.safetensors")
    evaluated = striate("evaluate", "net.safetensors", name, "--json")

    assert trained.exit_code == 0, trained.output
    assert "is a signal of" not in trained.output
    assert ", true class " in trained.stdout
    assert "striate predict" not in trained.stdout
    drawn = {path.name for path in tmp_path.rglob("*.png")}
    assert drawn == {"learning-curve.png", "confusion.png", "kernels.png"}
    found = json.loads(evaluated.stdout)
    with np.load(tmp_path / name) as arrays:
        x, y = arrays["x_test"], arrays["y_test"]
    assert found["accuracy"] == load(tmp_path / "net.safetensors").evaluate(x, y).accuracy > 0.9
