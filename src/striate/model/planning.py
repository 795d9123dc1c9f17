"""What a user says about how to train, checked and put together as a plan."""

from collections.abc import Sequence
from dataclasses import replace

from striate.data.augment import Augmentation
from striate.errors import OptionError, ShapeError
from striate.functions.optimizer.base import Optimizer
from striate.functions.options import COUNT, POSITIVE, plain
from striate.functions.schedule.base import Schedule
from striate.graph.parameters import require_seed
from striate.model.kinds import kind_of
from striate.model.structure import Structure
from striate.training.loop import Plan


def plan_of(
    *,
    epochs: int,
    batch_size: int,
    optimizer: str | Optimizer,
    learning_rate: float | None,
    schedule: str | Schedule,
    clip_norm: float | None,
    seed: int,
    shuffle: bool,
    early_stopping: int | None,
    keep_best: bool | None,
    monitor: str,
) -> Plan:
    """Check the options of a training and put them together.

    Raises
    ------
    OptionError
        If one cannot be.
    """
    # As Python's numbers, for a checkpoint holds them as JSON.
    epochs, batch_size, early_stopping = plain(epochs), plain(batch_size), plain(early_stopping)
    clip_norm, seed, shuffle, keep_best = map(plain, (clip_norm, seed, shuffle, keep_best))
    counts = {"epochs": epochs, "batch_size": batch_size, "early_stopping": early_stopping}
    for name, value in counts.items():
        if value not in COUNT and not (value is None and name == "early_stopping"):
            raise OptionError(f"{name}={value!r} cannot be. It is {COUNT}. Use {name}=1 or more.")
    if clip_norm is not None and clip_norm not in POSITIVE:
        raise OptionError(
            f"clip_norm={clip_norm!r} cannot be. It is {POSITIVE}. "
            "Use clip_norm=1.0, or leave it out."
        )
    require_seed(seed)
    chosen = kind_of("optimizer", optimizer, Optimizer)
    if learning_rate is not None:
        chosen = replace(chosen, learning_rate=learning_rate)
    return Plan(
        epochs=epochs,
        batch_size=batch_size,
        optimizer=chosen,
        schedule=kind_of("schedule", schedule, Schedule),
        clip_norm=clip_norm,
        seed=seed,
        shuffle=shuffle,
        patience=early_stopping,
        keep_best=early_stopping is not None if keep_best is None else keep_best,
        monitored=monitor,
    )


def require_column(monitored: str, columns: Sequence[str]) -> None:
    """Raise where the history will have no column of that name.

    Raises
    ------
    OptionError
        If it is none of ``columns``.
    """
    if monitored not in columns:
        raise OptionError(
            f'monitor="{monitored}" cannot be. It is a column of the history, here '
            f"{', '.join(columns)}. "
            "Use one of these; those of the validation part need fit(validation=0.1), and an "
            "accuracy needs labels."
        )


def augmentation_of(augment: str | Augmentation | None, network: Structure) -> Augmentation | None:
    """Read an augmentation, and check that the network takes images.

    Raises
    ------
    OptionError
        If ``augment`` is neither an augmentation nor its text.
    ShapeError
        If no input has rows, columns and channels.
    """
    chosen = Augmentation.parse(augment) if isinstance(augment, str) else augment
    if chosen is None or chosen == Augmentation():
        return None
    if not isinstance(chosen, Augmentation):
        raise OptionError(
            f'augment must be a text such as "shift 2 flip" or an Augmentation, got {augment!r}. '
            'Try augment="shift 2".'
        )
    if all(len(shape) != 3 for shape in network.graph.inputs.values()):  # maps, rows, columns
        raise ShapeError(
            f"augment={str(chosen)!r} needs images of rows, columns and channels, but the network "
            f"takes inputs of shape {network.input_shape}. Leave augment out."
        )
    return chosen
