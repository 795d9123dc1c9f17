"""AArch64 programs on any machine: an object file, linked by hand, that Unicorn emulates.

The program doesn't need a C library, a linker or an operating system, because it only computes in
given memory. So the object is placed at a fixed address with its memory after it, the emulated
processor calls its function, and the results are read back from the emulated memory.
"""

import struct
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import pytest

from striate.llvm.machine import compile_object
from striate.llvm.program import write_program
from striate.plan import control_block

needs_emulator = pytest.mark.skipif(
    find_spec("unicorn") is None, reason="Unicorn is not installed; `make test-slow` installs it"
)
"""Marks tests that run AArch64 code."""

BASE = 0x400000
STACK, STACK_SIZE = 0x10000, 0x100000
PAGE = 0x1000
LINE = 64

_ALLOCATED, _RELOCATIONS, _SYMBOLS, _EMPTY = 2, 4, 2, 8
"""A flag, and types, of sections in object files (SHF_ALLOC, SHT_RELA, SHT_SYMTAB, SHT_NOBITS)."""

_UNDEFINED = 0
"""The section index of an undefined symbol."""

# AArch64: void *memset(x0, w1, x2), byte by byte; LLVM generates calls of it from plain loops.
_MEMSET = (0xAA0003E3, 0xB4000082, 0x38001461, 0xF1000442, 0x54FFFFC1, 0xD65F03C0)

_FLOATING_POINT = 3 << 20
"""The bits of CPACR_EL1 that enable floating-point and vector instructions."""


class Emulated:
    """A program for AArch64 that runs in the emulator.

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
        memory.put(words)  # at the start; filled in when the addresses are known
        offsets = {
            control_block.BUFFERS + k: memory.put(buffers[n]) for k, n in enumerate(plan.buffers)
        }
        offsets[control_block.ARENA_AT] = memory.put(np.zeros(plan.arena, np.float32))
        offsets[control_block.SCRATCH_AT] = memory.put(np.zeros(plan.scratch, np.float32))
        offsets[control_block.COUNTS_AT] = memory.put(
            np.zeros(control_block.counts(len(plan.phases)), np.uint64)
        )
        pool = memory.put(np.zeros(control_block.POOL_WORDS, np.uint64))
        image = _Image(self.code)
        for word, offset in offsets.items():
            words[word] = image.end + offset
        memory.content[: words.nbytes] = words.tobytes()
        found = _emulate(image, bytes(memory.content), "lead", image.end, image.end + pool)
        for word, name in enumerate(plan.buffers, control_block.BUFFERS):
            array = buffers[name]
            array.reshape(-1)[:] = np.frombuffer(found, array.dtype, array.size, offsets[word])


class _Memory:
    """Arrays in sequence, each aligned to a cache line."""

    def __init__(self):
        self.content = bytearray()

    def put(self, array):
        """Add an array, and return its offset."""
        offset = len(self.content)
        self.content += array.tobytes()
        self.content += bytes(-len(self.content) % LINE)
        return offset


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


class _Image:
    """An object that is linked at a fixed address."""

    def __init__(self, code):
        self.code = code
        self.sections = _sections(code)
        self.text, self.addresses = bytearray(), {}
        for k, section in enumerate(self.sections):
            if section.flags & _ALLOCATED:
                self._align(max(section.align, 4))
                self.addresses[k] = self.end
                self.text += _content(code, section)
        self._align(4)
        memset = self.end
        self.text += struct.pack(f"<{len(_MEMSET)}I", *_MEMSET)
        self._align(LINE)
        self.symbols = _symbols(code, self.sections, self.addresses, memset)
        for section in self.sections:
            if section.kind == _RELOCATIONS and section.info in self.addresses:
                for relocation in _relocations(code, section, self.addresses, self.symbols):
                    _relocate(self.text, *relocation)

    @property
    def end(self):
        """The address after the last section."""
        return BASE + len(self.text)

    def _align(self, to):
        """Pad to a multiple."""
        self.text += bytes(-self.end % to)


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


def _symbols(code, sections, addresses, memset):
    """Return the addresses of all symbols, by index and by name."""
    (table,) = (s for s in sections if s.kind == _SYMBOLS)
    names = _content(code, sections[table.link])
    found = {}
    for k in range(table.size // 24):
        at, _, _, where, value, _ = struct.unpack_from("<IBBHQQ", code, table.offset + 24 * k)
        name = names[at : names.index(b"\0", at)].decode()
        if where in addresses:
            found[k] = found[name] = addresses[where] + value
        elif where == _UNDEFINED and name:
            assert name == "memset", f"the program calls {name}"
            found[k] = memset
    return found


def _relocations(code, section, addresses, symbols):
    """Yield the relocations: address, the symbol's address with the addend, and type."""
    for k in range(section.size // 24):
        offset, info, addend = struct.unpack_from("<QQq", code, section.offset + 24 * k)
        symbol = info >> 32
        if symbol in symbols:
            yield addresses[section.info] + offset, symbols[symbol] + addend, info & 0xFFFFFFFF


_SCALES = {277: 0, 278: 0, 284: 1, 285: 2, 286: 3, 299: 4}
"""By relocation of the lower twelve bits: the shift by which the instruction scales its offset."""


def _relocate(text, address, value, how):
    """Apply a relocation."""
    at = address - BASE
    (word,) = struct.unpack_from("<I", text, at)
    if how in (282, 283):  # b, bl
        word |= ((value - address) >> 2) & 0x3FFFFFF
    elif how == 275:  # adrp
        pages = (value >> 12) - (address >> 12)
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


def _emulate(image, memory, name, *arguments):
    """Call a function with addresses, and return the memory after it."""
    from unicorn import UC_ARCH_ARM64, UC_MODE_ARM, Uc, arm64_const  # noqa: PLC0415  # if installed

    processor = Uc(UC_ARCH_ARM64, UC_MODE_ARM)
    processor.ctl_set_cpu_model(arm64_const.UC_CPU_ARM64_MAX)
    content = bytes(image.text) + memory
    processor.mem_map(STACK, STACK_SIZE)
    processor.mem_map(BASE, -(-len(content) // PAGE) * PAGE)
    processor.mem_write(BASE, content)
    done = STACK  # the function returns to this address, where the emulation ends
    processor.reg_write(arm64_const.UC_ARM64_REG_CPACR_EL1, _FLOATING_POINT)
    processor.reg_write(arm64_const.UC_ARM64_REG_SP, STACK + STACK_SIZE)
    processor.reg_write(arm64_const.UC_ARM64_REG_LR, done)
    for register, value in zip(
        (arm64_const.UC_ARM64_REG_X0, arm64_const.UC_ARM64_REG_X1), arguments, strict=True
    ):
        processor.reg_write(register, value)
    processor.emu_start(image.symbols[name], done)
    return bytes(processor.mem_read(image.end, len(memory)))
