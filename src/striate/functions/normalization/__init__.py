"""Normalization: activations get mean 0 and variance 1, or their neighbors' scale taken off.

One file a kind; this list is the registry. They stand in a layer's place for the weight function.
"""

from striate.functions.normalization.batch import BatchNormalization as BatchNormalization
from striate.functions.normalization.group import GroupNormalization as GroupNormalization
from striate.functions.normalization.layer import LayerNormalization as LayerNormalization
from striate.functions.normalization.local_response import (
    LocalResponseNormalization as LocalResponseNormalization,
)
