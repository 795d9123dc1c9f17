"""Writes the reference: one page for each group of public names, and one for each internal package.

`make docs` writes the pages to docs/reference/api and docs/reference/internals, from the exports of
the packages. A public name is documented under the name that users write, ``striate.maths.pad``;
Sphinx also finds it under the name of the module that defines it, ``striate.maths.columns.pad``.
"""

import ast
import inspect
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from striate.graph import layers
from striate.graph.summary import Summary, SummaryRow
from striate.graph.trace import LayerTrace, Trace


@dataclass(frozen=True)
class PublicPage:
    """A page about public names.

    Parameters
    ----------
    file
        Name of the file, without its suffix.
    title
        Title of the page.
    module
        Module that has the names, as users import it.
    names
        Its names; by default all that it exports.
    more
        Qualified names of classes that users get but don't create, such as the result of `fit`.
    examples
        Whether the page shows, for each name, the examples of the gallery that use it.
    sections
        Sections of a long page: a title, and the modules that define the names; names of other
        modules come last.
    """

    file: str
    title: str
    module: str
    names: tuple[str, ...] | None = None
    more: tuple[str, ...] = ()
    examples: bool = False
    sections: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def documented(self) -> list[str]:
        """Return the qualified names of all objects on the page; modules come last."""
        names = exported(self.module) if self.names is None else self.names
        found = [*(f"{self.module}.{name}" for name in names), *self.more]
        return sorted(found, key=lambda name: isinstance(resolved(name), ModuleType))


RESULTS = (
    "striate.training.history.History",
    "striate.model.scoring.Evaluation",
    f"{Summary.__module__}.{Summary.__name__}",
    f"{SummaryRow.__module__}.{SummaryRow.__name__}",
    f"{Trace.__module__}.{Trace.__name__}",
    f"{LayerTrace.__module__}.{LayerTrace.__name__}",
    "striate.graph.terms.Terms",
    "striate.graph.terms.TracedTerm",
    "striate.graph.terms.Factor",
    "striate.graph.element_check.ElementCheck",
    "striate.graph.element_check.Way",
    "striate.graph.gradients.GradientCheck",
)

MATHS = (
    ("Convolution", ("signal", "gradients", "transposed")),
    ("Pooling", ("pooling", "blurring")),
    ("Sizes and receptive fields", ("windows", "receptive")),
    ("Matrices and vectors", ("columns", "matrices", "vectors", "contract")),
    ("Impulses, and functions that are convolutions", ("impulses", "linearity")),
    ("Image restoration", ("restoration",)),
    ("Checks of derivatives", ("check",)),
)

PUBLIC_PAGES = (
    PublicPage("network", "Networks", "striate", ("Network", "load"), RESULTS),
    PublicPage(
        "layers", "Layers", "striate", ("Input", "Layer", *sorted(set(layers.__all__) - {"Input"}))
    ),
    PublicPage("optimizers", "Optimizers", "striate.optimizers"),
    PublicPage("schedules", "Schedules", "striate.schedules"),
    PublicPage("metrics", "Metrics", "striate.metrics"),
    PublicPage("losses", "Losses", "striate.losses"),
    PublicPage("initializers", "Initializers", "striate.initializers"),
    PublicPage(
        "running",
        "Callbacks and threads",
        "striate",
        ("Callback", "set_threads", "threads", "using_threads"),
    ),
    PublicPage("data", "Data", "striate.data"),
    PublicPage("photos", "Photos", "striate", ("fit_photos",)),
    PublicPage("cross-validation", "Cross-validation", "striate", ("cross_validate",)),
    PublicPage("recipes", "Recipes", "striate.recipes"),
    PublicPage("pictures", "Pictures", "striate.pictures", examples=True),
    PublicPage("matching", "Template matching", "striate.matching", examples=True),
    PublicPage("maths", "Mathematics", "striate.maths", examples=True, sections=MATHS),
    PublicPage("equations", "Equations of the texts", "striate.equations"),
    PublicPage("exercises", "Exercises of the texts", "striate.exercises"),
    PublicPage("weight", "Weight functions", "striate.functions.weight"),
    PublicPage("net-input", "Net input functions", "striate.functions.net_input"),
    PublicPage("transfer", "Transfer functions", "striate.functions.transfer"),
    PublicPage("normalization", "Normalization", "striate.functions.normalization"),
    PublicPage("nests", "Nests", "striate.nests"),
    PublicPage(
        "compiling",
        "Compiling nests",
        "striate",
        ("compile_nests",),
        ("striate.compile.CompiledNests",),
    ),
    PublicPage("errors", "Errors", "striate.errors"),
)

INTERNAL_PACKAGES = {
    "striate.model": "Model",
    "striate.graph": "Graph",
    "striate.functions": "Kinds",
    "striate.functions.weight": "Weight functions",
    "striate.functions.net_input": "Net input functions",
    "striate.functions.transfer": "Transfer functions",
    "striate.functions.normalization": "Normalization",
    "striate.functions.loss": "Losses",
    "striate.functions.metric": "Metrics",
    "striate.functions.optimizer": "Optimizers",
    "striate.functions.schedule": "Schedules",
    "striate.functions.initializer": "Initializers",
    "striate.nests": "Nests",
    "striate.maths": "Mathematics",
    "striate.compile": "Compiling",
    "striate.plan": "Plans",
    "striate.engine": "The compiled engine",
    "striate.llvm": "Machine code",
    "striate.llvm.matching": "Machine code for matching",
    "striate.llvm.vector_math": "Machine code for functions",
    "striate.runtime": "Running programs",
    "striate.training": "Training",
    "striate.data": "Data",
    "striate.recipes": "Recipes",
    "striate.matching": "Template matching",
    "striate.equations": "Equations",
    "striate.exercises": "Exercises",
    "striate.pictures": "Pictures",
    "striate.diagrams": "Network diagrams",
    "striate.drawing": "Drawings",
    "striate.explain": "Explaining programs",
    "striate.bench": "Benchmarks",
    "striate.files": "Files",
}
"""Packages with a page about their modules, in the order of processing."""


@cache
def exported(module: str) -> tuple[str, ...]:
    """Return the names that a public module exports, in the order of its imports.

    A package exports what it imports under an explicit name, ``from a.b import c as c``. Without
    such imports, a module exports its errors and warnings (``striate.errors``) or what ``dir``
    lists (the namespaces of kinds).
    """
    found = import_module(module)
    tree = ast.parse(inspect.getsource(found))
    names = [
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    ]
    if names:
        return tuple(names)
    listed = [name for name in dir(found) if inspect.isclass(getattr(found, name))]
    own = [name for name in listed if getattr(found, name).__module__ == module]
    return tuple(
        name for name in own or listed if not own or issubclass(getattr(found, name), Exception)
    )


def resolved(name: str) -> object:
    """Import the object of a qualified name."""
    owner, _, last = name.rpartition(".")
    if not owner:
        return import_module(name)
    try:
        return getattr(import_module(owner), last)
    except ModuleNotFoundError:  # a member of a class
        return getattr(resolved(owner), last)


def documented_name(name: str) -> str:
    """Return the name under which a constant is documented: that of the module that defines it.

    Classes, functions and modules keep the name that users write.
    """
    if not is_constant(resolved(name)):
        return name
    module, _, last = name.rpartition(".")
    for node in ast.parse(inspect.getsource(import_module(module))).body:
        if isinstance(node, ast.ImportFrom) and last in {alias.name for alias in node.names}:
            return f"{node.module}.{last}"
    return name


def is_constant(value: object) -> bool:
    """Return whether a name belongs to a value without a docstring of its own."""
    documented = (type, ModuleType, property, cached_property)
    return not (isinstance(value, documented) or inspect.isroutine(value))


def description(name: str) -> str:
    """Return the first paragraph of the documentation of a qualified name."""
    value = resolved(name)
    if not is_constant(value):
        return (inspect.getdoc(value) or "").partition("\n\n")[0]
    module, _, last = documented_name(name).rpartition(".")
    body = ast.parse(inspect.getsource(import_module(module))).body
    for node, following in pairwise(body):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if not (isinstance(target, ast.Name) and target.id == last):
            continue
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            return inspect.cleandoc(str(following.value.value)).partition("\n\n")[0]
    return ""


def directive(name: str) -> str:
    """Return the directive that documents one object."""
    value, place = resolved(name), documented_name(name)
    if isinstance(value, ModuleType):
        return f".. automodule:: {place}\n   :members:"
    if inspect.isclass(value):
        bases = "\n   :show-inheritance:" if value.__bases__ != (object,) else ""
        return f".. autoclass:: {place}\n   :members:{bases}"
    return f".. {'autodata' if is_constant(value) else 'autofunction'}:: {place}"


def public_pages() -> Iterator[tuple[str, str]]:
    """Yield the file name and the text of each page about public names."""
    for page in PUBLIC_PAGES:
        parts = [f"# {page.title}"]
        if page.names is None:
            parts += [
                f"Module `{page.module.replace('striate', 'st', 1)}`.",
                _rst(f".. automodule:: {page.module}"),
            ]
        for title, names in _sections(page):
            parts += [f"## {title}"] if title else []
            parts += [_rst(_with_examples(page, name)) for name in names]
        yield page.file, "\n\n".join(parts) + "\n"


def _with_examples(page: PublicPage, name: str) -> str:
    """Return the directives that document an object and show the examples that use it."""
    shown = f"\n\n.. minigallery:: {name}" if page.examples else ""
    return f"{directive(name)}{shown}"


def _sections(page: PublicPage) -> Iterator[tuple[str, list[str]]]:
    """Yield the sections of a page: title and names. A public module is a section at the end."""
    names = page.documented()
    modules = [name for name in names if isinstance(resolved(name), ModuleType)]
    left = [name for name in names if name not in modules]
    for title, defining in page.sections:
        found = [
            name
            for module in defining
            for name in left
            if defined_name(resolved(name)).rpartition(".")[0] == f"{page.module}.{module}"
        ]
        left = [name for name in left if name not in found]
        yield title, found
    if left:
        yield ("Other" if page.sections else ""), left
    for name in modules:
        yield name.replace("striate", "st", 1), [name]


def internal_pages() -> Iterator[tuple[str, str]]:
    """Yield the file name and the text of each page about the modules of a package."""
    names = [name for page in PUBLIC_PAGES for name in page.documented()]
    public = {
        *map(documented_name, names),
        *(defined_name(value) for value in map(resolved, names) if not is_constant(value)),
    }
    for package, title in INTERNAL_PACKAGES.items():
        module = import_module(package)
        parts = [f"# {title}"]
        if not hasattr(module, "__path__"):
            parts.append(_rst(_members(package, public)))
        elif package not in {page.module for page in PUBLIC_PAGES}:
            parts.append(_rst(f".. automodule:: {package}"))
        for one in iter_modules(getattr(module, "__path__", []), f"{package}."):
            elsewhere = one.name in INTERNAL_PACKAGES
            if not elsewhere and not isinstance(public_value(one.name, public), ModuleType):
                parts.append(f"## {one.name.removeprefix(f'{package}.')}")
                parts.append(_rst(_members(one.name, public)))
        yield package.removeprefix("striate."), "\n\n".join(parts) + "\n"


def defined_name(value: object) -> str:
    """Return the qualified name of a class, function or module where it is defined."""
    if isinstance(value, ModuleType):
        return value.__name__
    return f"{value.__module__}.{getattr(value, '__qualname__', '')}"


def public_names() -> dict[str, str]:
    """Return the documented name of each public object, by its name where it is defined.

    A constant is documented where it is defined, so there it is the other way around.
    """
    names = [name for page in PUBLIC_PAGES for name in page.documented()]
    values = [(name, resolved(name)) for name in names]
    return {
        **{defined_name(value): name for name, value in values if not is_constant(value)},
        **{name: documented_name(name) for name, value in values if is_constant(value)},
    }


def public_value(name: str, public: Collection[str]) -> object:
    """Return what a qualified name means for users, or ``None`` if it isn't public."""
    return resolved(name) if name in public else None


def _members(module: str, public: Collection[str]) -> str:
    """Return the directive for the members of a module that have no place on a public page."""
    lines = [f".. automodule:: {module}", "   :members:", "   :show-inheritance:"]
    if module in public:
        # `striate.maths.contract` is a module and, for users, the function that it defines.
        lines.append("   :no-index:")
    found = import_module(module)
    elsewhere = [
        name
        for name in getattr(found, "__all__", ())
        if getattr(getattr(found, name), "__module__", module) != module
    ]
    hidden = [*(name for name in vars(found) if f"{module}.{name}" in public), *elsewhere]
    if hidden:
        lines.append(f"   :exclude-members: {', '.join(hidden)}")
    return "\n".join(lines)


def _rst(text: str) -> str:
    """Return a block of reStructuredText for a page in Markdown."""
    return f"```{{eval-rst}}\n{text}\n```"


def write(folder: Path) -> None:
    """Write all pages below the folder of the reference."""
    for name, pages in (("api", public_pages()), ("internals", internal_pages())):
        target = folder / name
        target.mkdir(parents=True, exist_ok=True)
        written = dict(pages)
        for old in target.glob("*.md"):
            if old.stem not in written:
                old.unlink()
        if name == "internals":
            written["index"] = _internal_index(list(written))
        for stem, text in written.items():
            path = target / f"{stem}.md"
            # An unchanged page keeps its date, so that Sphinx doesn't read it again.
            if not path.is_file() or path.read_text() != text:
                path.write_text(text)


def _internal_index(names: Sequence[str]) -> str:
    toc = "\n".join(names)
    return (
        "# Internals\n\n"
        "One page for each package, for readers of the code. Names on these pages may change at "
        "any time. Changes to the [public names](../public-api.md) are listed in CHANGELOG.md.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{toc}\n```\n"
    )
