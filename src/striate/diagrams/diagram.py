"""A diagram of a network: one of four views of its graph, which notebooks show as SVG."""

import os
from pathlib import Path
from typing import Literal

from striate.diagrams.blocks import blocks
from striate.diagrams.facts import facts
from striate.diagrams.layout import arrange
from striate.diagrams.stages import BACK, backward, full, shorthand
from striate.drawing.html import drawing
from striate.drawing.paint import Theme, require_theme
from striate.drawing.scene import Scene
from striate.drawing.svg import to_svg
from striate.errors import OptionError
from striate.files import atomic_write, make_folder
from striate.functions.options import OneOf, require
from striate.functions.writing import short
from striate.graph.graph import Graph

View = Literal["blocks", "shorthand", "full", "backward"]
VIEWS = OneOf(("blocks", "shorthand", "full", "backward"))

_DRAWN = {"blocks": blocks, "shorthand": shorthand, "full": full, "backward": backward}


class Diagram:
    """A diagram of a network.

    A notebook shows it. Its colors suit light and dark pages.

    Parameters
    ----------
    scene
        The drawing.

    Examples
    --------
    See :func:`striate.pictures.diagram`.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def to_svg(self, theme: Theme = "auto") -> str:
        """Write the diagram as an SVG document.

        Parameters
        ----------
        theme
            ``"light"``, ``"dark"``, or ``"auto"`` for both: the viewer chooses.

        Returns
        -------
        str

        Raises
        ------
        OptionError
            If the theme is unknown.
        """
        return to_svg(self.scene, theme)

    def save(self, path: str | os.PathLike[str], *, theme: Theme = "auto") -> Path:
        """Write the diagram to an SVG file.

        Parameters
        ----------
        path
            The file, which ends in ``.svg``. Its folder is created if it is missing.
        theme
            As for :meth:`to_svg`.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OptionError
            If the extension or the theme is unknown.
        ModelFileError
            If the file cannot be written.
        """
        require_theme(theme)
        path = Path(path)
        if path.suffix.lower() != ".svg":
            raise OptionError(
                f"A diagram can be saved as .svg, got {short(str(path))}. Try "
                f'"{path.stem or "network"}.svg", or save st.pictures.plot_diagram(net) as .png.'
            )
        make_folder(path.parent)
        content = self.to_svg(theme).encode()
        with atomic_write(path) as file:
            file.write(content)
        return path

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def _repr_html_(self) -> str:
        return drawing(self.to_svg(), self.scene.bounds.width * self.scene.unit)


def draw_graph(graph: Graph, view: View = "blocks", *, about: str = "") -> Diagram:
    """Draw a network.

    Parameters
    ----------
    graph
        The network.
    view
        ``"blocks"``, ``"shorthand"``, ``"full"`` or ``"backward"``.
    about
        Description; by default its layers.

    Returns
    -------
    Diagram

    Raises
    ------
    OptionError
        If the view is unknown.

    Sources
    -------
    Hagan fig. 8.9-8.12; Wichmann fig. 4.

    Examples
    --------
    >>> from striate.graph.shorthand import parse
    >>> draw_graph(parse("conv 6@5x5 | max 2", (9, 9, 1))).to_svg("light")[:4]
    '<svg'
    """
    require("view", view, VIEWS, example="blocks")
    layers = facts(graph)
    words = about or f"A network: {', '.join(one.name for one in layers)}."
    back = BACK if view == "backward" else None
    scene, _ = arrange(_DRAWN[view](layers), words, back=back)
    return Diagram(scene)
