"""Fixtures for the tests of the cache."""

import pytest

from runtime.cached_programs import CODE, KEY
from striate.runtime.cache import ObjectCache


@pytest.fixture
def cache(tmp_path):
    """Make a cache in a folder that doesn't exist yet."""
    return ObjectCache(tmp_path / "some" / "cache")


@pytest.fixture
def filled(cache):
    """Make a cache with one program."""
    cache.put(KEY, CODE)
    return cache
