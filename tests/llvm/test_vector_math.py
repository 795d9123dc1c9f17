"""Vector mathematics: accuracy everywhere, special values, and the same bits on all processors.

`python benchmarks/vector_math.py` checks every float32; this file checks one in 65,521, and all
within a thousand of each boundary where a function changes its formula.
"""

import re

import fit_polynomials
import llvmlite.binding as llvm
import numpy as np
import pytest

from array_functions import CHECKED, SMALLEST, ArrayFunction, assembly, check, distance, host
from striate.llvm.ir import F32
from striate.llvm.vector_math import coefficients, power

AVX2 = ("haswell", "")
FEATURES = host()[1].split(",")
needs_avx2 = pytest.mark.skipif(
    not {"+avx2", "+fma"} <= set(FEATURES), reason="this processor cannot run code for AVX2"
)
each_function = pytest.mark.parametrize("name", CHECKED)

STEPS = {"exp": 1, "log": 1, "log1p": 2, "erf": 2, "expm1": 2, "tanh": 2}
"""Maximum distance between a result and the correctly rounded one, in float32 numbers (ulp)."""

SEAMS = [
    *(0, 2.0**-126, 2.0**-125, 2.0**-24, 2 / 3, 1, 1.2, 4 / 3, 3.93, 9.02, 17.33, 18, 24, 31),
    *(87.33654, 88, 88.376, 88.72283, 88.75, 2.0**127, np.inf),
    *((k + 0.5) * np.log(2) for k in (0, 1, 2, 3, 63, 125, 126, 127)),
    *((k + 0.5) * np.log(2) / 2 for k in (0, 1, 2, 3, 25)),
]
"""Sizes where functions change their ways, or their results do."""


def near(sizes, count=1000):
    """Return all float32 numbers near some magnitudes, with both signs."""
    middle = np.array(sizes, np.float32).view(np.int32).astype(np.int64)
    bits = np.clip(middle[:, None] + np.arange(-count, count + 1), 0, 0x7F800000).ravel()
    size = np.unique(bits).astype(np.int32).view(np.float32)
    return np.concatenate([size, -size])


@pytest.fixture(scope="module")
def inputs():
    """Return float32 numbers of all magnitudes, including NaN, and those near boundaries."""
    stride = np.arange(0, 1 << 32, 65_521, dtype=np.uint64).astype(np.uint32).view(np.float32)
    return np.concatenate([stride, near(SEAMS)])


def same_bits(y, z):
    """Whether two results are equal, except for the payload of NaN."""
    return np.array_equal(y.view(np.uint32)[~np.isnan(y)], z.view(np.uint32)[~np.isnan(z)])


@each_function
def test_close_to_the_right_value(name, inputs):
    """Each result has the promised accuracy, and the correct sign."""
    steps, _ = check(name, inputs, ArrayFunction(CHECKED[name])(inputs))

    assert steps.min() == 0, "a result is plainly wrong"
    assert steps.max() <= STEPS.get(name, 1)


@needs_avx2
@each_function
def test_same_bits_for_avx2(name, inputs):
    """Code for AVX2 gives the same bits as code for this processor."""
    wide, narrow = ArrayFunction(CHECKED[name]), ArrayFunction(CHECKED[name], target=AVX2)

    assert same_bits(wide(inputs), narrow(inputs))


@each_function
def test_same_bits_for_single_numbers(name, inputs):
    """Scalar code gives the same bits as a lane of vector code."""
    vector, single = ArrayFunction(CHECKED[name]), ArrayFunction(CHECKED[name], element=F32)

    assert same_bits(vector(inputs), single(inputs))


@pytest.mark.skipif("x86_64" not in llvm.get_process_triple(), reason="sets x86's control word")
@each_function
def test_flushing_changes_denormal_numbers_only(name, inputs):
    """With denormals flushed to zero, all normal results stay the same."""
    x = inputs[(np.abs(inputs) >= SMALLEST) | (inputs == 0) | np.isnan(inputs)]

    usual = ArrayFunction(CHECKED[name])(x)
    flushed = ArrayFunction(CHECKED[name], flush=True)(x)

    denormal = (np.abs(usual) < SMALLEST) & (flushed == 0)
    assert same_bits(usual[~denormal], flushed[~denormal])


INF, NAN = np.inf, np.nan
ENDS = {
    # at -inf, -1, -0, 0, 1, inf
    "exp": (0, 0.36787945, 1, 1, 2.7182817, INF),
    "log": (NAN, NAN, -INF, -INF, 0, INF),
    "log1p": (NAN, -INF, -0.0, 0, 0.6931472, INF),
    "expm1": (-1, -0.63212055, -0.0, 0, 1.7182819, INF),
    "tanh": (-1, -0.7615942, -0.0, 0, 0.7615942, 1),
    "erf": (-1, -0.8427008, -0.0, 0, 0.8427008, 1),
    "sqrt": (NAN, NAN, -0.0, 0, 1, INF),
    "abs": (INF, 1, 0, 0, 1, INF),
    "sign": (-1, -1, -0.0, 0, 1, 1),
    "reciprocal_square_root": (NAN, NAN, -INF, INF, 1, 0),
}


@each_function
def test_special_values(name):
    """Infinities, ones and zeros give exact results, including the sign of zero."""
    y = ArrayFunction(CHECKED[name])(np.array([-INF, -1, -0.0, 0, 1, INF]))

    right = np.array(ENDS[name], np.float32)
    np.testing.assert_array_max_ulp(y, right, STEPS.get(name, 1))
    assert np.array_equal(np.signbit(y)[~np.isnan(y)], np.signbit(right)[~np.isnan(right)])


@each_function
@pytest.mark.parametrize("bits", [0x7FC00000, 0xFFC00000, 0x7FC000FF, 0x7FFFFFFF, 0x7F800001])
def test_nan_stays(name, bits):
    """NaN gives NaN, for any sign and payload, quiet or signaling."""
    x = np.full(16, bits, np.uint32).view(np.float32)

    assert np.isnan(ArrayFunction(CHECKED[name])(x)).all()


TARGETS = [
    pytest.param("x86_64-unknown-linux-gnu", "skylake-avx512", r"vfn?m(add|sub)", id="AVX-512"),
    pytest.param("x86_64-unknown-linux-gnu", "haswell", r"vfn?m(add|sub)", id="AVX2"),
    pytest.param("aarch64-unknown-linux-gnu", "cortex-a72", r"fml[as]", id="NEON"),
]


@pytest.mark.parametrize(("triple", "cpu", "fused"), TARGETS)
@pytest.mark.parametrize("name", ["exp", "log", "log1p", "expm1", "tanh", "erf"])
def test_neither_calls_nor_branches(name, triple, cpu, fused):
    """The code has no calls, and no jumps except those of the test's own loops."""
    text = assembly(CHECKED[name], triple, cpu)

    assert matches(fused, text)
    assert not matches(r"\s(callq?|blr?)\s", text)
    assert matches(r"\n\s+(j\w+|b\.?\w*|cbn?z|tbn?z)\s+(\w+, )?\.L", text) <= 4


def matches(pattern, text):
    """Count the matches of a pattern."""
    return len(re.findall(pattern, text))


SPECIAL = np.array(
    [0, 0.5, 1, 2, 3, 1e-30, 1e30, 2.0**-126, 16777215, 16777218, 3.4e38, INF, NAN], np.float32
)


def test_special_powers():
    """Zeros, ones, infinities, NaN and negative bases give what IEEE 754 specifies for `pow`."""
    both = np.concatenate([SPECIAL, -SPECIAL])
    x, y = (a.ravel() for a in np.meshgrid(both, both))

    z = ArrayFunction(power, arguments=2)(x, y)

    with np.errstate(all="ignore"):
        steps = distance(z, np.power(x.astype(np.float64), y.astype(np.float64)))
    assert set(steps) <= {0, 1}


def random_powers():
    """Draw bases of all magnitudes and near 1, with exponents for mostly finite powers."""
    draw = np.random.default_rng(0)
    bits = draw.integers(0x00800000, 0x7F800000, 100_000, dtype=np.uint32)
    x = np.concatenate([bits.view(np.float32), 1 + draw.normal(size=100_000) / 100])
    scale = np.abs(np.log2(x)) + 1e-30
    y = 140 * draw.uniform(-1, 1, len(x)) / scale
    return x.astype(np.float32), y.astype(np.float32)


def test_powers_are_close_to_the_right_value():
    """Powers are correctly rounded, or the float32 number next to it."""
    x, y = random_powers()

    z = ArrayFunction(power, arguments=2)(x, y)

    with np.errstate(all="ignore"):
        steps = distance(z, np.power(x.astype(np.float64), y.astype(np.float64)))
    assert steps.min() == 0
    assert steps.max() <= 1


@needs_avx2
def test_powers_have_the_same_bits_for_avx2():
    """Code for AVX2 gives the same powers, bit for bit."""
    x, y = random_powers()

    wide, narrow = (ArrayFunction(power, arguments=2, target=t)(x, y) for t in (host(), AVX2))

    assert same_bits(wide, narrow)


@pytest.mark.parametrize("exponent", [-2, -1, -0.5, 0, 0.5, 1, 1.75, 2, 3, 4, 5])
def test_powers_with_a_known_exponent(exponent, inputs):
    """A constant exponent gives the same powers within 2 ulp."""
    x = inputs[(np.abs(inputs) >= SMALLEST) | (inputs == 0) | np.isnan(inputs)]
    if exponent == 0.5:
        x = x[x != -INF]  # its square root is NaN

    z = ArrayFunction(lambda b, x: power(b, x, exponent))(x)

    with np.errstate(all="ignore"):
        # An array of exponents: with a single 1/2, NumPy takes the root, which of -0 is -0.
        steps = distance(z, np.power(x.astype(np.float64), np.full(len(x), float(exponent))))
    assert steps.min() == 0
    assert steps.max() <= 2


@pytest.mark.parametrize("name", fit_polynomials.TASKS)
def test_coefficients_can_be_found_again(name):
    """`tools/fit_polynomials.py` reproduces the coefficients."""
    found = fit_polynomials.Fit(fit_polynomials.TASKS[name]).rounded()

    assert np.float32(found).tolist() == np.float32(getattr(coefficients, name)).tolist()
