"""Optimizers: from derivatives to new parameters, one file per kind; this list is the registry."""

from striate.functions.optimizer.adagrad import Adagrad as Adagrad
from striate.functions.optimizer.adam import Adam as Adam
from striate.functions.optimizer.adamw import AdamW as AdamW
from striate.functions.optimizer.gradient_descent import GradientDescent as GradientDescent
from striate.functions.optimizer.momentum import Momentum as Momentum
from striate.functions.optimizer.nesterov import Nesterov as Nesterov
from striate.functions.optimizer.rmsprop import RMSprop as RMSprop
