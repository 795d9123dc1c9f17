"""Control groups: how Linux tells a process which part of the machine is its own."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def groups(controller: str) -> Iterator[Path]:
    """Go through the folders of the groups that limit this process, from its own one upwards.

    Parameters
    ----------
    controller
        What is limited: ``cpu`` or ``memory``.

    Yields
    ------
    Path
        In a container the path may be one of the host, and the folder not to be seen; the last one
        is that of the container.
    """
    for line in text(MEMBERSHIP).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        # Version 2 has one tree and names no controllers, version 1 has a tree for each.
        root = ROOT / controller if controllers else ROOT
        group = root / path.lstrip("/")
        while group.is_relative_to(root):
            yield group
            group = group.parent


def text(path: Path) -> str:
    """Read a small text; empty if it cannot be read."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
