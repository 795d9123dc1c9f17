r"""
Figures 8.1 to 8.3: a convolution layer
=======================================

Hagan's chapter describes convolution in three drawings: the parts of a layer, the kernel on the
image, and a kernel that moves by two pixels at a time.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st

# %%
# .. _hagan-figure-8.1:
#
# Figure 8.1: the parts of a layer
# --------------------------------
#
# The layer convolves its input **P** with the kernel **W**, adds the bias **b**, and applies the
# transfer function. The bias is *untied*: there is one for each of the 3 x 3 output pixels. Layers
# usually have a tied bias, a single number for each kernel.

layer = st.Network.parse("conv 1@2x2 relu bias untied", (4, 4, 1))

st.pictures.plot_diagram(layer, "full")

# %%
# The sizes follow from equations 8.14 and 8.15: in an image of 4 x 4 pixels, a 2 x 2 kernel has
# 4 - 2 + 1 = 3 places along each axis.

assert layer.parameters["conv1.weight"].shape == (1, 1, 2, 2)
assert layer.parameters["conv1.bias"].shape == (1, 3, 3)

# %%
# .. _hagan-figure-8.2:
#
# Figure 8.2: the kernel on the image
# -----------------------------------
#
# Here is equation 8.13 at the first of four positions. Each pixel under the kernel is multiplied by
# the weight in its corner, and the products are added. The kernel must lie within the image, so the
# output of a 3 x 3 image has only 2 x 2 pixels.

image = np.array([[1, 2, 0], [0, 1, 3], [2, 1, 1]])
kernel = np.array([[1, 2], [0, -1]])

st.pictures.kernel_walk(image, kernel)

# %%
# The same convolution in one call. Like Hagan, striate calls this a convolution, although it is a
# cross-correlation: the kernel isn't rotated.

output = st.maths.cross_correlate(image, kernel)
print(output)
assert output.tolist() == [[4, -1], [1, 6]]

# %%
# The same picture as an animation, which notebooks and this page show. For slides, its method
# ``save`` writes SVG and GIF files.

st.pictures.kernel_walk_animation(image, kernel)

# %%
# .. _hagan-figure-8.3:
#
# Figure 8.3: a stride of two
# ---------------------------
#
# With a stride of 2, the kernel moves by two pixels, and the 4 x 4 image has an output of 2 x 2
# pixels: (4 + 0 - 2) / 2 + 1 = 2, equation 8.18. The position drawn is the last one.

image = np.array(
    [
        [1, 2, 0, 1],
        [0, 1, 3, 2],
        [2, 1, 1, 0],
        [1, 0, 2, 3],
    ]
)

st.pictures.kernel_walk(image, kernel, stride=2, position=(1, 1))

# %%
# A larger stride only leaves out positions: the output contains every second row and column of the
# output with stride 1.

every = st.maths.cross_correlate(image, kernel)
strided = st.maths.cross_correlate(image, kernel, stride=2)
assert strided.tolist() == every[::2, ::2].tolist()
plt.show()
