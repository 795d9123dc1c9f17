r"""The derivative with respect to one element by central differences of the loss, with a bound.

.. math:: \frac{\partial F}{\partial x} \approx D(h) = \frac{F(x + h) - F(x - h)}{2 h}

Any quantity of a pass can be moved, also one in the middle of the network: only what depends on it
is computed again. The quotient differs from the derivative for two reasons, and both are estimated:

- It is taken over a finite step. The error is :math:`c h^2` for small steps, so
  :math:`D(2 h) - D(h)` is three times as large.
- Each value of the loss is rounded. A relative rounding error u in an element X of the pass changes
  the loss by :math:`u \, X \, \partial F / \partial X`, and the derivatives of all quantities are
  known. Together with the rounding of the loss itself, this is divided by h.

If a step crosses a kink, such as that of relu, D is wrong; then shorter steps are tried. At a kink
itself, no step is short enough: the slopes upward and downward stay different.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from striate.graph.gradients import total_loss
from striate.graph.reference import Pass
from striate.graph.step import TrainingStep, derivative_of
from striate.shapes import Array

STEPS = (1e-5, 1e-6, 1e-7)
"""Half the distance between the two values, one after the other until the quotient agrees."""

_ROUNDINGS = 2
"""Rounding errors of a quantity, in units of its last place.

An element is a sum of many products, but its rounding errors have random signs. With an eighth of
this, the derivatives of the 60 random networks of the tests are still within the bound.
"""

_UNIT = float(np.finfo(np.float64).eps) / 2


@dataclass(frozen=True, kw_only=True)
class LossDifference:
    """The derivative by central differences.

    Parameters
    ----------
    value
        The quotient; NaN at a kink.
    bound
        Estimate of its largest error.
    step
        Half the distance between the two values of the element.
    """

    value: float
    bound: float
    step: float


def difference_at(
    step: TrainingStep,
    run: Pass,
    targets: Sequence[Array],
    name: str,
    position: tuple[int, ...],
    exact: float,
) -> LossDifference:
    """Compute the derivative of the loss with respect to one element.

    Parameters
    ----------
    step, run, targets
        A pass in float64, forward and backward.
    name
        The array that the element is in: a quantity, an input or a parameter.
    position
        Its position.
    exact
        The derivative to compare with, which decides whether a shorter step is tried.

    Returns
    -------
    LossDifference

    Sources
    -------
    Hagan 8.28.
    """

    def quotient(h: float) -> float:
        above, below = (_moved(step, run, targets, name, position, by) for by in (h, -h))
        # The distance of the two values, which are rounded themselves.
        return (above.loss - below.loss) / (above.at - below.at)

    size = abs(run.loss) + _size_of_sums(step, run.arrays, targets) + _sensitivity(run.arrays)
    noise = _ROUNDINGS * _UNIT * size
    tried: list[LossDifference] = []
    for h in STEPS:
        value = quotient(h)
        bound = abs(quotient(2 * h) - value) + noise / h
        tried.append(LossDifference(value=value, bound=bound, step=h))
        # A shorter step has a wider bound. It counts only if the quotient did change with the step:
        # otherwise no kink was crossed, and the derivative itself is wrong.
        crossed = h == STEPS[0] or abs(value - tried[0].value) > tried[0].bound
        if crossed and abs(value - exact) <= bound:
            return tried[-1]
    apart = [_apart(step, run, targets, name, position, h) for h in (STEPS[0], STEPS[-1])]
    if min(apart) > max(abs(exact) * 1e-3, max(apart) / 2, 2 * noise / STEPS[-1]):
        return LossDifference(value=np.nan, bound=np.nan, step=STEPS[-1])
    return tried[0]


@dataclass(frozen=True, kw_only=True)
class _Moved:
    """The loss with one element moved, and the element."""

    loss: float
    at: float


def _moved(
    step: TrainingStep,
    run: Pass,
    targets: Sequence[Array],
    name: str,
    position: tuple[int, ...],
    by: float,
) -> _Moved:
    """Move an element, and compute again what depends on it."""
    arrays = dict(run.arrays)
    parameters = _parameters(step, run)
    holder = arrays if name in arrays else parameters
    holder[name] = holder[name].copy()
    holder[name][position] += by
    changed = {name}
    for operation in step.forward:
        read = {*operation.inputs, *operation.parameters.values()}
        if operation.output == name or changed.isdisjoint(read):
            continue
        call = replace(
            run.calls[operation.output],
            inputs=tuple(arrays[one] for one in operation.inputs),
            parameters={role: parameters[one] for role, one in operation.parameters.items()},
        )
        arrays[operation.output] = operation.function.forward(call)
        changed.add(operation.output)
    return _Moved(loss=total_loss(step, arrays, targets), at=float(holder[name][position]))


def _parameters(step: TrainingStep, run: Pass) -> dict[str, Array]:
    """Collect the parameters of a pass."""
    return {
        name: run.calls[operation.output].parameters[role]
        for operation in step.forward
        for role, name in operation.parameters.items()
    }


def _size_of_sums(
    step: TrainingStep, arrays: Mapping[str, Array], targets: Sequence[Array]
) -> float:
    """Return the size of the numbers that losses with an exponential function add up.

    Cross-entropy is the logarithm of a sum of exponentials, and its derivative is a probability
    minus a target. If the network is certain and right, the sum and the probability are 1, and what
    they differ from 1 by, such as 1e-20, is rounded away, although the loss itself is that small.
    If all net inputs are 0, nothing cancels: there the derivative has the size of what is added.
    """
    size = 0.0
    for end, y in zip(step.losses, targets, strict=True):
        if end.loss.absorbs:
            undecided = np.zeros_like(arrays[end.reads])
            sums = np.abs(end.loss.backward_n(undecided, y)).sum()
            size += end.weight * float(sums) / end.loss.divisor(y)
    return size


def _sensitivity(arrays: Mapping[str, Array]) -> float:
    """Return by how much the loss changes if each element changes by its own size."""
    return sum(
        float(np.abs(array * arrays[derivative_of(name)]).sum())
        for name, array in arrays.items()
        if derivative_of(name) in arrays
    )


def _apart(
    step: TrainingStep,
    run: Pass,
    targets: Sequence[Array],
    name: str,
    position: tuple[int, ...],
    h: float,
) -> float:
    """Compare the slopes upward and downward: they differ by O(h) if the derivative exists."""
    above, below = (_moved(step, run, targets, name, position, by).loss for by in (h, -h))
    return abs(above - 2 * run.loss + below) / h
