"""Whole programs: which kernels are shared, and which are not."""

import numpy as np
import pytest

from striate.compile import load
from striate.llvm.machine import host
from striate.llvm.program import write_program
from striate.nests import bind
from striate.plan.plan import make_plan
from striate.plan.statement import Compute, Lowered, Variable

COUNT = 8


def scaled(tables):
    """Plan the product of an array with each of some tables."""
    statements, variables = [], {"x": _given("x"), "scalars": _given("scalars")}
    for k, table in enumerate(tables):
        names = (f"y{k}", f"t{k}")
        shapes = dict.fromkeys((*names, "x"), (COUNT,))
        statements.append(Compute(nest=bind(f"y{k}[i] = t{k}[i] * x[i]", shapes=shapes)))
        variables[names[0]] = _given(names[0])
        variables[names[1]] = Variable(
            name=names[1], size=COUNT, per_image=False, values=tuple(table)
        )
    return make_plan(Lowered(statements=tuple(statements), variables=variables), 1, host())


def _given(name):
    """Make an array of the caller."""
    return Variable(name=name, size=COUNT, per_image=False, buffer=name)


def kernels(plan):
    """Count the kernels in a program."""
    return sum(name.startswith("kernel") for name in write_program(plan).functions)


def test_equal_kernels_share_a_function():
    """Kernels that differ only in the names of their arrays share a function."""
    assert kernels(scaled([[1.5] * COUNT, [1.5] * COUNT])) == 1


def test_the_order_of_tables():
    """Tables are written in the order of their use, so every process writes the same program."""
    names = [f"t{k}" for k in range(9)]
    shapes = dict.fromkeys((*names, "x", "y"), (COUNT,))
    terms = " + ".join(f"{name}[i] * x[i]" for name in names)
    tables = {
        n: Variable(name=n, size=COUNT, per_image=False, values=(float(k),) * COUNT)
        for k, n in enumerate(names)
    }
    variables = tables | {n: _given(n) for n in ("x", "y", "scalars")}
    statement = Compute(nest=bind(f"y[i] = {terms}", shapes=shapes))

    plan = make_plan(Lowered(statements=(statement,), variables=variables), 1, host())

    assert list(write_program(plan).tables) == [f"table {k}" for k in range(9)]


@pytest.mark.parametrize(("first", "second"), [(-1.0, -2.0), (1.0, 2.0)])
def test_kernels_with_different_tables(first, second):
    """Kernels with different tables differ, even for -1 and -2, which have equal hashes."""
    plan = scaled([[first] * COUNT, [second] * COUNT])
    x = np.arange(COUNT, dtype=np.float32)
    buffers = {"x": x, "scalars": np.ones(COUNT, np.float32)}
    buffers |= {name: np.empty(COUNT, np.float32) for name in ("y0", "y1")}

    load(plan).run(buffers)

    for name, number in (("y0", first), ("y1", second)):
        assert buffers[name].tobytes() == (np.float32(number) * x).tobytes()
