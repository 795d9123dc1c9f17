"""Updates: from derivatives to the next parameters. One file a kind; this list is the registry."""

from striate.functions.update.adagrad import Adagrad as Adagrad
from striate.functions.update.adam import Adam as Adam
from striate.functions.update.adamw import AdamW as AdamW
from striate.functions.update.gradient_descent import GradientDescent as GradientDescent
from striate.functions.update.momentum import Momentum as Momentum
from striate.functions.update.nesterov import Nesterov as Nesterov
from striate.functions.update.rmsprop import RMSprop as RMSprop
