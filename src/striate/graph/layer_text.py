"""Texts and documentation of layers, generated from their kinds' declarations."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence

from striate.functions.base import Function
from striate.functions.layer_form import LayerForm

LAYER_TEXTS: Mapping[str, str] = {
    "bias": '``"tied"`` (one for each map), ``"untied"`` (one for each neuron) or ``None``.',
    "net_input": 'How weight function and bias are joined: ``"sum"`` or ``"product"``.',
    "activation": "The transfer function or its name.",
    "initializer": (
        "Start values of the weights: a name, an initializer, or an array of weights; by default "
        "the initializer that suits the transfer function."
    ),
    "name": "Name of the layer; by default its kind and a number, such as conv2.",
}
"""Descriptions of the options that every layer has."""


def constructor_documentation(
    kind: type[Function],
    form: LayerForm,
    signature: inspect.Signature,
    flagged: Sequence[type[Function]],
) -> str:
    """Write the docstring of a constructor from those of its kinds.

    Parameters
    ----------
    kind, form
        The kind, and how users write it.
    signature
        Of the constructor.
    flagged
        Further kinds of the same constructor, each chosen by a flag.

    Returns
    -------
    str
        In numpydoc's sections.
    """
    texts = _parameter_texts([kind, *flagged])
    for other in flagged:
        assert other.layer is not None
        texts[other.layer.flag] = other.layer.flag_text
    options = [
        f"{name}\n    {texts.get(name) or LAYER_TEXTS[name]}" for name in signature.parameters
    ]
    sources = [text for one in (kind, *flagged) if (text := _section(one, "Sources"))]
    parts = [
        _summary(kind),
        *_prose(kind),
        _titled("Parameters", "\n".join(options)),
        _titled("Returns", "Layer"),
        _titled("Raises", "OptionError\n    If an option is unknown or has a value not allowed."),
        _titled("Sources", "\n".join(sources)),
        _titled("Examples", f">>> {form.name}({form.example})\n{form.name}({form.example})"),
    ]
    return "\n\n".join(parts) + "\n"


def _titled(title: str, text: str) -> str:
    return f"{title}\n{'-' * len(title)}\n{text}"


def _summary(kind: type[Function]) -> str:
    return (inspect.getdoc(kind) or "").split("\n", 1)[0]


def _prose(kind: type[Function]) -> Iterator[str]:
    """Return the paragraphs between a docstring's summary and its first section."""
    for paragraph in (inspect.getdoc(kind) or "").split("\n\n")[1:]:
        if re.match(r"\w+\n-+\n", paragraph):
            return
        yield paragraph


def _section(kind: type, title: str) -> str:
    """Return a section of a class's own docstring; empty if it has none."""
    documented = inspect.cleandoc(vars(kind).get("__doc__") or "")
    found = re.search(
        rf"^{title}\n-+\n(.*?)(?=\n\n\w+\n-+\n|\Z)", documented, re.DOTALL | re.MULTILINE
    )
    return found[1].strip() if found else ""


def _parameter_texts(kinds: Sequence[type[Function]]) -> dict[str, str]:
    """Collect what the options mean from the docstrings of the kinds and their bases."""
    texts: dict[str, str] = {}
    for kind in kinds:
        for base in kind.__mro__:
            section = _section(base, "Parameters")
            for names, text in re.findall(
                r"^(\w[\w, ]*)\n((?:    .*\n?|\n)+)", section, re.MULTILINE
            ):
                for name in names.split(", "):
                    texts.setdefault(name, text.strip())
    return texts
