"""Learning curves: a score after each epoch, of one training run or of several."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from striate.drawing.paint import BLUE, CATEGORIES, ORANGE, Paint, Theme
from striate.errors import OptionError, TrainingError
from striate.functions import registry
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

Band = Literal["std", "range"]
"""What a band shows: one standard deviation around the mean, or all runs."""

_PARTS = (("", "training", BLUE, "o"), ("validation_", "validation", ORANGE, "s"))
_VALIDATION = "validation_"
_WRITTEN = {"f1": "F1", "iou": "IoU", "mae": "MAE", "rmse": "RMSE", "r2": "R²"}
_HEADROOM = 1.06  # so that the highest marker is drawn whole
_FEW_EPOCHS = 15  # up to this many, each epoch has a marker
_SIZE = 4.8, 3.6  # inches
_MARKERS = "osD^v<>"
_DASHES = (0, (2, 1.5))


def learning_curve(
    history: Histories | Mapping[str, Histories],
    score: str = "loss",
    *,
    band: Band = "std",
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw a score after each epoch, for the training and the validation images.

    Of several runs, the curve is the mean, and the band around it shows how much they differ. After
    the last epoch of the shortest run, the curve is dashed: it is the mean of fewer runs.

    Parameters
    ----------
    history
        The result of :meth:`striate.Network.fit`; a list of results, one for each seed; or a dict
        of these by name, to compare networks. The curves of a comparison are those of the
        validation images, if there are any.
    score
        ``"loss"``, ``"accuracy"``, or another column that the histories have. If it
        begins with ``"validation_"``, only the validation images are shown.
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
    curves = _compared(history, score) if isinstance(history, Mapping) else _parts(history, score)
    with panel(ax, theme, _SIZE) as (axes, look):
        for curve in curves:
            _draw(axes, look, curve, band)
        runs = curves[0].runs
        if not isinstance(history, Mapping) and len(runs) == 1 and runs[0].best_epoch:
            axes.axvline(
                runs[0].best_epoch,
                color=look.ink,
                linewidth=1.0,
                linestyle=(0, (4, 3)),
                label="best epoch",
            )
        _dress(axes, look, curves, score, band)
    return axes


@dataclass(frozen=True, kw_only=True)
class _Curve:
    """The mean of several runs at each epoch, and a band; or a single run.

    Parameters
    ----------
    name
        For the legend.
    column
        Of the histories.
    runs
        The histories.
    paint, marker
        How it is drawn.
    """

    name: str
    column: str
    runs: Sequence[History]
    paint: Paint
    marker: str


def _parts(history: Any, score: str) -> list[_Curve]:
    """Return the curves of the training and the validation images."""
    runs = _runs(history)
    bare = score.removeprefix(_VALIDATION)
    curves = [
        _Curve(name=name, column=f"{prefix}{bare}", runs=runs, paint=paint, marker=marker)
        for prefix, name, paint, marker in _PARTS
        if _has(runs, f"{prefix}{bare}") and (prefix or bare == score)
    ]
    if not curves:
        runs[0][score]  # raises, and lists the columns
        raise OptionError(
            f'Not all histories have the column "{score:.60}". Train all networks with the same '
            "`metrics` and `validation`."
        )
    return curves


def _compared(histories: Mapping[str, Histories], score: str) -> list[_Curve]:
    """Return one curve for each name."""
    if not histories:
        raise OptionError(
            "`history` is an empty dict. Pass at least one training run by its name, for example "
            '{"lenet5": history}.'
        )
    curves: list[_Curve] = []
    for k, (name, given) in enumerate(histories.items()):
        both = _parts(given, score)
        curves.append(
            replace(
                both[-1],
                name=str(name),
                paint=CATEGORIES[k % len(CATEGORIES)],
                marker=_MARKERS[k % len(_MARKERS)],
            )
        )
    return curves


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


def _draw(axes: "Axes", look: ThemeColors, curve: _Curve, band: Band) -> None:
    """Draw the mean and the band; the mean of fewer runs is dashed."""
    color = look.pick(curve.paint)
    spread = _statistics(curve, band)
    if len(curve.runs) > 1:
        axes.fill_between(
            spread.epochs, spread.low, spread.high, color=color, alpha=0.22, linewidth=0
        )
    marker = curve.marker if len(spread.epochs) <= _FEW_EPOCHS else None
    whole = spread.whole
    parts = ((slice(0, whole), "-", curve.name), (slice(whole - 1, None), _DASHES, None))
    for part, dashes, name in parts[: 1 if whole == len(spread.epochs) else 2]:
        axes.plot(
            spread.epochs[part],
            spread.mean[part],
            color=color,
            linewidth=1.8,
            linestyle=dashes,
            marker=marker,
            markersize=4,
            label=name,
        )


@dataclass(frozen=True, kw_only=True)
class _Spread:
    """Mean and band at each epoch; ``whole`` is the number of epochs that all runs have."""

    epochs: Array
    mean: Array
    low: Array
    high: Array
    whole: int


def _statistics(curve: _Curve, band: Band) -> _Spread:
    """Compute mean and band over the runs at each epoch; a run that stopped early has fewer."""
    scale = 100.0 if curve.column.endswith("accuracy") else 1.0
    by_epoch: dict[int, list[float]] = {}
    for run in curve.runs:
        for epoch, value in zip(run["epoch"], run[curve.column], strict=True):
            by_epoch.setdefault(int(epoch), []).append(scale * value)
    columns = [np.array(by_epoch[epoch], float) for epoch in sorted(by_epoch)]
    mean = np.array([values.mean() for values in columns])
    if band == "range":
        low, high = (np.array([f(values) for values in columns]) for f in (np.min, np.max))
    else:
        std = np.array([values.std(ddof=1) if len(values) > 1 else 0.0 for values in columns])
        low, high = mean - std, mean + std
    alone = np.array([len(values) == 1 for values in columns])
    low, high = (np.where(alone, np.nan, edge) for edge in (low, high))  # one run has no spread
    whole = sum(len(values) == len(curve.runs) for values in columns)
    return _Spread(
        epochs=np.array(sorted(by_epoch)), mean=mean, low=low, high=high, whole=max(whole, 1)
    )


def _dress(
    axes: "Axes", look: ThemeColors, curves: Sequence[_Curve], score: str, band: Band
) -> None:
    """Add title, legend, labels and limits."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415  # an extra, and heavy

    if score.endswith("loss"):
        shown = [line.get_ydata() for line in axes.lines]
        shown += [
            np.asarray(path.vertices)[:, 1] for one in axes.collections for path in one.get_paths()
        ]
        ends = [float(end) for one in shown for end in np.ravel(one) if math.isfinite(end)]
        axes.set_ylim(0, _HEADROOM * max(ends, default=0.0) or 1.0)
    title(axes, _heading(curves, score), look)
    axes.margins(x=0.03)
    legend = axes.legend(
        title=_explained(axes, curves, band),
        title_fontsize=look.points(LABEL),
        alignment="left",
        loc="best",
        fontsize=look.points(LABEL),
        labelcolor=look.ink,
        facecolor=look.surface,
        framealpha=0.9,
        edgecolor="none",
        fancybox=False,
    )
    legend.get_title().set_color(look.ink)
    axes.set_xlabel(
        "epoch (pass through the training images)", fontsize=look.points(LABEL), color=look.ink
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    open_panel(axes, look)


def _heading(curves: Sequence[_Curve], score: str) -> str:
    """Return the title: the score, of which images, and whether higher is better."""
    bare = score.removeprefix(_VALIDATION)
    metrics = registry.kinds("metric")
    kind = metrics.get(bare) or metrics.get(bare.rsplit("_", 1)[-1])
    if bare.endswith("loss"):
        better = " (lower is better)"
    elif kind is None and not bare.startswith("top-"):
        better = ""
    else:
        higher = kind is None or kind.higher_is_better
        better = f" ({'higher' if higher else 'lower'} is better)"
    words = [_WRITTEN.get(word, word) for word in bare.split("_")]
    if all(curve.column.startswith(_VALIDATION) for curve in curves):
        words.insert(0, "validation")
    text = " ".join(words) + (" in %" if bare.endswith("accuracy") else "")
    return f"{text[:1].upper()}{text[1:]}{better}"


def _explained(axes: "Axes", curves: Sequence[_Curve], band: Band) -> str | None:
    """Explain mean, band and dashes above the legend; a single run needs no explanation."""
    counts = sorted({len(curve.runs) for curve in curves} - {1})
    if not counts:
        return None
    spread = "±1 std" if band == "std" else "range"
    text = f"mean and {spread} of {' to '.join(map(str, {counts[0]: 0, counts[-1]: 0}))} runs"
    dashed = any(line.is_dashed() for line in axes.lines)
    return f"{text}\ndashed: after some runs ended" if dashed else text
