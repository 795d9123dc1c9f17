"""The engines of a network: which one is used, and those that were already made."""

import warnings
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from functools import partial
from typing import Literal, get_args

from striate.errors import Argument, EngineError, Message, OptionError, StriateWarning
from striate.functions.base import Loss
from striate.functions.optimizer.base import Optimizer
from striate.functions.writing import short
from striate.graph.batch import ImageStorage
from striate.graph.engine import Engine, NumpyEngine, Steps
from striate.graph.graph import Graph
from striate.graph.step import TrainingStep
from striate.model.memory import ActivationMemory
from striate.runtime.locked import Locked
from striate.runtime.settings import join_threadpoolctl
from striate.shapes import Array, Shape

EngineName = Literal["auto", "compiled", "numpy"]
"""``auto`` is the compiled engine if it can run, otherwise the NumPy engine, with a warning."""

ENGINES: tuple[EngineName, ...] = get_args(EngineName)

_KEPT = 4  # engines per network, one for each combination of losses

_warned: set[str] = set()


def require_engine(engine: str) -> None:
    """Raise if an engine is unknown.

    Raises
    ------
    OptionError
        If ``engine`` is not one of :data:`ENGINES`.
    """
    if engine not in ENGINES:
        names = ", ".join(f'"{name}"' for name in ENGINES)
        raise OptionError(
            Message(
                Argument("engine"),
                f" must be one of {names}, got {short(engine)}. Use ",
                Argument("engine", "auto"),
                " for the fastest that runs here.",
            )
        )


class Engines(Locked):
    """The engines of one network. Each is made when it is first needed, and kept.

    Parameters
    ----------
    graph
        The network.
    name
        The engine to use.
    winograd
        Whether the compiled engine may compute 3 x 3 convolutions by Winograd's algorithm: fewer
        multiplications, slightly more rounding.
    """

    def __init__(self, graph: Graph, name: EngineName, *, winograd: bool = True) -> None:
        super().__init__()
        require_engine(name)
        join_threadpoolctl()  # before a block that limits threads begins to train
        self.graph = graph
        self.name: EngineName = name
        self.winograd = winograd
        self.memory = ActivationMemory.of(graph)
        self._kept: OrderedDict[Hashable, Engine] = OrderedDict()

    def __reduce__(self) -> tuple[partial["Engines"], tuple[Graph, EngineName]]:
        """Leave out the programs: a copy compiles its own, or finds them in the cache."""
        return partial(Engines, winograd=self.winograd), (self.graph, self.name)

    def for_losses(
        self,
        losses: Sequence[Loss] = (),
        frozen: Sequence[str] = (),
        loss_weights: Sequence[float] = (),
    ) -> Engine:
        """Return the engine that trains or scores the network with these losses.

        Parameters
        ----------
        losses
            One for each output; none for predictions alone.
        frozen
            Names of layers that training leaves unchanged.
        loss_weights
            The weight of each loss in their sum; 1 by default.

        Returns
        -------
        Engine

        Raises
        ------
        EngineError
            If the compiled engine was chosen and cannot run.
        """
        key = _key(losses, frozen, loss_weights)
        with self.lock:
            engine = self._kept.pop(key, None)
            if engine is None:
                engine = self._make(self._step(losses, frozen, loss_weights))
            self._kept[key] = engine
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return engine

    def for_prediction(self, losses: Sequence[Loss]) -> Engine:
        """Return an engine for predictions.

        If the network has been trained or scored with these losses, that engine and its programs
        are used: compiling others for the same predictions would take half a second.

        Raises
        ------
        EngineError
            If the compiled engine was chosen and cannot run.
        """
        with self.lock:
            known = self._kept.get(_key(losses))
        if known is None or isinstance(known, NumpyEngine):
            return self.for_losses()  # without the losses, the network may compile after all
        return known

    def steps(
        self,
        losses: Sequence[Loss],
        optimizer: Optimizer,
        decayed: Array,
        *,
        images: int,
        target_shapes: Sequence[Shape],
        stored: Sequence[ImageStorage | None] = (),
        frozen: Sequence[str] = (),
        loss_weights: Sequence[float] = (),
        pixel_weights: bool = False,
    ) -> Steps:
        """Prepare a training run; see :meth:`striate.graph.engine.Engine.steps`.

        Parameters
        ----------
        losses, optimizer, decayed, images, target_shapes, stored, pixel_weights
            See :meth:`striate.graph.engine.Engine.steps`.
        frozen
            Names of layers that training leaves unchanged.
        loss_weights
            The weight of each loss in their sum; 1 by default.

        Returns
        -------
        Steps

        Raises
        ------
        EngineError
            If the compiled engine was chosen and cannot run.
        OutOfMemoryError
            If a batch does not fit in memory.
        """

        def prepared(engine: Engine) -> Steps:
            if isinstance(engine, NumpyEngine):
                self.memory.require_batch(images, backward=True)
            return engine.steps(
                optimizer,
                decayed,
                images=images,
                target_shapes=target_shapes,
                stored=stored,
                pixel_weights=pixel_weights,
            )

        try:
            return prepared(self.for_losses(losses, frozen, loss_weights))
        except EngineError as error:
            step = self._step(losses, frozen, loss_weights)
            return prepared(self._numpy_instead(error, step))

    def _step(
        self, losses: Sequence[Loss], frozen: Sequence[str], loss_weights: Sequence[float]
    ) -> TrainingStep:
        """List the operations of a step."""
        return TrainingStep.of(self.graph, losses, frozen=frozen, loss_weights=loss_weights)

    def _make(self, step: TrainingStep) -> Engine:
        """Make the engine that was chosen."""
        if self.name == "numpy":
            return NumpyEngine(step)
        try:
            return _compiled(step, winograd=self.winograd)
        except EngineError as error:
            return self._numpy_instead(error, step)

    def _numpy_instead(self, error: EngineError, step: TrainingStep) -> Engine:
        """Make the NumPy engine because the compiled one cannot run, and warn once."""
        if self.name == "compiled":
            raise error
        _warn_once(
            Message(
                error.message,
                " Falling back to the NumPy engine, which gives the same results up to rounding "
                "and is many times slower.",
            )
        )
        return NumpyEngine(step)


def _compiled(step: TrainingStep, *, winograd: bool) -> Engine:
    """Make a compiled engine; raise EngineError if llvmlite cannot be imported."""
    try:
        from striate.engine import CompiledEngine  # noqa: PLC0415  # llvmlite is heavy
    except (ModuleNotFoundError, OSError) as error:
        absent = getattr(error, "name", None) == "llvmlite"
        if isinstance(error, ModuleNotFoundError) and not absent:
            raise
        what = "is not installed" if absent else f"cannot be loaded ({error})"
        how = "" if absent else "--force-reinstall "
        raise EngineError(
            f"The compiled engine needs llvmlite, which {what}.",
            remedy=Message(
                f"Install it with pip install {how}llvmlite, or use ",
                Argument("engine", "numpy"),
                ".",
            ),
        ) from error
    return CompiledEngine(step, winograd=winograd)


def _key(
    losses: Sequence[Loss], frozen: Sequence[str] = (), loss_weights: Sequence[float] = ()
) -> Hashable:
    """Identify losses by their options and their class, which a notebook may define again."""
    return (tuple((type(loss), repr(loss)) for loss in losses), tuple(frozen), *loss_weights)


def _warn_once(text: str) -> None:
    """Warn, unless this process has given the same warning before."""
    if text not in _warned:
        _warned.add(text)
        warnings.warn(text, StriateWarning, stacklevel=2)
