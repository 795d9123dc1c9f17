"""Draw the pictures of the landing page and of Getting started by running their code.

    python tools/draw_landing_page.py

A block of Python that is followed by an image ends with the call that draws it. The picture is
drawn twice, for light and for dark pages. Training takes about half a minute.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matplotlib import rc_context

import striate as st

DOCS = Path(__file__).parents[1] / "docs"
PAGES = (DOCS / "index.md", DOCS / "learn" / "getting-started.md")
_BLOCK = re.compile(r"```python\n(.*?)```(?:\s*```{image} ((?:\.\./)*images/\S+\.png))?", re.DOTALL)


def blocks(text: str) -> list[tuple[str, str]]:
    """Return the code of each block of Python, and the file of the picture that follows, if any."""
    return _BLOCK.findall(text)


def drawn(page: Path) -> Iterator[tuple[Path, Any]]:
    """Run the blocks of a page in order, and yield each picture with its file, light and dark."""
    sys.path.insert(0, str(DOCS))
    from gallery_figures import DARK  # noqa: PLC0415  # it needs Sphinx; `blocks` doesn't

    names: dict[str, Any] = {}
    for code, file in blocks(page.read_text()):
        tree = ast.parse(code)
        last = tree.body.pop() if file else None
        exec(compile(tree, str(page), "exec"), names)
        if last is None:
            continue
        assert isinstance(last, ast.Expr)
        call = compile(ast.Expression(last.value), str(page), "eval")
        path = (page.parent / file).resolve()
        yield path, eval(call, names)
        with rc_context(DARK):
            yield path.with_stem(f"{path.stem}-dark"), eval(call, names)


def main() -> None:
    """Draw all pictures."""
    for page in PAGES:
        for path, axes in drawn(page):
            st.pictures.save(axes, path)
            print(path.relative_to(DOCS.parent))


if __name__ == "__main__":
    main()
