"""The built documentation needs no other host: formulas, styles and scripts come with the pages."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from foreign_hosts import foreign, foreign_in

DOCS = Path(__file__).parents[1] / "docs"
TOOLS = DOCS.parent / "tools"
SOURCE = DOCS.parent / "src"


def test_docstrings_describe_attributes_where_they_are_set():
    """No docstring has a section of attributes.

    Sphinx turns the names in such a section into links, and a name such as `name` or `shapes` may
    have several targets. A string below the assignment documents an attribute without a link.
    """
    found = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if re.search(r"^ *Attributes\n *-{10}$", path.read_text(), re.MULTILINE)
    ]

    assert found == []


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<script src="https://cdn.example/x.js"></script>', ["https://cdn.example/x.js"]),
        ('<script src="//cdn.example/x.js"></script>', ["//cdn.example/x.js"]),
        ('<link rel="stylesheet" href="http://a.example/x.css">', ["http://a.example/x.css"]),
        ('<link rel="preload" href="https://a.example/x.woff2">', ["https://a.example/x.woff2"]),
        ('<img srcset="a.png, https://a.example/b.png 2x">', ["https://a.example/b.png"]),
        ("<style>@import 'https://a.example/x.css';</style>", ["https://a.example/x.css"]),
        ('<p style="background: url(//a.example/x.png)">', ["//a.example/x.png"]),
        ('<script src="_static/x.js"></script><link rel="icon" href="/icon.png">', []),
        ('<a href="https://a.example">text</a><link rel="canonical" href="https://a.example">', []),
        ('<svg xmlns="http://www.w3.org/2000/svg"></svg>', []),
    ],
)
def test_what_a_page_loads_from_other_hosts(html, found):
    """Whatever a browser loads is found; links to follow, and names of formats, are not."""
    assert foreign(html) == found


def test_what_a_style_sheet_loads_from_other_hosts():
    """Fonts and imported styles are found in a style sheet."""
    css = "@import url(https://a.example/a.css); @font-face { src: url('../fonts/b.woff2'); }"

    assert foreign(css, css=True) == ["https://a.example/a.css"]


@pytest.mark.slow
def test_pages_with_formulas_come_with_mathjax(tmp_path):
    """A page of formulas, built as in `make docs`, comes with MathJax and its fonts."""
    pytest.importorskip("sphinx", reason="`make docs` installs Sphinx")
    source, built = tmp_path / "docs", tmp_path / "html"
    shutil.copytree(DOCS / "_static", source / "_static")
    shutil.copy(DOCS / "conf.py", source)
    shutil.copy(DOCS / "gallery_figures.py", source)
    shutil.copy(DOCS / "reference" / "glossary.md", source / "index.md")
    extensions = "myst_parser,sphinx.ext.mathjax,sphinx-mathjax-offline"

    subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "-q", "-b", "html", "-D", f"extensions={extensions}"),
            *("-D", "exclude_patterns=reference,learn", str(source), str(built)),
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TOOLS), *sys.path])},
        check=True,
    )

    page = (built / "index.html").read_text()
    assert 'src="_static/mathjax/tex-chtml.js' in page
    assert (built / "_static" / "mathjax" / "tex-chtml.js").is_file()
    assert list((built / "_static" / "mathjax").rglob("MathJax_Math-Italic.woff"))
    assert list(foreign_in(built)) == []
