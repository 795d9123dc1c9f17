"""Two checks of a derivative by other means: central differences and the adjoint identity."""

from collections.abc import Callable

import numpy as np

from striate.errors import ShapeError
from striate.shapes import Array, Float


def central_differences(
    f: Callable[[Array], Array | float],
    x: Float[Array, "..."],
    dz: Float[Array, "..."] | float = 1.0,
    *,
    step: float = 6e-6,
) -> Float[Array, "..."]:
    r"""Estimate the derivative of a loss by changing one number at a time, both ways.

    .. math:: \frac{\partial F}{\partial x_k} = \sum_i \frac{\partial F}{\partial z_i}
        \frac{\partial z_i}{\partial x_k}, \qquad
        \frac{\partial z_i}{\partial x_k} \approx \frac{z_i(x + h e_k) - z_i(x - h e_k)}{2 h}

    Parameters
    ----------
    f
        A function of one array that computes in float64.
    x
        Where to take the derivative.
    dz
        Derivatives of the loss with respect to what ``f`` returns, in the same shape; 1 for a
        function that returns the loss itself.
    step
        :math:`h`, as a part of ``max(1, |x|)``. The cube root of the spacing of float64, about
        6e-6, balances the error of the formula, of the order of the squared step, and the error of
        rounding; both are then near 1e-10 of the size of ``f``.

    Returns
    -------
    dx
        Derivatives of the loss, in the shape of ``x``, float64.

    Raises
    ------
    ShapeError
        If ``dz`` has a different shape than the result of ``f``.

    Sources
    -------
    Hagan 8.27, 8.28.

    Examples
    --------
    >>> central_differences(lambda x: (x**3).sum(), np.array([1.0, 2.0])).round(6)
    array([ 3., 12.])
    """
    x = np.array(x, dtype=np.float64)
    weights = np.asarray(dz, dtype=np.float64)
    dx = np.empty_like(x)
    for k in np.ndindex(x.shape):
        here = x[k]
        h = step * max(1.0, abs(here))
        x[k] = here + h
        z_above = np.array(f(x), dtype=np.float64)
        x[k] = here - h
        z_below = np.array(f(x), dtype=np.float64)
        x[k] = here
        if weights.shape != z_above.shape:
            raise ShapeError(
                f"`dz` must have the shape of the function's result, {z_above.shape}, got "
                f"{weights.shape}. Use that shape, or a function that returns a single number."
            )
        dx[k] = np.sum(weights * (z_above - z_below)) / (2 * h)
    return dx


def relative_error(found: Float[Array, "..."], wanted: Float[Array, "..."]) -> float:
    r"""Compare two arrays by norms: the length of their difference over the longer of the two.

    .. math:: \frac{\lVert x - y \rVert}{\max(\lVert x \rVert, \lVert y \rVert)}

    A relative error for each number would demand more of the small ones than rounding allows.

    Parameters
    ----------
    found, wanted
        Arrays of the same shape.

    Returns
    -------
    float
        0 where they are equal, 2 where they point in opposite directions, NaN where either holds
        NaN.

    Raises
    ------
    ShapeError
        If the shapes differ.

    Sources
    -------
    Golub and Van Loan 2013.

    Examples
    --------
    >>> relative_error(np.array([3.0, 4.0]), np.array([3.0, 4.1])) < 0.02
    True
    """
    x, y = np.asarray(found, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    if x.shape != y.shape:
        raise ShapeError(f"The arrays must have the same shape, got {x.shape} and {y.shape}.")
    scale = max(_length(x), _length(y))
    return _length(np.asarray(x - y)) / scale if scale != 0.0 else 0.0


def adjoint_gap(*pairs: tuple[Float[Array, "..."], Float[Array, "..."]]) -> float:
    r"""Compare inner products that the adjoint identity says are equal.

    .. math:: \langle f(\mathbf{W}, \mathbf{A}), \mathbf{dZ} \rangle
        = \langle \mathbf{A}, \mathbf{dA} \rangle = \langle \mathbf{W}, \mathbf{dW} \rangle

    It holds for every function that is linear in each of its arguments, such as the convolution, if
    and only if the backward equations are its adjoints; it needs no step and no small number.

    Parameters
    ----------
    *pairs
        Arrays and their derivatives: ``(z, dz), (a, da), (w, dw)``, two pairs or more. An argument
        in which the function is not linear is left out.

    Returns
    -------
    float
        Spread of the inner products, relative to the longest pair of vectors: about the rounding
        error of a sum where the identity holds, of the order of one divided by the square root of
        the number of pixels, or larger, where it does not.

    Raises
    ------
    ShapeError
        If an array and its derivative differ in shape.

    Sources
    -------
    Hagan 8.38, 8.41, 8.47; Claerbout 1992.

    Examples
    --------
    >>> m = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> x, dz = np.array([1.0, -1.0]), np.array([2.0, 5.0])
    >>> adjoint_gap((m @ x, dz), (x, m.T @ dz))
    0.0
    """
    products: list[float] = []
    scale = 0.0
    for x, dx in pairs:
        if x.shape != dx.shape:
            raise ShapeError(
                "Each array and its derivative must have the same shape, got "
                f"{x.shape} and {dx.shape}."
            )
        u, v = x.astype(np.float64), dx.astype(np.float64)
        products.append(float(np.sum(u * v)))
        scale = max(scale, _length(u) * _length(v))
    return (max(products) - min(products)) / scale if scale != 0.0 else 0.0


def _length(x: Float[Array, "..."]) -> float:
    """Compute the Euclidean norm over all arrays together."""
    return float(np.sqrt(np.sum(x * x)))
