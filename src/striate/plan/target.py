"""The properties of a processor that loop schedules depend on, as plain numbers."""

from dataclasses import dataclass

LANES = 16
"""Numbers in a vector, the same on every processor, so results don't depend on its registers."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A processor, as far as loop schedules depend on it.

    Parameters
    ----------
    name
        LLVM's name for it.
    features
        Its features in LLVM's notation: ``"+avx2,+fma"``.
    triple
        The target triple.
    register_lanes
        Number of float32 lanes in a vector register: 16, 8 or 4.
    registers
        Number of vector registers.
    fused_per_cycle
        Fused multiply-adds of whole registers issued per cycle.
    loads_per_cycle
        Vector registers loaded per cycle.
    latency
        Latency of a multiply-add in cycles.
    cache
        Bytes of each level of cache that belongs to one core, the first level first.
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
        """Number of vectors of :data:`LANES` elements that fit in the registers."""
        return self.registers * self.register_lanes // LANES
