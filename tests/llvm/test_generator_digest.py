"""The digest in the keys of cached machine code covers every module that the code depends on."""

from pathlib import Path

import grimp

import striate
from striate.llvm.machine import GENERATOR, GENERATOR_MODULES

ROOTS = ("striate.plan.plan", "striate.llvm.program", "striate.llvm.machine")
"""Modules through which lowered statements become machine code."""

OUTSIDE = {
    "striate": "the version, which is a part of the key itself",
    "striate.errors": "texts of errors; no code depends on them",
    "striate.properties": "when a property is computed, not what",
    "striate.shapes": "names for arrays in annotations",
}
"""Modules that those import although no machine code depends on them, with the reason."""

STATEMENTS = {
    "striate.plan.lower": "it makes the statements, which are a part of the key themselves",
    "striate.plan.lowering_cache": "a cache for the module above",
    "striate.plan.signature": "of the step it only takes names, which are in the statements",
}
"""Modules whose own imports aren't followed, with the reason."""


def imported():
    """List what the roots import, directly or indirectly."""
    graph = grimp.build_graph("striate", exclude_type_checking_imports=True, cache_dir=None)
    for name in STATEMENTS:
        graph.remove_module(name)
    found = {*ROOTS}
    for root in ROOTS:
        found |= graph.find_upstream_modules(root)
    return found - OUTSIDE.keys()


def covered(module):
    """Whether the digest covers a module's source."""
    path = module.removeprefix("striate.").replace(".", "/")
    return path.split("/")[0] in GENERATOR or f"{path}.py" in GENERATOR_MODULES


def test_every_module_is_covered():
    """A module that the code generator imports changes the digest."""
    assert sorted(name for name in imported() if not covered(name)) == []


def test_every_covered_module_is_used():
    """All listed modules exist, and the generator imports them."""
    names = {f"striate.{path.removesuffix('.py').replace('/', '.')}" for path in GENERATOR_MODULES}

    assert names <= imported()
    assert all((Path(striate.__file__).parent / name).is_dir() for name in GENERATOR)
