"""One segment of the shorthand: a layer's word, its argument and its options."""

from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, cast

from striate.errors import ShorthandError
from striate.functions import registry
from striate.functions.base import Function, NetInputFunction, TransferFunction
from striate.functions.initializer.named import NAMED
from striate.functions.net_input import Sum
from striate.functions.synonyms import did_you_mean, same_name
from striate.functions.weight import Identity
from striate.functions.writing import short
from striate.graph.shorthand_values import (
    read_call,
    read_shape,
    read_size,
    read_value,
    write_call,
)

PADDING_WORDS = ("valid", "same", "full")
_RESERVED = {"bias": "none", "init": "he-normal", "as": "stem", "from": "stem"}
"""Options of every layer, each with an example of its value."""


@dataclass
class Segment:
    """The contents of one segment."""

    weight: type[Function] = Identity
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    net_input: type[NetInputFunction] = Sum
    bias: str | None = None
    transfer: TransferFunction | None = None
    initializer: str | None = None
    name: str | None = None
    before: list[str] | None = None
    joined: list[str] = field(default_factory=list[str])
    typed_size: str | None = None
    """The window's size as typed, if it has a number for each axis: ``5x5``."""

    is_join: bool = False


def read_segment(word: str, rest: list[str]) -> Segment:
    """Read the word, argument and options of a layer."""
    name, _ = read_call(word)
    kinds, joins = _words(), join_words()
    if word in kinds:
        segment = Segment(weight=kinds[word])
        _argument(segment, word, rest)
    elif word in joins:
        segment = Segment(net_input=joins[word], is_join=True)
        while rest and rest[0] not in _RESERVED and not _is_transfer(rest[0]):
            segment.joined.extend(rest.pop(0).split(","))
    elif _is_transfer(word):
        segment = Segment(transfer=_transfer(word))
    else:
        known = [*kinds, *joins, *registry.kinds("transfer"), "input", "output", "again"]
        raise ShorthandError(
            f"Unknown word {short(name)}.{did_you_mean(name, known)} A segment begins with one of "
            f"{', '.join(known)}."
        )
    while rest:
        _option(segment, word, rest)
    return segment


def _argument(segment: Segment, word: str, rest: list[str]) -> None:
    """Read ``6@5x5``, ``120`` or ``2x2`` into the options that it fills."""
    shorthand = segment.weight.shorthand
    assert shorthand is not None
    if not (shorthand.maps or shorthand.size or shorthand.number or shorthand.shape):
        return
    argument = rest.pop(0) if rest and (rest[0][0].isdigit() or rest[0][0] == "-") else None
    if argument is None:
        number = next((f for f in _options(segment.weight) if f.name == shorthand.number), None)
        if number is not None and number.default is not MISSING:
            return
        first = shorthand.maps or shorthand.number or shorthand.shape
        given = rest[0] if rest and not _is_option(rest[0], segment) else "nothing"
        raise ShorthandError(_argument_expected(word, given, first, shorthand.size))
    types = {f.name: f.type for f in _options(segment.weight)}
    if shorthand.number:
        is_integer = types[shorthand.number] is int
        if is_integer and argument.startswith("-"):
            raise ShorthandError(_argument_expected(word, argument, shorthand.number, ""))
        segment.options[shorthand.number] = read_value(argument, 0 if is_integer else 0.0, word)
        return
    if shorthand.shape:
        segment.options[shorthand.shape] = read_shape(argument, word)
        return
    maps, at, size = argument.partition("@") if shorthand.maps else ("", "@", argument)
    if (
        bool(shorthand.maps and shorthand.size) != bool(shorthand.maps and at)
        or "@" in size
        or (shorthand.maps and not maps[:1].isdigit())
    ):
        raise ShorthandError(_argument_expected(word, argument, shorthand.maps, shorthand.size))
    if shorthand.maps:
        segment.options[shorthand.maps] = read_value(maps, 0, word)
    if shorthand.size:
        read = read_size(size, word)
        if isinstance(read, tuple):
            segment.typed_size = size
            read = read[0] if len(set(read)) == 1 else read
        segment.options[shorthand.size] = read


def _option(segment: Segment, word: str, rest: list[str]) -> None:
    """Read one option, with its value where it has one."""
    option = rest.pop(0)
    known = {f.name.replace("_", "-"): f for f in _options(segment.weight)}
    own = option in known and bool(rest) and rest[0][0].isdigit()  # a normalization's bias 1.0
    if option in _RESERVED and not own:
        if not rest:
            raise ShorthandError(
                f'"{option}" needs a value. For example, write "{option} {_RESERVED[option]}".'
            )
        value = rest.pop(0)
        match option:
            case "bias":
                segment.bias = _bias(value)
            case "init":
                segment.initializer = _initializer(value)
            case "as":
                segment.name = value
            case _:
                segment.before = value.split(",")
    elif option in registry.kinds("net_input") and not segment.is_join:
        segment.net_input = registry.find("net_input", option)
    elif option in PADDING_WORDS and "padding" in known:
        segment.options["padding"] = option
    elif _is_transfer(option):
        if segment.transfer is not None:
            raise ShorthandError(
                f"{short(option)} is a second activation of {word}. "
                f'Write "| {option}" to make it a separate layer.'
            )
        segment.transfer = _transfer(option)
    elif option in known:
        default = known[option].default
        if isinstance(default, bool):
            segment.options[known[option].name] = True
        elif rest:
            value = rest.pop(0)
            segment.options[known[option].name] = read_value(value, default, option)
        else:
            raise ShorthandError(f'"{option}" needs a value. For example, write "{option} 2".')
    else:
        words = [*known, *PADDING_WORDS, *_RESERVED, *registry.kinds("transfer")]
        layer = same_name(option, [*_words(), *join_words()])
        if layer is not None:
            raise ShorthandError(
                f"{short(option)} is not an option of {word}, but a layer. "
                f'Write "| {layer}" to make it a separate layer.'
            )
        raise ShorthandError(
            f"Unknown option {short(option)} of {word}.{did_you_mean(option, words)} "
            + _known_options(segment, word, list(known))
            + " Every layer also accepts an activation, bias, product, init, as and from."
        )


def _known_options(segment: Segment, word: str, known: list[str]) -> str:
    """List a layer's options in a sentence; those of an activation are in parentheses."""
    if known:
        return f"Its options are {', '.join(known)}."
    if segment.transfer is not None and _is_transfer(word):
        options = {
            o.name: getattr(segment.transfer, o.name) for o in _options(type(segment.transfer))
        }
        if options:
            name = registry.name_of(segment.transfer)
            return f'Its options are in parentheses: "{write_call(name, options)}".'
    return "It has no options of its own."


def _is_option(word: str, segment: Segment) -> bool:
    """Return whether a word is an option of a segment's layer, or one that every layer accepts."""
    own = {option.name.replace("_", "-") for option in _options(segment.weight)}
    common = {*_RESERVED, *PADDING_WORDS, *registry.kinds("net_input")}
    return word in own | common or _is_transfer(word)


def _is_transfer(word: str) -> bool:
    """Return whether a word names a transfer function."""
    return read_call(word)[0] in registry.kinds("transfer")


def _words() -> dict[str, type[Function]]:
    """Map the words of the shorthand to weight functions."""
    return {
        kind.shorthand.word: kind
        for kind in registry.kinds("weight").values()
        if kind.shorthand is not None and kind is not Identity
    }


def join_words() -> dict[str, type[NetInputFunction]]:
    """Map words that join layers, such as ``add``, to net input functions."""
    return {
        kind.shorthand.word: kind
        for kind in registry.kinds("net_input").values()
        if kind.shorthand is not None
    }


def _transfer(word: str) -> TransferFunction:
    """Make a transfer function from ``leaky-relu(slope=0.1)``."""
    name, options = read_call(word)
    return registry.from_data("transfer", {"kind": name, **options})


def _options(kind: type[Function]) -> tuple[Field[Any], ...]:
    """List the options of a kind; every kind is a dataclass."""
    return fields(cast("Any", kind))


def _bias(value: str) -> str:
    """Raise unless a bias has a valid value; return it."""
    if value not in {"tied", "untied", "none"}:
        raise ShorthandError(
            f"`bias` must be tied (one for each map), untied (one for each neuron) or none, got "
            f'{short(value)}. For example, write "bias none".'
        )
    return value


def _initializer(value: str) -> str:
    """Check the name of an initializer; instances and arrays can't be written in shorthand."""
    if value not in NAMED:
        raise ShorthandError(
            f"Unknown initializer {short(value)}.{did_you_mean(value, NAMED)} Choose from "
            f"{', '.join(NAMED)}."
        )
    return value


def _argument_expected(word: str, given: str, maps: str, size: str) -> str:
    """Describe a word's argument."""
    example = "6@5x5" if maps and size else "6" if maps else "2x2"
    first = f"number of {maps}" if maps.endswith("s") else maps
    second = "window size" if size == "window" else size
    parts = " and ".join(f"the {part}".replace("_", " ") for part in (first, second) if part)
    got = given if given == "nothing" else short(given)
    return (
        f'"{word}" must be followed by {parts}, got {got}. For example, write "{word} {example}".'
    )
