"""The errors that striate raises: every error that a user can cause is one of these.

::

    StriateError
    ├── ShapeError          sizes of kernels, layers, images or targets that don't fit
    ├── OptionError         an option or argument with a value that isn't allowed
    ├── ShorthandError      shorthand that can't be parsed
    ├── GraphError          a network that can't be built, or lacks what was requested
    ├── EquationError       an index equation that can't be parsed or transposed
    ├── NestError           sizes or arrays that don't fit an index equation
    ├── DataError           images, labels or data files that can't be used
    ├── TrainingError       training that can't start or continue
    ├── UnknownNameError    a name that isn't among a network's parameters, a trace's layers, ...
    ├── ReadOnlyError       an attribute that can't be set
    ├── ModelFileError      a model file or checkpoint that can't be written or read
    ├── CacheError          a cache of compiled programs that can't be emptied
    ├── EngineError         an engine that can't run here, or can't compute a network
    ├── OutOfMemoryError    a computation that needs more memory than is available
    └── ExtraError          an optional library that isn't installed

Each message says what is wrong and with which value, what was expected, and what to do. Results
that are correct but may surprise a user are reported by a ``StriateWarning``.

A message that names an argument is a :class:`Message`. As text it is written for Python,
``batch_size=8``; the command writes the same message with its options, ``--batch-size 8``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from striate.training.history import History


@dataclass(frozen=True)
class Argument:
    """An argument in a message: with a value ``seed=0``, without one `` `seed` ``.

    Parameters
    ----------
    name
        Name of the argument.
    value
        Its value, or ``...`` to name the argument alone.
    """

    name: str
    value: object = ...

    def __str__(self) -> str:
        """Write it as in a call."""
        if self.value is ...:
            return f"`{self.name}`"
        value = f'"{self.value}"' if isinstance(self.value, str) else repr(self.value)
        return f"{self.name}={value:.60}"


@dataclass(frozen=True)
class Use(Argument):
    """The remedy to give an argument a value: ``Use seed=0``; the command adds and omits flags.

    Parameters
    ----------
    option_of
        In Python, the argument of which ``name`` is an option; ``""`` if it is an argument itself.
    """

    option_of: str = ""

    def __str__(self) -> str:
        """Write it as a sentence without its full stop."""
        same = f"the same {self.option_of}, with " if self.option_of else ""
        return f"Use {same}{super().__str__()}"


@dataclass(frozen=True)
class InPython:
    """Words that apply to Python, and those for the command.

    Parameters
    ----------
    text
        In Python.
    command
        In the command.
    """

    text: str
    command: str = ""

    def __str__(self) -> str:
        """Write the words for Python."""
        return self.text


class Message(str):
    """A message that names arguments.

    Parameters
    ----------
    parts
        Texts, arguments and other messages, which are joined without spaces.

    Examples
    --------
    >>> message = Message("Try ", Argument("batch_size", 8), ".")
    >>> print(message)
    Try batch_size=8.
    >>> message.written(lambda part: f"--{part.name}")
    'Try --batch_size.'
    """

    __slots__ = ("parts",)

    parts: "tuple[str | Argument | InPython, ...]"

    def __new__(cls, *parts: "str | Argument | InPython") -> Self:
        flat = [
            inner
            for part in parts
            for inner in (part.parts if isinstance(part, Message) else (part,))
        ]
        message = super().__new__(cls, "".join(map(str, flat)))
        message.parts = tuple(flat)
        return message

    def __reduce__(self) -> "tuple[type[Self], tuple[str | Argument | InPython, ...]]":
        """Make copies from the parts."""
        return type(self), self.parts

    def written(self, write: "Callable[[Argument | InPython], str]") -> str:
        """Write the message with other words for its arguments.

        Parameters
        ----------
        write
            Writes an argument.

        Returns
        -------
        str
        """
        return "".join(part if isinstance(part, str) else write(part) for part in self.parts)


class StriateError(Exception):
    """The base class of all errors that a user can cause.

    The message may begin with what it is about, ``Layer 3 (conv2), Conv(16, 5): ...``. That part is
    kept in :attr:`subject`, because a caller that has more context replaces it.

    Parameters
    ----------
    text
        What is wrong, what was expected, and what to do; a :class:`Message` if it names arguments.
    remedy
        What to do, if it is kept apart from the text: a caller that has a better remedy leaves it
        out.
    """

    subject: str = ""
    remedy: str = ""
    details: str = ""
    """More facts, which follow the remedy."""

    def __init__(self, text: str = "", *, remedy: str = "") -> None:
        super().__init__(text)
        if remedy:
            self.remedy = remedy

    def about(self, subject: object) -> Self:
        """Name what the error is about, or name it more fully than before."""
        self.subject = str(subject)
        return self

    def __str__(self) -> str:
        return str(self.message)

    @property
    def statement(self) -> Message:
        """The message without its remedy and details, if those were kept apart."""
        return Message(f"{self.subject}: " if self.subject else "", *self.args)

    @property
    def message(self) -> Message:
        """The whole message."""
        remedy = (" ", self.remedy) if self.remedy else ()
        return Message(self.statement, *remedy, self.details)


class ShapeError(StriateError, ValueError):
    """Sizes of kernels, layers, images or targets don't fit."""


class OptionError(StriateError, ValueError):
    """An option or an argument has a value that isn't allowed."""


class ShorthandError(StriateError, ValueError):
    """Shorthand can't be parsed."""


class GraphError(StriateError, ValueError):
    """A network can't be built, or lacks what was requested."""


class EquationError(StriateError, ValueError):
    """An index equation can't be parsed, or has no adjoint."""


class NestError(StriateError, ValueError):
    """Sizes or arrays don't fit an index equation."""


class DataError(StriateError, ValueError):
    """Images, labels or data files can't be used."""


class TrainingError(StriateError, RuntimeError):
    """Training can't start or continue.

    If training diverged, ``cause`` says how in one sentence, and ``history`` has the epochs that
    were finished before.
    """

    cause: str | None = None
    history: "History | None" = None


class UnknownNameError(StriateError, KeyError):
    """A network has no parameter or statistic of that name; a trace no layer; a check no way."""


class ReadOnlyError(StriateError, AttributeError):
    """An attribute of a network can't be set."""


class ModelFileError(StriateError, OSError):
    """A model file or a checkpoint can't be written or read."""


class CacheError(StriateError, OSError):
    """The cache of compiled programs can't be emptied."""


class EngineError(StriateError, RuntimeError):
    """An engine can't run here, or can't compute a network."""


class OutOfMemoryError(StriateError, MemoryError):
    """A computation needs more memory than is available."""


class ExtraError(StriateError, ImportError):
    """An optional library isn't installed."""


class StriateWarning(UserWarning):
    """A warning: the result is correct, but may not be what was intended."""


LONGEST_QUOTE = 60
"""Characters of a user's input that a message quotes; longer input is cut."""


def shortened(text: str, most: int = LONGEST_QUOTE) -> str:
    """Cut a text that a message quotes, and keep the quote or bracket that closes it.

    Parameters
    ----------
    text
        The text.
    most
        Number of characters to keep, the three dots included.

    Returns
    -------
    str

    Examples
    --------
    >>> shortened("[1, 2, 3, 4, 5, 6]", 12)
    '[1, 2, 3...]'
    """
    if len(text) <= most:
        return text
    end = text[-1] if text[-1] in "\")]}'>" else ""
    return f"{text[: most - 3 - len(end)]}...{end}"
