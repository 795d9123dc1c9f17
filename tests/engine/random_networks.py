"""Random networks, compiled, beside the NumPy engine: what one of them computes otherwise.

Float32 loses digits in a network as it is conditioned, compiled or not; so the NumPy engine in
float32 says how many. Where a number is nearer to a kink than float32 can tell, derivatives may be
those of the other side: other numbers are drawn then.
"""

from dataclasses import replace
from functools import cache

import numpy as np

from engine.compiled import Compiled, Numbers, reference_pass, wanted
from graph.kinks import distance_from_kinks
from graph.random_graphs import problem

MOST = 67
"""Images: five vectors, the last not full."""

PREDICTED = 3
"""Every so manieth network is compiled for a pass without training, too."""

NETWORKS, DRAWS = 10, 30

# Roundings of float32 reach a kink's function enlarged by what lies between: some hundred units.
ROOM = 1e-5

# Orders of addition, and fused or not, make one engine's error a few times the other's, by chance;
# where that of NumPy is nothing, for it adds up in pairs, there are a few units of roundings. Where
# a derivative's terms cancel, as those of a bias before batch normalization, their roundings stay.
EPSILON = float(np.finfo(np.float32).eps)
TIMES, OWN, CANCELED = 10, 50 * EPSILON, 5 * EPSILON


@cache
def drawn(number):
    """Draw a network, a number of images, and float32 numbers for it that are away from kinks."""
    rng = np.random.default_rng([33, number])
    images = int(rng.integers(1, MOST + 1))
    for attempt in range(NETWORKS):
        network = problem(number, attempt)
        # The statistics of a batch take two values.
        least = 2 if network.kinds()["BatchNormalization"] else 1
        network = replace(network, images=max(images, least))
        for _ in range(DRAWS):
            numbers = _numbers(network, rng)
            run = reference_pass(network.step, numbers)
            if distance_from_kinks(network.step, run, numbers.targets) > ROOM:
                return network, numbers
    raise AssertionError(f"all of {NETWORKS} networks lie near kinks: {number}")


def disagreements(number):
    """Compile a network; name what it computes otherwise, of a batch and of a shorter one."""
    network, numbers = drawn(number)
    compiled = Compiled(network.step, numbers.images)
    predict = number % PREDICTED == 0
    found = differences(network.step, numbers, compiled.run(numbers, predict=predict))
    shorter = numbers.first(1 + numbers.images // 2)
    if _sound(network.step, shorter):
        found += differences(network.step, shorter, compiled.run(shorter, predict=predict))
    return found


def differences(step, numbers, results):
    """Name the results that are not NumPy's, by the error of NumPy in float32."""
    exact = wanted(step, numbers)
    single = wanted(step, numbers, np.float32)
    norms = {name: np.linalg.norm(array) for name, array in exact.items()}
    all_derivatives = np.sqrt(sum(norms[name] ** 2 for name in norms if name.startswith("d ")))
    different = []
    for name, found in results.items():
        error, usual = (np.linalg.norm(other - exact[name]) for other in (found, single[name]))
        canceled = all_derivatives if name.startswith("d ") else 0
        bound = TIMES * usual + OWN * norms[name] + CANCELED * canceled
        if not error <= bound:
            different.append(f"{name} of {numbers.images} images is off by {error}, not {bound}")
    return different


def _numbers(network, rng):
    """Draw what a step is given; in half of the batches images have weights, some of them 0."""
    inputs, targets, parameters, state = network.numbers(rng)
    weights = None
    if rng.random() < 0.5:
        weights = rng.integers(0, 4, network.images) / 2
        weights[rng.integers(network.images)] = 1
    return Numbers(
        inputs=inputs, targets=targets, parameters=parameters, state=state, weights=weights
    ).rounded()


def _sound(step, numbers):
    """Whether a shorter batch is away from kinks, too, and its statistics are of several values."""
    if numbers.images < 2 or (numbers.weights is not None and not numbers.weights.any()):
        return False
    run = reference_pass(step, numbers)
    return distance_from_kinks(step, run, numbers.targets) > ROOM
