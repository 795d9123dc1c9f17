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
from striate.model import files, fitting, inspection, scoring
from striate.model.building import build
from striate.model.engines import EngineName, Engines
from striate.model.inputs import Preprocessing
from striate.model.scoring import Evaluation
from striate.model.structure import Structure, start_numbers
from striate.model.targets import Classes
from striate.shapes import Shape
from striate.training.callbacks import Callback
from striate.training.history import History
from striate.training.settings import TrainingSettings


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
        """Train the network, starting from its current weights.

        Parameters
        ----------
        x
            Images: uint8 (divided by 255) or floating point (used as they are). For several inputs,
            a list or a dictionary by input name.
        y
            Targets: for a classifier labels 0, 1, ... or words, otherwise numbers or images. For
            several outputs, a list or a dictionary by output name.
        epochs, batch_size
            Number of passes through the images, and images per step; the last batch of an epoch
            may be smaller.
        optimizer, learning_rate, schedule
            The optimizer or its name, its learning rate, and the learning-rate schedule.
        loss
            By default chosen by the last activation: softmax uses cross-entropy, logistic binary
            cross-entropy, any other squared error.
        validation
            Fraction of the images to hold out, the same from each class, or a pair ``(x, y)``.
        early_stopping
            Number of epochs without improvement of the monitored score after which training stops.
        keep_best
            Whether to end with the best weights instead of the last, also after Ctrl-C or an error;
            by default with ``early_stopping``.
        monitor
            Column of the history that decides which epoch is best: by default ``validation_loss``,
            or ``loss`` without validation. Higher is better for an accuracy, lower for a loss.
        sample_weight, class_weight
            Weights of images and of classes in the loss; ``class_weight="balanced"`` gives all
            classes the same total. Class weights apply to training, not to validation.
        augment
            Random changes of each image, such as ``"shift 2 flip"``; see
            :class:`striate.data.augment.Augmentation`.
        standardize
            Whether to subtract each channel's mean and divide by its standard deviation. Zero
            padding then stands for the mean, no longer for white paper.
        clip_norm
            Largest norm of the gradient; longer gradients are scaled down to it.
        checkpoint, resume
            Files. ``checkpoint`` is written after each epoch, on Ctrl-C and on errors, and replaces
            an older file; ``resume`` is read to continue a training, which then ends in the same
            bits as if it had never been interrupted.
        shuffle, seed
            Whether each epoch visits the images in a random order, and the seed for everything
            random. The same seed gives the same bits.
        progress
            Whether to show a progress bar; by default on a terminal only.
        callbacks
            Objects called after each step or epoch; see :class:`striate.training.Callback`.
        debug
            Whether to repeat a step that is not finite, and to name the layer and quantity where
            that begins.

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
            If the checkpoint cannot be written before the first step (later, that is a warning),
            is damaged, or was saved by a different run.
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
            validation=fraction,
            early_stopping=early_stopping,
            keep_best=keep_best,
            monitor=monitor,
            class_weight=class_weight,
            augment=augment,
            standardize=standardize,
            clip_norm=clip_norm,
            shuffle=shuffle,
            seed=seed,
        )
        return fitting.fit(
            self,
            x,
            y,
            settings,
            validation_data=pair,
            sample_weight=sample_weight,
            checkpoint=checkpoint,
            resume=resume,
            progress=progress,
            callbacks=callbacks,
            debug=debug,
        )

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
