"""Images on the terminal."""

import io

import numpy as np
import pytest
from rich.console import Console

from striate.cli.blocks import blocks, can_show_blocks, gallery, ramp


def terminal(width=80, **options):
    """Make a console that writes as to a terminal."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=options.pop("encoding", "utf-8"))
    return Console(
        file=file, width=width, **({"color_system": "truecolor", "force_terminal": True} | options)
    )


def test_half_blocks_hold_two_pixels_each():
    """The upper pixel is the foreground, the lower the background; a last odd row has none."""
    image = np.array([[[255, 0, 0]], [[0, 255, 0]], [[0, 0, 255]]], np.uint8)

    lines = blocks(image)

    styles = [line.spans[0].style for line in lines]
    assert [
        (s.color and s.color.triplet.hex, s.bgcolor and s.bgcolor.triplet.hex) for s in styles
    ] == [
        ("#ff0000", "#00ff00"),
        ("#0000ff", None),
    ]


def test_ramp_goes_from_black_to_white():
    """Black is a blank, white is @, and gray levels are in order."""
    image = np.repeat(np.linspace(0, 255, 10, dtype=np.uint8)[None, :, None], 2, axis=0)

    assert [line.plain for line in ramp(image)] == [" .:-=+*#%@"]


def test_gallery_fills_rows_and_captions():
    """Images are next to each other while there is room, each with its text below."""
    images = np.full((3, 4, 6, 1), 255, np.uint8)

    lines = gallery(images, [["one"], ["two"], ["three"]], terminal(width=14, force_terminal=False))

    assert [line.plain for line in lines] == [
        "@@@@@@  @@@@@@",
        "@@@@@@  @@@@@@",
        "one     two",
        "",
        "@@@@@@",
        "@@@@@@",
        "three",
    ]


def test_gallery_shrinks_large_images_and_cuts_empty_margins():
    """An image is at most 48 columns wide; a margin that is empty in all is cropped to a pixel."""
    large = np.random.default_rng(0).integers(0, 255, (1, 100, 200, 3), np.uint8)
    small = np.zeros((2, 20, 20, 1), np.uint8)
    small[:, 8:12, 8:12] = 255

    wide = gallery(large, [[""]], terminal())
    trimmed = gallery(small, [[""], [""]], terminal())

    assert (len(wide), len(wide[0].plain)) == (24 // 2 + 1, 48)
    assert (len(trimmed), len(trimmed[0].plain)) == (6 // 2 + 1, 6 + 2 + 6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_are_shown_from_their_lowest_to_their_highest(dtype):
    """Float images use the whole scale, whatever their range; constant ones are dark."""
    image = np.array([-3.0, 0.0, 3.0], dtype).reshape(1, 1, 3, 1)

    shown = gallery(image, [[""]], terminal(force_terminal=False))
    constant = gallery(np.ones((1, 2, 2, 1), dtype), [[""]], terminal(force_terminal=False))

    assert shown[0].plain == " =@"
    assert constant[0].plain.strip() == ""


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({}, True),
        ({"color_system": "256"}, True),
        ({"color_system": "standard"}, False),
        ({"force_terminal": False}, False),
        ({"no_color": True}, False),
        ({"encoding": "ascii"}, False),
    ],
)
def test_half_blocks_need_colors_and_letters(options, shown):
    """Half blocks need a terminal with at least 256 colors and UTF-8."""
    assert can_show_blocks(terminal(**options)) is shown
