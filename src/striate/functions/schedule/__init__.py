"""Learning-rate schedules, one file per kind; this list is the registry."""

from striate.functions.schedule.constant import Constant as Constant
from striate.functions.schedule.cosine import Cosine as Cosine
from striate.functions.schedule.exponential import Exponential as Exponential
from striate.functions.schedule.linear_warm_up import LinearWarmUp as LinearWarmUp
from striate.functions.schedule.one_cycle import OneCycle as OneCycle
from striate.functions.schedule.reduce_on_plateau import ReduceOnPlateau as ReduceOnPlateau
from striate.functions.schedule.step_decay import StepDecay as StepDecay
