"""ONNX's operator cases: nodes with attributes, inputs, and expected outputs."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from onnx_backend.left_out import GLUE, reason_to_leave_out

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Node:
    """One operator of a case."""

    operator: str
    attributes: dict
    inputs: list
    outputs: list
    opset: int


@dataclass(frozen=True)
class Case:
    """A graph of one or a few operators."""

    name: str
    nodes: tuple
    outputs: list

    @property
    def operator(self):
        """The first operator that isn't an auxiliary one."""
        return next(n.operator for n in self.nodes if n.operator not in GLUE)

    @property
    def left_out(self):
        """The reason why the case doesn't run, or None if it does."""
        return reason_to_leave_out(self.name, [node.operator for node in self.nodes])

    def arrays(self, what):
        """Return the inputs (`in`) or the expected outputs (`out`), by name."""
        start = f"{self.name}/{what}/"
        return {k.removeprefix(start): v for k, v in _all_arrays().items() if k.startswith(start)}


@cache
def _all_arrays():
    """Read all arrays once, because the file is small."""
    with np.load(_HERE / "cases.npz") as file:
        return dict(file)


def _read():
    """Read the list of cases."""
    for case in json.loads((_HERE / "cases.json").read_text())["cases"]:
        nodes = tuple(Node(*node, case["opset"]) for node in case["nodes"])
        yield Case(case["name"], nodes, case["outputs"])


CASES = tuple(_read())
