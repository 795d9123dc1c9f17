"""Scenes as SVG: both colors of a paint, images for dark pages, and the width on a page."""

import re
import xml.etree.ElementTree as ET

import numpy as np

from striate.drawing.html import drawing, image
from striate.drawing.paint import BLUE, SURFACE
from striate.drawing.scene import Rect, Scene
from striate.drawing.svg import to_svg

BOX = Scene(
    shapes=(Rect(left=0, top=0, width=2, height=1, fill=BLUE),), unit=10, about="A box.", margin=0
)


def test_a_page_chooses_the_colors():
    """Both colors are there, the light one also for viewers without `light-dark`."""
    text = to_svg(BOX)

    for paint in (BLUE, SURFACE):
        both = f"light-dark({paint.light},{paint.dark})"
        assert f"fill:{paint.light};fill:{both}" in text
    assert "prefers-color-scheme" not in text


def test_a_file_follows_the_readers_settings():
    """If the drawing is the root of a document, it has both color schemes."""
    text = to_svg(BOX)

    name = re.search(r'class="(striate-\w+)"', text)[1]
    assert f":root.{name}{{color-scheme:light dark}}" in text


def test_an_image_has_a_version_for_dark_pages():
    """The dark one covers the other, and a mask hides it on light pages."""
    light, dark = np.zeros((2, 3, 3), np.uint8), np.full((2, 3, 3), 255, np.uint8)

    root = ET.fromstring(image(light, dark, "About.", height=20))

    name, space = root.get("class"), "{http://www.w3.org/2000/svg}"
    assert [one.get("class") for one in root.iter(f"{space}image")] == [None, "night"]
    assert root.find(f"{space}mask").get("id") == f"{name}-night"
    rules = root.find(f"{space}style").text
    assert f".{name} .night{{mask:url(#{name}-night)}}" in rules
    assert "fill:light-dark(#000000,#ffffff)" in rules
    assert (root.get("width"), root.get("height")) == ("30", "20")


def test_a_drawing_fits_the_page():
    """It gets smaller with the page, and scrolls when its text would be too small."""
    text = drawing(to_svg(BOX), 1000)

    assert ET.fromstring(text).get("style") == "overflow:auto;max-width:100%"
    style = ET.fromstring(text)[0].get("style")
    assert style == "width:1250px;max-width:100%;min-width:600px;height:auto"
