"""What a schedule must know of a processor: plain numbers, filled in by whoever asks it."""

from dataclasses import dataclass

LANES = 16
"""Images in a vector, on every processor: results do not depend on the width of its registers."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A processor, as far as schedules depend on it.

    Parameters
    ----------
    name
        As LLVM calls it.
    features
        What it can do, as LLVM writes it: ``"+avx2,+fma"``.
    triple
        The kind of machine code.
    register_lanes
        Float32 numbers in one vector register: 16, 8 or 4.
    registers
        Vector registers.
    fused_per_cycle
        Vector multiply-adds begun in one cycle, of whole registers.
    loads_per_cycle
        Vector registers loaded in one cycle.
    latency
        Cycles until the result of a multiply-add can be used.
    cache
        Bytes of each level of cache that a core has for itself, the first level first.
    """

    name: str
    features: str
    triple: str
    register_lanes: int
    registers: int
    fused_per_cycle: float = 2.0
    loads_per_cycle: float = 2.0
    latency: int = 4
    cache: tuple[int, ...] = (32 << 10, 1 << 20)

    @property
    def vectors(self) -> int:
        """Vectors of :data:`LANES` numbers that the registers hold."""
        return self.registers * self.register_lanes // LANES
