"""The compiled engine: programs for inference, for a training step, and for the optimizer."""

from striate.engine.compiled import CompiledEngine as CompiledEngine
from striate.engine.steps import CompiledSteps as CompiledSteps
from striate.engine.steps import TrainingBinding as TrainingBinding
