r"""
4. A network
============

In chapter 3, you designed a convolution, a bias, a nonlinear function, pooling, and a weighted
sum. Now you write them down as a network. The network has all of its weights in one place,
computes many images at once, and can tell you its sizes and costs.
"""

import numpy as np

import striate as st

# %%
# One line of text
# ----------------
#
# Networks have a shorthand: one segment per layer, separated by bars. A ``dense`` layer at the end
# is a matrix product: each of its two outputs is a weighted sum of everything that it receives.
# The function softmax turns the two outputs into probabilities.

layers = "conv 4@3x3 same relu | max 3 | dense 2 softmax"
net = st.Network.parse(layers, (15, 15, 1))
st.pictures.diagram(net)

# %%
# ``conv 4@3x3 same relu`` means: four feature maps, kernels of 3 x 3, padding that keeps the size,
# and relu at the end. ``(15, 15, 1)`` is the shape of an image: rows, columns and channels. The
# channels come last in images, as in most picture files; inside the network, the map comes first,
# as in the equations.
#
# The same network, layer by layer in Python:

same = st.Network(
    [
        st.Conv(4, 3, padding="same", activation="relu"),
        st.MaxPool(3),
        st.Flatten(),
        st.Dense(2, activation="softmax"),
    ],
    input_shape=(15, 15, 1),
)
assert same.summary() == net.summary()

# %%
# What the summary says
# ---------------------

net.summary()

# %%
# Read it line by line:
#
# - ``conv1`` has an output of 4 maps of 15 x 15 pixels. It has :math:`4 \cdot 3 \cdot 3 = 36`
#   weights and 4 biases, one per map, in total 40 *parameters*: the values that training changes.
# - Every output pixel of ``conv1`` needs up to 9 multiplications and additions. Products with the
#   zeros of the padding are left out: along one axis, the 15 windows read 45 pixels, and 2 of them
#   are padding. So there are :math:`4 \cdot 43 \cdot 43 = 7396` *multiply-adds*.
# - ``max1`` has nothing to learn. Its output is 3 times smaller in each direction: 4 maps of
#   5 x 5.
# - ``flatten1`` computes nothing: it writes the 100 values into one vector, map by map, so that a
#   matrix can multiply them (8.26). The shorthand adds it by itself.
# - ``dense1`` has :math:`2 \cdot 100` weights and 2 biases.
#
# The last line shows how each size follows from the size before it, with formula 8.18.

assert net.parameter_count == 4 * 9 + 4 + 2 * 100 + 2

# %%
# What one output can see
# -----------------------
#
# The *receptive field* of an output is the region of the image that it depends on. For a
# convolution of 3 x 3, it is 3 x 3. Each pixel after the pooling depends on 3 x 3 pixels of the
# convolution, and therefore on 5 x 5 pixels of the image. The dense layer sees everything.

square = st.data.shapes.square()
st.pictures.receptive_field(net, "max1", square, position=(1, 1))

# %%
# This is how a deep network sees large things with small kernels: each layer combines small parts
# into larger ones. After pooling with 3 x 3 windows, neighboring pixels are three image pixels
# apart, so the next kernel covers a region about three times as wide.
#
# LeNet-5
# -------
#
# In 1998, Yann LeCun and his colleagues published a network that reads handwritten digits on
# checks. It has the same structure, with two pairs of convolution and pooling. It is called
# LeNet-5.

lenet = st.Network.preset("lenet5")
lenet.summary()

# %%
# Look at the column of parameters. The two convolutions have only 2,572 of 61,706; most belong to
# the first dense layer. But the convolutions need most of the multiply-adds, because they use each
# weight at every position.

st.pictures.diagram(lenet)

# %%
# Compare this with a network without convolutions that has as many outputs in its first layer:

dense = st.Network.parse("dense 4704 tanh | dense 10 softmax", (28, 28, 1))
print(f"LeNet-5: {lenet.parameter_count:,}")
print(f"dense: {dense.parameter_count:,}")

# %%
# Compute something
# -----------------
#
# A new network has random weights, so its predictions mean nothing yet. But it can compute: images
# go in as ``[image, row, column, channel]``, probabilities come out.

images = np.stack([square, st.data.shapes.diamond()])[..., np.newaxis]
print(images.shape)
print(net.predict(images).round(3))
assert np.allclose(net.predict(images).sum(axis=1), 1)

# %%
# There are two ways to get useful weights: choose them, or learn them. The next chapter chooses
# them, and looks at every number on the way.
#
# Exercises
# ---------
#
# 1. Print the summary of another network, with ``valid`` in place of ``same``. What happens to the
#    sizes, and what does the column *uncovered* say?
# 2. How many parameters does ``conv 8@5x5`` have if it follows ``conv 4@3x3``? Compute it, then
#    check with a summary.
# 3. At the terminal, ``striate summary "conv 8@5x5 relu | max 2 | dense 10 softmax" --input-shape
#    28x28x1`` prints the same table. Change the layers so that the network has fewer than 3,000
#    parameters.
#
# Next: :doc:`05_forward_and_backward`.
