"""Diagrams of networks, as SVG and on Matplotlib axes."""

from typing import TYPE_CHECKING

from striate.diagrams import Diagram, View, draw_graph
from striate.drawing.paint import Theme
from striate.model.network import Network
from striate.pictures.canvas import draw_scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from striate.pictures.style import Target


def diagram(network: Network, view: View = "blocks") -> Diagram:
    """Draw a network as a diagram, in SVG.

    Parameters
    ----------
    network
        Any network.
    view
        ``"blocks"``: feature maps as blocks, with the operations between them (Wichmann's figure
        4); ``"shorthand"``: a box for each layer (Hagan's 8.10 and 8.11); ``"full"``: all parts of
        each layer, with its equation (8.9); ``"backward"``: the same, and below it the way of the
        derivatives (8.12).

    Returns
    -------
    Diagram
        Notebooks show it; ``save`` writes an SVG file, and :func:`plot_diagram` draws on axes.

    Raises
    ------
    OptionError
        If the view is unknown.

    Sources
    -------
    Hagan fig. 8.9-8.12; Wichmann fig. 4.

    Examples
    --------
    >>> import striate as st
    >>> st.pictures.diagram(st.Network.preset("lenet5"), "full").to_svg("dark")[:4]
    '<svg'
    """
    return draw_graph(network.graph, view, about=f"A network: {network}.")


def plot_diagram(
    network: Network,
    view: View = "blocks",
    *,
    ax: "Target" = None,
    theme: Theme = "auto",
) -> "Axes":
    """Draw a network as a diagram on Matplotlib axes.

    Parameters
    ----------
    network, view
        As for :func:`diagram`.
    ax
        Matplotlib axes to draw into, or an empty figure; by default a new figure of pyplot.
    theme
        ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

    Returns
    -------
    Axes
        A unit is a pixel of the SVG file.

    Raises
    ------
    OptionError
        If the view is unknown.
    ExtraError
        If Matplotlib is not installed.

    Sources
    -------
    Hagan fig. 8.9-8.12; Wichmann fig. 4.

    Examples
    --------
    >>> import striate as st
    >>> ax = plot_diagram(st.Network.parse("conv 6@5x5 tanh | max 2", (12, 12, 1)))
    >>> [text.get_text() for text in ax.texts][-2:]
    ['6@4×4', 'max1']
    """
    return draw_scene(diagram(network, view).scene, ax, theme)
