"""Every quantity of a pass under Hagan's names, and the check of gradients."""

import numpy as np
import pytest

import striate as st
from networks import EVERYTHING, classifier, images_and_labels
from striate.functions.transfer import Tanh
from striate.functions.weight import Convolution
from striate.model.network import core_of

(DIGITS, LABELS), _ = st.data.load("digits")


def lenet_trace():
    """Trace LeNet-5 on four digits."""
    net = st.Network.preset("lenet5", seed=1)
    return net, net.trace(DIGITS[:4], LABELS[:4])


def test_names_and_shapes_at_every_layer(golden):
    """W, b, Z, N, A and their derivatives at every layer of LeNet-5."""
    _, trace = lenet_trace()

    assert list(trace) == [
        "conv1", "average1", "conv2", "average2", "flatten1", "dense1", "dense2", "dense3",
    ]  # fmt: skip
    golden("model/trace-lenet5", str(trace).rpartition("\n")[0])
    for layer in trace.values():
        for symbol in ("Z", "N", "A", "W", "b"):
            value, derivative = getattr(layer, symbol), getattr(layer, f"d{symbol}")
            if value is not None and derivative is not None:
                assert derivative.shape == value.shape, (layer.name, symbol)


def test_dn_of_the_last_layer():
    """With softmax and cross-entropy, dN is probabilities minus targets, divided by the images."""
    _, trace = lenet_trace()
    p = trace["dense3"].A

    # Both are computed in float32 from the same net input.
    np.testing.assert_allclose(trace["dense3"].dN, (p - np.eye(10)[LABELS[:4]]) / 4, atol=1e-7)


def test_da_of_the_last_layer():
    """In the book's form, dA of the softmax is minus one over the probability of the true class."""
    _, trace = lenet_trace()
    p, y = trace["dense3"].A, np.eye(10)[LABELS[:4]]

    np.testing.assert_allclose(trace["dense3"].dA, -y / p / 4, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "loss", "expected"),
    [
        ("dense 3 softmax", None, lambda a, y: -y / a / len(y)),
        ("dense 3 log-softmax", "cross-entropy", lambda a, y: -y / len(y)),  # noqa: ARG005
        ("dense 3 logistic", None, lambda a, y: ((1 - y) / (1 - a) - y / a) / 3 / len(y)),
        ("dense 3 tanh", None, lambda a, y: 2 * (a - y) / 3 / len(y)),
        ("dense 3", "squared-error", lambda a, y: 2 * (a - y) / 3 / len(y)),
    ],
    ids=["softmax", "log-softmax", "logistic", "tanh", "linear"],
)
def test_da_follows_from_the_loss(text, loss, expected):
    """Each loss has its derivative at the last activation, even if the engine skips it."""
    x, labels = images_and_labels(5)
    y = np.eye(3)[labels]
    layer = classifier(text).trace(x, y, loss=loss)["dense1"]

    np.testing.assert_allclose(layer.dA, expected(layer.A, y), rtol=1e-4, atol=1e-7)


def test_the_backward_pass_is_the_books():
    """Hagan 8.29-8.31 at a layer: dN = dA f'(n), dZ = dN, db the sum, dW and dA by 8.44, 8.47."""
    net, trace = lenet_trace()
    layer, before = trace["conv2"], trace["average1"]
    kind = Convolution(feature_maps=16, kernel_size=5)

    np.testing.assert_array_equal(layer.dN, Tanh().backward_n(layer.N, layer.A, layer.dA))
    np.testing.assert_array_equal(layer.dZ, layer.dN)
    np.testing.assert_allclose(layer.db, layer.dN.sum(axis=(0, 2, 3)), rtol=1e-4, atol=1e-7)
    np.testing.assert_array_equal(layer.dW, kind.backward_w(layer.W, before.A, layer.dZ))
    np.testing.assert_array_equal(before.dA, kind.backward_a(layer.W, before.A, layer.dZ))
    np.testing.assert_array_equal(layer.W, net.parameters["conv2.weight"])
    assert trace.d_inputs["input"].shape == (4, 1, 28, 28)


def test_the_forward_pass_is_what_predict_gives():
    """Traced activations are the network's outputs; the loss is that of an evaluation."""
    net, trace = lenet_trace()

    np.testing.assert_allclose(trace["dense3"].A, net.predict(DIGITS[:4]), rtol=1e-6)
    assert trace.loss == pytest.approx(net.evaluate(DIGITS[:4], LABELS[:4]).loss, rel=1e-6)


def test_without_targets_there_is_no_backward_pass():
    """Without targets there are only forward quantities and no loss."""
    trace = classifier().trace(images_and_labels()[0])

    assert trace.loss is None
    assert trace["conv1"].dN is None
    assert trace["conv1"].dW is None
    assert trace["conv1"].A.shape == (10, 2, 4, 4)


def test_several_incoming_layers_have_several_quantities():
    """A layer with two incoming layers has Z, dZ, W and dW twice."""
    image = st.Input((5, 5, 1))
    a, b = st.Conv(2, 3)(image), st.Conv(2, 3)(image)
    net = st.Network(image, st.Dense(2)(st.Flatten()(st.Conv(3, 2, name="both")([a, b]))))
    layer = net.trace(np.ones((2, 5, 5, 1)), np.zeros((2, 2)))["both"]

    for value, derivative in ((layer.W, layer.dW), (layer.Z, layer.dZ)):
        assert len(value) == len(derivative) == 2
        assert [array.shape for array in value] == [array.shape for array in derivative]
    np.testing.assert_allclose(
        layer.N, layer.Z[0] + layer.Z[1] + layer.b[:, None, None], rtol=1e-5, atol=1e-6
    )


def test_in_training_it_uses_the_batch():
    """With training=True batch normalization uses the batch, and dropout follows the seed."""
    x, y = images_and_labels()
    net = classifier(EVERYTHING)
    before = [flat.copy() for flat in core_of(net).buffers]
    trained, again = (net.trace(x, y, training=True, seed=3) for _ in range(2))

    assert abs(trained["batch-norm1"].Z.mean(axis=(0, 2, 3))).max() < 1e-5
    assert abs(net.trace(x, y)["batch-norm1"].Z.mean(axis=(0, 2, 3))).max() > 1e-3
    np.testing.assert_array_equal(trained["dropout1"].A, again["dropout1"].A)
    assert (trained["dropout1"].A != net.trace(x, y, training=True)["dropout1"].A).any()
    assert "dgamma" in trained["batch-norm1"].others
    for flat, expected in zip(core_of(net).buffers, before, strict=True):
        np.testing.assert_array_equal(flat, expected)


def test_right_gradients_pass():
    """Dropout and batch normalization are checked in training mode, with frozen masks."""
    x, y = images_and_labels(6)
    check = classifier(EVERYTHING).check_gradients(x / 255.0, y)

    assert check.passed, str(check)
    assert check.worst <= check.bound
    assert str(check).endswith("bound 1e-06")
    assert "all gradients agree" in str(check)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda right: right * 1.001,
        lambda right: -right,
        lambda right: right + 1e-3 * np.abs(right).max(),
        lambda right: np.flip(right, axis=-1),
    ],
    ids=["a-thousandth-too-long", "wrong-sign", "shifted", "mirrored"],
)
@pytest.mark.parametrize("method", ["backward_w", "backward_a"])
def test_wrong_gradients_are_found(wrong, method, monkeypatch):
    """Even a slightly wrong derivative fails the check."""
    x, y = images_and_labels(4)
    net = classifier("conv 2@3x3 tanh as first | conv 2@2x3 tanh | dense 3 softmax")
    right = getattr(Convolution, method)
    monkeypatch.setattr(Convolution, method, lambda *arguments: wrong(right(*arguments)))
    check = net.check_gradients(x / 255.0, y)

    assert not check.passed
    assert "some gradients are WRONG" in str(check)


def test_a_kink_is_no_wrong_gradient():
    """If a step would cross the kink of relu, a shorter one is taken."""
    net = st.Network.parse("dense 1 bias none as first | relu | dense 1 bias none", (1,))
    net.parameters["first.weight"][:] = 4e-6  # closer to the kink than the usual step, 1e-5
    net.parameters["dense1.weight"][:] = 1.0
    check = net.check_gradients(np.ones((1, 1)), np.ones((1, 1)))

    assert check.passed, str(check)
