r"""
Why convolution?
================

At the beginning of his slides, Wolter gives five reasons for convolution, after Goodfellow, Bengio
and Courville: sparse interactions, parameter sharing, equivariance, efficiency, and deeper
networks. A dense layer with the same input and output can compute everything that a convolution
can. So what does it lack? This example compares the two, reason by reason.
"""

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np

import striate as st
from striate.bench.machine import processor

(x, y), (x_test, y_test) = st.data.load("digits")

# %%
# Sparse interactions and parameter sharing
# -----------------------------------------
#
# Here is a convolution with eight kernels of 5 x 5 pixels, and a dense layer with as many outputs.

conv = st.Network.parse("conv 8@5x5 same", (28, 28, 1), seed=0)
dense = st.Network.parse("dense 6272", (28, 28, 1), seed=0)
rows = {
    "convolution": conv.summary().rows[-1],
    "dense": dense.summary().rows[-1],
}
for name, row in rows.items():
    print(
        f"{name:11}  {row.parameters:9,} parameters, {row.multiply_adds:9,} multiply-adds"
    )

# %%
# The convolution is a dense layer, too: one with the matrix of equation 8.12. Each row belongs to
# an output pixel, each column to a pixel of the image. Here is a small one, for a kernel of 2 x 2
# pixels and an image of 4 x 4, with one color for each weight:

st.pictures.convolution_matrix((2, 2), (4, 4))

# %%
# *Sparse interactions* are the zeros: an output pixel depends on the few input pixels under
# its kernel. *Parameter sharing* is the repetition of the colors: every row has the same four
# weights. In the large matrix, each entry that isn't zero is a multiply-add, and each different one
# is a parameter, apart from the eight biases:

kernels = conv.parameters["conv1.weight"][:, 0]
matrix = np.concatenate(
    [
        st.maths.convolution_matrix(one, (28, 28), padding="same")
        for one in kernels
    ]
)
entries = matrix[matrix != 0]
print(f"{matrix.size:9,} entries")
print(f"{entries.size:9,} of them are not zero")
print(f"{np.unique(entries).size:9,} of these are different")
assert entries.size == rows["convolution"].multiply_adds
assert np.unique(entries).size == kernels.size

# %%
# Few weights need not mean that information is lost. The matrix of one kernel has full rank, so no
# two images have the same map:

one_map = matrix[:784].astype(float)
rank = np.linalg.matrix_rank(one_map)
print(
    f"one kernel: {one_map.shape[0]} x {one_map.shape[1]} matrix, rank {rank}"
)
assert rank == 784

# %%
# Equivariance
# ------------
#
# A convolution treats all positions alike, so what it learns in one place, it can do everywhere. A
# dense layer has to learn it again for each position. To see the difference, let both learn the
# same simple task from digits: detecting vertical edges. Since both are linear, their best weights
# are those of least squares, which training could at best approach.

sobel = st.maths.kernels.sobel()


def detect_edges(images, kernel=sobel):
    """Correlate each image with a kernel."""
    maps = st.maths.cross_correlate(
        images[:, np.newaxis], kernel[np.newaxis, np.newaxis], padding=1
    )
    return maps[:, 0]


def learn_kernel(images):
    """Find the 3 x 3 kernel with the smallest squared error."""
    windows = [
        st.maths.im2col_matrix(one[np.newaxis], (3, 3), padding=1).T
        for one in images
    ]
    kernel = np.linalg.lstsq(
        np.concatenate(windows), detect_edges(images).ravel()
    )[0]
    return lambda new: detect_edges(new, kernel.reshape(3, 3))


def learn_matrix(images):
    """Find the 784 x 784 matrix with the smallest squared error."""
    wanted = detect_edges(images).reshape(-1, 784)
    found = np.linalg.lstsq(images.reshape(-1, 784), wanted)[0]
    return lambda new: (new.reshape(-1, 784) @ found).reshape(-1, 28, 28)


def error(layer, images):
    """Compare what a layer has learned with the edges."""
    wanted = detect_edges(images)
    return np.linalg.norm(layer(images) - wanted) / np.linalg.norm(wanted)


digits, new = x[..., 0] / 255, x_test[:200, :, :, 0] / 255
shifted = np.roll(new, 3, axis=2)
counts = (1, 3, 10, 30, 100, 300, 1000)
errors = {"dense, new digits": [], "dense, new digits, shifted": []}
for n in counts:
    layer = learn_matrix(digits[:n])
    errors["dense, new digits"].append(error(layer, new))
    errors["dense, new digits, shifted"].append(error(layer, shifted))

figure, panel = plt.subplots(figsize=(9, 3.8), layout="constrained")
for (name, values), marker in zip(errors.items(), "os", strict=True):
    panel.plot(counts, values, marker + "-", label=name)
panel.axhline(
    error(learn_kernel(digits[:1]), shifted),
    color="C2",
    label="convolution, one digit",
)
panel.set(
    title="learning to detect edges",
    xscale="log",
    xlabel="digits to learn from",
    ylabel="relative error",
    ylim=(-0.03, 1.1),
)
panel.grid(alpha=0.3)
panel.legend()

# %%
# One digit is enough for the convolution: it contains 784 examples of what the nine weights have to
# do. The dense layer needs about a thousand digits to come close. When the new digits are shifted
# by three pixels, its error is several times as large, because some of the pixels that they cover
# had little ink in the digits that it learned from. To the convolution, a shift doesn't matter.

assert error(learn_kernel(digits[:1]), shifted) < 1e-12
assert errors["dense, new digits"][counts.index(100)] > 0.2
assert (
    errors["dense, new digits, shifted"][-1]
    > 3 * errors["dense, new digits"][-1]
)

# %%
# Efficiency
# ----------
#
# Given the matrix of the convolution and its biases, the dense layer computes the same result. How
# long does each take? These are medians of 15 runs with 128 digits and one thread, on the machine
# that built this page.

dense.parameters["dense1.weight"][:] = matrix
dense.parameters["dense1.bias"][:] = np.repeat(
    conv.parameters["conv1.bias"], 784
)
batch = x[:128]
maps, vectors = conv.predict(batch), dense.predict(batch)
assert np.allclose(
    maps.transpose(0, 3, 1, 2).reshape(128, -1), vectors, atol=1e-5
)

times = {"convolution": [], "dense": []}
with st.using_threads(1):
    for _ in range(15):
        for name, net in (("convolution", conv), ("dense", dense)):
            start = perf_counter()
            net.predict(batch)
            times[name].append(perf_counter() - start)
medians = {name: np.median(each) for name, each in times.items()}
print(processor())
for name, seconds in medians.items():
    print(f"{name:11}  {1000 * seconds:6.2f} ms")
print(
    f"multiply-adds: {rows['dense'].multiply_adds / rows['convolution'].multiply_adds:.0f} times"
)
print(
    f"time:          {medians['dense'] / medians['convolution']:.0f} times as long"
)
assert medians["dense"] > 3 * medians["convolution"]

# %%
# Deeper networks
# ---------------
#
# In a network, the savings repeat in each layer. The following networks have 2, 16 or 32 equal
# hidden layers between a first layer and the classifier. A hidden layer of the dense network
# has 28,392 parameters. One of the convolutional network has 584, and about as many multiply-adds.
#
# The third network has the same convolutions as the second. In addition, it adds the input of every
# two layers to their output, as a residual network does. The networks learn from 2,000 digits.


def dense_network(depth):
    """Return a network of dense layers."""
    return "dense 168 relu | " * (depth + 1) + "dense 10 softmax"


def convolutional_network(depth):
    """Return a network of convolutions of 7 x 7 pixels."""
    return (
        "conv 8@3x3 same relu | max 4 | "
        + "conv 8@3x3 same relu | " * depth
        + "dense 10 softmax"
    )


def residual_network(depth):
    """Return the same network with connections around every two layers."""
    pairs = "".join(
        f"conv 8@3x3 same relu | conv 8@3x3 same | add block{k} relu as block{k + 1} | "
        for k in range(depth // 2)
    )
    return f"conv 8@3x3 same relu | max 4 as block0 | {pairs}dense 10 softmax"


kinds = {  # with a learning rate; for 16 layers, twice and half of it aren't better
    "dense": (dense_network, 0.00025),
    "convolutional": (convolutional_network, 0.004),
    "residual": (residual_network, 0.004),
}
depths = (2, 16, 32)
accuracies, derivatives = {}, {}
for name, (network, learning_rate) in kinds.items():
    accuracies[name] = []
    for depth in depths:
        net = st.Network.parse(network(depth), (28, 28, 1), seed=0)
        if depth == 32:
            trace = net.trace(x[:100], y[:100])
            layers = [
                key.removesuffix(".weight")
                for key in net.parameters
                if "weight" in key
            ]
            derivatives[name] = [
                np.linalg.norm(trace[one].dA) for one in layers[:-1]
            ]
        net.fit(
            x[:2000],
            y[:2000],
            epochs=3,
            batch_size=32,
            learning_rate=learning_rate,
        )
        accuracies[name].append(net.evaluate(x_test, y_test).accuracy)
        print(
            f"{name:13}  {depth:2} hidden layers, {net.parameter_count:9,} parameters: "
            f"test accuracy {accuracies[name][-1]:.0%}"
        )

# sphinx_gallery_thumbnail_number = 3
figure, panels = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for (name, values), marker in zip(accuracies.items(), "osv", strict=True):
    panels[0].plot(depths, values, marker + "-", label=name)
    panels[1].plot(derivatives[name], marker + "-", markevery=4, label=name)
panels[0].set(
    title="accuracy after training",
    xlabel="hidden layers",
    ylabel="test accuracy",
    ylim=(0, 1),
    xticks=depths,
)
panels[0].yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
panels[0].legend()
panels[1].set(xlabel="layer", yscale="log", ylim=(1e-3, 10))
panels[1].set_title("size of dA before training, 32 layers")
for panel in panels:
    panel.grid(alpha=0.3)
plt.show()

# %%
# - Convolution makes layers cheap. With 16 hidden layers, the convolutional network is about as
#   accurate as the dense one, and has 2% of its parameters.
# - It doesn't make them trainable at any depth. With 32 hidden layers, both networks lose accuracy,
#   and the convolutional one may not learn at all. The right figure shows a reason: on the way back
#   to its first layers, the derivatives become much smaller.
# - The added connections prevent that, and the residual network learns with 32 layers as well.
#
# So the first four reasons can be measured in a single layer. The fifth needs convolution for the
# price of a layer, and something else for the depth. We repeated this part with the seeds 0 to 4;
# these statements hold for all of them.

first, last = {}, {}
for name, sizes in derivatives.items():
    first[name], last[name] = sizes[0], sizes[-1]
assert first["convolutional"] < 0.5 * last["convolutional"]
assert first["residual"] > last["residual"]
assert accuracies["convolutional"][1] > accuracies["dense"][1] - 0.08
assert accuracies["residual"][2] > 0.7
assert accuracies["residual"][2] > max(
    accuracies["dense"][2], accuracies["convolutional"][2]
)
assert accuracies["convolutional"][2] < 0.6
