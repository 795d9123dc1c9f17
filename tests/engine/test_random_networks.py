"""Random networks of every kind, compiled, compute what NumPy and PyTorch compute."""

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib.util import find_spec
from multiprocessing import get_context

import numpy as np
import pytest

from engine.compiled import wanted
from engine.random_networks import MOST, compare, differences, drawn, prepare_process
from graph.random_graphs import LOSSES, TRANSFERS, WEIGHTS
from striate.functions.net_input import Concatenate, Product, Sum

QUICK, ALL = 50, 500

EACH = 15
"""The least number of networks that hold a kind, of all."""

SINGLE = 300
"""The least number of predictions of a single image, of all networks."""

WORKERS = min(os.cpu_count() or 1, 8)
"""Processes that compile networks at the same time: a network takes about a second."""


with_pytorch = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")


@pytest.fixture(scope="module")
def compared(request):
    """Return a function that waits for the comparison of a network.

    The networks of all selected tests are submitted to the processes at once.
    """
    chosen = [
        (item.callspec.params["number"], name.endswith("pytorch"))
        for name in ("test_a_random_network", "test_a_random_network_and_pytorch")
        for item in request.session.items
        if item.name.startswith(f"{name}[")
    ]
    with ProcessPoolExecutor(
        WORKERS, mp_context=get_context("spawn"), initializer=prepare_process
    ) as pool:

        @cache
        def submit(number, pytorch):
            return pool.submit(compare, number, pytorch=pytorch)

        for number, pytorch in chosen:
            submit(number, pytorch)
        yield lambda number, *, pytorch: submit(number, pytorch).result()
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("number", range(QUICK))
def test_a_random_network(number, compared):
    """A batch, a shorter batch and single images agree in all results."""
    assert compared(number, pytorch=False).differences == ()


@pytest.mark.slow
@with_pytorch
@pytest.mark.parametrize("number", range(ALL))
def test_a_random_network_and_pytorch(number, compared):
    """The same, compared with PyTorch's functions and automatic differentiation."""
    assert compared(number, pytorch=True).differences == ()


@pytest.mark.slow
@with_pytorch
def test_single_images_are_predicted(compared, capsys):
    """At least 300 programs for single images are run, since they differ from those for batches."""
    alone = sum(compared(number, pytorch=True).alone for number in range(ALL))

    with capsys.disabled():
        print(f"\n{alone} predictions of a single image")  # noqa: T201  # for the reader
    assert alone >= SINGLE


@pytest.mark.parametrize("number", range(6))
def test_a_slightly_wrong_result_is_found(number):
    """Each output, loss and statistic of a network that is off by a thousandth is named."""
    network, numbers = drawn(number)
    exact, single = (wanted(network.step, numbers, dtype) for dtype in (np.float64, np.float32))

    for name in [name for name in single if not name.startswith("d ")]:
        spoilt = single | {name: single[name] * np.float32(1.001)}
        (difference,) = differences(exact, [single], spoilt, numbers.images)

        assert difference.startswith(f"{name} of {numbers.images} images is off by ")


def test_the_bound_does_not_depend_on_a_lucky_rounding():
    """In network 201, NumPy's activation is rounded so well that its derivatives have no error."""
    assert compare(201).differences == ()


@pytest.mark.slow
def test_batches_of_all_sizes():
    """Batches of one and two images are common; full vectors and several chunks occur, too."""
    sizes = Counter(drawn(number)[1].images for number in range(ALL))

    assert sizes.keys() == set(range(1, MOST + 1))
    assert min(sizes[1], sizes[2]) >= ALL // 5


@pytest.mark.slow
def test_every_kind_is_in_the_random_networks(capsys):
    """The histogram of kinds, each in at least fifteen networks, is printed."""
    kinds = {kind.__name__ for kind in (*WEIGHTS, *LOSSES, Sum, Product, Concatenate)}
    kinds |= {type(kind).__name__ for kind in TRANSFERS}

    counts = sum((Counter(set(drawn(n)[0].kinds())) for n in range(ALL)), Counter())

    held = ", ".join(f"{name} {holding}" for name, holding in counts.most_common())
    with capsys.disabled():
        print(f"\nOf the random networks 0 to {ALL - 1}, hold {held}")  # noqa: T201  # for the reader
    assert counts.keys() == kinds
    assert min(counts.values()) >= EACH
