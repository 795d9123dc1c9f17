"""Restoration: the inverse filter, the Wiener filter, and their definitions."""

from pathlib import Path

import numpy as np
import pytest

from striate.errors import OptionError, ShapeError
from striate.maths import convolve, inverse_filter, kernels, wiener_filter

FIXTURE = np.load(Path(__file__).parent / "restoration.npz")
CIRCULAR = {"padding": "same", "padding_mode": "circular"}
SHAPES = pytest.mark.parametrize(
    ("shape", "window"), [((20,), (4,)), ((16, 15), (3, 4)), ((6, 7, 8), (3, 2, 1))]
)


def invertible(window, rng):
    """Draw a kernel that removes no frequency: its middle outweighs all other elements."""
    kernel = rng.uniform(-1, 1, size=window)
    middle = tuple(r // 2 for r in window)
    kernel[middle] = 0
    kernel[middle] = 1.5 * np.abs(kernel).sum() + 1
    return kernel


@SHAPES
@pytest.mark.parametrize("restore", [inverse_filter, lambda z, w: wiener_filter(z, w, 0.0)])
def test_without_noise_the_image_comes_back(shape, window, restore):
    """Both filters undo the circular convolution, in one to three dimensions."""
    rng = np.random.default_rng(1)
    image, kernel = rng.normal(size=shape), invertible(window, rng)

    found = restore(convolve(image, kernel, **CIRCULAR), kernel)

    # The strongest frequency is at most 5 times the weakest: 2.5 |middle| against 0.5.
    assert np.allclose(found, image, rtol=0, atol=1e-13)


def test_a_threshold_leaves_out_the_frequencies_below_it():
    """What remains is the projection of the image on the frequencies that were kept."""
    rng = np.random.default_rng(2)
    image, kernel = rng.normal(size=32), kernels.gaussian(1.5)[6]

    found = inverse_filter(convolve(image, kernel, **CIRCULAR), kernel, threshold=0.1)

    spectrum = np.fft.fft(np.roll(np.pad(kernel, (0, 32 - 13)), -6))
    kept = np.abs(spectrum) > 0.1 * np.abs(spectrum).max()
    wanted = np.fft.ifft(np.where(kept, np.fft.fft(image), 0)).real
    assert 0 < kept.sum() < 32
    assert np.allclose(found, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("smoothness", ["none", "laplacian"])
def test_the_wiener_filter_is_that_of_scikit_image(number, smoothness):
    """The same pictures, kernels and ratios give scikit-image's pictures."""
    image, kernel = FIXTURE[f"image{number}"], FIXTURE[f"kernel{number}"]
    balance = float(FIXTURE[f"balance{number}"])

    found = wiener_filter(image, kernel, balance, smoothness=smoothness)

    assert np.allclose(found, FIXTURE[f"{smoothness}{number}"], rtol=0, atol=1e-13)


def test_the_wiener_filter_is_its_definition():
    """A ratio for each frequency enters the printed formula as it is."""
    rng = np.random.default_rng(3)
    image, kernel, ratio = rng.normal(size=24), rng.normal(size=5), rng.uniform(0.1, 2, size=24)

    found = wiener_filter(image, kernel, ratio)

    w = np.fft.fft(np.roll(np.pad(kernel, (0, 19)), -2))
    wanted = np.fft.ifft(np.conj(w) / (np.abs(w) ** 2 + ratio) * np.fft.fft(image))
    # A ratio that is not symmetric in the frequency would leave an imaginary part.
    assert np.allclose(found, wanted.real, rtol=0, atol=1e-13)


def test_no_other_filter_has_a_smaller_error():
    """With the true ratio, the mean squared error is the theory's, and smaller than with others."""
    rng = np.random.default_rng(4)
    n, kernel = 64, kernels.gaussian(1.0)[4]
    frequency = np.minimum(np.arange(n), n - np.arange(n))
    signal_power = n / (1 + frequency**2)  # of the spectrum; that of white noise is n * variance
    noise_variance = 0.01
    pictures = np.fft.ifft(
        np.fft.fft(rng.normal(size=(400, n))) * np.sqrt(signal_power / n), axis=1
    ).real
    blurred = np.array([convolve(p, kernel, **CIRCULAR) for p in pictures])
    noisy = blurred + rng.normal(scale=noise_variance**0.5, size=blurred.shape)
    ratio = n * noise_variance / signal_power

    errors = [
        np.mean((np.array([wiener_filter(z, kernel, f * ratio) for z in noisy]) - pictures) ** 2)
        for f in (1.0, 0.2, 5.0)
    ]

    w = np.abs(np.fft.fft(np.roll(np.pad(kernel, (0, n - 9)), -4))) ** 2
    theory = np.mean(signal_power * ratio / (w + ratio)) / n
    # 400 pictures of 64 pixels: the mean of 25,600 squares has a relative error of about 1%.
    assert errors[0] == pytest.approx(theory, rel=0.04)
    assert errors[0] < min(errors[1:])


def test_noise_ruins_the_inverse_filter_but_not_the_wiener_filter():
    """Hagan's "image restoration": a blurred square with noise of 1% becomes sharper."""
    picture = np.pad(np.ones((16, 16)), 8)
    blur = kernels.gaussian(1.5)
    noise = np.random.default_rng(0).normal(scale=0.01, size=picture.shape)
    z = convolve(picture, blur, **CIRCULAR) + noise

    blurred, inverse, wiener = (
        np.sqrt(np.mean((x - picture) ** 2))
        for x in (z, inverse_filter(z, blur), wiener_filter(z, blur, 0.001))
    )

    assert wiener < 0.8 * blurred
    assert inverse > 10 * blurred


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_the_result_has_the_images_floating_point_type(dtype):
    """float32 stays float32; integers become float64."""
    image = np.full((8, 8), 7, dtype)

    found = wiener_filter(image, kernels.box(3), 0.0 if dtype == np.float64 else 0.01)

    assert found.dtype == (dtype if np.dtype(dtype).kind == "f" else np.float64)
    assert np.allclose(found, 7 if dtype == np.float64 else 7 / 1.01, rtol=1e-5)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_laplacian_leaves_the_mean_alone(rank):
    """With `smoothness="laplacian"`, a flat image stays as it is in any number of dimensions."""
    flat = np.full((8,) * rank, 3.0)

    found = wiener_filter(flat, np.ones((3,) * rank) / 3**rank, 0.5, smoothness="laplacian")

    assert np.allclose(found, 3, rtol=0, atol=1e-13)


ERRORS = {
    "axes": lambda: inverse_filter(np.zeros((8, 8, 3)), np.ones((3, 3))),
    "swapped": lambda: wiener_filter(np.ones((3, 3)), np.ones((8, 8)), 0.1),
    "threshold": lambda: inverse_filter(np.ones((8, 8)), np.ones((3, 3)), threshold=1.5),
    "removed": lambda: inverse_filter(np.ones((8, 8)), kernels.box(2)),
    "removed-wiener": lambda: wiener_filter(np.ones((8, 8)), kernels.box(2), 0.0),
    "removed-zero": lambda: inverse_filter(np.ones((8, 8)), np.zeros((3, 3))),
    "negative": lambda: wiener_filter(np.ones((8, 8)), kernels.box(3), -0.5),
    "ratio-shape": lambda: wiener_filter(np.ones((8, 8)), kernels.box(3), np.ones((8, 5))),
    "smoothness": lambda: wiener_filter(np.ones((8, 8)), kernels.box(3), 0.1, smoothness="sobel"),
    "complex": lambda: inverse_filter(np.ones((8, 8)) * 1j, kernels.box(3)),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_explained(name, golden):
    """Each error says what is wrong, what was expected, and what to do."""
    with pytest.raises((ShapeError, OptionError)) as error:
        ERRORS[name]()

    golden(f"maths/restoration-{name}", str(error.value))
