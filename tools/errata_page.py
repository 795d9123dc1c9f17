"""Writes the overview at the top of docs/reference/errata.md, and finds the slips of an equation.

The page is written by hand: a section for each slip, whose heading names the places and the slip,
``### Hagan 8.18, 8.19, Summary: the floor is missing``. The overview lists the headings, and the
page of equations links to the sections.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sources

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "errata.md"
_OVERVIEW = re.compile(r"(?<=<!-- overview -->\n).*?(?=<!-- end of the overview -->)", re.DOTALL)
_HEADING = re.compile(r"^(?P<level>##|###) (?P<text>.+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class SlipSection:
    """A section of the page.

    Parameters
    ----------
    group
        The heading above it: a text, or what the sections have in common.
    where
        The places in the texts.
    title
        The slip.
    """

    group: str
    where: str
    title: str

    @property
    def anchor(self) -> str:
        """The heading as the target of a link, as MyST and GitHub write it."""
        heading = f"{self.where}: {self.title}".lower().replace(" ", "-")
        return re.sub(r"[^\w-]", "", heading)

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """Pairs of a text and a place in it, in the grammar of `Sources` sections."""
        return tuple(sources.references(self.where))

    @property
    def equations(self) -> tuple[str, ...]:
        """The numbered equations among the places."""
        known = sources.equations()
        return tuple(place for one in self.places if (place := " ".join(one)) in known)


def slip_sections(page: str) -> list[SlipSection]:
    """List the sections of the page."""
    found: list[SlipSection] = []
    group = ""
    for heading in _HEADING.finditer(page):
        if heading["level"] == "##":
            group = heading["text"]
            continue
        where, _, title = heading["text"].partition(": ")
        found.append(SlipSection(group=group, where=where, title=title))
    return found


def errata_page() -> str:
    """Return the page with an overview of its sections."""
    page = PAGE.read_text()
    return _OVERVIEW.sub(lambda _: overview(slip_sections(page)), page)


def overview(sections: Sequence[SlipSection]) -> str:
    """Write a table of the sections, with links."""
    rows = ["| where | slip |", "|---|---|"]
    rows += [f"| {one.where} | [{one.title}](#{one.anchor}) |" for one in sections]
    return "\n" + "\n".join(rows) + "\n\n"


def sections_of_places() -> dict[str, list[SlipSection]]:
    """Find the sections about each place, for example ``Hagan 8.45`` or ``Hagan P8.2``."""
    found: dict[str, list[SlipSection]] = {}
    for one in slip_sections(PAGE.read_text()):
        for place in one.places:
            found.setdefault(" ".join(place), []).append(one)
    return found


def links(sections: Sequence[SlipSection], page: str) -> str:
    """Write links to sections, from a page at the given path relative to the page of slips."""
    return ", ".join(f"[{one.title}]({page}#{one.anchor})" for one in sections)
