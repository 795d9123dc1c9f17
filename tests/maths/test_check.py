"""The checks of derivatives accept known derivatives and reject wrong ones."""

import numpy as np
import pytest

from striate.errors import ShapeError
from striate.maths import adjoint_gap, central_differences, relative_error


def test_central_differences_of_a_loss():
    """The derivative of a scalar has an error of at most 1e-9."""
    x = np.array([[0.0, 1e-3, 1.0], [-2.0, 3.0, 0.5]])

    found = central_differences(lambda x: np.sum(np.sin(x)), x)

    assert relative_error(found, np.cos(x)) < 1e-9


def test_central_differences_step_in_proportion():
    """Far from zero, the step grows with the argument, so that rounding doesn't remove it."""
    x = np.array([1e6, -1e9])

    found = central_differences(lambda x: np.sum(x**2), x)

    assert relative_error(found, 2 * x) < 1e-9


def test_central_differences_of_an_array():
    """With dz, the derivative of the loss is the transposed Jacobian times dz."""
    rng = np.random.default_rng(5)
    m, x, dz = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=4)

    found = central_differences(lambda x: np.tanh(m @ x), x, dz)

    assert relative_error(found, m.T @ (dz * (1 - np.tanh(m @ x) ** 2))) < 1e-9


def test_central_differences_see_results_that_share_memory():
    """A function that returns its argument is differentiated correctly, and x isn't modified."""
    x = np.array([1.0, 2.0])

    found = central_differences(lambda x: x, x, np.array([3.0, 4.0]))

    assert relative_error(found, np.array([3.0, 4.0])) < 1e-9
    assert x.tolist() == [1.0, 2.0]


def test_central_differences_show_a_wrong_derivative():
    """An error of one percent in one of a hundred derivatives is detected."""
    x = np.linspace(0.5, 1.5, 100)
    wrong = 3 * x**2
    wrong[17] *= 1.01

    found = central_differences(lambda x: np.sum(x**3), x)

    assert relative_error(found, 3 * x**2) < 1e-9
    assert relative_error(found, wrong) > 1e-4


def test_central_differences_with_another_dz_are_explained():
    """The error gives both shapes."""
    with pytest.raises(ShapeError) as error:
        central_differences(lambda x: x, np.zeros(3), np.zeros(2))

    assert str(error.value) == (
        "`dz` must have the shape of the function's result, (3,), got (2,). Use that shape, "
        "or a function that returns a single number."
    )


@pytest.mark.parametrize(
    ("found", "wanted", "error"),
    [
        ([3.0, 4.0], [3.0, 4.0], 0.0),
        ([3.0, 4.0], [0.0, 0.0], 1.0),
        ([3.0, 4.0], [-3.0, -4.0], 2.0),
        ([0.0, 0.0], [0.0, 0.0], 0.0),
        ([6.0, 8.0], [6.0, 7.0], 0.1),
    ],
)
def test_relative_error_compares_lengths(found, wanted, error):
    """It is the norm of the difference divided by the larger norm, and symmetric."""
    x, y = np.array(found), np.array(wanted)

    assert relative_error(x, y) == pytest.approx(error)
    assert relative_error(y, x) == relative_error(x, y)


def test_relative_error_of_nan_is_nan():
    """NaN is never accepted as agreement."""
    assert np.isnan(relative_error(np.array([1.0, np.nan]), np.array([1.0, 1.0])))


def test_relative_error_does_not_broadcast():
    """A derivative of a different shape is an error that shows both shapes."""
    with pytest.raises(ShapeError) as error:
        relative_error(np.zeros((2, 1)), np.zeros((1, 2)))

    assert str(error.value) == ("The arrays must have the same shape, got (2, 1) and (1, 2).")


def test_adjoint_gap_is_rounding_for_adjoints():
    """A bilinear function and its two adjoints leave a gap of rounding errors only."""
    rng = np.random.default_rng(6)
    w, a, dz = rng.normal(size=(20, 30)), rng.normal(size=30), rng.normal(size=20)

    gap = adjoint_gap((w @ a, dz), (a, w.T @ dz), (w, np.outer(dz, a)))

    assert gap < 1e-14  # sums of 600 products


def test_adjoint_gap_shows_what_is_no_adjoint():
    """One wrong entry of the backward matrix leaves a gap far above 1e-10."""
    rng = np.random.default_rng(7)
    w, a, dz = rng.normal(size=(20, 30)), rng.normal(size=30), rng.normal(size=20)
    wrong = w.T.copy()
    wrong[3, 4] *= 1.001

    assert adjoint_gap((w @ a, dz), (a, wrong @ dz)) > 1e-7


def test_adjoint_gap_of_zeros():
    """If all arrays are zero, the gap is 0."""
    assert adjoint_gap((np.zeros(3), np.zeros(3)), (np.zeros(2), np.ones(2))) == 0.0


def test_adjoint_gap_does_not_broadcast():
    """An array and a derivative of different shapes are an error that shows both shapes."""
    with pytest.raises(ShapeError) as error:
        adjoint_gap((np.zeros(3), np.zeros((3, 1))))

    assert str(error.value) == (
        "Each array and its derivative must have the same shape, got (3,) and (3, 1)."
    )
