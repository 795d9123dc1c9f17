"""Training: the loop, its settings, its state, its checkpoints, its history and the metrics."""

from striate.training.callbacks import Callback as Callback
from striate.training.history import History as History
from striate.training.loop import Trainer as Trainer
from striate.training.settings import TrainingSettings as TrainingSettings
from striate.training.state import TrainingState as TrainingState
