"""The shorthand of networks: reading and writing are inverses."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st_
from hypothesis.strategies import composite, integers, sampled_from

import striate as st
from helpers import kinds_of
from striate.errors import ShapeError, ShorthandError, StriateError
from striate.functions import registry
from striate.functions.base import Function
from striate.graph.document import from_document, to_document
from striate.graph.graph import Graph
from striate.graph.shorthand import parse
from striate.graph.shorthand_writer import write

TRANSFERS = ["relu", "tanh", "leaky-relu(slope=0.1)", "elu", "softmax", "logistic", "gelu"]
INITIALIZERS = ["he-normal", "orthogonal", "zeros"]


def preserved(graph):
    """Return everything about a graph that the shorthand preserves, including sizes."""
    return to_document(graph), graph.shapes


@composite
def segments(draw):
    """Draw the canonical text of a layer that fits images of any size."""
    name = draw(
        sampled_from(["conv", "max", "average", "batch-norm", "dropout", "transfer", "transposed"])
    )
    transfer = draw(sampled_from(["", *(f" {word}" for word in TRANSFERS)]))
    window = draw(integers(1, 3))
    match name:
        case "conv":
            size = draw(sampled_from([f"{window}x{window}", f"{window}x1"]))
            bias = draw(sampled_from(["", " bias none", " bias untied"]))
            init = draw(sampled_from(["", *(f" init {word}" for word in INITIALIZERS)]))
            stride = draw(sampled_from(["", " stride 2", " stride 2x1"]))
            padding = draw(sampled_from([" same", " padding 1", " padding 1:0x2:1"]))
            return f"conv {draw(integers(1, 3))}@{size}{stride}{padding}{bias}{init}{transfer}"
        case "max":
            ceil = draw(sampled_from(["", " ceil-mode"]))
            return f"max {window}x{window} stride 1 same{ceil}{transfer}"
        case "average":
            divisor = draw(sampled_from(["", " divisor window"]))
            return f"average {window}x{window} stride 1 same{divisor}{transfer}"
        case "transposed":
            return f"conv-transpose {draw(integers(1, 3))}@2x2 stride 2{transfer}"
        case "dropout":
            return f"dropout {draw(sampled_from(['0.25', '0.5']))}{transfer}"
        case "transfer":
            return draw(sampled_from(TRANSFERS))
        case _:
            return f"batch-norm{transfer}"


@composite
def texts(draw):
    """Draw the canonical text of a network with shortcuts, shared layers and a dense end."""
    parts = draw(st_.lists(segments(), min_size=1, max_size=4))
    if draw(st_.booleans()):
        parts[0] += " as stem"
        parts.append(draw(sampled_from(["conv 2@3x3 same", "relu"])) + " as left")
        again = draw(sampled_from(["conv 2@1x1 from stem as right", "tanh from stem as right"]))
        parts += [again, "concatenate left" + draw(sampled_from(["", " relu"]))]
        try:
            parse(" | ".join(parts), (6, 5, 2))
        except StriateError:
            parts = ["conv 2@3x3 same as stem", *parts[-3:-1], "concatenate left"]
            parts[1] = "conv 2@3x3 same as left"
    if draw(st_.booleans()):
        parts.append(draw(sampled_from(["dense 3", "global-average", "flatten order columns"])))
        parts.append(draw(sampled_from(["dense 4 softmax", "dense 2 bias none"])))
    text = " | ".join(parts)
    try:
        parse(text, (6, 5, 2))
    except ShapeError:  # strides and valid padding may leave too few pixels for a kernel
        assume(False)
    return text


@given(texts())
@settings(max_examples=150, deadline=None)
def test_texts_round_trip(text):
    """Canonical text is read and written unchanged, and has the same meaning."""
    graph = parse(text, (6, 5, 2))
    written = write(graph)

    assert preserved(parse(written, (6, 5, 2))) == preserved(graph)
    assert write(parse(written, (6, 5, 2))) == written


@given(texts())
@settings(max_examples=60, deadline=None)
def test_documents_round_trip(text):
    """A graph written as data and read back has the same data, shapes and parameters."""
    graph = parse(text, (6, 5, 2))
    again = from_document(to_document(graph))

    assert preserved(again) == preserved(graph)
    assert again.parameters() == graph.parameters()
    assert again.state() == graph.state()


@pytest.mark.parametrize(
    "text",
    [
        "conv 6@5x5 same tanh | average 2x2 | conv 16@5x5 tanh | dense 10 softmax",
        "conv 6@5x3 stride 2x1 dilation 2 padding 1:2x0:1 bias untied init he-normal relu",
        "conv 4@3x3 groups 2 padding 1 padding-mode reflect flip",
        "conv 2@3x3 product | max 2x2 ceil-mode",
        "max 3x3 same stride 2 | flatten order columns | dense 3",
        "leaky-relu(slope=0.1) | softmax",
        "dropout 0.25 spatial | dense 3 logistic",
        "conv 2@3x3 same as a | conv 2@3x3 same as b from input | add a relu",
        "conv 2@3x3 same as a | again a | again a from a | add a@2",
        "conv 2@3x3 same | multiply input bias tied",
        "conv 2@3x3 same as a | dense 3 as b | output a b",
        "conv 3@1x1 | conv 2@3x3 from conv1,input",
        "batch-norm relu | lp 2x2 p 3.0 | adaptive-average 2x2 | global-max",
    ],
)
def test_canonical_texts_are_written_unchanged(text):
    """Each of these is the canonical text of its network."""
    assert write(parse(text, (12, 12, 2))) == text


def test_several_inputs_are_written():
    """The text contains inputs if there are several, or if one has a name."""
    text = "input 4x4x1 as left | input 4x4x2 as right | conv 2@3x3 from left,right | dense 3"

    assert write(parse(text)) == text
    assert write(parse("dense 2", (3,)), inputs=True) == "input 3 | dense 2"


def test_graphs_made_in_python_are_written_and_read():
    """A graph that was built by calling layers equals the one read from its text."""
    image = st.Input((8, 8, 3))
    stem = st.Conv(4, 3, padding="same", activation="relu", name="stem")
    a = stem(image)
    b = st.Conv(4, 3, padding="same")(a)
    c = st.Add(activation="relu")([a, b])
    d = st.Concatenate()([c, st.Multiply()([a, c])])
    ends = [st.Dense(3, activation="softmax")(st.Flatten()(d)), st.GlobalMaxPool()(d)]
    graph = Graph.of(ends)

    assert preserved(parse(write(graph), (8, 8, 3))) == preserved(graph)


@pytest.mark.parametrize(("family", "name"), [k for k in kinds_of(Function) if k[0] == "weight"])
def test_every_kind_that_has_a_word_is_written_and_read(family, name):
    """The cases of each kind are unchanged by writing and reading, if they have a text."""
    kind = registry.find(family, name)
    tried = 0
    for case in kind.cases():
        graph = Graph.of(
            st.Layer(case.function)(st.Input((*case.inputs[0][1:], case.inputs[0][0])))
        )
        try:
            text = write(graph, inputs=True)
        except StriateError as error:
            assert "Save the network to a file instead." in str(error)  # noqa: PT017  # may happen
        else:
            assert to_document(parse(text)) == to_document(graph), text
            tried += 1

    assert tried or kind.shorthand is None or name == "identity"


def test_names_by_number_avoid_given_ones():
    """A number is skipped if an earlier layer was given that name."""
    graph = parse("dense 3 as dense1 | dense 3 | dense 3", (4,))

    assert [place.name for place in graph.layers] == ["dense1", "dense2", "dense3"]


def test_a_layer_named_as_a_word_does_not_disturb_the_count():
    """Words and repeated layers are numbered separately."""
    graph = parse("dense 4 as dense | again dense | dense 4 | again dense", (4,))

    assert [place.name for place in graph.layers] == ["dense", "dense@2", "dense1", "dense@3"]


WORDS = [
    "conv", "6@5x5", "6@", "@5", "5x", "x", "max", "2", "-1", "0", "2x2x2x2", "dense", "10", "1e9",
    "stride", "padding", "same", "1:2", "1:2x0:1", ":", "bias", "none", "untied", "as", "a", "from",
    "input", "a,b", ",", "add", "again", "output", "|", "tanh", "leaky-relu(slope=0.1)", "relu(",
    "relu(x)", "softmax(a=b)", "(", ")", "flip", "product", "init", "he-normal", "dropout", "0.5",
    "order", "columns", "groups", "é", "²", "٣", "input", "28x28x1", "batch-norm", "concatenate",
    "2x-1", "reshape", "average", "divisor", "window", "layer-norm", "p", "nan", "true",
    "conv-transpose", "momentum",
]  # fmt: skip


@pytest.mark.bad_input
@given(st_.lists(sampled_from(WORDS), max_size=12))
@settings(max_examples=600, deadline=None)
def test_any_words_give_a_network_or_a_striate_error(words):
    """Any text is a network or a StriateError."""
    try:
        assert parse(" ".join(words), (6, 6, 1)).layers
    except StriateError as error:
        assert str(error)  # noqa: PT017  # either outcome is valid


@pytest.mark.bad_input
@given(st_.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_characters_give_a_network_or_a_striate_error(text):
    """The same holds for any characters."""
    try:
        parse(text, (6, 6, 1))
    except StriateError as error:
        assert str(error)  # noqa: PT017  # either outcome is valid


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("conv {}@3x3", "conv"),
        ("conv 2@{}", "conv"),
        ("conv 2@3x{}", "conv"),
        ("conv 2@3x3 stride {}", "stride"),
        ("conv 2@3x3 padding {}:1x1:1", "padding"),
        ("reshape {}@7x7", "reshape"),
        ("dense {}", "dense"),
    ],
)
def test_numbers_of_too_many_digits(text, word):
    """A number with thousands of digits, which Python doesn't parse, is a StriateError."""
    with pytest.raises(ShorthandError) as error:
        parse(text.format("9" * 5000), (6, 6, 1))

    text = f'The number "99999999..." of {word} has 5000 digits, but at most 8 are allowed.'
    assert text in str(error.value)


@pytest.mark.parametrize(
    ("option", "layer"),
    [
        ("batch-norm relu", "batch-norm"),
        ("BatchNorm", "batch-norm"),
        ("relu dropout 0.5", "dropout"),
    ],
)
def test_a_layer_among_the_options_of_another(option, layer):
    """It needs a segment of its own."""
    with pytest.raises(ShorthandError) as error:
        parse(f"conv 4@3x3 {option}", (8, 8, 1))

    assert f'is not an option of conv, but a layer. Write "| {layer}" to make it' in str(
        error.value
    )
