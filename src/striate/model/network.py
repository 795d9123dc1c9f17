"""The network as a user has it: trained, evaluated, asked, looked into."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from striate.data.augment import Augmentation
from striate.functions.base import Loss
from striate.functions.optimizer.base import Optimizer
from striate.functions.schedule.base import Schedule
from striate.graph.axis_order import Channels
from striate.graph.gradients import GradientCheck
from striate.graph.layer import Layer, Node
from striate.graph.trace import Trace
from striate.model import files, fitting, inspection, planning, scoring
from striate.model.building import build
from striate.model.engines import EngineName, Engines
from striate.model.inputs import Preprocessing
from striate.model.scoring import Evaluation
from striate.model.structure import Structure, start_numbers
from striate.model.targets import Classes
from striate.shapes import Shape
from striate.training.history import History
from striate.training.loop import Callback


class Network(Structure):
    """A convolutional network.

    Parameters
    ----------
    layers
        Layers in a row, with ``input_shape``; or input (or inputs) of a graph, with ``outputs``.
    outputs
        The result (or results) of a graph.
    input_shape
        Shape of one image, ``(rows, columns, channels)``, or ``(features,)``.
    channels
        Which axis of images holds the channels, ``"last"`` or ``"first"``; ``input_shape`` and each
        ``Input`` follow it.
    seed
        For the weights that the network starts with: the same seed gives the same bits.
    engine
        What computes: ``"compiled"`` machine code, made for network and processor when first
        needed; ``"numpy"``, many times slower and the same but for rounding; ``"auto"`` machine
        code wherever it can be, else NumPy with a notice. It is not saved with the network.
    winograd
        Whether machine code may compute 3 x 3 convolutions with fewer products and more rounding.

    Raises
    ------
    ShapeError
        If sizes do not fit, with the chain of sizes and the formula.
    GraphError
        If the layers are joined in a way that cannot be computed.
    OptionError
        If ``channels``, the seed or the engine cannot be.

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
        numbers, engines = start_numbers(graph, seed), Engines(graph, engine, winograd=winograd)
        self._begin(engines, Preprocessing(channels=channels), Classes(), numbers)

    def fit(
        self,
        x: Any,
        y: Any,
        *,
        epochs: int = 10,
        batch_size: int = 128,
        optimizer: str | Optimizer = "adam",
        learning_rate: float | None = None,
        schedule: str | Schedule = "constant",
        loss: str | Loss | Sequence[str | Loss] | None = None,
        validation: float | tuple[Any, Any] | None = None,
        early_stopping: int | None = None,
        keep_best: bool | None = None,
        monitor: str | None = None,
        sample_weight: Any = None,
        class_weight: Mapping[Any, float] | str | None = None,
        augment: str | Augmentation | None = None,
        standardize: bool = False,
        clip_norm: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: str | os.PathLike[str] | None = None,
        shuffle: bool = True,
        seed: int = 0,
        progress: bool | None = None,
        callbacks: Sequence[Callback] = (),
        debug: bool = False,
    ) -> History:
        """Train the network, from the weights that it has.

        Parameters
        ----------
        x
            Images, uint8 (divided by 255) or floating point (as they are); for several inputs a
            list or a table.
        y
            Targets: labels 0, 1, ... or words for a classifier, numbers or images else; for several
            outputs a list or a table.
        epochs, batch_size
            How often to go through the images, and how many at a time; the last batch of an epoch
            may be shorter.
        optimizer, learning_rate, schedule
            How weights follow the gradient: an update or its name, its rate, how the rate falls.
        loss
            By default what suits the last transfer function: softmax cross-entropy, logistic binary
            cross-entropy, else squared error.
        validation
            The share of the images to keep from training, each class in proportion, or a pair ``(x,
            y)``.
        early_stopping
            Stop after so many epochs in which what is watched has not improved.
        keep_best
            Whether to end with the best weights; by default with ``early_stopping``.
        monitor
            The column of the history that decides: by default ``validation_loss``, or ``loss``
            without validation. Of an accuracy the highest is the best, of a loss the lowest.
        sample_weight, class_weight
            What images and classes count; ``class_weight="balanced"`` makes all classes count the
            same. Classes have their weight in training only, not in the validation part.
        augment
            Random changes of each image: ``"shift 2 flip"``, see
            :class:`striate.data.augment.Augmentation`.
        standardize
            Whether to learn each channel's mean and deviation, and subtract and divide them. Zero
            padding then is the mean, no longer the paper's white.
        clip_norm
            The largest norm of the gradient.
        checkpoint, resume
            Files: written after each epoch and on Ctrl-C; read to go on from, ending in the same
            bits as if never interrupted.
        shuffle, seed
            Whether the images' order is drawn, and from what. The same seed gives the same bits.
        progress
            Whether to show a progress bar; by default on a terminal only.
        callbacks
            Are told of each step and epoch.
        debug
            Whether to compute a step again where its numbers are not finite, and to say in which
            layer and quantity that begins.

        Returns
        -------
        History
            One row for each epoch.

        Raises
        ------
        DataError, ShapeError, OptionError
            If images, targets or options cannot be; nothing has changed then.
        TrainingError
            If the loss is no longer a number; the network then has the last good weights.
        ModelFileError
            If a checkpoint cannot be written, or is damaged, or is of another training.
        EngineError, OutOfMemoryError
            If the compiled engine is wanted and cannot be, or needs more memory than there is;
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
        classes = self.classes if len(self.graph.outputs) > 1 else self.classes.learned(y)
        options = fitting.Options(
            loss=loss if loss is not None else self.losses,
            validation=validation,
            sample_weight=sample_weight,
            class_weight=class_weight,
            augment=augment,
            standardize=standardize,
            classes=classes,
        )
        plan = planning.plan_of(
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=learning_rate,
            schedule=schedule,
            clip_norm=clip_norm,
            seed=seed,
            shuffle=shuffle,
            early_stopping=early_stopping,
            keep_best=keep_best,
            monitor=monitor or ("loss" if validation is None else "validation_loss"),
        )
        run = fitting.Run(
            checkpoint=checkpoint,
            resume=resume,
            progress=progress,
            callbacks=tuple(callbacks),
            debug=debug,
        )
        return fitting.fit(self, x, y, options, plan, run)

    def evaluate(
        self,
        x: Any,
        y: Any,
        *,
        loss: str | Loss | Sequence[str | Loss] | None = None,
        sample_weight: Any = None,
        top_k: Sequence[int] = (),
        batch_size: int = 256,
    ) -> Evaluation:
        """Compute the loss and, for a classifier, what it gets right and wrong.

        Parameters
        ----------
        x, y
            Images and their targets.
        loss
            By default that of the training.
        sample_weight
            What each image counts.
        top_k
            For which k to count labels among the k largest outputs; needs one label for each image
            and several outputs.
        batch_size
            Images computed at a time.

        Returns
        -------
        Evaluation
            Prints as a table; holds loss, accuracy, confusion matrix.

        Raises
        ------
        DataError, ShapeError, GraphError
            If images or targets cannot be.
        OptionError
            If the loss, ``top_k`` or ``batch_size`` cannot be.

        Examples
        --------
        >>> import striate as st
        >>> _, (x, y) = st.data.load("shapes")
        >>> Network.parse("dense 2 softmax", (15, 15, 1)).evaluate(x, y).images == len(x)
        True
        """
        return scoring.evaluate(
            self,
            x,
            y,
            loss=loss if loss is not None else self.losses,
            sample_weight=sample_weight,
            top_k=top_k,
            batch_size=batch_size,
        )

    def trace(
        self,
        x: Any,
        y: Any = None,
        *,
        loss: str | Loss | None = None,
        training: bool = False,
        seed: int = 0,
    ) -> Trace:
        """Show every quantity of a forward and, if targets are given, a backward pass.

        Parameters
        ----------
        x
            Images.
        y
            Their targets; without them only the forward pass is computed.
        loss
            By default as in :meth:`fit`.
        training
            Whether dropout drops and batch normalization uses the batch's own statistics.
        seed
            For dropout.

        Returns
        -------
        Trace
            By layer, under Hagan's names: ``trace["conv1"].dW``. Arrays stand as the equations
            index them, ``[q, map, row, column]``.

        Raises
        ------
        DataError, ShapeError, GraphError
            If images or targets cannot be.
        OptionError
            If the loss or the seed cannot be.

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
        return inspection.trace(self, x, y, loss or self.losses, training=training, seed=seed)

    def check_gradients(
        self, x: Any, y: Any, *, loss: str | Loss | None = None, entries: int = 30, seed: int = 0
    ) -> GradientCheck:
        """Compare every backpropagated derivative with central differences, in float64.

        Parameters
        ----------
        x, y
            A few images and their targets.
        loss
            By default as in :meth:`fit`.
        entries
            How many entries of each array to compare.
        seed
            Chooses the entries, and dropout's masks.

        Returns
        -------
        GradientCheck
            Prints as a table; ``passed`` says whether all agree.

        Raises
        ------
        DataError, ShapeError, GraphError
            If images or targets cannot be.
        OptionError
            If the loss, ``entries`` or the seed cannot be.

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
            self, x, y, loss or self.losses, entries=entries, seed=seed
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write layers, numbers, what is done to images, classes and loss to a safetensors file.

        Parameters
        ----------
        path
            Where to; an older file of that name stays whole until the new one is.

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
        files.save(self, path)
