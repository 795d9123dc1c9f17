"""Compiled random networks of every kind agree with NumPy and PyTorch."""

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
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


@pytest.fixture(scope="module")
def compared(request):
    """Compare the networks of the selected tests, and return the results in order."""
    quick, slow = (
        [
            i.callspec.params["number"]
            for i in request.session.items
            if i.name.startswith(f"{name}[")
        ]
        for name in ("test_a_random_network", "test_a_random_network_and_pytorch")
    )
    with ProcessPoolExecutor(
        WORKERS, mp_context=get_context("spawn"), initializer=prepare_process
    ) as pool:
        found = {(n, False): pool.submit(compare, n) for n in quick}
        found |= {(n, True): pool.submit(compare, n, pytorch=True) for n in slow}
        yield found
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("number", range(QUICK))
def test_a_random_network(number, compared):
    """A batch, a shorter batch and single images agree in all results."""
    assert compared[number, False].result().differences == ()


@pytest.mark.slow
@pytest.mark.parametrize("number", range(ALL))
def test_a_random_network_and_pytorch(number, compared):
    """The same, also against PyTorch's own functions and automatic differentiation."""
    assert compared[number, True].result().differences == ()


@pytest.mark.slow
def test_single_images_are_predicted(compared, capsys):
    """Hundreds of programs for one image run, because they differ from all others."""
    alone = sum(compared[number, True].result().alone for number in range(ALL))

    with capsys.disabled():
        print(f"\n{alone} predictions of a single image")  # noqa: T201  # for the reader
    assert alone >= SINGLE


@pytest.mark.parametrize("number", range(6))
def test_a_slightly_wrong_result_is_found(number):
    """An error of 1/1000 in any output, loss or statistic is found and named."""
    network, numbers = drawn(number)
    exact, single = (wanted(network.step, numbers, dtype) for dtype in (np.float64, np.float32))

    for name in [name for name in single if not name.startswith("d ")]:
        spoilt = single | {name: single[name] * np.float32(1.001)}
        (difference,) = differences(exact, single, spoilt, numbers.images)

        assert difference.startswith(f"{name} of {numbers.images} images is off by ")


@pytest.mark.slow
def test_batches_of_all_sizes():
    """A single image and two are common; a full vector, several parts, the largest batch occur."""
    sizes = Counter(drawn(number)[1].images for number in range(ALL))

    assert sizes.keys() == set(range(1, MOST + 1))
    assert min(sizes[1], sizes[2]) >= ALL // 5


@pytest.mark.slow
def test_every_kind_is_in_the_random_networks(capsys):
    """The histogram of kinds is printed; each kind is in at least fifteen networks."""
    kinds = {kind.__name__ for kind in (*WEIGHTS, *LOSSES, Sum, Product, Concatenate)}
    kinds |= {type(kind).__name__ for kind in TRANSFERS}

    counts = sum((Counter(set(drawn(n)[0].kinds())) for n in range(ALL)), Counter())

    held = ", ".join(f"{name} {holding}" for name, holding in counts.most_common())
    with capsys.disabled():
        print(f"\nOf the random networks 0 to {ALL - 1}, hold {held}")  # noqa: T201  # for the reader
    assert counts.keys() == kinds
    assert min(counts.values()) >= EACH
