"""The Python code in the pages of docs/ and the examples of the gallery run."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

import striate as st

ROOT = Path(__file__).parents[1]
PAGES = ["learn/getting-started", "reference/shorthand"]
SESSIONS = ["reference/errata", "learn/mathematics"]
EXAMPLES = sorted((ROOT / "examples").glob("*/[0-9][0-9]_*.py"))


@pytest.mark.parametrize("name", PAGES)
def test_the_python_of_a_page_runs(name, monkeypatch):
    """Every block runs as printed, in order; on 200 digits, to be quick."""
    load = st.data.load

    def load_few(name):
        (x, y), (x_test, y_test) = load(name)
        return (x[:200], y[:200]), (x_test[:100], y_test[:100])

    monkeypatch.setattr(st.data, "load", load_few)
    names = {}
    for block in re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / f"{name}.md").read_text(), re.DOTALL
    ):
        exec(block, names)

    assert names["net"].parameter_count > 0


@pytest.mark.parametrize("name", SESSIONS)
def test_the_sessions_of_a_page_give_what_is_printed(name, capsys):
    """Every line after `>>>` gives the output below it; the blocks of a page share their names."""
    path = ROOT / "docs" / f"{name}.md"
    blocks = re.findall(r"```pycon\n(.*?)```", path.read_text(), re.DOTALL)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, name, str(path), 0)

    result = doctest.DocTestRunner(verbose=False).run(test)

    assert result.failed == 0, capsys.readouterr().out
    assert result.attempted > len(blocks) > 10


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_example_runs(path):
    """An example of the gallery runs from its first line to its last; its own asserts hold."""
    code = f"import matplotlib; matplotlib.use('agg'); import runpy; runpy.run_path({str(path)!r})"

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=path.parent,  # where the gallery runs it, and where its data are
    )

    assert done.returncode == 0, done.stderr


def test_there_are_examples():
    """The gallery is not empty."""
    assert len(EXAMPLES) >= 5
