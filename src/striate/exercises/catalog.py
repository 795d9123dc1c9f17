"""All exercises by name."""

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from striate.errors import OptionError
from striate.exercises.e8_1 import PlaceKernel
from striate.exercises.e8_2 import MaxPoolByHand
from striate.exercises.e8_3 import LetterKernels
from striate.exercises.e8_4 import ShiftByHand
from striate.exercises.e8_5 import AverageNeighbors
from striate.exercises.e8_6 import ConvolveAndCorrelate
from striate.exercises.e8_7 import OutputSize
from striate.exercises.e8_8 import MaxPoolingBackward
from striate.exercises.e8_9 import ProductWithBias
from striate.exercises.e8_10 import SquaresOrDiamonds
from striate.exercises.exercise import Exercise
from striate.exercises.p8_1 import KernelFlip
from striate.exercises.p8_2 import ShiftKernel
from striate.exercises.p8_3 import PoolingToInput
from striate.exercises.p8_4 import PoolingToWeight
from striate.exercises.wolter import CourseExercise

_IN_ORDER: tuple[type[Exercise], ...] = (
    KernelFlip,
    ShiftKernel,
    PoolingToInput,
    PoolingToWeight,
    PlaceKernel,
    MaxPoolByHand,
    LetterKernels,
    ShiftByHand,
    AverageNeighbors,
    ConvolveAndCorrelate,
    OutputSize,
    MaxPoolingBackward,
    ProductWithBias,
    SquaresOrDiamonds,
    CourseExercise,
)

EXERCISES: Mapping[str, type[Exercise]] = MappingProxyType({kind.name: kind for kind in _IN_ORDER})
"""The exercises by name, in the order of the texts."""


def get(name: str, *, variant: int | None = None) -> Exercise:
    """Return an exercise.

    Parameters
    ----------
    name
        For example ``"E8.7"``; case doesn't matter.
    variant
        A seed: the same exercise with other numbers. ``None`` uses the numbers of the text.

    Returns
    -------
    Exercise

    Raises
    ------
    OptionError
        If the exercise doesn't exist, or the seed is negative.

    Examples
    --------
    >>> exercise = get("E8.7")
    >>> exercise.check("8x8", "a").correct, exercise.check(2, "b").message
    (True, '2 is the number of pixels on both sides together.')
    """
    names = {known.lower(): known for known in EXERCISES}
    found = names.get(name.strip().lower())
    if found is None:
        near = difflib.get_close_matches(name.lower(), names, n=1)
        hint = f'Did you mean "{names[near[0]]}"? ' if near else ""
        raise OptionError(f'Unknown exercise "{name}". {hint}Choose from {", ".join(EXERCISES)}.')
    kind = EXERCISES[found]
    return kind() if variant is None else kind.variant(variant)
