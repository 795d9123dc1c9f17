"""Draw the pictures of the landing page, docs/index.md, by running its code.

    python tools/draw_landing_page.py

A block of Python that is followed by an image ends with the call that draws it. The picture is
drawn twice, for light and for dark pages. Training takes about twenty seconds.
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
PAGE = DOCS / "index.md"
_BLOCK = re.compile(r"```python\n(.*?)```(?:\s*```{image} (images/\S+\.png))?", re.DOTALL)


def blocks(text: str) -> list[tuple[str, str]]:
    """Return the code of each block of Python, and the file of the picture that follows, if any."""
    return _BLOCK.findall(text)


def drawn(text: str) -> Iterator[tuple[Path, Any]]:
    """Run the blocks in order, and yield each picture with its file, light and dark."""
    sys.path.insert(0, str(DOCS))
    from gallery_figures import DARK  # noqa: PLC0415  # it needs Sphinx; `blocks` doesn't

    names: dict[str, Any] = {}
    for code, file in blocks(text):
        tree = ast.parse(code)
        last = tree.body.pop() if file else None
        exec(compile(tree, str(PAGE), "exec"), names)
        if last is None:
            continue
        assert isinstance(last, ast.Expr)
        call = compile(ast.Expression(last.value), str(PAGE), "eval")
        path = DOCS / file
        yield path, eval(call, names)
        with rc_context(DARK):
            yield path.with_stem(f"{path.stem}-dark"), eval(call, names)


def main() -> None:
    """Draw all pictures."""
    for path, axes in drawn(PAGE.read_text()):
        st.pictures.save(axes, path)
        print(path.relative_to(DOCS.parent))


if __name__ == "__main__":
    main()
