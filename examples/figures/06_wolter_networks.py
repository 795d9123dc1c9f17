r"""
Wolter's figures: networks
==========================

The second half of the slides puts convolutions into networks that read handwritten digits. The two
figures about training have separate examples:
:ref:`mean convergence <sphx_glr_auto_examples_networks_04_convergence.py>` and
:ref:`with and without convolution
<sphx_glr_auto_examples_networks_05_with_and_without_convolution.py>`.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st

# %%
# .. _wolter-figure-lenet:
#
# LeNet
# -----
#
# Convolutions with pooling, and a dense classifier at the end. The blocks are the feature maps:
# pooling makes them smaller, and convolution makes more of them.

lenet = st.Network.preset("lenet5")

st.pictures.plot_diagram(lenet, "blocks")

# %%
# The slides cite LeCun's paper of 1989. Its network had no pooling: convolutions with a stride of 2
# made the maps smaller.

st.pictures.plot_diagram(st.Network.preset("lenet1989"), "blocks")

# %%
# .. _wolter-figure-digits:
#
# Digits of MNIST
# ---------------
#
# The first images of each class. striate comes with 500 training images and 100 test images of each
# digit.

(x, y), (x_test, y_test) = st.data.load("digits")

st.pictures.samples(x, y, columns=12)

# %%
# Pooling
# -------
#
# The slides say that the result of 2 x 2 max pooling remains the same if the input is shifted by
# two pixels. It doesn't: the result shifts by one pixel. A shift by one pixel can leave it
# unchanged, if the largest pixels stay in their windows, as they do here.

image = np.zeros((6, 6), int)
image[0, 1], image[2, 4] = 7, 4

st.pictures.pooling(image, 2)

# %%

pooled = st.maths.max_pool(image, 2)
by_one = st.maths.max_pool(np.roll(image, 1, axis=0), 2)
by_two = st.maths.max_pool(np.roll(image, 2, axis=0), 2)
print(pooled.tolist(), by_two.tolist())
assert np.array_equal(by_one, pooled)
assert np.array_equal(by_two, np.roll(pooled, 1, axis=0))

# %%
# Receptive fields
# ----------------
#
# Stacked layers have a cumulative effect: after two convolutions and two poolings, a pixel depends
# on 16 x 16 pixels of the image. The rest is dimmed.

st.pictures.receptive_field(lenet, "average2", x[7])
plt.show()
