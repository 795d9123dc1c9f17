"""Write `fixtures.npz`: PyTorch's results for a few dozen kinds, for runs without PyTorch.

PYTHONPATH=tests python tests/pytorch/make_fixtures.py
"""

import json
from pathlib import Path

import numpy as np
import torch

from pytorch import expected
from pytorch.layers import arrays_for
from pytorch.test_optimizers import RATE, UPDATES, torch_steps
from strategies import configurations
from striate.functions.loss import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    SquaredError,
)
from striate.functions.registry import FAMILIES, to_data

WEIGHTS = (0.5, 2.0, 1.0)


def main():
    """Collect everything in one file, with options as JSON."""
    arrays, index = {}, {}
    for family, entries in {
        "layer": _layers(),
        "transfer": _transfers(),
        "loss": _losses(),
        "optimizer": _updates(),
    }.items():
        for number, (options, given) in enumerate(entries):
            index[f"{family}{number}"] = options
            arrays |= {f"{family}{number}/{name}": array for name, array in given.items()}
    arrays["index"] = np.array(json.dumps({"torch": torch.__version__, **index}))
    np.savez_compressed(Path(__file__).parent / "fixtures.npz", **arrays)


def _layers():
    """Return every sixth of the random configurations if it is small."""
    for number, configuration in enumerate(configurations()):
        arrays = arrays_for(configuration, np.random.default_rng(number))
        if number % 6 == 0 and sum(array.size for array in arrays.values()) < 500:
            options = {
                "weight": to_data(configuration.weight),
                "net_input": to_data(configuration.net_input),
                "shape": configuration.shape,
                "images": configuration.images,
                "training": configuration.training,
            }
            wanted = expected.layer(configuration, arrays)
            yield options, {**_named("in", arrays), **_named("out", wanted)}


def _transfers():
    """Return all cases of all transfer functions, with kinks and tails."""
    kinks = [-3.0, 0.0, 3.0, -0.0, 1e-9, -1e-9]
    n = np.concatenate([np.linspace(-40, 40, 12), np.linspace(-4, 4, 18), kinks]).reshape(3, 4, 3)
    da = np.random.default_rng(3).standard_normal(n.shape)
    for kind in FAMILIES["transfer"].values():
        for case in kind.cases():
            a, dn = expected.transfer(case.function, n, da)
            yield to_data(case.function), {"n": n, "da": da, "a": a, "dn": dn}


def _losses():
    """Return every loss, with labels, probabilities and numbers."""
    rng = np.random.default_rng(4)
    n, pixels = 2 * rng.standard_normal((4, 3)), 2 * rng.standard_normal((2, 3, 2, 2))
    labels, maps = rng.integers(0, 3, 4), rng.integers(0, 3, (2, 2, 2))
    shares, numbers = rng.dirichlet(np.ones(3), 4), rng.uniform(0, 1, (4, 3))
    for kind, net_input, y in (
        (CrossEntropy(), n, labels),
        (CrossEntropy(label_smoothing=0.1, class_weights=WEIGHTS), n, labels),
        (CrossEntropy(class_weights=WEIGHTS), pixels, maps),
        (CrossEntropy(label_smoothing=0.2), n, shares),
        (BinaryCrossEntropy(), n, numbers),
        (SquaredError(), n, numbers),
        (AbsoluteError(), n, numbers),
        (Huber(delta=0.5), n, numbers),
        (Hinge(), n, labels),
        (Hinge(), pixels, maps),
        (Hinge(), n[:, :1], labels % 2),
    ):
        value, dn = expected.loss(kind, net_input, y)
        yield to_data(kind), {"n": net_input, "y": y, "value": np.array(value), "dn": dn}


def _updates():
    """Return every case of every optimizer, over twenty steps."""
    rng = np.random.default_rng(5)
    w, gradients = rng.standard_normal(6), rng.standard_normal((20, 6))
    for kind in UPDATES:
        after = np.array(list(torch_steps(kind, w, gradients)))
        yield (
            to_data(kind),
            {"w": w, "gradients": gradients, "after": after, "rate": np.array(RATE)},
        )


def _named(what, arrays):
    """Add a prefix to the names of arrays."""
    return {f"{what}/{name}": array for name, array in arrays.items()}


if __name__ == "__main__":
    main()
