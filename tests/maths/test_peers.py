"""The mathematics compared with SciPy and PyTorch, which compute it independently."""

import itertools
from importlib.util import find_spec

import numpy as np
import pytest

from helpers import tolerance
from striate.maths import (
    average_pool,
    average_pool_backward,
    convolve,
    cross_correlate,
    cross_correlate_backward,
    cross_correlate_transpose,
    cross_correlate_transpose_backward,
    kernels,
    max_pool,
    max_pool_backward,
    relative_error,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("torch") is None or find_spec("scipy") is None, reason="needs PyTorch and SciPy"
    ),
]
# SciPy's name for what the pixels outside an image hold; its "reflect" repeats the edge pixel.
SCIPY_MODES = {"zeros": "constant", "reflect": "mirror", "replicate": "nearest", "circular": "wrap"}
TORCH_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate"}


@pytest.mark.parametrize("padding_mode", SCIPY_MODES)
@pytest.mark.parametrize("name", ["convolve", "cross_correlate"])
@pytest.mark.parametrize(
    ("shape", "window"), [((9,), (5,)), ((8, 9), (3, 4)), ((5, 6, 5), (3,) * 3)]
)
def test_scipy_ndimage(padding_mode, name, shape, window):
    """With `same` padding, scipy.ndimage computes the same, at the edges too."""
    from scipy import ndimage  # noqa: PLC0415  # only for slow tests

    rng = np.random.default_rng(1)
    p, w = rng.normal(size=shape), rng.normal(size=window)
    ours = {"convolve": convolve, "cross_correlate": cross_correlate}[name]
    theirs = {"convolve": ndimage.convolve, "cross_correlate": ndimage.correlate}[name]
    # For even lengths, the middle pixel of the kernel is r // 2 in SciPy; for a correlation,
    # "same" makes it (r - 1) // 2, and the origin moves it there.
    origin = [-(r % 2 == 0) if name == "cross_correlate" else 0 for r in window]

    found = ours(p, w, padding="same", padding_mode=padding_mode)

    wanted = theirs(p, w, mode=SCIPY_MODES[padding_mode], origin=origin)
    assert relative_error(found, wanted) <= tolerance(w.size)


@pytest.mark.parametrize("mode", ["full", "valid"])
@pytest.mark.parametrize("method", ["direct", "fft"])
def test_scipy_signal(mode, method):
    """Full and valid convolutions are those of scipy.signal."""
    from scipy import signal  # noqa: PLC0415  # only for slow tests

    rng = np.random.default_rng(2)
    p, w = rng.normal(size=(12, 11)), rng.normal(size=(4, 3))

    found = convolve(p, w, padding=mode, method="fft" if method == "fft" else "windows")

    assert relative_error(found, signal.convolve(p, w, mode, method)) <= tolerance(w.size)


@pytest.mark.parametrize("axis", [0, 1])
def test_scipys_named_kernels(axis):
    """Sobel, Prewitt, Laplacian and Gaussian are SciPy's filters, without normalization."""
    from scipy import ndimage  # noqa: PLC0415  # only for slow tests

    p = np.random.default_rng(3).normal(size=(20, 21))
    options = {"padding": "same", "padding_mode": "replicate"}
    for kernel, wanted in (
        (kernels.sobel(axis), ndimage.sobel(p, axis, mode="nearest")),
        (kernels.prewitt(axis), ndimage.prewitt(p, axis, mode="nearest")),
        (kernels.laplacian(), ndimage.laplace(p, mode="nearest")),
        (kernels.gaussian(1.7), ndimage.gaussian_filter(p, 1.7, mode="nearest")),
        (kernels.box(3), ndimage.uniform_filter(p, 3, mode="nearest")),
    ):
        found = cross_correlate(p, kernel, **options)

        assert relative_error(found, wanted) <= tolerance(kernel.size)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(
    ("stride", "dilation", "groups", "mode"),
    [(1, 1, 1, "zeros"), (2, 1, 2, "zeros"), (3, 2, 1, "reflect"), (1, 2, 2, "replicate")],
)
def test_torch_convolution_and_its_gradients(rank, stride, dilation, groups, mode):
    """Values, dA, dW and db of batches are those of PyTorch's autograd, in float64."""
    import torch  # noqa: PLC0415  # only for slow tests

    rng = np.random.default_rng(4)
    lead = () if rank == 1 else (2,)  # three axes are a volume: signals come one at a time
    p = rng.normal(size=(*lead, 4, *(9, 8, 7)[:rank]))
    w = rng.normal(size=(6, 4 // groups, *(3, 2, 3)[:rank]))
    options = {"stride": stride, "dilation": dilation, "groups": groups}
    a, k, b = (
        torch.tensor(x, requires_grad=True) for x in (p if lead else p[np.newaxis], w, np.zeros(6))
    )
    padded = torch.nn.functional.pad(a, [1, 2] * rank, mode=TORCH_MODES[mode])
    z = getattr(torch.nn.functional, f"conv{rank}d")(padded, k, b, **options)
    dz = rng.normal(size=z.shape)
    z.backward(torch.tensor(dz))

    given = {**options, "padding": ((1, 2),) * rank, "padding_mode": mode}
    found = cross_correlate(p, w, **given)
    dA, dW, db = cross_correlate_backward(p, w, dz if lead else dz[0], **given)

    bound = tolerance(p.size)
    assert relative_error(found.reshape(z.shape), z.detach().numpy()) <= bound
    assert relative_error(dA.reshape(a.shape), a.grad.numpy()) <= bound
    assert relative_error(dW, k.grad.numpy()) <= bound
    assert relative_error(db, b.grad.numpy()) <= bound


@pytest.mark.parametrize(("stride", "padding", "extra"), [(1, 0, 0), (2, 1, 1), (3, 0, 2)])
def test_torch_transposed_convolution_and_its_gradients(stride, padding, extra):
    """So are those of transposed convolutions."""
    import torch  # noqa: PLC0415  # only for slow tests

    rng = np.random.default_rng(5)
    p, w = rng.normal(size=(2, 4, 5, 6)), rng.normal(size=(4, 3, 3, 2))
    options = {"stride": stride, "padding": padding, "output_padding": extra}
    a, k = (torch.tensor(x, requires_grad=True) for x in (p, w))
    z = torch.nn.functional.conv_transpose2d(a, k, groups=2, **options)
    dz = rng.normal(size=z.shape)
    z.backward(torch.tensor(dz))

    found = cross_correlate_transpose(p, w, groups=2, **options)
    dA, dW, _ = cross_correlate_transpose_backward(p, w, dz, groups=2, **options)

    bound = tolerance(p.size)
    assert relative_error(found, z.detach().numpy()) <= bound
    assert relative_error(dA, a.grad.numpy()) <= bound
    assert relative_error(dW, k.grad.numpy()) <= bound


@pytest.mark.parametrize(
    ("stride", "padding", "ceil_mode"), list(itertools.product([1, 2, 3], [0, 1], [False, True]))
)
def test_torch_pooling_and_its_gradients(stride, padding, ceil_mode):
    """So are those of max and average pooling, with both divisors."""
    import torch  # noqa: PLC0415  # only for slow tests

    rng = np.random.default_rng(6)
    p = rng.normal(size=(2, 3, 7, 8))
    options = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    torch_average = torch.nn.functional.avg_pool2d
    for pool, backward, extra, theirs in (
        (max_pool, max_pool_backward, {}, torch.nn.functional.max_pool2d),
        *(
            (
                average_pool,
                average_pool_backward,
                {"divisor": divisor},
                lambda a, n, *, count=divisor == "window", **o: torch_average(
                    a, n, count_include_pad=count, **o
                ),
            )
            for divisor in ("inside", "window")
        ),
    ):
        a = torch.tensor(p, requires_grad=True)
        z = theirs(a, 3, **options)
        dz = rng.normal(size=z.shape)
        z.backward(torch.tensor(dz))

        found = pool(p, 3, **options, **extra)

        dA = backward(p, 3, dz, **options, **extra).dA
        assert relative_error(found, z.detach().numpy()) <= tolerance(9)
        assert relative_error(dA, a.grad.numpy()) <= tolerance(9)
