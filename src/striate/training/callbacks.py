"""Callbacks: functions and objects that are called while a network trains.

A function is called after each epoch, with the epoch's row of the history, or with the state and
the row. An object has a method ``on_epoch``, ``on_step`` or both. A function or an ``on_epoch``
that returns True stops the training after that epoch.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from striate.errors import OptionError
from striate.training.state import HistoryRow, TrainingState


class Callback(Protocol):
    """An object that :meth:`striate.Network.fit` calls after each step and after each epoch.

    Subclass it and override what you need; or give any object that has ``on_step``, ``on_epoch`` or
    both. For something short, give a function instead, which is called after each epoch:
    ``callbacks=[lambda row: row["loss"] < 0.1]``. An exception stops the training: the network
    keeps its current weights, and its ``history`` has the finished epochs.

    Examples
    --------
    >>> import striate as st
    >>> class Printer(Callback):
    ...     def on_epoch(self, state, row):
    ...         print(row["epoch"])
    >>> (x, y), _ = st.data.load("shapes")
    >>> net = st.Network.parse("dense 2 softmax", (15, 15, 1))
    >>> history = net.fit(x[:50], y[:50], epochs=2, callbacks=[Printer()])
    1
    2
    """

    def on_step(self, state: TrainingState, loss: float, images: int) -> None:
        """Receive the state after a step, the step's loss, and the number of its images.

        Copy the arrays of the state to keep them: training writes over them in the step after the
        next.
        """

    def on_epoch(self, state: TrainingState, row: HistoryRow) -> bool | None:
        """Receive the state after an epoch, and the epoch's row of the history.

        The arrays of this state are never written over.

        Returns
        -------
        bool or None
            True stops the training; anything else is ignored.
        """


_METHODS = {"on_step": ("state", "loss", "images"), "on_epoch": ("state", "row")}


class CallbackList:
    """Calls several callbacks in order.

    Parameters
    ----------
    callbacks
        Objects with ``on_step``, ``on_epoch`` or both.
    """

    def __init__(self, callbacks: Sequence[Any] = ()) -> None:
        self._on_step = [c.on_step for c in callbacks if hasattr(c, "on_step")]
        self._on_epoch = [c.on_epoch for c in callbacks if hasattr(c, "on_epoch")]

    def on_step(self, state: TrainingState, loss: float, images: int) -> None:
        """Call each callback after a step."""
        for call in self._on_step:
            call(state, loss, images)

    def on_epoch(self, state: TrainingState, row: HistoryRow) -> bool:
        """Call each callback after an epoch; return whether one of them stops the training."""
        # A function may return anything, such as the number of characters that it has written.
        results = [call(state, row) for call in self._on_epoch]
        return any(result is True for result in results)


def checked_callbacks(callbacks: Any) -> tuple[Any, ...]:
    """Return a user's callbacks as a tuple.

    Parameters
    ----------
    callbacks
        The argument of ``fit``.

    Returns
    -------
    tuple
        Objects with ``on_step``, ``on_epoch`` or both; a function becomes such an object.

    Raises
    ------
    OptionError
        If it is not a list, or an element is neither a function nor an object with one of the
        methods, or takes other arguments.
    """
    if not isinstance(callbacks, Sequence) or isinstance(callbacks, str):
        raise OptionError(
            f"`callbacks` must be a list of callbacks, got {_named(callbacks)}. "
            "Use callbacks=[...], even for one."
        )
    checked: list[Any] = []
    for place, callback in enumerate(callbacks):
        name = f"callbacks[{place}]"
        methods = {method: getattr(callback, method, None) for method in _METHODS}
        if isinstance(callback, type):
            raise OptionError(
                f"`{name}` must be an instance, got the class {callback.__name__}. "
                f"Use {callback.__name__}()."
            )
        if not any(map(callable, methods.values())):
            checked.append(_AfterEpoch(_function(name, callback)))
            continue
        _require_overridden(name, callback)
        for method, call in methods.items():
            if call is not None:
                _require_arguments(name, method, call)
        checked.append(callback)
    return tuple(checked)


def _require_overridden(name: str, callback: Any) -> None:
    """Raise if a subclass of Callback overrides none of its methods, so it would do nothing."""
    kind = type(callback)
    if Callback not in kind.__mro__:
        return
    if any(getattr(kind, method, None) is not getattr(Callback, method) for method in _METHODS):
        return
    if any(method in vars(callback) for method in _METHODS):
        return
    others = [one for one in vars(kind) if one.startswith("on_")]
    calls = ", ".join(f"{one}({', '.join(arguments)})" for one, arguments in _METHODS.items())
    raise OptionError(
        f"`{name}`, of type {kind.__name__}, must override at least one of these methods: "
        f"{calls}." + (f" Rename {others[0]} to one of them." if others else " Define one.")
    )


class _AfterEpoch:
    """A function as an object with ``on_epoch``."""

    def __init__(self, function: Callable[[TrainingState, HistoryRow], Any]) -> None:
        self.on_epoch = function


def _function(name: str, given: Any) -> Callable[[TrainingState, HistoryRow], Any]:
    """Return a user's function as one of the state and the row."""
    if not callable(given):
        raise OptionError(
            f"`{name}` must be a function of (row) or (state, row), or have a method "
            f"on_step(state, loss, images) or on_epoch(state, row), got {_named(given)}. "
            'For example, use callbacks=[lambda row: print(row["loss"])].'
        )
    if _accepts(given, 1):
        return lambda _, row: given(row)
    if _accepts(given, 2):
        return given
    raise OptionError(
        f"`{name}` must take the arguments (row) or (state, row), got the arguments "
        f'{inspect.signature(given)}. For example, use lambda row: print(row["loss"]).'
    )


def _accepts(function: Callable[..., Any], count: int) -> bool:
    """Whether a function can be called with a number of arguments."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # some functions written in C have no signature
        return True
    return True


def _named(value: Any) -> str:
    """Describe an argument, without the address that its repr may contain."""
    return "a function" if inspect.isroutine(value) else f"an object of type {type(value).__name__}"


def _require_arguments(name: str, method: str, call: Callable[..., Any]) -> None:
    """Raise unless a method can be called with the arguments that it will get."""
    if not callable(call):
        raise OptionError(
            f"`{name}.{method}` must be a method, got {call!r:.60}. Define it as a function "
            f"{method}({', '.join(_METHODS[method])})."
        )
    try:
        signature = inspect.signature(call)
    except ValueError:  # some functions written in C have none
        return
    try:
        signature.bind(*_METHODS[method])
    except TypeError as error:
        raise OptionError(
            f"`{name}.{method}` must take the arguments ({', '.join(_METHODS[method])}), "
            f"got {method}{signature}. Define it as {method}({', '.join(_METHODS[method])})."
        ) from error
