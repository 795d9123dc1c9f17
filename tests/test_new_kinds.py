"""A new pooling kind and a new net input function: each is one file and one export.

They are added to a copy of the library, and used there: constructor, shorthand, summary, training
with both engines, JSON, and the contract tests that find every kind.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOT_MEAN_SQUARE = '''
"""Root mean square pooling: the root of the mean square of each window."""

from dataclasses import dataclass
from math import prod

import numpy as np

from striate.functions.base import Case, FixedFunction, Lowering, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.options import POSITIVE, option
from striate.functions.weight import pooling
from striate.maths import reductions, windows
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class RootMeanSquarePooling(pooling.PoolingWindow, FixedFunction):
    """Root of the mean square over windows.

    Parameters
    ----------
    epsilon
        Added under the root.

    Sources
    -------
    Sermanet et al. 2012.

    Examples
    --------
    >>> RootMeanSquarePooling(window=2).apply(np.array([[[3.0, 4.0]]])).round(3)
    array([[[3.536]]])
    """

    epsilon: float = option(1e-6, POSITIVE)

    statements = (
        "t[q,h,*i] += share * a[q,h,*(s*i + d*u - p)]**2",
        "z[q,h,*i] = sqrt(t[q,h,*i] + epsilon)",
    )
    derivative = (
        "da[q,h,*(s*i + d*u - p)] += share * a[q,h,*(s*i + d*u - p)] * dz[q,h,*i] / z[q,h,*i]"
    )
    shorthand = Shorthand(word="rms", size="window")
    layer = LayerForm(name="RmsPool", positional=("window",), example="2")

    def lowering(self, *shapes: Shape) -> Lowering:
        """Give the equations with their numbers."""
        axes, z = self.axes(shapes[0][1:]), self.output_shape(shapes[0])
        return Lowering(
            statements=self.statements,
            backward={"da": (self.derivative,)},
            shapes={"a": shapes[0], "t": z, "z": z},
            constants={
                **windows.constants(axes), "epsilon": self.epsilon, "share": self._share(axes)
            },
            extents=pooling.extents(axes),
        )

    def apply(self, a: Float[Array, "q h *x"]) -> Float[Array, "q h *i"]:
        """Take the root of the mean square.

        Sources
        -------
        Sermanet et al. 2012.
        """
        axes = self.axes(a.shape[2:])
        return np.sqrt(self._share(axes) * reductions.window_sum(a * a, axes) + self.epsilon)

    def backward_a(
        self, a: Float[Array, "q h *x"], dz: Float[Array, "q h *i"]
    ) -> Float[Array, "q h *x"]:
        """Give each pixel its part.

        Sources
        -------
        Sermanet et al. 2012.
        """
        axes = self.axes(a.shape[2:])
        return self._share(axes) * a * reductions.spread(dz / self.apply(a), axes)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Give windows side by side and overlapping."""
        return (
            Case(function=cls(window=2), inputs=((2, 4, 4),)),
            Case(function=cls(window=3, stride=2, padding=1, epsilon=0.1), inputs=((2, 6, 5),)),
        )

    def _share(self, axes):
        return 1 / prod(axis.window for axis in axes)
'''
DIFFERENCE = '''
"""Difference of the first incoming layer and all others."""

from dataclasses import dataclass

from striate.functions.base import Case, Lowering, NetInputFunction, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.net_input import bias as biases
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Difference(NetInputFunction):
    """The first incoming layer minus the others.

    Sources
    -------
    Hagan 8.32 (with minus signs).

    Examples
    --------
    >>> import numpy as np
    >>> Difference().apply((np.array([[3.0]]), np.array([[1.0]])), None)
    array([[2.]])
    """

    shorthand = Shorthand(word="subtract")
    layer = LayerForm(name="Subtract")

    def output_shape(self, *shapes: Shape) -> Shape:
        """Give the shape that all inputs have."""
        biases.require_equal(self, shapes)
        return shapes[0]

    def lowering(self, *shapes: Shape) -> Lowering:
        """Give the equations."""
        z = [f"z{k}[q,h,*x]" for k in range(len(shapes))]
        signs = ["", *["-"] * (len(z) - 1)]
        backward = {
            f"dz{k}": (f"d{term} = {sign}dn[q,h,*x]",)
            for k, (term, sign) in enumerate(zip(z, signs, strict=True))
        }
        return Lowering(
            statements=(f"n[q,h,*x] = {' - '.join(z)}",),
            backward=backward,
            shapes=dict.fromkeys(("n", *(f"z{k}" for k in range(len(z)))), shapes[0]),
        )

    def apply(
        self, zs: tuple[Float[Array, "q h *x"], ...], b: Float[Array, "h"] | None
    ) -> Float[Array, "q h *x"]:
        """Subtract.

        Sources
        -------
        Hagan 8.32.
        """
        return zs[0] - sum(zs[1:])

    def backward_z(
        self,
        zs: tuple[Float[Array, "q h *x"], ...],
        b: Float[Array, "h"] | None,
        dn: Float[Array, "q h *x"],
    ) -> tuple[Float[Array, "q h *x"], ...]:
        """Give the first the derivatives, the others their negatives.

        Sources
        -------
        Hagan 8.35.
        """
        return (dn, *(-dn for _ in zs[1:]))

    def backward_b(
        self,
        zs: tuple[Float[Array, "q h *x"], ...],
        b: Float[Array, "h"],
        dn: Float[Array, "q h *x"],
    ) -> Float[Array, "h"]:
        """Fail: it has no bias.

        Sources
        -------
        Hagan 8.36.
        """
        raise NotImplementedError

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        """Give two and three incoming layers."""
        return (
            Case(function=cls(), inputs=((2, 3), (2, 3))),
            Case(function=cls(), inputs=((2, 2, 3),) * 3),
        )
'''
USE = """
import inspect, json
import numpy as np
import striate as st
from striate.graph.document import from_document, to_document

text = (
    "conv 3@3x3 same tanh as stem | conv 3@3x3 same as other | subtract stem relu | rms 2 | "
    "dense 2 softmax"
)
net = st.Network.parse(text, (8, 8, 1), engine=ENGINE)

image = st.Input((8, 8, 1))
stem = st.Conv(3, 3, padding="same", activation="tanh", name="stem")(image)
other = st.Conv(3, 3, padding="same", name="other")(stem)
joined = st.Subtract(activation="relu")([other, stem])
pooled = st.RmsPool(2)(joined)
built = st.Network(image, st.Dense(2, activation="softmax")(st.Flatten()(pooled)), engine=ENGINE)

assert to_document(built.graph) == to_document(net.graph)
assert str(built) == str(net) == text.replace("rms 2 ", "rms 2x2 "), str(net)
assert from_document(json.loads(json.dumps(to_document(net.graph)))).shapes == net.graph.shapes

assert repr(st.RmsPool(2, stride=1, epsilon=0.1)) == "RmsPool(2, stride=1, epsilon=0.1)"
assert repr(st.Subtract(activation="relu")) == 'Subtract(activation="relu")'
assert list(inspect.signature(st.RmsPool).parameters)[:2] == ["window", "stride"]
assert "epsilon" in st.RmsPool.__doc__ and "RmsPool" in dir(st) and "RmsPool" in st.__all__
summary = str(net.summary())
assert "RmsPool(2)" in summary and "Subtract(), relu" in summary, summary
try:
    st.RmsPool(2, epsilon=-1)
except st.errors.OptionError as error:
    wanted = "RmsPool(2): `epsilon` must be a positive finite number, got -1. Try 1e-06."
    assert str(error) == wanted
else:
    raise AssertionError

rng = np.random.default_rng(0)
x, y = rng.random((32, 8, 8, 1), dtype=np.float32), rng.integers(0, 2, 32)
assert net.check_gradients(x[:2], y[:2]).passed
before = net.evaluate(x, y).loss
net.fit(x, y, epochs=8, batch_size=8)
assert net.evaluate(x, y).loss < before
oracle = st.Network.parse(text, (8, 8, 1), engine="numpy")
for name, array in net.parameters.items():
    oracle.parameters[name][...] = array
np.testing.assert_allclose(net.predict(x), oracle.predict(x), rtol=1e-4, atol=1e-6)
"""


def run(command, source):
    """Run Python with a copy of the library in front of the installed one."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Copy the library, and add two kinds: a file and an export each."""
    folder = tmp_path_factory.mktemp("kinds") / "src"
    shutil.copytree(
        ROOT / "src" / "striate", folder / "striate", ignore=shutil.ignore_patterns("*.pyc")
    )
    for package, module, kind, text in (
        ("weight", "root_mean_square_pooling", "RootMeanSquarePooling", ROOT_MEAN_SQUARE),
        ("net_input", "difference", "Difference", DIFFERENCE),
    ):
        functions = folder / "striate" / "functions" / package
        (functions / f"{module}.py").write_text(text.lstrip())
        with (functions / "__init__.py").open("a") as exports:
            exports.write(f"from striate.functions.{package}.{module} import {kind} as {kind}\n")
    return folder


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_new_kinds_work_everywhere(source, engine):
    """One file and one export give constructor, shorthand, summary, training, JSON, messages."""
    report = run(["-c", USE.replace("ENGINE", repr(engine))], source)

    assert report.returncode == 0, report.stderr


@pytest.mark.parametrize("kind", ["RootMeanSquare or RmsPool", "Difference or Subtract"])
def test_contract_tests_find_new_kinds(source, kind):
    """The tests of every kind run on the new ones, too."""
    report = run(
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract", "-k", kind], source
    )

    assert report.returncode == 0, report.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", report.stdout)[1]) >= 5
