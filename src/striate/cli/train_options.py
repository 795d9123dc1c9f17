"""The options of ``striate train``."""

from dataclasses import dataclass
from pathlib import Path

from striate.data.picture_table import Task
from striate.model.engines import EngineName


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """The options of the command; ``None`` leaves a value to the recipe."""

    data: str
    recipe: str | None
    net: str | None
    start: Path | None
    epochs: int | None
    minutes: float | None
    batch_size: int | None
    optimizer: str | None
    learning_rate: float | None
    schedule: str | None
    clip_norm: float | None
    augment: str | None
    label_smoothing: float | None
    validation: float | None
    folds: int | None
    early_stopping: int | None
    standardize: bool
    standardize_targets: bool | None
    metrics: tuple[str, ...]
    class_weight: str | None
    freeze: str | int | None
    find_lr: bool
    seed: int
    engine: EngineName
    winograd: bool
    images: str | None
    targets: str | list[str] | None
    task: Task | None
    size: tuple[int, ...] | None
    resize: str | None
    skip_bad: bool
    download: bool
    output: Path | None
    checkpoint: Path | None
    resume: Path | None
    log: Path | None
    pictures: Path | None
    no_pictures: bool
    overwrite: bool
    as_json: bool
    quiet: bool
    typed: str
    """The command as it was typed, without --resume and --minutes."""
