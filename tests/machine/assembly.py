"""Facts of machine code, read from its assembly: functions, their blocks, what a block does."""

import re
from dataclasses import dataclass

_LABEL = re.compile(r'^("[^"]+"|[\w.$]+):')
_CALL = re.compile(r'^\s+(?:callq?|jmp|bl|b)\s+("[^"]+"|[\w.$]+)(?:@PLT)?')
_COMMENT = re.compile(r"\s+(# |//).*")
_STACK = re.compile(r"\(%rsp[,)]|\[sp\b")


@dataclass(frozen=True)
class Block:
    """Instructions that are done one after another."""

    label: str
    lines: tuple[str, ...]

    @property
    def multiply_adds(self):
        """Give the fused multiply-adds."""
        return [line for line in self.lines if re.match(r"vfn?m(add|sub)|fml[as]\b", line)]

    @property
    def calls(self):
        """Give the calls."""
        return [line for line in self.lines if re.match(r"call|blr?\b", line)]

    @property
    def spills(self):
        """Give what is written to the stack or read from it."""
        return [line for line in self.lines if _STACK.search(line)]


def functions(assembly):
    """Read the blocks of each function, by the functions' names."""
    found, name, label, lines = {}, None, "", []
    for line in assembly.splitlines():
        match = _LABEL.match(line)
        if match:
            if name is not None and lines:
                found[name].append(Block(label, tuple(lines)))
            label, lines = match[1].strip('"'), []
            if not label.startswith(".L"):
                name = label
                found.setdefault(name, [])
        elif line.startswith("\t") and not line.startswith("\t."):
            lines.append(_COMMENT.sub("", line).strip())
            # What follows a jump on a condition is another block.
            if re.match(r"j[a-z]+|b\.|cbn?z|tbn?z", lines[-1]):
                found[name].append(Block(label, tuple(lines)))
                lines = []
    if name is not None and lines:
        found[name].append(Block(label, tuple(lines)))
    return {name: blocks for name, blocks in found.items() if blocks}


def calls(assembly):
    """Name what is called, or jumped to outside of a function."""
    named = {m[1].strip('"') for line in assembly.splitlines() if (m := _CALL.match(line))}
    return {name for name in named if not name.startswith(".L")}


def inner_loop(blocks):
    """Find the block with the most multiply-adds that jumps back to its own beginning."""
    loops = [b for b in blocks if b.lines and b.lines[-1].split()[-1] == b.label]
    return max(loops, key=lambda block: len(block.multiply_adds))
