"""
What is behind one number of the backward pass
==============================================

A derivative is a sum of products. Here are the products behind one weight's derivative and behind
one pixel's, drawn over the image, and six other ways to compute the same two numbers.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st

(x, y), (x_test, y_test) = st.data.load("digits")
net = st.Network.parse(
    "conv 4@5x5 tanh | max 2 | conv 8@3x3 stride 2 tanh | flatten | dense 10 softmax",
    (28, 28, 1),
    seed=1,
)
net.fit(
    x[:2000],
    y[:2000],
    epochs=3,
    batch_size=32,
    learning_rate=0.003,
    seed=1,
    progress=False,
)
print(f"test accuracy: {net.evaluate(x_test, y_test).accuracy:.1%}")

# %%
# Take the test digit whose true class gets the lowest probability: its derivatives are large. One
# pass, forward and backward, computes all of them.

probabilities = net.predict(x_test)
hardest = int(probabilities[np.arange(len(y_test)), y_test].argmin())
trace = net.trace(x_test[hardest : hardest + 1], y_test[hardest : hardest + 1])
print(
    f"a {y_test[hardest]}, with probability {probabilities[hardest, y_test[hardest]]:.2g}"
)
print(f"loss {trace.loss:.3f}")

# %%
# One weight
# ----------
#
# Which weight of the first layer has the largest derivative? Its derivative is a sum over all
# positions of the kernel: the derivative of the output there, times the pixel under the weight
# (Hagan 8.47). With a kernel of 5x5 on an image of 28x28, there are 24x24 positions, so 576
# products. Most of them are zero, because the pixel is.

slopes = trace["conv1"].dW
weight = tuple(
    int(k) for k in np.unravel_index(np.abs(slopes).argmax(), slopes.shape)
)
terms = trace.terms("conv1.dW", weight)
print(terms)
assert len(terms) == 24 * 24
assert np.isclose(terms.total, slopes[weight], rtol=1e-4)

# %%
# Over the image, they show which parts of the strokes matter. Where a product is red, a larger
# weight raises the loss; where it is blue, a larger weight lowers it. On the right, the same
# products are drawn at the position of the kernel, whose derivative they contain (dZ), and at the
# pixel that they read (A).

products = terms.over("input.A")[0, 0]
limit = float(np.abs(products).max())
# Gray, which is seen on light and on dark pages.
digit = np.full((28, 28, 4), 0.5)
digit[..., 3] = trace.inputs["input"][0, 0] / 2
colors = plt.get_cmap("RdBu_r")(0.5 + products / limit / 2)
# Transparent where the product is 0.
colors[..., 3] = np.sqrt(np.abs(products) / limit)

figure, (left, right) = plt.subplots(
    1, 2, figsize=(8.4, 4), layout="constrained"
)
left.imshow(digit)
left.imshow(colors)
left.set(xticks=[], yticks=[], title="the products over the digit")
st.pictures.terms(terms, ax=right)

# %%
# Here is the same number in other ways. ``im2col`` multiplies the row of dZ with a row of the
# matrix of windows (Wolter 7). The matrix of Hagan 8.12 is a dense layer whose weights are shared:
# the derivatives of all entries with the same weight are added. Hagan 8.48 correlates the image
# with dZ as the kernel. A kernel with a single 1 (an impulse) gives the part of the output that
# this weight is responsible for. A central difference moves the weight up and down by 1e-5 and
# computes the loss twice. The check repeats the pass in float64, so the ways agree to within a few
# units of the last digit, except for the central difference, which takes a finite step.

ways = trace.check("conv1.dW", weight)
assert ways.agrees
assert len(ways) == 7
ways

# %%
# One pixel
# ---------
#
# The derivative of a pixel is how fast the loss changes as its value grows. It is a sum over
# the positions at which the kernel covers the pixel, and over the feature maps (Hagan 8.39): at
# most 4 x 5 x 5 = 100 products. Max pooling passes on only the derivatives of the winners, so most
# of them are zero.

slopes = trace.d_inputs["input"]
pixel = tuple(
    int(k) for k in np.unravel_index(np.abs(slopes).argmax(), slopes.shape)
)
terms = trace.terms("input.dA", pixel)
print(terms)
assert len(terms) <= 100

# %%
# In each row, the pixels of all maps add up to the derivative. One row is the other, rotated by 180
# degrees: a weight at the upper right of the kernel meets the derivative at the lower
# left.

st.pictures.terms(terms)

# %%
# This is why the derivative of an image is a correlation with the *rotated* kernel (Hagan 8.45).
# Two others are the column of the matrix of 8.12 for this pixel, and Wolter 8, which adds the
# columns of im2col back to the pixels.

ways = trace.check("input.dA", pixel)
assert ways.agrees
ways

# %%
# Layers without kernels
# ----------------------
#
# The layer after ``conv1`` is max pooling, which has no kernel. It selects the largest pixel of
# each window, so it has a matrix with a single 1 in each row. The table lists the ways that don't
# exist, with the reason.

slopes = trace["conv1"].dA
largest = tuple(
    int(k) for k in np.unravel_index(np.abs(slopes).argmax(), slopes.shape)
)
ways = trace.check("conv1.dA", largest)
print(ways)
assert ways.agrees
assert "im2col" in ways.left_out
plt.show()
