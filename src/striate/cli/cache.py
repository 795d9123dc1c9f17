"""The command ``striate cache``."""

import click

from striate.cli.output import CommandOutput, counted, json_option
from striate.runtime.cache import ObjectCache

_HELP = """Show or clear the cache of compiled programs.

striate compiles a network once for its shapes and this processor, and keeps the machine code, so
that training starts immediately the next time. The cache is the folder set by the environment
variable STRIATE_CACHE, or by default a folder in your cache directory. It is used only if you own
it and no one else can write to it. When it is full, the least recently used programs are removed.

\b
Examples:
  striate cache
  striate cache --clear
"""


@click.command("cache", help=_HELP)
@click.option("--clear", is_flag=True, help="Remove all compiled programs.")
@json_option
def command(clear: bool, as_json: bool) -> None:
    """Show or clear the cache."""
    out = CommandOutput(as_json=as_json)
    cache = ObjectCache()
    removed, freed = _clear(cache) if clear else (0, 0)
    entries = cache.entries()
    size = sum(entry.size for entry in entries)
    problem = cache.obstacle()
    if clear:
        out.say(
            f"Removed {counted(removed, 'program')} ({_mebibytes(freed)})."
            if freed
            else "The cache is already empty."
        )
    else:
        out.say(f"folder    {cache.folder or 'none'}", whole=True)
        out.say(f"programs  {len(entries):,}")
        out.say(f"size      {_mebibytes(size)} of at most {_mebibytes(cache.limit)}")
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
        }
    )


def _clear(cache: ObjectCache) -> tuple[int, int]:
    """Clear the cache; return the number of programs removed, and their bytes."""
    programs = len(cache.entries())
    return programs, cache.clear()


def _mebibytes(size: int) -> str:
    """Write a number of bytes."""
    return f"{size / (1 << 20):,.1f} MiB"
