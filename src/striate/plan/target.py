"""The properties of a processor that loop schedules depend on, as plain numbers."""

from dataclasses import dataclass
from enum import Enum

LANES = 16
"""Elements of a vector, the same on every processor, so results don't depend on its registers."""


class Architecture(Enum):
    """Processor architectures for which the code generator uses special instructions."""

    X86 = "x86"
    ARM = "arm"
    OTHER = "other"


def architecture_of(triple: str) -> Architecture:
    """Return the architecture that a target triple names.

    Examples
    --------
    >>> architecture_of("aarch64-unknown-linux-gnu")
    <Architecture.ARM: 'arm'>
    """
    name, *_ = triple.split("-")
    if name in {"x86_64", "x86_64h", "i686"}:
        return Architecture.X86
    return Architecture.ARM if name in {"aarch64", "arm64", "arm64e"} else Architecture.OTHER


def enabled(features: str) -> frozenset[str]:
    """Return the features that a text in LLVM's notation enables.

    Examples
    --------
    >>> enabled("+fma,-avx512f")
    frozenset({'fma'})
    """
    return frozenset(text[1:] for text in features.split(",") if text.startswith("+"))


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
