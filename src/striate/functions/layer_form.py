"""How a user writes a layer of a kind: ``Conv(6, 5)`` for ``Convolution(feature_maps=6, ...)``.

A weight function or a net input function states its :class:`LayerForm`. The public constructor
(``st.Conv``) is generated from it and from the kind's options, and summaries, ``repr`` and error
messages write the kind as the user did.
"""

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, Literal, cast

from striate.functions.writing import short, write

LayerOption = Literal["bias", "net_input", "activation", "initializer"]

WEIGHTED: tuple[LayerOption, ...] = ("bias", "net_input", "activation", "initializer")
"""The options of a layer that has weights, in addition to those of its kind."""


@dataclass(frozen=True, kw_only=True)
class LayerForm:
    """The public constructor of a kind.

    Parameters
    ----------
    name
        Its name: ``Conv``.
    example
        The arguments of a call that works, for its documentation: ``6, 5, activation="tanh"``.
    positional
        Options of the kind that are given by position, in this order.
    takes
        Options of the layer in addition to those of the kind; every layer also takes ``name``.
    bias
        The layer's default bias.
    flag
        If one constructor makes two kinds: the name of the option that selects this one when true.
        ``AveragePool(2, trainable=True)`` makes a ``TrainableAveragePooling``.
    flag_text
        What the flag means.
    channels_last
        Options that are shapes: users write the channels last, kinds first.
    """

    name: str
    example: str = ""
    positional: tuple[str, ...] = ()
    takes: tuple[LayerOption, ...] = ("activation",)
    bias: Literal["tied"] | None = None
    flag: str = ""
    flag_text: str = ""
    channels_last: tuple[str, ...] = ()

    def arguments(self, kind: object) -> Iterator[str]:
        """Write the options of a kind that a user would type: those that differ from defaults."""
        options = {f.name: f for f in options_of(kind)}
        for name in self.positional:
            value = self.as_typed(name, getattr(kind, name))
            # A default word is omitted, but a number is informative: Dropout(0.5).
            if not (isinstance(value, str) and value == options[name].default):
                yield write(value)
        if self.flag:
            yield f"{self.flag}=True"
        for name, option in options.items():
            if name not in (*self.positional, *self.takes) and differs(kind, option):
                yield f"{name}={write(self.as_typed(name, getattr(kind, name)))}"

    def heading(self, kind: object) -> str:
        """Write the call with the positional options alone, for errors about one of the options."""
        given = (short(self.as_typed(name, getattr(kind, name))) for name in self.positional)
        return f"{self.name}({', '.join(given)})"

    def as_typed(self, name: str, value: object) -> object:
        """Return the value of an option as the user types it: the channels of a shape last."""
        if name in self.channels_last and isinstance(value, tuple) and value != ():
            maps, *pixels = cast("tuple[object, ...]", value)
            return (*pixels, maps)
        return cast("object", value)


def options_of(kind: object) -> tuple[Field[Any], ...]:
    """List the options of a kind, or of its class; every kind is a dataclass."""
    return fields(cast("Any", kind))


def differs(kind: object, option: Field[Any]) -> bool:
    """Return whether an option differs from its default."""
    value = getattr(kind, option.name)
    if option.default is not MISSING:
        return bool(value != option.default)
    return option.default_factory is MISSING or bool(value != option.default_factory())


def call_text(kind: object) -> str:
    """Write a kind as the call that makes it, without the options that have their defaults.

    Examples
    --------
    >>> from striate.functions.transfer import LeakyRelu
    >>> print(call_text(LeakyRelu(slope=0.1)))
    LeakyRelu(slope=0.1)
    """
    given = (
        f"{option.name}={write(getattr(kind, option.name))}"
        for option in options_of(kind)
        if differs(kind, option)
    )
    return f"{type(kind).__name__}({', '.join(given)})"
