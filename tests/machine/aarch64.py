"""AArch64 programs on any machine: an object file, linked by hand, that an emulator runs.

The program doesn't need a C library or a linker, because it only computes in given memory. The
object is placed at a fixed address with its memory after it. A dozen instructions call it and write
the memory to standard output. The result is an executable for Linux or QEMU's user mode.
"""

import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from striate.llvm.machine import compile_object
from striate.llvm.program import write_program
from striate.plan import control_block

EMULATOR = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")

BASE = 0x400000
LINE = 64

_HEADER = 64 + 56
"""Bytes of the ELF header and of its one segment."""

_STANDS_IN_MEMORY, _RELOCATIONS, _SYMBOLS, _EMPTY = 2, 4, 2, 8
"""Of sections in object files: a flag, and kinds."""

_UNDEFINED = 0
"""The section of a symbol that some other object is to define."""

# AArch64: void *memset(x0, w1, x2), byte by byte; LLVM generates calls of it from plain loops.
_MEMSET = (0xAA0003E3, 0xB4000082, 0x38001461, 0xF1000442, 0x54FFFFC1, 0xD65F03C0)


class Emulated:
    """A program for AArch64 that runs as an executable.

    Parameters
    ----------
    plan
        A plan for an AArch64 target.
    """

    def __init__(self, plan):
        self.plan = plan
        self.code = compile_object(write_program(plan), plan.target)

    def run(self, buffers, *, images=0, seed=0, step=0):
        """Run the program once on copies of the buffers, and copy the results back."""
        plan, memory = self.plan, _Memory()
        words = np.zeros(control_block.BUFFERS + len(plan.buffers), np.uint64)
        words[[control_block.IMAGES, control_block.SEED, control_block.STEP]] = images, seed, step
        memory.put(words)  # at the front: filled in when addresses are known
        places = {
            control_block.BUFFERS + k: memory.put(buffers[n]) for k, n in enumerate(plan.buffers)
        }
        places[control_block.ARENA_AT] = memory.put(np.zeros(plan.arena, np.float32))
        places[control_block.SCRATCH_AT] = memory.put(np.zeros(plan.scratch, np.float32))
        places[control_block.COUNTS_AT] = memory.put(
            np.zeros(control_block.counts(len(plan.phases)), np.uint64)
        )
        post = memory.put(np.zeros(control_block.POOL_WORDS, np.uint64))
        executable = _Linker(self.code, memory.content)
        for word, place in places.items():
            words[word] = executable.memory + place
        memory.content[: words.nbytes] = words.tobytes()
        found = _emulate(executable.linked("lead", 0, post), len(memory.content))
        for word, name in enumerate(plan.buffers, control_block.BUFFERS):
            array = buffers[name]
            array.reshape(-1)[:] = np.frombuffer(found, array.dtype, array.size, places[word])


class _Memory:
    """Arrays in sequence, each aligned to a cache line."""

    def __init__(self):
        self.content = bytearray()

    def put(self, array):
        """Add an array, and return its address."""
        place = len(self.content)
        self.content += array.tobytes()
        self.content += bytes(-len(self.content) % LINE)
        return place


@dataclass(frozen=True)
class _Section:
    """A section of an object."""

    kind: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    align: int


class _Linker:
    """Places an object at a fixed address, with memory after it."""

    def __init__(self, code, memory):
        self.code, self.content = code, memory
        self.sections = _sections(code)
        self.start = BASE + _HEADER
        self.text, self.places = bytearray(), {}
        for k, section in enumerate(self.sections):
            if section.flags & _STANDS_IN_MEMORY:
                self._align(max(section.align, 4))
                self.places[k] = self._end()
                self.text += _content(code, section)
        self._align(4)
        self.memset = self._end()
        self.text += struct.pack(f"<{len(_MEMSET)}I", *_MEMSET)
        self.entry = self._end()
        self.text += bytes(len(_stub(0, 0, 0, 0, 0)))
        self._align(LINE)
        self.memory = self._end()

    def _end(self):
        """Return the address after the last section."""
        return self.start + len(self.text)

    def _align(self, to):
        """Pad to a multiple."""
        self.text += bytes(-self._end() % to)

    def linked(self, name, *arguments):
        """Return an executable that calls a function with addresses, and writes the memory."""
        symbols = _symbols(self.code, self.sections, self.places, self.memset)
        text = bytearray(self.text)
        for section in self.sections:
            if section.kind == _RELOCATIONS and section.info in self.places:
                for place, value, how in _relocations(self.code, section, self.places, symbols):
                    _relocate(text, place - self.start, value, how, place)
        addresses = [self.memory + place for place in arguments]
        stub = _stub(symbols[name], *addresses, self.memory, len(self.content))
        at = self.entry - self.start
        text[at : at + len(stub)] = stub
        return _elf(self.entry, bytes(text) + bytes(self.content))


def _elf(entry, content):
    """Return an executable with one readable, writable and executable segment."""
    size = _HEADER + len(content)
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    header += struct.pack("<IIQQQQQQ", 1, 7, 0, BASE, BASE, size, size, 0x1000)
    return header + content


def _stub(function, first, second, memory, size):
    """Return code that calls the function, writes the memory to standard output, and exits."""
    words = [*_move(0, first), *_move(1, second), *_move(9, function), 0xD63F0120]  # blr x9
    words += [*_move(20, memory), *_move(21, size)]
    # write(1, x20, x21), repeated with the remaining bytes
    words += [0xD2800020, 0xAA1403E1, 0xAA1503E2, *_move(8, 64), 0xD4000001]
    words += [0x8B000294, 0xEB0002B5, 0x54FFFF01]  # add x20,x20,x0; subs x21,x21,x0; b.ne -8
    words += [0xD2800000, *_move(8, 93), 0xD4000001]  # exit(0)
    return struct.pack(f"<{len(words)}I", *words)


def _move(register, value):
    """Return instructions that load a 64-bit number, sixteen bits at a time."""
    parts = [(value >> 16 * k) & 0xFFFF for k in range(4)]
    return [
        (0xF2800000 if k else 0xD2800000) | k << 21 | p << 5 | register for k, p in enumerate(parts)
    ]


def _sections(code):
    """Read the sections of an object."""
    (start,) = struct.unpack_from("<Q", code, 40)
    (count,) = struct.unpack_from("<H", code, 60)
    found = []
    for k in range(count):
        fields = struct.unpack_from("<IIQQQQIIQQ", code, start + 64 * k)
        _, kind, flags, _, offset, size, link, info, align, _ = fields
        found.append(_Section(kind, flags, offset, size, link, info, align))
    return found


def _content(code, section):
    """Return the bytes of a section."""
    empty = section.kind == _EMPTY
    return bytes(section.size) if empty else code[section.offset : section.offset + section.size]


def _symbols(code, sections, places, memset):
    """Return the addresses of all symbols, by index and by name."""
    (table,) = (s for s in sections if s.kind == _SYMBOLS)
    names = _content(code, sections[table.link])
    found = {}
    for k in range(table.size // 24):
        at, _, _, where, value, _ = struct.unpack_from("<IBBHQQ", code, table.offset + 24 * k)
        name = names[at : names.index(b"\0", at)].decode()
        if where in places:
            found[k] = found[name] = places[where] + value
        elif where == _UNDEFINED and name:
            assert name == "memset", f"the program calls {name}"
            found[k] = memset
    return found


def _relocations(code, section, places, symbols):
    """Yield the relocations: address, symbol and type."""
    for k in range(section.size // 24):
        offset, info, addend = struct.unpack_from("<QQq", code, section.offset + 24 * k)
        symbol = info >> 32
        if symbol in symbols:
            yield places[section.info] + offset, symbols[symbol] + addend, info & 0xFFFFFFFF


_SCALES = {277: 0, 278: 0, 284: 1, 285: 2, 286: 3, 299: 4}
"""Of the relocations of the lower twelve bits: in which units the instruction counts."""


def _relocate(text, at, value, how, place):
    """Apply a relocation."""
    (word,) = struct.unpack_from("<I", text, at)
    if how in (282, 283):  # b, bl
        word |= ((value - place) >> 2) & 0x3FFFFFF
    elif how == 275:  # adrp
        pages = (value >> 12) - (place >> 12)
        word |= (pages & 3) << 29 | ((pages >> 2) & 0x7FFFF) << 5
    elif how in _SCALES:
        word |= ((value & 0xFFF) >> _SCALES[how]) << 10
    elif how == 257:  # a whole address
        struct.pack_into("<Q", text, at, value)
        return
    elif how in (260, 261):  # a distance, in tables for debuggers
        return
    else:
        message = f"unknown relocation {how}"
        raise AssertionError(message)
    struct.pack_into("<I", text, at, word)


def _emulate(image, size):
    """Run an executable, and return its output."""
    with TemporaryDirectory() as folder:
        program = Path(folder) / "program"
        program.write_bytes(image)
        program.chmod(0o700)
        done = subprocess.run([EMULATOR, program], capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done
    assert len(done.stdout) == size
    return done.stdout
