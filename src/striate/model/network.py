"""The public network class: build, train, evaluate, predict, inspect, save."""

import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, Self

from striate.data.augment import Augmentation
from striate.diagrams import draw_graph
from striate.errors import OptionError, ReadOnlyError, StriateWarning
from striate.functions.base import Loss
from striate.functions.metric_argument import MetricsArgument
from striate.functions.optimizer.base import Optimizer
from striate.functions.schedule.base import Schedule
from striate.functions.writing import short
from striate.graph.axis_order import Channels, require_channels, require_shape, to_last
from striate.graph.freezing import Freeze
from striate.graph.gradients import GradientCheck
from striate.graph.graph import Graph
from striate.graph.layer import Layer, Node
from striate.graph.parameters import require_seed
from striate.graph.shorthand import parse
from striate.graph.shorthand_writer import write
from striate.graph.summary import Summary, summarize
from striate.graph.trace import Trace
from striate.model import files, fitting, inspection, prediction, scoring
from striate.model.attributes import cannot_set
from striate.model.building import (
    build,
    hint_at_other_shape,
    shapes_at,
    warn_of_unclear_signal,
)
from striate.model.classes import Classes, ClassValue
from striate.model.core import Core
from striate.model.engines import EngineName, Engines
from striate.model.head import Head, with_head
from striate.model.inputs import Preprocessing
from striate.model.parameters import NamedArrays
from striate.model.presets import preset
from striate.model.rate_search import find_learning_rate
from striate.model.scoring import Evaluation
from striate.model.target_names import checked_names
from striate.model.target_scaling import TargetScaling
from striate.shapes import Shape
from striate.training.callbacks import Callback
from striate.training.divergence import remedy
from striate.training.history import History
from striate.training.rate_search import RateSearch
from striate.training.settings import TrainingSettings


class Network:
    """A convolutional network.

    Parameters
    ----------
    layers
        A list of layers, with ``input_shape``; or the input (or inputs) of a graph, with
        ``outputs``.
    outputs
        The output (or outputs) of a graph.
    input_shape
        Shape of one image with its channels, ``(rows, columns, channels)``; of a signal, ``(length,
        channels)``; of a vector, ``(features,)``.
    channels
        Which axis of images holds the channels, ``"last"`` or ``"first"``; ``input_shape`` and each
        ``Input`` follow it.
    seed
        Seed of the initial weights: the same seed gives the same bits.
    engine
        ``"compiled"`` runs machine code that is compiled when first needed; ``"numpy"`` is many
        times slower, with the same results up to rounding; ``"auto"`` compiles if possible and
        otherwise falls back to NumPy with a warning. It is not saved with the network.
    winograd
        Whether the compiled engine may use Winograd's algorithm for 3 x 3 convolutions: fewer
        multiplications, a little more rounding.

    Raises
    ------
    ShapeError
        If sizes do not fit; the message shows the sizes so far and the formula.
    GraphError
        If the layers do not form a valid graph.
    OptionError
        If ``channels``, ``seed`` or ``engine`` has a value that is not allowed.

    Sources
    -------
    Hagan fig. 8.9-8.12; Wichmann 3.5.

    Examples
    --------
    >>> import striate as st
    >>> layers = [st.Conv(6, 5, activation="tanh"), st.AveragePool(2), st.Flatten(), st.Dense(10)]
    >>> net = st.Network(layers, input_shape=(32, 32, 1))
    >>> net.parameter_count
    11926
    >>> print(net)
    conv 6@5x5 tanh | average 2x2 | dense 10
    """

    __slots__ = ("__weakref__", "_core")
    _core: Core

    def __init__(
        self,
        layers: Sequence[Layer] | Node | Sequence[Node],
        outputs: Node | Sequence[Node] | None = None,
        *,
        input_shape: Shape | None = None,
        channels: Channels = "last",
        seed: int = 0,
        engine: EngineName = "auto",
        winograd: bool = True,
    ) -> None:
        graph = build(layers, outputs, input_shape, channels)
        self._core = Core(
            Engines(graph, engine, winograd=winograd),
            preprocessing=Preprocessing(channels=channels),
            seed=seed,
        )

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
            As for :class:`Network`; not needed if the text begins with its input.
        channels
            Which axis of images and of ``input_shape`` holds the channels, ``"last"`` or
            ``"first"``. Inputs in the text always have them last.
        seed, engine, winograd
            As for :class:`Network`.

        Returns
        -------
        Network

        Raises
        ------
        ShorthandError
            If a word, an option or a name is unknown.
        ShapeError
            If sizes do not fit.
        OptionError
            If ``channels``, ``seed`` or ``engine`` has a value that is not allowed.

        Warns
        -----
        StriateWarning
            If ``input_shape`` has two numbers, a signal, but may have been meant as a gray image.

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
        shape = None if input_shape is None else require_shape(input_shape)
        with hint_at_other_shape(shape, channels):
            last = to_last(shape) if shape is not None and channels == "first" else shape
            graph = parse(text, last)
        warn_of_unclear_signal(graph, channels)
        engines = Engines(graph, engine, winograd=winograd)
        core = Core(engines, preprocessing=Preprocessing(channels=channels), seed=seed)
        return cls._of(core)

    @classmethod
    def preset(
        cls,
        name: str,
        *,
        input_shape: Shape | None = None,
        classes: int | None = None,
        seed: int = 0,
        engine: EngineName = "auto",
        winograd: bool = True,
    ) -> Self:
        """Build a well-known network by its name.

        Parameters
        ----------
        name
            ``"lenet5"``, ``"resnet20"``, ...; see :mod:`striate.model.presets`.
        input_shape
            Shape of one image, if it differs from the preset's own.
        classes
            Number of outputs, if it differs from the preset's own.
        seed, engine, winograd
            As for :class:`Network`.

        Returns
        -------
        Network

        Raises
        ------
        OptionError
            If there is no such preset, or an option has a value that is not allowed.
        ShapeError
            If the preset's kernels do not fit ``input_shape``.

        Examples
        --------
        >>> import striate as st
        >>> st.Network.preset("lenet5").parameter_count
        61706
        """
        text, shape = preset(name, input_shape=input_shape, classes=classes)
        return cls.parse(text, shape, seed=seed, engine=engine, winograd=winograd)

    @classmethod
    def _of(cls, core: Core) -> Self:
        """Wrap a core."""
        network = cls.__new__(cls)
        network._core = core  # noqa: SLF001  # its own class
        return network

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse attributes that would be ignored; a subclass may have attributes of its own."""
        if name not in _SETTABLE and type(self) is Network:
            raise ReadOnlyError(cannot_set(name, Network))
        object.__setattr__(self, name, value)

    @property
    def graph(self) -> Graph:
        """The layers in order of computation, with their shapes."""
        return self._core.graph

    @property
    def input_shape(self) -> Shape:
        """Shape of one image of the first input, with channels as in the data."""
        return self._core.input_shape

    @property
    def output_shape(self) -> Shape:
        """Shape of the first output for one image, with channels as in the data."""
        return self._core.output_shape

    @property
    def parameters(self) -> NamedArrays:
        """The trainable arrays by name, ``conv1.weight``.

        Change one in place, or assign new values: ``net.parameters["conv1.bias"] = values``.
        """
        return self._core.parameters

    @property
    def statistics(self) -> NamedArrays:
        """The running statistics by name, ``batch-norm1.mean``; set like :attr:`parameters`."""
        return self._core.statistics

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters."""
        return self._core.buffers[0].size

    @property
    def preprocessing(self) -> Preprocessing:
        """How images are scaled before the first layer; determined by :meth:`fit`."""
        return self._core.preprocessing

    @property
    def target_scaling(self) -> dict[str, TargetScaling]:
        """Mean and standard deviation of the targets that ``fit`` standardized, by output."""
        return dict(self._core.target_scaling)

    @property
    def losses(self) -> tuple[Loss, ...] | None:
        """The loss of each output in the last training run; ``None`` before the first one."""
        return self._core.losses

    @property
    def history(self) -> History:
        """Loss and metrics of each epoch of the last run, also after Ctrl-C or an error."""
        return self._core.history

    @property
    def engine(self) -> EngineName:
        """The selected engine: ``"auto"``, ``"compiled"`` or ``"numpy"``."""
        return self._core.engines.name

    @property
    def winograd(self) -> bool:
        """Whether the compiled engine may use Winograd's algorithm."""
        return self._core.engines.winograd

    @property
    def classes(self) -> Any:
        """The classes, in the order of the outputs; empty before training and for regression.

        :meth:`fit` takes them from the labels; :meth:`predict_classes` returns them, and labels are
        compared with them by value. Set them before training to give integer labels other values
        than 0, 1, ..., or later to rename the classes; an empty tuple clears them. A network with
        several outputs has a dict of classes by output.

        Examples
        --------
        >>> import striate as st
        >>> net = st.Network.parse("dense 3 softmax", (4,))
        >>> net.classes = ("cat", "dog", "eel")
        >>> net.predict_classes([[1.0, 2.0, 3.0, 4.0]]).dtype.kind
        'U'
        """
        known = {output.layer.name: output.classes.values for output in self._core.outputs}
        return known if len(known) > 1 else next(iter(known.values()))

    @classes.setter
    def classes(self, values: Iterable[ClassValue] | Mapping[str, Iterable[ClassValue]]) -> None:
        outputs = {output.layer.name: output for output in self._core.outputs}
        if isinstance(values, Mapping):
            given = dict(values)
        elif len(outputs) > 1:
            raise OptionError(
                f"`classes` of a network with several outputs must be a dict with the outputs' "
                f"names {', '.join(outputs)} as keys, got {short(values)}."
            )
        else:
            given = {next(iter(outputs)): values}
        checked: dict[str, Classes] = {}
        for name, classes in given.items():
            if name not in outputs:
                raise OptionError(
                    f"`classes` has the key {short(name)}, but the network's "
                    + (
                        f"outputs are {', '.join(outputs)}. Use these names as keys."
                        if len(outputs) > 1
                        else f"only output is {next(iter(outputs))}. Use a sequence of values."
                    )
                )
            checked[name] = Classes.of(classes, outputs[name].class_count)
        self._core.classes.update(checked)

    @property
    def target_names(self) -> Any:
        """Names of the targets of a regression; empty if they have none.

        The command takes them from the columns of a table. For a network with several outputs, it
        is a dict of names by output.

        Examples
        --------
        >>> import striate as st
        >>> net = st.Network.parse("dense 2", (4,))
        >>> net.target_names = ("price", "area")
        >>> net.target_names
        ('price', 'area')
        """
        names = self._core.target_names
        known = {output: names.get(output, ()) for output in self._core.graph.outputs}
        return known if len(known) > 1 else next(iter(known.values()))

    @target_names.setter
    def target_names(self, values: Iterable[str] | Mapping[str, Iterable[str]]) -> None:
        graph = self._core.graph
        shapes = {output: graph.shapes[output] for output in graph.outputs}
        self._core.target_names.update(checked_names(values, shapes))

    def summary(self) -> Summary:
        """Summarize the layers: sizes, parameters, costs, receptive fields, uncovered pixels.

        Returns
        -------
        Summary
            Prints as a table; its rows hold the numbers.

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
        return str(self._core)

    def __repr__(self) -> str:
        return repr(self._core)

    def _repr_svg_(self) -> str:
        """Show the network in a notebook, as blocks."""
        return draw_graph(self.graph, about=f"A network: {self}.").to_svg()

    def _repr_html_(self) -> str:
        """Show the network in a notebook, as blocks and as a table."""
        more = f"<details><summary>{escape(str(self))}</summary>"
        diagram = draw_graph(self.graph, about=f"A network: {self}.")._repr_html_()
        return f"{diagram}{more}{self.summary()._repr_html_()}</details>"

    def at(self, input_shape: Shape | Mapping[str, Shape]) -> Self:
        """Return the network for another image size, with the same kernels.

        Parameters
        ----------
        input_shape
            The new shape of an image; for several inputs a dict of shapes by input, or one shape
            for all.

        Returns
        -------
        Network
            With a copy of the parameters.

        Raises
        ------
        GraphError
            If the weights of a layer depend on the size, or one shape is given for inputs with
            different numbers of axes.
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
        shapes = shapes_at(self.graph.inputs, input_shape, self.preprocessing.channels)
        return self._of(self._core.at(self.graph.at(shapes)))

    def with_head(
        self, head: Head, *, after: str | None = None, output: str | None = None, seed: int = 0
    ) -> Self:
        """Return the network with new last layers, for example for other classes.

        All other layers keep their parameters and running statistics, and the inputs their
        preprocessing. The new output has no classes yet; the next :meth:`fit` takes them from the
        labels. To train the new layers alone, freeze the others: ``fit(..., freeze=...)``.

        Parameters
        ----------
        head
            The new layers, in shorthand or as a list. They replace the last layer with parameters
            and everything after it.
        after
            Name of the layer that the new layers follow, if another part is to be replaced.
        output
            The output to replace; needed only if there are several.
        seed
            Seed of the new layers' initial weights.

        Returns
        -------
        Network
            With copies of the parameters; this network stays as it is.

        Raises
        ------
        GraphError
            If it is unclear which layers are replaced, or a name is unknown or used twice.
        ShorthandError, ShapeError
            If the new layers cannot be parsed, or do not fit the layer that they follow.

        Examples
        --------
        >>> import striate as st
        >>> net = st.Network.parse("conv 4@3x3 relu | max 3 | dense 10 softmax", (15, 15, 1))
        >>> print(net.with_head("dense 3 softmax"))
        conv 4@3x3 relu | max 3x3 | dense 3 softmax
        >>> print(net.with_head("dense 20 relu | dense 3 softmax", after="conv1"))
        conv 4@3x3 relu | dense 20 relu | dense 3 softmax
        """
        require_seed(seed)
        made = with_head(self.graph, head, after=after, output=output)
        return self._of(self._core.with_head(made, seed))

    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        epochs: int = 10,
        batch_size: int = 128,
        optimizer: str | Optimizer = "adam",
        learning_rate: float | None = None,
        schedule: str | Schedule = "constant",
        loss: str | Loss | Sequence[str | Loss] | None = None,
        loss_weights: Sequence[float] | Mapping[str, float] | None = None,
        validation: Any = None,
        steps_per_epoch: int | None = None,
        early_stopping: int | None = None,
        keep_best: bool | None = None,
        monitor: str | None = None,
        metrics: MetricsArgument | None = None,
        sample_weight: Any = None,
        class_weight: Mapping[Any, float] | str | None = None,
        augment: str | Augmentation | None = None,
        standardize: bool = False,
        standardize_targets: bool = False,
        clip_norm: float | None = None,
        freeze: Freeze | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: str | os.PathLike[str] | None = None,
        log: str | os.PathLike[str] | None = None,
        shuffle: bool = True,
        seed: int = 0,
        progress: bool | None = None,
        callbacks: Sequence[Callback | Callable[..., Any]] = (),
        debug: bool = False,
    ) -> History:
        """Train the network, starting from its current weights.

        Parameters
        ----------
        x
            Images: uint8 (divided by 255), uint16 (divided by 65,535) or floating point (used
            unchanged). For several inputs, a list or a dictionary by input name. Or, without ``y``,
            batches ``(x, y)`` or ``(x, y, weights)``: an iterable such as a list or a
            ``DataLoader`` of PyTorch, which is iterated once for each epoch, or a function that
            returns a generator. Then ``batch_size``, ``shuffle``, ``sample_weight`` and
            ``standardize`` don't apply, and classes that are strings must be set before.
        y
            Targets. For a classifier labels: indices 0, 1, ..., strings, booleans, or -1 and 1;
            or rows of class probabilities, with an accuracy only if they are one-hot. Otherwise
            numbers, or images, which are scaled as in ``x``. For several outputs, a list or a
            dictionary by output name. See :attr:`classes`.
        epochs, batch_size
            Number of passes through the images, and images per step; the last batch of an epoch
            may be smaller.
        optimizer, learning_rate, schedule
            The optimizer or its name, its learning rate, and the learning-rate schedule.
        loss
            By default chosen by the last activation: softmax uses cross-entropy, logistic binary
            cross-entropy, any other squared error. A list has a loss for each output.
        loss_weights
            For several outputs, the weight of each one's loss in their sum, in a list or in a
            dict by output name; by default as in the last training, at first 1. The losses of
            single outputs, such as ``digit_loss`` in the history, are not weighted.
        validation
            Fraction of the images to hold out, the same from each class, a pair ``(x, y)``, or an
            iterable of batches.
        steps_per_epoch
            Number of batches in an epoch, for batches: the next epoch continues where the last one
            ended, and the iterable is started again when it has no more. ``None`` ends an epoch
            with the iterable.
        early_stopping
            Number of epochs without improvement of the monitored score after which training stops.
        keep_best
            Whether to end with the best weights instead of the last, also after Ctrl-C or an error;
            by default with ``early_stopping``.
        monitor
            Column of the history that decides which epoch is best: by default ``validation_loss``,
            or ``loss`` without validation. Lower is better for a loss; a metric defines which is
            better.
        metrics
            Metrics to compute of the training batches and of the validation data, by name or as
            instances of :mod:`striate.metrics`: ``"f1"``, ``["top-3", "iou"]``, ``"mae"``. They are
            columns of the history, ``f1`` and ``validation_f1``; of a network with several outputs
            ``digit_f1``. A dict gives metrics for some outputs by name. The accuracy of labels is
            always computed.
        sample_weight, class_weight
            Weights of images and of classes in the loss; a sample weight for each pixel if the
            output has pixels, ``(n, rows, columns)``. ``class_weight="balanced"`` gives all classes
            the same total weight (for masks, the pixels of each class). Class weights apply to
            training, not to validation.
        augment
            Random changes to each image or signal in each epoch, such as ``"rotate 15 shift 2
            flip"``, which move label masks and image targets too; see
            :class:`striate.data.augment.Augmentation`.
        standardize
            Whether to subtract each channel's mean and divide by its standard deviation. Zero
            padding then corresponds to the channel's mean instead of black. A network that was
            trained with this before keeps its mean and standard deviation, because its weights were
            trained with them.
        standardize_targets
            Whether to standardize the targets of a regression, each column with the mean and
            standard deviation of the training set. Losses are computed on the standardized targets,
            so that a squared error of 1 is no better than always predicting the mean; predictions
            and metrics are on the targets' own scale. Further training keeps the scale.
        clip_norm
            Maximum norm of the gradient; larger gradients are scaled down to it.
        freeze
            Layers whose parameters and running statistics stay as they are: a name, a pattern such
            as ``"conv*"``, several of them, or a number of layers with parameters, counted from the
            input; -1 freezes all but the last one. A frozen batch normalization uses its running
            statistics.
        checkpoint, resume
            Files. ``checkpoint`` is written after each epoch, on Ctrl-C and on errors, and replaces
            an older file; ``resume`` is read to continue a run, with results that are
            bit-identical to those of an uninterrupted run (of batches, if the iterable gives the
            same ones again). With more ``epochs`` than before, a
            run that has ended trains longer; if the schedule depends on the number of epochs, the
            remaining steps use the rates of the longer run, and a warning is given.
        log
            A CSV file to which the row of the history is written after each epoch. A file that
            exists is an error, unless it is the log of the run that ``resume`` continues.
        shuffle, seed
            Whether each epoch visits the images in a random order, and the seed for everything
            random. The same seed gives the same bits.
        progress
            Whether to show a progress bar; by default on a terminal only.
        callbacks
            Functions called after each epoch with its row of the history, or with the state and
            the row; one that returns True stops the training. Objects called after each step or
            epoch: see :class:`striate.Callback`.
        debug
            Whether to repeat a step that is not finite, and to name the layer and quantity that is
            first affected.

        Returns
        -------
        History
            One row for each epoch; also in ``history``, even after Ctrl-C or an error. A warning is
            given, and ``history.divergence`` set, if the loss ends far above where it began.

        Raises
        ------
        DataError, ShapeError, OptionError
            If images, targets or settings cannot be used; nothing has changed then.
        TrainingError
            If a layer cannot train on a batch of the last batch's size (nothing has changed then);
            or if the loss or a weight is no longer finite: the network then has its last good
            weights, or the best with ``keep_best``, and the error a ``history``.
        ModelFileError
            If the checkpoint or the log cannot be written before the first step (later, that is a
            warning), is in use by another run, is damaged, or was saved by a different run.
        EngineError, OutOfMemoryError
            If the compiled engine is required but cannot run, or needs more memory than there is;
            nothing has changed then.

        Sources
        -------
        Hagan, "Gradient Calculation"; Wolter, "Convolutional neural networks".

        Examples
        --------
        >>> import striate as st
        >>> (x, y), _ = st.data.load("shapes")
        >>> net = st.Network.parse("conv 4@3x3 relu | max 3 | dense 2 softmax", (15, 15, 1))
        >>> net.fit(x, y, epochs=3, learning_rate=0.03)["accuracy"][-1] > 0.9
        True
        """
        fraction, pair = fitting.validation_of(validation)
        settings = TrainingSettings(
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=learning_rate,
            schedule=schedule,
            loss=loss,
            loss_weights=loss_weights,
            validation=fraction,
            early_stopping=early_stopping,
            keep_best=keep_best,
            monitor=monitor,
            metrics=metrics,
            class_weight=class_weight,
            augment=augment,
            standardize=standardize,
            standardize_targets=standardize_targets,
            clip_norm=clip_norm,
            freeze=freeze,
            shuffle=shuffle,
            seed=seed,
        )
        history = fitting.fit(
            self._core,
            x,
            y,
            settings,
            validation_data=pair,
            sample_weight=sample_weight,
            steps_per_epoch=steps_per_epoch,
            checkpoint=checkpoint,
            resume=resume,
            log=log,
            progress=progress,
            callbacks=callbacks,
            debug=debug,
        )
        if history.divergence is not None:
            warnings.warn(
                f"{history.divergence} The network has the weights of that epoch. "
                f"{remedy(settings)}",
                StriateWarning,
                stacklevel=2,
            )
        return history

    def find_learning_rate(
        self,
        x: Any,
        y: Any,
        *,
        lowest: float = 1e-6,
        highest: float = 10.0,
        steps: int = 100,
        batch_size: int = 128,
        optimizer: str | Optimizer = "adam",
        loss: str | Loss | Sequence[str | Loss] | None = None,
        sample_weight: Any = None,
        class_weight: Mapping[Any, float] | str | None = None,
        augment: str | Augmentation | None = None,
        standardize: bool = False,
        clip_norm: float | None = None,
        freeze: Freeze | None = None,
        seed: int = 0,
    ) -> RateSearch:
        """Search for a learning rate: train a copy of the weights while the rate increases.

        Parameters
        ----------
        x, y
            Images and targets, as for :meth:`fit`.
        lowest, highest
            The learning rates of the first and the last step.
        steps
            Number of steps; the search ends earlier where the loss explodes.
        batch_size, optimizer, loss, sample_weight, class_weight, augment, standardize
            As for :meth:`fit`; use the values that you will train with.
        clip_norm, freeze, seed
            Likewise.

        Returns
        -------
        RateSearch
            Prints as a table; ``suggestion`` is a learning rate, and ``plot()`` draws the losses.

        Raises
        ------
        DataError, ShapeError, OptionError
            If images, targets or settings cannot be used.
        TrainingError
            If a layer cannot train on a batch, or the loss is not finite from the start.
        EngineError, OutOfMemoryError
            If the compiled engine is required but cannot run, or needs more memory than there is.

        Sources
        -------
        Smith 2017.

        Examples
        --------
        >>> import striate as st
        >>> (x, y), _ = st.data.load("shapes")
        >>> net = st.Network.parse("conv 4@3x3 relu | max 3 | dense 2 softmax", (15, 15, 1))
        >>> 0.001 < net.find_learning_rate(x, y).suggestion < 0.1
        True
        """
        settings = TrainingSettings(
            batch_size=batch_size,
            optimizer=optimizer,
            loss=loss,
            class_weight=class_weight,
            augment=augment,
            standardize=standardize,
            clip_norm=clip_norm,
            freeze=freeze,
            seed=seed,
        )
        return find_learning_rate(
            self._core,
            x,
            y,
            settings,
            lowest=lowest,
            highest=highest,
            steps=steps,
            sample_weight=sample_weight,
        )

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        *,
        loss: str | Loss | Sequence[str | Loss] | None = None,
        metrics: MetricsArgument | None = None,
        sample_weight: Any = None,
        top_k: Sequence[int] = (),
        batch_size: int = 256,
    ) -> Evaluation:
        """Compute the loss, metrics, and for a classifier accuracy and confusion matrix.

        Parameters
        ----------
        x, y
            Images and their targets, as for :meth:`fit`, or an iterable of batches. Labels are
            compared with :attr:`classes` by value; one-hot rows are labels, too.
        loss
            By default the loss of the training.
        metrics
            Metrics to compute, as for :meth:`fit`.
        sample_weight
            Weight of each image, or of each pixel.
        top_k
            Values of k for which to compute the fraction of images whose label is among the k
            largest outputs; needs one label for each image and several outputs.
        batch_size
            Images computed at a time.

        Returns
        -------
        Evaluation
            Prints as a table; holds loss, accuracy, metrics, confusion matrix.

        Raises
        ------
        DataError, ShapeError, GraphError
            If images or targets cannot be used.
        OptionError
            If the loss or a metric is unknown, a metric does not suit the targets, or ``top_k`` or
            ``batch_size`` has a value that is not allowed.
        OutOfMemoryError
            If a batch does not fit in memory.

        Examples
        --------
        >>> import striate as st
        >>> _, (x, y) = st.data.load("shapes")
        >>> Network.parse("dense 2 softmax", (15, 15, 1)).evaluate(x, y).images == len(x)
        True
        """
        return scoring.evaluate(
            self._core,
            x,
            y,
            loss=loss if loss is not None else self.losses,
            metrics=metrics,
            sample_weight=sample_weight,
            top_k=top_k,
            batch_size=batch_size,
        )

    def predict(self, x: Any, *, batch_size: int = 256) -> Any:
        """Compute the outputs for images.

        Parameters
        ----------
        x
            Images; for several inputs a list, or a dict by input. Or an iterable of batches of
            images, other than a list; of batches ``(x, y)``, the targets are not used.
        batch_size
            Images computed at a time.

        Returns
        -------
        Array or tuple of Array
            One row for each image; images channels last. A tuple for several outputs.

        Raises
        ------
        ShapeError, DataError, GraphError
            If ``x`` does not hold images that the network accepts.
        OptionError
            If ``batch_size`` is not a positive integer.

        Examples
        --------
        >>> import numpy as np
        >>> import striate as st
        >>> st.Network.preset("lenet5").predict(np.zeros((2, 28, 28, 1))).shape
        (2, 10)
        """
        return prediction.predict(self._core, x, batch_size)

    def predict_classes(self, x: Any, *, batch_size: int = 256) -> Any:
        """Predict the class of each image (or of each pixel, if the output has pixels).

        Parameters
        ----------
        x, batch_size
            As for :meth:`predict`.

        Returns
        -------
        Array or tuple
            One class for each image: one of :attr:`classes`, with their type, or the index of the
            largest output if the network has no classes yet. A tuple for several outputs, with
            ``None`` for an output that is not a classifier.

        Raises
        ------
        ShapeError, DataError, GraphError
            If ``x`` does not hold images that the network accepts, or the network is a regression.
        OptionError
            If ``batch_size`` is not a positive integer.

        Examples
        --------
        >>> import numpy as np
        >>> import striate as st
        >>> st.Network.preset("lenet5").predict_classes(np.zeros((2, 28, 28, 1))).shape
        (2,)
        """
        return prediction.predict_classes(self._core, x, batch_size)

    def trace(
        self,
        x: Any,
        y: Any = None,
        *,
        loss: str | Loss | None = None,
        training: bool = False,
        seed: int = 0,
    ) -> Trace:
        """Compute all intermediate values of a forward pass and, with targets, of a backward pass.

        Parameters
        ----------
        x
            Images.
        y
            Their targets; without them only the forward pass is computed.
        loss
            By default as in :meth:`fit`.
        training
            Whether to apply dropout, and to normalize with the batch's own statistics.
        seed
            Seed of dropout.

        Returns
        -------
        Trace
            By layer, under Hagan's names: ``trace["conv1"].dW``. Arrays are indexed as in the
            equations, ``[q, map, row, column]``.

        Raises
        ------
        DataError, ShapeError, GraphError
            If images or targets cannot be used.
        OptionError
            If the loss is unknown, or the seed has a value that is not allowed.
        OutOfMemoryError
            If the activations do not fit in memory.

        Sources
        -------
        Hagan 8.28-8.31, fig. 8.12.

        Examples
        --------
        >>> import numpy as np
        >>> net = Network.parse("conv 2@3x3 tanh | dense 3 softmax", (6, 6, 1))
        >>> trace = net.trace(np.ones((1, 6, 6, 1)), [2])
        >>> trace["conv1"].dW.shape
        (2, 1, 3, 3)
        """
        return inspection.trace(self._core, x, y, loss or self.losses, training=training, seed=seed)

    def check_gradients(
        self, x: Any, y: Any, *, loss: str | Loss | None = None, elements: int = 30, seed: int = 0
    ) -> GradientCheck:
        """Compare every backpropagated derivative with central differences, in float64.

        Parameters
        ----------
        x, y
            A few images and their targets.
        loss
            By default as in :meth:`fit`.
        elements
            Number of elements to compare in each array.
        seed
            Seed for choosing the elements, and of dropout.

        Returns
        -------
        GradientCheck
            Prints as a table; ``passed`` is true if all derivatives agree.

        Raises
        ------
        DataError, ShapeError, GraphError
            If images or targets cannot be used.
        OptionError
            If the loss is unknown, or ``elements`` or the seed has a value that is not allowed.
        OutOfMemoryError
            If the activations do not fit in memory.

        Sources
        -------
        Hagan 8.28.

        Examples
        --------
        >>> import numpy as np
        >>> net = Network.parse("conv 2@3x3 tanh | dense 3 softmax", (6, 6, 1))
        >>> images = np.random.default_rng(0).normal(size=(2, 6, 6, 1))
        >>> net.check_gradients(images, [2, 0]).passed
        True
        """
        return inspection.check_gradients(
            self._core, x, y, loss or self.losses, elements=elements, seed=seed
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save layers, parameters, preprocessing, classes, losses and other metadata to a file.

        Parameters
        ----------
        path
            A safetensors file. An existing one is replaced only when the new one is complete.

        Raises
        ------
        ModelFileError
            If the file cannot be written.

        Examples
        --------
        >>> import striate as st
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     st.Network.preset("lenet5").save(f"{folder}/lenet5.safetensors")
        ...     print(st.load(f"{folder}/lenet5.safetensors").parameter_count)
        61706
        """
        files.save(self._core, path)


_SETTABLE = ("_core", "classes", "target_names")


def core_of(network: Network) -> Core:
    """Return the core that implements a network, for library code."""
    return network._core  # noqa: SLF001  # other modules use this function


def network_of(
    graph: Graph,
    *,
    seed: int = 0,
    engine: EngineName = "auto",
    preprocessing: Preprocessing | None = None,
) -> Network:
    """Make a network from a graph, for library code."""
    return Network._of(  # noqa: SLF001  # as above
        Core(Engines(graph, engine), preprocessing=preprocessing, seed=seed)
    )


def wrapped(core: Core) -> Network:
    """Wrap a core in a network, for library code."""
    return Network._of(core)  # noqa: SLF001  # as above
