"""Tables and images in HTML, for notebooks: without scripts, in the colors of the page."""

from collections.abc import Sequence
from html import escape

from striate.drawing.scene import Raster, Scene
from striate.drawing.svg import to_svg
from striate.shapes import Array

_CELL = "padding:2px 12px 2px 0;border:none;vertical-align:middle"
_HEAD = "border-bottom:1px solid rgba(128,128,128,.5)"
_SCROLLS = "overflow:auto;max-width:100%"
_USUAL, _SMALLEST = 1.25, 0.6  # of a drawing's own size: text of 13 pixels has 16 or 8 then


class Html(str):
    """Text that is HTML already and must not be escaped."""

    __slots__ = ()


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[int] = (),
    prose: Sequence[int] = (),
    tallest: int | None = None,
) -> str:
    """Write a table, which scrolls if the page is too narrow.

    Parameters
    ----------
    headings
        Title of each column.
    rows
        The cells; a text that isn't :class:`Html` is escaped.
    right
        Numbers of the columns that are aligned at the right.
    prose
        Numbers of the columns whose text wraps, but not to less than a few words a line. If there
        are any, the other columns don't wrap.
    tallest
        The largest height, in pixels; the table scrolls beyond it.

    Returns
    -------
    str

    Examples
    --------
    >>> "a &lt; b" in table(["text"], [["a < b"]])
    True
    """

    def cell(kind: str, column: int, text: str, more: str = "") -> str:
        side = "right" if column in right else "left"
        more += (";min-width:14em" if column in prose else ";white-space:nowrap") if prose else ""
        content = text if isinstance(text, Html) else escape(text)
        return f'<{kind} style="{_CELL};text-align:{side}{more}">{content}</{kind}>'

    head = "".join(cell("th", k, text, f";{_HEAD}") for k, text in enumerate(headings))
    body = "".join(
        f"<tr>{''.join(cell('td', k, text) for k, text in enumerate(row))}</tr>" for row in rows
    )
    style = _SCROLLS + (f";max-height:{tallest}px" if tallest else "")
    return (
        f'<div style="{style}"><table style="border-collapse:collapse;font-size:90%">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def image(light: Array, dark: Array, about: str, height: int) -> Html:
    """Write an image for light and for dark pages, each pixel as a square.

    Parameters
    ----------
    light, dark
        ``[row, column, 3]``, uint8.
    about
        Description.
    height
        In pixels of the page.

    Returns
    -------
    Html
    """
    rows, columns = light.shape[:2]
    raster = Raster(left=0, top=0, width=columns, height=rows, pixels=light, dark=dark)
    return Html(to_svg(Scene(shapes=(raster,), unit=height / rows, about=about, margin=0)))


def drawing(svg: str, width: float) -> str:
    """Fit a drawing to a page: as large as the page's text, smaller if the page is narrow.

    On a page that is too narrow to read it, it scrolls.

    Parameters
    ----------
    svg
        The drawing.
    width
        Its own width, in pixels.

    Returns
    -------
    str

    Examples
    --------
    >>> "min-width:600px" in drawing("<svg></svg>", 1000)
    True
    """
    usual, smallest = round(_USUAL * width), round(_SMALLEST * width)
    size = f"width:{usual}px;max-width:100%;min-width:{smallest}px;height:auto"
    fitted = svg.replace("<svg", f'<svg style="{size}"', 1)
    return f'<div style="{_SCROLLS}">{fitted}</div>'
