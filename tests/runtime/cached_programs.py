"""Programs for the tests of the cache, and what is in its folder."""

from striate.runtime.cache import key_of

KEY, OTHER_KEY = key_of("a plan"), key_of("another plan")
CODE = bytes(range(256)) * 8
HEADER = 52


def files(cache):
    """Give the files of a cache in the order of their names."""
    return sorted(cache.folder.iterdir())
