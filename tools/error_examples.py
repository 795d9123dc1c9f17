"""For each error class, an example that raises it, for the documentation."""

EXAMPLES = {
    "ShapeError": 'st.Network.parse("conv 6@5x5 | max 2 | conv 16@5x5", (8, 8, 1))',
    "OptionError": 'st.Conv(6, 5, activation="rule")',
    "ShorthandError": 'st.Network.parse("conv 6@5x5 | max two", (28, 28, 1))',
    "GraphError": 'st.Network.preset("lenet5").at((32, 32, 1))',
    "EquationError": 'st.nests.Equation.parse("z[i] += w[u] * a[i + u")',
    "NestError": """\
equation = st.nests.Equation.parse("z[i] += w[u] * a[i + u]")
st.nests.bind(equation, shapes={"z": (3,), "w": (2, 2), "a": (9,)})""",
    "DataError": """\
(x, y), _ = st.data.load("digits")
st.Network.preset("lenet5", classes=5).fit(x, y)""",
    "TrainingError": """\
import numpy as np

st.Network.parse("dense 2", (3,)).fit(np.full((3, 3), 1e30), np.zeros((3, 2)))""",
    "UnknownNameError": 'st.Network.preset("lenet5").parameters["conv3.weight"]',
    "ReadOnlyError": 'st.Network.preset("lenet5").lerning_rate = 0.1',
    "ModelFileError": 'st.load("nothing.safetensors")',
    "EngineError": """\
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Soft(st.functions.transfer.Tanh):
    def apply(self, n):
        return super().apply(n) / 2


layers = [st.Dense(2, activation=Soft())]
st.Network(layers, input_shape=(3,), engine="compiled").predict([[1.0, 2.0, 3.0]])""",
    "OutOfMemoryError": """\
from striate.runtime.memory import MemoryRequirement

raise MemoryRequirement(images=512, arena=3 << 30, scratch=1 << 28).error(free=2 << 30)""",
    "CacheError": """\
from pathlib import Path

from striate.runtime.cache import ObjectCache

ObjectCache(Path("/dev/null")).clear()""",
}
