"""Check every gradient of a network by central differences, in float64."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from striate.functions.base import Draw
from striate.graph.reference import backward, forward
from striate.graph.step import TrainingStep
from striate.shapes import Array

BOUND = 1e-6
"""Norm-wise relative error allowed.

Central differences of step h err by about h**2 and eps/h; at h = 1e-5 both are below 1e-9, which
leaves three digits for what the depth of the network adds.
"""

UNSEEN = 4 * float(np.finfo(np.float64).eps)
"""Part of a loss that its own roundings hide: differences of step h err by it, divided by h.

What is that small cannot be compared relatively. A bias in front of batch normalization, say, has
the derivative 0, and differences of some 1e-11.
"""


@dataclass(frozen=True, kw_only=True)
class GradientCheck:
    """How far backpropagated derivatives are from central differences, array by array.

    Parameters
    ----------
    errors
        Norm-wise relative error by name of the parameter or input; for derivatives too small to be
        seen in differences, relative to the smallest that can be.
    compared
        How many entries of each were compared.
    kinks
        How many were left out because there is no derivative: a net input of exactly 0 before a
        rectifier, a tie under a maximum.
    bound
        What an error may be.
    """

    errors: Mapping[str, float]
    compared: Mapping[str, int]
    kinks: Mapping[str, int] = field(default_factory=dict[str, int])
    bound: float = BOUND

    @property
    def passed(self) -> bool:
        """Whether every array is within the bound."""
        return all(error <= self.bound for error in self.errors.values())

    @property
    def worst(self) -> float:
        """The largest error."""
        return max(self.errors.values(), default=0.0)

    def __str__(self) -> str:
        """List the errors, one array a line."""
        width = max(map(len, self.errors), default=0)
        lines = [f"{name:<{width}}  {self._line(name)}" for name in self.errors]
        verdict = "all gradients agree" if self.passed else "some gradients are WRONG"
        return "\n".join(
            [*lines, f"{verdict}: relative errors at most {self.worst:.1e}, bound {self.bound:.0e}"]
        )

    def _line(self, name: str) -> str:
        """Write how one array compares."""
        kinks = self.kinks.get(name, 0)
        left_out = f", {kinks} at a kink left out" if kinks else ""
        if not self.compared[name]:
            return f"{'-':>9}  open  (0 entries{left_out})"
        verdict = "ok" if self.errors[name] <= self.bound else "WRONG"
        return f"{self.errors[name]:9.2e}  {verdict}  ({self.compared[name]} entries{left_out})"


def check_gradients(
    step: TrainingStep,
    inputs: Mapping[str, Array],
    targets: Sequence[Array],
    parameters: Mapping[str, Array],
    state: Mapping[str, Array],
    *,
    entries: int = 30,
    seed: int = 0,
    difference: float = 1e-5,
) -> GradientCheck:
    r"""Compare backpropagated derivatives with central differences.

    .. math:: \frac{\partial F}{\partial w} \approx \frac{F(w + h) - F(w - h)}{2 h}

    Dropout's masks are frozen: the same draw serves every evaluation. Where a step crosses a kink,
    such as that of relu, the quotient is no derivative; shorter steps, a tenth and a hundredth,
    are then tried.

    Parameters
    ----------
    step
        The operations, with derivatives to the inputs.
    inputs, targets, parameters, state
        As for the passes of :mod:`striate.graph.reference`; computed in float64.
    entries
        How many entries of each array to compare, drawn at random; all where there are fewer.
    seed
        Chooses the entries and the masks.
    difference
        :math:`h`.

    Returns
    -------
    GradientCheck

    Sources
    -------
    Hagan 8.28.
    """
    wide = {name: np.array(a, np.float64) for name, a in parameters.items()}
    images = {name: np.array(a, np.float64) for name, a in inputs.items()}
    kept = {name: np.array(a, np.float64) for name, a in state.items()}
    count = len(next(iter(images.values())))
    draw = Draw(seed=seed, step=0, layer=0, images=np.arange(count))

    def evaluate() -> float:
        run = forward(step, images, wide, kept, training=True, draw=draw)
        return _loss(step, run.arrays, targets)

    run = backward(step, forward(step, images, wide, kept, training=True, draw=draw), targets)
    found = {name: run.gradients[name] for name in wide if name in run.gradients}
    found |= {name: run.arrays[f"{name}.dA"] for name in images if f"{name}.dA" in run.arrays}
    generator = np.random.default_rng(seed)
    # The smallest derivative whose error could exceed the bound for another reason than roundings.
    least = max(UNSEEN * abs(run.loss) / difference / BOUND, 1e-12)
    errors: dict[str, float] = {}
    compared: dict[str, int] = {}
    kinks: dict[str, int] = {}
    for name, gradient in found.items():
        array = wide.get(name, images.get(name))
        assert array is not None
        chosen = generator.permutation(array.size)[:entries]
        exact = gradient.reshape(-1)[chosen]
        numeric = np.array(
            [
                _nearest(evaluate, array, k, difference, max(float(abs(one)), least), float(one))
                for k, one in zip(chosen, exact, strict=True)
            ]
        )
        smooth = ~np.isnan(numeric)
        numeric, exact = numeric[smooth], exact[smooth]
        scale = max(float(np.linalg.norm(numeric)), float(np.linalg.norm(exact)), least)
        errors[name] = float(np.linalg.norm(numeric - exact)) / scale
        compared[name], kinks[name] = len(numeric), len(chosen) - len(numeric)
    return GradientCheck(errors=errors, compared=compared, kinks=kinks)


def _nearest(
    evaluate: Callable[[], float], array: Array, entry: int, h: float, size: float, exact: float
) -> float:
    """Take shorter steps where one may have crossed a kink; a wrong derivative agrees with none.

    At a kink itself no step is short enough: the slopes upwards and downwards stay apart. There is
    no derivative then, and the answer is NaN.
    """
    tried: list[float] = []
    for step in (h, h / 10, h / 100):
        tried.append(_difference(evaluate, array, entry, step))
        if abs(tried[-1] - exact) <= BOUND * size:
            return tried[-1]
    apart = [_apart(evaluate, array, entry, step) for step in (h, h / 100)]
    if min(apart) > max(size * 1e-3, max(apart) / 2):
        return math.nan
    return min(tried, key=lambda numeric: abs(numeric - exact))


def _difference(evaluate: Callable[[], float], array: Array, entry: int, h: float) -> float:
    """Give the slope from one side of an entry to the other."""
    above, below = _both_sides(evaluate, array, entry, h)
    return (above - below) / (2 * h)


def _apart(evaluate: Callable[[], float], array: Array, entry: int, h: float) -> float:
    """Tell the slope upwards from the slope downwards: of order h where there is a derivative."""
    above, below = _both_sides(evaluate, array, entry, h)
    return abs(above - 2 * evaluate() + below) / h


def _both_sides(
    evaluate: Callable[[], float], array: Array, entry: int, h: float
) -> tuple[float, float]:
    """Evaluate the loss on both sides of one entry."""
    flat = array.reshape(-1)
    value = flat[entry]
    flat[entry] = value + h
    above = evaluate()
    flat[entry] = value - h
    below = evaluate()
    flat[entry] = value
    return above, below


def _loss(step: TrainingStep, arrays: Mapping[str, Array], targets: Sequence[Array]) -> float:
    """Add up the losses of the outputs."""
    return sum(
        end.weight * float(np.sum(end.loss.apply(arrays[end.reads], y))) / end.loss.divisor(y)
        for end, y in zip(step.losses, targets, strict=True)
    )
