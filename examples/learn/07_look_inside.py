r"""
7. Look inside
==============

A trained network is not a black box: every number in it can be computed again, and traced back to
the numbers that it comes from. This chapter follows one digit through LeNet-5.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st

(x, y), (x_test, y_test) = st.data.load("digits")
net = st.Network.preset("lenet5", seed=0)
net.fit(x, y, epochs=8, batch_size=32, learning_rate=0.002, augment="shift 1")
image, label = x_test[4:5], y_test[4:5]

# %%
# From the image to the decision
# ------------------------------
#
# This picture has the maps of each layer. They become smaller and more abstract from layer to
# layer, and at the end there is a probability for each digit.

trace = net.trace(image, label)
st.pictures.activations(trace, width=7.5)

# %%
# The first layer
# ---------------
#
# These are the six kernels of the first convolution, and the six maps that they make from the
# digit. Positive values are red, negative ones blue.

st.pictures.kernels(net, "conv1")

# %%

st.pictures.feature_maps(trace, "conv1")

# %%
# Compare a kernel with its map. Where the positive weights of a kernel lie on the stroke and the
# negative ones next to it, the map is red. Most learned kernels are less tidy than the designed
# lines of chapter 3, and part of what you see is left over from the random start;
# :doc:`../networks/02_learned_kernels` looks at that.
#
# The second layer
# ----------------
#
# A pixel of the second convolution combines all six maps of the first one. It sees 14 x 14 pixels,
# a quarter of the image. This is the one with the largest activation:

maps = trace["conv2"].A[0]
h, i, j = (int(k) for k in np.unravel_index(maps.argmax(), maps.shape))
print(f"map {h}, row {i}, column {j}: {maps[h, i, j]:.4f}")
st.pictures.receptive_field(net, "conv2", image[0, :, :, 0], position=(i, j))

# %%
# Why is it so large? It is tanh of a bias and a sum of 150 products, from six maps with 5 x 5
# weights each. Here are the largest:

terms = trace.terms("conv2.Z", (0, h, i, j))
print(terms)
assert np.isclose(sum(term.value for term in terms), terms.value)

# %%
# And here is where all of them come from. Each panel is one of the six maps. At red pixels the
# product is positive; these pixels raise the activation.

st.pictures.terms(terms)

# %%
# Which pixels matter?
# --------------------
#
# The backward pass continues to the image itself: :math:`\mathbf{dA}` of the input says how the
# loss changes with each pixel. Here it is for the most certain of the network's mistakes. More ink
# where the derivative is blue, or less where it is red, would make the correct answer more
# probable.

probabilities = net.predict(x_test)
wrong = np.flatnonzero(probabilities.argmax(axis=1) != y_test)
worst = wrong[probabilities[wrong].max(axis=1).argmax()]
mistake = net.trace(x_test[worst : worst + 1], y_test[worst : worst + 1])
print(f"true: {y_test[worst]}, predicted: {probabilities[worst].argmax()}")

digit = x_test[worst, :, :, 0] / 255
slope = mistake.d_inputs["input"][0, 0]
left, right = plt.figure(figsize=(7, 3), layout="constrained").subfigures(1, 2)
st.pictures.images({"digit": digit}, ax=left)
st.pictures.images({"derivatives": slope}, ax=right)

# %%
# Is that so? Change every pixel a little, in the direction that reduces the loss, and compare the
# probability of the correct digit. You would hardly notice the change, but the probability is very
# different. Such sensitivity to small changes is a well-known weakness of networks.

changed = np.clip(digit - 0.05 * np.sign(slope), 0, 1)
changed = (255 * changed).round().astype(np.uint8)
true = y_test[worst]
before = probabilities[worst, true]
after = net.predict(changed[np.newaxis, :, :, np.newaxis])[0, true]
print(f"probability of {true}: {before:.3f} before, {after:.3f} after")
assert after > before

# %%
# Exercises
# ---------
#
# 1. Choose another image in the first cell. Which maps of ``conv1`` react to vertical strokes?
# 2. Set one kernel to 0: ``net.parameters["conv1.weight"][2] = 0``. How much does
#    ``net.evaluate(x_test, y_test).accuracy`` fall? Which of the six is the most important?
# 3. Print ``trace.terms("conv1.dW", (0, 0, 2, 2))``. How many products are there? Why are there
#    many more than in ``conv2.Z``?
#
# Next: :doc:`08_save_and_use`.
