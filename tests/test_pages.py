"""The generated pages of docs/ are up to date."""

from pathlib import Path

import pytest
import write_pages
from error_examples import EXAMPLES

import striate as st

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("name", write_pages.PAGES)
def test_a_page_is_as_the_code_is(name):
    """A page equals what `make golden` writes."""
    made = write_pages.PAGES[name]()

    assert made == (DOCS / f"{name}.md").read_text()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_raises_its_error(name):
    """For each error, the page shows an example that raises this error and no other."""
    text = write_pages.caused(EXAMPLES[name])

    assert text.startswith(f"{name}: ")


def test_every_error_has_an_example():
    """Every error has an example, except for a missing library, which can't be shown everywhere."""
    errors = {kind.__name__ for kind in st.errors.StriateError.__subclasses__()}

    assert errors - set(EXAMPLES) <= {"ExtraError"}
