"""Programs and helpers for the tests of the cache."""

from striate.runtime.cache import key_of

KEY, OTHER_KEY = key_of("a plan"), key_of("another plan")
CODE = bytes(range(256)) * 8
HEADER = 52


def files(cache):
    """Return the files of a cache, sorted by name."""
    return sorted(cache.folder.iterdir())
