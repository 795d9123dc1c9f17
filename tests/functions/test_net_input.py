"""Net input functions: Hagan 8.32 to 8.37, E8.9, and errors word for word."""

import numpy as np
import pytest

from helpers import Lowered
from striate.errors import OptionError, ShapeError
from striate.functions.net_input import Concatenate, Product, Sum
from striate.functions.writing import write

RNG = np.random.default_rng(5)
Z = RNG.standard_normal((2, 3, 2, 4))
DN = RNG.standard_normal(Z.shape)
B = np.array([1.0, -2.0, 0.5])


def test_hagan_8_33_to_8_36():
    """N = z + b; dz = dn; db is the sum of dn over the pixels, and over the images."""
    n = Sum().apply((Z,), B)

    (dz,), db = Sum().backward_z((Z,), B, DN), Sum().backward_b((Z,), B, DN)
    assert all((n[:, h] == Z[:, h] + B[h]).all() for h in range(3))
    assert (dz == DN).all()
    assert np.allclose(db, [DN[:, h].sum() for h in range(3)], rtol=0, atol=1e-14)


def test_an_untied_bias_is_summed_over_the_images_only():
    """Wolter 7 without a sum over positions is correct for an untied bias."""
    b = RNG.standard_normal((3, 2, 4))

    db = Sum(bias="untied").backward_b((Z,), b, DN)

    assert np.allclose(db, DN[0] + DN[1], rtol=0, atol=1e-15)


def test_hagan_e8_9():
    """N = b z: dz = b dn, and db sums z dn."""
    (dz,) = Product().backward_z((Z,), B, DN)
    db = Product().backward_b((Z,), B, DN)

    assert all((dz[:, h] == B[h] * DN[:, h]).all() for h in range(3))
    assert np.allclose(db, [(Z[:, h] * DN[:, h]).sum() for h in range(3)], rtol=0, atol=1e-14)


def test_a_factor_of_zero_does_not_spoil_the_derivatives_of_the_others():
    """The derivative of a product is the product of the other factors, also if one is zero."""
    zero = np.zeros((1, 2))
    other = np.array([[3.0, 4.0]])

    first, second = Product(bias=None).backward_z((zero, other), None, np.ones((1, 2)))

    assert first.tolist() == [[3, 4]]
    assert second.tolist() == [[0, 0]]


@pytest.mark.parametrize("bias", [None, "tied"])
@pytest.mark.parametrize("zeros", [(), (3,), (3, 17)])
def test_products_of_many_factors(bias, zeros):
    """Every derivative is the product of all the others, also next to one factor of zero or two."""
    zs = tuple(RNG.uniform(0.5, 1.5, (2, 3, 2)) * (k not in zeros) for k in range(20))
    b, dn = (RNG.uniform(1, 2, 3) if bias else None), RNG.standard_normal((2, 3, 2))
    product, over = Product(bias=bias), 1 if b is None else b[:, None]

    dzs = product.backward_z(zs, b, dn)
    for k, dz in enumerate(dzs):
        # 20 products of float64.
        expected = np.prod(zs[:k] + zs[k + 1 :], axis=0) * over * dn
        np.testing.assert_allclose(dz, expected, rtol=1e-14)

    nests = Lowered(product.lowering(*[(3, 2)] * 20), 2)
    given = {f"z{k}": z for k, z in enumerate(zs)} | ({} if b is None else {"b": b})
    computed = nests.forward(given)
    found = nests.backward({**given, **computed, "dn": dn}, [f"dz{k}" for k in range(20)])
    for k, dz in enumerate(dzs):
        np.testing.assert_allclose(found[f"dz{k}"], dz, rtol=1e-14)


def test_the_derivatives_of_a_long_product_are_short():
    """The text grows with the number of factors, not with its square."""

    def factors(count):
        backward = Product().lowering(*[(2,)] * count).backward
        return sum(text.count(" * ") for texts in backward.values() for text in texts)

    assert factors(4) == 5 * 4  # four z and the bias, each a product of four others and dn
    assert factors(300) < 12 * 300


def test_biases_start_where_they_change_nothing():
    """The bias of a sum starts at 0, that of a product at 1; weight decay doesn't apply to them."""
    added, factor = (kind.parameters((3, 2, 4))["bias"] for kind in (Sum(), Product()))

    assert (added.start, factor.start) == (0, 1)
    assert (added.decayed, factor.decayed) == (False, False)


@pytest.mark.parametrize(
    ("bias", "shape"), [("tied", {"bias": (3,)}), ("untied", {"bias": (3, 2, 4)}), (None, {})]
)
@pytest.mark.parametrize("kind", [Sum, Product])
def test_shapes_of_biases(kind, bias, shape):
    """Tied: one for each map. Untied: one for each neuron (Hagan, figure 8.1)."""
    parameters = kind(bias=bias).parameters((3, 2, 4))

    assert {name: parameter.shape for name, parameter in parameters.items()} == shape


def test_concatenation_counts_the_maps():
    """2, 1 and 3 maps are concatenated to 6."""
    zs = tuple(np.full((1, maps, 2), float(maps)) for maps in (2, 1, 3))

    n = Concatenate().apply(zs, None)

    assert n[0, :, 0].tolist() == [2, 2, 1, 3, 3, 3]
    assert Concatenate().output_shape(*(z.shape[1:] for z in zs)) == (6, 2)


@pytest.mark.parametrize("kind", [Sum(), Product()], ids=str)
def test_layers_of_different_shapes_cannot_be_joined_pixel_by_pixel(kind):
    """The error names both shapes."""
    with pytest.raises(ShapeError) as error:
        kind.output_shape((16, 10, 10), (16, 8, 8))

    assert str(error.value) == (
        f"{kind}: the incoming layers must have the same shape, got (16, 10, 10) and (16, 8, 8): "
        "they are combined element by element (Hagan 8.32). "
        'Use the same number of maps in both, and padding="same" or equal strides for the same '
        "size."
    )


def test_maps_of_different_sizes_cannot_be_concatenated():
    """The error names both shapes."""
    with pytest.raises(ShapeError) as error:
        Concatenate().output_shape((16, 10, 10), (8, 5, 5))

    assert str(error.value) == (
        "Concatenate(): the incoming layers must have the same pixels, got shapes (16, 10, "
        '10) and (8, 5, 5). Use padding="same" or equal strides, or pool the larger one.'
    )


def test_odd_sizes_cannot_be_concatenated():
    """As in a U-Net whose images can't be halved often enough."""
    with pytest.raises(ShapeError) as error:
        Concatenate().output_shape((16, 74, 80), (16, 75, 81))

    assert str(error.value) == (
        "Concatenate(): the incoming layers must have the same pixels, got shapes (16, 74, 80) and "
        "(16, 75, 81). Pooling or a stride dropped an odd row or column: use images whose rows and "
        "columns can be divided by all strides together, for example multiples of 8."
    )


@pytest.mark.bad_input
def test_a_bias_that_does_not_fit_is_named():
    """A tied bias has one number for each map."""
    with pytest.raises(ShapeError) as error:
        Sum().apply((Z,), np.ones(4))

    assert str(error.value) == (
        "Add(): the bias has shape (4,), but a net input of shape (3, 2, 4) needs (3,): a "
        "tied bias has one number for each map, an untied bias the shape of the net input "
        "(Hagan, figure 8.1)."
    )


def test_a_missing_bias_is_named():
    """A function with a bias needs one."""
    with pytest.raises(ShapeError) as error:
        Product().apply((Z,), None)

    assert str(error.value) == (
        "Multiply(): the bias has shape None, but a net input of shape (3, 2, 4) needs (3,): "
        "a tied bias has one number for each map, an untied bias the shape of the net input "
        "(Hagan, figure 8.1)."
    )


@pytest.mark.bad_input
@pytest.mark.parametrize("kind", [Sum, Product, Concatenate])
def test_other_words_for_the_bias_are_refused(kind):
    """A bias is tied, untied or none."""
    default = kind().bias

    with pytest.raises(OptionError) as error:
        kind(bias="shared")

    assert str(error.value) == (
        f'{kind.layer.name}(): `bias` must be "tied", "untied" or None, got "shared". '
        f"Try {write(default)}."
    )
