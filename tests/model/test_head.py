"""A network with another head keeps everything else."""

import numpy as np
import pytest

import striate as st
from networks import classifier, digest, images_and_labels
from striate.errors import GraphError, OptionError, ShapeError, ShorthandError, StriateError
from striate.model.network import core_of

X, Y = images_and_labels(12)
TEXT = "conv 2@3x3 | batch-norm tanh | dense 4 relu | dense 3 softmax"


def trained():
    """Train a network with preprocessing, classes and running statistics."""
    network = classifier(TEXT)
    network.fit(X, np.array(["cat", "dog", "eel"])[Y], epochs=1, standardize=True)
    return network


def branched(*, outputs=1):
    """Make a graph with a skip connection, and perhaps a second output."""
    image = st.Input((6, 6, 1))
    stem = st.Conv(2, 3, padding="same", activation="tanh", name="stem")(image)
    joined = st.Add(name="sum")([stem, st.Conv(2, 3, padding="same", name="branch")(stem)])
    flat = st.Flatten()(joined)
    label = st.Dense(3, activation="softmax", name="label")(flat)
    size = st.Dense(1, name="size")(flat)
    return st.Network(image, [label, size][:outputs])


def test_all_other_layers_keep_their_arrays():
    """Parameters, running statistics and preprocessing are kept; the original stays as it is."""
    network = trained()
    before = digest(network)
    other = network.with_head("dense 5 softmax")

    for name, array in {**other.parameters, **other.statistics}.items():
        if not name.startswith("dense2"):
            own = {**network.parameters, **network.statistics}[name]
            np.testing.assert_array_equal(array, own)
    assert other.parameters["dense2.weight"].shape == (5, 4)
    assert other.preprocessing == network.preprocessing
    assert (other.classes, other.losses, len(other.history)) == ((), None, 0)
    other.parameters["conv1.weight"][...] = 0
    assert digest(network) == before


def test_the_head_is_trained_alone():
    """The labels of the new classes are learned, and the frozen body stays as it is."""
    network = trained()
    other = network.with_head("dense 2 softmax")
    other.fit(X, np.array(["ant", "bee"])[Y % 2], epochs=1, freeze=-1)

    assert other.classes == ("ant", "bee")
    np.testing.assert_array_equal(
        other.parameters["conv1.weight"], network.parameters["conv1.weight"]
    )
    assert (other.parameters["dense2.weight"] != 0).all()


def test_it_survives_a_file(tmp_path):
    """It is saved and loaded like any other network."""
    other = trained().with_head("dense 5 relu | dense 2 softmax")
    other.save(tmp_path / "a.safetensors")
    loaded = st.load(tmp_path / "a.safetensors")

    assert digest(loaded) == digest(other)
    assert str(loaded) == str(other)
    np.testing.assert_array_equal(loaded.predict(X), other.predict(X))


@pytest.mark.parametrize(
    ("head", "options", "expected"),
    [
        ("dense 2", {}, "conv 2@3x3 | batch-norm tanh | dense 4 relu | dense 2"),
        (
            [st.Dense(6, activation="relu"), st.Dense(2)],
            {},
            "conv 2@3x3 | batch-norm tanh | dense 4 relu | dense 6 relu | dense 2",
        ),
        (st.Dense(2), {}, "conv 2@3x3 | batch-norm tanh | dense 4 relu | dense 2"),
        ("dense 2", {"after": "conv1"}, "conv 2@3x3 | dense 2"),
        ("global-average | dense 2", {"after": "batch-norm1"},
         "conv 2@3x3 | batch-norm tanh | global-average | dense 2"),
        ("dense 2", {"after": "input"}, "dense 2"),
        ("dense 9 as a | dense 9 as b from a | add a | dense 2", {"after": "flatten1"},
         "conv 2@3x3 | batch-norm tanh | dense 9 as a | dense 9 as b | add a | dense 2"),
    ],
)  # fmt: skip
def test_heads_of_several_forms(head, options, expected):
    """Shorthand, layers and lists of them, behind any layer."""
    other = classifier(TEXT).with_head(head, **options)

    assert str(other) == str(st.Network.parse(expected, (6, 6, 1)))


def test_the_seed_draws_the_head_alone():
    """Another seed gives the head other weights, and the body the same."""
    network = classifier(TEXT)
    one, same, other = (network.with_head("dense 5", seed=seed) for seed in (1, 1, 2))

    assert digest(one) == digest(same)
    differing = {
        name for name, array in one.parameters.items() if (array != other.parameters[name]).any()
    }
    assert differing == {"dense2.weight"}


def test_a_convolution_is_a_head_too():
    """Everything from the last convolution on is replaced."""
    network = classifier("conv 4@3x3 relu | conv 3@1x1 | global-average | softmax")
    other = network.with_head("conv 5@1x1 | global-average | softmax")

    assert other.predict(X).shape == (12, 5)
    assert "conv2.weight" in other.parameters


def test_a_graph_keeps_its_branches():
    """A skip connection before the head is kept, with its arrays."""
    network = branched()
    other = network.with_head([st.Dense(7, name="kind")])

    assert [place.name for place in other.graph.layers] == [
        "stem", "branch", "sum", "flatten1", "kind",
    ]  # fmt: skip
    np.testing.assert_array_equal(
        other.parameters["branch.weight"], network.parameters["branch.weight"]
    )


def test_other_outputs_stay():
    """A network of several outputs keeps those that are not named."""
    network = branched(outputs=2)
    network.classes = {"label": ("a", "b", "c")}
    kept = network.with_head("dense 2", output="size")
    cleared = network.with_head("dense 4 softmax", output="label")

    assert kept.graph.outputs == ("label", "dense1")
    assert kept.classes == {"label": ("a", "b", "c"), "dense1": ()}
    assert cleared.graph.outputs == ("dense1", "size")
    assert cleared.classes == {"dense1": (), "size": ()}
    np.testing.assert_array_equal(
        kept.parameters["label.weight"], network.parameters["label.weight"]
    )


def test_the_scale_of_other_targets_stays():
    """Standardized targets belong to their output: the replaced one starts without."""
    network = branched(outputs=2)
    network.fit(X, {"label": Y, "size": 100.0 + Y}, epochs=1, standardize_targets=True)
    kept, other = (network.with_head("dense 2", output=name) for name in ("label", "size"))

    assert core_of(network).target_scaling.keys() == {"size"}
    assert core_of(kept).target_scaling == core_of(network).target_scaling
    assert not core_of(other).target_scaling


def two_inputs():
    """Make a network of two inputs that are joined late."""
    left, right = st.Input((2,), name="left"), st.Input((2,), name="right")
    a, b = st.Dense(2, name="a")(left), st.Dense(2, name="b")(right)
    return st.Network([left, right], st.Dense(3)(st.Concatenate(name="both")([a, b])))


def joined_at_the_end():
    """Make a network whose output is a sum."""
    image = st.Input((4,))
    return st.Network(image, st.Add(name="sum")([st.Dense(3)(image), st.Dense(3)(image)]))


def shared():
    """Make a network with a shared layer in two outputs, the owner being one of them."""
    image, dense = st.Input((3,)), st.Dense(3, name="twice")
    first = dense(image)
    return st.Network(image, [first, dense(st.Activation("tanh", name="act")(image))])


MISTAKES = {
    "unknown-layer": lambda: trained().with_head("dense 2", after="cnov1"),
    "unknown-word": lambda: trained().with_head("danse 2"),
    "does-not-fit": lambda: trained().with_head("conv 2@3x3"),
    "several-outputs": lambda: branched(outputs=2).with_head("dense 2"),
    "unknown-output": lambda: branched(outputs=2).with_head("dense 2", output="labels"),
    "name-twice": lambda: branched().with_head([st.Dense(2, name="stem")]),
    "name-twice-in-shorthand": lambda: branched().with_head("dense 2 as stem"),
    "unused-input": lambda: two_inputs().with_head("dense 2", after="a"),
    "joined-at-the-end": lambda: joined_at_the_end().with_head("dense 2"),
    "without-parameters": lambda: classifier("max 2 | softmax").with_head("dense 2"),
    "shared": lambda: shared().with_head("dense 2", output="twice"),
    "not-a-layer": lambda: trained().with_head([st.Dense]),
    "a-number": lambda: trained().with_head(5),
    "empty": lambda: trained().with_head([]),
    "two-outputs": lambda: trained().with_head("dense 2 as a | dense 2 as b | output a b"),
    "seed": lambda: trained().with_head("dense 2", seed=-1),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes(case, golden):
    """Each error says what to do."""
    with pytest.raises((GraphError, ShorthandError, ShapeError, OptionError)) as error:
        MISTAKES[case]()

    assert isinstance(error.value, StriateError)
    golden(f"messages/head-{case}", str(error.value))
