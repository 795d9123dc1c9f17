"""Every option of every kind is checked when the kind is made."""

import copy
import math
import pickle
from dataclasses import MISSING, fields

import numpy as np
import pytest

import striate as st
from striate.errors import OptionError, StriateError
from striate.functions import registry
from striate.functions.options import (
    Each,
    FiniteArray,
    Flag,
    InstanceOf,
    OneOf,
    OrNone,
    PaddingForms,
    PerAxis,
    Range,
)
from striate.functions.reshape import NewShape
from striate.graph import layers

NEVER = ["a word", object(), math.nan, math.inf, -math.inf, 1j, [], {}, np.nan, b"x", [[[1]]]]
"""Values that no option allows."""


def wrong_values(allowed):
    """Return values that an option must reject, according to its declaration."""
    match allowed:
        case Range():
            values = [*NEVER, None, True, np.True_, "1", 10**400, -(10**400), 1e300, (1,)]
            values += [10**30, -(10**30)] if allowed.whole else []
            values += (
                [-1, -0.5] if 0 in (allowed.least, allowed.above) or allowed.least == 1 else []
            )
            values += [0, 0.0] if allowed.above == 0 or allowed.least == 1 else []
            values += [1.5, 2.0] if allowed.whole else []
            values += [1.5] if 1 in (allowed.most, allowed.below) else []
        case OneOf():
            values = [*NEVER, 0, 1, False, True, ""]
            values += [] if None in allowed.words else [None]
        case Flag():
            values = [*NEVER, 0, 1, None, "true"]
        case PerAxis() | PaddingForms():
            values = [*NEVER, None, True, -1, (2, -1), 2.5, (2, True), 10**30, "sam", (1,) * 4]
            values += [0, (3, 0)] if isinstance(allowed, PerAxis) and allowed.numbers.least else []
        case OrNone():
            values = [value for value in wrong_values(allowed.allowed) if value is not None]
        case Each():
            values = [*NEVER, 1, "1", (), (-1,), (True,)]
        case InstanceOf():
            values = [*NEVER, 1, None, True, "constant"]
        case FiniteArray():
            values = [value for value in NEVER if value != [[[1]]]]
            values += [None, True, [[1], [1, 2]], [1e39], [None]]
        case NewShape():
            values = [*NEVER, 3, (0, 2), (-1, -1), (-2,), (1,) * 9, (True, 2), (10**30,)]
    return values


def _id(value):
    return repr(value) if len(repr(value)) < 20 else type(value).__name__


KINDS = [kind for kinds in registry.FAMILIES.values() for kind in kinds.values()]
OPTIONS = [(kind, field) for kind in KINDS for field in fields(kind)]


@pytest.mark.parametrize(
    ("kind", "field"), [pytest.param(k, f, id=f"{k.__name__}-{f.name}") for k, f in OPTIONS]
)
def test_every_option_declares_what_it_allows(kind, field):
    """An option without a declaration would accept everything."""
    assert "allowed" in field.metadata, f"declare {kind.__name__}.{field.name} with option(...)"


def others(kind, name):
    """Return valid values for the options without a default."""
    return {
        field.name: field.metadata["example"]
        for field in fields(kind)
        if field.name != name and field.default is MISSING is field.default_factory
    }


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        pytest.param(kind, field, value, id=f"{kind.__name__}-{field.name}-{_id(value)}")
        for kind, field in OPTIONS
        for value in wrong_values(field.metadata["allowed"])
    ],
)
def test_a_wrong_value_is_refused_when_the_kind_is_made(kind, field, value):
    """The error names the option and the value, and a value that works."""
    with pytest.raises(OptionError) as error:
        kind(**others(kind, field.name), **{field.name: value})

    text = str(error.value)
    assert f"`{field.name}` must be " in text
    assert ", got " in text
    assert " Try " in text or " Did you mean " in text


@pytest.mark.parametrize(
    ("kind", "field"), [pytest.param(k, f, id=f"{k.__name__}-{f.name}") for k, f in OPTIONS]
)
def test_the_value_that_an_error_suggests_works(kind, field):
    """Following the remedy doesn't lead to another error."""
    made = kind(**others(kind, field.name), **{field.name: field.metadata["example"]})

    assert getattr(made, field.name) == field.metadata["example"]


LAYERS = {
    name: construct for name, construct in vars(layers).items() if name in layers.CONSTRUCTORS
}
WRONG_LAYER_OPTIONS = {
    "activation": [None, 3, np.tanh, "rleu", "", "leaky-relu(slope=x)", ["relu"], True],
    "bias": ["shared", 3, True, False, np.zeros(3), ""],
    "net_input": [None, "summ", 3, np.add],
    "initializer": ["he", 3, object(), [["a"]], [[1], [1, 2]], np.array([math.nan]), np.array("x")],
    "name": [3, "", "a b", "a.b", object(), ["a"]],
}


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("layer", "option", "value"),
    [
        pytest.param(layer, option, value, id=f"{layer}-{option}-{_id(value)}")
        for layer, construct in LAYERS.items()
        for option, values in WRONG_LAYER_OPTIONS.items()
        if option in construct.__signature__.parameters and layer != "LocalResponseNorm"
        for value in values
    ],
)
def test_a_wrong_option_of_a_layer_is_refused_when_it_is_made(layer, option, value):
    """The options of layers are checked as well."""
    construct = LAYERS[layer]
    given = {
        p.name: next(f.metadata["example"] for k, f in OPTIONS if _fills(k, layer, f, p))
        for p in construct.__signature__.parameters.values()
        if p.default is p.empty
    }

    with pytest.raises(StriateError) as error:
        construct(**given, **{option: value})

    assert len(str(error.value)) < 500


def _fills(kind, layer, field, parameter):
    return (
        getattr(kind, "layer", None) and kind.layer.name == layer and field.name == parameter.name
    )


@pytest.mark.bad_input
@pytest.mark.parametrize("kind", [kind for family in registry.FAMILIES.values()
                                  for kind in family.values()])  # fmt: skip
def test_a_missing_option_is_named(kind):
    """Without arguments, a kind uses its defaults, or shows a call that works."""
    needed = [f.name for f in fields(kind) if f.default is MISSING is f.default_factory]
    if not needed:
        assert kind() == kind()
        return
    with pytest.raises(OptionError) as error:
        kind()

    text = str(error.value)
    assert text.startswith(f"{kind.__name__} needs `{needed[0]}`. For example, write ")
    call = text.partition("For example, write ")[2].removesuffix(".")
    made = eval(call, {kind.__name__: kind})  # what a user would type
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made


@pytest.mark.bad_input
@pytest.mark.parametrize("name", layers.CONSTRUCTORS)
def test_a_layer_without_its_arguments_shows_a_call(name):
    """The public constructors say it in their own words."""
    construct = layers.CONSTRUCTORS[name]
    try:
        construct()
    except OptionError as error:
        text = str(error)
        assert text.startswith(f"{name} needs `")
        eval(text.partition("For example, write ")[2].removesuffix("."), {name: construct})


@pytest.mark.bad_input
def test_a_list_that_contains_itself_is_refused():
    """A list that contains itself doesn't exhaust the stack."""
    endless = []
    endless.append(endless)

    with pytest.raises(OptionError) as error:
        st.Conv(6, endless)

    assert str(error.value) == (
        "`kernel_size` is a list nested hundreds of levels deep. Use a flat list."
    )


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("computed", "written"),
    [
        (
            lambda: st.Conv(np.int64(2), [3, 3], stride=np.array([1, 2])),
            lambda: st.Conv(2, (3, 3), stride=(1, 2)),
        ),
        (lambda: st.Dense(np.uint8(10)), lambda: st.Dense(10)),
        (lambda: st.AdaptiveAveragePool([2, 3]), lambda: st.AdaptiveAveragePool((2, 3))),
        (lambda: st.Reshape(np.array([2, 3, 4])), lambda: st.Reshape((2, 3, 4))),
    ],
)
def test_numbers_of_numpy_and_lists_become_plain(computed, written):
    """A kind with NumPy numbers equals one with Python numbers, and prints alike."""
    assert computed().weight == written().weight
    assert repr(computed()) == repr(written())
