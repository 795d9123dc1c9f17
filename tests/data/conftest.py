"""Fixtures of the tests of data."""

import re

import pytest


@pytest.fixture
def message(request, golden, tmp_path):
    """Compare an error's text with the golden file of the test; its folder becomes FOLDER."""
    name = re.sub(r"\W+", "-", request.node.name.removeprefix("test_").replace("_", "-")).strip("-")
    stem = request.node.path.stem.removeprefix("test_").replace("_", "-")
    count = 0

    def compare(error, *, lines=False):
        nonlocal count
        count += 1
        text = str(error.value).replace(str(tmp_path), "FOLDER")
        assert all(line.isprintable() for line in text.split("\n"))
        assert lines or "\n" not in text
        golden(f"messages/{stem}-{name}{f'-{count}' if count > 1 else ''}", text)

    return compare
