"""Random networks: differences between the compiled engine, NumPy and PyTorch.

Each network is compiled three times: for training, for predictions of a batch, and for the
prediction of a single image, whose program has different loops. The comparison covers outputs,
losses, running statistics and all derivatives of a batch and of a shorter batch, and the outputs
for a few single images.

Float32 loses digits in a badly conditioned network, compiled or not; the error of the NumPy engine
in float32 shows how many. In a small network, one pass may have almost no error by chance, for
example where the activation of a nearly saturated unit happens to be rounded well. So the pass is
repeated with changes of the last bit in every array, and the largest error counts.

Close to a kink, such as relu's zero, float32 may be on the other side of the kink and have the
derivatives of that side; in this case, other values are drawn.
"""

import os
import warnings
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache, partial
from unittest.mock import patch

import numpy as np

from engine.compiled import Compiled, Numbers, predicted, reference_pass, wanted
from graph.kinks import distance_from_kinks
from graph.random_graphs import WIDE, problem
from striate.errors import StriateError, TrainingError
from striate.graph import reference
from striate.graph.reference import Pass
from striate.graph.shorthand_writer import write
from striate.plan import phases

MOST = 67
"""The largest batch: five vectors of 16 lanes, the last one not full."""

BATCH_PREDICTED = 3
"""Every third network is also compiled for predictions of a whole batch."""

ALONE = 2
"""Images that are predicted one by one, with one program."""

NETWORKS, DRAWS = 10, 30

# Float32 rounding errors grow before they reach a kink, by a factor of a few hundred.
ROOM = 1e-5

# Because of the order of additions and of fused multiply-adds, one engine's error can be a few
# times that of the other. NumPy's pairwise sums may have almost no error: add a few roundings.
# If the terms of a derivative cancel, as for a bias before batch normalization, only their
# rounding errors remain.
EPSILON = float(np.finfo(np.float32).eps)
PERTURBED = 3  # further float32 passes, with other rounding errors
TIMES, OWN, CANCELED = 10, 50 * EPSILON, 5 * EPSILON


def prepare_process():
    """Prepare a worker process: warnings are errors but for one, and PyTorch uses one thread."""
    warnings.simplefilter("error")
    # NumPy reports this now and then: for 2 of 500 networks in one run, and for neither of them in
    # the next. The numbers are compared in any case, so a NaN in a product is still found.
    warnings.filterwarnings("ignore", "invalid value encountered in matmul", RuntimeWarning)
    os.environ["OMP_NUM_THREADS"] = "1"  # the arrays are small, so more threads would only wait


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The result for one network.

    Parameters
    ----------
    number, seed
        The network's index and seed.
    network
        Its shorthand.
    images
        Number of images in its batch.
    kinds
        Number of layers of each kind.
    alone
        Number of predictions of a single image.
    differences
        Results of the compiled engine that differ; empty if there are none.
    """

    number: int
    seed: int
    network: str
    images: int
    kinds: Counter
    alone: int
    differences: tuple


@cache
def drawn(number, seed=0):
    """Draw a network, a number of images, and float32 data that is away from kinks."""
    rng = np.random.default_rng([33 + seed, number])
    for attempt in range(NETWORKS):
        network = problem(number, attempt, seed=seed, sizes=WIDE)
        network = replace(network, images=_images(number, network.step))
        for _ in range(DRAWS):
            numbers = _numbers(network, rng)
            run = reference_pass(network.step, numbers)
            if distance_from_kinks(network.step, run, numbers.targets) > ROOM:
                return network, numbers
    raise AssertionError(f"all of {NETWORKS} networks lie near kinks: {number}, seed {seed}")


def compare(number, seed=0, *, pytorch=False):
    """Compile a network and compare all its results.

    Parameters
    ----------
    number, seed
        The network's index and seed.
    pytorch
        Whether to compare with PyTorch, too.
    """
    network, numbers = drawn(number, seed)
    alone = [numbers.only(image) for image in range(min(ALONE, numbers.images))]
    try:
        found = [
            *_of_batches(number, network.step, numbers, pytorch=pytorch),
            *_of_single_images(number, network.step, alone, pytorch=pytorch),
        ]
    except StriateError as error:  # a plan that breaks an invariant, for example
        found = [f"{type(error).__name__}: {error}"]
    return Comparison(
        number=number,
        seed=seed,
        network=write(network.step.graph, inputs=True),
        images=numbers.images,
        kinds=network.kinds(),
        alone=len(alone),
        differences=tuple(found),
    )


def _of_batches(number, step, numbers, *, pytorch):
    """Compare a batch, and a shorter batch with the same programs."""
    compiled, count = Compiled(step, numbers.images), numbers.images
    for batch in (numbers, numbers.first(1 + count // 2)):
        if batch is numbers or (count > 1 and _is_sound(step, batch)):
            results = compiled.run(batch, predict=number % BATCH_PREDICTED == 0)
            yield from _differences(step, batch, results, "wanted", pytorch=pytorch)


def _of_single_images(number, step, images, *, pytorch):
    """Compare single images with a program for one image."""
    alone = Compiled(step, 1)
    # A small program is one task; every second one is divided into tasks like a large one.
    with patch.object(phases, "SHARED", phases.SHARED if number % 2 else 1):
        alone.program(images[0], training=False)
    for image in images:
        results = alone.predictions(image)
        yield from _differences(step, image, results, "predicted", pytorch=pytorch)


def differences(exact, singles, results, images):
    """Return the results whose error exceeds the largest one of NumPy's float32 passes."""
    norms = {name: np.linalg.norm(exact[name]) for name in results}
    all_derivatives = np.sqrt(sum(norms[name] ** 2 for name in norms if name.startswith("d ")))
    different = []
    for name, found in results.items():
        error = np.linalg.norm(found - exact[name])
        usual = max(np.linalg.norm(single[name] - exact[name]) for single in singles)
        canceled = all_derivatives if name.startswith("d ") else 0
        bound = TIMES * usual + OWN * norms[name] + CANCELED * canceled
        if not error <= bound:
            different.append(f"{name} of {images} images is off by {error}, not {bound}")
    return different


def _differences(step, numbers, results, oracle, *, pytorch):
    """Compare with NumPy in float64, and with PyTorch in float64."""
    by_numpy = {"wanted": wanted, "predicted": predicted}[oracle]
    singles = [by_numpy(step, numbers, np.float32)]
    for seed in range(PERTURBED):
        with patch.object(reference, "Pass", partial(_pass_with_errors, seed)):
            singles.append(by_numpy(step, numbers, np.float32))
    found = differences(by_numpy(step, numbers), singles, results, numbers.images)
    if pytorch:
        from pytorch import graphs  # noqa: PLC0415  # PyTorch need not be installed

        exact = {"wanted": graphs.wanted, "predicted": graphs.predicted}[oracle](step, numbers)
        others = differences(exact, singles, results, numbers.images)
        found += [f"{line} (PyTorch)" for line in others]
    return found


class _ArraysWithErrors(dict):
    """Arrays that change by at most one unit in the last place of float32 when they are stored."""

    def __init__(self, arrays, seed):
        super().__init__(arrays)
        self.rng = np.random.default_rng([71, seed])

    def __setitem__(self, name, array):
        if array.dtype.kind == "f":
            array = array * (1 + EPSILON * self.rng.uniform(-1, 1, array.shape))
        super().__setitem__(name, array.astype(np.float32))


def _pass_with_errors(seed, *, arrays):
    """Make a pass of the NumPy engine with a further rounding error in every element."""
    return Pass(arrays=_ArraysWithErrors(arrays, seed))


def _images(number, step):
    """Choose the size of a batch: every fourth is one image, every fourth two, the rest vary."""
    kind, more = number % 4, number // 4
    count = kind + 1 if kind < 2 else 3 + (2 * more + kind - 2) % (MOST - 2)
    shapes = step.shapes()
    try:
        for operation in step.forward:
            sources = [shapes[name] for name in operation.inputs]
            operation.function.require_images(count, *sources)
    except TrainingError:  # batch normalization takes two values
        return count + 1
    return count


def _numbers(network, rng):
    """Draw the inputs of a step; half of the batches have image weights, some of them 0."""
    inputs, targets, parameters, state = network.numbers(rng)
    weights = None
    if rng.random() < 0.5:
        weights = rng.integers(0, 4, network.images) / 2
        weights[rng.integers(network.images)] = 1
    return Numbers(
        inputs=inputs, targets=targets, parameters=parameters, state=state, weights=weights
    ).rounded()


def _is_sound(step, numbers):
    """Return whether a shorter batch is away from kinks and has several values per statistic."""
    if numbers.images < 2 or (numbers.weights is not None and not numbers.weights.any()):
        return False
    run = reference_pass(step, numbers)
    return distance_from_kinks(step, run, numbers.targets) > ROOM
