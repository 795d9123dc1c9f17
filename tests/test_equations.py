"""Every reference in a `Sources` section exists, and every equation is cited or has a reason."""

import pytest
import sources

EQUATIONS = sources.equations()
CITATIONS = sources.citations()
CITED = sources.cited(CITATIONS, EQUATIONS)


@pytest.mark.parametrize("citation", CITATIONS, ids=lambda citation: citation.where)
def test_every_reference_exists(citation):
    """Every number in a `Sources` section is an equation, section, figure or problem."""
    assert sources.unknown(citation, EQUATIONS) == []


@pytest.mark.parametrize("number", EQUATIONS)
def test_every_equation_is_implemented_or_says_why_not(number):
    """Either a function cites the equation, or there is a reason why it isn't implemented."""
    reason = EQUATIONS[number].get("reason")

    assert bool(CITED[number]) != bool(reason)


SLIPS = {number for number, entry in EQUATIONS.items() if "slip" in entry}
CORRECTED = {
    citation.where: [f"{book} {reference}" for book, reference in sources.corrected(citation.text)]
    for citation in CITATIONS
}


@pytest.mark.parametrize("number", sorted(SLIPS))
def test_a_slip_is_mentioned_where_the_equation_is_cited(number):
    """Some function that implements an equation with a slip names the correction."""
    assert any(number in corrected for corrected in CORRECTED.values())


@pytest.mark.parametrize("where", [where for where, corrected in CORRECTED.items() if corrected])
def test_only_slips_are_corrected(where):
    """What a `Sources` section corrects has a slip, or is a range that contains one."""
    assert SLIPS & set(CORRECTED[where])


def test_corrections_are_read():
    """A correction belongs to the reference or range before it; other remarks don't count."""
    text = (
        "Hagan 8.5, 8.40, 8.41 (corrected: a; b), fig. 8.1; "
        "Wichmann 1.7 (later), 4.1-4.2 (corrected: x)."
    )

    assert list(sources.corrected(text)) == [
        ("Hagan", "8.41"),
        ("Wichmann", "4.1"),
        ("Wichmann", "4.2"),
    ]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Hagan 8.20, 8.38-8.40; Wichmann 4.1 (stride); Wolter 3, 5.", []),
        ("Hagan 8.54.", ["Hagan 8.54"]),
        ("Hagan 8.52-8.55.", ["Hagan 8.54", "Hagan 8.55"]),
        ("Wichmann 4.16 (corrected: x, y); LeCun 1998.", ["Wichmann 4.16"]),
        ("Wolter 9.", ["Wolter 9"]),
        ("Hagan fig. 8.12, P8.3, E8.9, Summary; Wichmann 3.5, fig. 4; Wolter, exercise 11.", []),
        ("Hagan fig. 8.99.", ["Hagan fig. 8.99"]),
        ("Hagan E8.11, P8.5.", ["Hagan E8.11", "Hagan P8.5"]),
        ("after Hagan.", ["after Hagan"]),
    ],
)
def test_wrong_references_are_found(text, wrong):
    """`Sources` lists books with numbers, then other literature with years."""
    citation = sources.Citation(module="m", name="f", text=text)

    assert sources.unknown(citation, EQUATIONS) == wrong
