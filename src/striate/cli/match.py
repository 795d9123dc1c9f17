"""The command ``striate match``."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import click
import numpy as np

from striate.cli.encoding import on_one_line
from striate.cli.match_picture import draw_matches, picture_format, save_picture
from striate.cli.options import HomePath
from striate.cli.output import CommandOutput, json_option, sizes
from striate.cli.pages import Page
from striate.data.pictures import read_opacity, read_pictures
from striate.errors import DataError, OptionError
from striate.matching import Match, find, score_map
from striate.matching.methods import METHODS, MethodName
from striate.matching.transforms import transformed
from striate.model.inputs import full_scale
from striate.shapes import Array
from striate.tables import Column

_MOST = 1000  # numbers of a range such as 0.5:2:0.1
_SLACK = 1e-9  # of a step: 1.2 is the end of 0.8:1.2:0.1, although 0.8 + 4 * 0.1 is more

_HELP = """Find templates in a scene.

TEMPLATE and SCENE are image files. A template is compared with every window of the scene, and the
best match is printed: the row and column of its top left corner, its size, and its score.

\b
Examples:
  striate match waldo.png crowd.png
  striate match waldo.png crowd.png --count 5 --output found.png
  striate match key.png desk.jpg --scales 0.5:1.5:0.1 --rotations -30:30:10
  striate match a.png b.png page.png --threshold 0.8 --csv

\b
The methods:
  normalized-correlation  -1 to 1; 1 is a perfect match, at any brightness
  squared-difference      0 to 1; 0 is a perfect match
  cross-correlation       any number; grows with brightness, too

Transparent pixels of a template are ignored. For templates without transparency, use masks: black
pixels are ignored, white ones count fully, and gray ones count partially.

A template that appears scaled or rotated in the scene is found only if its scale and rotation are
listed. Fine details need small steps: a step should not move any pixel by much more than the width
of a line.
"""


class _Numbers(click.ParamType):
    """Numbers: ``0.8,1,1.25``, or a range with a step, ``0.8:1.2:0.1``."""

    name = "numbers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """Parse the numbers."""
        if isinstance(value, tuple):
            return value
        try:
            parts = [[float(n) for n in part.split(":")] for part in str(value).split(",")]
            numbers = [n for part in parts for n in _range(*part)]
        except (ValueError, TypeError):
            numbers = []
        if not numbers or not all(map(math.isfinite, numbers)):
            self.fail(f"{value!r} must be numbers, such as 0.8,1,1.25 or 0.8:1.2:0.1.", param, ctx)
        return tuple(numbers)


def _range(first: float, last: float | None = None, step: float | None = None) -> list[float]:
    """List a number, or the numbers of a range; raise ValueError if it has no step or too many."""
    if last is None:
        return [first]
    if step is None or step <= 0 or last < first or (last - first) / step >= _MOST:
        raise ValueError
    count = int((last - first) / step + _SLACK) + 1
    return [round(first + k * step, 9) for k in range(count)]


@dataclass(frozen=True, eq=False)
class _Template:
    """A template with the file that it was read from."""

    path: str
    pixels: Array
    mask: Array | None


@click.command("match", help=_HELP)
@click.argument("templates", nargs=-1, required=True, metavar="TEMPLATE...", type=HomePath())
@click.argument("scene", type=HomePath())
@click.option(
    "--method",
    type=click.Choice(get_args(MethodName)),
    default="normalized-correlation",
    show_default=True,
    metavar="METHOD",
    help="How template and window are compared; see above.",
)
@click.option(
    "--mask",
    "masks",
    multiple=True,
    metavar="PICTURE",
    type=HomePath(),
    help="Which pixels of the template count. Repeat it for several templates, in their order.",
)
@click.option(
    "--scales",
    type=_Numbers(),
    default="1",
    show_default=True,
    help="Factors for the template's size: 0.8,1,1.25 or FROM:TO:STEP.",
)
@click.option(
    "--rotations",
    type=_Numbers(),
    default="0",
    show_default=True,
    help="Degrees, counterclockwise: -10,0,10 or FROM:TO:STEP.",
)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    help="Largest number of matches. Default: all that reach the threshold; without a threshold, "
    "the best one of each template.",
)
@click.option(
    "--threshold",
    type=float,
    help="Worst score of a match: the smallest correlation, or the largest squared difference.",
)
@click.option(
    "--overlap",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.3,
    show_default=True,
    help="How much the boxes of two matches may overlap: intersection divided by union.",
)
@click.option("--gray", is_flag=True, help="Convert all pictures to gray first.")
@click.option(
    "--output",
    metavar="PICTURE",
    type=HomePath(),
    help="Save the scene with its matches, and the score map, to an image file.",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing output file.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@json_option
def command(
    templates: tuple[str, ...],
    scene: str,
    method: MethodName,
    masks: tuple[str, ...],
    scales: tuple[float, ...],
    rotations: tuple[float, ...],
    count: int | None,
    threshold: float | None,
    overlap: float,
    gray: bool,
    output: str | None,
    overwrite: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Print where templates are in a scene."""
    if as_csv and as_json:
        raise OptionError("--csv and --json exclude each other. Use one of them.")
    if output is not None:
        picture_format(output)  # raises early if it isn't one
        if Path(output).exists() and not overwrite:
            raise OptionError(f"{output} already exists. Use --overwrite to replace it.")
    out = CommandOutput(as_json=as_json)
    image, read = _read_all(scene, templates, masks, gray=gray)
    _require_fit(scene, image, read, min(scales))
    _require_comparable(read, method, several=len(scales) * len(rotations) > 1)
    options = {"method": method, "scales": scales, "rotations": rotations, "overlap": overlap}
    pixels, weights = [one.pixels for one in read], [one.mask for one in read]
    matches = find(
        image, pixels, masks=weights, count=count, threshold=threshold, **options
    )  # fmt: skip
    if as_csv:
        out.say(_as_csv(templates, matches), whole=True)
    elif matches:
        _say_table(Page(out), templates, matches)
    else:
        best = find(image, pixels, masks=weights, count=1, **options)[0]
        out.say(
            f"No match reaches the threshold {threshold:g}. The best score is {best.score:.4g}, at "
            f"row {best.row:.1f}, column {best.column:.1f}."
        )
    if output is not None:
        save_picture(_picture(image, read, matches, method), output)
        out.note(f"Saved {output}.")
    out.result(
        {
            "scene": scene,
            "size": sizes(image.shape),
            "method": method,
            "matches": [_document(templates, match) for match in matches],
            "output": output,
        }
    )


def _read_all(
    scene: str, templates: Sequence[str], masks: Sequence[str], *, gray: bool
) -> tuple[Array, list[_Template]]:
    """Read all pictures, in color if one of them has colors."""
    if masks and len(masks) != len(templates):
        raise OptionError(
            f"Got {len(masks)} masks for {len(templates)} templates; expected one for each. Repeat "
            "--mask, or leave it out and use pictures with transparency."
        )
    read = [_read(path) for path in (scene, *templates)]
    channels = 1 if gray or all(one.shape[2] == 1 for one in read) else 3
    images = [
        _with_channels(path, one, channels)
        for path, one in zip((scene, *templates), read, strict=True)
    ]
    found: list[_Template] = []
    for number, (path, pixels) in enumerate(zip(templates, images[1:], strict=True)):
        mask = _read_mask(masks[number], pixels, path) if masks else read_opacity(path)
        found.append(
            _Template(path, pixels, None if mask is None else mask / full_scale(mask.dtype))
        )
    return images[0], found


def _read(path: str) -> Array:
    """Read one picture."""
    if Path(path).is_dir():
        raise DataError(f"{path} is a folder, not a picture. Name one image file.")
    if not Path(path).exists():
        raise DataError(f"{path} does not exist. Check the path.")
    return read_pictures([path])[0]


def _with_channels(path: str, image: Array, channels: int) -> Array:
    """Return a picture in gray or in color."""
    return image if image.shape[2] == channels else read_pictures([path], channels=channels)[0]


def _read_mask(path: str, pixels: Array, template: str) -> Array:
    """Read a mask and check its size."""
    mask = _with_channels(path, _read(path), 1)[:, :, 0]
    if mask.shape != pixels.shape[:2]:
        raise DataError(
            f"The mask {path} has {sizes(mask.shape)} pixels, and its template {template} "
            f"{sizes(pixels.shape[:2])}; expected the same size. Draw the mask over the template."
        )
    if not mask.any():
        raise DataError(
            f"The mask {path} is black everywhere; expected white where pixels of the template "
            "count. Invert it, or leave it out."
        )
    return mask


def _require_fit(path: str, scene: Array, templates: Sequence[_Template], scale: float) -> None:
    """Raise an error in the command's words if a template is larger than the scene."""
    for one in templates:
        high, wide = (max(1, round(n * scale)) for n in one.pixels.shape[:2])
        if high <= scene.shape[0] and wide <= scene.shape[1]:
            continue
        larger = all(t >= n for t, n in zip(one.pixels.shape, scene.shape[:2], strict=False))
        hint = "Use a smaller template, or --scales below 1."
        if larger and len(templates) == 1:
            hint = f"The scene comes last: striate match {path} {one.path}."
        at = "" if scale == 1 else f" at scale {scale:g}"
        raise DataError(
            f"The template {one.path}, {sizes((high, wide))} pixels{at}, is larger than the scene "
            f"{path}, {sizes(scene.shape[:2])} pixels. {hint}"
        )


def _require_comparable(templates: Sequence[_Template], method: str, *, several: bool) -> None:
    """Raise if the method can't compare these templates."""
    sizes_differ = several or len({one.pixels.shape[:2] for one in templates}) > 1
    if sizes_differ and not METHODS[method].compares_sizes:
        raise OptionError(
            f"--method {method} adds up pixels, so it cannot compare several sizes or rotations of "
            "templates. Use normalized-correlation or squared-difference."
        )
    for one in templates:
        counted = one.pixels if one.mask is None else one.pixels[one.mask > 0]
        flat = counted.reshape(-1, counted.shape[-1])
        if method == "normalized-correlation" and (flat == flat[0]).all():
            raise DataError(
                f"The template {one.path} has only one color, so it correlates with nothing. Use "
                "--method squared-difference, or a template with some of its surroundings."
            )


def _say_table(page: Page, templates: Sequence[str], matches: Sequence[Match]) -> None:
    """Print one line for each match."""
    several, scaled = len(templates) > 1, any(m.scale != 1 for m in matches)
    rotated = any(m.rotation for m in matches)
    columns = [
        Column("row", "right"),
        Column("column", "right"),
        Column("size", "right", drop=3),
        Column("scale", "right", drop=1),
        Column("rotation", "right", drop=2),
        Column("score", "right"),
        Column("template", drop=0),
    ]
    rows = [
        (
            f"{m.row:.1f}",
            f"{m.column:.1f}",
            sizes((m.height, m.width)),
            f"{m.scale:g}" if scaled else "",
            f"{m.rotation:g}°" if rotated else "",
            f"{m.score:.4f}" if abs(m.score) < 1000 else f"{m.score:.6g}",
            on_one_line(Path(templates[m.template]).name, 24) if several else "",
        )
        for m in matches
    ]
    used = [k for k in range(len(columns)) if any(row[k] for row in rows)]
    page.table([columns[k] for k in used], [[row[k] for k in used] for row in rows])


def _document(templates: Sequence[str], match: Match) -> dict[str, Any]:
    """Turn a match into a row of JSON or CSV."""
    return {
        "template": templates[match.template],
        "row": round(match.row, 3),
        "column": round(match.column, 3),
        "height": match.height,
        "width": match.width,
        "scale": match.scale,
        "rotation": match.rotation,
        "score": match.score,
    }


def _as_csv(templates: Sequence[str], matches: Sequence[Match]) -> str:
    """Write the matches as comma-separated values."""
    text = io.StringIO()
    names = ["template", "row", "column", "height", "width", "scale", "rotation", "score"]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_document(templates, match) for match in matches)
    return text.getvalue().removesuffix("\n")


def _picture(
    image: Array, templates: Sequence[_Template], matches: Sequence[Match], method: MethodName
) -> Array:
    """Draw the scene with its matches, next to the score map of the best match's template."""
    best = matches[0] if matches else Match(row=0, column=0, height=0, width=0, score=0)
    shown = templates[best.template]
    pixels = shown.pixels / full_scale(shown.pixels.dtype)
    weights = None if shown.mask is None else shown.mask[..., np.newaxis]
    pixels, weights = transformed(pixels, weights, scale=best.scale, rotation=best.rotation)
    scores = score_map(image, pixels.astype(np.float32), method=method, mask=weights)
    if not METHODS[method].larger_is_better:
        scores = -scores
    sides = [one.pixels.shape[:2] for one in templates]
    return draw_matches(image, matches, sides, scores)
