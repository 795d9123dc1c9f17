"""Turns scatters into gathers, so that each element of the target is computed by one iteration.

The derivative of a convolution adds to ``da[2*i + u - 1]``. Several combinations of ``i`` and ``u``
reach the same element, so threads, tiles and lanes would overwrite each other's sums. Solved for
``i``, the equation says which terms each element has (Hagan's 8.41 instead of 8.39). For the stride
2, a kernel of 3 and a padding of 1, even and odd elements have different terms, which makes two
nests, one for each *phase* of the stride::

    i + u of da[2*i + u - 1] += w[u] * dz[i]

    da[0]  da[1]  da[2]  da[3]  da[4]         u of each term
      1     0,2     1     0,2     1

    da[2*m]     += w[1]   * dz[m]                 even elements: one term
    da[2*m + 1] += w[2*u] * dz[m - u + 1]         odd elements: two terms, u < 2
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, product
from math import gcd

from striate.nests import Equation, Form, Nest, injective
from striate.nests.expression import Number, Reference, Subscript, write_terms
from striate.plan.substitute import Affine, substitute


def gatherable(nest: Nest) -> bool:
    """Whether :func:`gather` can turn a nest into gathers.

    The nest must add, and each subscript of its target must be one index that runs through the
    whole axis, or a sum ``s*i + d*u + p`` with positive factors. One index of the sum must also be
    alone in a subscript of an array that is read, and run through that whole axis: reading that
    array out of bounds is then what limits the index. It may be in the same sum elsewhere, but in
    no other one. A nest that only moves the elements of one array to different positions, such as
    the adjoint of a reshape, is left alone, since no two of its terms share an element.

    Parameters
    ----------
    nest
        A nest.

    Returns
    -------
    bool
        Whether it can be turned into gathers.

    Sources
    -------
    Hagan 8.39, 8.40.

    Examples
    --------
    >>> from striate.nests import bind
    >>> shapes = {"da": (6,), "w": (3,), "dz": (4,), "z": (4,), "t": (4,)}
    >>> gatherable(bind("da[i + u] += w[u] * dz[i]", shapes=shapes))
    True
    >>> gatherable(bind("da[t[i]] += dz[i]", shapes=shapes))
    False
    """
    equation = nest.equation
    if equation.form is not Form.SCATTER or _only_moves(nest):
        return False
    subscripts = equation.target.subscripts
    counts = Counter(chain.from_iterable(subscript.linear()[0] for subscript in subscripts))
    return max(counts.values(), default=0) == 1 and all(
        _is_whole(nest, subscript, length) or _solved_index(nest, subscript, length) is not None
        for subscript, length in zip(subscripts, nest.shapes[nest.target], strict=True)
    )


def gather(nest: Nest) -> tuple[Nest, ...]:
    r"""Turn a scatter into gathers, one nest for each phase of its strides.

    An element :math:`x = s\,i + d\,u - p` with the remainder :math:`r` is :math:`s\,m + r`. It has
    a term for each tap :math:`u` for which :math:`x + p - d\,u` is a multiple of :math:`s`. These
    taps are :math:`s / \gcd(s, d)` apart:

    .. math:: u = u_r + \frac{s}{\gcd(s, d)} \, k, \qquad
        i = m + \frac{r + p - d \, u_r}{s} - \frac{d}{\gcd(s, d)} \, k

    The nest of a remainder sums over :math:`k`, under the name of :math:`u`. If there is only one
    tap, and an output for every element, the index is left out. A phase without taps is filled with
    zeros. The sum is over the index that spans fewer pixels: usually the kernel's, but the output's
    if the kernel spans more than the outputs do, for example if a single output covers the whole
    image. The nest's other sums come first, in their original order.

    Parameters
    ----------
    nest
        A nest that is :func:`gatherable`.

    Returns
    -------
    tuple of Nest
        Nests that together compute the same result as the original, in any order. Each element of
        the target belongs to exactly one of them. They assume that the target is zero. If it
        already holds values, leave out the nests that fill with zeros.

    Sources
    -------
    Hagan 8.41 (corrected: the feature maps of layer m, zero outside); Dumoulin and Visin 2016.

    Examples
    --------
    >>> from striate.nests import bind
    >>> shapes = {"da": (8,), "w": (3,), "dz": (4,)}
    >>> scatter = "da[s*i + u - p] += w[u] * dz[i]"
    >>> for phase in gather(bind(scatter, shapes=shapes, constants={"s": 2, "p": 1})):
    ...     print(phase)
    da[2*m] += w[1] * dz[m]  for m < 4
    da[2*m + 1] += w[2*u] * dz[m - u + 1]  for m < 4, u < 2
    """
    assert gatherable(nest), f"{nest} is not a scatter that can become gathers"
    return tuple(_gathered(nest, phases) for phases in product(*_phases(nest)))


@dataclass(frozen=True)
class _StridePhase:
    """The elements of an axis whose positions have the same remainder modulo the stride.

    Parameters
    ----------
    elements
        Their positions: ``2*m + 1``.
    extents
        The number of these elements, and of the taps that each one sums over.
    values
        The original indices, in terms of the new ones; ``None`` if the elements have no tap.
    """

    elements: Subscript
    extents: Mapping[str, int]
    values: Mapping[str, Affine] | None = None


def _phases(nest: Nest) -> list[list[_StridePhase]]:
    """Return the phases of each axis of the target whose subscript is a sum."""
    target = nest.equation.target
    pairs = list(zip(target.subscripts, nest.shapes[target.name], strict=True))
    sums = [(s, length) for s, length in pairs if not _is_whole(nest, s, length)]
    names = _name_entries(nest, len(sums))
    return [list(_solve(nest, *pair, name)) for pair, name in zip(sums, names, strict=True)]


def _solve(nest: Nest, subscript: Subscript, length: int, element: str) -> Iterator[_StridePhase]:
    """Solve the subscript of an axis for one index; ``element`` is the index within a phase."""
    moved = _solved_index(nest, subscript, length)
    assert moved is not None, f"{subscript} can't be solved for an index"
    multipliers, offset = subscript.linear()
    (tap,) = multipliers.keys() - {moved}
    stride, dilation, taps = multipliers[moved], multipliers[tap], nest.extents[tap]
    step, back = stride // gcd(stride, dilation), dilation // gcd(stride, dilation)
    for remainder in range(min(stride, length)):
        target = Subscript(write_terms({element: stride}, remainder))
        elements = len(range(remainder, length, stride))
        # What remains for stride*moved after the first tap of the phase is subtracted.
        left = [remainder - offset - dilation * u for u in range(min(step, taps))]
        first = next((u for u, rest in enumerate(left) if rest % stride == 0), None)
        if first is None:
            yield _StridePhase(target, {element: elements})
            continue
        fitting = len(range(first, taps, step))
        # Only a sum of indices may be out of bounds. A single tap stays an index, of extent 1, if
        # there are elements without a term.
        stays = fitting > 1 or elements > nest.extents[moved]
        values: dict[str, Affine] = {
            tap: ({tap: step} if stays else {}, first),
            moved: ({element: 1, tap: -back} if stays else {element: 1}, left[first] // stride),
        }
        yield _StridePhase(target, {element: elements, tap: fitting}, values)


def _name_entries(nest: Nest, count: int) -> list[str]:
    """Name the indices of elements: ``m, n, o``, or numbered names if a letter is taken."""
    taken, stem = {*nest.extents, *nest.shapes}, "m"
    names = [chr(ord(stem) + k) for k in range(count)]
    while not taken.isdisjoint(names):
        names = [f"{stem}{k}" for k in range(count)]
        stem += "_"
    return names


def _gathered(nest: Nest, phases: tuple[_StridePhase, ...]) -> Nest:
    """Make the nest for one phase of each axis."""
    name, shape = nest.target, nest.shapes[nest.target]
    sums = iter(phases)
    target = Reference(
        name,
        tuple(
            subscript if _is_whole(nest, subscript, length) else next(sums).elements
            for subscript, length in zip(nest.equation.target.subscripts, shape, strict=True)
        ),
    )
    extents, values = dict(nest.extents), dict[str, Affine]()
    for phase in phases:
        extents |= phase.extents
        values |= phase.values or {}
    if any(phase.values is None for phase in phases):
        equation, shapes = Equation(target, "=", Number(0)), {name: shape}
    else:
        expression = substitute(nest.equation.expression, values, nest.extents)
        equation, shapes = Equation(target, "+=", expression), nest.shapes
    return Nest(equation, {index: extents[index] for index in equation.indices}, shapes)


def _is_whole(nest: Nest, subscript: Subscript, length: int) -> bool:
    """Whether a subscript is an index that runs through its whole axis."""
    return subscript.lone is not None and nest.extents[subscript.lone] == length


def _only_moves(nest: Nest) -> bool:
    """Whether a nest only moves the elements of one array to different positions."""
    match nest.equation.expression:
        case Reference(_, subscripts):
            own = {*nest.extents} == {subscript.lone for subscript in subscripts}
            return own and injective(nest.equation.target.subscripts, nest.extents)
        case _:
            return False


def _solved_index(nest: Nest, subscript: Subscript, length: int) -> str | None:
    """Find the index for which a subscript of the target is solved; the widest if there are two.

    An index qualifies if it runs through a whole axis of an array that is read, and is otherwise
    only in the sum that is solved. Then every read that is out of bounds afterwards was out of
    bounds before.
    """
    multipliers, _ = subscript.linear()
    if subscript.table is not None or len(multipliers) != 2 or min(multipliers.values()) < 1:
        return None

    def solvable(index: str) -> bool:
        read = [
            (s, axis)
            for reference in (*nest.equation.references, *nest.equation.tables)
            for s, axis in zip(reference.subscripts, nest.shapes[reference.name], strict=True)
            if index in s.linear()[0]
        ]
        known = [s.lone is not None or (s == subscript and axis >= length) for s, axis in read]
        return all(known) and any(_is_whole(nest, s, axis) for s, axis in read)

    found = filter(solvable, multipliers)
    return max(found, key=lambda i: multipliers[i] * (nest.extents[i] - 1), default=None)
