"""The operations of a step in Hagan's symbols."""

from striate.explain.operations import operations
from striate.functions.loss import CrossEntropy
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep


def rows_of(text, shape=(8, 8, 1)):
    """List the operations of a network's training step."""
    return operations(TrainingStep.of(parse(text, shape), [CrossEntropy()]))


def test_every_array_occurs_once():
    """Each array occurs once: Z, N, A of each layer, then the derivatives."""
    rows = rows_of("conv 2@3x3 tanh | max 2 | dense 3 softmax")

    arrays = [row.writes for row in rows]
    layers = ("conv1", "max1", "flatten1", "dense1")
    assert len(set(arrays)) == len(arrays)
    assert arrays[:12] == [f"{layer}.{symbol}" for layer in layers for symbol in "ZNA"]
    assert {"conv1.dA", "conv1.dN", "conv1.dZ", "conv1.dweight", "conv1.dbias"} <= set(arrays)
    assert {"dense1.dN", "dense1.dZ", "dense1.dweight", "dense1.dbias"} <= set(arrays)


def test_symbols():
    """Derivatives are dW for weights and db for biases; others have the parameter's name."""
    rows = rows_of("conv 2@3x3 | batch-norm relu | dense 3 softmax")

    symbols = {row.writes: row.symbol for row in rows}
    assert symbols["conv1.dweight"] == "dW"
    assert symbols["conv1.dbias"] == "db"
    assert symbols["batch-norm1.dgamma"] == "dgamma"
    assert symbols["batch-norm1.dA"] == "dA"


def test_functions_are_named_as_users_write_them():
    """Layers have the names of their constructors, other functions those of their arguments."""
    rows = rows_of("conv 2@3x3 tanh | average 2 | batch-norm | dense 3 softmax")

    assert {row.function for row in rows} == {
        "Conv", "AveragePool", "BatchNorm", "Flatten", "Dense",
        "sum", "tanh", "linear", "softmax", "cross-entropy",
    }  # fmt: skip


def test_copies_are_marked():
    """A sum of a single array and a linear activation copy their input; a bias changes it."""
    rows = rows_of("conv 2@3x3 | max 2 tanh | dense 3 softmax")

    copies = {row.writes for row in rows if row.copies}
    assert copies == {"conv1.A", "max1.N", "flatten1.N", "flatten1.A"}


def test_sources():
    """Each operation has its source: Hagan if possible, otherwise the original paper."""
    rows = rows_of("conv 2@3x3 tanh | batch-norm | dense 3 softmax")

    sources = {row.writes: row.source for row in rows}
    assert sources["conv1.Z"] == "Hagan 8.20, 8.38"
    assert sources["conv1.dweight"] == "Hagan 8.46-8.48"
    assert sources["batch-norm1.Z"] == "Ioffe and Szegedy 2015"


def test_derivatives_are_accumulated():
    """If two layers read an activation, the second derivative is added to the first."""
    rows = rows_of(
        "conv 2@3x3 same as stem | conv 2@3x3 same | add stem | global-average | dense 3 softmax"
    )

    to_stem = [str(row) for row in rows if row.writes == "stem.dA"]
    assert to_stem == [
        "stem.dA = identity.backward(add1.dZ2)",
        "stem.dA += Conv.backward(conv1.dZ, conv1.weight)",
    ]
