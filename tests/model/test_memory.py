"""Images and batches that do not fit in memory are refused before anything is allocated."""

import numpy as np
import pytest

import striate as st
from networks import classifier, images_and_labels
from striate.errors import OutOfMemoryError
from striate.model import memory
from striate.model.network import core_of

X, Y = images_and_labels(12)
HUGE = (2**22, 2**20, 1)

USES = {
    "predict": lambda net, x: net.predict(x),
    "predict-classes": lambda net, x: net.predict_classes(x),
    "fit": lambda net, x: net.fit(x, x, epochs=1),
    "evaluate": lambda net, x: net.evaluate(x, x),
    "trace": lambda net, x: net.trace(x),
    "check-gradients": lambda net, x: net.check_gradients(x, x),
}


@pytest.mark.parametrize("engine", ["numpy", "auto"])
@pytest.mark.parametrize("text", ["conv 1@1x1", "average 1"])
@pytest.mark.parametrize("use", USES)
def test_an_image_that_is_too_large(use, text, engine, monkeypatch, golden):
    """The layer, what it needs and what is available are in the message; no pixel is touched."""
    monkeypatch.setattr(memory, "available", lambda: 8 << 30)
    net = st.Network.parse(text, HUGE, engine=engine)
    net.classes = (0, 1)
    x = np.broadcast_to(np.zeros((), np.float32), (1, *HUGE))
    with pytest.raises(OutOfMemoryError) as error:
        USES[use](net, x)

    assert isinstance(error.value, MemoryError)
    golden(f"messages/memory-image-{text.split()[0]}", str(error.value))


def each(net):
    """Return the bytes of all activations for one image."""
    return core_of(net).engines.memory.total


BATCHES = {
    "predict": lambda net: net.predict(X),
    "evaluate": lambda net: net.evaluate(X, Y),
    "fit": lambda net: net.fit(X, Y, epochs=1),
    "trace": lambda net: net.trace(X, Y),
    "check-gradients": lambda net: net.check_gradients(X, Y),
}


@pytest.mark.parametrize("use", BATCHES)
def test_a_batch_that_is_too_large_for_numpy(use, monkeypatch, golden):
    """The message gives a batch size that fits, and with it the call works."""
    net = classifier(engine="numpy")
    monkeypatch.setattr(memory, "_SMALL", 0)
    monkeypatch.setattr(memory, "available", lambda: 9 * each(net))
    monkeypatch.setattr(memory, "in_words", lambda amount: f"{amount} bytes")
    with pytest.raises(OutOfMemoryError) as error:
        BATCHES[use](net)

    golden(f"messages/memory-batch-{use}", str(error.value))


def test_the_batch_size_of_the_message_fits(monkeypatch):
    """What is suggested is computed."""
    net = classifier(engine="numpy")
    monkeypatch.setattr(memory, "_SMALL", 0)
    monkeypatch.setattr(memory, "available", lambda: 9 * each(net))

    assert net.predict(X, batch_size=9).shape == (12, 3)
    assert len(net.fit(X, Y, epochs=1, batch_size=4)) == 1


LONG = {
    "": ("conv-transpose 1@4 stride 4", (2**23, 1)),
    "-of-a-vector": ("flatten | dense 2", (2**13, 2**13, 1)),
    "-of-maps": ("conv 9000000@1x1 as a | concatenate a from a", (1, 1, 1)),
}


@pytest.mark.parametrize("case", LONG)
def test_an_axis_longer_than_any_image(case, golden):
    """Tables along an axis stay small, whatever a shape says; the remedy suits the axis."""
    text, shape = LONG[case]
    with pytest.raises(st.errors.ShapeError) as error:
        st.Network.parse(text, shape)

    golden(f"messages/sizes-axis-too-long{case}", str(error.value))


def test_parameters_beyond_the_memory_of_a_container(monkeypatch, golden):
    """What a control group leaves counts, not the machine's memory."""
    monkeypatch.setattr(memory, "available", lambda: 1 << 30)
    with pytest.raises(OutOfMemoryError) as error:
        st.Network.parse("dense 16384 relu | dense 10", (2**14,))

    golden("messages/memory-parameters", str(error.value))
    monkeypatch.setattr(memory, "available", lambda: None)  # unknown
    assert st.Network.parse("dense 16 relu | dense 10", (2**14,)).parameter_count > 2**18
