"""Decays of the learning rate during training. One file a kind; this list is the registry."""

from striate.functions.decay.constant import Constant as Constant
from striate.functions.decay.cosine import Cosine as Cosine
from striate.functions.decay.exponential import Exponential as Exponential
from striate.functions.decay.linear_warm_up import LinearWarmUp as LinearWarmUp
from striate.functions.decay.one_cycle import OneCycle as OneCycle
from striate.functions.decay.reduce_on_plateau import ReduceOnPlateau as ReduceOnPlateau
from striate.functions.decay.step import Step as Step
