"""The benchmark of a folder of pictures that does not fit in memory, on a small one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is that of Linux")
def test_a_small_folder(shared_data):
    """It prints the sizes, the peak memory and the speeds, and the weights are the same."""
    done = subprocess.run(
        [
            sys.executable,
            BENCHMARKS / "large_folder.py",
            *("--pictures", "60", "--size", "48", "--subset", "40", "--rounds", "1"),
        ],
        env=os.environ | {"STRIATE_DATA": str(shared_data)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert "60 JPEG pictures of 600 x 400" in done.stdout
    assert 0.05 < float(re.search(r"peak memory of the process ([\d.]+) GB", done.stdout)[1]) < 1
    assert len(re.findall(r"40 images from \w+ +\d+ images/s", done.stdout)) == 2
    assert "; the same weights" in done.stdout
