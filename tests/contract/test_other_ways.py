"""The other ways that kinds state give the same elements as their equations."""

import itertools

import numpy as np
import pytest

from helpers import (
    FUNCTION_CASES,
    argument_of,
    arguments,
    call_for,
    generator_for,
    products_of,
    symbol,
    tolerance,
)
from striate.functions.base import Call
from striate.functions.ways import EXPECTED
from striate.functions.weight import Convolution, TransposedConvolution

ELEMENTS = 12
"""Number of elements of each array that are computed in other ways."""

STATED = {
    "Convolution": {"im2col", "matrix", "rotated kernel", "correlation"},
    "TransposedConvolution": {"im2col", "matrix", "rotated kernel", "correlation"},
    "DotProduct": {"matrix"},
    "AveragePooling": {"matrix"},
    "BlurPooling": {"im2col", "matrix", "rotated kernel"},
    "TrainableAveragePooling": {"matrix"},
    "SumPooling": {"matrix"},
    "MaxPooling": {"matrix"},
    "GlobalAveragePooling": {"matrix"},
    "GlobalMaxPooling": {"matrix"},
    "AdaptiveAveragePooling": {"matrix"},
    "Sum": {"row of ones"},
    "Concatenate": {"row of ones"},
}
"""The ways of each kind; the other kinds have none."""


def results(case, rng):
    """Return the call, dZ, and the arrays that a function computes, by symbol."""
    function, call = case.function, call_for(case, rng)
    output = function.forward(call)
    dz = rng.standard_normal(output.shape)
    found = function.backward(call, output, dz)
    derivatives = {
        f"d{symbol(function, argument)}": argument_of(found, argument)
        for argument in arguments(call)
    }
    return call, dz, {function.output_symbol: output, **derivatives}


def some_elements(rng, shape):
    """Choose elements of an array at random, all if there are few."""
    every = rng.permutation(int(np.prod(shape)))[:ELEMENTS]
    return [tuple(int(k) for k in np.unravel_index(number, shape)) for number in every]


@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_other_ways_give_the_same_elements(case):
    """Each way gives the element of the forward or backward pass; each kind has its ways."""
    rng = generator_for(case)
    call, dz, computed = results(case, rng)
    names = set()

    for name, array in computed.items():
        d_output = dz if name.startswith("d") else None
        # Rounding is relative to the largest element, since one element may be close to 0.
        bound = tolerance(products_of(case)) * max(1.0, float(np.abs(array).max()))
        for index in some_elements(rng, array.shape):
            ways = case.function.other_ways(name, index, call, d_output)
            names |= {way.name for way in ways}
            for way in ways:
                assert abs(way.value - array[index]) <= bound, (name, index, way)

    wanted = STATED.get(type(case.function).__name__, set())
    if "db" not in computed:
        wanted = wanted - {"row of ones"}
    assert names == wanted


@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_a_way_that_is_missing_has_a_reason(case):
    """The reason continues a sentence that begins with the name of the layer."""
    missing = {way for ways in EXPECTED.values() for way in ways}
    missing -= STATED.get(type(case.function).__name__, set())

    for way in missing:
        reason = case.function.why_not(way)
        assert reason[0].islower()
        assert not reason.endswith(".")


@pytest.mark.parametrize("case", FUNCTION_CASES)
def test_what_is_declared_about_derivatives_and_outputs(case):
    """An elementwise function's derivatives don't mix positions; a selection returns inputs."""
    function, rng = case.function, generator_for(case)
    call = call_for(case, rng)
    output = function.forward(call)
    one = np.zeros(output.shape)
    at = some_elements(rng, output.shape)[0]
    one[at] = 1

    derivatives = function.backward(call, output, one).inputs

    same = all(d.shape == output.shape for d in derivatives)
    alone = same and all(
        set(map(tuple, np.argwhere(derivative).tolist())) <= {at} for derivative in derivatives
    )
    # A window of one pixel, or softmax over a single map, is elementwise without a declaration.
    assert alone or not function.elementwise
    if function.selects:
        assert np.isin(output, call.inputs[0]).all()


def source_of(pixel, length, mode):
    """Return the pixel that a padded pixel repeats; none for zeros outside the image."""
    if 0 <= pixel < length:
        return pixel
    if mode == "zeros":
        return None
    if mode == "replicate":
        return 0 if pixel < 0 else length - 1
    if mode == "circular":
        return pixel % length
    return -pixel if pixel < 0 else 2 * (length - 1) - pixel


def every_product(function, pixels, positions, maps, kernels):
    """List the indices of all products: a kernel's element, an image's pixel and a position.

    Plain loops over the equation of a convolution; one that is transposed has the same products.
    """
    axes = function.axes(pixels)
    mode = getattr(function, "padding_mode", "zeros")
    count = kernels[0] // function.groups
    for h, k in itertools.product(range(kernels[0]), range(kernels[1])):
        l = h // count * kernels[1] + k
        assert l < maps
        for u in itertools.product(*map(range, kernels[2:])):
            for i in itertools.product(*map(range, positions)):
                x = [
                    source_of(axis.stride * n + axis.dilation * t - axis.before, axis.length, mode)
                    for axis, n, t in zip(axes, i, u, strict=True)
                ]
                if None in x:
                    continue
                flipped = tuple(r - 1 - t for r, t in zip(kernels[2:], u, strict=True))
                yield (h, k, *(flipped if function.flip else u)), (l, *x), (h, *i)


OPTIONS = [
    {"kernel_size": 3},
    {"kernel_size": 2, "stride": 2, "padding": "same"},
    {
        "kernel_size": (3, 2, 2),
        "stride": (2, 1, 1),
        "dilation": (1, 2, 1),
        "padding": ((2, 0), (1, 1), (0, 1)),
    },
    {"kernel_size": 3, "dilation": 2, "padding": "full", "groups": 2},
    {"kernel_size": 3, "stride": 3, "padding": 1, "flip": True},
    {"kernel_size": 3, "padding": 2, "padding_mode": "reflect"},
    {"kernel_size": 3, "padding": 2, "padding_mode": "replicate", "stride": 2},
    {"kernel_size": 3, "padding": 2, "padding_mode": "circular", "groups": 2},
]
"""Tuples have a number for each of three axes; with fewer axes, the first ones are used."""

TRANSPOSED_OPTIONS = [
    {"kernel_size": 3},
    {"kernel_size": 2, "stride": 2, "padding": "same"},
    {"kernel_size": (3, 2, 2), "stride": (2, 1, 1), "padding": ((2, 0), (1, 1), (0, 1))},
    {"kernel_size": 3, "dilation": 2, "groups": 2},
    {"kernel_size": 3, "stride": 3, "padding": 1, "flip": True},
    {"kernel_size": 2, "stride": 2, "output_padding": 1},
    {"kernel_size": 2, "dilation": 3, "output_padding": 2},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("pixels", [(5,), (5, 6), (4, 3, 4)], ids=str)
def test_a_convolution_in_plain_loops(options, pixels):
    """Elements of z, da and dw of a convolution, against loops over all products."""
    function = Convolution(feature_maps=4, **for_axes(options, len(pixels)))
    call, dz = drawn(function, pixels)
    z, da, dw = (np.zeros(x.shape) for x in (dz, call.inputs[0], call.parameters["weight"]))

    for at_w, at_a, at_z in every_product(function, pixels, z.shape[2:], 2, dw.shape):
        add(call, dz, (z, da, dw), (at_z, at_a, at_w))

    compare(function, call, dz, z=z, da=da, dw=dw)


@pytest.mark.parametrize("options", TRANSPOSED_OPTIONS, ids=str)
@pytest.mark.parametrize("pixels", [(4,), (3, 4), (2, 3, 2)], ids=str)
def test_a_transposed_convolution_in_plain_loops(options, pixels):
    """Elements of z, da and dw of a transposed convolution, against the same loops."""
    function = TransposedConvolution(feature_maps=4, **for_axes(options, len(pixels)))
    call, dz = drawn(function, pixels)
    z, da, dw = (np.zeros(x.shape) for x in (dz, call.inputs[0], call.parameters["weight"]))

    for at_w, at_z, at_a in every_product(function, pixels, pixels, 4, dw.shape):
        add(call, dz, (z, da, dw), (at_z, at_a, at_w))

    compare(function, call, dz, z=z, da=da, dw=dw)


def for_axes(options, rank):
    """Shorten options that have a number for each axis."""
    return {k: v[:rank] if isinstance(v, tuple) else v for k, v in options.items()}


def drawn(function, pixels):
    """Draw two images with two maps, weights, and derivatives of the output."""
    rng = np.random.default_rng(5)
    a = rng.standard_normal((2, 2, *pixels))
    w = rng.standard_normal(function.parameters(a.shape[1:])["weight"].shape)
    dz = rng.standard_normal((2, *function.output_shape(a.shape[1:])))
    return Call(inputs=(a,), parameters={"weight": w}), dz


def add(call, dz, sums, indices):
    """Add one product to the output and to both derivatives, for each image."""
    (a,), w = call.inputs, call.parameters["weight"]
    (z, da, dw), (at_z, at_a, at_w) = sums, indices
    for q in range(len(a)):
        z[q, *at_z] += w[at_w] * a[q, *at_a]
        da[q, *at_a] += w[at_w] * dz[q, *at_z]
        dw[at_w] += dz[q, *at_z] * a[q, *at_a]


def compare(function, call, dz, **wanted):
    """Compare some elements, computed in all ways, with arrays."""
    rng = np.random.default_rng(7)
    for name, array in wanted.items():
        bound = tolerance(sum(one.size for one in wanted.values()))
        for index in some_elements(rng, array.shape):
            ways = function.other_ways(name, index, call, None if name == "z" else dz)
            assert len(ways) == 3
            for way in ways:
                assert abs(way.value - array[index]) <= bound, (name, index, way)
