"""The comparisons with PyTorch aren't skipped in continuous integration."""

import os
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.slow


def test_torch_is_installed_for_the_slow_tests():
    """If continuous integration runs the slow tests, PyTorch is installed."""
    if not (os.environ.get("CI") or os.environ.get("STRIATE_REQUIRE_TORCH")):
        pytest.skip("neither CI nor STRIATE_REQUIRE_TORCH is set: PyTorch may be missing")

    assert find_spec("torch") is not None
