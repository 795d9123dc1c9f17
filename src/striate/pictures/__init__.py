"""Pictures of convolutions, networks, data and training runs, with Matplotlib (the extra ``plot``).

Every function draws one picture and returns its Matplotlib axes. It takes ``ax=``, axes to draw
into (by default a new figure), and ``theme=``: ``"light"``, ``"dark"``, or ``"auto"``, which
follows the color of the axes. Two results are more than a picture: :func:`diagram` returns an SVG
drawing and :func:`kernel_walk_animation` an animation. Notebooks show both, and both have ``save``.

Arrays are indexed as in the equations, ``image[row, column]`` and ``kernels[h, l, u, v]``; images
of data sets have their channels last.
"""

from striate.pictures.activations import activations as activations
from striate.pictures.animation import Animation as Animation
from striate.pictures.augmented import augmented as augmented
from striate.pictures.confusion import confusion as confusion
from striate.pictures.diagram import diagram as diagram
from striate.pictures.diagram import plot_diagram as plot_diagram
from striate.pictures.feature_maps import feature_maps as feature_maps
from striate.pictures.files import save as save
from striate.pictures.files import save_all as save_all
from striate.pictures.images import images as images
from striate.pictures.kernel_walk import kernel_walk as kernel_walk
from striate.pictures.kernel_walk import kernel_walk_animation as kernel_walk_animation
from striate.pictures.kernels import gradients as gradients
from striate.pictures.kernels import kernels as kernels
from striate.pictures.learning_curve import learning_curve as learning_curve
from striate.pictures.learning_rates import learning_rates as learning_rates
from striate.pictures.matrices import convolution_matrix as convolution_matrix
from striate.pictures.matrices import im2col as im2col
from striate.pictures.multichannel import multichannel_convolution as multichannel_convolution
from striate.pictures.pooling import pooling as pooling
from striate.pictures.receptive_field import receptive_field as receptive_field
from striate.pictures.samples import contact_sheet as contact_sheet
from striate.pictures.samples import mistakes as mistakes
from striate.pictures.samples import samples as samples
from striate.pictures.score_map import detections as detections
from striate.pictures.score_map import score_map as score_map
from striate.pictures.signals import signals as signals
from striate.pictures.terms import terms as terms
from striate.pictures.text import text as text
