"""Optimizers: equations by hand, in plain loops, and in nests; convergence; errors."""

import math

import numpy as np
import pytest

from striate.errors import OptionError
from striate.functions import optimizer as package
from striate.functions.optimizer import (
    Adagrad,
    Adam,
    AdamW,
    GradientDescent,
    Momentum,
    Nesterov,
    RMSprop,
)
from striate.functions.optimizer.base import Optimizer
from striate.functions.optimizer.clipping import clip_factor
from striate.nests.bind import bind_program
from striate.nests.interpret import interpret

KINDS = [kind for kind in vars(package).values() if isinstance(kind, type)]
CASES = [case for kind in KINDS for case in kind.cases()]
RATE, STEPS = 0.1, 7


def run(optimizer, w, gradients, decayed=None, rate=RATE):
    """Compute one step per row of gradients, and return all intermediate weights."""
    memory, path = optimizer.start(w), []
    decayed = np.ones_like(w) if decayed is None else decayed
    for step, dw in enumerate(gradients, start=1):
        w, memory = optimizer.apply(w, dw, memory, rate=rate, step=step, decayed=decayed)
        path.append(w)
    return np.stack(path)


def by_loops(optimizer, w, gradients, decayed):
    """PyTorch's optimizers for a single parameter, from their documented algorithms."""
    columns = [
        one_number(optimizer, *column)
        for column in zip(w, np.transpose(gradients), decayed, strict=True)
    ]
    return np.transpose(columns)


def one_number(optimizer, w, gradients, decayed):
    """Train one parameter with Python's floats."""
    name, penalty, path = type(optimizer).__name__, optimizer.weight_decay * decayed, []
    first = second = 0.0
    for t, derivative in enumerate(gradients, start=1):
        g = derivative if name == "AdamW" else derivative + penalty * w
        if name == "GradientDescent":
            w = w - RATE * g
        elif name in ("Momentum", "Nesterov"):
            first = g if t == 1 else optimizer.momentum * first + g
            w = w - RATE * (g + optimizer.momentum * first if name == "Nesterov" else first)
        elif name == "RMSprop":
            second = optimizer.smoothing * second + (1 - optimizer.smoothing) * g * g
            w = w - RATE * g / (math.sqrt(second) + optimizer.epsilon)
        elif name == "Adagrad":
            second = second + g * g
            w = w - RATE * g / (math.sqrt(second) + optimizer.epsilon)
        else:
            if name == "AdamW":
                w = w * (1 - RATE * penalty)
            first = first + (g - first) * (1 - optimizer.beta1)
            second = optimizer.beta2 * second + (1 - optimizer.beta2) * g * g
            size = math.sqrt(second) / math.sqrt(1 - optimizer.beta2**t) + optimizer.epsilon
            w = w - RATE / (1 - optimizer.beta1**t) * first / size
        path.append(w)
    return path


@pytest.fixture
def walk():
    """Weights, derivatives of several steps, and a mask of weight decay."""
    rng = np.random.default_rng(8)
    return rng.normal(size=5), rng.normal(size=(STEPS, 5)), np.array([1.0, 1.0, 0.0, 1.0, 0.0])


@pytest.mark.parametrize("optimizer", CASES, ids=str)
def test_an_update_is_pytorchs(optimizer, walk):
    """Seven steps agree, elementwise, with PyTorch's algorithm for a single parameter."""
    found = run(optimizer, *walk)

    # A few roundings of 1e-16 a step, in numbers of about 1.
    np.testing.assert_allclose(found, by_loops(optimizer, *walk), rtol=0, atol=1e-13)


HALF = {"weight_decay": 0.5}


@pytest.mark.parametrize(
    "optimizer, gradients, expected",
    [
        # w = 1; 1 - 0.1 * 2 = 0.8; 0.8 - 0.1 * 4 = 0.4
        (GradientDescent(), (2.0, 4.0), (0.8, 0.4)),
        # g = 2 + 0.5 * 1 = 2.5; 1 - 0.25 = 0.75; g = 4 + 0.375; 0.75 - 0.4375
        (GradientDescent(**HALF), (2.0, 4.0), (0.75, 0.3125)),
        # v = 2; 0.8; v = 0.5 * 2 + 4 = 5; 0.3
        (Momentum(momentum=0.5), (2.0, 4.0), (0.8, 0.3)),
        # v = 2, 2 + 0.5 * 2 = 3; 0.7; v = 5, 4 + 0.5 * 5 = 6.5; 0.05
        (Nesterov(momentum=0.5), (2.0, 4.0), (0.7, 0.05)),
        # v = 0.75 * 0 + 0.25 * 4 = 1; 1 - 0.1 * 2 / 1; v = 0.75 + 0.25 * 13 = 4; 0.8 - 0.1 √13 / 2
        (RMSprop(smoothing=0.75), (2.0, math.sqrt(13)), (0.8, 0.8 - 0.05 * math.sqrt(13))),
        # v = 9; 1 - 0.1 * 3 / 3; v = 9 + 16; 0.9 - 0.1 * 4 / 5
        (Adagrad(), (3.0, 4.0), (0.9, 0.82)),
        # m = 1, v = 2, corrected 2 and 4: 1 - 0.1 * 2 / 2;
        # m = 2.5, v = 1 + 8 = 9, corrected 10/3 and 12
        (Adam(beta1=0.5, beta2=0.5), (2.0, 4.0), (0.9, 0.9 - 0.1 * (10 / 3) / math.sqrt(12))),
        # the same, and 1 - 0.1 * 0.5 * 1 first; then 0.85 - 0.1 * 0.5 * 0.85
        (
            AdamW(beta1=0.5, beta2=0.5, **HALF),
            (2.0, 4.0),
            (0.85, 0.85 * 0.95 - 0.1 * (10 / 3) / math.sqrt(12)),
        ),
    ],
    ids=str,
)
def test_two_steps_by_hand(optimizer, gradients, expected):
    """Two steps from w = 1 with rate 0.1 agree with the computation in the comment above."""
    path = run(optimizer, np.array([1.0]), np.array(gradients)[:, None])

    # The comments leave epsilon out: 1e-8, times rate and derivative, below 1.
    np.testing.assert_allclose(path[:, 0], expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("optimizer", CASES, ids=str)
def test_an_updates_statements_mean_what_apply_computes(optimizer, walk):
    """The equations, interpreted as nests, give the same weights and buffers in the third step."""
    w, gradients, decayed = walk
    memory = {name: np.abs(gradients[k]) for k, name in enumerate(optimizer.buffers)}
    lowering = optimizer.lowering(len(w))
    program = bind_program(
        lowering.statements,
        shapes=lowering.shapes,
        outputs=["w_next", *(f"{name}_next" for name in optimizer.buffers)],
        constants={**lowering.constants, "rate": RATE, "step": 3},
    )

    found = interpret(program, {"w": w, "dw": gradients[2], "decayed": decayed, **memory})
    after, buffers = optimizer.apply(w, gradients[2], memory, rate=RATE, step=3, decayed=decayed)

    expected = {"w_next": after, **{f"{name}_next": x for name, x in buffers.items()}}
    assert found.keys() == expected.keys()
    for name, x in expected.items():
        np.testing.assert_allclose(found[name], x, rtol=1e-13)


@pytest.mark.parametrize("optimizer", CASES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_update_keeps_the_precision(optimizer, walk, dtype):
    """Weights and buffers keep the dtype of the weights, for any dtype of `decayed`."""
    w, gradients, decayed = walk
    w, dw = w.astype(dtype), gradients[0].astype(dtype)

    after, memory = optimizer.apply(
        w, dw, optimizer.start(w), rate=RATE, step=1, decayed=decayed > 0
    )

    assert {x.dtype for x in (after, *memory.values())} == {np.dtype(dtype)}
    assert tuple(memory) == optimizer.buffers


def test_numpys_numbers_as_options_keep_float32():
    """A learning rate or momentum from `np.logspace` doesn't convert the weights to float64."""
    optimizer, w = (
        Momentum(learning_rate=np.float64(0.1), momentum=np.float64(0.5)),
        np.ones(3, np.float32),
    )

    path = run(optimizer, w, [w, w], rate=optimizer.learning_rate)

    assert path.dtype == np.float32


@pytest.mark.parametrize("optimizer", CASES, ids=str)
def test_an_update_changes_nothing_in_place(optimizer, walk):
    """The arguments aren't modified, so the previous state stays valid."""
    w, gradients, decayed = walk
    memory = optimizer.start(w)
    given = [w, gradients, decayed, *memory.values()]
    before = [x.copy() for x in given]

    optimizer.apply(w, gradients[0], memory, rate=RATE, step=1, decayed=decayed)

    assert all(np.array_equal(x, y) for x, y in zip(given, before, strict=True))


@pytest.mark.parametrize(
    "optimizer",
    [
        GradientDescent(learning_rate=0.2),
        Momentum(learning_rate=0.05, momentum=0.8),
        Nesterov(learning_rate=0.05, momentum=0.8),
        RMSprop(learning_rate=0.05),
        Adagrad(learning_rate=1.0),
        Adam(learning_rate=0.05),
        AdamW(learning_rate=0.05, weight_decay=0.0),
    ],
    ids=str,
)
def test_an_update_finds_the_bottom_of_a_bowl(optimizer):
    """On (w - c)ᵀ D (w - c) / 2, steepness from 0.5 to 5, 500 steps with falling rate end at c."""
    center, steepness = np.array([1.0, -2.0, 0.5]), np.array([0.5, 2.0, 5.0])
    w, memory = np.zeros(3), optimizer.start(np.zeros(3))

    for step in range(1, 501):
        rate = optimizer.learning_rate * (1 - step / 501)
        dw = steepness * (w - center)
        w, memory = optimizer.apply(w, dw, memory, rate=rate, step=step, decayed=np.ones(3))

    # The last steps of adaptive optimizers have the length of the rate, about 0.05 / 500.
    assert np.abs(w - center).max() < 1e-3


def test_weight_decay_applies_only_to_decayed_parameters():
    """If the derivative is zero, weights with weight decay shrink and others don't change."""
    w, decayed = np.array([1.0, 1.0]), np.array([1.0, 0.0])

    ends = [run(kind(weight_decay=0.1), w, np.zeros((1, 2)), decayed)[0] for kind in KINDS]

    assert all(shrunk < 1 and spared == 1 for shrunk, spared in ends)


@pytest.mark.parametrize("kind", KINDS)
def test_every_update_can_be_made_without_options(kind):
    """Each kind has the usual defaults, and is an `Optimizer`."""
    optimizer = kind()

    assert isinstance(optimizer, Optimizer)
    assert optimizer.learning_rate == (0.001 if "Adam" in kind.__name__ else 0.01)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    "kind, options, text",
    [
        (
            GradientDescent,
            {"learning_rate": 0},
            ("`learning_rate` must be a positive finite number, got 0. Try 0.01."),
        ),
        (
            Momentum,
            {"momentum": 1.0},
            ("`momentum` must be at least 0 and less than 1, got 1.0. Try 0.9."),
        ),
        (
            Nesterov,
            {"weight_decay": -0.1},
            ("`weight_decay` must be a non-negative finite number, got -0.1. Try 0.0."),
        ),
        (
            RMSprop,
            {"smoothing": 2},
            ("`smoothing` must be at least 0 and less than 1, got 2. Try 0.99."),
        ),
        (
            Adagrad,
            {"epsilon": 0.0},
            ("`epsilon` must be a positive finite number, got 0.0. Try 1e-10."),
        ),
        (
            Adam,
            {"beta2": math.nan},
            ("`beta2` must be at least 0 and less than 1, got nan. Try 0.999."),
        ),
        (
            AdamW,
            {"learning_rate": "fast"},
            ('`learning_rate` must be a positive finite number, got "fast". Try 0.001.'),
        ),
    ],
)
def test_a_bad_option_is_refused(kind, options, text):
    """Values outside an option's range are errors with the range and a valid value."""
    with pytest.raises(OptionError) as error:
        kind(**options)

    assert str(error.value) == text


def test_clipping_shortens_to_the_norm():
    """Derivatives with norm 5 get PyTorch's factor 1 / (5 + 1e-6); smaller ones are unchanged."""
    dw = np.array([3.0, -4.0])

    assert clip_factor(dw, 1.0) == pytest.approx(1 / (5 + 1e-6), rel=1e-15)
    assert clip_factor(dw, 5.1) == 1.0
    assert clip_factor(np.zeros(2), 1.0) == 1.0


def test_clipping_does_not_overflow_in_float32():
    """The norm of large float32 derivatives is computed in float64."""
    dw = np.full(4, 1e30, np.float32)

    assert clip_factor(dw, 2.0) == pytest.approx(1e-30, rel=1e-6)


def test_clipping_hides_no_nan():
    """The factor of derivatives with NaN is NaN, so that training can stop; of infinite ones 0."""
    assert math.isnan(clip_factor(np.array([1.0, np.nan]), 1.0))
    assert clip_factor(np.array([1.0, np.inf]), 1.0) == 0.0


@pytest.mark.parametrize("max_norm", [0, -1.0, math.nan])
def test_a_norm_that_is_not_positive_is_refused(max_norm):
    """The maximum norm must be above 0."""
    with pytest.raises(OptionError) as error:
        clip_factor(np.ones(2), max_norm)

    assert str(error.value) == (
        f"`max_norm` must be a positive finite number, got {max_norm!r}. Try 1.0."
    )
