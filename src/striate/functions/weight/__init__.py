"""Weight functions: from an incoming activation ``a`` to ``z``. This list is the registry."""

from striate.functions.weight.adaptive_average_pooling import (
    AdaptiveAveragePooling as AdaptiveAveragePooling,
)
from striate.functions.weight.average_pooling import AveragePooling as AveragePooling
from striate.functions.weight.blur_pooling import BlurPooling as BlurPooling
from striate.functions.weight.convolution import Convolution as Convolution
from striate.functions.weight.dot_product import DotProduct as DotProduct
from striate.functions.weight.global_average_pooling import (
    GlobalAveragePooling as GlobalAveragePooling,
)
from striate.functions.weight.global_max_pooling import GlobalMaxPooling as GlobalMaxPooling
from striate.functions.weight.identity import Identity as Identity
from striate.functions.weight.lp_pooling import LpPooling as LpPooling
from striate.functions.weight.max_pooling import MaxPooling as MaxPooling
from striate.functions.weight.sum_pooling import SumPooling as SumPooling
from striate.functions.weight.trainable_average_pooling import (
    TrainableAveragePooling as TrainableAveragePooling,
)
from striate.functions.weight.transposed_convolution import (
    TransposedConvolution as TransposedConvolution,
)
