"""Random images, kernels and options: with integers, every identity holds exactly."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from striate.errors import ShapeError
from striate.maths import (
    convolve,
    convolve_backward,
    cross_correlate,
    cross_correlate_backward,
    cross_correlate_transpose,
    cross_correlate_transpose_backward,
    rot180,
)

FUNCTIONS = st.sampled_from(
    [(cross_correlate, cross_correlate_backward), (convolve, convolve_backward)]
)


def integers(seed, shape):
    """Draw integers from -9 to 9."""
    return np.random.default_rng(seed).integers(-9, 10, size=shape)


@st.composite
def problems(draw):
    """Draw an image, a kernel and options; the kernel may turn out not to fit."""
    rank = draw(st.integers(1, 3))
    # Three axes each are a volume, so a batch needs two pixel axes at least.
    lead = draw(st.integers(0, 2 if rank > 1 else 1))
    groups = draw(st.integers(1, 2)) if lead else 1
    outputs, incoming = (groups * draw(st.integers(1, 2)) for _ in range(2))
    pixels = draw(st.lists(st.integers(1, 6), min_size=rank, max_size=rank))
    window = draw(st.lists(st.integers(1, 3), min_size=rank, max_size=rank))
    sides = st.tuples(st.integers(0, 2), st.integers(0, 2))
    padding = draw(
        st.one_of(
            st.sampled_from(["valid", "same", "full"]),
            st.integers(0, 2),
            st.tuples(*[sides] * rank),
        )
    )
    options = {
        "stride": draw(st.integers(1, 3)),
        "dilation": draw(st.tuples(*[st.integers(1, 2)] * rank)),
        "padding": padding,
        "padding_mode": draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"])),
        "groups": groups,
    }
    seed = draw(st.integers(0, 99))
    image = integers(seed, [[], [incoming], [2, incoming]][lead] + pixels)
    kernel = integers(seed + 1, ([outputs, incoming // groups] if lead else []) + window)
    return image, kernel, options


def computed(function, *arguments, **options):
    """Call a function, and discard problems that don't fit."""
    try:
        return function(*arguments, **options)
    except ShapeError:
        assume(False)
        raise


@settings(deadline=None, max_examples=300)
@given(problems(), FUNCTIONS)
def test_the_three_methods_agree(problem, functions):
    """The printed sum, its vectorized form and the product of spectra are equal."""
    image, kernel, options = problem

    loops = computed(functions[0], image, kernel, **options, method="loops")

    assert np.array_equal(loops, functions[0](image, kernel, **options))
    assert np.array_equal(loops, functions[0](image, kernel, **options, method="fft"))


@settings(deadline=None, max_examples=300)
@given(problems(), FUNCTIONS)
def test_derivatives_are_adjoint(problem, functions):
    """<Z, dZ> = <A, dA> = <W, dW>, and db sums dZ."""
    (forward, backward), (image, kernel, options) = functions, problem
    z = computed(forward, image, kernel, **options)
    dz = integers(7, z.shape)

    dA, dW, db = backward(image, kernel, dz, **options)

    assert (z * dz).sum() == (image * dA).sum() == (kernel * dW).sum()
    assert np.sum(db) == dz.sum()


@settings(deadline=None, max_examples=100)
@given(problems())
def test_a_convolution_is_a_correlation_with_the_rotated_kernel(problem):
    """It holds for every form and every option."""
    image, kernel, options = problem
    rank = kernel.ndim - 2 if kernel.ndim > image.ndim or image.ndim > 3 else image.ndim

    convolved = computed(convolve, image, kernel, **options)

    rotated = rot180(kernel, rank=rank)
    assert np.array_equal(convolved, cross_correlate(image, rotated, **options))


@settings(deadline=None, max_examples=200)
@given(problems(), st.integers(0, 1))
def test_transposes_are_adjoint(problem, extra):
    """The transpose's own derivatives obey the same identity, with output padding as well."""
    image, kernel, options = problem
    options = {name: option for name, option in options.items() if name != "padding_mode"}
    options["output_padding"] = min(extra, options["stride"] - 1)
    if kernel.ndim > image.ndim or image.ndim > 3:
        # Kernels [input map, output map of the group, *window].
        incoming = image.shape[-(kernel.ndim - 1)]
        kernel = integers(9, (incoming, *kernel.shape[1:]))
    z = computed(cross_correlate_transpose, image, kernel, **options)
    dz = integers(8, z.shape)

    dA, dW, db = cross_correlate_transpose_backward(image, kernel, dz, **options)

    assert (z * dz).sum() == (image * dA).sum() == (kernel * dW).sum()
    assert np.sum(db) == dz.sum()
