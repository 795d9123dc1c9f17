"""The trial before training: the time of an epoch, and whether photos may be mirrored."""

import numpy as np
import pytest

from striate.errors import OptionError
from striate.recipes import prepare
from striate.recipes.trial import Flips, affordable_epochs, require_minutes


def save(folder, x, y):
    """Write a data set, and return its path."""
    np.savez(folder / "data.npz", x=x, y=y)
    return str(folder / "data.npz")


def noise(count, seed=0):
    """Return dark images of noise."""
    return np.random.default_rng(seed).integers(0, 60, (count, 12, 12, 1), np.uint8)


def test_classes_that_are_mirror_images_are_not_mirrored(tmp_path):
    """Bars on the left and on the right: mirroring spoils the predictions, so it is left out."""
    y = np.arange(60) % 2
    x = noise(60)
    x[y == 0, :, :4] += 150
    x[y == 1, :, -4:] += 150

    run, trial = prepare(save(tmp_path, x, y), epochs=20).settled()

    assert trial.flips.images == 60
    assert trial.flips.correct > trial.flips.correct_mirrored
    assert not trial.flip
    assert str(run.recipe.settings.augment) == "shift 1 cutout 3"
    assert run.open_choices == frozenset()


def test_other_classes_are_mirrored(tmp_path):
    """Bars at the top and at the bottom look the same when they are mirrored."""
    y = np.arange(60) % 2
    x = noise(60)
    x[y == 0, :4] += 150
    x[y == 1, -4:] += 150

    run, trial = prepare(save(tmp_path, x, y), epochs=20).settled()

    assert trial.flips.correct == trial.flips.correct_mirrored
    assert str(run.recipe.settings.augment) == "shift 1 flip horizontal cutout 3"


@pytest.mark.parametrize(
    ("harmed", "mended", "harmless"),
    [(0, 0, True), (6, 0, True), (7, 0, False), (20, 12, True), (26, 10, False), (0, 9, True)],
)
def test_mirroring_must_harm_clearly(harmed, mended, harmless):
    """A sign test decides, and only for 2.5 standard deviations."""
    flips = Flips(
        images=100, correct=50, correct_mirrored=50 - harmed + mended, harmed=harmed, mended=mended
    )

    assert flips.are_harmless is harmless


def test_given_choices_are_kept(tmp_path):
    """What the user chose is not tried."""
    run = prepare(save(tmp_path, noise(20), np.arange(20) % 2), epochs=3, augment="shift 1 flip")

    settled, trial = run.settled()

    assert trial.flips is None
    assert settled.recipe == run.recipe


def test_a_time_limit_chooses_the_number_of_epochs(tmp_path, monkeypatch):
    """Little time means fewer epochs, plenty of time no more than the recipe has."""
    path = save(tmp_path, noise(40), np.arange(40) % 2)

    short, first = prepare(path).settled(0.001)
    monkeypatch.setattr("striate.recipes.trial.time_epoch", lambda *_: 0.01)
    monkeypatch.setattr("striate.recipes.trial.try_flips", lambda *_, **__: None)
    long, second = prepare(path).settled(2)

    assert short.recipe.settings.epochs == first.affordable == 1
    assert first.is_cut_short
    assert not second.is_cut_short
    assert long.recipe.settings.epochs == second.wanted <= second.affordable


def test_other_data_fill_the_time():
    """A named data set has as many epochs as fit."""
    run, trial = prepare("shapes").settled(0.2)

    assert trial.flips is None
    assert run.recipe.settings.epochs == trial.affordable
    assert trial.epochs * trial.epoch_seconds < 0.2 * 60


def test_epochs_that_fit():
    """Nine tenths of the time that is left, at least one epoch."""
    assert affordable_epochs(1, spent=0, epoch_seconds=1, passes=1) == 54
    assert affordable_epochs(1, spent=30, epoch_seconds=1, passes=1.8) == 15
    assert affordable_epochs(1, spent=90, epoch_seconds=1, passes=1) == 1


@pytest.mark.parametrize(
    ("minutes", "epochs"), [(0, None), (-1, None), (float("inf"), None), ("two", None), (2, 5)]
)
def test_invalid_limits_are_refused(minutes, epochs):
    """A limit is a positive number, and excludes a number of epochs."""
    with pytest.raises(OptionError) as error:
        require_minutes(minutes, epochs)

    expected = "both decide" if epochs else "must be a positive finite number"
    assert expected in str(error.value)
