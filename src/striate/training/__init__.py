"""Training: the loop, what it remembers, its checkpoints, its history and the metrics."""

from striate.training.history import History as History
from striate.training.loop import Plan as Plan
from striate.training.loop import Trainer as Trainer
from striate.training.state import TrainingState as TrainingState
