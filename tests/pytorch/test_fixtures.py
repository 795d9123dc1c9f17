"""Comparisons with PyTorch's stored results, which don't need PyTorch."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pytorch.layers import batch_loss, distance, run
from strategies import Configuration
from striate.functions.registry import from_data

FILE = Path(__file__).parent / "fixtures.npz"

BOUND = 1e-10


@cache
def fixtures():
    """Read the file, and return options by name and arrays."""
    with np.load(FILE) as file:
        arrays = dict(file)
    return json.loads(str(arrays.pop("index"))), arrays


def names(family):
    """Return the entries of a family."""
    return [name for name in fixtures()[0] if name.startswith(family)]


def entry(name):
    """Return the options and arrays of an entry."""
    options, arrays = fixtures()
    start = f"{name}/"
    return options[name], {
        k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)
    }


@pytest.mark.parametrize("name", names("layer"))
def test_a_layer_gives_what_pytorch_gave(name):
    """Outputs, all derivatives and running statistics are equal."""
    options, arrays = entry(name)
    configuration = Configuration(
        weight=from_data("weight", options["weight"]),
        net_input=from_data("net_input", options["net_input"]),
        shape=tuple(options["shape"]),
        images=options["images"],
        training=options["training"],
    )
    given, wanted = (
        {k.removeprefix(word): v for k, v in arrays.items() if k.startswith(word)}
        for word in ("in/", "out/")
    )

    found = run(configuration, given)

    assert found.keys() == wanted.keys()
    for which, array in wanted.items():
        assert distance(found[which], array) <= BOUND, which


@pytest.mark.parametrize("name", names("transfer"))
def test_a_transfer_function_gives_what_pytorch_gave(name):
    """Activations and derivatives are equal, also at kinks and for large arguments."""
    options, arrays = entry(name)
    kind = from_data("transfer", options)

    a = kind.apply(arrays["n"])
    dn = kind.backward_n(arrays["n"], a, arrays["da"])

    assert distance(a, arrays["a"]) <= BOUND
    assert distance(dn, arrays["dn"]) <= BOUND


@pytest.mark.parametrize("name", names("loss"))
def test_a_loss_gives_what_pytorch_gave(name):
    """The mean over a batch and its derivatives are equal."""
    options, arrays = entry(name)

    value, dn = batch_loss(from_data("loss", options), arrays["n"], arrays["y"])

    assert distance(value, arrays["value"]) <= BOUND
    assert distance(dn, arrays["dn"]) <= BOUND


@pytest.mark.parametrize("name", names("optimizer"))
def test_an_update_gives_what_pytorch_gave(name):
    """The parameters are equal after each of twenty steps; the second half has no weight decay."""
    options, arrays = entry(name)
    kind, w = from_data("optimizer", options), arrays["w"]
    decayed = np.repeat([1.0, 0.0], len(w) // 2)
    memory = kind.start(w)

    for step, (dw, wanted) in enumerate(
        zip(arrays["gradients"], arrays["after"], strict=True), start=1
    ):
        rate = float(arrays["rate"])
        w, memory = kind.apply(w, dw, memory, rate=rate, step=step, decayed=decayed)

        assert distance(w, wanted) <= BOUND, step


def test_the_fixtures_are_many_and_small():
    """The file contains all families in less than 300 kB."""
    counts = {family: len(names(family)) for family in ("layer", "transfer", "loss", "optimizer")}

    assert FILE.stat().st_size < 300_000
    assert all(count >= 10 for count in counts.values()), counts
