"""Every kind is complete: it is exported, has cases, cites its sources and shows an example."""

import importlib
import inspect
import json
import pkgutil
from dataclasses import is_dataclass

import pytest

import striate.functions
from striate.functions import registry
from striate.functions.base import Function, Loss
from striate.functions.initializer.base import Initializer
from striate.functions.metric.base import Metric
from striate.functions.optimizer.base import Optimizer
from striate.functions.schedule.base import Schedule

BASES = (Function, Loss, Metric, Optimizer, Schedule, Initializer)


def _concrete():
    """Find the concrete classes below `striate.functions`, wherever they are defined."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(striate.functions.__path__, "striate.functions.")
    ]
    return sorted(
        {
            item
            for module in modules
            for item in vars(module).values()
            if inspect.isclass(item)
            and item.__module__ == module.__name__
            and issubclass(item, BASES)
            and not inspect.isabstract(item)
        },
        key=lambda kind: (kind.__module__, kind.__name__),
    )


KINDS = [pytest.param(kind, id=kind.__name__) for kind in _concrete()]


def _family(kind):
    """Return the family in which a kind is registered."""
    return next(
        (family for family, kinds in registry.FAMILIES.items() if kind in kinds.values()), None
    )


def test_kinds_are_found():
    """The search in the package finds more than fifty kinds."""
    assert len(KINDS) > 50


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_exported(kind):
    """A kind is exported by its package; the exports are the registry."""
    assert _family(kind) is not None, f"add {kind.__name__} to the __init__.py of its package"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_frozen_data(kind):
    """A kind is a frozen dataclass with keyword-only options."""
    assert is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    assert all(field.kw_only for field in kind.__dataclass_fields__.values() if field.init)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_cases(kind):
    """A kind has small instances for contract tests, docs and benchmarks."""
    assert len(kind.cases()) >= 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_names_its_sources(kind):
    """The docstring cites the kind's sources and shows an example."""
    text = inspect.getdoc(kind)

    assert "Sources\n-------\n" in text
    assert "Examples\n--------\n" in text
    assert ">>> " in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_equation_names_its_sources(kind):
    """The docstrings of `apply` and each `backward_*` cite their sources, too."""
    methods = {
        name: method
        for name, method in vars(kind).items()
        if name == "apply" or name.startswith("backward_")
    }

    for name, method in methods.items():
        assert "Sources\n-------\n" in inspect.getdoc(method), name


@pytest.mark.parametrize("kind", KINDS)
def test_every_case_survives_a_model_file(kind):
    """An instance that is written as JSON and read again is equal."""
    for case in kind.cases():
        instance = _instance(case)

        written = json.dumps(registry.to_data(instance))

        assert registry.from_data(_family(kind), json.loads(written)) == instance


def _instance(case):
    """Return the instance of a case."""
    for name in ("function", "loss", "initializer"):
        if hasattr(case, name):
            return getattr(case, name)
    return case
