r"""
2. Sizes, strides and several maps
==================================

How large is the output of a convolution? What happens at the edges of the image? And how does a
convolution work on a color picture, which has three values per pixel?
"""

import numpy as np

import striate as st

rng = np.random.default_rng(0)
image = rng.integers(0, 5, size=(5, 5))
kernel = np.ones((3, 3), int)

# %%
# The size of the output
# ----------------------
#
# A kernel of :math:`r` rows has :math:`R_r - r + 1` positions in an image of :math:`R_r` rows. So
# the output is a little smaller than the image:
#
# .. math::
#
#    S_r = R_r - r + 1 \tag{8.14}

print(st.maths.cross_correlate(image, kernel).shape)

# %%
# Padding
# -------
#
# To keep the size, add a frame of zeros around the image. This is called *padding*, and
# ``padding="same"`` chooses the number of zeros so that the size stays the same. Here, a frame of
# one pixel is enough. In the picture, the kernel is at the top left corner: five of its nine
# pixels are in the frame.

z = st.maths.cross_correlate(image, kernel, padding="same")
assert z.shape == image.shape
st.pictures.kernel_walk(image, kernel, padding="same")

# %%
# Stride
# ------
#
# To make the output smaller, move the kernel by more than one pixel at a time. This step is the
# *stride*. With padding :math:`P^d` on each side and stride :math:`S^t`,
#
# .. math::
#
#    S_r = \left\lfloor \frac{R_r + 2 P^d - r}{S^t} \right\rfloor + 1 \tag{8.18}
#
# The brackets mean rounding down: a position where the kernel would stick out at the
# end has no output. The picture shows the last position with stride 2.

st.pictures.kernel_walk(image, kernel, position=(1, 1), stride=2)

# %%
# Dilation
# --------
#
# A *dilated* kernel has gaps between its elements. It covers a larger area with the same number of
# weights. With dilation 2, a 3 x 3 kernel covers 5 x 5 pixels:

st.pictures.kernel_walk(image, kernel, dilation=2)

# %%
# Here are the output sizes for an image of 28 x 28 pixels and a kernel of 5 x 5. You will meet some
# of them again in LeNet-5.

picture, window = np.zeros((28, 28)), np.ones((5, 5))
same, stride, dilation = {"padding": "same"}, {"stride": 2}, {"dilation": 3}
for options in ({}, same, stride, same | stride, dilation):
    z = st.maths.cross_correlate(picture, window, **options)
    print(f"{z.shape[0]} x {z.shape[1]}  {options}")

# %%
# Several maps
# ------------
#
# A color picture has three values per pixel: three *maps*, also called channels. To convolve it,
# use one kernel per map, and add the three results. To look for several things at once, use
# several such sets of kernels; each set makes one output map, a *feature map*. With :math:`H`
# input maps, the output map :math:`h` is
#
# .. math::
#
#    z^{h}_{i,j} = \sum_{l=1}^{H} \sum_{u=1}^{r} \sum_{v=1}^{c}
#    w^{h,l}_{u,v} \, a^{l}_{i+u-1,\,j+v-1} \tag{8.20}
#
# The input is now called :math:`a`, because it may come from another layer. The kernels form an
# array with four axes: output map, input map, row and column.

maps = rng.integers(-2, 3, size=(2, 5, 5))  # [l, row, column]
kernels = rng.integers(-1, 2, size=(3, 2, 3, 3))  # [h, l, row, column]
z = st.maths.cross_correlate(maps, kernels)
print(z.shape)

# %%
# In the picture, follow one row: each of the two input maps is convolved with its own kernel, and
# the two results are added.

st.pictures.multichannel_convolution(maps, kernels)

# %%
# One output map is the sum of two plain convolutions, as in the formula:

from_map_0 = st.maths.cross_correlate(maps[0], kernels[0, 0])
from_map_1 = st.maths.cross_correlate(maps[1], kernels[0, 1])
assert (z[0] == from_map_0 + from_map_1).all()

# %%
# Why not a full matrix?
# ----------------------
#
# Every output is a weighted sum of pixels, so a convolution is a product with a matrix (8.12). But
# look at this matrix, here for a 2 x 2 kernel on a 4 x 4 image. Each color is one weight. Most
# elements are zero, because a window is small, and the same four weights appear in every row.

st.pictures.convolution_matrix((2, 2), (4, 4))

# %%
# A layer that connects everything with everything would have to learn each element of this matrix.
# The convolution has four weights. The difference grows with the image:

pixels, outputs = 28 * 28, 6 * 28 * 28
print(f"full matrix: {pixels * outputs:,} weights")
print(f"six kernels of 5 x 5: {6 * 5 * 5} weights")

# %%
# Exercises
# ---------
#
# 1. ``striate exercise E8.7``: output size, stride and padding.
# 2. Choose a stride and a padding so that the 28 x 28 image becomes 10 x 10 with a 5 x 5 kernel.
#    Change the loop above to check. There is more than one solution.
# 3. How many weights does a layer with 16 output maps need if its input has 6 maps and the kernels
#    are 5 x 5? The answer is in the summary of LeNet-5, in chapter 4.
#
# Next: :doc:`03_what_kernels_see`.
