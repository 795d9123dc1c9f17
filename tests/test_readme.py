"""The commands in README.md work, and all links in documents lead somewhere."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import page_code
import pytest
from PIL import Image

import striate as st

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = re.findall(r"^\$ (.+)$", TEXT, re.MULTILINE)
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
DOCUMENTS = [
    pytest.param(path, id=path.relative_to(ROOT).as_posix())
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
    if not {"_build", "api", "internals", "auto_examples"} & set(path.parts)
]


def test_the_python_of_the_readme_gives_what_is_shown():
    """Every block runs as printed, in order, and its output is the one below it."""
    results = list(page_code.outputs(ROOT / "README.md"))

    assert [found for result in results if (found := page_code.difference(*result))] == []
    assert len(results) >= len(BLOCKS) == 6


def test_the_landing_page_repeats_the_speed_of_the_readme():
    """The speed of a training step on the landing page is that of the table in README.md."""
    page = (ROOT / "docs" / "index.md").read_text()
    [row] = [line for line in TEXT.splitlines() if line.startswith("| training step, LeNet-5")]

    speedups = sorted(re.findall(r"(\d\.\d)×", row))

    assert f"{speedups[0]} to {speedups[-1]} times as fast as with PyTorch" in page


def test_the_first_commands():
    """The first screen installs the project by its name and trains on the digits."""
    name = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["name"]

    first, second, *_ = COMMANDS

    assert first == f"pip install {name}"
    assert second == "striate train digits"


def run(folder, command, *options):
    """Run a command of the README, with more options, in a folder."""
    program, *words = command.split()
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *words, *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_command_of_the_readme_runs(tmp_path):
    """`striate train digits` trains and saves a model; here for one epoch."""
    run(tmp_path, COMMANDS[1], "--epochs", "1", "--no-pictures")

    assert list((tmp_path / "striate-output").glob("*.safetensors"))


def test_the_commands_for_photos_run(tmp_path):
    """They train on a folder, here for one epoch, and write a table of predictions."""
    train, predict = COMMANDS[2:]
    (x, y), _ = st.data.load("digits")
    for k in range(30):
        photo, other = tmp_path / "my-photos" / f"digit {y[k]}" / f"{k}.png", tmp_path / "holiday"
        for folder in (photo.parent, other):
            folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(x[k, :, :, 0]).save(photo)
        Image.fromarray(x[30 + k, :, :, 0]).save(other / f"{k}.png")

    run(tmp_path, train, "--epochs", "1", "--no-pictures")
    run(tmp_path, predict)

    assert len((tmp_path / "predictions.csv").read_text().splitlines()) == 1 + 30


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_recipe_exists(path):
    """Every `make` command in a document is a target of the Makefile."""
    named = set(re.findall(r"(?:`|\$ )make ([a-z-]+)", path.read_text()))

    assert named <= TARGETS


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_link_leads_somewhere(path):
    """Every link to a file of the project works, except to pages that `make docs` generates."""
    links = re.findall(
        r"\]\((?!(?:\.\./)*(?:reference/)?(?:api|internals|auto_examples)/)([^)#: ]+)(?:#[^)]*)?\)",
        path.read_text(),
    )

    missing = [link for link in links if not (path.parent / link).exists()]

    assert missing == []
