"""The public layers: generated from the kinds, and written as users type them."""

import inspect
from pathlib import Path

import numpy as np
import pytest
import write_stubs

import striate as st
from striate.errors import GraphError, OptionError, OutOfMemoryError
from striate.functions import initializer, net_input, registry, transfer, weight
from striate.graph import layers
from striate.graph.layer import Layer

NAMES = {
    **vars(layers), **vars(initializer), **vars(weight), **vars(net_input), **vars(transfer),
    **{name: vars(layers)[name] for name in layers.__all__}, "Layer": Layer,
}  # fmt: skip


def test_the_stub_is_up_to_date():
    """`make golden` writes what editors and type checkers read."""
    assert write_stubs.stub() == Path(layers.__file__).with_suffix(".pyi").read_text()


@pytest.mark.parametrize("name", layers.CONSTRUCTORS)
def test_the_documentation_shows_a_call_that_works(name):
    """Each constructor documents all its options, and its example prints as it was typed."""
    construct = layers.CONSTRUCTORS[name]
    documented = inspect.getdoc(construct)
    call = documented.rsplit(">>> ", 1)[1].splitlines()[0]

    assert repr(eval(call, dict(NAMES))) == call
    for option in inspect.signature(construct).parameters:
        assert f"\n{option}\n    " in documented, option


@pytest.mark.parametrize(
    "kind",
    [case.function for kind in registry.kinds("weight").values() for case in kind.cases()],
    ids=lambda kind: repr(kind)[:60],
)
def test_a_layer_prints_the_call_that_makes_it(kind):
    """`repr` evaluates to the same layer, whatever its kind and options are."""
    takes = kind.layer.takes if kind.layer else ()
    activations = (
        ["linear", "relu", "leaky-relu(slope=0.1)"] if "activation" in takes else ["linear"]
    )
    biases = ["tied", "untied", None] if "bias" in takes else [None]
    for activation in activations:
        for bias in biases:
            layer = Layer(kind, net_input.Sum(bias=bias), activation, name="one")

            again = eval(repr(layer), dict(NAMES))

            assert (again.weight, again.net_input, again.transfer, again.name) == (
                layer.weight, layer.net_input, layer.transfer, layer.name,
            ), repr(layer)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        'Conv(16, 5, activation="tanh")',
        "Conv(6, (3, 5), stride=2, padding=((1, 2), (0, 0)), bias=None)",
        'Conv(6, 5, net_input="product", initializer="he-normal", name="stem")',
        "Conv(6, 5, initializer=Orthogonal(gain=2.0))",
        'AveragePool(2, trainable=True, bias="tied", activation="scaled-tanh")',
        'Activation("softmax")',
        'Add(activation="relu")',
        'Concatenate(bias="untied")',
        "Reshape((7, 7, 16))",
        'Flatten("columns")',
        "Dropout(0.5)",
        "Layer(Flatten(), Sum(bias=None), Relu())",
    ],
)
def test_what_users_type_is_what_they_read(text):
    """A layer prints as it was typed."""
    names = {**NAMES, "Flatten": registry.find("weight", "flatten")} if "Layer(" in text else NAMES

    assert repr(eval(text, dict(names))) == text


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: st.Conv(6, 5, padding="sam"),
            (
                'Conv(6, 5): `padding` must be "valid", "same", "full" or numbers of pixels, got '
                '"sam". Did you mean "same"?'
            ),
        ),
        (
            lambda: st.MaxPool(2, stride=0),
            (
                "MaxPool(2): `stride` must be a positive integer up to 16,777,216, or a tuple with "
                "one for each axis, or None, got 0. Try 2."
            ),
        ),
        (lambda: st.Conv(6), "Conv needs `kernel_size`. For example, write Conv(6, 5, "),
        (
            lambda: st.Conv(6, 5, 2),
            "Conv takes `feature_maps` and `kernel_size` by position, got 3",
        ),
        (lambda: st.Conv(filters=6), "Conv has no option `filters`. Did you mean `feature_maps`?"),
        (
            lambda: st.MaxPool(pool_size=2),
            "MaxPool has no option `pool_size`. Did you mean `window`?",
        ),
        (lambda: st.Conv(6, window=5), "Conv has no option `window`. Did you mean `kernel_size`?"),
        (lambda: st.Dense(units=5), "Dense has no option `units`. Did you mean `neurons`?"),
        (lambda: st.Conv(6, 5, kernel_size=3), "Conv got `kernel_size` twice"),
        (
            lambda: st.Dense(5, bias=False),
            'Dense(5): `bias` must be "tied", "untied" or None, got False. Try None.',
        ),
        (
            lambda: st.Conv(6, 5, activation="ReLU"),
            'Conv(6, 5): Unknown activation "ReLU". Did you mean "relu"? Choose from elu, ',
        ),
        (
            lambda: st.AveragePool(2, trainable=True, divisor="window"),
            "AveragePool: `divisor` has no effect with trainable=True. Leave one of them out.",
        ),
        (lambda: st.Dense(10**9), "Dense(1000000000): `neurons` must be an integer from 1 to "),
    ],
)
def test_a_wrong_call_is_refused_in_the_users_words(call, text):
    """The error shows the call, the option as typed, and what was meant."""
    with pytest.raises(OptionError) as error:
        call()

    assert str(error.value).startswith(text)


def test_an_array_is_an_initializer():
    """Weights can be given as they are."""
    kernel = np.arange(9.0).reshape(1, 1, 3, 3)

    net = st.Network([st.Conv(1, 3, initializer=kernel)], input_shape=(5, 5, 1))

    assert (net.parameters["conv1.weight"] == kernel).all()


@pytest.mark.bad_input
@pytest.mark.parametrize("source", [st.Dense(2), [st.Dense(2)], "dense", None, 3])
def test_a_layer_is_called_on_results(source):
    """A layer that was not called is the usual slip."""
    with pytest.raises(GraphError, match=r"Dense\(3\) was called on .*\. Call it on st\.Input"):
        st.Dense(3)(source)


def test_parameters_beyond_memory_are_refused_before_they_are_allocated():
    """The error names the largest array, and what would make it smaller."""
    with pytest.raises(OutOfMemoryError) as error:
        st.Network.parse("dense 16777216", (2**24,))

    assert "The largest array is dense1.weight, 16777216x16777216. Use fewer" in str(error.value)


@pytest.mark.parametrize("join", [st.Add, st.Multiply, st.Concatenate])
def test_hundreds_of_layers_can_be_joined(join):
    """Long sums and products are no deeper expressions than short ones."""
    image = st.Input((2,))
    joined = join()([st.Dense(1, bias=None)(image) for _ in range(300)])
    net = st.Network(image, joined, engine="numpy")

    assert net.predict(np.ones((2, 2), np.float32)).shape == (2, net.output_shape[0])
    assert len(net.summary().rows) == 301


def test_sums_of_hundreds_of_layers_are_compiled():
    """The compiled engine adds them in the order of the NumPy engine."""
    image = st.Input((2,))
    added = st.Add(bias="tied")([st.Dense(1, bias=None)(image) for _ in range(200)])
    x = np.linspace(-1, 1, 6, dtype=np.float32).reshape(3, 2)

    found, wanted = (
        st.Network(image, added, engine=engine).predict(x) for engine in ("compiled", "numpy")
    )

    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_products_of_hundreds_of_layers_are_trained():
    """The compiled engine multiplies, and backpropagates, as the NumPy engine does."""
    x, y = np.linspace(-1, 1, 6, dtype=np.float32).reshape(3, 2), np.zeros(3, np.float32)
    trained = []
    for engine in ("compiled", "numpy"):
        image = st.Input((2,))
        near_one = [st.Dense(1, bias="tied", activation="logistic")(image) for _ in range(100)]
        scaled = [st.Multiply(bias="tied")(factor) for factor in near_one]
        net = st.Network(image, st.Multiply()(scaled), engine=engine)
        for k in range(100):
            net.parameters[f"multiply{k + 1}.bias"][:] = 2.0
        net.fit(x, y, epochs=1, optimizer="gradient-descent", learning_rate=0.01)
        trained.append(net.parameters["dense50.weight"].copy())

    assert trained[0].any()
    # Products of 100 float32 numbers, in a different order.
    np.testing.assert_allclose(*trained, rtol=1e-4)


def test_a_network_may_have_thousands_of_layers():
    """Nothing that handles a graph recurses over its layers."""
    node = image = st.Input((2,))
    for _ in range(2000):
        node = st.Activation("tanh")(node)
    net = st.Network(image, node, engine="numpy")

    again = st.Network.parse(str(net), (2,), engine="numpy")

    assert again.graph.shapes == net.graph.shapes
    assert len(net.summary().rows) == len(net.trace(np.ones((1, 2)))) == 2000


def test_several_layers_are_joined_in_a_list():
    """Two arguments instead of a list of two are a mistake that the error names."""
    image = st.Input((4, 4, 1))

    with pytest.raises(GraphError) as error:
        st.Multiply()(image, image)

    assert str(error.value) == (
        "Multiply() was called with 2 arguments; expected one, a layer's result or a list of them. "
        "Put them into a list: layer([a, b])."
    )
