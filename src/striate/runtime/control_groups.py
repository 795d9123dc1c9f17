"""Linux control groups, which limit the processors and the memory of a process."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def groups(controller: str) -> Iterator[Path]:
    """Iterate over the folders of the groups that limit this process, from its own one upward.

    Parameters
    ----------
    controller
        The limited resource: ``cpu`` or ``memory``.

    Yields
    ------
    Path
        In a container, the path may be that of the host, where the folder isn't visible. The last
        one is that of the container.
    """
    for line in text(MEMBERSHIP).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        # Version 2 has one tree and lists no controllers; version 1 has one tree per controller.
        root = ROOT / controller if controllers else ROOT
        group = root / path.lstrip("/")
        while group.is_relative_to(root):
            yield group
            group = group.parent


def text(path: Path) -> str:
    """Read a small text file; empty if that fails."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
