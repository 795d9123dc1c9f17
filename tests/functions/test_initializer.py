"""Initializers: moments, orthogonality, given weights, names, errors."""

import math

import numpy as np
import pytest

from striate.errors import OptionError, ShapeError
from striate.functions import initializer as package
from striate.functions.base import Parameter
from striate.functions.initializer import Constant, Given, Glorot, He, LeCun, Orthogonal
from striate.functions.initializer.base import Initializer
from striate.functions.initializer.named import NAMED, named

KINDS = [kind for kind in vars(package).values() if isinstance(kind, type)]
CASES = [case for kind in KINDS for case in kind.cases()]
FAN_IN, FAN_OUT, COUNT = 32, 96, 200_000


@pytest.mark.parametrize(
    "kind, variance",
    [(Glorot, 2 / (FAN_IN + FAN_OUT)), (He, 2 / FAN_IN), (LeCun, 1 / FAN_IN)],
)
@pytest.mark.parametrize("distribution, kurtosis", [("uniform", 9 / 5), ("normal", 3.0)])
def test_random_weights_have_their_variance(kind, variance, distribution, kurtosis):
    """Mean 0 and the paper's variance; the fourth moment distinguishes the distributions."""
    weights = Parameter(shape=(COUNT,), fan_in=FAN_IN, fan_out=FAN_OUT)

    x = kind(distribution=distribution).draw(np.random.default_rng(0), weights).astype(float)
    x /= math.sqrt(variance)

    # The standard deviation of a mean of n numbers is theirs divided by √n. Those of x, x² and x⁴
    # are at most 1, √2 and √96 (for the normal distribution); five of them don't occur by chance.
    assert abs(x.mean()) < 5 / math.sqrt(COUNT)
    assert abs((x**2).mean() - 1) < 5 * math.sqrt(2 / COUNT)
    assert abs((x**4).mean() - kurtosis) < 5 * math.sqrt(96 / COUNT)


@pytest.mark.parametrize("kind, limit", [(Glorot, 6 / 128), (He, 6 / 32), (LeCun, 3 / 32)])
def test_uniform_weights_stay_within_their_limit(kind, limit):
    """No weight exceeds the paper's limit, and some are close to it."""
    weights = Parameter(shape=(COUNT,), fan_in=FAN_IN, fan_out=FAN_OUT)

    largest = np.abs(kind().draw(np.random.default_rng(1), weights)).max()

    # Rounding to float32 may add half a unit in the last place.
    assert 0.999 * math.sqrt(limit) < largest <= np.float32(math.sqrt(limit))


@pytest.mark.parametrize("shape", [(4, 2, 3, 3), (30, 4), (5, 5), (1, 7), (7, 1)])
def test_orthogonal_weights_are_orthogonal(shape):
    """The vectors along the shorter side of the matrix are orthogonal; their norm is the gain."""
    w = Orthogonal(gain=3.0).draw(np.random.default_rng(2), Parameter(shape=shape))

    matrix = w.reshape(shape[0], -1).astype(float)
    products = matrix @ matrix.T if len(matrix) <= matrix.shape[1] else matrix.T @ matrix
    # Entries are rounded to float32: each of at most 30 products, none above 9, by 1.2e-7 of it.
    np.testing.assert_allclose(products, 9 * np.eye(len(products)), atol=30 * 9 * 1.2e-7)


def test_orthogonal_weights_prefer_no_direction():
    """Signs are corrected: the entries of many matrices are negative as often as positive."""
    rng = np.random.default_rng(3)

    signs = np.sign([Orthogonal().draw(rng, Parameter(shape=(2, 2))) for _ in range(2000)])

    # The mean of 2,000 signs has a standard deviation of 1/√2000; without the correction, the
    # diagonal has one sign.
    assert np.abs(signs.mean(axis=0)).max() < 5 / math.sqrt(2000)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_seed_gives_the_same_bits(case):
    """Two generators with one seed give one result: float32, in the parameter's shape."""
    first, second = (
        case.initializer.draw(np.random.default_rng(7), case.parameter) for _ in range(2)
    )

    assert first.tobytes() == second.tobytes()
    assert (first.dtype, first.shape) == (np.float32, case.parameter.shape)


@pytest.mark.parametrize("kind", [Glorot, He, LeCun, Orthogonal])
def test_other_seeds_give_other_numbers(kind):
    """Random initializers depend on their generator."""
    weights = Parameter(shape=(3, 4), fan_in=4, fan_out=3)

    first, second = (kind().draw(np.random.default_rng(seed), weights) for seed in (0, 1))

    assert not np.array_equal(first, second)


def test_constant_weights_are_constant():
    """All entries are the value."""
    w = Constant(value=0.25).draw(np.random.default_rng(0), Parameter(shape=(2, 3)))

    assert np.array_equal(w, np.full((2, 3), 0.25))


@pytest.mark.parametrize("kernels", [[[[[1, -1], [0, 2]]]], np.array([[[[1.0, -1], [0, 2]]]])])
def test_kernels_by_hand_are_what_was_given(kernels):
    """Lists and arrays give the same kind and the same weights."""
    given = Given(values=kernels)

    w = given.draw(np.random.default_rng(0), Parameter(shape=(1, 1, 2, 2)))

    assert np.array_equal(w, kernels)
    assert given == Given(values=((((1, -1), (0, 2)),),))


def test_kernels_of_another_shape_are_refused():
    """The error names both shapes and what the axes mean."""
    given = Given(values=[[1.0, 2.0], [3.0, 4.0]])

    with pytest.raises(ShapeError) as error:
        given.draw(np.random.default_rng(0), Parameter(shape=(1, 1, 2, 2)))

    assert str(error.value) == (
        "`initializer` is an array of shape (2, 2), but the layer's weights have shape (1, 1, "
        "2, 2): kernels are w[output map, input map, *window], dense weights w[neuron, "
        "input]. Use an array of shape (1, 1, 2, 2)."
    )


@pytest.mark.parametrize(
    "values, shown",
    [
        ([[1, 2], [3]], "((1, 2), (3,))"),
        ([1.0, math.nan], "(1.0, nan)"),
        (["black", "white"], '("black", "white")'),
        (None, "None"),
        ([math.inf] * 20, "(inf, inf, inf, inf, inf, inf, inf, inf, inf, inf, inf, ...)"),
    ],
)
def test_kernels_that_are_no_array_of_numbers_are_refused(values, shown):
    """Ragged lists, words, NaN and infinity are errors in the constructor."""
    with pytest.raises(OptionError) as error:
        Given(values=values)

    assert str(error.value) == (
        "`values` must be an array of finite numbers, or nested lists of equal lengths, got "
        f"{shown}. Try ((1.0, -1.0),)."
    )


def test_orthogonal_needs_a_matrix():
    """Orthogonal needs at least two axes."""
    with pytest.raises(ShapeError) as error:
        Orthogonal().draw(np.random.default_rng(0), Parameter(shape=(6,)))

    assert str(error.value) == (
        "Orthogonal needs weights with at least two axes, got shape (6,). Use another "
        "initializer for this layer."
    )


@pytest.mark.bad_input
@pytest.mark.parametrize(
    "kind, options, text",
    [
        (
            He,
            {"distribution": "gauss"},
            ('`distribution` must be "uniform" or "normal", got "gauss". Try "uniform".'),
        ),
        (
            Orthogonal,
            {"gain": 0},
            ("`gain` must be a positive finite number, got 0. Try 1.0."),
        ),
        (
            Constant,
            {"value": math.inf},
            ("`value` must be at most 3.4e+38, the largest float32, got inf. Try 0.0."),
        ),
    ],
)
def test_a_bad_option_is_refused(kind, options, text):
    """Values outside an option's range are errors that suggest a valid value."""
    with pytest.raises(OptionError) as error:
        kind(**options)

    assert str(error.value) == text


@pytest.mark.parametrize("name", NAMED)
def test_names_stand_for_initializers(name):
    """Each name returns an instance that can initialize a kernel."""
    initializer = named(name)

    assert isinstance(initializer, Initializer)
    assert initializer.draw(np.random.default_rng(0), Parameter(shape=(2, 3))).shape == (2, 3)


def test_a_name_says_kind_and_distribution():
    """The first word is the kind, the second the distribution."""
    found = [named("glorot-uniform"), named("he-normal"), named("lecun-normal"), named("ones")]

    assert found == [
        Glorot(),
        He(distribution="normal"),
        LeCun(distribution="normal"),
        Constant(value=1.0),
    ]


def test_an_unknown_name_brings_the_nearest():
    """The error lists the names and suggests the nearest one."""
    with pytest.raises(OptionError) as error:
        named("he_norml")

    assert str(error.value) == (
        'Unknown initializer "he_norml". Did you mean "he-normal"? Choose from '
        "glorot-uniform, glorot-normal, he-uniform, he-normal, lecun-uniform, lecun-normal, "
        "orthogonal, zeros, ones, or use an instance such as Orthogonal(gain=2.0) or an array "
        "of weights."
    )
