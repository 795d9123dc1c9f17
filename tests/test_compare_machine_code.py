"""The comparison of machine code finds every change but that of names."""

import json

import compare_machine_code as tool
import pytest

from plan.small import small_plan
from striate.explain.processors import processor
from striate.llvm.machine import compile_object
from striate.llvm.program import write_program

TARGET = processor("haswell")
PROGRAM = str(write_program(small_plan()))


def described(text):
    """Compile LLVM IR and describe the object file, as it is read from a file."""
    return json.loads(json.dumps(tool.describe(compile_object(text, TARGET))))


def compared(tmp_path, text):
    """Compare a program with a changed one."""
    for name, program in (("before", PROGRAM), ("after", text)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "program.json").write_text(json.dumps(described(program)))
    return tool.compare(tmp_path / "before", tmp_path / "after")


def test_other_names(tmp_path):
    """Renaming functions and tables changes nothing."""
    assert compared(tmp_path, PROGRAM.replace('@"kernel ', '@"nucleus ')) == []


@pytest.mark.parametrize(
    ("old", "new", "section"),
    [("fadd", "fsub", ".text"), ("0x3ff0000000000000", "0x4000000000000000", ".rodata")],
    ids=["instruction", "constant"],
)
def test_other_code(tmp_path, old, new, section):
    """Another instruction or constant is found, with its section."""
    assert old in PROGRAM

    found = compared(tmp_path, PROGRAM.replace(old, new))

    assert any(text.startswith(f"program.json {section}") for text in found)


def test_a_missing_program(tmp_path):
    """A program that only one side has is a difference."""
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
    (tmp_path / "before" / "program.json").write_text("{}")

    assert tool.compare(tmp_path / "before", tmp_path / "after") == [
        f"program.json: missing in {tmp_path / 'after'}"
    ]
