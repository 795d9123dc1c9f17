"""The public names of striate, and the cost of importing it."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import striate
from striate.functions import registry

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
    "BlurPool",
    "Callback",
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
    "compile_nests",
    "cross_validate",
    "data",
    "equations",
    "errors",
    "exercises",
    "fit_photos",
    "functions",
    "initializers",
    "load",
    "losses",
    "matching",
    "maths",
    "metrics",
    "nests",
    "optimizers",
    "pictures",
    "recipes",
    "schedules",
    "set_threads",
    "threads",
    "using_threads",
]


def modules_after(code):
    """Return the modules that a new interpreter has loaded after running code."""
    report = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_the_public_names():
    """Adding or removing a name is a change for users: update this list and the changelog."""
    names = sorted(striate.__all__)

    assert names == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_each_public_name_is_there(name):
    """Each listed name can be used, and `dir` shows it."""
    value = getattr(striate, name)

    assert value is not None
    assert name in dir(striate)


def test_type_checkers_see_the_same_names():
    """The imports that only a type checker reads, and the stub of the layers, list all names."""
    tree = ast.parse(Path(striate.__file__).read_text())
    (guarded,) = (node for node in tree.body if isinstance(node, ast.If))
    stub = ast.parse(Path(striate.graph.layers.__file__).with_suffix(".pyi").read_text())

    names = {alias.asname for node in guarded.body for alias in node.names} - {None}
    layers = {node.name for node in stub.body if isinstance(node, ast.FunctionDef)}

    assert names | layers == set(PUBLIC) - {"__version__"}


def test_a_missing_name_is_an_attribute_error():
    """A name that doesn't exist raises the same error as in any other module."""
    with pytest.raises(AttributeError) as error:
        striate.Convolutional  # noqa: B018  # looking is the test

    assert str(error.value) == "module 'striate' has no attribute 'Convolutional'"


def test_importing_striate_loads_nothing_heavy():
    """`import striate` loads only the standard library."""
    loaded = modules_after("import striate")

    assert loaded & HEAVY == set()


def test_describing_a_network_loads_no_drawing_and_no_compiler():
    """Building and describing a network doesn't load Matplotlib, Click or LLVM."""
    loaded = modules_after(
        "import striate as st\n"
        "net = st.Network.preset('lenet5')\n"
        "net.summary(), str(net), net.parameter_count, st.maths.rot180, st.threads()"
    )

    assert loaded & (HEAVY - {"PIL", "rich", "safetensors"}) == set()


@pytest.mark.parametrize(("engine", "compiler"), [("numpy", set()), ("auto", {"llvmlite"})])
def test_using_a_network_loads_the_compiler_of_its_engine_alone(engine, compiler):
    """A prediction doesn't load Click, Matplotlib, ONNX or scikit-learn."""
    loaded = modules_after(
        "import numpy as np, striate as st\n"
        f"st.Network.preset('lenet5', engine={engine!r}).predict(np.zeros((1, 28, 28, 1)))"
    )

    assert loaded & (HEAVY - {"PIL", "rich", "safetensors"}) == compiler


@pytest.mark.parametrize(
    ("namespace", "family", "base"),
    [
        ("optimizers", "optimizer", "Optimizer"),
        ("schedules", "schedule", "Schedule"),
        ("losses", "loss", "Loss"),
        ("metrics", "metric", "Metric"),
        ("initializers", "initializer", "Initializer"),
    ],
)
def test_a_namespace_has_all_kinds_of_its_family(namespace, family, base):
    """A new kind is there as soon as its package exports it; so is the class to subclass."""
    module = importlib.import_module(f"striate.{namespace}")
    kinds = {kind.__name__: kind for kind in registry.kinds(family).values()}

    assert dir(module) == sorted([*kinds, base])
    assert {name: getattr(module, name) for name in kinds} == kinds
    assert getattr(striate, namespace) is module
