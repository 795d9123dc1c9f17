"""The settings of a training: one object, checked when it is made."""

import dataclasses
import inspect
import json

import numpy as np
import pytest

import striate as st
from striate.data.augment import Augmentation
from striate.errors import OptionError
from striate.functions.loss import CrossEntropy, Huber
from striate.functions.optimizer import Adam, Momentum
from striate.functions.schedule import Cosine
from striate.training import TrainingSettings

MAY_CHANGE = {"epochs", "early_stopping", "keep_best"}
"""Settings that a resumed run may change."""

OF_THE_RUN = {
    *("x", "y", "sample_weight", "steps_per_epoch", "checkpoint", "resume", "log"),
    *("progress", "callbacks", "debug"),
}
"""Arguments of `fit` that are not settings."""


def defaults(function):
    """Return the parameters of a function with their defaults, without `self`."""
    parameters = inspect.signature(function).parameters.values()
    return {one.name: one.default for one in parameters if one.name != "self"}


def test_fit_has_every_setting_with_the_same_default():
    """A setting that one of the two lacks, or has another default, would be lost on the way."""
    settings, fit = defaults(TrainingSettings.__init__), defaults(st.Network.fit)

    assert {name: fit[name] for name in fit if name not in OF_THE_RUN} == settings


def test_every_setting_decides_whether_a_run_can_be_resumed():
    """A checkpoint holds each of them, unless it may change; some are resolved with the net."""
    names = {field.name for field in dataclasses.fields(TrainingSettings)}

    # The learning rate is the optimizer's; losses, weights and frozen layers are the network's.
    resolved = {"learning_rate", "loss", "loss_weights", "freeze"}
    assert set(TrainingSettings().identity()) == names - MAY_CHANGE - resolved


def test_names_become_instances():
    """Optimizers, schedules, losses and augmentations are read when the settings are made."""
    settings = TrainingSettings(
        optimizer="momentum", schedule="cosine", loss=["huber", CrossEntropy()], augment="shift 2"
    )

    assert settings.optimizer == Momentum()
    assert settings.schedule == Cosine()
    assert settings.loss == (Huber(), CrossEntropy())
    assert settings.augment == Augmentation(shift=2)
    assert TrainingSettings(augment="").augment is None


def test_a_learning_rate_replaces_the_optimizers():
    """The other options of the optimizer stay."""
    settings = TrainingSettings(optimizer=Adam(weight_decay=0.1), learning_rate=0.5)

    assert settings.optimizer == Adam(weight_decay=0.1, learning_rate=0.5)
    assert dataclasses.replace(settings, learning_rate=0.25).optimizer.learning_rate == 0.25
    other = dataclasses.replace(settings, optimizer="momentum")
    assert other.optimizer == Momentum(learning_rate=0.5)


@pytest.mark.parametrize(
    ("keep_best", "early_stopping", "kept"),
    [(None, None, False), (None, 3, True), (False, 3, False), (True, None, True)],
)
def test_early_stopping_keeps_the_best_weights(keep_best, early_stopping, kept):
    """Unless keep_best is given; also if early stopping is added later."""
    settings = TrainingSettings(keep_best=keep_best, early_stopping=early_stopping)

    assert settings.keeps_best == kept
    assert dataclasses.replace(TrainingSettings(), early_stopping=3).keeps_best


def test_the_identity_is_json():
    """What a checkpoint holds is equal to itself after it was written and read."""
    settings = TrainingSettings(
        schedule=st.schedules.LinearWarmUp(epochs=2, then=Cosine()),
        class_weight={0: 1.0, "cat": np.float32(2)},
        clip_norm=np.float32(0.5),
        seed=np.int64(3),
    )

    identity = settings.identity()

    assert json.loads(json.dumps(identity)) == identity
    assert identity["schedule"]["then"]["kind"] == "cosine"


def test_settings_are_frozen_and_equal_by_value():
    """They can be shared, compared and used again."""
    settings = TrainingSettings(epochs=3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.epochs = 4

    assert settings == TrainingSettings(epochs=3, optimizer=Adam())
    assert settings != TrainingSettings(epochs=4)


def test_the_monitored_column_is_chosen_when_the_columns_are_known():
    """By default the validation loss, if there is one."""
    settings = TrainingSettings()

    assert settings.monitoring(["loss", "accuracy"]).monitor == "loss"
    assert settings.monitoring(["loss", "validation_loss"]).monitor == "validation_loss"
    with pytest.raises(OptionError):
        TrainingSettings(monitor="accuracy").monitoring(["loss"])


@pytest.mark.parametrize(
    ("monitor", "hint"),
    [
        ("val_f1", 'Did you mean "validation_f1"?'),  # as Keras names it
        ("validation-f1", 'Did you mean "validation_f1"?'),
        ("val_acc", 'Did you mean "validation_accuracy"?'),
        ("acuracy", 'Did you mean "accuracy"?'),
        ("val_balanced_accuracy", 'Add it with metrics=["balanced-accuracy"].'),
        ("validation_top-7", 'Add it with metrics=["top-7"].'),
        ("best", 'Try monitor="validation_loss".'),
    ],
)
def test_a_monitored_column_that_is_almost_right(monitor, hint):
    """The error names the column that was meant."""
    columns = ["loss", "accuracy", "f1"]
    with pytest.raises(OptionError) as error:
        TrainingSettings(monitor=monitor).monitoring(
            [*columns, *(f"validation_{name}" for name in columns)]
        )

    assert str(error.value).endswith(f'got "{monitor}". {hint}')
