"""One golden text for each error of shorthand, layers and sizes."""

import pytest

import striate as st
from striate.errors import StriateError
from striate.graph.document import from_document
from striate.graph.graph import Graph
from striate.graph.shorthand import parse
from striate.graph.shorthand_values import read_call, read_size, read_value
from striate.graph.shorthand_writer import write

TEXTS = {
    "empty": "",
    "only-an-input": "input 6x6x1",
    "empty-segment": "conv 2@3x3 | | dense 2",
    "unknown-word": "cnov 6@5x5",
    "far-word": "xyzzy 3",
    "unknown-option": "conv 6@3x3 strid 2",
    "unknown-option-of-a-kind-without": "global-average window 2",
    "option-without-value": "conv 6@3x3 stride",
    "name-without-value": "conv 6@3x3 as",
    "value-no-number": "conv 6@3x3 stride two",
    "value-negative": "conv 6@3x3 stride -2",
    "sides-not-paired": "conv 6@3x3 padding 1:2x3",
    "number-misspelled": "dropout 0.5.5",
    "padding-misspelled": "conv 6@3x3 smae",
    "bias-unknown": "conv 6@3x3 bias shared",
    "initializer-unknown": "conv 6@3x3 init he-norml",
    "argument-missing": "conv tanh",
    "argument-without-size": "conv 6 tanh",
    "argument-without-maps": "conv 5x5",
    "argument-twice": "dense 10@3",
    "number-missing": "group-norm",
    "argument-of-max": "max 6@2x2",
    "size-misspelled": "conv 6@5y5",
    "window-of-another-rank": "conv 6@3x3x3",
    "window-of-unequal-sizes-of-another-rank": "conv 6@3x5x3",
    "pooling-window-of-another-rank": "conv 6@3x3 | max 2x2x2",
    "segment-of-thousands": "conv 6@" + "3x" * 3000 + "3",
    "word-of-thousands": "x" * 5000,
    "brackets-of-thousands": "relu" + "(" * 5000,
    "name-of-thousands": "conv 6@3x3 | add " + "x" * 5000,
    "maps-0": "conv 0@3x3",
    "brackets-open": "conv 6@3x3 leaky-relu(slope=0.1",
    "brackets-without-value": "conv 6@3x3 leaky-relu(0.1)",
    "option-of-transfer-unknown": "leaky-relu(slop=0.1)",
    "two-transfers": "conv 6@3x3 tanh relu",
    "name-twice": "conv 2@3x3 as a | conv 2@3x3 as a",
    "name-impossible": "conv 2@3x3 as a.b",
    "from-unknown": "conv 2@3x3 as stem | conv 2@3x3 from stme",
    "add-unknown": "conv 2@3x3 same | add cnov1",
    "again-unknown": "again stem",
    "again-nothing": "again",
    "again-with-more": "conv 1@3x3 same as a | again a relu",
    "output-nothing": "conv 2@3x3 | output",
    "output-twice": "conv 2@3x3 as a | dense 2 as b | output a | output b",
    "output-unknown": "conv 2@3x3 | output conv2",
    "output-an-input": "conv 2@3x3 | output input",
    "leads-nowhere": "conv 2@3x3 as lost | dense 2 from input",
    "input-misspelled": "input 6x6x1 named image | dense 2",
    "input-0": "input 0x6x1 as other | dense 2",
}


@pytest.mark.parametrize("case", TEXTS)
def test_texts_that_cannot_be_read(case, golden):
    """The text names the segment, the value, the rule, and the nearest known word."""
    with pytest.raises(StriateError) as error:
        parse(TEXTS[case], (6, 6, 1))

    golden(f"messages/shorthand-{case}", str(error.value))


def test_no_input(golden):
    """A text without an input's shape begins nowhere."""
    with pytest.raises(StriateError) as error:
        parse("dense 2")

    golden("messages/shorthand-no-input", str(error.value))


SIZES = {
    "window-too-large": ("conv 6@5x5 tanh | average 2x2 | conv 16@9x9", (16, 16, 1)),
    "image-used-up": ("max 2x2 | max 2x2 | max 2x2 | max 2x2", (8, 8, 1)),
    "add-of-two-sizes": ("conv 2@3x3 as a | conv 2@3x3 | add a", (8, 8, 1)),
    "concatenate-of-two-sizes": ("conv 2@3x3 as a | max 2x2 | concatenate a", (8, 8, 1)),
    "groups-do-not-divide": ("conv 4@3x3 groups 2", (8, 8, 3)),
    "convolution-of-a-vector": ("dense 4 | conv 2@3x3", (8, 8, 1)),
    "dense-joined-to-maps": ("conv 2@3x3 as a | dense 3 from a,a", (8, 8, 1)),
    "reflection-too-far": ("conv 2@3x3 padding 4 padding-mode reflect", (3, 3, 1)),
}


@pytest.mark.parametrize("case", SIZES)
def test_sizes_that_do_not_fit(case, golden):
    """The text shows the chain of sizes that led there, with the formula of each."""
    text, shape = SIZES[case]
    with pytest.raises(StriateError) as error:
        parse(text, shape)

    golden(f"messages/sizes-{case}", str(error.value))


IMAGE = st.Input((6, 6, 1))
FLAT = st.Flatten()(IMAGE)
UNNAMED = [st.Input((3,)), st.Input((3,))]

GRAPHS = {
    "no-outputs": lambda: Graph.of([]),
    "output-an-input": lambda: st.Network(IMAGE, IMAGE),
    "output-twice": lambda: st.Network(IMAGE, [FLAT, FLAT]),
    "name-twice": lambda: Graph.of(st.Flatten(name="a")(st.Conv(1, 3, name="a")(IMAGE))),
    "name-impossible": lambda: st.Conv(1, 3, name="a b"),
    "joined-to-nothing": lambda: st.Add()([]),
    "list-and-outputs": lambda: st.Network([st.Flatten()], st.Flatten()(IMAGE)),
    "shape-and-outputs": lambda: st.Network(IMAGE, st.Flatten()(IMAGE), input_shape=(6, 6, 1)),
    "no-shape": lambda: st.Network([st.Flatten()]),
    "not-a-layer": lambda: st.Network(["relu"], input_shape=(6, 6, 1)),
    "inputs-incomplete": lambda: st.Network(UNNAMED[:1], st.Add()(UNNAMED)),
    "input-twice": lambda: st.Network([*UNNAMED, UNNAMED[0]], st.Add()(UNNAMED)),
    "input-the-result-of-a-layer": lambda: st.Network([FLAT], st.Dense(2)(FLAT)),
    "output-a-layer": lambda: st.Network(IMAGE, st.Flatten()),
    "outputs-empty": lambda: st.Network(IMAGE, []),
    "layers-empty": lambda: st.Network([], input_shape=(6, 6, 1)),
    "layers-a-layer": lambda: st.Network(st.Dense(2), input_shape=(4,)),
    "layers-a-constructor": lambda: st.Network([st.Conv, st.Flatten()], input_shape=(6, 6, 1)),
    "layers-a-node": lambda: st.Network([IMAGE, st.Flatten()], input_shape=(6, 6, 1)),
    "activation-a-class": lambda: st.Conv(1, 3, activation=st.functions.transfer.Tanh),
    "initializer-a-class": lambda: st.Conv(1, 3, initializer=st.functions.initializer.Orthogonal),
    "net-input-a-class": lambda: st.Conv(1, 3, net_input=st.functions.net_input.Product),
    "preset-a-list": lambda: st.Network.preset(["lenet5"]),
    "input-not-used": lambda: st.Network(
        [st.Input((3,), name="a"), st.Input((3,), name="b")], st.Dense(2)(st.Input((3,), name="a"))
    ),
    "shape-negative": lambda: st.Network([st.Flatten()], input_shape=(-6, 6, 1)),
    "shape-empty": lambda: st.Input(()),
    "shape-a-number": lambda: st.Network([st.Flatten()], input_shape=28),
    "shape-fraction": lambda: st.Input((2.5,)),
    "shape-huge": lambda: st.Input((10**9, 1)),
    "channels-unknown": lambda: st.Network(
        [st.Flatten()], input_shape=(6, 6, 1), channels="middle"
    ),
    "seed-negative": lambda: st.Network([st.Flatten()], input_shape=(6, 6, 1), seed=-1),
    "activation-misspelled": lambda: st.Conv(1, 3, activation="thanh"),
    "initializer-misspelled": lambda: st.Conv(1, 3, initializer="he"),
    "kernels-of-another-shape": lambda: st.Network(
        [st.Conv(1, 3, initializer=st.functions.initializer.Given(values=[[1.0]]))],
        input_shape=(6, 6, 1),
    ),
    "unknown-layer": lambda: st.Network.preset("lenet5").graph["conv3"],
    "unknown-layer-of-a-trace": lambda: st.Network.parse("dense 2", (3,)).trace([[1.0, 2, 3]])["x"],
    "preset-misspelled": lambda: st.Network.preset("lenet-5"),
    "preset-of-no-class": lambda: st.Network.preset("lenet5", classes=0),
    "preset-too-small": lambda: st.Network.preset("lenet5-valid", input_shape=(12, 12, 1)),
    "at-dense": lambda: st.Network.preset("lenet5").at((32, 32, 1)),
    "at-untied-bias": lambda: st.Network.preset("lenet1989").at((18, 16, 1)),
    "at-other-channels": lambda: st.Network([st.Conv(1, 3)], input_shape=(6, 6, 1)).at((6, 6, 3)),
    "at-no-shape": lambda: st.Network([st.Conv(1, 3)], input_shape=(6, 6, 1)).at((0, 6, 1)),
    "at-other-inputs": lambda: st.Network.preset("lenet5").graph.at({"image": (1, 28, 28)}),
    "text-of-given-kernels": lambda: write(
        Graph.of(
            st.Conv(1, 1, initializer=st.functions.initializer.Given(values=[[[[1.0]]]]))(IMAGE)
        )
    ),
}


@pytest.mark.parametrize("case", GRAPHS)
def test_invalid_networks(case, golden):
    """What cannot be joined, named or sized is refused when the network is made."""
    with pytest.raises(StriateError) as error:
        GRAPHS[case]()

    golden(f"messages/network-{case}", str(error.value))


@pytest.mark.parametrize("value", [None, [], "net", {"inputs": 3}, {"inputs": {}, "layers": []}])
def test_data_that_are_no_network(value):
    """Any other value in a network's data is a StriateError."""
    with pytest.raises(StriateError):
        from_document(value)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (lambda: read_size("5.5", "conv"), "5.5"),
        (lambda: read_value("x", 0.5, "rate"), "x"),
        (lambda: read_value("x", 1, "stride"), "x"),
        (lambda: read_value("1:x", "valid", "padding"), "1:x"),
        (lambda: read_call("elu(a)"), "elu(a)"),
    ],
    ids=["size", "number", "whole-number", "sides", "call"],
)
def test_values_that_cannot_be_read(read, text):
    """Every parser of values quotes the text and shows how to write it."""
    with pytest.raises(StriateError) as error:
        read()

    assert f'"{text}"' in str(error.value)
    assert " must be " in str(error.value)
    assert 'For example, write "' in str(error.value)
