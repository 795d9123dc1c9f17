"""Random networks of every kind, compiled, compute what the NumPy engine computes."""

import os
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from engine.compiled import wanted
from engine.random_networks import MOST, differences, disagreements, drawn
from graph.random_graphs import LOSSES, TRANSFERS, WEIGHTS
from striate.functions.net_input import Concatenate, Product, Sum

QUICK, ALL = 50, 1000

EACH = 30
"""Networks that hold a kind, at least, of all."""

WORKERS = min(os.cpu_count() or 1, 8)
"""Processes that compile networks beside each other: one network takes a second."""


@pytest.fixture(scope="module")
def compiled(request):
    """Compile the networks of the tests that are to run; give what is wrong with each, in time."""
    chosen = [i for i in request.session.items if i.name.startswith("test_a_random_network[")]
    numbers = [item.callspec.params["number"] for item in chosen]
    pool = ProcessPoolExecutor(
        WORKERS,
        mp_context=get_context("spawn"),
        initializer=warnings.simplefilter,
        initargs=("error",),
    )
    yield {number: pool.submit(disagreements, number) for number in numbers}
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, marks=() if number < QUICK else pytest.mark.slow)
        for number in range(ALL)
    ],
)
def test_a_random_network(number, compiled):
    """Outputs, losses, derivatives and statistics of a batch, and of a shorter one."""
    assert compiled[number].result() == []


@pytest.mark.parametrize("number", range(6))
def test_a_slightly_wrong_result_is_found(number):
    """Each output, loss and statistic of a network that is off by a thousandth is named."""
    network, numbers = drawn(number)
    results = wanted(network.step, numbers, np.float32)

    for name in [name for name in results if not name.startswith("d ")]:
        spoilt = results | {name: results[name] * np.float32(1.001)}
        (difference,) = differences(network.step, numbers, spoilt)

        assert difference.startswith(f"{name} of {numbers.images} images is off by ")


@pytest.mark.slow
def test_batches_of_all_sizes():
    """A single image, a full vector, more parts than one, up to the largest batch."""
    sizes = {drawn(number)[1].images for number in range(ALL)}

    assert sizes == set(range(1, MOST + 1))


@pytest.mark.slow
def test_every_kind_stands_in_the_random_networks(capsys):
    """The histogram of kinds, each in at least thirty networks, is printed."""
    kinds = {kind.__name__ for kind in (*WEIGHTS, *LOSSES, Sum, Product, Concatenate)}
    kinds |= {type(kind).__name__ for kind in TRANSFERS}

    counts = sum((Counter(set(drawn(n)[0].kinds())) for n in range(ALL)), Counter())

    held = ", ".join(f"{name} {holding}" for name, holding in counts.most_common())
    with capsys.disabled():
        print(f"\nOf the random networks 0 to {ALL - 1}, hold {held}")  # noqa: T201  # for the reader
    assert counts.keys() == kinds
    assert min(counts.values()) >= EACH
