"""The backward equations of convolution and its transpose, checked in four ways."""

import numpy as np
import pytest

from maths.test_signal import FORMS, random_pair
from striate.errors import ShapeError
from striate.functions.net_input import Sum
from striate.functions.weight import Convolution, TransposedConvolution
from striate.maths import (
    adjoint_gap,
    central_differences,
    convolve,
    convolve_backward,
    convolve_transpose,
    convolve_transpose_backward,
    cross_correlate,
    cross_correlate_backward,
    cross_correlate_transpose,
    cross_correlate_transpose_backward,
    relative_error,
)

TRANSPOSED = {
    "signal, stride": ((5,), (3,), {"stride": 2}),
    "picture, same": ((4, 3), (3, 2), {"stride": (2, 3), "padding": "same"}),
    "picture, output padding": (
        (3, 4),
        (3, 3),
        {"stride": 3, "padding": 1, "output_padding": (2, 1)},
    ),
    "picture, large kernel": ((2, 2), (4, 5), {"padding": ((1, 0), (0, 2))}),
    "volume, dilation": ((2, 3, 2), (2, 2, 1), {"dilation": (1, 3, 1)}),
    "maps": ((2, 4, 5), (2, 3, 2, 2), {}),
    "maps, groups": ((4, 3, 3), (4, 3, 2, 3), {"groups": 2, "stride": 2, "padding": 1}),
    "beyond the stride": ((2, 5), (2, 1, 3), {"dilation": 2, "output_padding": 1}),
    "batch": ((3, 2, 3, 4), (2, 2, 3, 3), {"stride": 2}),
}
# The transposes pad with zeros; `same` means another number of pixels for them.
ZERO_PADDED = [
    name
    for name, (_, _, options) in FORMS.items()
    if "padding_mode" not in options and options.get("padding") != "same"
]
PAIRS = [
    *(
        pytest.param(f, b, *FORMS[form], id=f"{f.__name__}-{form}")
        for f, b in ((cross_correlate, cross_correlate_backward), (convolve, convolve_backward))
        for form in FORMS
    ),
    *(
        pytest.param(f, b, *TRANSPOSED[form], id=f"{f.__name__}-{form}")
        for f, b in (
            (cross_correlate_transpose, cross_correlate_transpose_backward),
            (convolve_transpose, convolve_transpose_backward),
        )
        for form in TRANSPOSED
    ),
]
EACH = pytest.mark.parametrize(("function", "backward", "p_shape", "w_shape", "options"), PAIRS)


def drawn(function, p_shape, w_shape, options):
    """Draw an image, a kernel, and derivatives of the function's result."""
    p, w = random_pair(p_shape, w_shape)
    dz = np.random.default_rng(7).normal(size=function(p, w, **options).shape)
    return p, w, dz


@EACH
def test_derivatives_are_central_differences(function, backward, p_shape, w_shape, options):
    """Changing each number of image, kernel and bias changes the loss as the derivatives say."""
    p, w, dz = drawn(function, p_shape, w_shape, options)

    dA, dW, db = backward(p, w, dz, **options)

    # The differences have an error of about 1e-10 of the largest slope (maths.check).
    by_image = central_differences(lambda x: function(x, w, **options), p, dz)
    by_kernel = central_differences(lambda x: function(p, x, **options), w, dz)
    assert relative_error(dA, by_image) < 1e-8
    assert relative_error(dW, by_kernel) < 1e-8
    rank = w.ndim - 2 if w.ndim > p.ndim or p.ndim > 3 else p.ndim
    bias = np.zeros(dz.shape[: dz.ndim - rank][-1:])  # one number for each output map
    z = function(p, w, **options)
    by_bias = central_differences(lambda b: z + b.reshape(*b.shape, *(1,) * rank), bias, dz)
    assert relative_error(np.asarray(db), by_bias) < 1e-8


@EACH
def test_the_adjoint_identity_holds(function, backward, p_shape, w_shape, options):
    """<Z, dZ> = <A, dA> = <W, dW>, since Z is linear in both."""
    p, w, dz = drawn(function, p_shape, w_shape, options)

    dA, dW, _ = backward(p, w, dz, **options)

    assert adjoint_gap((function(p, w, **options), dz), (p, dA), (w, dW)) < 1e-10


@EACH
def test_they_compute_what_the_layer_computes(function, backward, p_shape, w_shape, options):
    """The layer kinds with the same options give the same derivatives, bit for bit."""
    p, w, dz = drawn(function, p_shape, w_shape, options)
    rank = p.ndim if p.ndim == w.ndim <= 3 else w.ndim - 2
    a, k, d = (x.reshape((1,) * (rank + 2 - x.ndim) + x.shape) for x in (p, w, dz))
    transposed = "transpose" in function.__name__
    kind = (TransposedConvolution if transposed else Convolution)(
        feature_maps=d.shape[1],
        kernel_size=k.shape[2:],
        flip=function in (convolve, convolve_transpose),
        **options,
    )

    dA, dW, db = backward(p, w, dz, **options)

    assert np.array_equal(dA, kind.backward_a(k, a, d).reshape(p.shape))
    assert np.array_equal(dW, kind.backward_w(k, a, d).reshape(w.shape))
    assert np.allclose(db, Sum().backward_b((d,), np.zeros(d.shape[1]), d).reshape(np.shape(db)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_derivatives_have_the_dtype_of_the_arguments(dtype):
    """float32 stays float32, and integers stay exact."""
    p, w = np.ones((4, 4), dtype), np.ones((2, 2), dtype)

    found = cross_correlate_backward(p, w, np.ones((3, 3), dtype))

    assert {x.dtype for x in found} == {np.dtype(dtype)}


def test_the_backward_equations_of_the_chapter():
    """8.45, 8.48, 8.36: dA = rot180(W) ⊗ dZ padded in full, dW = dZ ⊗ A, db = sum of dZ."""
    rng = np.random.default_rng(5)
    p, w, dz = (rng.integers(-9, 10, size=n) for n in ((5, 6), (2, 3), (4, 4)))

    dA, dW, db = cross_correlate_backward(p, w, dz)

    assert np.array_equal(dA, convolve(dz, w, padding="full"))
    assert np.array_equal(dW, cross_correlate(p, dz))
    assert db == dz.sum()


@pytest.mark.parametrize("s", [1, 2, 3])
def test_with_a_stride_the_derivative_of_the_image_needs_zeros_between(s):
    """Wichmann calls 4.15 a real convolution: with stride s, only after inserting s - 1 zeros."""
    rng = np.random.default_rng(6)
    n = 3 * s + 2  # nothing is left over: 4 positions, the last one ends at the edge
    p, w, dz = (rng.integers(-9, 10, size=k) for k in ((n, n), (2, 2), (4, 4)))

    dA = cross_correlate_backward(p, w, dz, stride=s).dA

    apart = np.zeros((3 * s + 1, 3 * s + 1), int)
    apart[::s, ::s] = dz
    assert np.array_equal(dA, convolve(apart, w, padding="full"))
    assert (s == 1) == np.array_equal(dA[:5, :5], convolve(dz, w, padding="full"))


@pytest.mark.parametrize(
    ("backward", "transpose"),
    [
        (cross_correlate_backward, cross_correlate_transpose),
        (convolve_backward, convolve_transpose),
    ],
)
@pytest.mark.parametrize("form", ZERO_PADDED)
def test_the_transpose_is_the_derivative_of_the_image(backward, transpose, form):
    """Output padding chooses the length of the image; then dA is the transpose of dZ."""
    p_shape, w_shape, options = FORMS[form]
    p, w, dz = drawn(cross_correlate, p_shape, w_shape, options)
    pixels = w.ndim - 2 if w.ndim > p.ndim or p.ndim > 3 else p.ndim
    shortest = transpose(dz, w, **options).shape[-pixels:]
    missing = tuple(n - m for n, m in zip(p.shape[-pixels:], shortest, strict=True))

    dA = backward(p, w, dz, **options).dA

    assert np.array_equal(dA, transpose(dz, w, **options, output_padding=missing))


@pytest.mark.parametrize(
    "backward",
    [
        cross_correlate_backward,
        convolve_backward,
        cross_correlate_transpose_backward,
        convolve_transpose_backward,
    ],
)
def test_derivatives_of_another_shape_are_explained(backward, golden):
    """The error gives both shapes."""
    with pytest.raises(ShapeError) as error:
        backward(np.zeros((5, 5)), np.zeros((3, 3)), np.zeros((2, 3)))

    kind = "transpose" if "transpose" in backward.__name__ else "convolution"
    golden(f"maths/derivatives-{kind}", str(error.value))


@pytest.mark.parametrize(
    ("name", "p_shape", "w_shape", "options"),
    [
        ("maps", (3, 8, 8), (2, 4, 3, 3), {}),
        ("nothing-left", (1, 1), (3, 3), {"padding": 2}),
        ("output-padding", (4, 4), (3, 3), {"stride": 2, "output_padding": 2}),
        ("groups", (3, 8, 8), (3, 2, 2, 2), {"groups": 2}),
    ],
)
def test_a_transpose_that_does_not_fit_is_explained(name, p_shape, w_shape, options, golden):
    """The transposes have their own order of axes and their own padding."""
    with pytest.raises(ValueError) as error:
        cross_correlate_transpose(np.zeros(p_shape), np.zeros(w_shape), **options)

    golden(f"maths/transpose-{name}", str(error.value))
