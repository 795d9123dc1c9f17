"""Plots of a training run and of the network, drawn with Matplotlib (the extra ``plot``)."""

from striate.pictures.confusion import confusion as confusion
from striate.pictures.files import save as save
from striate.pictures.files import save_all as save_all
from striate.pictures.kernels import kernels as kernels
from striate.pictures.learning_curve import learning_curve as learning_curve
from striate.pictures.mistakes import mistakes as mistakes
