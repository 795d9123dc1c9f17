"""Caches lowerings and bound equations, which equal layers of a network share."""

from collections.abc import Callable, Iterable, Sequence

from striate.functions.base import Function, Lowering
from striate.functions.programs import shapes_with_images
from striate.nests import Equation, bind
from striate.nests.nest import Lengths, Nest
from striate.plan.statement import LANES
from striate.shapes import Shape


class LoweringCache:
    """The equations of a step's functions, each lowered and bound once."""

    def __init__(self) -> None:
        self._stated: dict[object, Lowering] = {}
        self._bound: dict[object, tuple[Lowering, list[Nest]]] = {}

    def stated(self, function: Function, shapes: Sequence[Shape], *, training: bool) -> Lowering:
        """Return the lowering of a function for inputs of these shapes.

        Parameters
        ----------
        function
            The function.
        shapes
            Of its inputs, for one image.
        training
            Whether to use the equations of training or those of inference.

        Returns
        -------
        Lowering
        """
        key = (training, _hashable(function), *shapes)
        if key not in self._stated:
            state = function.lowering if training else function.inference_lowering
            lowering = state(*shapes)
            assert lowering is not None, f"{function} defines no index equations"
            self._stated[key] = lowering
        return self._stated[key]

    def bound(
        self, lowering: Lowering, equations: Callable[[Lowering], Iterable[Equation]]
    ) -> list[Nest]:
        """Return some equations of a lowering as nests."""
        key = (id(lowering), equations)
        if key not in self._bound:
            shapes: dict[str, Lengths] = {**shapes_with_images(lowering, LANES), "images": ()}
            nests: list[Nest] = []
            for equation in equations(lowering):
                nest = bind(
                    equation, shapes=shapes, constants=lowering.constants, extents=lowering.extents
                )
                nests.append(nest)
                shapes |= nest.shapes
            self._bound[key] = lowering, nests  # keeping the lowering keeps its id unique
        return self._bound[key][1]


def _hashable(function: Function) -> object:
    """Return a key for a function: equal options share one, unless they contain a list."""
    try:
        hash(function)
    except TypeError:
        return id(function)
    return function
