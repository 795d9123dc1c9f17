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
"""Largest norm-wise relative error.

The error of central differences with step h is about h**2 + eps/h. At h = 1e-5 both terms are below
1e-9, which leaves three digits for the error that the depth of the network adds.
"""

UNSEEN = 4 * float(np.finfo(np.float64).eps)
"""Relative rounding error of a loss: differences of step h have this error, divided by h.

It is relative to the loss or to the arrays that the loss reads, whichever is larger: cross-entropy
is a difference of net inputs, so a loss of 1e-5 has the rounding error of net inputs of 10.

Derivatives that small can't be compared relatively. For example, a bias before batch normalization
has the derivative 0, but differences of about 1e-11.
"""


@dataclass(frozen=True, kw_only=True)
class GradientCheck:
    """The differences between backpropagated derivatives and central differences, by array.

    Parameters
    ----------
    errors
        Norm-wise relative error by name of the parameter or input. For derivatives below the
        resolution of differences, it is relative to that resolution.
    compared
        Number of elements that were compared, by name.
    kinks
        Number of elements that were left out because the derivative doesn't exist there: a net
        input of exactly 0 before a rectifier, a tie under a maximum.
    bound
        Largest error that passes.
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
            return f"{'-':>9}  not compared  (0 elements{left_out})"
        verdict = "ok" if self.errors[name] <= self.bound else "WRONG"
        return f"{self.errors[name]:9.2e}  {verdict}  ({self.compared[name]} elements{left_out})"


def check_gradients(
    step: TrainingStep,
    inputs: Mapping[str, Array],
    targets: Sequence[Array],
    parameters: Mapping[str, Array],
    state: Mapping[str, Array],
    *,
    elements: int = 30,
    seed: int = 0,
    difference: float = 1e-5,
) -> GradientCheck:
    r"""Compare backpropagated derivatives with central differences.

    .. math:: \frac{\partial F}{\partial w} \approx \frac{F(w + h) - F(w - h)}{2 h}

    Dropout's masks are fixed: all evaluations use the same draw. If a step crosses a kink, such as
    that of relu, the quotient isn't the derivative; then shorter steps are tried, a tenth and a
    hundredth.

    Parameters
    ----------
    step
        The operations, with derivatives to the inputs.
    inputs, targets, parameters, state
        As for the passes of :mod:`striate.graph.reference`; computed in float64.
    elements
        Number of elements of each array to compare, drawn at random; all if there are fewer.
    seed
        Chooses the elements and the masks.
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
        return total_loss(step, run.arrays, targets)

    run = backward(step, forward(step, images, wide, kept, training=True, draw=draw), targets)
    found = {name: run.gradients[name] for name in wide if name in run.gradients}
    found |= {name: run.arrays[f"{name}.dA"] for name in images if f"{name}.dA" in run.arrays}
    generator = np.random.default_rng(seed)
    # The smallest derivative whose error can exceed the bound for a reason other than rounding.
    reads = (float(np.abs(run.arrays[end.reads]).max(initial=0.0)) for end in step.losses)
    least = max(UNSEEN * max(abs(run.loss), *reads) / difference / BOUND, 1e-12)
    errors: dict[str, float] = {}
    compared: dict[str, int] = {}
    kinks: dict[str, int] = {}
    for name, gradient in found.items():
        array = wide.get(name, images.get(name))
        assert array is not None
        chosen = generator.permutation(array.size)[:elements]
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
    evaluate: Callable[[], float], array: Array, element: int, h: float, size: float, exact: float
) -> float:
    """Try shorter steps, since one may have crossed a kink; a wrong derivative agrees with none.

    At a kink itself, no step is short enough: the slopes upward and downward stay different. Then
    the derivative doesn't exist, and the result is NaN.
    """
    tried: list[float] = []
    for step in (h, h / 10, h / 100):
        tried.append(_difference(evaluate, array, element, step))
        if abs(tried[-1] - exact) <= BOUND * size:
            return tried[-1]
    apart = [_apart(evaluate, array, element, step) for step in (h, h / 100)]
    if min(apart) > max(size * 1e-3, max(apart) / 2):
        return math.nan
    return min(tried, key=lambda numeric: abs(numeric - exact))


def _difference(evaluate: Callable[[], float], array: Array, element: int, h: float) -> float:
    """Compute the slope between both sides of an element."""
    above, below = _both_sides(evaluate, array, element, h)
    return (above - below) / (2 * h)


def _apart(evaluate: Callable[[], float], array: Array, element: int, h: float) -> float:
    """Compare the slopes upward and downward: they differ by O(h) if the derivative exists."""
    above, below = _both_sides(evaluate, array, element, h)
    return abs(above - 2 * evaluate() + below) / h


def _both_sides(
    evaluate: Callable[[], float], array: Array, element: int, h: float
) -> tuple[float, float]:
    """Evaluate the loss on both sides of one element."""
    flat = array.reshape(-1)
    value = flat[element]
    flat[element] = value + h
    above = evaluate()
    flat[element] = value - h
    below = evaluate()
    flat[element] = value
    return above, below


def total_loss(step: TrainingStep, arrays: Mapping[str, Array], targets: Sequence[Array]) -> float:
    """Add up the losses of the outputs."""
    return sum(
        end.weight * float(np.sum(end.loss.apply(arrays[end.reads], y))) / end.loss.divisor(y)
        for end, y in zip(step.losses, targets, strict=True)
    )
