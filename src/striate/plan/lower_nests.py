"""Lowers a nest program that someone wrote, rather than one of a network, to statements."""

from collections.abc import Iterable
from math import prod

from striate.errors import NestError
from striate.nests.nest import Nest, NestProgram
from striate.plan.statement import IMAGE, Compute, Lowered, Variable


def lower_nests(program: NestProgram) -> Lowered:
    """List the statements of a nest program.

    The program has no axis of images: each array is one buffer or temporary, and neighboring
    entries are in the lanes.

    Parameters
    ----------
    program
        Nests in order.

    Returns
    -------
    Lowered
        Statements whose buffers are the program's inputs and outputs, under their names.

    Raises
    ------
    NestError
        If an array's first index is ``q``, which means images to the compiler, or an array is an
        input as well as written.

    Sources
    -------
    Hagan 8.20.
    """
    shapes = {name: shape for nest in program.nests for name, shape in nest.shapes.items()}
    callers = {*program.inputs, *program.outputs}
    variables = {
        name: Variable(
            name=name, size=prod(shape), per_image=False, buffer=name if name in callers else ""
        )
        for name, shape in shapes.items()
    }
    return Lowered(statements=tuple(_statements(program.nests)), variables=variables)


def _statements(nests: Iterable[Nest]) -> Iterable[Compute]:
    """Make the statements; a sum into an array that was written before adds to it."""
    written: set[str] = set()
    for nest in nests:
        if IMAGE in nest.extents:
            raise NestError(
                f"{nest.equation} uses the index {IMAGE}, which stands for images in a network's "
                "programs. Use another letter."
            )
        adds = nest.equation.operator == "+=" and nest.target in written
        written.add(nest.target)
        yield Compute(nest=nest, adds=adds)
