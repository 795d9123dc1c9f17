"""ARCHITECTURE.md is correct: its tutorial works, its files exist, its drawing is up to date."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import draw_floors
import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "ARCHITECTURE.md").read_text()
KIND, EXPORT, USE = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def run(command, source):
    """Run Python with a copy of the library before the installed one on its path."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def contract_tests(source):
    """Run the contract tests that name the new kind."""
    return run(
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract", "-k", "softsign"], source
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Copy the library, and add the file from the tutorial."""
    folder = tmp_path_factory.mktemp("walk") / "src"
    shutil.copytree(
        ROOT / "src" / "striate", folder / "striate", ignore=shutil.ignore_patterns("*.pyc")
    )
    path = KIND.splitlines()[0].removeprefix("# src/")
    (folder / path).write_text(KIND.split("\n", 1)[1])
    return folder


@pytest.fixture(scope="module")
def exported(source):
    """Add the export line from the tutorial."""
    path, line = EXPORT.splitlines()
    init = source / path.removeprefix("# src/")
    init.write_text(f"{init.read_text()}{line}\n")
    return source


def test_it_is_short():
    """A newcomer can read it in one sitting: it has at most 250 lines."""
    assert len(TEXT.splitlines()) <= 250


def test_a_half_added_kind_is_found(source):
    """Without the export, a test fails and its message names the missing export."""
    report = contract_tests(source)

    assert report.returncode == 1
    assert "add Softsign to the __init__.py of its package" in report.stdout


def test_the_walk_adds_a_kind(exported):
    """With its file and its export, the new kind works in shorthand, JSON and constructors."""
    report = run(["-c", USE], exported)

    assert report.returncode == 0, report.stderr


def test_the_contract_tests_find_the_new_kind(exported):
    """Each contract test runs on the new kind, although none was written for it."""
    report = contract_tests(exported)

    assert report.returncode == 0, report.stdout
    assert int(re.search(r"(\d+) passed", report.stdout)[1]) >= 10


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([a-z_]+/[a-z_/.]*)`", TEXT))))
def test_every_file_that_it_names_exists(path):
    """A file or folder in the text exists, in the repository or in src/striate."""
    assert (ROOT / path).exists() or (ROOT / "src" / "striate" / path).exists()


@pytest.mark.parametrize("name", ["floors.dot", "floors.svg"])
def test_the_drawing_shows_the_imports(name):
    """The drawing is what `make graph` draws."""
    drawn = draw_floors.drawings()[name]

    assert drawn == (ROOT / "docs" / "images" / name).read_text()


def test_no_arrow_of_the_drawing_points_up():
    """Each import in the drawing points to a lower floor."""
    rows = draw_floors.floors()
    floor = {name: number for number, row in enumerate(rows) for name in row}

    arrows = draw_floors.edges(list(floor))

    assert all(floor[importer] < floor[imported] for importer, imported in arrows)
