"""Transfer functions: from the net input ``n`` to the activation ``a``; this list is the registry.

Each transfer function names the default initializer for the weights before it, the one that keeps
the variance constant from layer to layer. He's weights have twice the variance of LeCun's, because
a rectified linear unit passes on half of the mean square. They are used for relu and similar
functions, which pass on between 0.29 (softplus) and 0.67 (elu) of the mean square of the
derivatives. LeCun's weights are used for the two functions that preserve the variance themselves,
selu and LeCun's scaled tanh. Glorot's weights, a compromise between the forward and the backward
pass, are used for the others.
"""

from striate.functions.transfer.elu import Elu as Elu
from striate.functions.transfer.gelu import Gelu as Gelu
from striate.functions.transfer.hard_swish import HardSwish as HardSwish
from striate.functions.transfer.leaky_relu import LeakyRelu as LeakyRelu
from striate.functions.transfer.linear import Linear as Linear
from striate.functions.transfer.log_softmax import LogSoftmax as LogSoftmax
from striate.functions.transfer.logistic import Logistic as Logistic
from striate.functions.transfer.relu import Relu as Relu
from striate.functions.transfer.scaled_tanh import ScaledTanh as ScaledTanh
from striate.functions.transfer.selu import Selu as Selu
from striate.functions.transfer.silu import Silu as Silu
from striate.functions.transfer.softmax import Softmax as Softmax
from striate.functions.transfer.softplus import Softplus as Softplus
from striate.functions.transfer.tanh import Tanh as Tanh
