"""Diagrams: nothing overlaps and nothing is cut off, for any network."""

from dataclasses import replace
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest

import striate as st
from graph.random_graphs import problem
from striate.diagrams import VIEWS, draw_graph
from striate.diagrams.diagram import _DRAWN, Diagram
from striate.diagrams.facts import facts
from striate.diagrams.layout import arrange
from striate.diagrams.stages import BACK, shorthand
from striate.drawing.scene import Bounds, Caption, Scene, Stroke
from striate.graph.shorthand import parse
from striate.model.presets import PRESETS

QUICK, ALL = 25, 300
NAMED = "conv 4@3x3 same relu as first | conv 4@3x3 same | add first | flatten | dense 3 softmax"


def placed(graph, view):
    """Lay a graph out; return the scene, the rectangles of its layers, and its items."""
    items = _DRAWN[view](facts(graph))
    scene, bounds = arrange(items, "A network.", back=BACK if view == "backward" else None)
    return scene, bounds, items


def arrange_connections(items, view):
    """Return the straight pieces of all arrows and lanes between layers."""
    bare = [replace(item, shapes=()) for item in items]
    scene, _ = arrange(bare, "Arrows.", back=BACK if view == "backward" else None)
    strokes = [shape for shape in scene.shapes if isinstance(shape, Stroke)]
    return [pair for stroke in strokes for pair in pairwise(stroke.points)]


def texts(scene):
    """Return the rectangles of all texts, a little narrower than text can be."""
    return [
        (shape.text, shape.bounds.grown(-0.5))
        for shape in scene.shapes
        if isinstance(shape, Caption)
    ]


def require_tidy(graph, view):
    """Check a diagram: layers, texts and arrows."""
    scene, bounds, items = placed(graph, view)
    canvas = scene.bounds
    for one, other in combinations(bounds, 2):
        assert not one.overlaps(other), view
    for shape in scene.shapes:
        assert canvas.contains(shape.bounds), (view, shape)
    written = texts(scene)
    for (text, one), (other_text, other) in combinations(written, 2):
        assert not one.overlaps(other), (view, text, other_text)
    for item, rectangle in zip(items, bounds, strict=True):
        for shape in item.shapes:
            # Each shape of a layer lies in its rectangle, up to the width of a line.
            left, axis = rectangle.left, rectangle.top + item.up
            inside = shape.bounds
            assert inside.left + left >= rectangle.left - 1, (view, item.name, shape)
            assert inside.right + left <= rectangle.right + 1, (view, item.name, shape)
            assert inside.top + axis >= rectangle.top - 1, (view, item.name, shape)
            assert inside.bottom + axis <= rectangle.bottom + 1, (view, item.name, shape)


@pytest.mark.parametrize("view", VIEWS.words)
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_tidy(name, view):
    """Layers and texts of each preset don't overlap, and all shapes are on the canvas."""
    require_tidy(st.Network.preset(name).graph, view)


@pytest.mark.parametrize("view", VIEWS.words)
@pytest.mark.parametrize("count", [QUICK, pytest.param(ALL, marks=pytest.mark.slow)])
def test_random_networks_are_tidy(view, count):
    """The same holds for random networks with branches, joins, several inputs and outputs."""
    for number in range(count):
        require_tidy(problem(number).step.graph, view)


@pytest.mark.parametrize("view", VIEWS.words)
@pytest.mark.parametrize("name", ["resnet20", "unet-small"])
def test_arrows_do_not_cross_layers(name, view):
    """No arrow or lane between layers runs through another layer."""
    _, bounds, items = placed(st.Network.preset(name).graph, view)
    connections = arrange_connections(items, view)
    assert len(connections) > len(items) - 2
    for (x0, y0), (x1, y1) in connections:
        segment = Bounds(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)).grown(0.1)
        assert not any(segment.overlaps(one.grown(-1.0)) for one in bounds)


@pytest.mark.parametrize("view", VIEWS.words)
def test_every_connection_is_drawn(view):
    """Each layer has an arrow from its neighbor, or its lane, or a name at the margin."""
    scene, bounds, items = placed(parse(NAMED, (8, 8, 1)), view)
    ends = [shape.points[-1] for shape in scene.shapes if isinstance(shape, Stroke) and shape.arrow]

    for item, rectangle in zip(items, bounds, strict=True):
        arrived = [
            (x, y)
            for x, y in ends
            if rectangle.left - 1 <= x <= rectangle.right + 1
            and rectangle.top - 1 <= y <= rectangle.bottom + 1
        ]
        assert len(arrived) >= len(set(item.sources)), item.name


@pytest.mark.parametrize("view", VIEWS.words)
@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_the_svg_is_well_formed_and_the_same_twice(view, theme):
    """A parser for XML reads it, and drawing again gives the same text."""
    graph = st.Network.preset("lenet5").graph

    text = draw_graph(graph, view).to_svg(theme)

    assert ET.fromstring(text).tag.endswith("svg")
    assert text == draw_graph(graph, view).to_svg(theme)
    assert ("light-dark(" in text) == (theme == "auto")


def test_no_line_of_the_shorthand_ends_in_nothing():
    """A layer that feeds only layers farther on has no line to its neighbor."""
    items = shorthand(facts(st.Network.preset("resnet20", engine="numpy").graph))

    lines = {item.name: sum(isinstance(shape, Stroke) for shape in item.shapes) for item in items}
    assert lines["stage2-block1-shortcut"] == 1  # from conv8; the next layer, conv9, is not fed
    assert lines["global-average1"] == 2
    assert lines["dense1"] == 0  # its box is as wide as the layer


def test_an_untied_bias_has_its_size():
    """A tied bias has one number for each map; an untied one has the size of the output."""
    tied = draw_graph(parse("conv 6@5x5 | dense 2", (9, 9, 1)), "full").to_svg()
    untied = draw_graph(parse("conv 6@5x5 bias untied | dense 2", (9, 9, 1)), "full").to_svg()

    assert untied.count("6@5×5") == tied.count("6@5×5") + 1


def test_names_are_escaped():
    """Signs that mean something in XML are written as text."""
    caption = Caption(x=0, y=0, text='<b> & "c"', size=10)

    text = Diagram(Scene(shapes=(caption,), unit=1, about="a < b")).to_svg()

    root = ET.fromstring(text)
    assert "".join(root.itertext()).endswith('<b> & "c"')


def test_the_equations_of_lenet_5():
    """The full form writes each layer in Hagan's notation."""
    scene, _, _ = placed(st.Network.preset("lenet5").graph, "full")

    written = [text for text, _ in texts(scene) if " = " in text]

    assert written == [
        "A^{0} = P",
        "A^{1} = tanh(W^{1,0} ⊗ A^{0} + b^{1})",
        "A^{2} = ⊞^{ave}_{2×2} A^{1}",
        "A^{3} = tanh(W^{3,2} ⊗ A^{2} + b^{3})",
        "A^{4} = ⊞^{ave}_{2×2} A^{3}",
        "A^{5} = vec(A^{4})",
        "A^{6} = tanh(W^{6,5} A^{5} + b^{6})",
        "A^{7} = tanh(W^{7,6} A^{6} + b^{7})",
        "A^{8} = softmax(W^{8,7} A^{7} + b^{8})",
    ]


def test_the_way_back_is_that_of_the_layer():
    """8.45 holds for stride 1, 8.53 for elementwise functions; others have their own symbols."""
    graph = parse("conv 2@3x3 tanh | conv 2@3x3 stride 2 | dense 3 softmax", (9, 9, 1))

    scene, _, _ = placed(graph, "backward")

    written = [text for text, _ in texts(scene)]
    assert "rot180 W^{1,0} ⊗" in written
    assert "W^{2,1 T}" in written
    assert "f'^{1} ∘" in written
    assert "J^{4 T}" in written
