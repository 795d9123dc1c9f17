"""The error function."""

import math

import numpy as np
import pytest

from striate.maths import erf


def test_erf_agrees_with_the_standard_library():
    """Over the whole range of float64 the relative error is at most 1e-15."""
    x = np.concatenate(
        [
            np.linspace(-7, 7, 20_001),
            np.logspace(-300, 300, 3_001),
            -np.logspace(-300, 300, 3_001),
            np.nextafter([0.46875, 0.46875, 6.0, 6.0], [0, 1, 0, 7]),
        ]
    )
    wanted = np.array([math.erf(v) for v in x])

    found = erf(x)

    assert np.all(np.abs(found - wanted) <= 1e-15 * np.abs(wanted))


def test_erf_of_zero_infinity_and_nan():
    """The ends are exact, signed zeros stay, NaN stays."""
    found = erf(np.array([0.0, -0.0, np.inf, -np.inf, np.nan]))

    assert found[:4].tolist() == [0.0, 0.0, 1.0, -1.0]
    assert np.signbit(found[:2]).tolist() == [False, True]
    assert np.isnan(found[4])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_erf_keeps_the_precision(dtype):
    """The result has the precision of the argument, rounded once."""
    x = np.linspace(-4, 4, 1001).astype(dtype)

    found = erf(x)

    wanted = np.array([math.erf(v) for v in x.tolist()])
    assert found.dtype == dtype
    # Half a unit in the last place for the rounding, and the error of the float64 computation.
    half_unit = np.finfo(dtype).eps / 2
    assert np.all(
        np.abs(found - wanted) <= half_unit * np.abs(wanted) + 2e-15 + np.finfo(dtype).tiny
    )


def test_erf_of_whole_numbers():
    """Whole numbers are read as float64."""
    found = erf(np.array([0, 1]))

    assert found.dtype == np.float64
    assert found.tolist() == pytest.approx([0.0, math.erf(1)], rel=1e-15)
