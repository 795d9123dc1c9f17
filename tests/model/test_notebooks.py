"""What notebooks show: networks, summaries, traces and histories as HTML and SVG."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import striate as st
from striate.training.history import History
from striate.training.history_chart import nice_ticks

VOID = {"br"}


class Checker(HTMLParser):
    """Checks that tags are closed in order, and collects the text."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, _attributes):
        """Remember an open tag."""
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Close the last open tag."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Collect text."""
        self.text.append(data)


def text_of(html):
    """Check HTML, and return its text."""
    checker = Checker()
    checker.feed(html)
    assert checker.open == []
    assert "<script" not in html
    return " ".join(checker.text)


def test_a_network_is_a_drawing_and_a_table():
    """The blocks are SVG; the table below has each layer."""
    net = st.Network.preset("lenet5")

    svg, shown = net._repr_svg_(), text_of(net._repr_html_())

    assert ET.fromstring(svg).tag.endswith("svg")
    assert "6@28×28" in shown
    assert "61,706 parameters" in shown


def test_a_summary_is_a_table():
    """It has the cells of the printed table, and its notes."""
    summary = st.Network.parse("conv 6@5x5 tanh | max 2x2", (13, 13, 1)).summary()

    shown = text_of(summary._repr_html_())

    table, notes = str(summary).split("\n\n")
    for word in (*table.split(), *notes.splitlines()):
        assert word in shown


@pytest.mark.parametrize("y", [None, [0, 1]])
@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("conv 4@3x3 tanh | dense 2 softmax", (8, 8, 1)),
        ("conv 4@3 | dense 2 softmax", (20, 2)),
        ("conv 2@2x2x2 | dense 2 softmax", (4, 4, 4, 1)),
        ("dense 2 softmax", (7,)),
        ("conv 2@3x3 | dense 2 softmax", (200, 300, 3)),
    ],
)
def test_a_trace_has_images_of_its_maps(text, shape, y):
    """Each layer has an image of its maps, and one of derivatives if there are targets."""
    net = st.Network.parse(text, shape, engine="numpy")
    trace = net.trace(np.ones((2, *shape)), y)

    html = trace._repr_html_()

    shown = text_of(html)
    layers = len(trace)
    assert html.count("<svg") == layers * (1 if y is None else 2)
    assert ("loss" in shown) == (y is not None)
    assert len(html) < 200_000


@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_a_history_is_curves_and_a_table(epochs):
    """The curves are SVG, below them is a row for each epoch."""
    rows = [{"epoch": k, "loss": 1 / k, "accuracy": 1 - 1 / (k + 1)} for k in range(1, epochs + 1)]
    history = History(rows)

    svg, shown = history._repr_svg_(), text_of(history._repr_html_())

    root = ET.fromstring(svg)
    assert "Accuracy in %" in "".join(root.itertext())
    assert "0.5000" in shown


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), 0.0, 7e9])
def test_a_history_of_any_numbers_can_be_shown(loss):
    """Also a diverged training has a picture."""
    history = History([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": loss}])

    assert ET.fromstring(history._repr_svg_()).tag.endswith("svg")


def test_a_history_without_epochs():
    """There is nothing to draw."""
    history = History([])

    assert history._repr_svg_() is None
    assert text_of(history._repr_html_()) == "no epochs"


def test_ticks_are_round_and_enclose_the_range():
    """From the first tick to the last lies every value, and there are few of them."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        low, high = sorted(rng.normal(size=2) * 10.0 ** rng.integers(-6, 7))
        ticks = nice_ticks(low, high)
        span = high - low
        assert ticks[0] <= low + 1e-9 * span + 1e-12
        assert ticks[-1] >= high - 1e-9 * span - 1e-12
        assert 2 <= len(ticks) <= 7


def test_names_are_escaped():
    """A name of a column can't become a tag."""
    history = History([{"epoch": 1, "loss": 0.5, "<b>": 0.1}])

    assert "<b>" not in re.sub("</?thead>|</?tbody>", "", history._repr_html_())
