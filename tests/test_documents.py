"""The code in the pages of docs/ and the examples of the gallery run, and give what is shown."""

import re
import subprocess
import sys
from pathlib import Path

import draw_landing_page
import page_code
import pytest
import write_pages

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
EXAMPLES = sorted((ROOT / "examples").glob("*/[0-9][0-9]_*.py"))
GENERATED = {"_build", "api", "internals", "auto_examples"}
# Trains a network for twenty epochs.
SLOW_PAGES = {"index"}


def pages():
    """Return the pages with code that runs; `make golden` runs the code of generated pages."""
    for path in sorted(DOCS.rglob("*.md")):
        name = path.relative_to(DOCS).with_suffix("").as_posix()
        if GENERATED & set(path.parts) or name in write_pages.PAGES:
            continue
        if page_code.blocks(path.read_text()):
            marks = [pytest.mark.slow] if name in SLOW_PAGES else []
            yield pytest.param(path, id=name, marks=marks)


@pytest.mark.parametrize("path", list(pages()))
def test_a_page_shows_what_its_code_prints(path, tmp_path, monkeypatch):
    """Every block runs, in order; output is below it, and pictures are those that it draws."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")

    results = list(page_code.outputs(path))

    assert [found for result in results if (found := page_code.difference(*result))] == []
    for drawn, shown in page_code.pictures(path):
        assert drawn.read_bytes() == shown.read_bytes(), f"run page_code.py --update {path}"


@pytest.mark.parametrize("section", ["learn", "how-to", "reference", "background"])
def test_every_page_is_in_the_navigation(section):
    """The toctree of a section lists exactly its pages; generated ones are in subfolders."""
    index = (DOCS / section / "index.md").read_text()
    entries = re.findall(r"^```\{toctree\}\n(.*?)^```", index, re.MULTILINE | re.DOTALL)
    listed = re.findall(r"^(?:.*<)?([\w-]+)>?$", "\n".join(entries), re.MULTILINE)

    pages = {path.stem for path in (DOCS / section).glob("*.md")} - {"index"}
    assert set(listed) == pages
    assert len(listed) == len(pages)


def test_the_pages_with_code():
    """The pages that lead a new user are among those that run."""
    names = {param.id for param in pages()}

    assert names >= {"index", "learn/getting-started", "how-to/match", "how-to/your-own-photos"}
    assert not names & set(write_pages.PAGES)


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.stem)
def test_a_block_that_does_not_run_has_a_reason(path):
    """Python outside the three kinds of blocks that run would never be checked."""
    languages = re.findall(r"^```(\w+)\n", path.read_text(), re.MULTILINE)

    assert not {"py", "python3", "bash", "sh", "shell", "ipython"} & set(languages)


@pytest.mark.parametrize(
    ("shown", "printed", "agree"),
    [
        ("a 1\n", "a  1\n", True),
        ("a 1\n", "a 2\n", False),
        ("a 0.25\n", "a 0.26\n", True),
        ("a 0.25\n", "a 0.27\n", False),
        ("a 1\n", "b 1\n", False),
        ("a\n...\nz\n", "a\nb\nc 3\nz\n", True),
        ("a\n...\nz\n", "a\nb\n", False),
        ("", "a\n", False),
        ("a\n", "", False),
    ],
)
def test_how_outputs_are_compared(shown, printed, agree):
    """Words must agree, decimals up to their last digit; three dots are any lines."""
    page = f"```python\nprint()\n```\n\n```text\n{shown}```\n"
    [block] = page_code.blocks(page)

    assert (page_code.difference(block, printed) == "") == agree


def test_exceptions_in_a_page():
    """A comment before a block excludes it, or compares its words only."""
    page = (
        "<!-- not run: no network -->\n```console\n$ pip install striate\n```\n\n"
        "<!-- numbers vary: times -->\n```python\nprint(1)\n```\n\n```text\n1 s\n```\n"
    )

    skipped, timed = page_code.blocks(page)

    assert skipped.exception == "not run"
    assert page_code.difference(timed, "25 s\n") == ""
    assert page_code.difference(timed, "25 ms\n") != ""


def test_output_is_rewritten():
    """`--update` writes the output of each block of Python below it."""
    page = "```python\nprint(1)\n```\n\n```text\n0\n```\n\n```python\nprint(2)\n```\n"
    first, second = page_code.blocks(page)

    text = page_code.rewritten(page, [(first, "1\n"), (second, "2\n")])

    assert text == (
        "```python\nprint(1)\n```\n\n```text\n1\n```\n\n```python\nprint(2)\n```"
        "\n\n```text\n2\n```\n"
    )


def test_the_pictures_of_the_pages_for_new_readers():
    """Each picture is drawn by the block of code above it, and has two versions."""
    counts = []
    for page in draw_landing_page.PAGES:
        files = [file for _, file in draw_landing_page.blocks(page.read_text()) if file]
        for file in files:
            path = page.parent / file
            assert path.is_file()
            assert path.with_stem(f"{path.stem}-dark").is_file()
        counts.append(len(files))

    assert counts == [3, 4]


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


CHAPTERS = [path for path in EXAMPLES if path.parent.name == "learn" and path.stem[:2] < "09"]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_of_the_tutorial_is_not_a_wall_of_code(path):
    """A block has at most twelve lines of code, and the chapter ends with exercises."""
    text = path.read_text()
    blocks = re.split(r"^# %%.*$", text.split('"""', 2)[2], flags=re.MULTILINE)

    lengths = [len(re.findall(r"^(?!#)\s*\S", block, re.MULTILINE)) for block in blocks]

    assert len(lengths) > 8
    assert max(lengths) <= 12
    assert re.search(r"^# Exercises\n# -+\n#\n# 1\. ", blocks[-1], re.MULTILINE)


def test_there_are_examples():
    """The gallery is not empty."""
    assert len(EXAMPLES) >= 5
