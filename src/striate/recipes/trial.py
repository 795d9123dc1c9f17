"""A trial before training: how long an epoch takes, and whether photos may be mirrored.

Both have to be measured. The time depends on the machine, and so
does the number of epochs that fits into a time limit; a run prints the number, and the same number
gives the same bits on any machine.

Mirroring half of the photos helps as long as it doesn't matter which way a thing faces. It harms
letters, arrows or left and right hands. The trial tests this: a network is trained for a few epochs
without mirroring, on four fifths of the photos, and then classifies the others and their mirror
images. If mirroring breaks clearly more predictions than it corrects, photos are not mirrored. With
fewer than 500 photos, several folds are held out in turn, so that about 100 photos are compared.
"""

import math
import time
from dataclasses import dataclass, replace

import numpy as np

from striate.data.image_file import Images, part_of
from striate.data.split import folds
from striate.errors import Argument, Message, OptionError
from striate.functions.options import POSITIVE
from striate.model import fitting
from striate.model.network import Network, core_of
from striate.recipes.cross_validation import FOLDS, possible_folds, untrained
from striate.shapes import Array
from striate.training.settings import TrainingSettings

MINUTES = 2.0
"""Default time limit for photos."""

_TRIAL_EPOCHS = 20
_TRIAL_SHARE = 0.2  # of the time limit
_FEWEST_EPOCHS = 5  # of a trial: after fewer, too little is recognized
_TIMED_STEPS = 8
_ENOUGH = 100  # photos that are recognized both ways: of fewer, several folds are used
_RESERVE = 0.9
"""Part of the time that is planned: saving checkpoints and the report take time, too."""

_CLEARLY = 2.5
"""Standard deviations by which mirroring must harm. By chance alone, it does so once in 160; for
letters such as b and d, the predictions for all mirror images are wrong."""


@dataclass(frozen=True, kw_only=True)
class Flips:
    """How well photos and their mirror images are recognized.

    Parameters
    ----------
    images
        Number of photos.
    correct, correct_mirrored
        How many were recognized as they are, and mirrored.
    harmed, mended
        How many were only recognized as they are, and only mirrored.
    """

    images: int
    correct: int
    correct_mirrored: int
    harmed: int
    mended: int

    @property
    def are_harmless(self) -> bool:
        """Whether mirroring doesn't clearly harm, by a sign test."""
        changed = self.harmed + self.mended
        return self.harmed - self.mended <= _CLEARLY * math.sqrt(changed)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a trial has found.

    Parameters
    ----------
    epochs
        The number of epochs for training.
    wanted
        The recipe's number.
    epoch_seconds
        Time of an epoch; ``None`` if it wasn't measured.
    affordable
        How many epochs fit into the time limit; ``None`` without one.
    flips
        How well mirror images are recognized; ``None`` if that wasn't tried.
    """

    epochs: int
    wanted: int
    epoch_seconds: float | None = None
    affordable: int | None = None
    flips: Flips | None = None

    @property
    def flip(self) -> bool:
        """Whether photos may be mirrored in training."""
        return self.flips is None or self.flips.are_harmless

    @property
    def is_cut_short(self) -> bool:
        """Whether the time limit allows fewer epochs than the recipe has."""
        return self.affordable is not None and self.affordable < self.wanted


def require_minutes(minutes: float, epochs: int | None) -> None:
    """Raise unless a time limit is a positive number, and alone decides the number of epochs.

    Raises
    ------
    OptionError
        If it isn't.
    """
    if minutes not in POSITIVE:
        raise OptionError(
            Message(
                Argument("minutes"), f" must be a positive finite number, got {minutes!r:.60}."
            ),
            remedy=Message("Try ", Argument("minutes", 2), "."),
        )
    if epochs is not None:
        raise OptionError(
            Message(
                Argument("minutes", minutes),
                " and ",
                Argument("epochs", epochs),
                " both decide how long to train; expected one of them.",
            ),
            remedy=Message("Leave out ", Argument("minutes"), "."),
        )


def time_epoch(network: Network, x: Images, labels: Array, settings: TrainingSettings) -> float:
    """Measure how long an epoch takes, from a few steps.

    Parameters
    ----------
    network
        The network; it isn't changed.
    x, labels
        The images, and their labels as the network takes them.
    settings
        How it is trained.

    Returns
    -------
    float
        Seconds.
    """
    size = settings.batch_size
    # Evenly from all images, which may be sorted by class.
    chosen = np.linspace(0, len(x) - 1, min(len(x), size * _TIMED_STEPS)).astype(int)
    short = replace(
        settings, epochs=3, validation=None, early_stopping=None, keep_best=None, monitor=None
    )
    history = fitting.fit(
        core_of(untrained(network)), x[chosen], labels[chosen], short, progress=False
    )
    seconds = min(row["seconds"] for row in history)
    steps = math.ceil(len(chosen) / size)
    return max(seconds, 1e-4) / steps * math.ceil(len(x) / size)


def affordable_epochs(minutes: float, spent: float, epoch_seconds: float, passes: float) -> int:
    """Return how many epochs fit into the rest of a time limit, at least one.

    Parameters
    ----------
    minutes
        The limit.
    spent
        Seconds that have passed.
    epoch_seconds
        Time of an epoch.
    passes
        How often each epoch is done: more than once with cross-validation.

    Examples
    --------
    >>> affordable_epochs(2, spent=20, epoch_seconds=0.5, passes=5)
    36
    """
    rest = _RESERVE * (60 * minutes - spent)
    return max(1, int(rest / (epoch_seconds * passes)))


def try_flips(
    network: Network,
    data: tuple[Images, Array, Array],
    settings: TrainingSettings,
    *,
    epochs: int = _TRIAL_EPOCHS,
    groups: Array | None = None,
) -> Flips:
    """Test whether the mirror images of photos belong to the same classes.

    Parameters
    ----------
    network
        The network before training; it isn't changed.
    data
        The images, their labels as the network takes them, and the indices of their classes.
    settings
        How it is trained; the trial doesn't mirror.
    epochs
        Number of epochs.
    groups
        Images with the same number stay together.

    Returns
    -------
    Flips
    """
    x, labels, index = data
    fold = folds(index, FOLDS, seed=settings.seed, groups=groups)
    augment = settings.augment and replace(settings.augment, flip="none")
    short = replace(settings, epochs=epochs, augment=augment)
    recognized: list[tuple[Array, Array]] = []
    for k in range(min(FOLDS, math.ceil(_ENOUGH * FOLDS / len(x)))):
        held, own = fold == k, untrained(network)
        fitting.fit(core_of(own), part_of(x, ~held), labels[~held], short, progress=False)
        images, true = x[held], labels[held]
        mirrored = own.predict_classes(images[:, :, ::-1]) == true
        recognized.append((own.predict_classes(images) == true, mirrored))
    as_is, mirrored = (np.concatenate(parts) for parts in zip(*recognized, strict=True))
    return Flips(
        images=len(as_is),
        correct=int(as_is.sum()),
        correct_mirrored=int(mirrored.sum()),
        harmed=int((as_is & ~mirrored).sum()),
        mended=int((mirrored & ~as_is).sum()),
    )


def try_out(
    network: Network,
    data: tuple[Images, Array, Array],
    settings: TrainingSettings,
    *,
    minutes: float | None,
    most: int | None,
    passes: float,
    flips: bool,
    groups: Array | None = None,
) -> Trial:
    """Measure the time of an epoch, test whether photos may be mirrored, and choose the epochs.

    Parameters
    ----------
    network, data, settings, groups
        As for :func:`try_flips`.
    minutes
        Time limit; ``None`` takes the number of epochs from ``most``.
    most
        The largest number of epochs; ``None`` fills the time.
    passes
        Number of networks that are trained, each on all images.
    flips
        Whether to try mirroring.

    Returns
    -------
    Trial
    """
    started = time.perf_counter()
    wanted = settings.epochs if most is None else most
    short = min(_TRIAL_EPOCHS, wanted)
    epoch_seconds = None
    if minutes is not None:
        epoch_seconds = time_epoch(network, data[0], data[1], settings)
        short = min(short, int(_TRIAL_SHARE * 60 * minutes / epoch_seconds))
    found = None
    if flips and short >= _FEWEST_EPOCHS and possible_folds(data[2], groups):
        found = try_flips(network, data, settings, epochs=short, groups=groups)
    if minutes is None or epoch_seconds is None:
        return Trial(epochs=wanted, wanted=wanted, flips=found)
    spent = time.perf_counter() - started
    affordable = affordable_epochs(minutes, spent, epoch_seconds, passes)
    return Trial(
        epochs=affordable if most is None else min(most, affordable),
        wanted=wanted,
        epoch_seconds=epoch_seconds,
        affordable=affordable,
        flips=found,
    )
