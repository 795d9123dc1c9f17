"""striate's kinds agree with ONNX's operators."""

import numpy as np
import pytest

from onnx_backend.account import account
from onnx_backend.cases import CASES
from onnx_backend.left_out import ABSENT, BEYOND
from onnx_backend.operators import KINDS, OPERATORS, run

RUN = [case for case in CASES if case.left_out is None]

# ONNX allows 1e-3. Both sides compute in float32 with at most a few hundred products. A relative
# error of 1e-5 is 84 roundings; 1e-7 is for results that cancel to nearly zero.
RELATIVE, ABSOLUTE = 1e-5, 1e-7

# The case was written by hand with four digits.
PRINTED = {"test_averagepool_2d_ceil_last_window_starts_on_pad": 1e-3}


@pytest.mark.parametrize("case", RUN, ids=lambda case: case.name.removeprefix("test_"))
def test_a_kind_computes_what_onnx_says(case):
    """All outputs of the case have the expected shapes and values."""
    wanted = case.arrays("out")

    found = run(case)

    assert set(wanted) == set(case.outputs)
    for name, array in zip(case.outputs, found, strict=True):
        assert np.shape(array) == wanted[name].shape
        np.testing.assert_allclose(
            array, wanted[name], rtol=PRINTED.get(case.name, RELATIVE), atol=ABSOLUTE
        )


def test_every_case_is_run_or_left_out_for_a_reason(golden):
    """The report covers all 374 cases; none is missing or skipped silently."""
    assert len(CASES) == 374
    golden("onnx-cases", account())


def test_what_is_left_out_is_not_there():
    """No kind has an operator that is listed as missing, and each reason has a case."""
    names, operators = {c.name for c in CASES}, {n.operator for c in CASES for n in c.nodes}

    assert not ABSENT.keys() & (KINDS.keys() | OPERATORS.keys())
    assert names >= BEYOND.keys()
    assert operators >= ABSENT.keys()


@pytest.mark.parametrize("operator", sorted(KINDS))
def test_every_operator_that_a_kind_names_is_compared(operator):
    """Every kind with an ONNX name is in a case that runs, except for those without cases."""
    compared = {node.operator for case in RUN for node in case.nodes}
    without_case = {"Concat", "Identity", "Sum"}

    assert operator in compared | without_case
