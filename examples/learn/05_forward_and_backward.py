r"""
5. Forward and backward
=======================

A network is a chain of simple functions. Going forward through the chain gives the prediction;
going backward gives the derivative of the error with respect to every weight. In this chapter, you
set the weights by hand, look at each quantity on the way, and check one derivative with pencil and
paper.
"""

import numpy as np

import striate as st

layers = "conv 4@3x3 same relu | max 3 | dense 2 softmax"
net = st.Network.parse(layers, (15, 15, 1))
square = st.data.shapes.square()
image = square[np.newaxis, :, :, np.newaxis]  # one image, one channel

# %%
# Weights by hand
# ---------------
#
# ``net.parameters`` holds all weights and biases by name. The four kernels are the lines of
# chapter 3. With a bias of -2.5, a complete line gives 0.5 and a partial one gives 0. (In chapter
# 3 it was -2, so that some values were exactly 0, where relu has a corner and no derivative.)

weights = net.parameters
weights["conv1.weight"][:, 0] = [*st.data.shapes.KERNELS.values()]
weights["conv1.bias"][:] = -2.5

# %%
# The dense layer has a row of weights per class. Horizontal and vertical lines are evidence for a
# square, diagonal lines for a diamond. Each map has 5 x 5 pixels after the pooling, and all of
# them count equally.

votes = np.array([[0.2, 0.2, -0.2, -0.2], [-0.2, -0.2, 0.2, 0.2]])
weights["dense1.weight"][:] = np.repeat(votes, 25, axis=1)
weights["dense1.bias"][:] = 0
print(net.predict(image).round(4))

# %%
# The network says that this is a square with a probability of 92%. No training was needed.
#
# The forward pass
# ----------------
#
# A *trace* contains every quantity of a pass. Each layer has three (figure 8.12 in the book):
#
# - **Z**, the weighted sums,
# - **N**, the net input, :math:`Z` plus the bias,
# - **A**, the activation: relu of :math:`N`, and the input of the next layer.

trace = net.trace(image)
print(trace["conv1"])

# %%
# Here are the activations of all layers. The first two maps contain the sides of the square.

st.pictures.activations(trace, width=7.5)

# %%
# At the end, softmax turns the two net inputs into probabilities,
#
# .. math::
#
#    a_i = \frac{e^{n_i}}{\sum_k e^{n_k}}

n = trace["dense1"].N[0]
print(n, np.exp(n) / np.exp(n).sum())

# %%
# The loss
# --------
#
# How good is this prediction? The usual measure for probabilities is the *cross-entropy*: minus
# the logarithm of the probability of the correct class. It is 0 for certainty, and large if the
# probability of the correct class is small. With the correct class, here class 0, a trace also
# computes the loss:

trace = net.trace(image, [0])
print(trace.loss, -np.log(trace["dense1"].A[0, 0]))

# %%
# The backward pass
# -----------------
#
# Training needs to know which way to change each weight. That is what derivatives say. The book
# writes :math:`\mathbf{dW}` for the derivative of the loss :math:`F` with respect to the weights:
#
# .. math::
#
#    \mathbf{dN} \equiv \frac{\partial F}{\partial \mathbf{N}}, \quad
#    \mathbf{dA} \equiv \frac{\partial F}{\partial \mathbf{A}}, \quad
#    \mathbf{dZ} \equiv \frac{\partial F}{\partial \mathbf{Z}}, \quad
#    \mathbf{dW} \equiv \frac{\partial F}{\partial \mathbf{W}}, \quad
#    \mathbf{db} \equiv \frac{\partial F}{\partial \mathbf{b}} \tag{8.28}
#
# By the chain rule, each follows from the one after it, so *backpropagation* starts at the loss
# and goes back, layer by layer:
#
# .. math::
#
#    \mathbf{dN}^m \rightarrow \mathbf{dZ}^{m} \rightarrow
#    \mathbf{dA}^{m-1} \rightarrow \mathbf{dN}^{m-1} \tag{8.29}
#
# *At the end.* Softmax and cross-entropy together have a derivative that is wonderfully simple:
# the prediction minus the truth.

print(trace["dense1"].dN, trace["dense1"].A - np.array([1, 0]))

# %%
# *Through the dense layer.* Its output is a matrix product, so the derivative with respect to its
# input is a product with the transposed matrix. Each of its 100 inputs gets
# :math:`0.2 \cdot (-0.083) - 0.2 \cdot 0.083`, with opposite signs for the diagonal maps:

back = weights["dense1.weight"].T @ trace["dense1"].dN[0]
assert np.allclose(back, trace["flatten1"].dA[0])
print(back.reshape(4, 25)[:, 0])

# %%
# *Through the pooling layer.* Only the largest pixel of each window had an influence, so it gets
# the whole derivative and the other pixels get 0.
#
# *Through relu.* Where the net input was negative, the output was 0 and stays 0 for small changes.
# The derivative is 0 there, and 1 elsewhere. So very few pixels are left. In the picture, blue
# is negative: more activation at these pixels would reduce the loss.

conv = trace["conv1"]
assert np.allclose(conv.dN, np.where(conv.N > 0, conv.dA, 0))
st.pictures.feature_maps(trace, "conv1", quantity="dN")

# %%
# *To the weights.* A weight is used at every position, and each use contributes: the derivative
# there times the pixel that the weight was multiplied by.
#
# .. math::
#
#    dw^{h,l}_{u,v} = \sum_{i} \sum_{j} dz^{h}_{i,j} \, a^{l}_{i+u-1,\,j+v-1} \tag{8.47}
#
# This is again a cross-correlation, of the image with :math:`\mathbf{dZ}`. And the bias is added
# at every position, so its derivative is the sum (8.36).

padded = np.pad(square, 1)
by_formula = st.maths.cross_correlate(padded, conv.dZ[0, 0])
assert np.allclose(by_formula, conv.dW[0, 0])
assert np.allclose(conv.db, conv.dN.sum(axis=(0, 2, 3)))
print(conv.dW[0, 0].round(4))

# %%
# One derivative by hand
# ----------------------
#
# Take the weight in the middle of the horizontal line. Where does its derivative come from? The
# trace can list all products of the sum:

terms = trace.terms("conv1.dW", (0, 0, 1, 1))
print(terms)

# %%
# Only six products aren't zero: the winners of the six pooling windows that the square's
# horizontal sides pass through. Each is :math:`-0.0333` times a pixel of brightness 1. You can
# compute it from what you have seen above:

p = trace["dense1"].A[0, 0]
by_hand = 6 * 1 * (0.2 * (p - 1) - 0.2 * (1 - p))
print(by_hand)
assert np.isclose(by_hand, conv.dW[0, 0, 1, 1])

# %%
# Each term belongs to a pixel. Here they are over the image:

st.pictures.terms(terms)

# %%
# Is it true?
# -----------
#
# A derivative predicts what happens if you change the weight a little. So change it, up and down,
# and compute the loss:

losses = []
for change in (+0.01, -0.01):
    weights["conv1.weight"][0, 0, 1, 1] = 1 + change
    losses.append(net.trace(image, [0]).loss)
weights["conv1.weight"][0, 0, 1, 1] = 1
print((losses[0] - losses[1]) / 0.02)
assert np.isclose((losses[0] - losses[1]) / 0.02, by_hand, rtol=1e-3)

# %%
# These *central differences* can check all derivatives of any network. striate does it with one
# call, in double precision. It leaves out elements at a *kink*, where a tiny change would make
# another pixel the maximum:

print(net.check_gradients(image, [0]))

# %%
# :doc:`../../how-to/read-a-gradient` follows a derivative through several layers, and
# :doc:`../../reference/glossary` lists all symbols.
#
# Exercises
# ---------
#
# 1. ``striate exercise E8.8``: the backward pass through max pooling. ``striate exercise P8.3``
#    and ``P8.4``: through average pooling.
# 2. What are the derivatives of the kernel ``slash``? Print ``conv.dW[2, 0]`` and explain them.
# 3. Compute a trace of the diamond with class 1: ``diamond = st.data.shapes.diamond()``, then
#    ``net.trace(diamond[np.newaxis, :, :, np.newaxis], [1])``. Which kernels get a derivative now?
#
# Next: :doc:`06_training`.
