"""What layers that are alike share: their equations are stated once, and bound to numbers once."""

from collections.abc import Callable, Iterable, Sequence

from striate.functions.base import Function, Lowering
from striate.functions.programs import shapes_with_images
from striate.nests import Equation, bind
from striate.nests.nest import Lengths, Nest
from striate.plan.statement import LANES
from striate.shapes import Shape


class LoweringCache:
    """The equations of one step's functions.

    Parameters
    ----------
    training
        Whether they are those of training.
    """

    def __init__(self, *, training: bool) -> None:
        self._training = training
        self._stated: dict[object, Lowering] = {}
        self._bound: dict[object, tuple[Lowering, list[Nest]]] = {}

    def stated(self, function: Function, shapes: Sequence[Shape]) -> Lowering:
        """Give what a function states for inputs of these shapes."""
        key = (_hashable(function), *shapes)
        if key not in self._stated:
            state = function.lowering if self._training else function.inference_lowering
            lowering = state(*shapes)
            assert lowering is not None, f"{function} states no equation"
            self._stated[key] = lowering
        return self._stated[key]

    def bound(
        self, lowering: Lowering, equations: Callable[[Lowering], Iterable[Equation]]
    ) -> list[Nest]:
        """Give some of a lowering's equations as nests."""
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
            self._bound[key] = lowering, nests  # the lowering is kept, and its id with it
        return self._bound[key][1]


def _hashable(function: Function) -> object:
    """Give what tells functions apart: equal options are alike; a list among them is its own."""
    try:
        hash(function)
    except TypeError:
        return id(function)
    return function
