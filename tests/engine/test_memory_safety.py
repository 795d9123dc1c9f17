"""Compiled programs stay within their arrays: guard pages, known numbers, and planted errors.

Valgrind lacks AVX-512, so the memory itself has to reveal a misuse.
"""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from engine.cases import GROUPS, IDS, found, network
from engine.compiled import Compiled
from engine.guarded import separate_arrays, touched
from engine.planted import PLANTED, longer, planted_numbers, planted_step
from plan.small import small_plan
from striate.compile import load
from striate.errors import NestError
from striate.plan.allocation import Memory
from striate.plan.statement import LANES
from striate.plan.verify import verify_plan

ROOT = Path(__file__).parents[2]

QUICK = GROUPS[3:4]
"""Contains batch normalization: sums over images, with partial sums for each chunk."""

some_groups = pytest.mark.parametrize(
    "group",
    [pytest.param(g, marks=() if g in QUICK else pytest.mark.slow, id=IDS[g]) for g in GROUPS],
)


def run_guarded(word):
    """Compute in guarded memory in another process; return its exit status and its output."""
    done = subprocess.run(
        [sys.executable, "-m", "engine.guarded", word],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", ROOT / "tests")))},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stdout.strip() or done.stderr[-1000:]


@some_groups
def test_no_kernel_leaves_the_memory(group):
    """Every kind computes the same bits if each array ends, or begins, at a guard page.

    Memory is filled with NaN beforehand, so reading what was not written is detected too.
    """
    assert run_guarded(str(group)) == (0, str(group))


@some_groups
def test_no_kernel_writes_between_arrays(group):
    """Canaries between arrays are unchanged, and no array depends on another one's memory."""
    step, numbers = network(group)
    expected = found(group, "host")

    with separate_arrays():
        apart = Compiled(step, numbers.images, make=partial(load, threads=2))
        results = apart.run(numbers)

    assert all(touched(program) == [] for program in apart.programs.values())
    for name, array in expected.items():
        np.testing.assert_array_equal(results[name], array, err_msg=name)


@pytest.mark.parametrize("planted", PLANTED)
def test_guard_pages_find_planted_errors(planted):
    """A process is killed if an array or a nest extends one vector too far."""
    sound = (0, planted)
    code, said = run_guarded(planted)

    assert (code, said) == sound if planted.startswith("nothing") else code == -signal.SIGSEGV, said


def test_canaries_find_a_planted_error():
    """A nest that writes one vector beyond its array changes a canary."""
    numbers = planted_numbers()
    with separate_arrays():
        spoilt = Compiled(
            planted_step(),
            numbers.images,
            make=lambda plan: load(longer(plan, "batch-norm1.Z.m"), threads=1),
        )
        spoilt.train(numbers)

    (program,) = spoilt.programs.values()
    end = program.plan.allocations["batch-norm1.Z.m"].offset + 3

    assert touched(program) == [(Memory.ARENA, end + k) for k in range(LANES)]


@pytest.mark.parametrize("planted", [name for name in PLANTED if not name.startswith("nothing")])
def test_the_proof_finds_planted_errors(planted):
    """The verifier finds all errors that guard pages find, before a program is compiled."""
    spoil, _ = PLANTED[planted]

    with pytest.raises(NestError):
        verify_plan(spoil(small_plan()))
