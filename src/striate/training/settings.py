"""Training settings: one frozen object, validated on construction."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from inspect import Parameter, signature
from typing import Any, Self, cast

from striate.data.augment import Augmentation
from striate.errors import Argument, InPython, Message, OptionError
from striate.functions import registry
from striate.functions.base import Loss
from striate.functions.metric.base import Metric
from striate.functions.metric_argument import MetricsArgument, is_metric_name, metrics_named
from striate.functions.optimizer.base import Optimizer
from striate.functions.options import COUNT, POSITIVE, Range, plain
from striate.functions.resolve import resolve
from striate.functions.schedule.base import Schedule
from striate.graph.freezing import Freeze, checked_freeze
from striate.graph.parameters import require_seed

_FRACTION = Range(above=0, below=1)
_ALIKE = 0.75  # of difflib's ratio: "acuracy" is 0.93 of "accuracy", "f1" 0.5 of "f2"


def require_settings(given: Iterable[str], *functions: Callable[..., Any]) -> None:
    """Raise if a name is neither a training setting nor an argument of a function.

    Parameters
    ----------
    given
        The names that a user gave as keyword arguments.
    functions
        The function that takes them, and those that it passes them to.

    Raises
    ------
    OptionError
        With the name that is meant, if there is a similar one.

    Examples
    --------
    >>> require_settings(["epochs", "batchsize"])
    Traceback (most recent call last):
    ...
    striate.errors.OptionError: Unknown argument `batchsize`. Did you mean `batch_size`?
    """
    known = dict.fromkeys(
        name
        for function in (*functions, TrainingSettings)
        for name, one in signature(function).parameters.items()
        if one.kind is not Parameter.VAR_KEYWORD
    )
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            remedy = (
                f"Did you mean `{near[0]}`?" if near else "Use the arguments of st.Network.fit."
            )
            raise OptionError(f"Unknown argument `{name}`. {remedy}")


@dataclass(frozen=True, init=False)
class TrainingSettings:
    """How a network is trained.

    :meth:`striate.Network.fit`, the recipes of the command and checkpoints share this object. It
    is validated on construction, before a file is read or a weight changes. What depends on the
    network or on the data is checked by ``fit``, before the first step. Images, targets, sample
    weights, files and callbacks are not settings: they are given to each run.

    Parameters
    ----------
    epochs
        Number of passes through the training images.
    batch_size
        Images per step; the last batch of an epoch may be smaller.
    optimizer
        An optimizer or its name.
    learning_rate
        Replaces the optimizer's own learning rate.
    schedule
        A learning-rate schedule or its name.
    loss
        A loss or its name, or one for each output; ``None`` chooses by the last activation.
    loss_weights
        The weight of each output's loss in their sum, in a list or in a dict by name.
    validation
        Fraction of the training images to hold out; ``None`` holds out none.
    early_stopping
        Number of epochs without improvement after which training stops; ``None`` never stops.
    keep_best
        Whether training ends with the best weights instead of the last; by default with
        ``early_stopping``.
    monitor
        Column of the history that decides which epoch is best; ``None`` chooses
        ``validation_loss``, or ``loss`` without validation. Each metric determines whether higher
        is better; of a loss, lower is.
    metrics
        Metrics or their names, for all outputs whose targets they take, or a dict by output.
    class_weight
        Weight of each class in the training loss, by label or name, or ``"balanced"``.
    augment
        Random changes to each image or signal, such as ``"rotate 15 shift 2 flip"``.
    standardize
        Whether to subtract the mean of the training images and divide by their standard deviation.
    standardize_targets
        Whether to do the same with targets that are numbers.
    clip_norm
        Maximum norm of the gradient; larger gradients are scaled down to it.
    freeze
        Layers that training leaves unchanged: names, patterns such as ``"conv*"``, or a number of
        layers with parameters, counted from the input; -1 freezes all but the last one.
    shuffle
        Whether each epoch visits the images in a random order.
    seed
        For the order of the images, dropout, augmentation and the validation split.

    Raises
    ------
    OptionError
        If a value is not allowed.

    Examples
    --------
    >>> settings = TrainingSettings(optimizer="momentum", learning_rate=0.1)
    >>> settings.optimizer
    Momentum(learning_rate=0.1, weight_decay=0.0, momentum=0.9)
    >>> TrainingSettings(validation=1)
    Traceback (most recent call last):
    ...
    striate.errors.OptionError: `validation` must be a fraction between 0 and 1 or a
    pair (x, y),
    got 1. Try validation=0.1.
    """

    epochs: int
    batch_size: int
    optimizer: Optimizer
    learning_rate: float | None
    schedule: Schedule
    loss: Loss | tuple[Loss, ...] | None
    loss_weights: Sequence[float] | Mapping[str, float] | None
    validation: float | None
    early_stopping: int | None
    keep_best: bool | None
    monitor: str | None
    metrics: tuple[Metric, ...] | Mapping[str, tuple[Metric, ...]]
    class_weight: Mapping[Any, float] | str | None
    augment: Augmentation | None
    standardize: bool
    standardize_targets: bool
    clip_norm: float | None
    freeze: tuple[str, ...] | int | None
    shuffle: bool
    seed: int

    def __init__(
        self,
        *,
        epochs: int = 10,
        batch_size: int = 128,
        optimizer: str | Optimizer = "adam",
        learning_rate: float | None = None,
        schedule: str | Schedule = "constant",
        loss: str | Loss | Sequence[str | Loss] | None = None,
        loss_weights: Sequence[float] | Mapping[str, float] | None = None,
        validation: float | None = None,
        early_stopping: int | None = None,
        keep_best: bool | None = None,
        monitor: str | None = None,
        metrics: MetricsArgument | None = None,
        class_weight: Mapping[Any, float] | str | None = None,
        augment: str | Augmentation | None = None,
        standardize: bool = False,
        standardize_targets: bool = False,
        clip_norm: float | None = None,
        freeze: Freeze | None = None,
        shuffle: bool = True,
        seed: int = 0,
    ) -> None:
        numbers = {
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "validation": validation,
            "early_stopping": early_stopping,
            "keep_best": keep_best,
            "standardize": standardize,
            "standardize_targets": standardize_targets,
            "clip_norm": clip_norm,
            "shuffle": shuffle,
            "seed": seed,
        }
        # NumPy scalars become Python numbers, because a checkpoint stores them as JSON.
        numbers = {name: plain(value) for name, value in numbers.items()}
        _check_numbers(numbers)
        _check_words(monitor, class_weight)
        chosen = resolve("optimizer", optimizer, Optimizer)
        if learning_rate is not None:
            chosen = replace(chosen, learning_rate=numbers["learning_rate"])
        values = {
            **numbers,
            "optimizer": chosen,
            "schedule": resolve("schedule", schedule, Schedule),
            "loss": _losses(loss),
            "loss_weights": loss_weights,
            "monitor": monitor,
            "metrics": metrics_named(metrics),
            "class_weight": class_weight,
            "augment": _augmentation(augment),
            "freeze": checked_freeze(freeze),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)  # the way to set fields of a frozen dataclass

    @property
    def keeps_best(self) -> bool:
        """Whether training ends with the best weights instead of the last."""
        return self.early_stopping is not None if self.keep_best is None else self.keep_best

    def monitoring(self, columns: Sequence[str]) -> Self:
        """Choose the monitored column, now that the columns of the history are known.

        Parameters
        ----------
        columns
            The columns of scores that the history will have.

        Returns
        -------
        TrainingSettings
            Settings whose ``monitor`` is one of ``columns``.

        Raises
        ------
        OptionError
            If the history will have no such column.
        """
        default = "validation_loss" if "validation_loss" in columns else "loss"
        monitor = self.monitor or default
        if monitor not in columns:
            # Keras writes val_f1, scikit-learn balanced_accuracy.
            meant = re.sub("^(val|valid|validation)[_-]", "validation_", monitor)
            name = meant.removeprefix("validation_").replace("_", "-")
            near = difflib.get_close_matches(meant, columns, n=1, cutoff=_ALIKE)
            hint = (
                "Add validation data, for example validation=0.1."
                if monitor.startswith("val") and default == "loss"
                else f'Did you mean "{meant}"?'
                if meant in columns
                else "An accuracy needs targets that are labels."
                if name == "accuracy"
                else f'Add it with metrics=["{name}"].'
                if is_metric_name(name) and name not in columns
                else f'Did you mean "{near[0]}"?'
                if near
                else f'Try monitor="{default}".'
            )
            raise OptionError(
                f"`monitor` must be a column of the history ({', '.join(columns)}), "
                f'got "{monitor:.60}". {hint}'
            )
        return replace(self, monitor=monitor)

    def identity(self) -> dict[str, Any]:
        """Return the settings that determine the bits of the result, JSON-serializable.

        A checkpoint holds them, and a resumed run must have the same. ``epochs``,
        ``early_stopping`` and ``keep_best`` are left out: they decide when training ends and
        which weights are kept, and may change.
        """
        weights = self.class_weight
        return {
            "seed": self.seed,
            "batch_size": self.batch_size,
            "optimizer": described(self.optimizer),
            "schedule": described(self.schedule),
            "validation": self.validation,
            "monitor": self.monitor,
            "metrics": _described_metrics(self.metrics),
            "class_weight": {str(key): plain(weights[key]) for key in weights}
            if isinstance(weights, Mapping)
            else weights,
            "augment": str(self.augment or ""),
            "standardize": self.standardize,
            "standardize_targets": self.standardize_targets,
            "clip_norm": self.clip_norm,
            "shuffle": self.shuffle,
        }


def _described_metrics(metrics: Any) -> Any:
    """Return metrics as texts, JSON-serializable."""
    if isinstance(metrics, Mapping):
        chosen = cast("Mapping[str, tuple[Metric, ...]]", metrics)
        return {name: [str(metric) for metric in some] for name, some in chosen.items()}
    return [str(metric) for metric in metrics]


def described(kind: Any) -> dict[str, Any]:
    """Return a kind's name and all its options, JSON-serializable."""
    options = {field.name: getattr(kind, field.name) for field in fields(kind)}
    return {
        "kind": registry.name_of(kind),
        **{
            name: described(value) if is_dataclass(value) else _as_list(value)
            for name, value in options.items()
        },
    }


def _as_list(value: Any) -> Any:
    """Convert tuples to lists, since JSON reads them back as lists."""
    return [_as_list(entry) for entry in value] if isinstance(value, tuple) else value


def _check_numbers(given: Mapping[str, Any]) -> None:
    """Raise unless each number and flag has a value that its setting allows."""
    rules = {
        "epochs": (COUNT, "a positive integer", 10),
        "batch_size": (COUNT, "a positive integer", 128),
        "learning_rate": (POSITIVE, "a positive finite number", 0.001),
        "validation": (_FRACTION, "a fraction between 0 and 1", 0.1),
        "early_stopping": (COUNT, "a positive integer (a number of epochs)", 5),
        "clip_norm": (POSITIVE, "a positive finite number", 1.0),
        "keep_best": ((True, False), "True or False", True),
        "standardize": ((True, False), "True or False", True),
        "standardize_targets": ((True, False), "True or False", True),
        "shuffle": ((True, False), "True or False", False),
    }
    optional = {"learning_rate", "validation", "early_stopping", "clip_norm", "keep_best"}
    for name, (allowed, expected, example) in rules.items():
        value = given[name]
        if not (value in allowed or (value is None and name in optional)):
            pair = InPython(" or a pair (x, y)" if name == "validation" else "")
            got = f", got {value!r:.60}."
            raise OptionError(
                Message(Argument(name), f" must be {expected}", pair, got),
                remedy=Message("Try ", Argument(name, example), "."),
            )
    require_seed(given["seed"])


def _check_words(monitor: object, class_weight: object) -> None:
    """Raise unless the monitored column and the class weights have an allowed type."""
    if monitor is not None and not isinstance(monitor, str):
        raise OptionError(
            "`monitor` must be the name of a column of the history, "
            f'got {monitor!r:.60}. Try monitor="loss".'
        )
    balanced = isinstance(class_weight, str) and class_weight == "balanced"
    if not (class_weight is None or balanced or isinstance(class_weight, Mapping)):
        raise OptionError(
            f'`class_weight` must be "balanced" or a dict with a weight for each class, got '
            f"{class_weight!r:.60}. Try class_weight={{0: 1.0, 1: 5.0}}."
        )


def _losses(loss: str | Loss | Sequence[str | Loss] | None) -> Loss | tuple[Loss, ...] | None:
    """Find losses by their names."""
    if loss is None:
        return None
    if isinstance(loss, Sequence) and not isinstance(loss, str):
        return tuple(resolve("loss", one, Loss) for one in loss)
    return resolve("loss", loss, Loss)


def _augmentation(augment: Any) -> Augmentation | None:
    """Parse an augmentation; return ``None`` for one that changes nothing."""
    chosen = Augmentation.parse(augment) if isinstance(augment, str) else augment
    if chosen is None or chosen == Augmentation():
        return None
    if not isinstance(chosen, Augmentation):
        raise OptionError(
            Message(
                Argument("augment"),
                " must be a string such as 'shift 2 flip', or an Augmentation, got "
                f"{augment!r:.60}.",
            ),
            remedy=Message("Try ", Argument("augment", "shift 2"), "."),
        )
    return chosen
