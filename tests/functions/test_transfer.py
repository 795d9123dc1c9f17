"""Transfer functions: values, kinks as in PyTorch, both ends, invalid options."""

import math

import numpy as np
import pytest

from helpers import Lowered
from striate.errors import OptionError
from striate.functions import transfer
from striate.functions.base import TransferFunction
from striate.functions.programs import backward_program

KINDS = [kind for kind in vars(transfer).values() if isinstance(kind, type)]
FORMS = [*(kind() for kind in KINDS), transfer.Gelu(approximate="tanh")]


def slope(function, n):
    """Return the derivative at several net inputs."""
    n = np.array(n, float)
    return function.backward_n(n, function.apply(n), np.ones_like(n))


def test_there_are_fourteen():
    """The package exports the names of activations."""
    assert len(KINDS) == 14
    assert all(issubclass(kind, TransferFunction) for kind in KINDS)


@pytest.mark.parametrize(
    "function, n, wanted",
    [
        (transfer.Linear(), -2.5, -2.5),
        (transfer.Logistic(), 1.0, 1 / (1 + math.exp(-1))),
        (transfer.Tanh(), 0.5, math.tanh(0.5)),
        (transfer.ScaledTanh(), 1.0, 1.7159 * math.tanh(2 / 3)),
        (transfer.Relu(), -1.0, 0.0),
        (transfer.Relu(), 1.5, 1.5),
        (transfer.LeakyRelu(), -2.0, -0.02),
        (transfer.LeakyRelu(slope=0.25), -2.0, -0.5),
        (transfer.Elu(alpha=2.0), -1.0, 2 * (math.exp(-1) - 1)),
        (transfer.Selu(), -1.0, 1.0507009873554805 * 1.6732632423543772 * (math.exp(-1) - 1)),
        (transfer.Selu(), 2.0, 2 * 1.0507009873554805),
        (transfer.Softplus(), -1.0, math.log(1 + math.exp(-1))),
        (transfer.Silu(), 2.0, 2 / (1 + math.exp(-2))),
        (transfer.Gelu(), -1.0, -(1 + math.erf(-1 / math.sqrt(2))) / 2),
        (
            transfer.Gelu(approximate="tanh"),
            -1.0,
            -(1 + math.tanh(-math.sqrt(2 / math.pi) * 1.044715)) / 2,
        ),
        (transfer.HardSwish(), 1.0, 1 * 4 / 6),
        (transfer.HardSwish(), -3.5, 0.0),
        (transfer.HardSwish(), 3.5, 3.5),
    ],
    ids=str,
)
def test_values(function, n, wanted):
    """Each function equals its formula, evaluated with the standard library."""
    found = function.apply(np.array([[n]]))[0, 0]

    assert found == pytest.approx(wanted, rel=1e-14)


@pytest.mark.parametrize(
    "function, n, wanted",
    [
        (transfer.Relu(), 0.0, 0.0),
        (transfer.LeakyRelu(slope=0.1), 0.0, 0.1),
        (transfer.Elu(alpha=0.5), 0.0, 0.5),
        (transfer.Selu(), 0.0, 1.0507009873554805 * 1.6732632423543772),
        (transfer.HardSwish(), -3.0, 0.0),
        (transfer.HardSwish(), 3.0, 1.0),
    ],
    ids=str,
)
def test_kinks(function, n, wanted):
    """The slope at a kink is the same as in PyTorch."""
    assert slope(function, [n]) == pytest.approx([wanted], rel=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", FORMS, ids=str)
def test_the_ends_are_finite(function, dtype):
    """Huge net inputs give finite activations and derivatives, and no warning."""
    n = np.array([[-1e30, -1e4, -100.0, 0.0, 100.0, 1e4, 1e30]], dtype)

    a = function.apply(n)
    dn = function.backward_n(n, a, np.ones_like(n))

    assert np.isfinite(a).all()
    assert np.isfinite(dn).all()
    assert a.dtype == dn.dtype == dtype


@pytest.mark.parametrize("function", FORMS, ids=str)
def test_what_is_not_a_number_stays_so(function):
    """An activation doesn't hide NaN, so that the training loop can detect it."""
    assert np.isnan(function.apply(np.array([[np.nan]]))).all()


def test_small_probabilities_keep_their_digits():
    """The logistic function is accurate far below zero, where 1 + tanh would round to 0."""
    found = transfer.Logistic().apply(np.array([-50.0, -700.0]))

    # Two exponentials with an error of one unit in the last place each.
    np.testing.assert_allclose(found, [math.exp(-50), math.exp(-700)], rtol=1e-15)


def test_the_logistic_function_is_half_a_hyperbolic_tangent():
    """sigma(n) = (1 + tanh(n / 2)) / 2."""
    n = np.linspace(-5, 5, 101)

    np.testing.assert_allclose(transfer.Logistic().apply(n), (1 + np.tanh(n / 2)) / 2, atol=1e-15)


def test_softplus_rises_as_the_logistic_function():
    """The slope of softplus is the logistic function."""
    n = np.linspace(-40, 40, 81)

    assert (slope(transfer.Softplus(), n) == transfer.Logistic().apply(n)).all()


def test_the_scaled_tangent_keeps_one():
    """LeCun's constants map 1 to 1 and -1 to -1, up to their four digits."""
    found = transfer.ScaledTanh().apply(np.array([-1.0, 1.0]))

    np.testing.assert_allclose(found, [-1, 1], atol=5e-5)


def test_selu_keeps_mean_and_variance():
    """For standard normal net inputs, activations have mean 0 and variance 1."""
    n, weights = np.polynomial.hermite_e.hermegauss(200)
    a = transfer.Selu().apply(n)
    mean = np.sum(weights * a) / np.sum(weights)
    square = np.sum(weights * a * a) / np.sum(weights)

    # Because of the kink at 0, Gauss's rule with 200 points has an error of about 1e-3.
    assert mean == pytest.approx(0, abs=2e-3)
    assert square == pytest.approx(1, abs=2e-3)


def test_the_approximation_of_gelu_is_near():
    """The error of the tanh form is below 0.0005, as documented."""
    n = np.linspace(-8, 8, 16001)
    far = np.abs(transfer.Gelu().apply(n) - transfer.Gelu(approximate="tanh").apply(n)).max()

    assert 4e-4 < far < 5e-4


def test_the_approximation_of_gelu_keeps_the_digits_of_small_probabilities():
    """The nests are accurate where 1 + tanh would be zero in float32."""
    kind, n = transfer.Gelu(approximate="tanh"), np.array([[-5.0, -5.5]])

    found = Lowered(kind.lowering((2,)), 1).forward({"n": n.astype(np.float32)})["a"]

    # The exponent is about 20, and so rounded to 20 units in the last place of a number near 1.
    np.testing.assert_allclose(found, kind.apply(n), rtol=20 * 2 * np.finfo(np.float32).eps)


@pytest.mark.parametrize(
    "kind",
    [
        *(transfer.Relu, transfer.Softplus, transfer.Logistic, transfer.Tanh, transfer.ScaledTanh),
        *(transfer.Linear, transfer.Softmax, transfer.LogSoftmax),
    ],
)
def test_slopes_that_follow_from_the_activation(kind):
    """The backward equations use the activation, so engines don't need to keep the net input."""
    program = backward_program(kind().lowering((4,)), images=2)

    assert set(program.inputs) <= {"a", "da"}


@pytest.mark.parametrize("shape", [(2, 4), (2, 4, 3), (2, 4, 3, 5)])
def test_softmax_is_shared_among_the_maps(shape):
    """The activations of each position sum to 1; shifting all net inputs has no effect."""
    n = np.random.default_rng(0).normal(size=shape)
    a = transfer.Softmax().apply(n)

    # A few roundings each.
    np.testing.assert_allclose(a.sum(axis=1), 1, rtol=1e-15, atol=1e-15)
    np.testing.assert_allclose(transfer.Softmax().apply(n + 3.5), a, rtol=1e-14)
    np.testing.assert_allclose(np.exp(transfer.LogSoftmax().apply(n)), a, rtol=1e-14)


def test_softmax_of_logarithms():
    """The softmax of logarithms of numbers gives each number's fraction of the sum."""
    np.testing.assert_allclose(
        transfer.Softmax().apply(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]], rtol=1e-15
    )


def test_log_softmax_where_softmax_rounds_to_zero():
    """The logarithm of a probability of exp(-2000) is -2000."""
    found = transfer.LogSoftmax().apply(np.array([[1000.0, -1000.0]], np.float32))

    assert found.tolist() == [[0.0, -2000.0]]


def test_a_common_derivative_does_not_move_a_softmax():
    """Equal derivatives for all maps have no effect, because probabilities sum to 1."""
    n = np.random.default_rng(1).normal(size=(3, 5))
    a = transfer.Softmax().apply(n)

    dn = transfer.Softmax().backward_n(n, a, np.full_like(a, 2.5))

    # Differences of numbers of size 1 with a few roundings.
    np.testing.assert_allclose(dn, 0, atol=1e-15)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_initializer_has_a_name_of_the_list(kind):
    """Each function names the initializer for the weights before it."""
    rectifiers = {"Relu", "LeakyRelu", "Elu", "Softplus", "Silu", "Gelu", "HardSwish"}
    others = {"Selu": "lecun-normal", "ScaledTanh": "lecun-uniform"}
    name = kind.__name__

    wanted = "he-normal" if name in rectifiers else others.get(name, "glorot-uniform")

    assert kind.initializer == wanted


@pytest.mark.bad_input
@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: transfer.Gelu(approximate="sigmoid"),
            ('`approximate` must be "none" or "tanh", got "sigmoid". Try "none".'),
        ),
        (
            lambda: transfer.LeakyRelu(slope=math.nan),
            "`slope` must be a finite number, got nan. Try 0.01.",
        ),
        (
            lambda: transfer.Elu(alpha=math.inf),
            ("`alpha` must be at most 3.4e+38, the largest float32, got inf. Try 1.0."),
        ),
    ],
)
def test_invalid_options(make, message):
    """An invalid option is an error in the constructor."""
    with pytest.raises(OptionError) as error:
        make()

    assert str(error.value) == message
