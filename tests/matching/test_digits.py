"""The digit of the example `find_the_template`: crossed by other digits, under noise."""

from pathlib import Path

import numpy as np
import pytest

import striate as st
from striate.matching import find

EXAMPLE = Path(__file__).parents[2] / "examples" / "template_matching" / "01_find_the_template.py"


@pytest.fixture(scope="module")
def draw():
    """Return the example's function that draws a scene, without running the rest."""
    source, _, _ = EXAMPLE.read_text().partition("\nscene, template, truth")
    (x, _), _ = st.data.load("digits")
    names = {"np": np, "x": x}
    exec(source[source.index("def draw(") :], names)
    return names["draw"]


def hits(draw, seeds, **options):
    """Count the scenes in which the digit is found at its exact place."""
    found = 0
    for seed in seeds:
        scene, template, truth = draw(seed)
        masks = template if "method" in options else None
        [match] = find(scene, template, masks=masks, subpixel=False, **options)
        found += (match.row, match.column) == truth
    return found


def test_squared_differences_under_the_ink_find_the_digit(draw):
    """100 of 100 scenes on whose seeds nothing was chosen; normalized correlation finds 78."""
    seeds = range(2000, 2100)

    assert hits(draw, seeds, method="squared-difference") == 100
    assert hits(draw, seeds) < 85


@pytest.mark.slow
def test_the_seeds_on_which_the_method_was_chosen(draw):
    """All of the first 100 as well."""
    assert hits(draw, range(100), method="squared-difference") == 100
