"""The choice of an engine, the fallback to NumPy, and the programs that are kept."""

import copy
import pickle
import sys
import weakref
from dataclasses import dataclass, replace

import numpy as np
import pytest

import striate as st
import striate.engine.capabilities
import striate.engine.compiled
from helpers import kinds_of
from networks import EVERYTHING, classifier, columns, digest, images_and_labels
from striate.errors import EngineError, OptionError, OutOfMemoryError, StriateWarning
from striate.functions.base import Function, Loss
from striate.functions.loss import SquaredError
from striate.functions.optimizer import GradientDescent
from striate.functions.optimizer.base import Optimizer
from striate.functions.transfer import Tanh
from striate.graph.engine import NumpyEngine
from striate.llvm.machine import describe
from striate.model import engines
from striate.model.network import core_of

X, Y = images_and_labels(13)


@dataclass(frozen=True, kw_only=True)
class Silent(Tanh):
    """A transfer function whose code differs from the equation that it inherits."""

    def apply(self, n):
        """Halve the hyperbolic tangent."""
        return super().apply(n) / 2


@dataclass(frozen=True, kw_only=True)
class SilentError(SquaredError):
    """A loss whose code differs from its equation."""

    def apply(self, n, y):
        """Halve the squared error."""
        return super().apply(n, y) / 2


@dataclass(frozen=True, kw_only=True)
class SilentOptimizer(GradientDescent):
    """An optimizer whose code differs from its equation."""

    def apply(self, w, dw, memory, **more):
        """Move halfway."""
        return super().apply(w, dw / 2, memory, **more)


@pytest.fixture
def unwarned(monkeypatch):
    """Forget the warnings that were given."""
    monkeypatch.setattr(engines, "_warned", set())


def test_the_compiled_engine_is_the_usual_one():
    """By default the network is compiled; other sizes and copies have the same engine."""
    network = classifier("conv 2@3x3 tanh")

    assert isinstance(core_of(network).engines.for_losses(), striate.engine.CompiledEngine)
    assert isinstance(
        core_of(network.at((9, 9, 1))).engines.for_losses(), striate.engine.CompiledEngine
    )
    assert core_of(classifier(engine="numpy").at((6, 6, 1))).engines.name == "numpy"


def test_threadpoolctl_finds_a_network_that_was_made_before_its_block(monkeypatch):
    """A network is registered with threadpoolctl when built: limits hold for its first fit."""
    asked = []
    monkeypatch.setattr(engines, "join_threadpoolctl", lambda: asked.append("joined"))

    classifier("conv 2@3x3 tanh")

    assert asked == ["joined"]


@pytest.mark.parametrize("make", [
    lambda engine: st.Network([st.Dense(2)], input_shape=(3,), engine=engine),
    lambda engine: st.Network.parse("dense 2", (3,), engine=engine),
    lambda engine: st.Network.preset("lenet5", engine=engine),
])  # fmt: skip
def test_an_engine_is_chosen_when_a_network_is_made(make):
    """Every way to build a network has the argument."""
    assert isinstance(core_of(make("numpy")).engines.for_losses(), NumpyEngine)
    with pytest.raises(OptionError) as error:
        make("fast")

    assert str(error.value) == (
        '`engine` must be one of "auto", "compiled", "numpy", got "fast". '
        'Use engine="auto" for the fastest that runs here.'
    )


def test_the_choice_is_not_saved(tmp_path):
    """The engine is not part of a model file; it is chosen when the file is loaded."""
    path = tmp_path / "model"
    classifier(engine="numpy").save(path)

    assert core_of(st.load(path)).engines.name == "auto"
    assert core_of(st.load(path, engine="numpy")).engines.name == "numpy"


def test_both_engines_train_alike():
    """Losses and weights of the two engines differ only by rounding."""
    histories, networks = {}, {}
    for engine in ("compiled", "numpy"):
        networks[engine] = classifier(EVERYTHING, engine=engine)
        histories[engine] = networks[engine].fit(
            X, Y, epochs=2, batch_size=5, optimizer="momentum", validation=0.3, clip_norm=1.0
        )

    for row, other in zip(*map(columns, histories.values()), strict=True):
        # Six steps, each within some 1e-6 of the other's, of a loss about 1.
        assert row == pytest.approx(other, rel=1e-4)
    for name, array in networks["compiled"].parameters.items():
        other = networks["numpy"].parameters[name]
        assert np.linalg.norm(array - other) < 1e-4 * max(np.linalg.norm(other), 1), name


@pytest.mark.parametrize("again", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_network_that_has_computed_can_be_copied(again):
    """A copy has no programs and finds them in the cache."""
    network = classifier(engine="compiled")
    network.fit(X, Y, epochs=1)
    other = again(network)

    assert digest(other) == digest(network)
    np.testing.assert_array_equal(other.predict(X), network.predict(X))


def without_llvmlite(monkeypatch):
    """Let llvmlite be missing."""
    for name in [*sys.modules]:
        if name.startswith(("llvmlite", "striate.engine", "striate.llvm")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    monkeypatch.delattr(striate, "engine")
    monkeypatch.delitem(sys.modules, "striate.compile", raising=False)


def without_fused(monkeypatch):
    """Let the processor be an old one."""
    old = describe("nehalem", "+sse4.2,-avx2,-fma", "x86_64-unknown-linux-gnu")
    monkeypatch.setattr(striate.engine.capabilities, "host", lambda: old)


def without_code(monkeypatch):
    """Let LLVM have no code generator for the processor."""

    def unknown():
        raise RuntimeError('No available targets are compatible with triple "lanai"')

    monkeypatch.setattr(striate.engine.capabilities, "host", unknown)


OBSTACLES = {
    "llvmlite": without_llvmlite,
    "fused": without_fused,
    "processor": without_code,
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
@pytest.mark.usefixtures("unwarned")
def test_where_nothing_can_be_compiled(obstacle, monkeypatch, golden):
    """A single warning gives the reason for NumPy; for engine="compiled" it is an error."""
    OBSTACLES[obstacle](monkeypatch)
    with pytest.raises(EngineError) as error:
        classifier(engine="compiled").predict(X)
    with pytest.warns(StriateWarning) as notices:  # noqa: PT031  # one for all
        first = classifier().predict(X)
        classifier().fit(X, Y, epochs=1)

    assert len(notices) == 1
    assert str(notices[0].message) == (
        f"{error.value} Falling back to the NumPy engine, which gives the same results up to "
        "rounding and is many times slower."
    )
    np.testing.assert_array_equal(first, classifier(engine="numpy").predict(X))
    golden(f"messages/engine-without-{obstacle}", str(error.value))


KINDS = {
    "transfer": lambda engine: st.Network(
        [st.Flatten(), st.Dense(3, activation=Silent(), name="middle"), st.Dense(3)],
        input_shape=(6, 6, 1),
        engine=engine,
    ).fit(X, np.eye(3)[Y], epochs=1),
    "loss": lambda engine: classifier("dense 3", engine=engine).fit(
        X, np.eye(3)[Y], epochs=1, loss=SilentError()
    ),
    "optimizer": lambda engine: classifier(engine=engine).fit(
        X, Y, epochs=1, optimizer=SilentOptimizer()
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("unwarned")
def test_kinds_without_equations(kind, golden):
    """A kind whose code differs from its equations is not compiled; the message names it."""
    with pytest.raises(EngineError) as error:
        KINDS[kind]("compiled")
    with pytest.warns(StriateWarning) as notices:
        KINDS[kind]("auto")
    KINDS[kind]("numpy")

    assert [str(notice.message).startswith(str(error.value)) for notice in notices] == [True]
    golden(f"messages/engine-silent-{kind}", str(error.value))


def test_every_kind_of_the_library_is_compiled():
    """No kind of the library has code that differs from its equations."""
    kinds = [kind for base in (Function, Loss, Optimizer) for kind in kinds_of(base).values()]
    inherited = [kind for kind in kinds if not kind.states_equations]

    assert len(kinds) > 40
    assert inherited == []


def test_few_engines_are_kept():
    """A network keeps the engines of the last few losses."""
    network = classifier("dense 3")
    first = core_of(network).engines.for_losses([SquaredError()])
    for _ in range(3):
        assert core_of(network).engines.for_losses([SquaredError()]) is first
    for weights in range(4):
        core_of(network).engines.for_losses([st.functions.loss.Huber(delta=weights + 1.0)])

    assert core_of(network).engines.for_losses([SquaredError()]) is not first


def test_few_programs_are_kept(monkeypatch):
    """An engine keeps the last few programs."""
    monkeypatch.setattr(striate.engine.compiled, "_KEPT", 2)
    network = classifier()
    expected = network.predict(X)
    for size in (3, 5, 7):
        np.testing.assert_array_equal(network.predict(X, batch_size=size), expected)

    assert len(core_of(network).engines.for_losses()._programs) == 2


def test_the_numpy_engine_computes_what_is_asked_of_it(monkeypatch):
    """With engine="numpy" nothing is compiled."""
    monkeypatch.delattr(striate.engine.compiled, "load_lowered")
    network = classifier(EVERYTHING, engine="numpy")
    network.fit(X, Y, epochs=1)

    assert isinstance(core_of(network).engines.for_losses(), NumpyEngine)
    assert network.evaluate(X, Y).images == 13


def test_what_has_scored_answers(monkeypatch):
    """Predictions after an evaluation use its program and are bit-identical."""
    network = classifier(engine="compiled")
    network.fit(X, Y, epochs=1)
    evaluation = network.evaluate(X, Y)
    alone = copy.deepcopy(network).predict(X)
    monkeypatch.delattr(striate.engine.compiled, "load_lowered")

    found = network.predict(X)

    np.testing.assert_array_equal(found, alone)
    assert evaluation.accuracy == np.mean(found.argmax(axis=1) == Y)


@pytest.mark.parametrize("count", [1, 5])
def test_what_was_predicted_is_the_callers_own(count):
    """The next prediction does not change it, and the images are not kept."""
    network = classifier(engine="compiled")
    images = X[:count].astype(np.float32)
    found = network.predict(images)
    kept, gone = found.copy(), weakref.ref(images)
    del images

    network.predict(X[count : 2 * count])

    np.testing.assert_array_equal(found, kept)
    assert gone() is None


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
def test_a_redefined_class_is_used(engine):
    """In a notebook, a class of the same name may be defined again with other equations."""

    def ascending(sign):
        @dataclass(frozen=True, kw_only=True)
        class Mine(GradientDescent):
            def lowering(self, size):
                found = super().lowering(size)
                texts = tuple(text.replace("rate", f"{sign}rate") for text in found.statements)
                return replace(found, statements=texts)

            def apply(self, w, dw, memory, *, rate, **more):
                return super().apply(w, dw, memory, rate=rate if sign == "" else -rate, **more)

        return Mine(learning_rate=0.1)

    network = classifier(engine=engine)
    down = network.fit(X, Y, epochs=5, batch_size=13, optimizer=ascending(""))["loss"]
    up = network.fit(X, Y, epochs=5, batch_size=13, optimizer=ascending("-"))["loss"]

    assert down[-1] < down[0]
    assert up[-1] > up[0]


def test_programs_of_few_images_are_small():
    """A prediction of twenty images does not take memory for 256."""
    network = classifier(engine="compiled")
    network.predict(np.repeat(X, 2, axis=0)[:20])
    engine = core_of(network).engines.for_prediction(())

    assert [key[0] for key in engine._programs] == [64]


def test_memory_for_validation_is_refused_before_an_epoch(monkeypatch):
    """If the program for validation cannot be loaded, nothing has changed."""

    def short(*_, **__):
        raise OutOfMemoryError("too much")

    network = classifier(engine="compiled")
    before = digest(network)
    monkeypatch.setattr(striate.engine.CompiledEngine, "prepare_prediction", short)

    with pytest.raises(OutOfMemoryError):
        network.fit(X, Y, epochs=2, validation=0.3)

    assert digest(network) == before


def test_older_programs_make_room(monkeypatch):
    """If memory is short, older programs are dropped."""
    network = classifier(engine="compiled")
    network.predict(X)
    load = striate.engine.compiled.load_lowered
    engine = core_of(network).engines.for_prediction(())

    def short(*arguments, **options):
        if engine._programs:
            raise OutOfMemoryError("too much")
        return load(*arguments, **options)

    monkeypatch.setattr(striate.engine.compiled, "load_lowered", short)

    assert network.predict(np.repeat(X, 3, axis=0)).shape == (39, 3)
