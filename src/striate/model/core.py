"""The parts of a network: the object that implements :class:`striate.Network`.

Library code works on a :class:`Core`, whose attributes are plain; :class:`striate.Network` wraps it
and shows users what they need. :func:`striate.model.network.core_of` gives the core of a network.
"""

from collections.abc import Collection, Mapping
from typing import TypeVar

from striate.errors import StriateError
from striate.functions.base import Loss
from striate.graph.graph import Graph
from striate.graph.parameters import ParameterLayout, start_parameters, start_state
from striate.graph.shorthand_writer import write
from striate.model.classes import Classes
from striate.model.engines import Engines
from striate.model.head import WithHead
from striate.model.inputs import Preprocessing
from striate.model.memory import require_parameters
from striate.model.parameters import NamedArrays
from striate.model.target_scaling import TargetScaling
from striate.model.targets import NetworkOutput
from striate.shapes import Array, Shape
from striate.training.history import History

_T = TypeVar("_T")


class Core:
    """A graph with everything that training and prediction need.

    Parameters
    ----------
    engines
        The graph, and the engines that compute it.
    buffers
        Flat arrays of the parameters and of the running statistics; by default those that the
        initializers draw from ``seed``.
    preprocessing
        Axis order and standardization of the inputs.
    classes
        The classes of each output that has any, by the output's name.
    losses, loss_weights
        The loss of each output and its weight, as of the last training; ``None`` before any.
    target_scaling
        The scale of the targets of each output whose targets are standardized, by its name.
    target_names
        Names of the numbers of each output that predicts numbers, by the output's name.
    trained_on
        Sorted digests of the images that it was trained on, see
        :func:`striate.data.digests.digests`; ``None`` if they aren't known.
    seed
        For the initializers.
    """

    def __init__(
        self,
        engines: Engines,
        buffers: tuple[Array, Array] | None = None,
        *,
        preprocessing: Preprocessing | None = None,
        classes: Mapping[str, Classes] | None = None,
        losses: tuple[Loss, ...] | None = None,
        loss_weights: tuple[float, ...] | None = None,
        target_scaling: Mapping[str, TargetScaling] | None = None,
        target_names: Mapping[str, tuple[str, ...]] | None = None,
        trained_on: Array | None = None,
        seed: int = 0,
    ) -> None:
        graph = engines.graph
        if buffers is None:
            require_parameters(graph.parameters())
            buffers = start_parameters(graph, seed), start_state(graph)
        self.engines = engines
        self.preprocessing = preprocessing or Preprocessing()
        self.classes = dict(classes or {})
        self.losses = losses
        self.loss_weights = loss_weights
        self.target_scaling = dict(target_scaling or {})
        self.target_names = dict(target_names or {})
        self.trained_on = trained_on
        self._parameters, self._statistics = buffers
        self.history = History([])
        """The scores of the last training, also after Ctrl-C or an error."""

    @property
    def graph(self) -> Graph:
        return self.engines.graph

    @property
    def buffers(self) -> tuple[Array, Array]:
        """Parameters and running statistics, each a flat array."""
        return self._parameters, self._statistics

    def set_buffers(self, parameters: Array, statistics: Array) -> None:
        """Copy other parameters and statistics into the network's buffers."""
        self._parameters[:] = parameters
        self._statistics[:] = statistics

    @property
    def parameters(self) -> NamedArrays:
        """The parameters by name: views of the buffer."""
        return NamedArrays(
            "parameter", ParameterLayout.of(self.graph.parameters()), self._parameters
        )

    @property
    def statistics(self) -> NamedArrays:
        """The running statistics by name: views of the buffer."""
        return NamedArrays(
            "running statistic", ParameterLayout.of(self.graph.state()), self._statistics
        )

    @property
    def outputs(self) -> tuple[NetworkOutput, ...]:
        """The outputs, as targets see them."""
        single = len(self.graph.outputs) == 1
        return tuple(
            NetworkOutput(
                layer=self.graph[name],
                channels=self.preprocessing.channels,
                targets="y" if single else f'y["{name}"]',
                classes=self.classes.get(name, Classes()),
                scaling=self.target_scaling.get(name),
            )
            for name in self.graph.outputs
        )

    @property
    def input_shape(self) -> Shape:
        """Shape of one image of the first input, in the user's axis order."""
        return self.preprocessing.face(next(iter(self.graph.inputs.values())))

    @property
    def output_shape(self) -> Shape:
        """Shape of the first output for one image, in the user's axis order."""
        return self.preprocessing.face(self.graph.shapes[self.graph.outputs[0]])

    def __str__(self) -> str:
        try:
            return write(self.graph)
        except StriateError:  # kernels given by hand have no shorthand
            return repr(self)

    def __repr__(self) -> str:
        sizes = f"{self.input_shape} -> {self.output_shape}"
        count = self.buffers[0].size
        return f"<Network {sizes}, {len(self.graph.layers)} layers, {count} parameters>"

    def with_head(self, made: WithHead, seed: int) -> "Core":
        """Return a network with the kept layers' arrays, and new ones for the head."""
        graph = made.graph
        require_parameters(graph.parameters())
        buffers = start_parameters(graph, seed), start_state(graph)
        others = [name for name in self.graph.outputs if name != made.replaced]
        core = Core(
            Engines(graph, self.engines.name, winograd=self.engines.winograd),
            buffers,
            preprocessing=self.preprocessing,
            classes=_only(others, self.classes),
            target_scaling=_only(others, self.target_scaling),
            target_names=_only(others, self.target_names),
            trained_on=self.trained_on,
        )
        for new, own in ((core.parameters, self.parameters), (core.statistics, self.statistics)):
            for name in new:
                if name.rpartition(".")[0] in made.body:
                    new[name][...] = own[name]
        return core

    def at(self, graph: Graph) -> "Core":
        """Return a copy of this network for another input size."""
        parameters, statistics = self.buffers
        return Core(
            Engines(graph, self.engines.name, winograd=self.engines.winograd),
            (parameters.copy(), statistics.copy()),
            preprocessing=self.preprocessing,
            classes=self.classes,
            losses=self.losses,
            loss_weights=self.loss_weights,
            target_scaling=self.target_scaling if graph.outputs == self.graph.outputs else None,
            target_names=self.target_names if graph.outputs == self.graph.outputs else None,
            trained_on=self.trained_on,
        )


def _only(names: Collection[str], known: Mapping[str, _T]) -> dict[str, _T]:
    """Return the entries of some outputs."""
    return {name: value for name, value in known.items() if name in names}
