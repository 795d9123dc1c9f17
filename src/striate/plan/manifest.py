"""The manifest of a compiled program: memory, tasks and buffers, all but the machine code."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

from striate.plan.plan import Plan


class BufferSize(NamedTuple):
    """The minimum size of a buffer in float32 elements, in total or for each image."""

    size: int
    per_image: bool


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The parts of a plan that running its program needs; stored in the cache with the code.

    Parameters
    ----------
    images
        Maximum number of images in a batch.
    tasks
        Number of tasks in each phase.
    buffers
        The caller's buffers, in order.
    arena, scratch
        Number of elements in the arena, and in the scratch memory of each thread.
    """

    images: int
    tasks: tuple[int, ...]
    buffers: Mapping[str, BufferSize]
    arena: int
    scratch: int

    @classmethod
    def of(cls, plan: Plan) -> "Manifest":
        """Extract the manifest of a plan."""
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
        """Serialize the manifest together with the program's machine code."""
        return json.dumps(asdict(self)).encode() + b"\n" + code

    @classmethod
    def unpack(cls, packed: bytes) -> tuple["Manifest", bytes]:
        """Return the manifest and the machine code from the result of :meth:`pack`."""
        text, _, code = packed.partition(b"\n")
        held = json.loads(text)
        manifest = cls(
            images=held["images"],
            tasks=tuple(held["tasks"]),
            buffers={name: BufferSize(*size) for name, size in held["buffers"].items()},
            arena=held["arena"],
            scratch=held["scratch"],
        )
        return manifest, code
