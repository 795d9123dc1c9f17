"""The compiled engine: one program for a training step, another for the optimizer."""

from striate.engine.compiled import CompiledEngine as CompiledEngine
from striate.engine.steps import CompiledSteps as CompiledSteps
from striate.engine.steps import TrainingBinding as TrainingBinding
