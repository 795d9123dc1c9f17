"""Shows each figure of the gallery in two versions: one for light and one for dark pages.

A picture with a white background is hard to look at on a dark page, and inverting it would turn
photographs into negatives. So an example runs twice. First, sphinx-gallery runs it block by block,
and `save_figures` saves the figures of a block. Then `_dark_figures` runs the whole example with
dark colors as Matplotlib's defaults, which the pictures of striate follow. The theme of the
documentation shows either the images of the class `only-light` or those of `only-dark`.
"""

import io
import runpy
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sphinx.errors import ExtensionError

from striate.drawing.paint import FRAME, INK, MUTED, SURFACE

PIXELS_PER_INCH = 120
"""Of the page, so that text in figures is about as large as the text around them."""

DARK = {
    "figure.facecolor": SURFACE.dark,
    "axes.facecolor": SURFACE.dark,
    "axes.edgecolor": MUTED.dark,
    "axes.labelcolor": INK.dark,
    "axes.titlecolor": INK.dark,
    "text.color": INK.dark,
    "xtick.color": INK.dark,
    "ytick.color": INK.dark,
    "grid.color": FRAME.dark,
    "legend.edgecolor": FRAME.dark,
    "figure.max_open_warning": 0,
}
"""Matplotlib's settings for dark pages."""

_dark: dict[str, list[bytes]] = {}
"""The dark figures of the examples that ran, as PNG files."""


def save_figures(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:  # noqa: ARG001  # sphinx-gallery gives it
    """Save the figures of a block, and return the directives that show them."""
    paths = block_vars["image_path_iterator"]
    light: list[Path] = []
    directives: list[str] = []
    for number in plt.get_fignums():
        light.append(Path(next(paths)))
        figure = plt.figure(number)
        light[-1].write_bytes(_png(figure))
        directives.append(_directive(figure, light[-1], gallery_conf["src_dir"]))
    plt.close("all")
    if light:
        dark = _dark_figures(block_vars["src_file"])
        if len(paths) > len(dark):
            raise ExtensionError(
                f"{block_vars['src_file']} draws {len(dark)} figures on a dark page, expected at "
                f"least {len(paths)}, as on a light page. An example must not close its figures."
            )
        for path, content in zip(light, dark[len(paths) - len(light) :], strict=False):
            _dark_path(path).write_bytes(content)
    return "\n".join(directives)


def _dark_figures(example: str) -> list[bytes]:
    """Run an example with dark colors, and return its figures in order."""
    if example not in _dark:
        with rc_context(DARK), redirect_stdout(io.StringIO()):
            runpy.run_path(example)
            _dark[example] = [_png(plt.figure(number)) for number in plt.get_fignums()]
        plt.close("all")
    return _dark[example]


def _png(figure: Figure) -> bytes:
    """Write a figure with twice the pixels that it has on the page, for sharp screens."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=2 * PIXELS_PER_INCH, facecolor="auto")
    return file.getvalue()


def _dark_path(path: Path) -> Path:
    return path.with_stem(f"{path.stem}_dark")


def _directive(figure: Figure, path: Path, source_folder: str) -> str:
    """Show both versions; the theme of the documentation hides one."""
    about = figure.get_suptitle() or ", ".join(filter(None, map(_about, figure.axes))) or "figure"
    width = round(figure.get_size_inches()[0] * PIXELS_PER_INCH)
    return "".join(
        f"\n.. image:: /{one.relative_to(source_folder).as_posix()}\n"
        f"   :alt: {' '.join(about.split())}\n"
        f"   :class: only-{theme}\n"
        f"   :width: {width}px\n"
        for theme, one in (("light", path), ("dark", _dark_path(path)))
    )


def _about(axes: Axes) -> str:
    """Return the title of axes, or the description of the scene on them."""
    label = axes.get_label()
    title = axes.get_title() or axes.get_title(loc="left")
    return title or ("" if label.startswith(("_", "<")) else label)
