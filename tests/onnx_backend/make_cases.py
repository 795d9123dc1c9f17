"""Write `cases.json` and `cases.npz` from the operator cases of an ONNX wheel.

    python tests/onnx_backend/make_cases.py FOLDER

FOLDER contains `onnx-cnn-cases.json` and `onnx-cnn-cases.npz`: the cases of onnx 1.23.2 as plain
arrays, taken from `onnx.backend.test.case.node.collect_testcases` and from the files below
`onnx/backend/test/data`. The list contains all cases, the arrays only those of the cases that run.
"""

import json
import sys
from pathlib import Path

import numpy as np

from onnx_backend.left_out import reason_to_leave_out

HERE = Path(__file__).parent

MASKED = ("test_training_dropout_default_mask", "test_training_dropout_mask")
"""Cases whose mask ONNX drew: it is given to striate's equation, not compared with its result."""


def main(folder):
    """Convert single operators and small graphs to one format, and copy their arrays."""
    found = json.loads((folder / "onnx-cnn-cases.json").read_text())
    cases = [_plain(case) for case in found["cases"]]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (HERE / "cases.json").write_text(f'{{"onnx":"{found["onnx"]}","cases":[\n{lines}\n]}}\n')
    kept = {
        case["name"]
        for case in cases
        if reason_to_leave_out(case["name"], _operators(case)) is None
    }
    with np.load(folder / "onnx-cnn-cases.npz") as arrays:
        copied = {
            _place(name): arrays[name] for name in arrays.files if name.partition("/")[0] in kept
        }
    np.savez_compressed(HERE / "cases.npz", **copied)


def _plain(case):
    """Return a case as a list of nodes, for a single operator or a graph."""
    nodes = case.get("nodes") or [
        {
            "op": case["op"],
            "attrs": case["attrs"],
            "inputs": case["inputs"],
            "outputs": case["outputs"],
        }
    ]
    plain = {
        "name": case["name"],
        "opset": case["opset"].get("", 1),
        "nodes": [[n["op"], n["attrs"], n["inputs"], n["outputs"]] for n in nodes],
        "outputs": case["graph_outputs"],
    }
    if case["name"] in MASKED:
        mask = plain["outputs"].pop()
        plain["nodes"] = [["Dropout", {}, [*case["inputs"], mask], plain["outputs"]]]
    return plain


def _place(name):
    """Return the name of an array; weights are inputs, too."""
    case, what, which = name.split("/")
    if what == "init" or (case in MASKED and which == "z"):
        what = "in"
    return f"{case}/{what}/{which}"


def _operators(case):
    """Return the operators of a simple case."""
    return [operator for operator, *_ in case["nodes"]]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
