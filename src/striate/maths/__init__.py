"""The mathematics of convolution as in the three texts; it needs only NumPy.

Convolution and cross-correlation of single images and the proof that they are what linear, position
invariant functions are; sizes, padding and receptive fields; convolution as a matrix; and the two
checks that every derivative of the library has to pass. Nothing here knows of layers or networks.
"""

from striate.maths.check import adjoint_gap as adjoint_gap
from striate.maths.check import central_differences as central_differences
from striate.maths.check import relative_error as relative_error
from striate.maths.columns import col2im as col2im
from striate.maths.columns import im2col as im2col
from striate.maths.columns import pad as pad
from striate.maths.columns import pad_adjoint as pad_adjoint
from striate.maths.contract import contract as contract
from striate.maths.linearity import ConvolutionFound as ConvolutionFound
from striate.maths.linearity import NotAConvolution as NotAConvolution
from striate.maths.linearity import as_convolution as as_convolution
from striate.maths.matrices import col2im_matrix as col2im_matrix
from striate.maths.matrices import convolution_matrix as convolution_matrix
from striate.maths.matrices import im2col_matrix as im2col_matrix
from striate.maths.matrices import index_view as index_view
from striate.maths.matrices import shared_weights as shared_weights
from striate.maths.philox import philox as philox
from striate.maths.philox import uniform as uniform
from striate.maths.receptive import ReceptiveField as ReceptiveField
from striate.maths.receptive import receptive_field as receptive_field
from striate.maths.receptive import uncovered_pixels as uncovered_pixels
from striate.maths.signal import convolve as convolve
from striate.maths.signal import cross_correlate as cross_correlate
from striate.maths.signal import impulse as impulse
from striate.maths.signal import impulse_response as impulse_response
from striate.maths.signal import rot180 as rot180
from striate.maths.special import erf as erf
from striate.maths.vectors import unvec as unvec
from striate.maths.vectors import vec as vec
from striate.maths.windows import Axis as Axis
from striate.maths.windows import axes as axes
from striate.maths.windows import transposed_axes as transposed_axes
