"""The named kernels: what each one does to a picture, and what it sums to."""

import numpy as np
import pytest

from striate.errors import OptionError
from striate.maths import convolve, cross_correlate, kernels, rot180

CATALOG = pytest.mark.parametrize("entry", kernels.catalog(), ids=lambda entry: entry.name)
RAMP = np.tile(np.arange(8), (8, 1))  # becomes brighter to the right, by 1 per pixel


@CATALOG
def test_a_kernel_sums_to_what_the_catalog_says(entry):
    """Counts hold zeros and ones, differences sum to 0, and means to 1."""
    kernel = entry.make()

    assert kernel.ndim == 2
    if entry.sums == "count":
        assert set(kernel.ravel().tolist()) == {0, 1}
    else:
        # A few hundred elements below 2, each rounded once.
        assert kernel.sum() == pytest.approx({"difference": 0, "mean": 1}[entry.sums], abs=1e-13)


@CATALOG
def test_a_flat_picture_shows_the_sum(entry):
    """Means keep the brightness of a flat area, differences make it 0."""
    kernel = entry.make()

    z = cross_correlate(np.full((12, 12), 5.0), kernel)

    wanted = {"difference": 0, "mean": 5}.get(entry.sums, 5 * kernel.sum())
    assert np.allclose(z, wanted, rtol=0, atol=1e-12)


@CATALOG
def test_a_kernel_is_made_by_its_name(entry, golden):
    """`named` calls the function; printed, the entry is one line; each call makes a new array."""
    kernel = kernels.named(entry.name)

    kernel[0, 0] = 99
    assert entry.make()[0, 0] != 99
    golden(f"maths/kernel-{entry.name}", str(entry))


def test_the_catalog_has_every_kernel_of_the_module():
    """Each public function that returns a kernel is listed, under its name with hyphens."""
    made = {
        name.replace("_", "-")
        for name, value in vars(kernels).items()
        if getattr(value, "__module__", "") == kernels.__name__
        and callable(value)
        and not name.startswith("_")
        and name not in {"KernelEntry", "catalog", "named"}
    }

    assert {entry.name for entry in kernels.catalog()} == made


def test_hagans_four_lines_have_the_books_values():
    """Figure 8.5, with the book's names: its slash falls to the right."""
    assert kernels.horizontal().tolist() == [[0, 0, 0], [1, 1, 1], [0, 0, 0]]
    assert kernels.vertical().tolist() == [[0, 1, 0], [0, 1, 0], [0, 1, 0]]
    assert kernels.slash().tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert kernels.backslash().tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    assert kernels.vertical(4).tolist() == [[0, 0, 1, 0]] * 4


@pytest.mark.parametrize(
    ("make", "slope"), [(kernels.wichmann, 6), (kernels.sobel, 8), (kernels.prewitt, 6)]
)
def test_edge_kernels_measure_the_slope_along_their_axis(make, slope):
    """Axis 1 responds to brightness that changes along a row, axis 0 is the transpose."""
    assert np.all(cross_correlate(RAMP, make(axis=1)) == slope)
    assert np.all(cross_correlate(RAMP, make(axis=0)) == 0)
    assert np.all(cross_correlate(RAMP.T, make(axis=0)) == slope)
    assert np.array_equal(make(axis=0), make(axis=1).T)
    # The true convolution looks in the opposite direction (Wichmann, "the negative result").
    assert np.all(convolve(RAMP, make(axis=1)) == -slope)


@pytest.mark.parametrize("diagonals", [False, True])
def test_the_laplacian_is_zero_on_a_slope(diagonals):
    """A constant slope has no second derivative; a bright spot is negative."""
    kernel = kernels.laplacian(diagonals=diagonals)

    assert np.all(cross_correlate(RAMP, kernel) == 0)
    assert kernel[1, 1] == (-8 if diagonals else -4)
    assert np.array_equal(kernel, kernel.T)


@pytest.mark.parametrize("sd", [0.7, 1.0, 2.3])
def test_a_gaussian_has_its_standard_deviation(sd):
    """The second moment of the kernel is the variance, up to what sampling and cutting change."""
    kernel = kernels.gaussian(sd)
    distance = np.arange(len(kernel)) - len(kernel) // 2

    variance = (kernel.sum(axis=0) * distance**2).sum()

    # Cutting at four standard deviations removes 0.1% of the variance, and sampling a Gaussian of
    # 0.7 pixels another 0.2%.
    assert variance == pytest.approx(sd**2, rel=3e-3)
    assert np.array_equal(kernel, kernel.T)
    assert kernel.shape == (2 * int(4 * sd + 0.5) + 1,) * 2


def test_two_gaussians_in_turn_are_a_wider_one():
    """Variances add up: blurring twice with 2 is blurring once with the root of 8."""
    twice = convolve(kernels.gaussian(2.0), kernels.gaussian(2.0), padding="full")
    once = kernels.gaussian(8**0.5, size=len(twice))

    # Each Gaussian is cut where it has fallen to exp(-8) = 3e-4 of its middle.
    assert np.abs(twice - once).max() < 1e-3 * once.max()


def test_sharpening_is_the_opposite_of_smoothing():
    """Sharpen is the picture minus its Laplacian; unsharp, the picture plus what a blur removes."""
    picture = np.random.default_rng(1).normal(size=(12, 12))
    inner = picture[1:-1, 1:-1]

    sharp = cross_correlate(picture, kernels.sharpen(0.5))
    unsharp = cross_correlate(picture, kernels.unsharp(1.0, amount=2.0, size=3))

    laplacian = cross_correlate(picture, kernels.laplacian())
    blurred = cross_correlate(picture, kernels.gaussian(1.0, size=3))
    assert np.allclose(sharp, inner - 0.5 * laplacian, rtol=0, atol=1e-13)
    assert np.allclose(unsharp, inner + 2 * (inner - blurred), rtol=0, atol=1e-13)


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 135, 180, -20])
@pytest.mark.parametrize("length", [1, 2.5, 9])
def test_motion_blur_lies_along_its_angle(length, angle):
    """The kernel is symmetric about its middle, and its main axis has the angle."""
    kernel = kernels.motion_blur(length, angle)

    rows, columns = kernel.shape
    y, x = np.mgrid[rows // 2 : -(rows // 2) - 1 : -1, -(columns // 2) : columns // 2 + 1]
    assert rows % 2 == 1 == columns % 2
    assert np.allclose(kernel, rot180(kernel), rtol=0, atol=1e-15)
    if length > 1:
        direction = np.degrees(
            np.arctan2(2 * (kernel * x * y).sum(), (kernel * (x * x - y * y)).sum()) / 2
        )
        gap = (direction - angle + 90) % 180 - 90
        assert abs(gap) < 2  # pixels approximate a short line
    else:
        assert kernel.tolist() == [[1.0]]


def test_motion_blur_along_a_row_is_a_mean():
    """Without an angle, an odd length is a mean of that number of pixels."""
    assert np.allclose(kernels.motion_blur(5), np.full((1, 5), 0.2), rtol=1e-15)
    assert np.allclose(kernels.motion_blur(5, 90), np.full((5, 1), 0.2), rtol=1e-12)


RANKS = pytest.mark.parametrize("rank", [1, 2, 3])


@RANKS
def test_kernels_for_signals_and_volumes(rank):
    """Sums are those of pictures; a ramp has its slope along its own axis, and 0 along others."""
    ramp = np.indices((7,) * rank)[-1]
    blur, mean = kernels.gaussian(0.8, rank=rank), kernels.box(3, rank=rank)

    assert blur.ndim == mean.ndim == rank
    assert blur.sum() == pytest.approx(1, abs=1e-14)
    assert mean.tolist() == np.full((3,) * rank, 1 / 3**rank).tolist()
    for make, across in ((kernels.sobel, 4), (kernels.prewitt, 3)):
        for axis in range(rank):
            slope = 2 * across ** (rank - 1) if axis == rank - 1 else 0
            assert np.all(cross_correlate(ramp, make(axis, rank=rank)) == slope)
        assert np.array_equal(make(rank=rank), make(-1, rank=rank))
    for diagonals, others in ((False, 2 * rank), (True, 3**rank - 1)):
        kernel = kernels.laplacian(diagonals=diagonals, rank=rank)
        assert kernel[(1,) * rank] == -others
        assert set(kernel.ravel().tolist()) <= {0, 1, -others}
        assert np.all(cross_correlate(ramp, kernel) == 0)


@RANKS
def test_a_gaussian_is_separable(rank):
    """Blurring along one axis after another is blurring with the product of the kernels."""
    image = np.random.default_rng(rank).normal(size=(9,) * rank)
    along = kernels.gaussian(0.6, rank=1)

    z = image
    for axis in range(rank):
        z = cross_correlate(z, along.reshape([-1 if k == axis else 1 for k in range(rank)]))

    # Up to 343 products, each rounded once.
    assert np.allclose(z, cross_correlate(image, kernels.gaussian(0.6, rank=rank)), atol=1e-13)


ERRORS = {
    "rank": lambda: kernels.gaussian(1.0, rank=4),
    "axis-of-signal": lambda: kernels.sobel(1, rank=1),
    "axis-of-volume": lambda: kernels.prewitt(3, rank=3),
    "unknown": lambda: kernels.named("sobbel"),
    "parameter": lambda: kernels.named("sobel", size=5),
    "no-parameter-close": lambda: kernels.named("box", standard_deviation=2.0),
    "size": lambda: kernels.box(0),
    "size-even": lambda: kernels.gaussian(1.0, size=4),
    "deviation": lambda: kernels.gaussian(0.0),
    "not-a-name": lambda: kernels.named(3),
    "not-a-number": lambda: kernels.gaussian("1"),
    "axis": lambda: kernels.sobel(axis=2),
    "length": lambda: kernels.motion_blur(0.5),
    "angle": lambda: kernels.motion_blur(5, float("nan")),
    "diagonals": lambda: kernels.laplacian(diagonals=2),
    "diagonals-none": lambda: kernels.sharpen(1.0, diagonals=None),
    "amount": lambda: kernels.unsharp(1.0, amount=-1.0),
    "gaussian-too-wide": lambda: kernels.gaussian(1e9),
    "box-too-large": lambda: kernels.box(10**9),
    "line-too-large": lambda: kernels.horizontal(10**9),
    "cube-too-large": lambda: kernels.box(1000, rank=3),
    "motion-too-long": lambda: kernels.motion_blur(1e6),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_explained(name, golden):
    """Each error says what is wrong, what was expected, and what to do."""
    with pytest.raises(OptionError) as error:
        ERRORS[name]()

    golden(f"maths/kernels-{name}", str(error.value))
