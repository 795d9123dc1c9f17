"""Facts about machine code from its assembly: functions, blocks and their instructions."""

import re
from dataclasses import dataclass

_LABEL = re.compile(r'^("[^"]+"|[\w.$]+):')
_CALL = re.compile(r'^\s+(?:callq?|jmp|bl|b)\s+("[^"]+"|[\w.$]+)(?:@PLT)?')
_COMMENT = re.compile(r"\s+(# |//).*")
_STACK = re.compile(r"\(%rsp[,)]|\[sp\b")


@dataclass(frozen=True)
class Block:
    """A basic block of instructions."""

    label: str
    lines: tuple[str, ...]

    @property
    def multiply_adds(self):
        """Return the fused multiply-adds."""
        return [line for line in self.lines if re.match(r"vfn?m(add|sub)|fml[as]\b", line)]

    @property
    def calls(self):
        """Return the calls."""
        return [line for line in self.lines if re.match(r"call|blr?\b", line)]

    @property
    def spills(self):
        """Return the instructions that access the stack."""
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
            # A conditional jump ends a block.
            if re.match(r"j[a-z]+|b\.|cbn?z|tbn?z", lines[-1]):
                found[name].append(Block(label, tuple(lines)))
                lines = []
    if name is not None and lines:
        found[name].append(Block(label, tuple(lines)))
    return {name: blocks for name, blocks in found.items() if blocks}


def calls(assembly):
    """Return the functions that are called or jumped to."""
    named = {m[1].strip('"') for line in assembly.splitlines() if (m := _CALL.match(line))}
    return {name for name in named if not name.startswith(".L")}


def inner_loop(blocks):
    """Return the block with the most multiply-adds that jumps to its own start."""
    loops = [b for b in blocks if b.lines and b.lines[-1].split()[-1] == b.label]
    return max(loops, key=lambda block: len(block.multiply_adds))
