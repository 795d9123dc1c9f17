"""Initializers of weights, one file per kind; this list is the registry."""

from striate.functions.initializer.constant import Constant as Constant
from striate.functions.initializer.given import Given as Given
from striate.functions.initializer.glorot import Glorot as Glorot
from striate.functions.initializer.he import He as He
from striate.functions.initializer.lecun import LeCun as LeCun
from striate.functions.initializer.orthogonal import Orthogonal as Orthogonal
