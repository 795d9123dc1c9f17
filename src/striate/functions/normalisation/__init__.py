"""Normalisation: activations get mean 0 and variance 1, or their neighbours' scale taken off.

One file a kind; this list is the registry. They stand in a layer's place for the weight function.
"""

from striate.functions.normalisation.batch import BatchNormalisation as BatchNormalisation
from striate.functions.normalisation.group import GroupNormalisation as GroupNormalisation
from striate.functions.normalisation.layer import LayerNormalisation as LayerNormalisation
from striate.functions.normalisation.local_response import (
    LocalResponseNormalisation as LocalResponseNormalisation,
)
