"""Normalization: activations get mean 0 and variance 1, or are divided by their neighbors' size.

One file for each kind; this list is the registry. In a layer, they take the place of the weight
function.
"""

from striate.functions.normalization.batch import BatchNormalization as BatchNormalization
from striate.functions.normalization.group import GroupNormalization as GroupNormalization
from striate.functions.normalization.layer import LayerNormalization as LayerNormalization
from striate.functions.normalization.local_response import (
    LocalResponseNormalization as LocalResponseNormalization,
)
