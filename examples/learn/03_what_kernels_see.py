r"""
3. What kernels see
===================

A kernel responds to one pattern in a small window. This chapter looks at kernels for edges and for
lines. Then it adds two steps that turn responses into decisions: a nonlinear function and pooling.
"""

import numpy as np

import striate as st

# %%
# Edges
# -----
#
# This kernel subtracts the left neighbor from the right one. Where the image is uniform, the two
# cancel and the output is 0, no matter how bright the image is. Where the brightness changes along
# a row, the output is positive or negative.

edge = st.maths.kernels.wichmann(axis=1)
image = np.zeros((8, 10))
image[2:6, 3:7] = 1
st.pictures.kernel_walk(image, edge, position=(2, 1))

# %%
# Outputs are positive (red) on the left side of the bright block and negative (blue) on the right.
# The transposed kernel finds the top and the bottom. On a photograph, this is how edge detection
# works; see :doc:`../filters/01_filter_a_photograph`.

# %%
# Lines
# -----
#
# In chapter 1, the kernel was a small picture of a line, and the output was large where the image
# contained the line. Such a kernel is a *template*. Mathematically, each output is the inner
# product of the kernel with one window of the image.
#
# Four lines are enough to tell a square from a diamond:

square, diamond = st.data.shapes.square(), st.data.shapes.diamond()
templates = st.data.shapes.KERNELS
pictures = {"square": square, "diamond": diamond} | templates
st.pictures.images([*pictures.values()], [*pictures])

# %%
# Correlate both images with each of the templates, and look at the largest output, first of
# the square, then of the diamond:

for name, template in templates.items():
    in_square = st.maths.cross_correlate(square, template, padding="same")
    in_diamond = st.maths.cross_correlate(diamond, template, padding="same")
    print(f"{name:10} {in_square.max():.0f} {in_diamond.max():.0f}")

# %%
# The square reaches 3 only with horizontal and vertical lines, the diamond only with diagonal
# ones. Here are all eight outputs: the square in the first row, the diamond in the second.

both = np.stack([square, diamond])[:, np.newaxis]  # [q, l, row, column]
kernels = np.stack([*templates.values()])[:, np.newaxis]  # [h, l, u, v]
z = st.maths.cross_correlate(both, kernels, padding="same")
st.pictures.images(z.reshape(8, 15, 15), [*templates] * 2, columns=4)

# %%
# A threshold: bias and relu
# --------------------------
#
# An output of 1 or 2 means that the line is only partly there. To ignore partial matches, add a
# *bias* of -2, then replace negative values by 0. This last function is called relu, for
# *rectified linear unit*:
#
# .. math::
#
#    n_{i,j} = z_{i,j} + b, \qquad a_{i,j} = \max(0, n_{i,j})
#
# Only complete lines are left, with the value 1.


def threshold(z):
    return np.maximum(0, z - 2)


lines = threshold(z)
st.pictures.images(lines.reshape(8, 15, 15), [*templates] * 2, columns=4)

# %%
# Why does this matter? Convolutions alone are linear, and a chain of linear functions is just
# another linear function. It could never express "a horizontal line is here, or it isn't". A
# nonlinear function between the layers, also called an *activation function* or *transfer
# function*, is what makes a deep network more than one big matrix.

# %%
# Pooling
# -------
#
# To decide between a square and a diamond, it matters whether there is a line, not exactly where.
# *Max pooling* takes the largest value of each window, here 3 x 3 pixels, and the windows don't
# overlap:
#
# .. math::
#
#    z_{i,j} = \max \{ v_{r(i-1)+k,\,c(j-1)+l} \mid k = 1, \dots, r;\ l = 1, \dots, c \} \tag{8.24}
#
# The map becomes three times smaller in each direction. The marked pixels are the winners.

st.pictures.pooling(lines[0, 1], 3)

# %%
# Pooling also makes the result less sensitive to the position. Move the square, and much of the
# pooled map stays the same; but a line that moves into the next window moves in the pooled map,
# too.


def pooled(image, template):
    z = st.maths.cross_correlate(image, template, padding="same")
    return st.maths.max_pool(threshold(z), 3)


before = pooled(square, templates["vertical"])
for shift in (1, 2, 3):
    after = pooled(np.roll(square, shift, axis=1), templates["vertical"])
    changed = (before != after).sum()
    print(f"moved by {shift}: {changed} of {before.size} pixels changed")

# %%
# A decision
# ----------
#
# Now the decision is easy. Count the pooled pixels with horizontal or vertical lines, and subtract
# those with diagonal lines:


def score(image):
    counts = [pooled(image, one).sum() for one in templates.values()]
    horizontal, vertical, slash, backslash = counts
    return horizontal + vertical - slash - backslash


print(f"square: {score(square):+.0f}, diamond: {score(diamond):+.0f}")
assert score(square) > 0 > score(diamond)

# %%
# Convolution, bias, nonlinear function, pooling, and a weighted sum at the end: you have just
# designed a convolutional network. The next chapter writes it down as one.
#
# Exercises
# ---------
#
# 1. ``striate exercise E8.2`` is about max pooling, and ``striate exercise E8.3`` asks for kernels
#    that tell all letters apart.
# 2. Change the bias from -2 to -1. What do the maps show then? Is the decision still correct?
# 3. Use average pooling, ``st.maths.average_pool``, in ``pooled``. Does it still work? Why?
#
# Next: :doc:`04_a_network`.
