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
    ├── TrainingError       a training that can't start or continue
    ├── UnknownNameError    a name that isn't among a network's parameters or statistics
    ├── ReadOnlyError       an attribute that can't be set
    ├── ModelFileError      a model file or checkpoint that can't be written or read
    ├── CacheError          a cache of compiled programs that can't be emptied
    ├── EngineError         an engine that can't run here, or can't compute a network
    ├── OutOfMemoryError    a computation that needs more memory than is available
    └── ExtraError          an optional library that isn't installed

Each message says what is wrong and with which value, what was expected, and what to do. Results
that are correct but may surprise a user are reported by a ``StriateWarning``.
"""

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from striate.training.history import History


class StriateError(Exception):
    """The base class of all errors that a user can cause.

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

    If a training diverged, ``cause`` says how in one sentence, and ``history`` has the epochs that
    were finished before.
    """

    cause: str | None = None
    history: "History | None" = None


class UnknownNameError(StriateError, KeyError):
    """A network has no parameter or running statistic of that name."""

    def __str__(self) -> str:
        text = Exception.__str__(self)  # a KeyError would put the message in quotes
        return f"{self.subject}: {text}" if self.subject else text


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
