"""How much memory can be had, and the error that says it before any work is lost."""

from dataclasses import dataclass
from pathlib import Path

from striate.errors import OutOfMemoryError
from striate.runtime.control_groups import groups, text

MEMORY = Path("/proc/meminfo")


def available() -> int | None:
    """Tell how much memory can still be had.

    Linux promises memory that is not there, and ends a process when it takes it at last.

    Returns
    -------
    int or None
        Bytes, as far as the system and the control groups of this process say so. None where
        nobody does.
    """
    found = [room for group in groups("memory") if (room := _room(group)) is not None]
    free = _free()
    return min([*found, *([] if free is None else [free])], default=None)


@dataclass(frozen=True, kw_only=True)
class MemoryRequirement:
    """What a program needs.

    Parameters
    ----------
    images
        In a batch, at most.
    shared
        Bytes that hold what belongs to all images of a batch.
    own
        Bytes of all threads for themselves, for a few images each.
    """

    images: int
    shared: int
    own: int

    def require(self) -> None:
        """Raise where there is less.

        Raises
        ------
        OutOfMemoryError
            With what is needed, what there is, and what would help.
        """
        free = available()
        if free is not None and self.shared + self.own > free:
            raise self.error(free)

    def error(self, free: int | None = None) -> OutOfMemoryError:
        """Make the error."""
        there = "more than can be had" if free is None else f"and {_written(free)} can be had"
        smaller = "smaller images or fewer maps"
        if self.shared > self.own and self.images > 1:
            smaller = f"a smaller batch_size, {self.images // 2} say, {smaller}"
        elif self.own > self.shared:
            smaller = f"fewer threads, striate.set_threads(1) say, {smaller}"
        return OutOfMemoryError(
            f"The program for batches of {self.images} images needs "
            f"{_written(self.shared + self.own)} of memory, {there}. "
            "It holds what the layers give and what is carried back through them. "
            f"Use {smaller}."
        )


def _free() -> int | None:
    """Tell what the system can still give."""
    lines = (line.partition(":") for line in text(MEMORY).splitlines())
    amounts = {name: int(amount.split()[0]) << 10 for name, _, amount in lines if amount.split()}
    if "MemAvailable" not in amounts:
        return None
    return amounts["MemAvailable"] + amounts.get("SwapFree", 0)


def _room(group: Path) -> int | None:
    """Tell what a control group leaves; what it holds of files can be had, too."""
    limit = text(group / "memory.max") or text(group / "memory.limit_in_bytes")
    used = text(group / "memory.current") or text(group / "memory.usage_in_bytes")
    if not (limit.isdecimal() and used.isdecimal()):
        return None
    counts = dict(line.split(" ", 1) for line in text(group / "memory.stat").splitlines())
    files = counts.get("total_inactive_file") or counts.get("inactive_file") or "0"
    return max(int(limit) - int(used) + int(files), 0)


def _written(amount: int) -> str:
    """Write a number of bytes as people say it."""
    if amount < 1 << 30:
        return f"{amount / (1 << 20):,.1f} MiB"
    return f"{amount / (1 << 30):,.1f} GiB"
