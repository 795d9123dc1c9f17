"""The compiled engine: a training step as one program, an update as another."""

from striate.engine.compiled import CompiledEngine as CompiledEngine
from striate.engine.steps import CompiledSteps as CompiledSteps
from striate.engine.steps import TrainingBinding as TrainingBinding
