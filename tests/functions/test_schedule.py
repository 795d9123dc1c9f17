"""Schedules: values at given steps, continuity, memory, errors."""

import json
import math

import numpy as np
import pytest

from striate.errors import OptionError
from striate.functions import schedule as package
from striate.functions.schedule import (
    Constant,
    Cosine,
    Exponential,
    LinearWarmUp,
    OneCycle,
    ReduceOnPlateau,
    StepDecay,
)
from striate.functions.schedule.base import Schedule

KINDS = [kind for kind in vars(package).values() if isinstance(kind, type)]
CASES = [case for kind in KINDS for case in kind.cases()]


def course(schedule, *, steps_per_epoch, epochs, beyond=0):
    """Return the factor of each step of a training run, and of some after its planned end."""
    return [
        schedule.factor(
            step=step, steps_per_epoch=steps_per_epoch, epochs=epochs, memory=schedule.start()
        )
        for step in range(steps_per_epoch * epochs + beyond)
    ]


def pytorchs_one_cycle(total, part, start_divisor, end_divisor):
    """PyTorch's OneCycleLR with cosine annealing and peak 1, from its documented algorithm."""
    first = 1 / start_divisor
    phases = [(part * total - 1, first, 1.0), (total - 1, 1.0, first / end_divisor)]
    rates = []
    for step in range(total):
        begun = 0.0
        for end, low, high in phases:
            if step <= end or end == total - 1:
                done = (step - begun) / (end - begun)
                rates.append(high + (low - high) / 2 * (1 + math.cos(math.pi * done)))
                break
            begun = end
    return rates


def test_constant_stays():
    """The factor is 1 in every step."""
    assert course(Constant(), steps_per_epoch=3, epochs=2, beyond=2) == [1.0] * 8


def test_step_goes_down_a_stair():
    """The rate is halved in the first step of every second epoch."""
    factors = course(StepDecay(every=2, ratio=0.5), steps_per_epoch=2, epochs=5)

    assert factors == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]


def test_exponential_multiplies_once_an_epoch():
    """Epoch e has the ratio to the power e."""
    factors = course(Exponential(ratio=0.9), steps_per_epoch=2, epochs=3)

    assert factors == [1, 1, 0.9, 0.9, 0.9**2, 0.9**2]


def test_cosine_at_its_named_steps():
    """The factor starts at 1, is halfway in the middle, and stays at the floor."""
    factors = course(Cosine(floor=0.2), steps_per_epoch=5, epochs=4, beyond=3)

    # Rounding errors of numbers of about 1.
    assert factors[0] == 1.0
    assert factors[10] == pytest.approx(0.6, abs=1e-15)
    assert factors[20:] == [0.2] * 3


def test_warm_up_rises_in_equal_steps_to_what_follows():
    """Four equal steps end at 1; the cosine covers the remaining epochs."""
    schedule = LinearWarmUp(epochs=2, then=Cosine())

    factors = course(schedule, steps_per_epoch=2, epochs=5)

    assert factors[:4] == [0.25, 0.5, 0.75, 1.0]
    assert factors[4:] == course(Cosine(), steps_per_epoch=2, epochs=3)


def test_warm_up_aims_at_where_the_next_decay_begins():
    """Before a one-cycle schedule, which starts at 1/25, the warm-up ends at 1/25."""
    factors = course(LinearWarmUp(epochs=1, then=OneCycle()), steps_per_epoch=4, epochs=11)

    # Rounding errors of numbers of about 1.
    np.testing.assert_allclose(factors[:5], [0.01, 0.02, 0.03, 0.04, 0.04], rtol=1e-14)


def test_a_training_shorter_than_its_warm_up_only_rises():
    """If the warm-up is longer than the training run, the factor rises until the end."""
    factors = course(LinearWarmUp(epochs=4, then=Cosine()), steps_per_epoch=1, epochs=2)

    assert factors == [0.25, 0.5]


@pytest.mark.parametrize("total", [1, 2, 3, 10, 37])
@pytest.mark.parametrize("part", [0.0, 0.25, 0.3])
def test_one_cycle_is_pytorchs(total, part):
    """Every step of runs with several lengths has PyTorch's rate."""
    schedule = OneCycle(warm_up=part, start_divisor=10.0, end_divisor=100.0)

    factors = course(schedule, steps_per_epoch=total, epochs=1)

    # Rounding errors of numbers of about 1.
    np.testing.assert_allclose(factors, pytorchs_one_cycle(total, part, 10.0, 100.0), atol=1e-15)


def test_one_cycle_at_its_named_steps():
    """It starts at 1/25, peaks at 1 after 30 of 100 steps, and ends at 1/25 of 1e-4."""
    factors = course(OneCycle(), steps_per_epoch=10, epochs=10, beyond=2)

    # Rounding errors of numbers of about 1.
    found = [factors[k] for k in (0, 29, 99, 101)]
    np.testing.assert_allclose(found, [0.04, 1, 4e-6, 4e-6], atol=1e-15)


@pytest.mark.parametrize("schedule", [OneCycle(warm_up=0.5), OneCycle(warm_up=0.25)], ids=str)
def test_one_cycle_that_peaks_in_its_first_step(schedule):
    """If the rise is one step long, the run starts at the peak, without a division by 0."""
    factors = course(schedule, steps_per_epoch=round(1 / schedule.warm_up), epochs=1)

    assert factors[0] == 1.0
    assert factors[-1] == pytest.approx(4e-6, abs=1e-15)


@pytest.mark.parametrize(
    "schedule",
    [Cosine(), Cosine(floor=0.3), LinearWarmUp(epochs=2, then=Cosine()), OneCycle()],
    ids=str,
)
def test_curves_have_no_jumps(schedule):
    """In 1,000 steps, the factor doesn't change by more than its steepest slope."""
    factors = course(schedule, steps_per_epoch=100, epochs=10)

    # The steepest is the rise of the one-cycle schedule: π/2 of its height over 299 steps.
    assert np.abs(np.diff(factors)).max() < np.pi / 2 / 299 * 1.001


def test_plateau_waits_then_reduces():
    """With patience 2, the third epoch without a better score reduces the rate."""
    schedule, factors = ReduceOnPlateau(ratio=0.5, patience=2), []
    memory = schedule.start()

    for score in (5.0, 5.0, 5.0, 4.0, 4.0, 4.1, 4.2, 4.0, 4.0, 4.0):
        memory = schedule.observe(memory, score)
        factors.append(schedule.factor(step=0, steps_per_epoch=1, epochs=10, memory=memory))

    assert factors == [1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def test_plateau_before_the_first_score_is_one():
    """The memory is empty in the first epoch."""
    schedule = ReduceOnPlateau()

    assert schedule.start() == ()
    assert schedule.factor(step=3, steps_per_epoch=4, epochs=2, memory=()) == 1.0


def test_plateau_has_a_floor():
    """The factor does not fall below the minimum."""
    schedule = ReduceOnPlateau(ratio=0.1, patience=0, minimum=0.05)
    memory = schedule.start()

    for score in (1.0, 1.0, 1.0, 1.0):
        memory = schedule.observe(memory, score)

    assert memory[0] == 0.05


@pytest.mark.parametrize("score, better", [(-1.0, False), (-1.00005, False), (-1.001, True)])
def test_plateau_compares_negative_scores(score, better):
    """If the score is minus an accuracy, an equal one isn't better, and the threshold applies."""
    schedule = ReduceOnPlateau()

    after = schedule.observe((1.0, 3.0, -1.0), score)

    assert after == ((1.0, 0.0, score) if better else (1.0, 4.0, -1.0))


@pytest.mark.parametrize("best", [math.nan, math.inf])
def test_plateau_gets_over_a_score_that_is_no_number(best):
    """After NaN or infinity, any finite score is better; NaN is never better than a number."""
    schedule = ReduceOnPlateau()

    assert schedule.observe(schedule.observe(schedule.start(), best), 2.0) == (1.0, 0.0, 2.0)
    assert schedule.observe((1.0, 0.0, 2.0), math.nan) == (1.0, 1.0, 2.0)


def test_warm_up_passes_scores_on():
    """A plateau schedule after a warm-up works as it does alone."""
    alone = ReduceOnPlateau(ratio=0.5, patience=0)
    warm = LinearWarmUp(epochs=1, then=alone)

    memory = warm.observe(warm.observe(warm.start(), 1.0), 1.0)

    assert memory == alone.observe(alone.observe(alone.start(), 1.0), 1.0)
    assert warm.factor(step=8, steps_per_epoch=4, epochs=5, memory=memory) == 0.5


@pytest.mark.parametrize("schedule", CASES, ids=str)
def test_memory_is_plain_numbers(schedule):
    """The memory of a schedule is unchanged by conversion to strict JSON and back."""
    memory = schedule.start()
    for score in (3.0, 2.0, 2.5):
        memory = schedule.observe(memory, score)

    text = json.dumps(memory, allow_nan=False)

    assert tuple(json.loads(text)) == memory


@pytest.mark.parametrize("schedule", CASES, ids=str)
def test_factors_are_parts_of_the_rate(schedule):
    """Factors of schedules are between 0 and 1."""
    factors = course(schedule, steps_per_epoch=7, epochs=6, beyond=20)

    assert all(isinstance(f, float) and 0 <= f <= 1 for f in factors)


@pytest.mark.parametrize("kind", KINDS)
def test_every_decay_can_be_made_without_options(kind):
    """Each kind has defaults, and is a `Schedule`."""
    assert isinstance(kind(), Schedule)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    "kind, options, text",
    [
        (
            StepDecay,
            {"every": 0},
            ("`every` must be a positive integer, got 0. Try 10."),
        ),
        (
            Exponential,
            {"ratio": 1.5},
            ("`ratio` must be greater than 0 and at most 1, got 1.5. Try 0.95."),
        ),
        (
            Cosine,
            {"floor": -0.1},
            ("`floor` must be at least 0 and at most 1, got -0.1. Try 0.0."),
        ),
        (
            LinearWarmUp,
            {"epochs": 0.5},
            ("`epochs` must be a positive integer, got 0.5. Try 5."),
        ),
        (
            LinearWarmUp,
            {"then": "cosine"},
            ('`then` must be a learning-rate schedule, got "cosine". Try Constant().'),
        ),
        (
            OneCycle,
            {"warm_up": 1.0},
            ("`warm_up` must be at least 0 and less than 1, got 1.0. Try 0.3."),
        ),
        (
            OneCycle,
            {"end_divisor": 0.5},
            ("`end_divisor` must be a finite number of at least 1, got 0.5. Try 10000.0."),
        ),
        (
            ReduceOnPlateau,
            {"patience": -1},
            ("`patience` must be a non-negative integer, got -1. Try 10."),
        ),
        (
            ReduceOnPlateau,
            {"ratio": 1.0},
            ("`ratio` must be greater than 0 and less than 1, got 1.0. Try 0.1."),
        ),
    ],
)
def test_a_bad_option_is_refused(kind, options, text):
    """Values outside an option's range are errors with the range and a valid value."""
    with pytest.raises(OptionError) as error:
        kind(**options)

    assert str(error.value) == text
