"""The mathematics of convolution as in the three texts; it needs only NumPy.

Convolution and cross-correlation of images and feature maps, their transposes, pooling, and the
backward equations of all of them; named kernels and restoration; the proof that linear, position
invariant functions are convolutions; sizes, padding and receptive fields; convolution as a matrix;
and the two checks that every derivative of the library has to pass. Arrays are indexed as in the
equations: images ``a[q, l, rows, columns]``, kernels ``w[h, l, u, v]``.
"""

from striate.maths import kernels as kernels
from striate.maths.blurring import binomial as binomial
from striate.maths.blurring import blur_pool as blur_pool
from striate.maths.blurring import blur_pool_backward as blur_pool_backward
from striate.maths.check import adjoint_gap as adjoint_gap
from striate.maths.check import central_differences as central_differences
from striate.maths.check import relative_error as relative_error
from striate.maths.columns import col2im as col2im
from striate.maths.columns import im2col as im2col
from striate.maths.columns import pad as pad
from striate.maths.columns import pad_adjoint as pad_adjoint
from striate.maths.contract import contract as contract
from striate.maths.gradients import Gradients as Gradients
from striate.maths.gradients import convolve_backward as convolve_backward
from striate.maths.gradients import cross_correlate_backward as cross_correlate_backward
from striate.maths.impulses import ImpulseTerm as ImpulseTerm
from striate.maths.impulses import impulse as impulse
from striate.maths.impulses import impulse_decomposition as impulse_decomposition
from striate.maths.impulses import impulse_response as impulse_response
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
from striate.maths.pooling import average_pool as average_pool
from striate.maths.pooling import average_pool_backward as average_pool_backward
from striate.maths.pooling import max_pool as max_pool
from striate.maths.pooling import max_pool_backward as max_pool_backward
from striate.maths.pooling import max_pool_winners as max_pool_winners
from striate.maths.pooling import sum_pool as sum_pool
from striate.maths.pooling import sum_pool_backward as sum_pool_backward
from striate.maths.pooling import trainable_average_pool as trainable_average_pool
from striate.maths.pooling import trainable_average_pool_backward as trainable_average_pool_backward
from striate.maths.receptive import ReceptiveField as ReceptiveField
from striate.maths.receptive import receptive_field as receptive_field
from striate.maths.receptive import uncovered_pixels as uncovered_pixels
from striate.maths.restoration import inverse_filter as inverse_filter
from striate.maths.restoration import wiener_filter as wiener_filter
from striate.maths.signal import convolve as convolve
from striate.maths.signal import cross_correlate as cross_correlate
from striate.maths.signal import rot180 as rot180
from striate.maths.special import erf as erf
from striate.maths.transposed import convolve_transpose as convolve_transpose
from striate.maths.transposed import convolve_transpose_backward as convolve_transpose_backward
from striate.maths.transposed import cross_correlate_transpose as cross_correlate_transpose
from striate.maths.transposed import (
    cross_correlate_transpose_backward as cross_correlate_transpose_backward,
)
from striate.maths.vectors import unvec as unvec
from striate.maths.vectors import vec as vec
from striate.maths.windows import Axis as Axis
from striate.maths.windows import axes as axes
from striate.maths.windows import transposed_axes as transposed_axes
