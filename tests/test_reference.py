"""The reference documents every public name, once."""

from collections import Counter
from pathlib import Path

import pytest
from reference_pages import (
    INTERNAL_PACKAGES,
    PUBLIC_PAGES,
    description,
    documented_name,
    internal_pages,
    public_names,
    public_pages,
    resolved,
)

import striate as st

NAMES = [name for page in PUBLIC_PAGES for name in page.documented()]


def test_every_public_name_is_on_a_page():
    """Each name of `striate` is documented; a module has a page, or its members have pages."""
    modules = {page.module for page in PUBLIC_PAGES}
    missing = [
        name
        for name in dir(st)
        if not name.startswith("__")
        and f"striate.{name}" not in NAMES
        and not any(module.startswith(f"striate.{name}") for module in modules)
    ]

    assert missing == []


def test_no_name_is_on_two_pages():
    """A name has one place, so that links are unambiguous."""
    twice = [name for name, count in Counter(map(documented_name, NAMES)).items() if count > 1]

    assert twice == []


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_has_a_description(name):
    """The table of public names has a sentence about each."""
    text = description(name)

    assert text.endswith((".", ".)"))
    assert len(text) < 300


def test_internal_pages_leave_public_names_to_their_pages():
    """An object with a public page isn't documented again on the page of its module."""
    pages = dict(internal_pages())
    padding = next(part for part in pages["maths"].split("## ") if part.startswith("columns\n"))

    assert "exclude-members" in padding
    assert " im2col, col2im, pad, pad_adjoint" in padding


# The command has its own page. Modules of the others need libraries that they are compared
# with, or have no docstrings: they are the printed equations in plain loops.
UNDOCUMENTED = {"striate.cli", "striate.bench.peers", "striate.equations.printed"}


def test_every_package_has_an_internal_page():
    """References to a module of a package without a page would fail when the pages are built."""
    root = Path(st.__file__).parent
    packages = {
        ".".join(path.parent.relative_to(root.parent).parts) for path in root.rglob("__init__.py")
    }

    assert packages - {"striate"} - UNDOCUMENTED <= set(INTERNAL_PACKAGES)


def test_every_directive_names_an_object():
    """Directives of public pages name objects that exist: Sphinx would only warn."""
    lines = [line for _, text in public_pages() for line in text.splitlines()]
    named = {line.partition(":: ")[2] for line in lines if line.startswith(".. auto")}

    assert {documented_name(name) for name in NAMES} <= named
    for name in named:
        resolved(name)


def test_names_in_modules_lead_to_public_names():
    """References may use the path of the module that defines an object."""
    names = public_names()

    assert names["striate.maths.columns.pad"] == "striate.maths.pad"
    assert names["striate.model.network.Network"] == "striate.Network"
    assert names["striate.equations.TOPICS"] == "striate.equations.notation.TOPICS"


def test_sections_of_the_page_of_mathematics():
    """Convolution comes first; each section has names."""
    text = dict(public_pages())["maths"]
    sections = text.split("\n## ")[1:]

    assert sections[0].startswith("Convolution\n")
    assert ".. autofunction:: striate.maths.cross_correlate\n" in sections[0]
    assert all(".. auto" in section for section in sections)
