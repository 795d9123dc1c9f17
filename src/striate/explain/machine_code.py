"""Counts the instructions of functions, and of their innermost loops, in assembly."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NAME = re.compile(r'^(?:"([^"]+)"|([A-Za-z_][\w ]*)):')
_LABEL = re.compile(r"^(\.L\w+):")

_FUSED = re.compile(r"vfn?m(add|sub)\w*|fn?m(add|sub)|fml[as]")
_CALL = re.compile(r"callq?|blr?")
_JUMP = re.compile(r"(?:j[a-z]+|b(?:\.\w+)?|cbn?z|tbn?z)\s.*?(\.L\w+)$")
_STACK = re.compile(r"\(%rsp\b|\[(?:sp|x29)\b")
_BROADCAST = re.compile(r"vbroadcast\w*\s.*\(|\{1to\d+\}|ld1r\b")
_MEMORY = re.compile(r"\(%|\(,%|\[x\d+")
_VECTOR = re.compile(r"%[xyz]mm\d|\b[qvs]\d+\b")
_STORE = re.compile(r"v?mov\w*\s+%[xyz]mm\d+(?:,|\s).*\)(?:\s*\{.*)?$|st[rp1]\b.*")


@dataclass(frozen=True, kw_only=True)
class Count:
    """Numbers of instructions by kind.

    Parameters
    ----------
    instructions
        All instructions.
    fused
        Fused multiply-adds, vector or scalar.
    loads
        Vector loads from memory.
    broadcasts
        Loads of a single number into all lanes of a register.
    stores
        Vector stores to memory.
    spills
        Accesses of the stack, because there are too few registers.
    calls
        Function calls.
    """

    instructions: int
    fused: int
    loads: int
    broadcasts: int
    stores: int
    spills: int
    calls: int


@dataclass(frozen=True, kw_only=True)
class FunctionCode:
    """The machine code of one function.

    Parameters
    ----------
    name
        Its name in the program.
    lines
        Labels and instructions.
    start, stop
        The range of its innermost loop: of all loops without an inner loop, the one with the most
        multiply-adds. They are equal if the function has no loop.
    """

    name: str
    lines: tuple[str, ...]
    start: int
    stop: int

    @property
    def whole(self) -> Count:
        """Count the instructions of the function."""
        return counted(self.lines)

    @property
    def loop(self) -> Count:
        """Count the instructions of its innermost loop."""
        return counted(self.lines[self.start : self.stop])


def functions_of(assembly: str) -> dict[str, FunctionCode]:
    """Split assembly into functions.

    Parameters
    ----------
    assembly
        LLVM's output for x86 or AArch64.

    Returns
    -------
    dict of FunctionCode
        By name.
    """
    found: dict[str, list[str]] = {}
    name = ""
    for line in assembly.splitlines():
        named = _NAME.match(line)
        if named:
            name = named[1] or named[2]
        elif name and _LABEL.match(line):
            found.setdefault(name, []).append(line.split("#")[0].rstrip())
        elif name and line.startswith("\t") and not line.startswith("\t."):
            found.setdefault(name, []).append(line.split("#")[0].split("//")[0].rstrip())
    return {name: _function(name, tuple(lines)) for name, lines in found.items()}


def counted(lines: Sequence[str]) -> Count:
    """Count instructions.

    Parameters
    ----------
    lines
        Lines of assembly; labels are ignored.

    Returns
    -------
    Count

    Examples
    --------
    >>> counted(["vbroadcastss 4(%rdx), %zmm1", "vfmadd231ps (%rsi), %zmm1, %zmm0"])
    Count(instructions=2, fused=1, loads=1, broadcasts=1, stores=0, spills=0, calls=0)
    """
    instructions = [line.strip() for line in lines if not _LABEL.match(line)]
    kinds = [_kind(line) for line in instructions]
    return Count(
        instructions=len(instructions),
        fused=sum(bool(_FUSED.match(line)) for line in instructions),
        loads=kinds.count("load"),
        broadcasts=kinds.count("broadcast"),
        stores=kinds.count("store"),
        spills=kinds.count("spill"),
        calls=sum(bool(_CALL.fullmatch(line.split()[0])) for line in instructions),
    )


def _kind(line: str) -> str:
    """Classify the memory access of an instruction."""
    if _STACK.search(line):
        return "spill"
    if _BROADCAST.search(line):
        return "broadcast"
    if not (_MEMORY.search(line) and _VECTOR.search(line)):
        return ""
    return "store" if _STORE.match(line) else "load"


def _function(name: str, lines: Sequence[str]) -> FunctionCode:
    """Find the innermost loop of a function."""
    loops = list(_loops(lines))
    innermost = [
        (start, stop)
        for start, stop in loops
        if not any(start <= a and b <= stop and (a, b) != (start, stop) for a, b in loops)
    ]
    start, stop = max(
        innermost, key=lambda loop: counted(lines[loop[0] : loop[1]]).fused, default=(0, 0)
    )
    return FunctionCode(name=name, lines=tuple(lines), start=start, stop=stop)


def _loops(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Find the ranges from a label to a jump back to it."""
    labels: dict[str, int] = {}
    for number, line in enumerate(lines):
        label, jump = _LABEL.match(line), _JUMP.match(line.strip())
        if label:
            labels[label[1]] = number
        elif jump and jump[1] in labels:
            yield labels[jump[1]], number + 1
