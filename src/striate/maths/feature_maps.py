r"""Cross-correlation of feature maps with kernels, and its two adjoints: what convolution computes.

The three functions are the three uses of one product, ``sum(dz * w * a)`` over all positions:
:func:`correlate` leaves out ``dz``, :func:`correlate_backward_a` leaves out ``a``, and
:func:`correlate_backward_w` leaves out ``w``. A transposed convolution uses the same three with
``a`` and ``z`` exchanged. The layers of a network and the functions for single images
(:mod:`striate.maths.signal`) both call them.

Arrays are indexed as in the equations: kernels ``w[h, k, *u]`` with ``k`` the input map of the
group, images ``a[q, l, *x]``, outputs ``z[q, h, *i]``.
"""

from collections.abc import Sequence
from math import gcd

import numpy as np

from striate.errors import OptionError, ShapeError
from striate.maths.columns import col2im, im2col, pad, pad_adjoint
from striate.maths.contract import contract
from striate.maths.padding import PaddingMode
from striate.maths.windows import Axis
from striate.shapes import Array, Shape, Shaped


def correlate(
    w: Shaped[Array, "h k *u"],
    a: Shaped[Array, "q l *x"],
    axes: Sequence[Axis],
    *,
    groups: int = 1,
    mode: PaddingMode = "zeros",
    flip: bool = False,
    places: Shape | None = None,
) -> Shaped[Array, "q h *i"]:
    r"""Sum, over the input maps, the products of each kernel with the window under it.

    .. math:: z^{h}_{i,j} = \sum_{l} \sum_{u,v}
        w^{h,l}_{u,v} \, a^{l}_{s i + d u - p,\; s j + d v - p}

    Parameters
    ----------
    w
        Kernels, one for each pair of output map and input map of its group.
    a
        Feature maps.
    axes
        How the kernel moves.
    groups
        Number of groups of maps that are convolved separately.
    mode
        What padded pixels hold, see :func:`~striate.maths.columns.pad`.
    flip
        Whether the kernels are rotated by 180 degrees first: true convolution.
    places
        Number of positions along each axis, if they are fewer than fit.

    Returns
    -------
    Array
        Sums of products.

    Sources
    -------
    Hagan 8.20, 8.21, 8.38; Wichmann 4.1 (stride); Wolter 3, 5.

    Examples
    --------
    Two input maps, one output map:

    >>> axes = (Axis(length=3, window=2),)
    >>> correlate(np.array([[[1, 1], [0, 10]]]), np.array([[[1, 2, 3], [4, 5, 6]]]), axes)
    array([[[53, 65]]])
    """
    i, u = letters(len(axes))
    c = _columns(a, axes, groups, mode, places)
    z = contract(f"ghl{u},qgl{u}{i}->qgh{i}", grouped(w, groups, flip=flip), c)
    return z.reshape(len(a), len(w), *z.shape[3:])


def correlate_backward_a(
    w: Shaped[Array, "h k *u"],
    dz: Shaped[Array, "q h *i"],
    axes: Sequence[Axis],
    *,
    groups: int = 1,
    mode: PaddingMode = "zeros",
    flip: bool = False,
) -> Shaped[Array, "q l *x"]:
    r"""Sum, for each pixel, over the outputs that read it: kernel element times derivative.

    .. math:: da^{l}_{x,y} = \sum_{h} \sum_{s i + d u - p = x,\; s j + d v - p = y}
        w^{h,l}_{u,v} \, dz^{h}_{i,j}

    With stride 1 it is the correlation of the kernels, rotated by 180 degrees, with ``dz`` padded
    in full.

    Parameters
    ----------
    w, axes, groups, mode, flip
        As for :func:`correlate`.
    dz
        Derivatives of its result.

    Returns
    -------
    Array
        Derivatives of ``a``.

    Sources
    -------
    Hagan 8.39-8.45 (corrected: h runs over the maps of layer m, also in 8.45; 8.44 with dlz for dz;
    zero outside dLZ); Wichmann 4.15 (corrected: zero outside the kernel); Wolter 8.

    Examples
    --------
    >>> axes = (Axis(length=3, window=2),)
    >>> correlate_backward_a(np.array([[[1, 2]]]), np.array([[[1, 10]]]), axes)
    array([[[ 1, 12, 20]]])
    """
    i, u = letters(len(axes))
    c = contract(f"ghl{u},qgh{i}->qgl{u}{i}", grouped(w, groups, flip=flip), split(dz, groups))
    # The output padding of a transposed convolution may make room for more positions than there
    # are derivatives: those positions hold zero.
    missing = [axis.output - n for axis, n in zip(axes, dz.shape[2:], strict=True)]
    if any(missing):
        c = np.pad(c, [(0, 0)] * (c.ndim - len(axes)) + [(0, n) for n in missing])
    da = pad_adjoint(col2im(c, axes), axes, mode)
    return da.reshape(len(dz), groups * w.shape[1], *da.shape[3:])


def correlate_backward_w(
    a: Shaped[Array, "q l *x"],
    dz: Shaped[Array, "q h *i"],
    axes: Sequence[Axis],
    *,
    groups: int = 1,
    mode: PaddingMode = "zeros",
    flip: bool = False,
) -> Shaped[Array, "h k *u"]:
    r"""Sum, over images and positions, each derivative times the pixel under the kernel.

    .. math:: dw^{h,l}_{u,v} = \sum_{q} \sum_{i,j}
        dz^{h}_{i,j} \, a^{l}_{s i + d u - p,\; s j + d v - p}

    Parameters
    ----------
    a, axes, groups, mode, flip
        As for :func:`correlate`.
    dz
        Derivatives of its result.

    Returns
    -------
    Array
        Derivatives of ``w``.

    Sources
    -------
    Hagan 8.46-8.48 (8.46 and 8.47 with lz, lw, dlz for z, w, dz); Wichmann 4.7; Wolter 7.

    Examples
    --------
    >>> axes = (Axis(length=3, window=2),)
    >>> correlate_backward_w(np.array([[[1, 2, 3]]]), np.array([[[1, 10]]]), axes)
    array([[[21, 32]]])
    """
    i, u = letters(len(axes))
    c = _columns(a, axes, groups, mode, dz.shape[2:])
    dw = contract(f"qgh{i},qgl{u}{i}->ghl{u}", split(dz, groups), c)
    return oriented(dw.reshape(dz.shape[1], *dw.shape[2:]), flip=flip)


def _columns(
    a: Array, axes: Sequence[Axis], groups: int, mode: PaddingMode, places: Shape | None
) -> Array:
    """Return a view of the windows of each group: ``[q, g, k, *u, *i]``."""
    view = im2col(split(pad(a, axes, mode), groups), axes)
    return view if places is None else view[(..., *(slice(n) for n in places))]


def letters(rank: int) -> tuple[str, str]:
    """Name the axes of positions and of window pixels for ``contract``: ``("ij", "uv")``."""
    return "ijk"[:rank], "uvw"[:rank]


def split(a: Shaped[Array, "q l *x"], groups: int) -> Shaped[Array, "q g k *x"]:
    """Split the map axis into groups."""
    return a.reshape(len(a), groups, a.shape[1] // groups, *a.shape[2:])


def oriented(w: Shaped[Array, "m k *u"], *, flip: bool) -> Shaped[Array, "m k *u"]:
    """Rotate kernels by 180 degrees for a true convolution."""
    return np.flip(w, tuple(range(2, w.ndim))) if flip else w


def grouped(w: Shaped[Array, "m k *u"], groups: int, *, flip: bool) -> Shaped[Array, "g n k *u"]:
    """Split the first axis into groups, and rotate the kernels for a true convolution."""
    return oriented(w, flip=flip).reshape(groups, len(w) // groups, *w.shape[1:])


def require_maps(kind: object, groups: int, incoming: int, outgoing: int) -> None:
    """Raise if groups do not divide the maps.

    Parameters
    ----------
    kind
        The layer, for the error message; empty for a function.
    groups, incoming, outgoing
        Numbers of groups, of incoming and of output maps.

    Raises
    ------
    OptionError
        If a group would not have a whole number of incoming and output maps.

    Sources
    -------
    Hagan 8.20; Krizhevsky et al. 2012 (groups).

    Examples
    --------
    >>> require_maps("Conv", groups=2, incoming=4, outgoing=6)
    """
    if incoming % groups or outgoing % groups:
        common = gcd(incoming, outgoing)
        raise OptionError(
            f"`groups` must divide both the {incoming} input maps and the {outgoing} output maps, "
            f"got {groups}. "
            f"Use {'groups=1' if common == 1 else f'a divisor of {common}'}."
        ).about(kind)


def require_kernels(
    kind: object, found: Shape, expected: Shape, *, incoming: int, layout: str
) -> None:
    """Raise if kernels do not fit the input maps.

    Parameters
    ----------
    kind
        The layer, for the error message; empty for a function.
    found, expected
        Shapes of the kernels.
    incoming
        Number of input maps.
    layout
        The axes of the kernels in words.

    Raises
    ------
    ShapeError
        If the kernels have the wrong shape.

    Sources
    -------
    Hagan 8.20.

    Examples
    --------
    >>> require_kernels("Convolution", (3, 2, 5), (3, 2, 5), incoming=2, layout="w[h, l, *u]")
    """
    if found != expected:
        raise ShapeError(
            f"the kernels have shape {found}, but {incoming} input maps need {expected}. "
            f"Kernels are {layout}."
        ).about(kind)
