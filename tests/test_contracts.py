"""The import contracts of pyproject.toml hold, and a violation of each one is found."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]

# For each contract, a module and a line that it must not contain. The report names the last column.
VIOLATIONS = [
    ("floors", "errors", "import striate.model.network", "striate.errors"),
    ("floors", "maths.windows", "import striate.nests", "striate.maths"),
    ("floors", "nests.nest", "import striate.maths", "striate.nests"),
    ("floors", "functions.base", "import striate.graph.layer", "striate.functions"),
    ("floors", "data.idx", "import striate.training.loop", "striate.data"),
    ("floors", "training.loop", "import striate.model.network", "striate.training"),
    ("floors", "surprise", "", "surprise"),
    ("cycles", "nests.nest", "import striate.nests.bind", "striate.nests"),
    ("mathematics", "maths.special", "import PIL", "striate.maths"),
    ("mathematics", "functions.vec", "from rich import print", "striate.functions"),
    ("llvmlite", "graph.engine", "import llvmlite.binding", "striate.graph.engine"),
    ("peers", "model.files", "import onnx", "striate.model.files"),
    ("strangers", "data.split", "import sklearn.model_selection", "striate.data.split"),
    ("peers", "maths.special", "import torch", "striate.maths.special"),
    ("matplotlib", "data.describe", "import matplotlib.pyplot", "striate.data.describe"),
    ("rich", "model.network", "from rich.table import Table", "striate.model.network"),
    ("click", "model.files", "import click", "striate.model.files"),
    ("pillow", "functions.vec", "from PIL import Image", "striate.functions.vec"),
    ("safetensors", "data.npz", "import safetensors.numpy", "striate.data.npz"),
]


def lint(folder, *options):
    """Run import-linter on the project in a folder."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path):
    """Copy the modules and the contracts, so that a test can break them."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "src" / "striate",
        tmp_path / "src" / "striate",
        ignore=lambda _, names: [name for name in names if name.endswith((".gz", ".pyc"))],
    )
    return tmp_path


def test_the_contracts_hold():
    """The project keeps every contract."""
    report = lint(ROOT)

    assert report.returncode == 0, report.stdout


def test_every_contract_has_a_violation_below():
    """Each contract has a test that breaks it."""
    assert {contract["id"] for contract in CONTRACTS} == {row[0] for row in VIOLATIONS}


@pytest.mark.parametrize(("contract", "module", "line", "named"), VIOLATIONS)
def test_a_violation_breaks_its_contract(copy, contract, module, line, named):
    """One forbidden line in one module makes the contract fail, and the report names the module."""
    path = (copy / "src" / "striate").joinpath(*module.split(".")).with_suffix(".py")
    text = path.read_text() if path.exists() else '"""A module on no floor."""\n'
    path.write_text(f"{text}\n{line}\n")

    report = lint(copy, "--contract", contract)

    assert report.returncode == 1
    assert "Contracts: 0 kept, 1 broken." in report.stdout
    assert named in report.stdout


def test_an_import_for_types_does_not_count(copy):
    """An import that only type checkers execute doesn't break a contract."""
    path = copy / "src" / "striate" / "errors.py"
    lines = (
        "\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import striate.model.network\n"
    )
    path.write_text(path.read_text() + lines)

    report = lint(copy, "--contract", "floors")

    assert report.returncode == 0, report.stdout


def test_no_other_library_is_used():
    """Apart from NumPy and the standard library, striate imports only what a contract allows."""
    graph = grimp.build_graph(
        "striate",
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )
    outside = {module for module in graph.modules if graph.is_module_squashed(module)}
    drawn_or_read = {"PIL", "click", "matplotlib", "rich", "safetensors"}
    peers = {"jax", "onnx", "onnxruntime", "torch"}

    used = outside - set(sys.stdlib_module_names)

    # striate.shapes uses jaxtyping if the tests have imported it.
    assert used <= {"numpy", "llvmlite", "jaxtyping"} | drawn_or_read | peers
