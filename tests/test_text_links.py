"""Names of equations and exercises in the documentation become links."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mentions import mentions

TOOLS = Path(__file__).parents[1] / "tools"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hagan 8.44", {"Hagan 8.44": "hagan-8.44"}),
        ("Hagan 8.20, 8.38", {"Hagan 8.20": "hagan-8.20", "8.38": "hagan-8.38"}),
        ("Hagan 8.29 to 8.31", {"Hagan 8.29": "hagan-8.29", "8.31": "hagan-8.31"}),
        ("Hagan 8.39-8.41", {"Hagan 8.39": "hagan-8.39", "8.41": "hagan-8.41"}),
        ("Hagan 8.19 (a floor), 8.20", {"Hagan 8.19": "hagan-8.19", "8.20": "hagan-8.20"}),
        ("Hagan fig. 8.12", {"Hagan fig. 8.12": "hagan-figure-8.12"}),
        (
            "Hagan's figures 8.10 and 8.11",
            {"Hagan's figures 8.10": "hagan-figure-8.10", "8.11": "hagan-figure-8.11"},
        ),
        (
            "Hagan fig. 8.6, fig. 8.12",
            {"Hagan fig. 8.6": "hagan-figure-8.6", "fig. 8.12": "hagan-figure-8.12"},
        ),
        ("Wichmann, figure 1: which", {"Wichmann, figure 1": "wichmann-figure-1"}),
        ("Hagan 8.8, fig. 8.12, 8.9", {"Hagan 8.8": "hagan-8.8", "8.9": "hagan-8.9"}),
        ("Hagan's 8.44", {"Hagan's 8.44": "hagan-8.44"}),
        ("equation (Wichmann 4.1).", {"Wichmann 4.1": "wichmann-4.1"}),
        ("Wolter 7; Wichmann 2.3", {"Wolter 7": "wolter-7", "Wichmann 2.3": "wichmann-2.3"}),
        (
            "the sum (8.36, 8.39 to 8.48)",
            {"8.36": "hagan-8.36", "8.39": "hagan-8.39", "8.48": "hagan-8.48"},
        ),
        ("Wolter's inverse (8)", {}),
        ("it took longer (8.8 ns instead of 3.5 ns)", {}),
        ("exercise E8.7, P8.3", {"E8.7": "exercise-e8.7", "P8.3": "exercise-p8.3"}),
    ],
)
def test_what_a_text_mentions(text, found):
    """Every number after the name of a text is found, with the label of its section."""
    assert {text[one.start : one.end]: one.label for one in mentions(text)} == found


@pytest.mark.parametrize(
    "text",
    [
        "Hagan, figure 8.13",
        "Figure 8.2",
        "Wichmann section 3.4.1",
        "Wichmann 3.4.1",
        "Hagan 8.99",
        "Hagan 2015",
        "E8.11",
        "LeCun 1998, 8.44",
    ],
)
def test_what_is_not_an_equation(text):
    """Figures, sections, years and unknown numbers aren't taken for equations."""
    assert mentions(text) == []


@pytest.mark.slow
def test_mentions_become_links(tmp_path):
    """In a built page, mentions link to the equation; code, headings and other links don't."""
    pytest.importorskip("sphinx", reason="`make docs` installs Sphinx")
    source, built = tmp_path / "docs", tmp_path / "html"
    source.mkdir()
    (source / "conf.py").write_text('extensions = ["myst_parser", "text_links"]\n')
    (source / "equations.md").write_text(
        "# Equations\n\n(hagan-8.1)=\n\n## Hagan 8.1\n\n(hagan-8.44)=\n\n## Hagan 8.44\n"
    )
    (source / "index.md").write_text(
        "# About Hagan 8.44\n\n```{toctree}\nequations\n```\n\n"
        "See Hagan 8.1, 8.44 and `Hagan 8.1`; [Hagan 8.1](equations.md).\n"
    )

    subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(source), str(built)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TOOLS), *sys.path])},
        check=True,
    )

    page = (built / "index.html").read_text()
    links = re.findall(r'<a class="[^"]*text-link[^"]*" href="([^"]*)">([^<]*)</a>', page)
    assert links == [
        ("equations.html#hagan-8-1", "Hagan 8.1"),
        ("equations.html#hagan-8-44", "8.44"),
    ]
