"""Sets of exercises to print: several variants, with a key."""

from collections.abc import Sequence

import numpy as np

from striate.errors import OptionError
from striate.exercises.catalog import EXERCISES, get
from striate.exercises.exercise import Exercise
from striate.exercises.formats import Format, FormatName, style_named


def sheet(
    names: str | Sequence[str] = (),
    *,
    variants: Sequence[int] = (),
    format: FormatName = "markdown",  # noqa: A002  # the word that users type
    solutions: bool = False,
) -> str:
    """Write a set of exercises to print, with a key at the end.

    Parameters
    ----------
    names
        The exercises, or the name of one; all by default.
    variants
        Seeds, one page for each; by default one page with the numbers of the texts.
    format
        ``"markdown"``, ``"latex"`` or ``"text"``.
    solutions
        Whether the key has the way to every answer; otherwise, only the answers.

    Returns
    -------
    str
        A document.

    Raises
    ------
    OptionError
        If an exercise or the format doesn't exist, ``variants`` is not a list, or a seed is
        negative.

    Examples
    --------
    >>> print(sheet(["E8.7"], variants=[1, 2], format="text"))
    Exercises, variant 1
    ====================
    ...
    Key
    ===
    ...
    """
    if np.ndim(variants) != 1:
        raise OptionError(
            f"`variants` must be a list of seeds, got {variants!r}. Try [1], or range(1, 31) for "
            "30 variants."
        )
    chosen = [names] if isinstance(names, str) else names or EXERCISES
    style = style_named(format)
    pages: list[str] = []
    key = [style.new_page, style.heading("Key", 1)]
    for number, seed in enumerate(variants or (None,)):
        title = "Exercises" if seed is None else f"Exercises, variant {seed}"
        pages += [style.new_page] * bool(number) + [style.heading(title, 1)]
        for name in chosen:
            exercise = get(name, variant=seed)
            pages += exercise.written(style)
            key += [style.heading(exercise.heading, 3), *_key(exercise, style, solutions)]
    return style.document([*pages, *key])


def _key(exercise: Exercise, style: Format, solutions: bool) -> list[str]:
    """Write the answers to an exercise."""
    return [
        style.part(part.letter, part.solution if solutions else part.answer.content)
        for part in exercise.parts
    ]
