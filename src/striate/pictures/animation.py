"""Animations: shapes with the frames in which they are there, as SVG and as GIF files."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from striate.drawing.html import drawing
from striate.drawing.paint import Theme, require_theme
from striate.drawing.scene import Scene
from striate.drawing.svg import Timed, animated_svg
from striate.errors import OptionError
from striate.files import atomic_write, make_folder
from striate.functions.options import POSITIVE, require
from striate.functions.writing import short
from striate.pictures.canvas import PIXELS_PER_INCH, draw_scene
from striate.pictures.style import new_figure
from striate.shapes import Array

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from PIL.Image import Image

    from striate.pictures.style import Target

_DOTS_PER_INCH = 110
_COLORS = 128
_UNKNOWN = 255  # no index of a color
_HUNDREDTHS = 100  # GIF counts in hundredths of a second


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Artists with their first and last frame."""

    frames: tuple[int, int]
    artists: "Sequence[Artist]"


class Animation:
    """A picture that moves.

    A notebook shows it. :meth:`save` writes an SVG file, which needs no script and can be scaled,
    or a GIF file, which every program for slides accepts. The same animation gives the same bytes.

    Parameters
    ----------
    scene
        The canvas of all frames.
    shapes
        The shapes in the order in which they are drawn, each with its first and last frame.
    frames
        Number of frames.
    seconds
        For which each is shown.

    Examples
    --------
    See :func:`striate.pictures.kernel_walk_animation`.
    """

    def __init__(
        self, scene: Scene, shapes: Sequence[Timed], frames: int, *, seconds: float
    ) -> None:
        require("seconds", seconds, POSITIVE, example=0.8)
        self._scene = scene
        self._shapes = tuple(shapes)
        self._frames = frames
        self.seconds = seconds

    def __len__(self) -> int:
        """Return the number of frames."""
        return self._frames

    def frame(self, number: int) -> Scene:
        """Return one frame, counted from 0, on the canvas of all frames."""
        shapes = [t.shape for t in self._shapes if t.first <= number <= t.last]
        return replace(self._scene, shapes=tuple(shapes), canvas=self._scene.bounds)

    def draw(self, number: int = 0, *, ax: "Target" = None, theme: Theme = "auto") -> "Axes":
        """Draw one frame on Matplotlib axes.

        Parameters
        ----------
        number
            The frame, counted from 0; negative numbers count from the end.
        ax, theme
            As for :func:`striate.pictures.kernel_walk`.

        Returns
        -------
        Axes

        Raises
        ------
        OptionError
            If there is no such frame.
        """
        if not -len(self) <= number < len(self):
            raise OptionError(
                f"Frame {number} is out of range: the animation has {len(self)} frames, counted "
                "from 0. Use -1 for the last."
            )
        return draw_scene(self.frame(number % len(self)), ax, theme)

    def to_svg(self, theme: Theme = "auto") -> str:
        """Write the animation as an SVG document.

        Parameters
        ----------
        theme
            ``"light"``, ``"dark"``, or ``"auto"`` for both: the viewer chooses.

        Returns
        -------
        str
        """
        return animated_svg(self._scene, self._shapes, len(self), self.seconds, theme)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def _repr_html_(self) -> str:
        return drawing(self.to_svg(), self._scene.bounds.width * self._scene.unit)

    def save(self, path: str | os.PathLike[str], *, theme: Theme = "auto") -> Path:
        """Write the animation to a file.

        Parameters
        ----------
        path
            Its extension determines the format: ``.svg`` or ``.gif``.
        theme
            ``"light"`` or ``"dark"``; ``"auto"`` is both in an SVG file and light in a GIF file.

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
        ExtraError
            If Matplotlib is not installed, for GIF files.
        """
        require_theme(theme)
        path = Path(path)
        if path.suffix.lower() not in {".svg", ".gif"}:
            raise OptionError(
                f"An animation can be saved as .svg or .gif, got {short(str(path))}. "
                f'Try "{path.stem or "animation"}.gif".'
            )
        make_folder(path.parent)
        if path.suffix.lower() == ".svg":
            content = self.to_svg(theme).encode()
            with atomic_write(path) as file:
                file.write(content)
            return path
        images = self._images("light" if theme == "auto" else theme)
        with atomic_write(path) as file:
            images[0].save(
                file,
                format="GIF",
                save_all=True,
                append_images=images[1:],
                duration=1000 * max(2, round(_HUNDREDTHS * self.seconds)) // _HUNDREDTHS,
                loop=0,
                optimize=False,
                disposal=1,
            )
        return path

    @property
    def _all(self) -> tuple[int, int]:
        """The first and the last frame."""
        return 0, len(self) - 1

    def _groups(self, axes: "Axes", theme: Theme) -> "list[_Group]":
        """Draw all shapes on axes; shapes in a row with the same frames are a group of artists."""
        groups: list[_Group] = []
        for frames, timed in groupby(self._shapes, key=lambda t: (t.first, t.last)):
            before = set(axes.get_children())
            shapes = tuple(one.shape for one in timed)
            draw_scene(replace(self._scene, shapes=shapes, canvas=self._scene.bounds), axes, theme)
            added = [artist for artist in axes.get_children() if artist not in before]
            groups.append(_Group(frames=frames, artists=added))
        return groups

    def _images(self, theme: Theme) -> "list[Image]":
        """Draw all frames, with the colors of the first and the last."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  # an extra
        from PIL import Image  # noqa: PLC0415  # slow to import

        bounds, inches = self._scene.bounds, self._scene.unit / PIXELS_PER_INCH
        figure = new_figure()
        canvas = FigureCanvasAgg(figure)
        figure.set_size_inches(bounds.width * inches, bounds.height * inches)
        figure.set_dpi(_DOTS_PER_INCH)
        axes = figure.add_axes((0, 0, 1, 1))
        groups = self._groups(axes, theme)
        # The shapes below the first one that changes are drawn once.
        fixed = next((k for k, one in enumerate(groups) if one.frames != self._all), len(groups))
        changing = [artist for one in groups[fixed:] for artist in one.artists]
        for artist in changing:
            artist.set_visible(False)
        canvas.draw()
        for artist in changing:
            artist.set_visible(True)
        background = canvas.copy_from_bbox(figure.bbox)
        drawn: list[Image.Image] = []
        for number in range(len(self)):
            canvas.restore_region(background)
            for one in groups[fixed:]:
                if one.frames[0] <= number <= one.frames[1]:
                    for artist in one.artists:
                        axes.draw_artist(artist)
            pixels = np.asarray(canvas.buffer_rgba())[..., :3]
            drawn.append(Image.fromarray(np.ascontiguousarray(pixels)))
        both = Image.new("RGB", (drawn[0].width, 2 * drawn[0].height))
        both.paste(drawn[0], (0, 0))
        both.paste(drawn[-1], (0, drawn[0].height))
        # The most frequent colors, those of areas, are exact; edges of letters get the nearest one.
        counted = both.getcolors(both.width * both.height) or []
        frequent = sorted(counted, key=lambda pair: (-pair[0], pair[1]))[:_COLORS]
        palette = np.array([color for _, color in frequent])
        return _in_colors(drawn, palette)


def _in_colors(images: "Sequence[Image]", palette: Array) -> "list[Image]":
    """Draw images with the nearest colors of a palette, ``[color, 3]``.

    Pillow's ``quantize`` compares rounded colors (seen with 13.0): white became a light gray, and
    the picture had a visible edge on a white slide.
    """
    from PIL import Image  # noqa: PLC0415  # slow to import

    nearest = np.full(1 << 24, _UNKNOWN, np.uint8)  # by color, filled as colors appear
    found: list[Image.Image] = []
    for image in images:
        packed = np.asarray(image).astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
        new = np.unique(packed[nearest[packed] == _UNKNOWN])
        colors = np.stack([new >> 16, new >> 8 & 255, new & 255], axis=-1)
        nearest[new] = ((colors[:, np.newaxis] - palette) ** 2).sum(axis=-1).argmin(axis=1)
        found.append(Image.fromarray(nearest[packed]))
        found[-1].putpalette(palette.ravel().tolist())
    return found
