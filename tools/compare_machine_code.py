"""Compare the machine code that two checkouts of striate write: for changes that must not alter it.

    python tools/compare_machine_code.py write FOLDER [NAME ...]
    python tools/compare_machine_code.py compare BEFORE AFTER

``write`` compiles the presets with the striate of this checkout and describes each object file in
FOLDER; ``compare`` takes two such folders and prints what differs. Renaming variables, classes or
printed text must print "identical". Machine code, read-only data and relocations are compared;
names of symbols are not. The processors are described by name, so the result is the same on every
machine with the same version of LLVM.
"""

import hashlib
import json
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate.explain.processors import processor
from striate.functions.loss import CrossEntropy
from striate.functions.optimizer import Adam, GradientDescent
from striate.graph.batch import ImageStorage
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.llvm.machine import compile_object
from striate.llvm.program import write_program
from striate.model.losses import losses_of
from striate.model.presets import PRESETS, preset
from striate.plan.lower import lower, lower_optimizer
from striate.plan.plan import make_plan
from striate.plan.statement import Lowered

PROCESSORS = ("skylake-avx512", "haswell", "neoverse-n1")
BATCHES = {True: (32, 128), False: (1, 128)}
"""Batch sizes for training (True) and inference (False)."""

ALLOCATED = 2  # the flag of ELF sections that are loaded into memory
SYMBOLS, RELOCATIONS = 2, 4  # types of ELF sections
EMPTY = 8  # the type of ELF sections that hold no bytes


@dataclass(frozen=True)
class Section:
    """A section of an ELF file."""

    name: str
    type: int
    flags: int
    link: int
    info: int
    content: bytes


def programs(names: Sequence[str]) -> Iterator[tuple[str, Lowered, int, str]]:
    """List the programs: a name, the statements, the batch size and the processor of each."""
    for name in names:
        graph = parse(*preset(name))
        losses = losses_of(graph, None)
        step = TrainingStep.of(graph, losses)
        shape = graph.shapes[graph.outputs[0]]
        targets = shape[1:] if isinstance(losses[0], CrossEntropy) else shape
        for target in PROCESSORS:
            for training, batches in BATCHES.items():
                lowered = lower(step, training=training, target_shapes=[targets])
                for images in batches:
                    kind = "training" if training else "inference"
                    yield f"{name}-{kind}-{images}-{target}", lowered, images, target
            stored = {next(iter(graph.inputs)): ImageStorage("uint8", channels_last=True)}
            lowered = lower(step, training=True, target_shapes=[targets], stored=stored)
            yield f"{name}-training-bytes-128-{target}", lowered, 128, target
    for optimizer in (Adam(), GradientDescent()):
        for target in PROCESSORS:
            name = type(optimizer).__name__
            yield f"{name}-{target}", lower_optimizer(optimizer, 61_706), 1, target


def describe(content: bytes) -> dict[str, Any]:
    """Describe an object file: for each section its digest, functions and relocations."""
    sections = read_sections(content)
    (table,) = (s for s in sections if s.type == SYMBOLS)
    names = sections[table.link].content
    symbols = [symbol(table.content, names, k) for k in range(len(table.content) // 24)]
    found: dict[str, Any] = {}
    for number, section in enumerate(sections):
        if not section.flags & ALLOCATED:
            continue
        described: dict[str, Any] = {
            "size": len(section.content),
            "digest": digest(section.content),
        }
        functions = sorted((s[2], s[3], s[0]) for s in symbols if s[1] == number and s[3])
        described["functions"] = [
            (name, size, digest(section.content[start : start + size]))
            for start, size, name in functions
        ]
        relocations: list[str] = []
        for other in sections:
            if other.type == RELOCATIONS and other.info == number:
                for offset, info, addend in struct.iter_unpack("<QQq", other.content):
                    name, where, value, _ = symbols[info >> 32]
                    to = f"{sections[where].name}+{value}" if 0 < where < len(sections) else name
                    relocations.append(f"{offset} {info & 0xFFFFFFFF} {to} {addend}")
        described["relocations"] = len(relocations)
        described["relocations' digest"] = digest("\n".join(relocations).encode())
        found.setdefault(section.name, []).append(described)
    return found


def read_sections(content: bytes) -> list[Section]:
    """Read the sections of a 64-bit little-endian ELF file."""
    assert content[:6] == b"\x7fELF\x02\x01", "not a 64-bit little-endian ELF file"
    (start,) = struct.unpack_from("<Q", content, 40)
    size, count, of_names = struct.unpack_from("<HHH", content, 58)
    headers = [struct.unpack_from("<IIQQQQIIQQ", content, start + k * size) for k in range(count)]
    names = content[headers[of_names][4] :]
    return [
        Section(
            text_at(names, name),
            type_,
            flags,
            link,
            info,
            b"" if type_ == EMPTY else content[offset : offset + length],
        )
        for name, type_, flags, _, offset, length, link, info, _, _ in headers
    ]


def symbol(table: bytes, names: bytes, number: int) -> tuple[str, int, int, int]:
    """Read a symbol: its name, section, offset and size."""
    name, _, section, value, size = struct.unpack_from("<IHHQQ", table, number * 24)
    return text_at(names, name), section, value, size


def text_at(content: bytes, start: int) -> str:
    """Read a text that ends with a zero byte."""
    return content[start : content.index(b"\0", start)].decode()


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def write(folder: Path, names: Sequence[str]) -> None:
    """Compile the programs and write a description of each object file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lowered, images, target_name in programs(names):
        target = processor(target_name)
        plan = make_plan(lowered, images, target)
        described = describe(compile_object(write_program(plan), target))
        (folder / f"{name}.json").write_text(json.dumps(described, indent=1))
        print(name, flush=True)


def compare(before: Path, after: Path) -> list[str]:
    """List the differences between two folders of descriptions."""
    names = sorted({path.name for folder in (before, after) for path in folder.glob("*.json")})
    found: list[str] = []
    for name in names:
        if not ((before / name).exists() and (after / name).exists()):
            where = after if (before / name).exists() else before
            found.append(f"{name}: missing in {where}")
            continue
        old, new = (json.loads((folder / name).read_text()) for folder in (before, after))
        for section in sorted({*old, *new}):
            mine, other = old.get(section, []), new.get(section, [])
            if len(mine) != len(other):
                found.append(f"{name} {section}: {len(mine)} sections, then {len(other)}")
            for one, another in zip(mine, other, strict=False):
                found += [f"{name} {section}: {text}" for text in differences(one, another)]
    return found


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """List how two sections differ, apart from the names of functions."""
    found: list[str] = []
    if old["digest"] != new["digest"]:
        found.append(f"{old['size']} bytes, then {new['size']} other bytes")
        for one, another in zip(old["functions"], new["functions"], strict=False):
            if one[1:] != another[1:]:
                found.append(f"first function that differs: {one[0]!r}, then {another[0]!r}")
                break
    if old["relocations' digest"] != new["relocations' digest"]:
        found.append(f"{old['relocations']} relocations, then {new['relocations']} others")
    return found


def main() -> None:
    """Write descriptions, or compare two folders of them."""
    match sys.argv[1:]:
        case ["write", folder, *names]:
            write(Path(folder), names or list(PRESETS))
        case ["compare", before, after]:
            found = compare(Path(before), Path(after))
            print("\n".join(found) or "identical")
            sys.exit(bool(found))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
