"""Words for what went wrong: every error that a user can cause.

::

    StriateError
    ├── ShapeError          sizes that do not fit: windows, layers, images
    ├── OptionError         an option of a layer, a function or a command that cannot be
    ├── ShorthandError      the text form of a network that cannot be read
    ├── GraphError          layers joined in a way that cannot be computed
    ├── EquationError       an index equation that cannot be read or transposed
    ├── NestError           numbers and arrays that do not fit an index equation
    ├── DataError           images, labels or files of data that cannot be used
    ├── TrainingError       training that cannot start or go on
    ├── UnknownNameError    a name that a network's parameters or layers don't have
    ├── ReadOnlyError       an attribute that cannot be set
    ├── ModelFileError      a saved model or checkpoint that cannot be written or read
    ├── CacheError          a cache of compiled programs that cannot be emptied
    ├── EngineError         an engine that cannot run here, or cannot compute a network
    ├── OutOfMemoryError    a program that needs more memory than there is
    └── ExtraError          an optional library that is not installed

Each message gives the values, the rule and the remedy, one sentence each. What a user should know
although nothing is wrong is a ``StriateWarning``.
"""

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from striate.training.history import History


class StriateError(Exception):
    """The root of all errors that striate raises for what a user can cause.

    The message may begin with what it is about, ``Layer 3 (conv2), Conv(16, 5): ...``. That part is
    kept in :attr:`subject`, because a caller that has more context replaces it.
    """

    subject: str = ""

    def about(self, subject: object) -> Self:
        """Name what the error is about, or name it more fully than before."""
        self.subject = str(subject)
        return self

    def __str__(self) -> str:
        text = super().__str__()
        return f"{self.subject}: {text}" if self.subject else text


class ShapeError(StriateError, ValueError):
    """Sizes do not fit."""


class OptionError(StriateError, ValueError):
    """An option has a value that cannot be."""


class ShorthandError(StriateError, ValueError):
    """The text form of a network cannot be read."""


class GraphError(StriateError, ValueError):
    """Layers are joined in a way that cannot be computed."""


class EquationError(StriateError, ValueError):
    """An index equation cannot be read, or has no adjoint."""


class NestError(StriateError, ValueError):
    """Numbers or arrays do not fit an index equation."""


class DataError(StriateError, ValueError):
    """Images, labels or data files cannot be used."""


class TrainingError(StriateError, RuntimeError):
    """Training cannot start or continue.

    If a training diverged, ``cause`` says how in one sentence, and ``history`` has the epochs that
    were finished before.
    """

    cause: str | None = None
    history: "History | None" = None


class UnknownNameError(StriateError, KeyError):
    """A mapping has no entry of that name."""

    __str__ = Exception.__str__
    """As every error; ``KeyError`` would show the message in quotes."""


class ReadOnlyError(StriateError, AttributeError):
    """An attribute of a network cannot be set."""


class ModelFileError(StriateError, OSError):
    """A saved model or a checkpoint cannot be written or read."""


class CacheError(StriateError, OSError):
    """The cache of compiled programs cannot be emptied."""


class EngineError(StriateError, RuntimeError):
    """An engine cannot run here, or cannot compute a network."""


class OutOfMemoryError(StriateError, MemoryError):
    """A program needs more memory than there is."""


class ExtraError(StriateError, ImportError):
    """An optional library is not installed."""


class StriateWarning(UserWarning):
    """A notice: nothing is wrong, but it could be better."""
