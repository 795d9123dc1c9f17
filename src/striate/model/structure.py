"""What a network is: layers, numbers, sizes, text, and what it answers; before it is trained."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from striate.errors import StriateError
from striate.functions.base import Loss
from striate.functions.transfer import Logistic
from striate.graph.axis_order import (
    Channels,
    images_to_last,
    require_channels,
    require_shape,
    to_last,
)
from striate.graph.graph import Graph
from striate.graph.parameters import Layout, start_parameters, start_state
from striate.graph.shorthand import parse
from striate.graph.shorthand_writer import write
from striate.graph.summary import Summary, summarize
from striate.model.building import shapes_at
from striate.model.engines import EngineName, Engines
from striate.model.feeding import check_inputs, outputs_in_batches
from striate.model.inputs import Preprocessing
from striate.model.presets import preset
from striate.model.targets import Classes, predicted_labels
from striate.shapes import Array, Shape
from striate.training.history import History


def start_numbers(graph: Graph, seed: int) -> tuple[Array, Array]:
    """Give the parameters and statistics that a network starts with, flat."""
    return start_parameters(graph, seed), start_state(graph)


class Structure:
    """The layers of a network with their numbers: the part of a network that does not learn."""

    graph: Graph
    preprocessing: Preprocessing
    classes: Classes
    losses: tuple[Loss, ...] | None
    history: History
    """The scores of the last training, also after Ctrl-C or an error; empty before the first."""

    engines: Engines

    def _begin(
        self,
        engines: Engines,
        preprocessing: Preprocessing,
        classes: Classes,
        numbers: tuple[Array, Array],
    ) -> None:
        """Take a graph with its engines, and its numbers."""
        self.graph = engines.graph
        self.engines = engines
        self.preprocessing = preprocessing
        self.classes = classes
        self._parameters, self._statistics = numbers
        self.losses: tuple[Loss, ...] | None = None
        self.history = History([])

    @classmethod
    def of(
        cls,
        graph: Graph,
        *,
        preprocessing: Preprocessing | None = None,
        classes: Classes | None = None,
        seed: int = 0,
        numbers: tuple[Array, Array] | None = None,
        engine: EngineName = "auto",
        winograd: bool = True,
    ) -> Self:
        """Make a network of a graph; its numbers are drawn only where none are given."""
        network = cls.__new__(cls)
        network._begin(  # noqa: SLF001  # its own
            Engines(graph, engine, winograd=winograd),
            preprocessing or Preprocessing(),
            classes or Classes(),
            start_numbers(graph, seed) if numbers is None else numbers,
        )
        return network

    @classmethod
    def parse(
        cls,
        text: str,
        input_shape: Shape | None = None,
        *,
        channels: Channels = "last",
        seed: int = 0,
        engine: EngineName = "auto",
        winograd: bool = True,
    ) -> Self:
        """Read a network from Hagan's shorthand.

        Parameters
        ----------
        text
            See :mod:`striate.graph.shorthand`.
        input_shape
            As for :class:`Network`; not needed where the text states its input.
        channels
            Which axis of images and of ``input_shape`` holds the channels, ``"last"`` or
            ``"first"``. Inputs in the text always have theirs last.
        seed
            For the weights that the network starts with.
        engine, winograd
            As for :class:`Network`.

        Returns
        -------
        Network

        Raises
        ------
        ShorthandError
            If a word, an option or a name is not known.
        ShapeError
            If sizes do not fit.
        OptionError
            If ``channels``, the seed or the engine cannot be.

        Sources
        -------
        Hagan fig. 8.10-8.11.

        Examples
        --------
        >>> import striate as st
        >>> st.Network.parse("conv 6@5x5 tanh | average 2 | dense 10", (28, 28, 1)).parameter_count
        8806
        """
        require_channels(channels)
        if input_shape is not None and channels == "first":
            input_shape = to_last(require_shape(input_shape))
        graph = parse(text, input_shape)
        preprocessing = Preprocessing(channels=channels)
        return cls.of(
            graph, preprocessing=preprocessing, seed=seed, engine=engine, winograd=winograd
        )

    @classmethod
    def preset(
        cls,
        name: str,
        *,
        seed: int = 0,
        engine: EngineName = "auto",
        winograd: bool = True,
        **changes: Any,
    ) -> Self:
        """Make one of the networks that have a name.

        Parameters
        ----------
        name
            See :mod:`striate.model.presets`.
        seed
            For the weights that the network starts with.
        engine, winograd
            As for :class:`Network`.
        changes
            ``input_shape`` and ``classes``, where they differ from the preset's own.

        Returns
        -------
        Network

        Raises
        ------
        OptionError
            If there is no such preset, or the seed or the engine cannot be.

        Examples
        --------
        >>> import striate as st
        >>> st.Network.preset("lenet5").parameter_count
        61706
        """
        text, input_shape = preset(name, **changes)
        return cls.parse(text, input_shape, seed=seed, engine=engine, winograd=winograd)

    @property
    def input_shape(self) -> Shape:
        """Shape of one image of the first input, as the user writes it."""
        return self.preprocessing.face(next(iter(self.graph.inputs.values())))

    @property
    def output_shape(self) -> Shape:
        """Shape of the first output for one image, as the user reads it."""
        return self.preprocessing.face(self.graph.shapes[self.graph.outputs[0]])

    @property
    def parameters(self) -> dict[str, Array]:
        """Every trainable array by name, ``conv1.weight``; writing into one changes the network."""
        return Layout.of(self.graph.parameters()).views(self._parameters)

    @property
    def statistics(self) -> dict[str, Array]:
        """Every running statistic by name, ``batch-norm1.mean``."""
        return Layout.of(self.graph.state()).views(self._statistics)

    @property
    def parameter_count(self) -> int:
        """How many trainable numbers there are."""
        return self._parameters.size

    @property
    def threshold(self) -> float:
        """What a single output is compared with: one half behind a logistic function, else zero."""
        logistic = isinstance(self.graph[self.graph.outputs[0]].layer.transfer, Logistic)
        return 0.5 if logistic else 0.0

    def summary(self) -> Summary:
        """Tabulate the layers: sizes, parameters, multiply-adds, receptive fields, unseen pixels.

        Returns
        -------
        Summary
            Prints as a table; holds the numbers as rows.

        Sources
        -------
        Hagan 8.18; Wichmann 2.3, 3.1.

        Examples
        --------
        >>> import striate as st
        >>> st.Network.preset("lenet5").summary().parameters
        61706
        """
        return summarize(self.graph)

    def to_text(self) -> str:
        """Write the network in Hagan's shorthand."""
        return write(self.graph)

    def __str__(self) -> str:
        """Write the network in Hagan's shorthand."""
        try:
            return self.to_text()
        except StriateError:
            return repr(self)

    def __repr__(self) -> str:
        """Say what it is in one line."""
        sizes = f"{self.input_shape} -> {self.output_shape}"
        return (
            f"<Network {sizes}, {len(self.graph.layers)} layers, {self.parameter_count} parameters>"
        )

    def at(self, input_shape: Shape | Mapping[str, Shape]) -> Self:
        """Give the same kernels for images of another size.

        Parameters
        ----------
        input_shape
            The new shape of an image; for several inputs a table of shapes by the inputs' names, or
            one shape for all.

        Returns
        -------
        Network
            With the same numbers, its own copy of them.

        Raises
        ------
        GraphError
            If a layer's weights depend on the size; the text says which and why. If inputs with
            different numbers of axes are given one shape.
        ShapeError
            If sizes do not fit.

        Sources
        -------
        Hagan, after 8.15.

        Examples
        --------
        >>> import striate as st
        >>> net = st.Network.parse("conv 6@5x5 tanh", (28, 28, 1))
        >>> net.at((100, 60, 1)).output_shape
        (96, 56, 6)
        """
        graph = self.graph.at(
            shapes_at(self.graph.inputs, input_shape, self.preprocessing.channels)
        )
        parameters, statistics = self.numbers
        other = self.of(
            graph,
            preprocessing=self.preprocessing,
            classes=self.classes,
            numbers=(parameters.copy(), statistics.copy()),
            engine=self.engines.name,
            winograd=self.engines.winograd,
        )
        other.losses = self.losses
        return other

    def predict(self, x: Any, *, batch_size: int = 256) -> Any:
        """Compute the network's results.

        Parameters
        ----------
        x
            Images; for several inputs a list, or a table by the inputs' names.
        batch_size
            Images computed at a time.

        Returns
        -------
        Array or tuple of Array
            One row for each image; images channels last. A tuple for several outputs.

        Raises
        ------
        ShapeError, DataError, GraphError
            If these are not images that the network takes.
        OptionError
            If ``batch_size`` cannot be.

        Examples
        --------
        >>> import numpy as np
        >>> import striate as st
        >>> st.Network.preset("lenet5").predict(np.zeros((2, 28, 28, 1))).shape
        (2, 10)
        """
        inputs = check_inputs(self.graph, self.preprocessing, x)
        batches = outputs_in_batches(
            self.engines.answering(self.losses or ()),
            self.preprocessing,
            self.numbers,
            inputs,
            batch_size,
        )
        outputs = [results.outputs for results in batches]
        joined = tuple(np.concatenate(parts) for parts in zip(*outputs, strict=True))
        if self.preprocessing.channels == "last":
            joined = tuple(images_to_last(a) if a.ndim > 2 else a for a in joined)
        single, *others = joined
        return joined if others else single

    def predict_classes(self, x: Any, *, batch_size: int = 256) -> Array:
        """Give the most likely class of each image: its name, or its label.

        Parameters
        ----------
        x, batch_size
            As for :meth:`predict`.

        Returns
        -------
        Array
            One label for each image.

        Raises
        ------
        ShapeError, DataError, GraphError
            If these are not images that the network takes.
        OptionError
            If ``batch_size`` cannot be.

        Examples
        --------
        >>> import numpy as np
        >>> import striate as st
        >>> st.Network.preset("lenet5").predict_classes(np.zeros((2, 28, 28, 1))).shape
        (2,)
        """
        inputs = check_inputs(self.graph, self.preprocessing, x)
        batches = outputs_in_batches(
            self.engines.answering(self.losses or ()),
            self.preprocessing,
            self.numbers,
            inputs,
            batch_size,
        )
        output = np.concatenate([results.outputs[0] for results in batches])
        labels = predicted_labels(output, self.threshold)
        return np.array(self.classes.names)[labels] if self.classes.names else labels

    @property
    def numbers(self) -> tuple[Array, Array]:
        """Parameters and statistics, flat."""
        return self._parameters, self._statistics

    def set_numbers(self, parameters: Array, statistics: Array) -> None:
        """Take other parameters and statistics, flat."""
        self._parameters[:] = parameters
        self._statistics[:] = statistics
