"""Convolutional networks that read like the textbook.

The tables below list the public names. Each is imported when it is first used, so that importing
striate takes hardly longer than importing NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from striate import data as data
    from striate import errors as errors
    from striate import functions as functions
    from striate import initializers as initializers
    from striate import losses as losses
    from striate import maths as maths
    from striate import nests as nests
    from striate import optimizers as optimizers
    from striate import schedules as schedules
    from striate.graph.layer import Layer as Layer
    from striate.graph.layers import Activation as Activation
    from striate.graph.layers import AdaptiveAveragePool as AdaptiveAveragePool
    from striate.graph.layers import Add as Add
    from striate.graph.layers import AveragePool as AveragePool
    from striate.graph.layers import BatchNorm as BatchNorm
    from striate.graph.layers import Concatenate as Concatenate
    from striate.graph.layers import Conv as Conv
    from striate.graph.layers import ConvTranspose as ConvTranspose
    from striate.graph.layers import Dense as Dense
    from striate.graph.layers import Dropout as Dropout
    from striate.graph.layers import Flatten as Flatten
    from striate.graph.layers import GlobalAveragePool as GlobalAveragePool
    from striate.graph.layers import GlobalMaxPool as GlobalMaxPool
    from striate.graph.layers import GroupNorm as GroupNorm
    from striate.graph.layers import Input as Input
    from striate.graph.layers import LayerNorm as LayerNorm
    from striate.graph.layers import LocalResponseNorm as LocalResponseNorm
    from striate.graph.layers import LpPool as LpPool
    from striate.graph.layers import MaxPool as MaxPool
    from striate.graph.layers import Multiply as Multiply
    from striate.graph.layers import Reshape as Reshape
    from striate.graph.layers import SumPool as SumPool
    from striate.model.loading import load as load
    from striate.model.network import Network as Network
    from striate.runtime.settings import set_threads as set_threads
    from striate.runtime.settings import threads as threads
    from striate.runtime.settings import using_threads as using_threads
    from striate.training.callbacks import Callback as Callback

__version__ = "0.1.0"

_MODULES = (
    "data",
    "errors",
    "functions",
    "initializers",
    "losses",
    "maths",
    "nests",
    "optimizers",
    "schedules",
)
_WHERE = {
    "Callback": "striate.training.callbacks",
    "Layer": "striate.graph.layer",
    "Network": "striate.model.network",
    "load": "striate.model.loading",
    **dict.fromkeys(("set_threads", "threads", "using_threads"), "striate.runtime.settings"),
    **dict.fromkeys(
        (
            "Activation",
            "AdaptiveAveragePool",
            "Add",
            "AveragePool",
            "BatchNorm",
            "Concatenate",
            "Conv",
            "ConvTranspose",
            "Dense",
            "Dropout",
            "Flatten",
            "GlobalAveragePool",
            "GlobalMaxPool",
            "GroupNorm",
            "Input",
            "LayerNorm",
            "LocalResponseNorm",
            "LpPool",
            "MaxPool",
            "Multiply",
            "Reshape",
            "SumPool",
        ),
        "striate.graph.layers",
    ),
}

__all__ = [  # noqa: PLE0604  # pyright: ignore[reportUnsupportedDunderAll]  # the table's names
    "__version__",
    *_MODULES,
    *_WHERE,
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name in _MODULES:
        return import_module(f"striate.{name}")
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'striate' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
