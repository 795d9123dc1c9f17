"""The page about template matching: its code runs and prints what the page shows."""

import contextlib
import io
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "match.md"


def test_the_page_shows_what_its_code_prints():
    """Each block of Python is followed by its output."""
    blocks = re.findall(
        r"```python\n(.*?)```\s*(?:```text\n(.*?)```)?", PAGE.read_text(), re.DOTALL
    )
    names = {}

    for code, expected in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, names)
        assert printed.getvalue() == expected
    assert len(blocks) == 4
