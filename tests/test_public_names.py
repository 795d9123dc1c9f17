"""The names that striate offers, and what importing it costs."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import striate

HEAVY = {
    "PIL",
    "click",
    "llvmlite",
    "matplotlib",
    "onnx",
    "rich",
    "safetensors",
    "sklearn",
    "torch",
}
PUBLIC = [
    "Activation",
    "AdaptiveAveragePool",
    "Add",
    "AveragePool",
    "BatchNorm",
    "Concatenate",
    "Conv",
    "ConvTranspose",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "GroupNorm",
    "Input",
    "Layer",
    "LayerNorm",
    "LocalResponseNorm",
    "LpPool",
    "MaxPool",
    "Multiply",
    "Network",
    "Reshape",
    "SumPool",
    "__version__",
    "data",
    "errors",
    "functions",
    "load",
    "maths",
    "nests",
    "set_threads",
    "threads",
    "using_threads",
]


def modules_after(code):
    """List the modules that a fresh interpreter holds after running code."""
    report = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_the_public_names():
    """A name that comes or goes is a change for the user: this list and the changelog say so."""
    names = sorted(striate.__all__)

    assert names == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_each_public_name_is_there(name):
    """What is listed can be used, and `dir` shows it."""
    value = getattr(striate, name)

    assert value is not None
    assert name in dir(striate)


def test_type_checkers_see_the_same_names():
    """The imports that only a type checker reads are those of the table that is loaded later."""
    tree = ast.parse(Path(striate.__file__).read_text())
    (guarded,) = (node for node in tree.body if isinstance(node, ast.If))

    names = {alias.asname for node in guarded.body for alias in node.names}

    assert names == set(PUBLIC) - {"__version__"}


def test_a_missing_name_is_an_attribute_error():
    """A name that striate does not have is refused as any module does."""
    with pytest.raises(AttributeError) as error:
        striate.Convolutional  # noqa: B018  # looking is the test

    assert str(error.value) == "module 'striate' has no attribute 'Convolutional'"


def test_importing_striate_loads_nothing_heavy():
    """`import striate` takes in no library but what Python brings."""
    loaded = modules_after("import striate")

    assert loaded & HEAVY == set()


def test_describing_a_network_loads_no_drawing_and_no_compiler():
    """What asks a network for no number takes neither pictures nor the command, nor LLVM."""
    loaded = modules_after(
        "import striate as st\n"
        "net = st.Network.preset('lenet5')\n"
        "net.summary(), str(net), net.parameter_count, st.maths.rot180, st.threads()"
    )

    assert loaded & (HEAVY - {"PIL", "rich", "safetensors"}) == set()


@pytest.mark.parametrize(("engine", "compiler"), [("numpy", set()), ("auto", {"llvmlite"})])
def test_using_a_network_loads_the_compiler_of_its_engine_alone(engine, compiler):
    """A prediction needs neither the command nor pictures, ONNX or scikit-learn."""
    loaded = modules_after(
        "import numpy as np, striate as st\n"
        f"st.Network.preset('lenet5', engine={engine!r}).predict(np.zeros((1, 28, 28, 1)))"
    )

    assert loaded & (HEAVY - {"PIL", "rich", "safetensors"}) == compiler
