"""Pixel weights in a loss.

Every loss of an image is a mean over its positions, so weights need no equations of their own. The
NumPy code computes the losses of all positions as if each were an image, and weights them. In the
equations of a loss, the one that sums ``l[q]`` gets a factor::

    l[q] += abs(n[q,*x] - y[q,*x]) / outputs
    l[q] += pv[q,*x] * (abs(n[q,*x] - y[q,*x]) / outputs)

``*x`` covers the maps, too, where an equation doesn't distinguish them; then ``pv`` repeats the
weights of the pixels, ``pw``, for each map.
"""

from dataclasses import replace

from striate.functions.declarations import Lowering
from striate.shapes import Array, Shape

_SUM = "l[q] += "
_SPREAD = "pv[q,h,*x] = pw[q,*x]"


def has_weighted_form(lowering: Lowering) -> bool:
    """Whether a lowering sums ``l`` in a way that :func:`with_pixel_weights` can weight."""
    return sum(statement.startswith(_SUM) for statement in lowering.statements) == 1


def with_pixel_weights(lowering: Lowering, shape: Shape) -> Lowering:
    """Multiply the loss of each position by its weight ``pw``.

    Parameters
    ----------
    lowering
        The equations of a loss. Those of its derivative stay as they are.
    shape
        The output's shape, ``(maps, *pixels)``.

    Returns
    -------
    Lowering

    Examples
    --------
    >>> from striate.functions.loss import AbsoluteError
    >>> stated = AbsoluteError().lowering((3, 4, 5), (3, 4, 5))
    >>> with_pixel_weights(stated, (3, 4, 5)).statements
    ('pv[q,h,*x] = pw[q,*x]', 'l[q] += pv[q,*x] * (abs(n[q,*x] - y[q,*x]) / outputs)')
    """
    assert has_weighted_form(lowering)
    statements: list[str] = []
    for statement in lowering.statements:
        if not statement.startswith(_SUM):
            statements.append(statement)
            continue
        summed = statement.removeprefix(_SUM)
        of_maps = "[q,h,*x]" in summed  # then *x are the pixels alone
        statements += [] if of_maps else [_SPREAD]
        statements.append(f"{_SUM}{'pw' if of_maps else 'pv'}[q,*x] * ({summed})")
    return replace(
        lowering,
        statements=tuple(statements),
        shapes={**lowering.shapes, "pw": shape[1:], "pv": shape},
    )


def as_rows(a: Array, weights: Array) -> Array:
    """Arrange an array of images with pixels as one row for each pixel.

    Parameters
    ----------
    a
        ``[q, *pixels]``, or ``[q, map, *pixels]``.
    weights
        Weights ``[q, *pixels]``.
    """
    if a.ndim == weights.ndim:
        return a.reshape(-1)
    last = a.transpose(0, *range(2, a.ndim), 1)
    return last.reshape(-1, a.shape[1])
