"""The training step as data: the operations of a forward and a backward pass, in order.

In the forward pass, each layer has three kinds of operations (Hagan 8.38, 8.32, 8.51): ``Z`` from
each incoming ``A``, ``N`` from the ``Z``, ``A`` from ``N``. The backward pass reverses them: ``dA
-> dN -> dZ -> dA`` of the previous layer (Hagan 8.29), with ``dN -> db`` and ``dZ -> dW`` on the
way (8.30, 8.31). Arrays have names, ``conv1.Z``, ``conv1.dN``; engines decide where to store them.
Layers may be frozen: the backward pass then leaves out their ``db`` and ``dW``, and everything
before the first layer that is trained.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from striate.errors import GraphError, InPython, Message, OptionError
from striate.functions import registry
from striate.functions.base import Function, Loss, TransferFunction
from striate.functions.transfer import Linear
from striate.graph.graph import Graph, Placed
from striate.shapes import Shape

Stage = Literal["weight", "net_input", "transfer"]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One function applied to named arrays.

    Parameters
    ----------
    layer, number, stage
        The layer, and which of its functions is applied.
    function
        The kind with its options.
    inputs, output
        Names of the arrays read and written.
    parameters, state
        Names of the trainable arrays and running statistics, by the function's own names for them.
    frozen
        Whether training leaves the layer unchanged: its parameters get no derivatives, its running
        statistics stay as they are, and it computes as in inference, also in a training pass.
    """

    layer: str
    number: int
    stage: Stage
    function: Function
    inputs: tuple[str, ...]
    output: str
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    state: Mapping[str, str] = field(default_factory=dict[str, str])
    frozen: bool = False


@dataclass(frozen=True, kw_only=True)
class GradientTarget:
    """Where a derivative goes: the first to arrive assigns, the others add, in order."""

    name: str
    adds: bool


@dataclass(frozen=True, kw_only=True)
class BackwardOperation:
    """An operation of the backward pass.

    Parameters
    ----------
    operation
        The forward operation.
    d_output
        Name of the derivative read.
    d_inputs
        Where the inputs' derivatives go; empty if nothing needs them.
    d_parameters
        Where the parameters' derivatives go, by the function's own names for them: among the
        gradients, under the parameter's name.
    """

    operation: Operation
    d_output: str
    d_inputs: tuple[GradientTarget, ...]
    d_parameters: Mapping[str, GradientTarget]


@dataclass(frozen=True, kw_only=True)
class LossOperation:
    """A loss at an output.

    Parameters
    ----------
    loss
        The kind.
    layer
        The output's layer.
    reads
        ``N`` if the loss absorbs the transfer function, otherwise ``A``.
    derivative
        Where its derivative goes.
    weight
        Its weight among the losses of several outputs.
    """

    loss: Loss
    layer: str
    reads: str
    derivative: GradientTarget
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class TrainingStep:
    """The operations of one step: forward, losses, backward.

    Sources
    -------
    Hagan 8.29-8.31, fig. 8.12.
    """

    graph: Graph
    forward: tuple[Operation, ...]
    losses: tuple[LossOperation, ...]
    backward: tuple[BackwardOperation, ...]

    @classmethod
    def of(
        cls,
        graph: Graph,
        losses: Sequence[Loss] = (),
        *,
        loss_weights: Sequence[float] | None = None,
        to_inputs: bool = False,
        frozen: Collection[str] = (),
    ) -> "TrainingStep":
        """List the operations of a graph.

        Parameters
        ----------
        graph
            The layers.
        losses
            One for each output; none for a forward pass alone.
        loss_weights
            The weight of each loss; 1 by default.
        to_inputs
            Whether derivatives go all the way back to the network's inputs.
        frozen
            Names of layers that training leaves unchanged. Derivatives go back no further than to
            the first layer that is trained.

        Returns
        -------
        TrainingStep

        Raises
        ------
        GraphError
            If the number of losses differs from the number of outputs.
        OptionError
            If a loss doesn't accept an output's transfer function.

        Examples
        --------
        >>> from striate.graph.layers import Dense, Input
        >>> from striate.functions.loss import SquaredError
        >>> step = TrainingStep.of(Graph.of(Dense(2)(Input((3,)))), [SquaredError()])
        >>> [operation.output for operation in step.forward]
        ['dense1.Z', 'dense1.N', 'dense1.A']
        >>> [back.d_output for back in step.backward]
        ['dense1.dN', 'dense1.dZ']
        """
        forward = tuple(
            operation
            for place in graph.layers
            for operation in _operations(place, frozen=place.owner in frozen)
        )
        if losses and len(losses) != len(graph.outputs):
            raise GraphError(
                f"Got {len(losses)} losses; expected one for each output "
                f"({', '.join(graph.outputs)}). "
                "Pass one loss for each output."
            )
        weights = loss_weights or [1.0] * len(losses)
        written: set[str] = set()
        ends = tuple(
            _loss_operation(graph, name, loss, weight, written)
            for name, loss, weight in zip(graph.outputs, losses, weights, strict=bool(losses))
        )
        wanted = _wanted(graph, forward, to_inputs=to_inputs)
        reversed_ = [
            _reversed_operation(operation, written, wanted)
            for operation in reversed(forward)
            if derivative_of(operation.output) in written
        ]
        backward = tuple(back for back in reversed_ if back.d_inputs or back.d_parameters)
        return cls(graph=graph, forward=forward, losses=ends, backward=backward)

    @property
    def trained(self) -> tuple[Operation, ...]:
        """The forward operations of layers that aren't frozen."""
        return tuple(operation for operation in self.forward if not operation.frozen)

    def shapes(self) -> dict[str, Shape]:
        """Return the shape, for one image, of every array of the forward pass."""
        shapes = {f"{name}.A": shape for name, shape in self.graph.inputs.items()}
        for operation in self.forward:
            inputs = [shapes[name] for name in operation.inputs]
            shapes[operation.output] = operation.function.output_shape(*inputs)
        return shapes


def derivative_of(name: str) -> str:
    """Return the name of the derivative with respect to an array: ``conv1.dZ`` of ``conv1.Z``."""
    layer, symbol = name.rsplit(".", 1)
    return f"{layer}.d{symbol}"


def _operations(place: Placed, *, frozen: bool) -> list[Operation]:
    """List a layer's operations: one for each incoming layer, net input, transfer function."""
    parameters = list(place.parameter_names())
    states = list(place.state_names())
    listed = [
        Operation(
            layer=place.name,
            number=place.number,
            stage="weight",
            function=place.layer.weight,
            inputs=(f"{source}.A",),
            output=f"{place.name}.Z{place.suffix(k)}",
            parameters={role: name for name, at, role, _ in parameters if at == k},
            state={role: name for name, at, role, _ in states if at == k},
            frozen=frozen,
        )
        for k, source in enumerate(place.sources)
    ]
    net_input = Operation(
        layer=place.name,
        number=place.number,
        stage="net_input",
        function=place.layer.net_input,
        inputs=tuple(operation.output for operation in listed),
        output=f"{place.name}.N",
        parameters={role: name for name, at, role, _ in parameters if at is None},
        frozen=frozen,
    )
    transfer = Operation(
        layer=place.name,
        number=place.number,
        stage="transfer",
        function=place.layer.transfer,
        inputs=(net_input.output,),
        output=f"{place.name}.A",
        frozen=frozen,
    )
    return [*listed, net_input, transfer]


def _loss_operation(
    graph: Graph, name: str, loss: Loss, weight: float, written: set[str]
) -> LossOperation:
    """Attach a loss to an output; it reads the net input if it absorbs the transfer function."""
    transfer = graph[name].layer.transfer
    _require_transfer(loss, transfer)
    absorbed = isinstance(transfer, (Linear, *loss.absorbs))
    reads = f"{name}.{'N' if absorbed else 'A'}"
    return LossOperation(
        loss=loss,
        layer=name,
        reads=reads,
        derivative=_target(derivative_of(reads), written),
        weight=weight,
    )


def _require_transfer(loss: Loss, transfer: TransferFunction) -> None:
    """Raise if a loss that absorbs a transfer function follows another one."""
    if not loss.absorbs or isinstance(transfer, (Linear, *loss.absorbs)):
        return
    names = [registry.name_of(kind) for kind in loss.absorbs]
    found = registry.name_of(transfer)
    others = [
        registry.name_of(kind)
        for kind in registry.kinds("loss").values()
        if isinstance(transfer, kind.absorbs)
    ]
    other = f', or loss="{others[0]}"' if others else ""
    raise OptionError(
        f"{type(loss).__name__} needs a {' or '.join(names)} (or linear) last layer; this network "
        f"ends in {found}.",
        remedy=Message(
            "Use ",
            InPython(f'activation="{names[0]}"{other}', f"{names[0]} in the last layer"),
            ".",
        ),
    )


def _wanted(graph: Graph, forward: Sequence[Operation], *, to_inputs: bool) -> set[str]:
    """Collect the arrays that derivatives must reach: those that depend on trained parameters."""
    wanted = {f"{name}.A" for name in graph.inputs} if to_inputs else set[str]()
    for operation in forward:
        trained = bool(operation.parameters) and not operation.frozen
        if trained or not wanted.isdisjoint(operation.inputs):
            wanted.add(operation.output)
    return wanted


def _reversed_operation(
    operation: Operation, written: set[str], wanted: set[str]
) -> BackwardOperation:
    """Reverse an operation, and record what it writes."""
    return BackwardOperation(
        operation=operation,
        d_output=derivative_of(operation.output),
        d_inputs=()
        if wanted.isdisjoint(operation.inputs)
        else tuple(_target(derivative_of(name), written) for name in operation.inputs),
        d_parameters={}
        if operation.frozen
        else {role: _target(name, written) for role, name in operation.parameters.items()},
    )


def _target(name: str, written: set[str]) -> GradientTarget:
    """Record whether a derivative is the first to arrive at its array."""
    target = GradientTarget(name=name, adds=name in written)
    written.add(name)
    return target
