"""Learning curves: a score after each epoch, of one training run or of several."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from striate.drawing.paint import BLUE, CATEGORIES, ORANGE, Paint, Theme
from striate.errors import OptionError, TrainingError
from striate.functions.options import OneOf, require
from striate.functions.writing import short
from striate.pictures.style import LABEL, ThemeColors, open_panel, panel, title
from striate.shapes import Array
from striate.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

Histories = History | Sequence[History]
"""One training run, or several that differ in their seeds."""

_PARTS = (("", "training", BLUE, "o", "-"), ("validation_", "validation", ORANGE, "s", "-"))
_HEADROOM = 1.06  # so that the highest marker is drawn whole
_FEW_EPOCHS = 15  # up to this many, each epoch has a marker
_SIZE = 4.8, 3.6  # inches
_MARKERS = "osD^v<>"


def learning_curve(
    history: Histories | Mapping[str, Histories],
    score: str = "loss",
    *,
    band: Literal["std", "range"] = "std",
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw a score after each epoch, for the training and the validation images.

    Of several runs, the curve is the mean, and the band around it shows how much they differ.

    Parameters
    ----------
    history
        The result of :meth:`striate.Network.fit`; a list of results, one for each seed; or a dict
        of these by name, to compare networks. The curves of a comparison are those of the
        validation images, if there are any.
    score
        ``"loss"``, ``"accuracy"``, or another column that the histories have.
    band
        ``"std"``: from one standard deviation below the mean to one above; ``"range"``: from the
        lowest to the highest run.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        Accuracies are in percent.

    Raises
    ------
    TrainingError
        If a history has no epochs.
    OptionError
        If ``history`` is empty, has another type or lacks the score, or ``band`` is unknown.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Wolter, figure of the mean convergence.

    Examples
    --------
    Loss and accuracy next to each other:

    >>> from matplotlib import pyplot as plt
    >>> from striate.training.history import History
    >>> history = History([{"epoch": 1, "loss": 0.5, "accuracy": 0.8}])
    >>> figure, (left, right) = plt.subplots(1, 2)
    >>> ax = learning_curve(history, "loss", ax=left)
    >>> ax = learning_curve(history, "accuracy", ax=right)
    >>> ax.get_title("left")
    'Accuracy in % (higher is better)'
    """
    require("band", band, OneOf(("std", "range")), example="std")
    with panel(ax, theme, _SIZE) as (axes, look):
        if isinstance(history, Mapping):
            _compare(axes, look, history, score, band)
        else:
            runs = _runs(history)
            prefixed = [part for part in _PARTS if _has(runs, f"{part[0]}{score}")]
            if not prefixed:
                runs[0][score]  # raises, and lists the columns
            for prefix, name, paint, marker, _ in prefixed:
                _curve(axes, look, _column(runs, f"{prefix}{score}"), name, paint, marker, band)
            if len(runs) == 1 and runs[0].best_epoch:
                axes.axvline(
                    runs[0].best_epoch,
                    color=look.ink,
                    linewidth=1.0,
                    linestyle=(0, (4, 3)),
                    label="best epoch",
                )
        _dress(axes, look, score)
    return axes


def _compare(
    axes: "Axes",
    look: ThemeColors,
    histories: Mapping[str, Histories],
    score: str,
    band: Literal["std", "range"],
) -> None:
    """Draw one curve for each name."""
    if not histories:
        raise OptionError(
            "`history` is an empty dict. Pass at least one training run by its name, for example "
            '{"lenet5": history}.'
        )
    for k, (name, given) in enumerate(histories.items()):
        runs = _runs(given)
        column = f"validation_{score}" if _has(runs, f"validation_{score}") else score
        paint = CATEGORIES[k % len(CATEGORIES)]
        marker = _MARKERS[k % len(_MARKERS)]
        _curve(axes, look, _column(runs, column), str(name), paint, marker, band)


def _runs(history: Any) -> list[History]:
    """Return one or several histories as a list, all with epochs."""
    runs = (
        [history]
        if isinstance(history, History)
        else list(history)
        if isinstance(history, Sequence)
        else []
    )
    if not runs or not all(isinstance(run, History) for run in runs):
        raise OptionError(
            f"`history` must be the result of net.fit, a list of results, or a dict of them, got "
            f"{short(history)}. Use history = net.fit(x, y)."
        )
    for run in runs:
        if not len(run):
            raise TrainingError(
                "A learning curve needs at least one epoch, but the history is empty. "
                "Train first: history = net.fit(x, y)."
            )
    return runs


def _has(runs: Sequence[History], column: str) -> bool:
    return all(column in run.columns for run in runs)


def _column(runs: Sequence[History], column: str) -> list[tuple[list[float], list[float]]]:
    """Return the epochs and the scores of each run."""
    scale = 100.0 if column.endswith("accuracy") else 1.0
    return [(run["epoch"], [scale * value for value in run[column]]) for run in runs]


def _curve(
    axes: "Axes",
    look: ThemeColors,
    runs: list[tuple[list[float], list[float]]],
    name: str,
    paint: Paint,
    marker: str,
    band: Literal["std", "range"],
) -> None:
    """Draw the mean of several runs and a band, or a single run."""
    color = look.pick(paint)
    epochs, mean, low, high, count = _statistics(runs, band)
    if count > 1:
        axes.fill_between(epochs, low, high, color=color, alpha=0.22, linewidth=0)
        spread = "±1 std" if band == "std" else "range"
        name = f"{name}, mean and {spread} of {count}"
    few = len(epochs) <= _FEW_EPOCHS
    axes.plot(
        epochs,
        mean,
        color=color,
        linewidth=1.8,
        marker=marker if few else None,
        markersize=4,
        label=name,
    )


def _statistics(
    runs: list[tuple[list[float], list[float]]], band: Literal["std", "range"]
) -> tuple[Array, Array, Array, Array, int]:
    """Compute mean and band over the runs at each epoch; a run that stopped early has fewer."""
    by_epoch: dict[int, list[float]] = {}
    for epochs, values in runs:
        for epoch, value in zip(epochs, values, strict=True):
            by_epoch.setdefault(int(epoch), []).append(value)
    columns = [np.array(by_epoch[epoch], float) for epoch in sorted(by_epoch)]
    mean = np.array([values.mean() for values in columns])
    if band == "range":
        low, high = (np.array([f(values) for values in columns]) for f in (np.min, np.max))
    else:
        std = np.array([values.std(ddof=1) if len(values) > 1 else 0.0 for values in columns])
        low, high = mean - std, mean + std
    return np.array(sorted(by_epoch)), mean, low, high, len(runs)


def _dress(axes: "Axes", look: ThemeColors, score: str) -> None:
    """Add title, legend, labels and limits."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415  # an extra, and heavy

    if score.endswith("loss"):
        ends = (end for line in axes.lines for end in np.ravel(line.get_ydata()))
        axes.set_ylim(0, _HEADROOM * max([e for e in ends if math.isfinite(e)], default=0.0) or 1.0)
        title(axes, "Loss (lower is better)", look)
    elif score.endswith("accuracy"):
        title(axes, "Accuracy in % (higher is better)", look)
    else:
        title(axes, score.replace("_", " ").capitalize(), look)
    axes.margins(x=0.03)
    axes.legend(
        loc="lower right" if score.endswith("accuracy") else "upper right",
        fontsize=look.points(LABEL),
        labelcolor=look.ink,
        facecolor=look.surface,
        framealpha=0.9,
        edgecolor="none",
        fancybox=False,
    )
    axes.set_xlabel(
        "epoch (pass through the training images)", fontsize=look.points(LABEL), color=look.ink
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    open_panel(axes, look)
