"""The option `--check-shapes` finds wrong shapes that NumPy would broadcast."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

# NumPy would broadcast the derivatives of one image to both images, and those of one map to both.
MISTAKES = """
import numpy as np
import pytest

from striate.functions.net_input import Sum
from striate.functions.transfer import Tanh

A = np.zeros((2, 2, 3, 3))


def test_right_shapes():
    assert Tanh().backward_n(A, A, A).shape == A.shape


def test_one_image_too_few():
    assert Tanh().backward_n(A, A, A[:1]).shape == A.shape


@pytest.mark.bad_input
def test_one_image_too_few_on_purpose():
    assert Tanh().backward_n(A, A, A[:1]).shape == A.shape


def test_other_maps_after_bad_input():
    assert len(Sum().backward_z((A, A), np.zeros(2), A[:, :1])) == 2
"""


def run(folder, *options):
    """Run pytest on the mistakes in a separate process; return its exit code and its report."""
    (folder / "test_mistakes.py").write_text(MISTAKES)
    command = ["-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", folder, "-p", "conftest"]
    ran = subprocess.run(
        [sys.executable, *command, "-p", "no:cacheprovider", *options, "test_mistakes.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout


def test_without_the_option_wrong_shapes_pass(tmp_path):
    """By default, annotations aren't checked and cost nothing."""
    code, report = run(tmp_path)

    assert code == 0, report
    assert "4 passed" in report


def test_with_the_option_wrong_shapes_are_found(tmp_path):
    """The error names function and parameter; `bad_input` disables the check in its test only."""
    code, report = run(tmp_path, "--check-shapes")

    assert code == 1, report
    assert "2 failed, 2 passed" in report
    assert "test_one_image_too_few -" in report
    assert "test_other_maps_after_bad_input -" in report
    assert "checking the parameters of striate.functions.transfer.tanh.Tanh.backward_n" in report
    assert "typechecking parameter 'da'" in report


def test_with_the_option_the_suite_passes():
    """The annotations of mathematics and kinds are correct: here for a small part."""
    part = [
        ROOT / "tests" / name for name in ("functions/test_pooling.py", "maths/test_columns.py")
    ]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--check-shapes", "-p", "no:cacheprovider", *part],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout
