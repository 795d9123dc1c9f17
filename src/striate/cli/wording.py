"""Messages in the command's words: its options in place of Python's arguments.

An error is raised far from the command, often for an argument that the command calls an option.
Its message keeps such arguments as data (:class:`striate.errors.Message`), and is written here:
``batch_size=8`` becomes ``--batch-size 8``, and "Use standardize=True" becomes "Add --standardize".
"""

import shlex
from functools import partial

import click

from striate.errors import Argument, InPython, Message, Use


def in_words_of(command: click.Command | None, text: str) -> str:
    """Write a message with the options of a command.

    Parameters
    ----------
    command
        The command; ``None`` writes the message for Python.
    text
        A message; text without arguments is returned as it is.

    Returns
    -------
    str

    Examples
    --------
    >>> command = click.Command("x", params=[click.Option(["--batch-size"])])
    >>> in_words_of(command, Message("Try ", Argument("batch_size", 8), "."))
    'Try --batch-size 8.'
    """
    if command is None or not isinstance(text, Message):
        return str(text)
    return text.written(partial(_written, {str(one.name): one for one in command.params}))


def _written(options: dict[str, click.Parameter], part: Argument | InPython) -> str:
    """Write a part of a message."""
    if isinstance(part, InPython):
        return part.command
    option = options.get(part.name)
    if isinstance(option, click.Option):
        return _remedy(option, part) if isinstance(part, Use) else _named(option, part.value)
    if isinstance(part, Use) and part.option_of:
        return f"Use the same {part.option_of}"
    words = part.name.replace("_", " ")
    shown = words if part.value is ... else f"{words} {part.value}"
    return f"Use {shown}" if isinstance(part, Use) else shown


def _remedy(option: click.Option, use: Use) -> str:
    """Write the remedy to use an option with a value."""
    if option.is_flag and not option.secondary_opts:
        return f"{'Add' if use.value else 'Leave out'} {_flag(option)}"
    if use.value is None or use.value is ...:
        return f"Leave out {_flag(option)}"
    return f"Use {_named(option, use.value)}"


def _named(option: click.Option, value: object) -> str:
    """Write an option, with its value if it is stated."""
    if value is ...:
        return _flag(option)
    if option.is_flag:
        return option.secondary_opts[0] if not value and option.secondary_opts else _flag(option)
    text = "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"{_flag(option)} {shlex.quote(text)}"


def _flag(option: click.Option) -> str:
    """Return the first long form of an option."""
    return next((name for name in option.opts if name.startswith("--")), option.opts[0])
