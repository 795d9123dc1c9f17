"""Initialisers: the first numbers of the weights. One file a kind; this list is the registry."""

from striate.functions.initialiser.constant import Constant as Constant
from striate.functions.initialiser.given import Given as Given
from striate.functions.initialiser.glorot import Glorot as Glorot
from striate.functions.initialiser.he import He as He
from striate.functions.initialiser.lecun import LeCun as LeCun
from striate.functions.initialiser.orthogonal import Orthogonal as Orthogonal
