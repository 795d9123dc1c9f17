"""Inspection: every quantity of a pass, and a check of the gradients."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from striate.data.image_file import Images
from striate.errors import OptionError
from striate.functions.base import Draw, Loss
from striate.functions.options import COUNT
from striate.functions.transfer import Linear
from striate.functions.writing import short
from striate.graph.gradients import GradientCheck
from striate.graph.gradients import check_gradients as check_step
from striate.graph.parameters import require_seed
from striate.graph.reference import Pass, backward, forward
from striate.graph.step import LossOperation, TrainingStep
from striate.graph.trace import Trace
from striate.model.arguments import check_all_targets, check_inputs, count_of
from striate.model.core import Core
from striate.model.losses import losses_of
from striate.model.target_scaling import standardized
from striate.shapes import Array

AnyLoss = str | Loss | Sequence[str | Loss] | None


def trace(core: Core, x: Any, y: Any, loss: AnyLoss, *, training: bool, seed: int) -> Trace:
    """Compute every quantity of a pass; see :meth:`striate.Network.trace`."""
    require_seed(seed)
    inputs = check_inputs(core, x)
    count = count_of(inputs)
    core.engines.memory.require_batch(count, backward=y is not None)
    losses = losses_of(core.graph, loss) if y is not None else []
    step = TrainingStep.of(
        core.graph, losses, loss_weights=core.loss_weights if losses else None, to_inputs=True
    )
    draw = Draw(seed=seed, step=0, layer=0, images=np.arange(count)) if training else None
    # A trace keeps what the pass read, also if the network is trained further or `x` is changed.
    images, parameters, statistics = map(
        _copied, (_to_equations(core, inputs), core.parameters, core.statistics)
    )
    run = forward(step, images, parameters, statistics, training=training, draw=draw)
    targets: list[Array] = []
    if y is not None:
        checked = check_all_targets(core.outputs, y, losses, count)
        values = [np.array(one.values) for one in checked]
        targets = [*standardized(core.target_scaling, core.graph.outputs, values)]
        backward(step, run, targets)
        for end, target in zip(step.losses, targets, strict=True):
            if f"{end.layer}.dA" not in run.arrays:
                run.arrays[f"{end.layer}.dA"] = _of_activation(core, end, run, target)
    return Trace(step, run, parameters, targets)


def check_gradients(
    core: Core, x: Any, y: Any, loss: AnyLoss, *, elements: int, seed: int
) -> GradientCheck:
    """Compare gradients with central differences; see :meth:`striate.Network.check_gradients`."""
    require_seed(seed)
    if elements not in COUNT:
        raise OptionError(
            f"`elements` must be a positive integer, got {short(elements)}. Try elements=30."
        )
    inputs = check_inputs(core, x)
    count = count_of(inputs)
    core.engines.memory.require_batch(count, backward=True, float64=True)
    losses = losses_of(core.graph, loss)
    targets = check_all_targets(core.outputs, y, losses, count)
    return check_step(
        TrainingStep.of(core.graph, losses, loss_weights=core.loss_weights, to_inputs=True),
        _to_equations(core, inputs),
        standardized(core.target_scaling, core.graph.outputs, [y.values for y in targets]),
        dict(core.parameters),
        dict(core.statistics),
        elements=elements,
        seed=seed,
    )


def _to_equations(core: Core, inputs: Mapping[str, Images]) -> dict[str, Array]:
    """Preprocess checked images, in the axis order of the equations."""
    return {
        name: core.preprocessing.to_equations(np.asarray(images), name)
        for name, images in inputs.items()
    }


def _copied(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Copy arrays, so that they stay as they are."""
    return {name: np.array(array) for name, array in arrays.items()}


def _of_activation(core: Core, end: LossOperation, run: Pass, y: Array) -> Array:
    """Return the derivative at the last activation, which a loss that absorbs it skips."""
    transfer = core.graph[end.layer].layer.transfer
    if isinstance(transfer, Linear):
        return run.arrays[f"{end.layer}.dN"]
    a = run.arrays[f"{end.layer}.A"]
    return end.loss.backward_a(a, y, transfer) / a.dtype.type(end.loss.divisor(y))
