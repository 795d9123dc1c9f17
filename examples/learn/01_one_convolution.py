r"""
1. One convolution, by hand
===========================

A convolutional network moves a small window over a picture, and computes the same weighted sum at
every position. The weights are an array of numbers, the *kernel*. In this chapter you compute one
convolution yourself, with loops over a NumPy array, and then with one call.

Numbers in parentheses are equations of Hagan's chapter; ``striate equation hagan-8.13`` shows one.
"""

import numpy as np

import striate as st

# %%
# Multiply and add
# ----------------
#
# An image is a matrix :math:`P` of brightness values. Here is a tiny one with three rows and three
# columns, and a kernel :math:`W` with two rows and two columns.

image = np.array([[1, 2, 0], [0, 3, 1], [2, 0, 1]])
kernel = np.array([[1, 0], [2, -1]])

# %%
# Put the kernel on the top left corner of the image. Multiply each kernel element by the pixel
# under it, and add the four products:

print(1 * 1 + 0 * 2 + 2 * 0 + (-1) * 3)

# %%
# That is the first output pixel. Move the kernel one pixel to the right for the next output, and
# one pixel down for the next row. The kernel has four positions inside the image, so the output
# has 2 x 2 pixels. This animation shows them all:

st.pictures.kernel_walk_animation(image, kernel, seconds=1.5)

# %%
# In a formula
# ------------
#
# If the kernel has :math:`r` rows and :math:`c` columns, the output at row :math:`m` and column
# :math:`n` is
#
# .. math::
#
#    z_{m,n} = \sum_{i=1}^{r} \sum_{j=1}^{c} w_{i,j} \, p_{m+i-1,\,n+j-1} \tag{8.13}
#
# The book counts from 1. Python counts from 0, so the -1 disappears, and ``image[m + i, n + j]``
# is the pixel under ``kernel[i, j]``. Two loops run over the output, two over the kernel:


def correlate(image, kernel):
    r, c = kernel.shape
    z = np.zeros((image.shape[0] - r + 1, image.shape[1] - c + 1))
    for m, n in np.ndindex(z.shape):
        for i, j in np.ndindex(r, c):
            z[m, n] += kernel[i, j] * image[m + i, n + j]
    return z


print(correlate(image, kernel))

# %%
# striate has this function, too. It is much faster, and it keeps integers as integers.

z = st.maths.cross_correlate(image, kernel)
print(z)
assert (z == correlate(image, kernel)).all()

# %%
# What is it good for?
# --------------------
#
# The output is large where the image looks like the kernel. To see this, we need a larger image:
# the outline of a square, and a kernel with a short horizontal line.

square = st.data.shapes.square()
line = st.maths.kernels.horizontal()
response = st.maths.cross_correlate(square, line)

st.pictures.images([square, line, response], ["image", "kernel", "output"])

# %%
# The output is 3 where the window contains three pixels of a horizontal line. It is 1 on the
# vertical sides, where only one pixel of the kernel meets the line. So at each
# position, the output says how much of a horizontal line is there.

print(response[2])
assert response.max() == 3

# %%
# A word about the name
# ---------------------
#
# Strictly speaking, you have computed a *cross-correlation*. A convolution reads the image in the
# opposite direction:
#
# .. math::
#
#    z_{m,n} = \sum_{i} \sum_{j} w_{i,j} \, p_{m-i,\,n-j} \tag{8.8}
#
# That is a cross-correlation with the kernel rotated by 180 degrees. A network learns its kernels,
# so the direction makes no difference to it, and the whole field says *convolution* for both.
# striate does so for layers. Its functions have exact names:

z = st.maths.convolve(image, kernel)
flipped = st.maths.rot180(kernel)
assert (z == st.maths.cross_correlate(image, flipped)).all()
print(z)

# %%
# Exercises
# ---------
#
# 1. Compute the four outputs for the kernel ``[[0, 1], [-1, 0]]`` on paper, then change the line
#    ``kernel = ...`` and compare.
# 2. Which kernel has a large output on the *vertical* sides of the square? Try it.
# 3. ``striate exercise P8.1`` is about the flip, and ``striate exercise E8.1`` is a larger
#    convolution. Both check your answers.
#
# Next: :doc:`02_sizes_and_maps`.
