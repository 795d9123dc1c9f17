"""Networks as data: round trips are complete, and damaged data raises only StriateErrors."""

import copy
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st_

import striate as st
from striate.errors import StriateError
from striate.functions.initializer import Given, Orthogonal
from striate.graph.document import from_document, to_document
from striate.graph.graph import Graph
from striate.graph.parameters import start_parameters
from striate.model.network import network_of


def everything():
    """Return a graph with several inputs and outputs, shared layers, initializers and options."""
    left, right = st.Input((6, 6, 1), name="left"), st.Input((6, 6, 1), name="right")
    kernel = Given(values=[[[[1, 1], [-1, -1]]], [[[1, -1], [1, -1]]]])
    stem = st.Conv(2, 2, activation="leaky-relu", initializer=kernel, name="stem")
    joined = st.Concatenate()([stem(left), stem(right)])
    conv = st.Conv(3, (3, 2), stride=(2, 1), padding=((1, 0), (0, 2)), groups=1, bias="untied",
                   initializer=Orthogonal(gain=2.0))(joined)  # fmt: skip
    pooled = st.MaxPool(2, stride=1, ceil_mode=True)(st.BatchNorm(activation="relu")(conv))
    dense = st.Dense(4, activation="softmax")(st.Flatten("columns")(st.Dropout(0.25)(pooled)))
    return Graph.of([dense, st.Multiply(name="product")([pooled, pooled])])


def test_a_graph_comes_back():
    """Names, order, kinds, options, initializers, shared layers, inputs and outputs are kept."""
    graph = everything()
    document = to_document(graph)
    again = from_document(json.loads(json.dumps(document)))

    assert to_document(again) == document
    assert again.shapes == graph.shapes
    assert again.outputs == graph.outputs
    assert [place.owner for place in again.layers] == [place.owner for place in graph.layers]
    np.testing.assert_array_equal(start_parameters(again, 3), start_parameters(graph, 3))


def test_a_graph_that_comes_back_is_written_alike():
    """A network that was read from data can be written as shorthand."""
    graph = st.Network.preset("resnet20").graph

    assert network_of(from_document(to_document(graph))).to_text() == network_of(graph).to_text()


JUNK = st_.sampled_from(
    [None, True, 0, -1, 1.5, 10**30, float("nan"), "", "input", "stem", "@2", "conv", [], [1], {},
     [[]], {"kind": "convolution"}, {"kind": 3}, [0, 0], ["stem"], {"a": "b"}, [None]]
)  # fmt: skip


def places_in(value, path=()):
    """Return the paths of all values in nested data."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places_in(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places_in(inner, (*path, number))


DOCUMENT = to_document(everything())
PLACES = [place for place in places_in(DOCUMENT) if place]


def changed(document, place, how, junk):
    """Replace, remove, duplicate or swap the value at a path."""
    *path, last = place
    holder, junk = document, copy.deepcopy(junk)  # a list that contains itself isn't valid data
    for step in path:
        holder = holder[step]
    match how:
        case "replace":
            holder[last] = junk
        case "remove":
            del holder[last]
        case "double" if isinstance(holder, list):
            holder.insert(last, copy.deepcopy(holder[last]))
        case "reverse" if isinstance(holder[last], list):
            holder[last].reverse()
        case "add" if isinstance(holder[last], dict):
            holder[last]["more"] = junk


@given(
    st_.lists(
        st_.tuples(
            st_.sampled_from(PLACES),
            st_.sampled_from(["replace", "replace", "remove", "double", "reverse", "add"]),
            JUNK,
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=1500, deadline=None)
def test_damaged_data_gives_a_network_or_a_striate_error(changes):
    """Any change to a network's data is accepted or raises a StriateError."""
    document = copy.deepcopy(DOCUMENT)
    for place, how, junk in changes:
        try:
            changed(document, place, how, junk)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change has removed this path
    try:
        graph = from_document(document)
    except StriateError as error:
        assert str(error)  # noqa: PT017  # either outcome is valid
    else:
        assert graph.layers
        assert to_document(from_document(to_document(graph))) == to_document(graph)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_nothing_in_the_data_is_unread(place):
    """Each value of a network's data matters: a different one is rejected or kept."""
    document = copy.deepcopy(DOCUMENT)
    *path, last = place
    holder = document
    for step in path:
        holder = holder[step]
    holder[last] = {"strange": [1, {"and": "deep"}]}
    try:
        graph = from_document(document)
    except StriateError:
        return
    assert to_document(graph) != DOCUMENT
