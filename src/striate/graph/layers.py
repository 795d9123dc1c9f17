"""The public layers: ``st.Conv``, ``st.MaxPool``, ``st.Add``, ...

Each constructor is generated from its kind. The kind states a
:class:`~striate.functions.layer_form.LayerForm` (the public name, the positional options, the
options of the layer) and declares its options; from these follow the signature, the documentation,
and errors in the user's own words. So a new kind has its constructor as soon as its package exports
it. ``layers.pyi``, which editors and type checkers read, is written by ``make golden``.

:func:`Input` and :func:`Activation` belong to no kind and are written by hand.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING
from typing import Any, cast

from striate.errors import OptionError
from striate.functions import registry
from striate.functions.base import Function, NetInputFunction, TransferFunction
from striate.functions.initializer.base import Initializer
from striate.functions.layer_form import LayerForm, options_of
from striate.functions.net_input.bias import Bias
from striate.functions.options import plain
from striate.functions.synonyms import nearest_option
from striate.functions.weight import Identity
from striate.graph.axis_order import Channels, require_channels, shape_in_equations
from striate.graph.layer import Layer, Node, net_input_function, require_name
from striate.graph.layer_text import constructor_documentation
from striate.shapes import Array, Shape


def Input(  # noqa: N802  # named as a layer
    shape: Shape, *, channels: Channels = "last", name: str | None = None
) -> Node:
    """Start a network with the shape of one image.

    Parameters
    ----------
    shape
        ``(rows, columns, channels)``, or ``(features,)``.
    channels
        Which axis of ``shape`` holds the channels, ``"last"`` or ``"first"``; the network's arrays
        have the same order.
    name
        Name of the input; ``input`` by default.

    Returns
    -------
    Node

    Raises
    ------
    ShapeError
        If ``shape`` is not the shape of an image.
    OptionError
        If ``channels`` is neither ``"last"`` nor ``"first"``.
    GraphError
        If ``name`` is not a valid name.

    Examples
    --------
    >>> Input((32, 32, 3)).shape
    (3, 32, 32)
    """
    if name is not None:
        require_name(name)
    require_channels(channels)
    return Node(None, shape=shape_in_equations(shape, channels), name=name, channels=channels)


def Activation(  # noqa: N802  # named as a layer
    activation: str | TransferFunction, *, name: str | None = None
) -> Layer:
    """Apply a transfer function, and nothing else.

    Parameters
    ----------
    activation
        The transfer function or its name.
    name
        Name of the layer; by default its kind and a number, such as conv2.

    Returns
    -------
    Layer

    Raises
    ------
    OptionError
        If the transfer function is unknown.

    Sources
    -------
    Hagan 8.51.

    Examples
    --------
    >>> Activation("relu")
    Activation("relu")
    """
    return Layer(Identity(), activation=activation, name=name)


LAYER_OPTIONS: Mapping[str, tuple[object, object]] = {
    "bias": (Bias, None),
    "net_input": (str | NetInputFunction, "sum"),
    "activation": (str | TransferFunction, "linear"),
    "initializer": (str | Initializer | Array | Sequence[Any] | None, None),
    "name": (str | None, None),
}
"""Annotation and default of the options that belong to a layer, not to its kind."""


def _constructor(kinds: Sequence[type[Function]]) -> Callable[..., Layer]:
    """Generate the constructor of a kind, or of several that a flag chooses from."""
    plain = next(kind for kind in kinds if kind.layer is not None and not kind.layer.flag)
    form = plain.layer
    assert form is not None
    flagged = {kind.layer.flag: kind for kind in kinds if kind.layer and kind.layer.flag}
    signature = _signature(form, kinds, list(flagged))

    def construct(*args: object, **options: object) -> Layer:
        given = _bound(form, signature, args, options)
        chosen = next((kind for flag, kind in flagged.items() if given.pop(flag, False)), plain)
        return _layer(chosen, form, given)

    construct.__name__ = construct.__qualname__ = form.name
    construct.__module__ = __name__
    construct.__doc__ = constructor_documentation(plain, form, signature, list(flagged.values()))
    construct.__signature__ = signature  # type: ignore[attr-defined]  # read by inspect
    return construct


def _signature(
    form: LayerForm, kinds: Sequence[type[Function]], flags: Sequence[str]
) -> inspect.Signature:
    """Collect the options of a constructor: positional ones, those of its kinds, the layer's."""
    parameters: dict[str, inspect.Parameter] = {}
    for option in (option for kind in kinds for option in options_of(kind)):
        positional = option.name in form.positional
        if option.name in form.takes:
            continue  # a net input function's bias is the layer's
        default = inspect.Parameter.empty if option.default is MISSING else option.default
        parameters[option.name] = inspect.Parameter(
            option.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD
            if positional
            else inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=option.type,
        )
    for flag in flags:
        parameters[flag] = inspect.Parameter(
            flag, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=bool
        )
    for name in (*form.takes, "name"):
        annotation, default = LAYER_OPTIONS[name]
        parameters[name] = inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=form.bias if name == "bias" else default,
            annotation=annotation,
        )
    first = [parameters[name] for name in form.positional]
    rest = [p for name, p in parameters.items() if name not in form.positional]
    return inspect.Signature([*first, *rest], return_annotation=Layer)


def _bound(
    form: LayerForm,
    signature: inspect.Signature,
    args: tuple[object, ...],
    options: dict[str, object],
) -> dict[str, object]:
    """Match arguments with options, as Python does, with errors that suggest what was meant."""
    known = signature.parameters
    call = f"{form.name}({form.example})"
    if len(args) > len(form.positional):
        names = " and ".join(f"`{name}`" for name in form.positional) or "no options"
        named = next(name for name in known if name not in form.positional)
        raise OptionError(
            f"{form.name} takes {names} by position, got {len(args)} arguments. "
            f"Name the other options: {named}=..."
        )
    given = dict(zip(form.positional, args, strict=False))
    for name, value in options.items():
        if name not in known:
            meant = nearest_option(name, known)
            suggestion = f" Did you mean `{meant}`?" if meant else ""
            raise OptionError(
                f"{form.name} has no option `{name}`.{suggestion} Its options are "
                f"{', '.join(known)}."
            )
        if name in given:
            raise OptionError(
                f"{form.name} got `{name}` twice, by position and by name. Pass it once."
            )
        given[name] = value
    for name, parameter in known.items():
        if name not in given and parameter.default is inspect.Parameter.empty:
            raise OptionError(f"{form.name} needs `{name}`. For example, write {call}.")
    return given


def _layer(kind: type[Function], form: LayerForm, given: dict[str, object]) -> Layer:
    """Make a layer of a kind from the options that were given."""
    options = {o.name: given.pop(o.name) for o in options_of(kind) if o.name in given}
    unused = [name for name in given if name not in (*form.takes, "name")]
    if unused:
        assert kind.layer is not None
        raise OptionError(
            f"`{unused[0]}` has no effect with {kind.layer.flag}=True. Leave one of them out."
        ).about(form.name)
    for name in form.channels_last:
        value = plain(options.get(name))
        if isinstance(value, tuple) and value:
            *pixels, maps = cast("Sequence[object]", value)
            options[name] = (maps, *pixels)
    name: Any = given.pop("name", None)
    activation: Any = given.pop("activation", "linear")
    if issubclass(kind, NetInputFunction):
        if "bias" in form.takes:
            options.setdefault("bias", form.bias)
        joined = kind(**options)
        with_subject = joined
        weight: Function = Identity()
    else:
        joined = None
        with_subject = weight = kind(**options)
    try:
        if joined is None:
            bias: Any = given.pop("bias", form.bias)
            joined = net_input_function(given.pop("net_input", "sum"), bias)
        initializer: Any = given.pop("initializer", None)
        layer = Layer(weight, joined, activation, initializer=initializer, name=name)
    except OptionError as error:
        raise error.about(form.heading(with_subject)) from None
    layer.is_join = isinstance(with_subject, NetInputFunction)
    return layer


def _constructors() -> dict[str, Callable[..., Layer]]:
    """Generate a constructor for each public name that the kinds state."""
    by_name: dict[str, list[type[Function]]] = {}
    for family in ("weight", "net_input"):
        for kind in registry.kinds(family).values():
            form: LayerForm | None = kind.layer
            if form is not None:
                by_name.setdefault(form.name, []).append(kind)
    return {name: _constructor(kinds) for name, kinds in sorted(by_name.items())}


CONSTRUCTORS: Mapping[str, Callable[..., Layer]] = _constructors()
"""The generated constructors by name."""

globals().update(CONSTRUCTORS)

__all__ = ["Activation", "Input", *CONSTRUCTORS]  # noqa: PLE0604  # pyright: ignore[reportUnsupportedDunderAll]
