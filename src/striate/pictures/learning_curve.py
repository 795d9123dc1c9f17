"""The learning curve: loss and accuracy after each epoch."""

import math
from typing import TYPE_CHECKING, Literal

from striate.errors import TrainingError
from striate.pictures.style import (
    BLUE,
    INK,
    LABEL,
    ORANGE,
    in_own_style,
    new_figure,
    open_panel,
    title,
)
from striate.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PARTS = (("", "training", BLUE, "o"), ("validation_", "validation", ORANGE, "s"))
_HEADROOM = 1.06  # so that the highest marker is drawn whole
_Corner = Literal["upper right", "lower right"]
_FEW_EPOCHS = 15  # up to this many, each epoch has a marker


@in_own_style
def learning_curve(history: History) -> "Figure":
    """Draw loss and accuracy after each epoch, for the training and the validation images.

    Parameters
    ----------
    history
        The result of :meth:`striate.Network.fit`.

    Returns
    -------
    Figure
        One panel for the loss, and one for the accuracy if there are classes.

    Raises
    ------
    TrainingError
        If the history has no epochs.
    ExtraError
        If Matplotlib is not installed.
    """
    if not len(history):
        raise TrainingError(
            "A learning curve needs at least one epoch, but the history is empty. "
            "Train first: history = net.fit(x, y)."
        )
    accurate = "accuracy" in history.columns
    figure = new_figure(9.0 if accurate else 4.8, 3.6)
    panels = figure.subplots(1, 2 if accurate else 1, squeeze=False)[0]
    _curves(panels[0], history, "loss", 1.0, "upper right")
    title(panels[0], "Loss (lower is better)")
    if accurate:
        _curves(panels[1], history, "accuracy", 100.0, "lower right")
        title(panels[1], "Accuracy in % (higher is better)")
    return figure


def _curves(axes: "Axes", history: History, column: str, scale: float, corner: _Corner) -> None:
    """Draw one column of the history for each part that has it, with a legend in a corner."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415  # an extra, and heavy

    epochs = [int(epoch) for epoch in history["epoch"]]
    parts = [part for part in _PARTS if f"{part[0]}{column}" in history.columns]
    for prefix, name, color, marker in parts:
        values = [scale * value for value in history[f"{prefix}{column}"]]
        axes.plot(
            epochs,
            values,
            color=color,
            linewidth=1.8,
            marker=marker if len(epochs) <= _FEW_EPOCHS else None,
            markersize=4,
            label=name,
        )
    if history.best_epoch:
        axes.axvline(
            history.best_epoch, color=INK, linewidth=1.0, linestyle=(0, (4, 3)), label="best epoch"
        )
    if column == "loss":
        highest = max(filter(math.isfinite, axes.dataLim.intervaly), default=0.0)
        axes.set_ylim(0, _HEADROOM * highest or 1.0)
    axes.margins(x=0.03)
    axes.legend(
        loc=corner, fontsize=LABEL, labelcolor=INK, framealpha=0.9, edgecolor="none", fancybox=False
    )
    axes.set_xlabel("epoch (pass through the training images)", fontsize=LABEL, color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    open_panel(axes)
