"""The page of slips is complete: every slip has a section with a counterexample, and a link."""

import re

import pytest
from errata_page import PAGE, errata_page, slip_sections

from striate.equations import equations

TEXT = PAGE.read_text()
SECTIONS = slip_sections(TEXT)
WITHOUT_CODE = {"who invented it"}

ROWS = [
    ("Hagan after 8.7", "two names"),
    ("Hagan 8.18", "floor"),
    ("Hagan 8.19", "floor"),
    ("Hagan 8.22", "average that is a sum"),
    ("Hagan 8.37", "average that is a sum"),
    ("Hagan P8.4", "average that is a sum"),
    ("Hagan 8.26", "columns"),
    ("Hagan 8.27", "sensitivity"),
    ("Hagan 8.28", "untied"),
    ("Hagan 8.39", "ends at the wrong number"),
    ("Hagan 8.41", "ends at the wrong number"),
    ("Hagan 8.44", "ends at the wrong number"),
    ("Hagan Summary", "ends at the wrong number"),
    ("Hagan 8.41", "leave dLZ"),
    ("Hagan 8.44", "leave dLZ"),
    ("Hagan 8.45", "over l"),
    ("Hagan Summary", "over l"),
    ("Hagan 8.39", "stride"),
    ("Hagan 8.48", "stride"),
    ("Hagan 8.39", "several layers"),
    ("Hagan 8.45", "several layers"),
    ("Hagan 8.53", "softmax"),
    ("Hagan P8.1", "counts to the right"),
    ("Hagan P8.2", "left"),
    ("Hagan E8.4", "left"),
    ("Hagan P8.3", "maps"),
    ("Hagan E8.8", "maximum"),
    ("Hagan fig. 8.6", "partial matches"),
    ("Hagan fig. 8.7", "partial matches"),
    ('Hagan "Template Matching"', "isn't a match"),
    ('Wolter "Finding Waldo"', "isn't a match"),
    ("Hagan 8.13", "counting"),
    ("Wichmann section 1.1", "zero for most values"),
    ("Wichmann 1.7", "offset"),
    ("Wichmann fig. 1", "edges"),
    ("Wichmann section 2.1", "edges"),
    ("Wichmann 2.1", "padding"),
    ("Wichmann section 2.3", "padding"),
    ("Wichmann section 3.1", "300"),
    ("Wichmann 4.1", "bias"),
    ("Wichmann 4.2", "height first"),
    ("Wichmann 4.11", "height first"),
    ("Wichmann 4.12", "height first"),
    ("Wichmann 4.15", "height first"),
    ("Wichmann 5.1", "height first"),
    ("Wichmann 4.3", "size of the input"),
    ("Wichmann 4.9", "error"),
    ("Wichmann 4.14", "leave the filter"),
    ("Wichmann 4.15", "leave the filter"),
    ("Wichmann after 4.15", "true convolution"),
    ("Wichmann 5.4", "maximum"),
    ("Wichmann 5.5", "wrong windows"),
    ("Wichmann 5.6", "stride"),
    ("Wichmann 5.8", "wrong windows"),
    ("Wichmann sections 1-5", "half"),
    ("Wolter 1", "last term"),
    ("Wolter 2", "transposed"),
    ("Wolter 2", "limits"),
    ("Wolter 3", "limits"),
    ("Wolter 3", "one sign"),
    ("Wolter 5", "matrices"),
    ("Wolter 7", "untied"),
    ("Wolter 8", "adjoint"),
    ('Wolter "Pooling"', "two pixels"),
    ('Wolter "The shifting input problem"', "stride"),
    ('Wolter "The invention"', "invented"),
]
"""Each slip that was found: where, and words of its title."""

WORDING = {
    "Hagan 8.44, 8.47",
    "Hagan 8.46",
    "Hagan, Summary",
    "Hagan, Further Reading",
    "Wichmann, section 2.3",
    "Wichmann, section 3.1",
    "Wolter 2",
}


def places(section):
    """List the places of a section, each with its text: ranges are expanded."""
    return {f"{book} {place}" for book, place in section.places}


@pytest.mark.parametrize(("where", "words"), ROWS)
def test_a_slip_has_its_section(where, words):
    """Every slip that was found is on the page, under its place."""
    assert [one for one in SECTIONS if where in places(one) and words in one.title]


def test_slips_of_wording_are_in_a_table():
    """Slips without consequences for numbers have a row."""
    table = TEXT.partition("## Slips of wording")[2].partition("\n## ")[0]

    rows = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
    assert set(rows) == WORDING | {"where"}


def test_the_overview_is_up_to_date():
    """`make golden` writes the overview from the headings."""
    assert errata_page() == TEXT


def test_anchors_are_unique():
    """Two sections with the same heading would have the same link."""
    anchors = [one.anchor for one in SECTIONS]

    assert len(set(anchors)) == len(anchors)


@pytest.mark.parametrize("number", [n for n, entry in equations().items() if entry.slip])
def test_an_equation_with_a_slip_has_a_section(number):
    """The page and the equations agree on which equations have slips."""
    assert any(number in one.equations for one in SECTIONS)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda one: one.title)
def test_a_section_about_an_equation_agrees_with_its_entry(section):
    """A section under a text is about equations of which at least one has a slip or a remark."""
    if section.group == "Where the texts differ" or not section.equations:
        return
    entries = [equations()[number] for number in section.equations]

    assert any(entry.slip or entry.remark for entry in entries)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda one: one.title)
def test_a_section_has_a_counterexample(section):
    """Each section has a session in Python, which the test of the pages runs."""
    heading = f"### {section.where}: {section.title}\n"
    content = TEXT.partition(heading)[2].partition("\n## ")[0].partition("\n### ")[0]

    assert ("```pycon\n" in content) == (section.title not in WITHOUT_CODE)


@pytest.mark.parametrize("number", ["Hagan 8.45", "Wichmann 5.5", "Wolter 7"])
def test_the_page_of_equations_links_to_the_sections(number):
    """The section of an equation has a link to its counterexample."""
    page = (PAGE.parent / "equations.md").read_text()
    content = page.partition(f"### {number}\n")[2].partition("\n### ")[0]

    for section in SECTIONS:
        if number in section.equations:
            assert f"](errata.md#{section.anchor})" in content


@pytest.mark.parametrize("name", ["P8.1", "P8.2", "P8.3", "P8.4", "E8.4", "E8.8"])
def test_the_page_of_exercises_links_to_the_sections(name):
    """An exercise whose statement or solution has a slip has a link to its section."""
    page = (PAGE.parents[1] / "learn" / "exercises.md").read_text()
    content = page.partition(f"(exercise-{name.lower()})=")[2].partition("\n(exercise-")[0]
    (section,) = [one for one in SECTIONS if f"Hagan {name}" in places(one)]

    assert f"](../reference/errata.md#{section.anchor})" in content
