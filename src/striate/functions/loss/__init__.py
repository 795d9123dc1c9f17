"""Losses (performance functions): how far a network's output is from its targets.

Each gives one number an image, a mean over that image's outputs or positions; the loss of a batch
is the mean over its images. One file a kind; this list is the registry.
"""

from striate.functions.loss.absolute_error import AbsoluteError as AbsoluteError
from striate.functions.loss.binary_cross_entropy import BinaryCrossEntropy as BinaryCrossEntropy
from striate.functions.loss.cross_entropy import CrossEntropy as CrossEntropy
from striate.functions.loss.hinge import Hinge as Hinge
from striate.functions.loss.huber import Huber as Huber
from striate.functions.loss.squared_error import SquaredError as SquaredError
