"""Convolutional networks that read like the textbook.

The public names are loaded when they are first used, so that ``import striate`` itself loads no
library, not even NumPy. The layers (``Conv``, ``MaxPool``, ...) are those of
:mod:`striate.graph.layers`, which are generated from the kinds; the tables below list the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from striate import data as data
    from striate import equations as equations
    from striate import errors as errors
    from striate import exercises as exercises
    from striate import functions as functions
    from striate import initializers as initializers
    from striate import losses as losses
    from striate import matching as matching
    from striate import maths as maths
    from striate import metrics as metrics
    from striate import nests as nests
    from striate import optimizers as optimizers
    from striate import pictures as pictures
    from striate import recipes as recipes
    from striate import schedules as schedules
    from striate.compile import compile_nests as compile_nests
    from striate.graph.layer import Layer as Layer
    from striate.graph.layers import *  # noqa: F403  # listed in its stub
    from striate.model.loading import load as load
    from striate.model.network import Network as Network
    from striate.recipes.fit_photos import fit_photos as fit_photos
    from striate.recipes.validating import cross_validate as cross_validate
    from striate.runtime.settings import set_threads as set_threads
    from striate.runtime.settings import threads as threads
    from striate.runtime.settings import using_threads as using_threads
    from striate.training.callbacks import Callback as Callback

__version__ = "0.1.0"

_MODULES = (
    "data",
    "equations",
    "errors",
    "exercises",
    "functions",
    "initializers",
    "losses",
    "matching",
    "maths",
    "metrics",
    "nests",
    "optimizers",
    "pictures",
    "recipes",
    "schedules",
)
_OBJECTS = {
    "Callback": "striate.training.callbacks",
    "compile_nests": "striate.compile",
    "cross_validate": "striate.recipes.validating",
    "fit_photos": "striate.recipes.fit_photos",
    "Layer": "striate.graph.layer",
    "Network": "striate.model.network",
    "load": "striate.model.loading",
    **dict.fromkeys(("set_threads", "threads", "using_threads"), "striate.runtime.settings"),
}
_LAYERS = "striate.graph.layers"


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name in _MODULES:
        value = import_module(f"striate.{name}")
    elif name in _OBJECTS:
        value = getattr(import_module(_OBJECTS[name]), name)
    elif name == "__all__":
        return ["__version__", *_MODULES, *_OBJECTS, *import_module(_LAYERS).__all__]
    elif name[:1].isupper() and name in import_module(_LAYERS).__all__:
        value = getattr(import_module(_LAYERS), name)
    else:
        raise AttributeError(f"module 'striate' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__getattr__("__all__"))
