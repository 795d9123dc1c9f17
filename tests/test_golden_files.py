"""A golden file that no test compares is found, in a small suite with the same `conftest.py`."""

import subprocess
import sys
from pathlib import Path

import pytest

TEST = """
import pytest

@pytest.mark.parametrize("case", ["a", "b"])
def test_a_text(case, golden):
    golden(f"texts/{case}", case)
"""


@pytest.fixture
def suite(tmp_path):
    """Create two modules of tests with three golden files, and one that none of them compares."""
    (tmp_path / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text())
    (tmp_path / "test_texts.py").write_text(TEST)
    (tmp_path / "test_other.py").write_text("def test_one(golden):\n    golden('other', 'text')\n")
    (tmp_path / "golden" / "texts").mkdir(parents=True)
    for name, text in {"texts/a": "a", "texts/b": "b", "other": "text", "texts/c": "c"}.items():
        (tmp_path / "golden" / f"{name}.txt").write_text(f"{text}\n")
    return tmp_path


def run(suite, *words):
    """Run the suite in a separate process."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", *words],
        cwd=suite, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_orphan_fails_a_complete_run(suite):
    """All tests pass, and yet the run fails and names the file."""
    done = run(suite, ".")

    assert done.returncode == 1
    assert "3 passed" in done.stdout
    assert "\ngolden/texts/c.txt\n" in done.stdout


def test_an_orphan_fails_a_run_in_several_processes(suite):
    """What the processes compared is put together; the run fails and names the file."""
    done = run(suite, ".", "-n", "2", "--dist", "loadfile")

    assert done.returncode == 1
    assert "3 passed" in done.stdout
    assert "\ngolden/texts/c.txt\n" in done.stdout
    assert "other.txt" not in done.stdout


def test_other_modules_need_not_run(suite):
    """Modules that compare no golden files may be missing, such as those that need PyTorch."""
    (suite / "test_unrelated.py").write_text("def test_nothing():\n    pass\n")

    done = run(suite, ".", "--ignore", "test_unrelated.py")

    assert done.returncode == 1
    assert "\ngolden/texts/c.txt\n" in done.stdout


@pytest.mark.parametrize(
    "words", [["test_texts.py"], ["-k", "a_text"], [".", "--deselect", "test_other.py"]]
)
def test_part_of_the_tests_proves_nothing(suite, words):
    """Without all tests that compare golden files, no file is an orphan."""
    done = run(suite, *words)

    assert done.returncode == 0, done.stdout


def test_updating_deletes_orphans(suite):
    """`--update-golden` deletes the file, names it, and leaves the others."""
    done = run(suite, ".", "--update-golden")

    assert done.returncode == 0
    assert "\ngolden/texts/c.txt\n" in done.stdout
    left = {path.name for path in (suite / "golden").rglob("*.txt")}
    assert left == {"a.txt", "b.txt", "other.txt"}
    assert run(suite, ".").returncode == 0
