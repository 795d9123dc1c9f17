"""The available memory, and the error that is raised before any work is lost."""

from dataclasses import dataclass
from pathlib import Path

from striate.errors import Argument, InPython, Message, OutOfMemoryError
from striate.runtime.control_groups import groups, text

MEMORY = Path("/proc/meminfo")


def available() -> int | None:
    """Return the available memory.

    Linux grants more memory than it has, and kills a process when it uses it.

    Returns
    -------
    int or None
        Number of bytes, from the system and the control groups of this process. None if unknown.
    """
    found = [headroom for group in groups("memory") if (headroom := _headroom(group)) is not None]
    free = _free()
    return min([*found, *([] if free is None else [free])], default=None)


@dataclass(frozen=True, kw_only=True)
class MemoryRequirement:
    """The memory that a program needs.

    Parameters
    ----------
    images
        Maximum number of images in a batch.
    arena
        Size in bytes of the arena, which holds arrays for all images of a batch.
    scratch
        Size in bytes of the scratch memory of all threads together; each thread's is for a few
        images.
    """

    images: int
    arena: int
    scratch: int

    def require(self) -> None:
        """Raise if less memory is available.

        Raises
        ------
        OutOfMemoryError
            With the required and the available memory, and what to change.
        """
        free = available()
        if free is not None and self.arena + self.scratch > free:
            raise self.error(free)

    def error(self, free: int | None = None) -> OutOfMemoryError:
        there = "more than is available" if free is None else f"but only {_written(free)} is free"
        smaller = "smaller images or fewer maps"
        if self.arena > self.scratch and self.images > 1:
            smaller = Message(
                "a smaller batch, such as ",
                Argument("batch_size", self.images // 2),
                f", {smaller}",
            )
        elif self.scratch > self.arena:
            one = InPython("striate.set_threads(1)", "STRIATE_NUM_THREADS=1")
            smaller = Message("fewer threads with ", one, f", {smaller}")
        return OutOfMemoryError(
            f"The program for batches of {self.images} images needs "
            f"{_written(self.arena + self.scratch)} of memory, {there}. "
            "It holds the outputs of all layers and their derivatives.",
            remedy=Message("Use ", smaller, "."),
        )


def _free() -> int | None:
    """Return the system's available memory."""
    lines = (line.partition(":") for line in text(MEMORY).splitlines())
    amounts = {name: int(amount.split()[0]) << 10 for name, _, amount in lines if amount.split()}
    if "MemAvailable" not in amounts:
        return None
    return amounts["MemAvailable"] + amounts.get("SwapFree", 0)


def _headroom(group: Path) -> int | None:
    """Return what a control group leaves; memory that caches files counts as available."""
    limit = text(group / "memory.max") or text(group / "memory.limit_in_bytes")
    used = text(group / "memory.current") or text(group / "memory.usage_in_bytes")
    if not (limit.isdecimal() and used.isdecimal()):
        return None
    counts = dict(line.split(" ", 1) for line in text(group / "memory.stat").splitlines())
    files = counts.get("total_inactive_file") or counts.get("inactive_file") or "0"
    return max(int(limit) - int(used) + int(files), 0)


def _written(amount: int) -> str:
    """Format a number of bytes."""
    if amount < 1 << 30:
        return f"{amount / (1 << 20):,.1f} MiB"
    return f"{amount / (1 << 30):,.1f} GiB"
