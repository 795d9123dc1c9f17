"""The public layers: weight function, net input function and transfer function in usual company."""

from striate.graph.layers.others import Activation as Activation
from striate.graph.layers.others import Add as Add
from striate.graph.layers.others import BatchNorm as BatchNorm
from striate.graph.layers.others import Concatenate as Concatenate
from striate.graph.layers.others import Dropout as Dropout
from striate.graph.layers.others import Flatten as Flatten
from striate.graph.layers.others import GroupNorm as GroupNorm
from striate.graph.layers.others import LayerNorm as LayerNorm
from striate.graph.layers.others import LocalResponseNorm as LocalResponseNorm
from striate.graph.layers.others import Multiply as Multiply
from striate.graph.layers.others import Reshape as Reshape
from striate.graph.layers.pooling import AdaptiveAveragePool as AdaptiveAveragePool
from striate.graph.layers.pooling import AveragePool as AveragePool
from striate.graph.layers.pooling import GlobalAveragePool as GlobalAveragePool
from striate.graph.layers.pooling import GlobalMaxPool as GlobalMaxPool
from striate.graph.layers.pooling import LpPool as LpPool
from striate.graph.layers.pooling import MaxPool as MaxPool
from striate.graph.layers.pooling import SumPool as SumPool
from striate.graph.layers.weighted import Conv as Conv
from striate.graph.layers.weighted import ConvTranspose as ConvTranspose
from striate.graph.layers.weighted import Dense as Dense
from striate.graph.layers.weighted import Input as Input
