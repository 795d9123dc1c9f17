"""Batches from a user's list, generator, function or ``DataLoader``.

An object that can be iterated several times, such as a list or a PyTorch ``DataLoader``, is
iterated once for each epoch, and may yield different batches each time. A generator can be iterated
only once; the function that creates it can be called for each epoch.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from striate.errors import Argument, DataError, Message, OptionError
from striate.functions.writing import short
from striate.model.inputs import as_array

_OF_A_BATCH = (2, 3)  # images and targets, and perhaps weights


@dataclass(frozen=True)
class RawBatch:
    """A batch as the user's iterable yields it.

    Parameters
    ----------
    number
        Counted from 1 in its epoch.
    x, y, weights
        Images, targets and weights of images; ``None`` where there are none.
    """

    number: int
    x: Any
    y: Any = None
    weights: Any = None


def is_iterable_of_batches(given: Any) -> bool:
    """Whether an argument can only be batches: an iterable or a function, but not data.

    Examples
    --------
    >>> import numpy as np
    >>> [is_iterable_of_batches(x) for x in (iter([]), range, np.ones(3), [1, 2], {"a": 1})]
    [True, True, False, False, False]
    """
    if isinstance(given, list | tuple | Mapping | str | bytes) or _is_array(given):
        return False
    return isinstance(given, Iterable) or callable(given)


def is_list_of_batches(given: Any) -> bool:
    """Whether a list can only hold batches: each entry is a tuple of images and targets."""
    return (
        isinstance(given, list)
        and len(given) > 0
        and all(isinstance(batch, tuple) and len(batch) in _OF_A_BATCH for batch in given)
    )


def _is_array(given: Any) -> bool:
    """Whether NumPy makes an array of an object that is not a list."""
    return any(hasattr(given, name) for name in ("__array__", "__array_interface__", "shape"))


class BatchIterable:
    """A user's iterable of batches, in epochs.

    Parameters
    ----------
    given
        An iterable, or a function that returns one.
    name
        The argument that holds it, for errors.
    epochs
        How often it will be iterated.
    steps
        Number of batches in an epoch; ``None`` ends an epoch with the iterable. With a number, the
        next epoch continues where the last one ended.

    Raises
    ------
    OptionError
        If it is not iterable, or can be iterated only once.
    """

    def __init__(self, given: Any, name: str, *, epochs: int = 1, steps: int | None = None) -> None:
        self.name = name
        self.steps = steps
        self._given = given
        self._pass: Iterator[Any] | None = None
        self._peeked: list[Any] = []
        self._fresh = True  # whether the current pass has yielded no batch yet
        function = callable(given) and not isinstance(given, Iterable)
        if not function and not isinstance(given, Iterable):
            raise OptionError(
                f"`{name}` must be an iterable of batches (x, y), got {short(given)}. Pass a list "
                "of batches, a DataLoader, or a function that returns a generator."
            )
        self.one_pass = isinstance(given, Iterator)
        if self.one_pass and epochs > 1 and steps is None:
            raise OptionError(
                Message(
                    f"`{name}` is {_kind_of(given)}, which yields its batches only once, but ",
                    Argument("epochs", epochs),
                    " needs them in every epoch. Pass the function that creates it, without "
                    "calling it, or a list of batches; or use ",
                    Argument("epochs", 1),
                    ".",
                )
            )

    @property
    def length(self) -> int | None:
        """Number of batches in an epoch; ``None`` if it is unknown."""
        if self.steps is not None:
            return self.steps
        try:
            return len(self._given)
        except TypeError:  # a generator, a function, or a DataLoader of a stream
            return None

    def first(self) -> RawBatch:
        """Return the first batch; the first epoch still begins with it."""
        self._pass = self._started()
        batch = next(self._pass, None)
        if batch is None:
            raise self._empty()
        self._peeked = [batch]
        return self._unpacked(batch, 1)

    def batches(self) -> Iterator[RawBatch]:
        """Iterate over the batches of the next epoch."""
        number = 0
        for number, batch in enumerate(self._taken(), 1):
            yield self._unpacked(batch, number)
        if not number:
            raise self._empty()

    def _taken(self) -> Iterator[Any]:
        """Iterate over the raw batches of the next epoch."""
        if self.steps is None:
            if not self._peeked:
                self._pass = self._started()
            yield from self._rest()
            self._pass = None
            return
        count = 0
        while count < self.steps:
            before = count
            for batch in self._rest():
                yield batch
                count += 1
                if count == self.steps:
                    return
            if self.one_pass:
                raise DataError(
                    f"`{self.name}` ended after {count} of {self.steps} batches in an epoch, and a "
                    "generator cannot be restarted. Use fewer epochs or a smaller "
                    "steps_per_epoch, or pass the function that creates it, without calling it."
                )
            if count == before and self._fresh:
                raise self._empty()
            self._pass = self._started()

    def _rest(self) -> Iterator[Any]:
        """Iterate over the rest of the current pass."""
        if self._pass is None:
            self._pass = self._started()
        while self._peeked:
            self._fresh = False
            yield self._peeked.pop(0)
        for batch in self._pass:
            self._fresh = False
            yield batch

    def _started(self) -> Iterator[Any]:
        """Start a pass."""
        self._fresh = True
        given = self._given
        if not isinstance(given, Iterable):
            given = given()
            if not isinstance(given, Iterable):
                raise OptionError(
                    f"`{self.name}` is a function that returned {short(given)}; expected an "
                    "iterable of batches (x, y), such as a generator. Use yield in the function, "
                    "or return a list of batches."
                )
        return iter(given)

    def _empty(self) -> DataError:
        """Make the error for an iterable without batches."""
        again = (
            " A generator that has already been iterated is empty: create a new one, or pass the "
            "function that creates it."
            if self.one_pass
            else ""
        )
        return DataError(
            f"`{self.name}` yielded no batches; expected at least one batch (x, y).{again}"
            + ("" if again else " Check how the data was selected.")
        )

    def _unpacked(self, batch: Any, number: int) -> RawBatch:
        """Divide a batch into its parts."""
        if isinstance(batch, list | tuple) and len(batch) in _OF_A_BATCH:
            return RawBatch(number, *map(as_plain, batch))
        if isinstance(batch, Mapping):
            what = f"a dict with the keys {', '.join(map(str, batch))}"
            keys = list(batch)[:2]
            remedy = (
                f"Yield (batch[{keys[0]!r}], batch[{keys[1]!r}]) instead."
                if len(keys) == 2
                else "Yield tuples instead."
            )
        else:
            shape = getattr(batch, "shape", None)
            what = (
                f"an array of shape {tuple(shape)}"
                if shape is not None
                else f"a {type(batch).__name__} of length {len(batch)}"
                if isinstance(batch, list | tuple)
                else short(batch)
            )
            remedy = f"Yield pairs, or pass the targets as y if {self.name} holds images."
        raise DataError(
            f"Batch {number} of `{self.name}` is {what}; expected (x, y) or (x, y, weights). "
            f"{remedy}"
        )


def images_of(given: Any) -> Iterator[RawBatch]:
    """Iterate over batches to predict: images, or tuples with targets, which are not used.

    Parameters
    ----------
    given
        An iterable, or a function that returns one.

    Yields
    ------
    RawBatch
        Without targets.
    """
    batches = given if isinstance(given, Iterable) else given()
    for number, batch in enumerate(batches, 1):
        with_targets = isinstance(batch, list | tuple) and 0 < len(batch) <= max(_OF_A_BATCH)
        yield RawBatch(number, as_plain(batch[0] if with_targets else batch))


def as_plain(value: Any) -> Any:
    """Convert tensors of PyTorch, also inside lists and dicts, to arrays of NumPy.

    A tensor that requires a gradient, or is on another device, isn't converted automatically.
    Channels stay where they are: a network for ``channels="first"`` takes them as PyTorch has them.
    """
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        tensor = value.detach().cpu()
        return (tensor if _has_numpy_type(tensor) else tensor.float()).numpy()
    if isinstance(value, Mapping):
        return {name: as_plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple) and any(hasattr(one, "detach") for one in value):
        return [as_plain(one) for one in value]
    if hasattr(value, "__array__") and not hasattr(value, "astype"):  # of other libraries
        return as_array(value, "x")
    return value


def _has_numpy_type(tensor: Any) -> bool:
    """Whether NumPy has the type of a tensor, unlike bfloat16."""
    return "bfloat16" not in str(tensor.dtype)


def require_arrays(x: Any) -> None:
    """Raise if targets are given next to batches, which have their own.

    Raises
    ------
    OptionError
        If ``x`` can only be an iterable of batches.
    """
    if is_iterable_of_batches(x) or is_list_of_batches(x):
        raise OptionError(
            f"`x` is {_kind_of(x)}, which yields batches that include targets, but `y` was also "
            "given. Leave y out, or pass arrays as x and y."
        )


def require_batches_instead(x: Any, sample_weight: Any = None) -> None:
    """Raise if targets are missing because ``x`` holds images, not batches.

    Raises
    ------
    DataError
        If ``x`` is not an iterable of batches.
    OptionError
        If there are weights for arrays.
    """
    indexed = not isinstance(x, Mapping | Iterable) and hasattr(x, "__getitem__")
    if indexed and not _is_array(x):
        raise DataError(
            f"`x` is {_kind_of(x)}, which yields single images; expected an iterable of batches "
            "(x, y). Wrap a PyTorch dataset in DataLoader(dataset, batch_size=128)."
        )
    if not (is_iterable_of_batches(x) or isinstance(x, list | tuple)):
        raise DataError(
            f"`y` is missing: `x` is {_kind_of(x)}, which needs targets. Pass them as y, or pass "
            "an iterable of batches (x, y) instead of arrays, such as a DataLoader."
        )
    if sample_weight is not None:
        raise OptionError(
            "`sample_weight` applies only to arrays. Yield the weights with each batch: (x, y, "
            "weights)."
        )


def _kind_of(x: Any) -> str:
    """Describe an argument by its type, and arrays by their shape."""
    shape = getattr(x, "shape", None)
    if shape is not None:
        return f"an array of shape {tuple(shape)}"
    name = type(x).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
