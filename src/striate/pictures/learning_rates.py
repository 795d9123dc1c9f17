"""The plot of a learning-rate search: the loss over the learning rate."""

from typing import TYPE_CHECKING, Any

from striate.drawing.paint import BLUE, ORANGE, Theme
from striate.errors import OptionError
from striate.functions.writing import short
from striate.pictures.style import LABEL, open_panel, panel, title
from striate.training.rate_search import RateSearch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target

_SIZE = 4.8, 3.4  # inches
_ABOVE = 1.3  # of the loss before training: what is shown of a loss that explodes


def learning_rates(search: Any, *, ax: "Target" = None, theme: Theme = "auto") -> "Axes":
    """Draw the loss over the learning rate, and the suggested rate.

    Parameters
    ----------
    search
        The result of :meth:`striate.Network.find_learning_rate`.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes

    Raises
    ------
    OptionError
        If ``search`` is something else.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Smith 2017.

    Examples
    --------
    >>> from striate.training.rate_search import RateSearch
    >>> search = RateSearch((0.001, 0.01, 0.1, 1.0), (2.0, 0.7, 0.5, 3.0))
    >>> learning_rates(search).get_xscale()
    'log'
    """
    if not isinstance(search, RateSearch):
        raise OptionError(
            f"`search` must be the result of net.find_learning_rate, got {short(search)}. "
            "Use search = net.find_learning_rate(x, y)."
        )
    with panel(ax, theme, _SIZE) as (axes, look):
        smoothed = search.smoothed
        axes.plot(search.rates, search.losses, ".", color=look.muted, markersize=3, label="batch")
        axes.plot(search.rates, smoothed, color=look.pick(BLUE), linewidth=1.8, label="smoothed")
        axes.axvline(
            search.suggestion,
            color=look.pick(ORANGE),
            linewidth=1.4,
            linestyle=(0, (4, 3)),
            label=f"suggestion {search.suggestion:.2g}",
        )
        axes.set_xscale("log")
        from matplotlib import ticker  # noqa: PLC0415  # an extra, and heavy

        axes.xaxis.set_major_locator(ticker.LogLocator(numticks=6))
        axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda rate, _: f"{rate:g}"))
        axes.xaxis.set_minor_formatter(ticker.NullFormatter())
        low, start = float(smoothed.min()), search.start
        room = 0.08 * (start - low or 1.0)
        axes.set_ylim(low - room, max(_ABOVE * start, start + room))
        title(axes, "Loss while the learning rate grows", look)
        axes.set_xlabel("learning rate", fontsize=look.points(LABEL), color=look.ink)
        axes.legend(
            loc="best",
            fontsize=look.points(LABEL),
            labelcolor=look.ink,
            facecolor=look.surface,
            framealpha=0.9,
            edgecolor="none",
            fancybox=False,
        )
        open_panel(axes, look)
    return axes
