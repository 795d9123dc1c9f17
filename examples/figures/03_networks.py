r"""
Figures 8.9 to 8.12: networks as diagrams
=========================================

Hagan draws networks in two ways: in full, with every quantity of the equations, and in a shorthand
with one box for each layer. A third drawing shows how the derivatives are passed back.
``plot_diagram`` draws any network in these three ways.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st

# %%
# .. _hagan-figure-8.9:
#
# Figure 8.9: convolution and pooling in full
# -------------------------------------------
#
# From left to right, these are equations 8.21 and 8.25: the weight function **Z** = **W** ⊗ **A**,
# the sum with the bias, the transfer function, then max pooling, which has no weights and keeps the
# number of feature maps.

net = st.Network.parse("conv 6@5x5 relu | max 2x2", (28, 28, 1))

st.pictures.plot_diagram(net, "full")

# %%
# .. _hagan-figure-8.10:
#
# Figure 8.10: the same network in shorthand
# ------------------------------------------
#
# A box for each layer, with the symbols of its weight function and its transfer function. Below it
# is the size of its output, ``feature maps@rows×columns``.

st.pictures.plot_diagram(net, "shorthand")

# %%
# striate reads and writes a similar shorthand as text. The summary lists the sizes.

print(net)
assert net.output_shape == (12, 12, 6)
net.summary()

# %%
# .. _hagan-figure-8.11:
#
# Figure 8.11: a complete classifier
# ----------------------------------
#
# Two groups of convolution and pooling, then the conversion of feature maps to a vector (equation
# 8.26), and a dense layer with softmax. The preset stacks the columns of the maps, as 8.26 does;
# other libraries stack the rows.

classifier = st.Network.preset("hagan-8.11")

st.pictures.plot_diagram(classifier, "shorthand")

# %%
# .. _hagan-figure-8.12:
#
# Figure 8.12: backpropagation across a layer
# -------------------------------------------
#
# The upper line is the forward pass of a layer, the lower line its derivatives, from right to left:
# across the transfer function, the sum and the weight function (equation 8.29). The arrows that
# point down are the derivatives of the parameters (8.30 and 8.31). The derivative of a convolution
# is a convolution with the rotated kernel (8.45).

layers = st.Network.parse("conv 1@5x5 relu | conv 1@5x5 relu", (28, 28, 1))

st.pictures.plot_diagram(layers, "backward")

# %%
# A trace holds every quantity of the diagram, as an array with the axes of the equations:
# image, feature map, row, column.

rng = np.random.default_rng(0)
image, target = rng.random((1, 28, 28, 1)), rng.random((1, 20, 20, 1))
trace = layers.trace(image, target)
for name in ("A", "dA", "dN", "dZ"):
    print(name, getattr(trace["conv1"], name).shape)

# %%
# Each derivative has the shape of the quantity that it belongs to. The derivative of the tied bias
# is the sum over all positions (equation 8.36).

conv2 = trace["conv2"]
assert trace["conv1"].dA.shape == trace["conv1"].A.shape
assert conv2.dW.shape == layers.parameters["conv2.weight"].shape
assert np.allclose(conv2.db, conv2.dN.sum())

# %%
# Any network can be drawn, also with layers that have several inputs. ``diagram`` returns the same
# drawing as SVG, which follows the light or dark theme of a notebook or a web page.

image = st.Input((16, 16, 3))
first = st.Conv(8, 3, padding="same", activation="relu")(image)
second = st.Conv(8, 3, padding="same")(first)
added = st.Add()([first, second])
output = st.Dense(10, activation="softmax")(st.Flatten()(added))

st.pictures.diagram(st.Network(image, output), "shorthand")

# %%
plt.show()
