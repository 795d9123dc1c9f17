"""Optimizers and schedules equal PyTorch's, step by step."""

import warnings

import numpy as np
import pytest
import torch

from pytorch.layers import distance
from striate.functions.optimizer import (
    Adagrad,
    Adam,
    AdamW,
    GradientDescent,
    Momentum,
    Nesterov,
    RMSprop,
)
from striate.functions.schedule import (
    Constant,
    Cosine,
    Exponential,
    LinearWarmUp,
    OneCycle,
    ReduceOnPlateau,
    StepDecay,
)

pytestmark = pytest.mark.slow

# Twenty steps with a few roundings each.
BOUND = 1e-12

STEPS, RATE = 20, 0.05
EPOCHS, STEPS_PER_EPOCH = 12, 5


def _moments(kind):
    """Convert Adam's options to PyTorch's."""
    return {
        "lr": RATE,
        "betas": (kind.beta1, kind.beta2),
        "eps": kind.epsilon,
        "weight_decay": kind.weight_decay,
    }


OPTIMIZERS = {
    GradientDescent: (
        torch.optim.SGD,
        lambda kind: {"lr": RATE, "weight_decay": kind.weight_decay},
    ),
    Momentum: (
        torch.optim.SGD,
        lambda kind: {"lr": RATE, "momentum": kind.momentum, "weight_decay": kind.weight_decay},
    ),
    Nesterov: (
        torch.optim.SGD,
        lambda kind: {
            "lr": RATE,
            "momentum": kind.momentum,
            "nesterov": True,
            "weight_decay": kind.weight_decay,
        },
    ),
    RMSprop: (
        torch.optim.RMSprop,
        lambda kind: {
            "lr": RATE,
            "alpha": kind.smoothing,
            "eps": kind.epsilon,
            "weight_decay": kind.weight_decay,
        },
    ),
    Adagrad: (
        torch.optim.Adagrad,
        lambda kind: {"lr": RATE, "eps": kind.epsilon, "weight_decay": kind.weight_decay},
    ),
    Adam: (torch.optim.Adam, _moments),
    AdamW: (torch.optim.AdamW, _moments),
}

UPDATES = [kind for optimizer in OPTIMIZERS for kind in optimizer.cases()]


def torch_steps(kind, w, gradients):
    """Return PyTorch's parameters after each step; the second half has no weight decay."""
    parts = [torch.tensor(half, requires_grad=True) for half in np.split(w, 2)]
    make, options = OPTIMIZERS[type(kind)]
    groups = [{"params": [parts[0]]}, {"params": [parts[1]], "weight_decay": 0.0}]
    optimizer = make(groups, **options(kind))
    for dw in gradients:
        for part, half in zip(parts, np.split(dw, 2), strict=True):
            part.grad = torch.tensor(half)
        optimizer.step()
        yield np.concatenate([part.detach() for part in parts])


@pytest.mark.parametrize("kind", UPDATES, ids=str)
def test_an_update_agrees_with_pytorch(kind):
    """After each of twenty steps, the parameters equal PyTorch's; half have no weight decay."""
    rng = np.random.default_rng(5)
    w, gradients = rng.standard_normal(12), rng.standard_normal((STEPS, 12))
    decayed = np.repeat([1.0, 0.0], 6)
    memory = kind.start(w)

    for step, wanted in enumerate(torch_steps(kind, w.copy(), gradients), start=1):
        dw = gradients[step - 1]
        w, memory = kind.apply(w, dw, memory, rate=RATE, step=step, decayed=decayed)

        assert distance(w, wanted) <= BOUND, step


TOTAL = EPOCHS * STEPS_PER_EPOCH
SCHEDULERS = torch.optim.lr_scheduler

# Each schedule with PyTorch's scheduler. Those in the first list advance after each epoch, the
# others after each step.
BY_EPOCH = [
    (Constant(), lambda o: SCHEDULERS.ConstantLR(o, 1.0)),
    (StepDecay(every=3, ratio=0.5), lambda o: SCHEDULERS.StepLR(o, 3, 0.5)),
    (Exponential(ratio=0.8), lambda o: SCHEDULERS.ExponentialLR(o, 0.8)),
]
BY_STEP = [
    (Cosine(), lambda o: SCHEDULERS.CosineAnnealingLR(o, TOTAL)),
    (Cosine(floor=0.1), lambda o: SCHEDULERS.CosineAnnealingLR(o, TOTAL, eta_min=0.1 * RATE)),
    (OneCycle(), lambda o: SCHEDULERS.OneCycleLR(o, RATE, TOTAL, cycle_momentum=False)),
    (
        OneCycle(warm_up=0.5, start_divisor=4.0, end_divisor=10.0),
        lambda o: SCHEDULERS.OneCycleLR(
            o,
            RATE,
            TOTAL,
            pct_start=0.5,
            div_factor=4.0,
            final_div_factor=10.0,
            cycle_momentum=False,
        ),
    ),
    (LinearWarmUp(epochs=2), lambda o: _warm_up(o, 2 * STEPS_PER_EPOCH)),
    (
        LinearWarmUp(epochs=2, then=Cosine(floor=0.2)),
        lambda o: SCHEDULERS.SequentialLR(
            o,
            [
                _warm_up(o, 2 * STEPS_PER_EPOCH),
                SCHEDULERS.CosineAnnealingLR(o, TOTAL - 2 * STEPS_PER_EPOCH, eta_min=0.2 * RATE),
            ],
            [2 * STEPS_PER_EPOCH],
        ),
    ),
]


def _warm_up(optimizer, steps):
    """Grow in equal steps: PyTorch's first factor is given, and the steps after it are counted."""
    return SCHEDULERS.LinearLR(optimizer, start_factor=1 / steps, total_iters=steps - 1)


@pytest.mark.parametrize(
    "schedule, make",
    [*BY_EPOCH, *BY_STEP],
    ids=[str(schedule) for schedule, _ in [*BY_EPOCH, *BY_STEP]],
)
def test_a_decay_agrees_with_pytorch(schedule, make):
    """The learning rate of every training step equals PyTorch's."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    scheduler = make(optimizer)
    wanted = []
    for step in range(1, TOTAL + 1):
        wanted.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (schedule, make) in BY_EPOCH and step % STEPS_PER_EPOCH:
            continue
        with warnings.catch_warnings():
            # SequentialLR calls its schedulers in a way that PyTorch itself warns about.
            warnings.filterwarnings("ignore", "The epoch parameter")
            scheduler.step()

    found = [
        RATE * schedule.factor(step=step, steps_per_epoch=STEPS_PER_EPOCH, epochs=EPOCHS, memory=())
        for step in range(TOTAL)
    ]

    np.testing.assert_allclose(found, wanted, rtol=BOUND, atol=1e-15)


@pytest.mark.parametrize("schedule", ReduceOnPlateau.cases(), ids=str)
def test_reducing_on_a_plateau_agrees_with_pytorch(schedule):
    """After each of forty epochs with falling, level or rising scores, the rate is PyTorch's."""
    rng = np.random.default_rng(6)
    scores = np.concatenate([np.linspace(3, 1, 10), 1 + 0.02 * rng.standard_normal(30)])
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    scheduler = SCHEDULERS.ReduceLROnPlateau(
        optimizer,
        factor=schedule.ratio,
        patience=schedule.patience,
        threshold=schedule.threshold,
        min_lr=schedule.minimum * RATE,
        eps=0.0,
    )
    memory = schedule.start()

    for score in scores:
        scheduler.step(score)
        memory = schedule.observe(memory, float(score))

        found = RATE * schedule.factor(step=0, steps_per_epoch=1, epochs=1, memory=memory)
        assert distance(found, optimizer.param_groups[0]["lr"]) <= BOUND
