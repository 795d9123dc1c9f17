"""The command ``striate cache``."""

import click

from striate.cli.output import Output, counted, json_option
from striate.runtime.cache import ObjectCache

_HELP = """Show the cache of compiled programs, or empty it.

striate compiles a network once for its sizes and for this processor, and keeps the machine code:
the next time, training starts at once. The folder is the one that the environment variable
STRIATE_CACHE names, else one among the user's caches. Only a folder that belongs to the user, and
that nobody else may write to, is used. What was not used for longest makes room for what is new.

\b
Examples:
  striate cache
  striate cache --clear
"""


@click.command("cache", help=_HELP)
@click.option("--clear", is_flag=True, help="Remove all programs that are kept.")
@json_option
def command(clear: bool, as_json: bool) -> None:
    """Show the cache, or empty it."""
    out = Output(as_json=as_json)
    cache = ObjectCache()
    removed, freed = _clear(cache) if clear else (0, 0)
    entries = cache.entries()
    size = sum(entry.size for entry in entries)
    problem = cache.obstacle()
    if clear:
        out.say(
            f"Removed {counted(removed, 'program')}: {_mebibytes(freed)} are free again."
            if freed
            else "There was nothing to remove."
        )
    else:
        out.say(f"folder    {cache.folder or 'none'}", whole=True)
        out.say(f"programs  {len(entries):,}")
        out.say(f"size      {_mebibytes(size)} of at most {_mebibytes(cache.limit)}")
    if problem:
        out.say(
            f"\nNew programs cannot be kept there: {problem}. Each process compiles its own. "
            "Set STRIATE_CACHE to a folder of your own that nobody else may write to."
        )
    out.answer(
        {
            "folder": cache.folder,
            "programs": len(entries),
            "size": size,
            "limit": cache.limit,
            "problem": problem,
            "removed": removed,
            "freed": freed,
        }
    )


def _clear(cache: ObjectCache) -> tuple[int, int]:
    """Empty the cache; tell how many programs it held, and the bytes that are free again."""
    programs = len(cache.entries())
    return programs, cache.clear()


def _mebibytes(size: int) -> str:
    """Write a size, given in bytes."""
    return f"{size / (1 << 20):,.1f} MiB"
