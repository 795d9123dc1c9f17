"""What must be known of a program to run it: how much memory it takes, and who brings what."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

from striate.plan.plan import Plan


class BufferSize(NamedTuple):
    """How many numbers a buffer holds at least, and whether that is for each image."""

    size: int
    per_image: bool


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A plan without what is computed.

    Parameters
    ----------
    images
        Images of a batch, at most.
    tasks
        Into how many tasks each phase is cut.
    buffers
        The caller's buffers, in order.
    arena, local
        Numbers in the arena, and in the memory of each worker.
    """

    images: int
    tasks: tuple[int, ...]
    buffers: Mapping[str, BufferSize]
    arena: int
    scratch: int

    @classmethod
    def of(cls, plan: Plan) -> "Manifest":
        """Take from a plan what it takes to run it."""
        buffers = dict.fromkeys(plan.buffers, BufferSize(0, False))
        for variable in plan.variables.values():
            if variable.buffer in buffers:
                least = max(buffers[variable.buffer].size, variable.offset + variable.size)
                buffers[variable.buffer] = BufferSize(least, variable.per_image)
        return cls(
            images=plan.images,
            tasks=tuple(phase.tasks for phase in plan.phases),
            buffers=buffers,
            arena=plan.arena,
            scratch=plan.scratch,
        )

    def pack(self, code: bytes) -> bytes:
        """Put the frame before a program's machine code."""
        return json.dumps(asdict(self)).encode() + b"\n" + code

    @classmethod
    def unpack(cls, packed: bytes) -> tuple["Manifest", bytes]:
        """Give the frame and the machine code that :meth:`pack` has put together."""
        text, _, code = packed.partition(b"\n")
        held = json.loads(text)
        manifest = cls(
            images=held["images"],
            tasks=tuple(held["tasks"]),
            buffers={name: BufferSize(*room) for name, room in held["buffers"].items()},
            arena=held["arena"],
            scratch=held["scratch"],
        )
        return manifest, code
