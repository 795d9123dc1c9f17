"""The kinds, one file each: the functions of layers, losses, optimizers, schedules, initializers.

Each package lists its kinds, ``striate.functions.weight.Convolution``; the registry finds them by
name.
"""

from striate.functions import initializer as initializer
from striate.functions import loss as loss
from striate.functions import metric as metric
from striate.functions import net_input as net_input
from striate.functions import normalization as normalization
from striate.functions import optimizer as optimizer
from striate.functions import schedule as schedule
from striate.functions import transfer as transfer
from striate.functions import weight as weight
