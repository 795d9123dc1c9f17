"""From a kind's equations to programs of nests, for a number of images.

A lowering leaves out the images. Here an array gets an image axis if the equations index it with
``q``.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain

from striate.functions.base import Lowering
from striate.nests import Equation, NestProgram, bind_program
from striate.shapes import Shape


def forward_program(lowering: Lowering, images: int) -> NestProgram:
    """Bind a kind's forward equations.

    Parameters
    ----------
    lowering
        The equations, with the sizes and constants for given shapes.
    images
        Number of images.

    Returns
    -------
    Program
        Its outputs are all arrays that the equations write.

    Sources
    -------
    Hagan 8.20, 8.38.

    Examples
    --------
    >>> from striate.functions.weight import Convolution
    >>> from striate.nests import cost
    >>> convolution = Convolution(feature_maps=6, kernel_size=5)
    >>> program = forward_program(convolution.lowering((1, 32, 32)), 1)
    >>> cost(program).multiply_adds
    117600
    """
    return _bound(lowering, forward_equations(lowering), images)


def backward_program(lowering: Lowering, images: int) -> NestProgram:
    """Bind a kind's backward equations, or the adjoints of its forward equations if it states none.

    Parameters
    ----------
    lowering, images
        As for :func:`forward_program`.

    Returns
    -------
    Program
        Its outputs are all derivatives.

    Sources
    -------
    Hagan 8.39, 8.47.

    Examples
    --------
    >>> from striate.functions.weight import DotProduct
    >>> print(backward_program(DotProduct(neurons=2).lowering((3,)), 1))
    dw[s,r] += dz[q,s] * a[q,r]  for s < 2, r < 3, q < 1
    da[q,r] += w[s,r] * dz[q,s]  for q < 1, r < 3, s < 2
    """
    return _bound(lowering, backward_equations(lowering), images)


def shapes_with_images(lowering: Lowering, images: int) -> dict[str, Shape]:
    """Return the shapes of all arrays, derivatives included, with their image axis.

    Parameters
    ----------
    lowering, images
        As for :func:`forward_program`.

    Returns
    -------
    dict
        Lengths by name.

    Sources
    -------
    Hagan 8.28.

    Examples
    --------
    >>> from striate.functions.weight import DotProduct
    >>> shapes_with_images(DotProduct(neurons=2).lowering((3,)), 8)["da"]
    (8, 3)
    """
    texts = [*lowering.statements, *chain(*lowering.backward.values())]
    equations = _parsed(lowering, texts)
    known = {name for equation in equations for name in _at_images(equation)}
    # A derivative has the shape of what it is the derivative of.
    known |= {name.removeprefix("d") for name in known if name.removeprefix("d") in lowering.shapes}
    every = "q" not in {index for equation in equations for index in equation.indices}
    stated = {
        name: (images, *shape)
        if (name in known or every) and name not in lowering.tables
        else shape
        for name, shape in lowering.shapes.items()
    }
    tables = {name: table.shape for name, table in lowering.tables.items()}
    return {f"d{name}": shape for name, shape in stated.items()} | tables | stated


def forward_equations(lowering: Lowering) -> list[Equation]:
    """Parse a kind's forward equations."""
    return _parsed(lowering, lowering.statements)


def backward_equations(lowering: Lowering) -> list[Equation]:
    """Parse a kind's backward equations, or derive the adjoints if it states none."""
    if lowering.backward:
        return _parsed(lowering, chain(*lowering.backward.values()))
    return [
        equation.adjoint(name)
        for equation in reversed(forward_equations(lowering))
        for name in dict.fromkeys(reference.name for reference in equation.references)
        if name not in lowering.tables
    ]


def state_equations(lowering: Lowering) -> list[Equation]:
    """Parse a kind's equations for its running statistics after a training pass."""
    return _parsed(lowering, chain(lowering.state.values()))


def _parsed(lowering: Lowering, texts: Iterable[str]) -> list[Equation]:
    """Parse equations; their constants are those of the lowering, and the number of images."""
    constants = frozenset({"images", *lowering.constants})
    return [_equation(text, constants) for text in texts]


@lru_cache(maxsize=1024)
def _equation(text: str, constants: frozenset[str]) -> Equation:
    """Parse an equation, once for all layers of a kind."""
    return Equation.parse(text, constants=constants)


def _at_images(equation: Equation) -> set[str]:
    """Return the names of the arrays whose first subscript is the image."""
    return {
        reference.name
        for reference in (equation.target, *equation.references)
        if reference.subscripts and str(reference.subscripts[0]) == "q"
    }


def _bound(lowering: Lowering, equations: Sequence[Equation], images: int) -> NestProgram:
    """Bind equations to the lowering's sizes and constants."""
    return bind_program(
        equations,
        shapes=shapes_with_images(lowering, images),
        constants={"images": images, **lowering.constants},
        extents=lowering.extents,
        outputs=tuple(dict.fromkeys(equation.target.name for equation in equations)),
    )
