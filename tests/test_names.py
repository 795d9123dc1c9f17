"""One word, one meaning: no two public classes or type aliases of striate share a name."""

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "striate"

SHARED = {
    "Constant": "st.initializers.Constant and st.schedules.Constant: users type this word for both",
}
"""Names that two classes may share, with the reason."""


def defined(module):
    """Name the public classes and type aliases that a module defines at its top level."""
    for node in module.body:
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                # A type alias is written like a class, a constant in capitals.
                if name[0].isupper() and not name.isupper():
                    yield name
            case _:
                pass


def repeated():
    """Map each public name that several modules define to these modules."""
    found = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for name in defined(ast.parse(path.read_text())):
            if not name.startswith("_"):
                found[name].append(str(path.relative_to(PACKAGE)))
    return {name: paths for name, paths in found.items() if len(paths) > 1}


def test_one_word_one_meaning():
    """A public class or alias has its own name, unless a reason is stated."""
    assert {name: paths for name, paths in repeated().items() if name not in SHARED} == {}


def test_no_exception_is_out_of_date():
    """An exception that no longer applies is removed from the table."""
    names = repeated().keys()

    assert SHARED.keys() - names == set()


def test_a_repeated_name_is_found():
    """The scan finds classes, plain aliases and annotated ones, and leaves constants out."""
    text = "class Shape: ...\nSizes = tuple[int, ...]\nPlace: type = int\nLIMIT = 3\ncount = 2\n"

    assert list(defined(ast.parse(text))) == ["Shape", "Sizes", "Place"]
