r"""
Wolter's figures: convolutions
==============================

Wolter's slides show how a kernel slides over an image: by one pixel, by two pixels, and with
padding. Several channels and the search for Waldo follow. The figures have no numbers, so
each is named by its subject here.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st
from striate.data.crowd import draw_crowd

rng = np.random.default_rng(4)

# %%
# .. _wolter-figure-convolution:
#
# Convolution without padding
# ---------------------------
#
# A 3 x 3 kernel fits into a 4 x 4 image at 2 x 2 positions: o = (4 - 3) + 1 = 2, equation 4. Each
# output pixel is the sum of nine products, equation 3. Products with a weight of 0 are left out.

image = rng.integers(0, 4, (4, 4))
kernel = np.array([[1, 0, 2], [0, 3, 0], [2, 0, 1]])

st.pictures.kernel_walk(image, kernel, position=(0, 1))

# %%
# .. _wolter-figure-strides:
#
# Convolution with a stride of two
# --------------------------------
#
# The kernel moves by two pixels, so the output of a 5 x 5 image has 2 x 2 pixels. Large images have
# about half the resolution afterwards.

larger = rng.integers(0, 4, (5, 5))

st.pictures.kernel_walk(larger, kernel, stride=2, position=(1, 0))

# %%
# For slides, the same as an animation: ``save`` writes SVG and GIF files.

st.pictures.kernel_walk_animation(larger, kernel, stride=2)

# %%
# .. _wolter-figure-padding:
#
# Convolution with full padding
# -----------------------------
#
# With two rows and columns of zeros on each side, every position at which kernel and image share a
# pixel counts. The output is larger than the image: 5 + 2 · 2 - 3 + 1 = 7.

st.pictures.kernel_walk(larger, kernel, padding="full", position=(0, 3))

# %%
# Here are the sizes of the outputs for the 5 x 5 image. "Same" padding adds half as much,
# so the image keeps its size: no pixels are lost at the sides.

for padding in ("valid", "same", "full"):
    output = st.maths.cross_correlate(larger, kernel, padding=padding)
    print(f"padding {padding}: {output.shape}")
assert output.shape == (7, 7)

# %%
# .. _wolter-figure-channels:
#
# Several channels
# ----------------
#
# A 3 x 2 x 3 x 3 kernel on a 2 x 5 x 5 input. Each row is one output channel: each input channel is
# convolved with a different kernel, and the results are added. The three sums are stacked.

channels = rng.integers(0, 3, (2, 5, 5))
kernels = rng.integers(-1, 2, (3, 2, 3, 3))

st.pictures.multichannel_convolution(channels, kernels)

# %%
# In the library, this is one call. ``w[h, l, u, v]`` has an index for the output channel, the input
# channel, the row and the column.

correlate = st.maths.cross_correlate
stacked = correlate(channels, kernels)
print(stacked.shape)
for h in range(3):
    added = sum(correlate(channels[l], kernels[h, l]) for l in range(2))
    assert np.array_equal(stacked[h], added)

# %%
# .. _wolter-figure-waldo:
#
# Finding Waldo
# -------------
#
# Cross-correlation locates patterns. Here is a crowd that we drew. The template is a person with
# glasses, a bobble hat and a striped shirt, and the box is where it was found. The plain sum of
# products prefers bright regions, so the score is *normalized*: it lies between -1 and 1, and 1
# means equal up to brightness and contrast.

crowd = draw_crowd(seed=3, size=(400, 600), largest_change=0, steepest=0)
[match] = st.matching.find(crowd.scene, crowd.template, masks=crowd.mask)

st.pictures.detections(crowd.scene, [match])

# %%
# The score at every position of the template. A score belongs to the window whose top left pixel is
# there, so the ring marks the highest one. In
# :ref:`sphx_glr_auto_examples_template_matching_02_find_waldo.py`, the crowd is larger, and Waldo
# is scaled and tilted.

scores = st.matching.score_map(crowd.scene, crowd.template, mask=crowd.mask)
st.pictures.score_map(scores, [match])

row, column = match.center
assert np.hypot(row - crowd.row, column - crowd.column) < 3
plt.show()
