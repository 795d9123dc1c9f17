"""The table of a network: sizes, parameters, multiply-adds, receptive fields, uncovered pixels."""

import os
import pty
import re
import sys

import pytest

import striate as st
from striate.model.network import core_of


def rows_of(text, shape):
    """Summarize a network, by the names of its layers."""
    return {row.name: row for row in st.Network.parse(text, shape).summary().rows}


@pytest.mark.parametrize("name", ["lenet5", "resnet20", "unet-small"])
def test_the_table(name, golden):
    """The table as printed without a terminal."""
    golden(f"graph/summary-{name}", str(st.Network.preset(name).summary()))


@pytest.mark.parametrize("width", [80, 60])
def test_the_table_on_a_narrow_terminal(width, golden):
    """On a terminal, headings wrap between words, and columns without room are listed below."""
    lines = st.Network.preset("unet-small").summary().lines(width)

    golden(f"graph/summary-unet-small-{width}", "\n".join(line.plain for line in lines))
    assert max(line.cell_len for line in lines) <= width


def test_wichmann_3_3():
    """Wichmann 3.3: 39 -> 37 -> 17 -> 7, 1,960 features at the end."""
    rows = rows_of(
        "conv 10@3x3 | conv 20@5x5 stride 2 | conv 40@5x5 stride 2 | dense 1 logistic", (39, 39, 3)
    )

    assert [rows[f"conv{k}"].shape for k in (1, 2, 3)] == [(10, 37, 37), (20, 17, 17), (40, 7, 7)]
    assert rows["flatten1"].shape == (1_960,)
    assert [rows[f"conv{k}"].sizes for k in (1, 2, 3)] == [
        "39 - 3 + 1 = 37", "(37 - 5)/2 + 1 = 17", "(17 - 5)/2 + 1 = 7",
    ]  # fmt: skip
    assert all(row.uncovered in {(), (0, 0)} for row in rows.values())


def test_pixels_that_the_floor_loses():
    """Wichmann 2.3: if the stride doesn't fit, the last pixels are never used."""
    rows = rows_of("conv 1@3x3 stride 2 | max 2", (8, 10, 1))

    assert rows["conv1"].uncovered == (1, 1)
    assert rows["max1"].uncovered == (1, 0)
    assert "conv1: 1 row and 1 column of its input uncovered" in str(
        st.Network.parse("conv 1@3x3 stride 2", (8, 10, 1)).summary()
    )


def test_multiply_adds_by_hand():
    """One product per kernel element and position, and per weight of a dense layer."""
    summary = st.Network.preset("lenet5-valid").summary()
    products = {row.name: row.multiply_adds for row in summary.rows}

    assert products["conv1"] == 6 * 28 * 28 * 25
    assert products["conv2"] == 16 * 10 * 10 * 6 * 25
    assert products["dense1"] == 120 * 400
    assert products["dense3"] == 10 * 84
    assert summary.multiply_adds == sum(products.values())


def test_products_with_padding_are_left_out():
    """At the edge, a kernel of 3 covers only two pixels."""
    rows = rows_of("conv 1@3x3 same", (4, 4, 1))

    assert rows["conv1"].multiply_adds == (2 + 3 + 3 + 2) ** 2


def test_receptive_fields():
    """A receptive field depends on the window and on earlier layers; a dense layer sees all."""
    rows = rows_of("conv 1@5x3 | max 2 | conv 1@3x3 dilation 2 | dense 1", (20, 20, 1))

    assert rows["conv1"].receptive_field == (5, 3)
    assert rows["max1"].receptive_field == (6, 4)
    # Five pixels of the previous map, two apart: 4 more steps of 2.
    assert rows["conv2"].receptive_field == (6 + 4 * 2, 4 + 4 * 2)
    assert rows["dense1"].receptive_field == ()


def test_a_layer_that_enlarges_sees_no_more_than_its_pixels():
    """Each pixel of an enlarged map comes from one pixel: kernel and stride are the same."""
    rows = rows_of(
        "conv 1@3x3 same as a | max 2 | conv-transpose 1@2x2 stride 2 | add a", (8, 8, 1)
    )

    assert rows["max1"].receptive_field == (4, 4)
    assert rows["conv-transpose1"].receptive_field == (4, 4)
    assert rows["add1"].receptive_field == (4, 4)
    alone = rows_of("conv-transpose 1@2x2 stride 2", (8, 8, 1))
    assert alone["conv-transpose1"].receptive_field == (1, 1)


@pytest.mark.parametrize("norm", ["group-norm 1", "layer-norm"])
def test_normalization_over_the_image_sees_all_of_it(norm):
    """Mean and variance depend on every pixel, and so does what comes after."""
    rows = rows_of(f"conv 2@3x3 | {norm} as norm | conv 2@3x3", (9, 9, 1))

    assert rows["conv1"].receptive_field == (3, 3)
    assert rows["norm"].receptive_field == rows["conv2"].receptive_field == ()


def test_absurd_networks_are_summarized_at_once():
    """Sizes are integers, and no table of pixels is created, so sizes can be large."""
    texts = ["average 1", "conv 4@3x3 same | max 2", "adaptive-average 1048573x7", "lp 3 padding 1"]

    for text in texts:
        rows = rows_of(text, (2**24, 2**20, 1)).values()

        assert all(row.multiply_adds >= 0 for row in rows)


def test_where_strides_differ_no_number_says_it():
    """The field of a layer that combines branches with different strides is left empty."""
    strides = rows_of("conv 1@1x1 stride 2 as a | conv 1@5x5 from input | add a", (8, 8, 1))

    assert strides["add1"].receptive_field is None


def test_a_shared_layer_counts_once():
    """Shared parameters are counted once, multiply-adds for each use."""
    rows = rows_of("dense 4 as twin | again twin", (4,))

    assert (rows["twin"].parameters, rows["twin@2"].parameters) == (20, 0)
    assert rows["twin"].multiply_adds == rows["twin@2"].multiply_adds == 16


def test_the_summary_counts_what_there_is():
    """The sum of the table is the length of the buffer."""
    for name in ("resnet20", "unet-small", "mobilenet-small"):
        net = st.Network.preset(name)

        assert net.summary().parameters == net.parameter_count == core_of(net).buffers[0].size


def test_on_a_terminal(monkeypatch):
    """In a terminal, the table has colors and fits the width; otherwise it is plain."""
    summary = st.Network.preset("lenet5").summary()
    controller, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as screen:
        monkeypatch.setattr(sys, "stdout", screen)
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.delenv("NO_COLOR", raising=False)
        text = str(summary)
        monkeypatch.undo()
    os.close(controller)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)

    assert "\x1b[" in text
    assert "\x1b[" not in str(summary)
    assert max(map(len, plain.splitlines()[:10])) <= 100
    assert "61,706 parameters" in plain
    for row in summary.rows:
        assert row.name in plain


def test_a_network_prints_as_its_text():
    """A network prints its shorthand if it has one, or one line with sizes."""
    given = st.functions.initializer.Given(values=[[[[1.0]]]])
    by_hand = st.Network([st.Conv(1, 1, initializer=given)], input_shape=(2, 2, 1))

    assert str(st.Network.parse("dense 2", (3,))) == "dense 2"
    assert str(by_hand) == "<Network (2, 2, 1) -> (2, 2, 1), 1 layers, 2 parameters>"
    assert (
        repr(st.Network.parse("dense 2", (3,))) == "<Network (3,) -> (2,), 1 layers, 8 parameters>"
    )
