r"""
Wichmann's figures 1 to 4
=========================

A filter for edges, its use on an image, max pooling, and LeNet-5.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st

# %%
# .. _wichmann-figure-1:
#
# Figure 1: a filter for edges
# ----------------------------
#
# The filter subtracts the pixels at the left from those at the right. The caption calls this
# "horizontal edge detection": what it measures is a gradient in the horizontal direction, which is
# large at *vertical* edges, such as the left side of a door.

kernel = st.maths.kernels.wichmann()

st.pictures.images([kernel], values=True)

# %%
# .. _wichmann-figure-2:
#
# Figure 2: how convolution works
# -------------------------------
#
# The filter on an image that becomes brighter to the right, at one of four positions. The sum of
# products (equation 1.6) is positive. The text speaks of a negative result. It would be negative if
# the filter were rotated first, as in a true convolution (equation 1.5).

image = np.array(
    [
        [1, 2, 4, 6],
        [0, 2, 3, 7],
        [1, 1, 5, 6],
        [0, 3, 4, 8],
    ]
)

st.pictures.kernel_walk(image, kernel, position=(1, 0))

# %%

correlated = st.maths.cross_correlate(image, kernel)
convolved = st.maths.convolve(image, kernel)
print("cross-correlation:", correlated.astype(int).tolist())
print("true convolution: ", convolved.astype(int).tolist())
assert (correlated > 0).all()
assert (convolved == -correlated).all()

# %%
# An edge at which the image becomes darker from top to bottom has no response: it is horizontal.

horizontal_edge = np.repeat([[9], [9], [0], [0]], 4, axis=1)
assert not st.maths.cross_correlate(horizontal_edge, kernel).any()

# %%
# .. _wichmann-figure-3:
#
# Figure 3: max pooling
# ---------------------
#
# Windows of f = 2 pixels, which move by s = 2 (equation 5.2). Each keeps its largest value, and the
# output has half as many rows and columns.

st.pictures.pooling(image, 2)

# %%
# If s is less than f, windows overlap. The first two windows and the last one are outlined, and so
# are their output pixels.

st.pictures.pooling(image, 2, stride=1)

# %%
# .. _wichmann-figure-4:
#
# Figure 4: LeNet-5
# -----------------
#
# Feature maps are drawn as blocks: the farther right, the smaller and the more numerous they are.
# The image has 32 x 32 pixels and the convolutions have no padding, so the sizes are 28, 14, 10 and
# 5, from equation 3.1.

lenet = st.Network.preset("lenet5-valid")

st.pictures.plot_diagram(lenet, "blocks")

# %%
# Most of the 61,706 parameters are in the first dense layer.

assert lenet.parameter_count == 61_706
lenet.summary()

# %%
plt.show()
