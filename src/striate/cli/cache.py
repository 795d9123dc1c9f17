"""The command ``striate cache``."""

from collections.abc import Sequence
from pathlib import Path

import click

from striate.cli.output import CommandOutput, counted, json_option
from striate.data.picture_store import PictureStore
from striate.errors import DataError
from striate.runtime.cache import ObjectCache

_HELP = """Show or clear the caches of compiled programs and decoded pictures.

striate compiles a network once for its shapes and this processor, and keeps the machine code, so
that training starts immediately the next time. The cache is the folder set by the environment
variable STRIATE_CACHE, or by default a folder in your cache directory. It is used only if you own
it and no one else can write to it. When it is full, the least recently used programs are removed.

Pictures of a folder that would take more than a quarter of the free memory are decoded into a file
of another cache, so that the next run doesn't have to decode them again.

\b
Examples:
  striate cache
  striate cache --clear
"""


@click.command("cache", help=_HELP)
@click.option("--clear", is_flag=True, help="Remove all compiled programs and decoded pictures.")
@json_option
def command(clear: bool, as_json: bool) -> None:
    """Show or clear the cache."""
    out = CommandOutput(as_json=as_json)
    cache, store = ObjectCache(), _store()
    removed, freed = _clear(cache) if clear else (0, 0)
    before = [] if store is None else store.entries()
    if clear and store is not None:
        store.clear()
    entries = cache.entries()
    pictures = [] if store is None else store.entries()
    size = sum(entry.size for entry in entries)
    problem = cache.obstacle()
    if clear:
        what = [f"{counted(removed, 'program')} ({_mebibytes(freed)})"] if freed else []
        if before:
            files = counted(len(before), "file")
            what.append(f"{files} of decoded pictures ({_mebibytes(_size(before))})")
        out.say(f"Removed {' and '.join(what)}." if what else "The cache is already empty.")
    else:
        out.say(f"folder    {cache.folder or 'none'}", whole=True)
        out.say(f"programs  {len(entries):,}")
        out.say(f"size      {_mebibytes(size)} of at most {_mebibytes(cache.limit)}")
        if store is not None and pictures:
            limit = _mebibytes(store.limit)
            out.say(f"\ndecoded pictures  {store.folder}", whole=True)
            out.say(f"files             {len(pictures):,}")
            out.say(f"size              {_mebibytes(_size(pictures))} of at most {limit}")
    if problem:
        out.say(
            f"\nThe cache is not used: {problem}. Each process compiles its own programs. "
            "Set STRIATE_CACHE to a folder that you own and that no one else can write to."
        )
    out.result(
        {
            "folder": cache.folder,
            "programs": len(entries),
            "size": size,
            "limit": cache.limit,
            "problem": problem,
            "removed": removed,
            "freed": freed,
            "pictures": {
                "folder": None if store is None else str(store.folder),
                "files": len(pictures),
                "size": _size(pictures),
                "removed": len(before) if clear else 0,
                "freed": _size(before) if clear else 0,
            },
        }
    )


def _clear(cache: ObjectCache) -> tuple[int, int]:
    """Clear the cache; return the number of programs removed, and their bytes."""
    programs = len(cache.entries())
    return programs, cache.clear()


def _store() -> PictureStore | None:
    """Return the cache of decoded pictures, unless the user has no home folder."""
    try:
        return PictureStore()
    except DataError:
        return None


def _size(entries: Sequence[tuple[Path, int]]) -> int:
    """Add the sizes of files."""
    return sum(size for _, size in entries)


def _mebibytes(size: int) -> str:
    """Write a number of bytes."""
    return f"{size / (1 << 20):,.1f} MiB"
