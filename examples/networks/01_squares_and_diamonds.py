r"""
Designing a network without training it
=======================================

Hagan's exercise E8.10: using the kernels of figure 8.5, design a network that tells squares from
diamonds. The network has a convolution layer, a max pooling layer, and a dense layer with softmax.
All of its weights and biases are chosen by hand; nothing is trained.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st

# %%
# Here are the two figures, and the responses of four templates. Each template is a short line in
# one of four directions. Where the image contains three pixels of such a line, the response is 3;
# everywhere else it is at most 2.

square, diamond = st.data.shapes.square(), st.data.shapes.diamond()
kernels = st.data.shapes.KERNELS

figure, rows = plt.subplots(2, 5, figsize=(9, 3.8), layout="constrained")
for panels, image in zip(rows, (square, diamond), strict=True):
    panels[0].imshow(image, cmap="gray_r")
    for panel, (name, kernel) in zip(panels[1:], kernels.items(), strict=True):
        response = st.maths.cross_correlate(image, kernel, padding="same")
        panel.imshow(response, cmap="Blues", vmin=0, vmax=3)
        panel.set_title(f"{name}: max. {response.max():g}", fontsize=9)
for panel in rows.flat:
    panel.set(xticks=[], yticks=[])

# %%
# A bias of -2 followed by relu turns these responses into 1 on a line and 0 everywhere else. Max
# pooling then records whether there is a line anywhere in each 3 x 3 window. The dense layer counts
# the windows: horizontal and vertical lines count as evidence for a square, diagonal lines for a
# diamond.
#
# The diamond of radius 1 has no line: its four pixels touch only at their corners. All maps are 0,
# so the biases of the dense layer decide, -0.5 for a square and +0.5 for a diamond. Where there are
# lines, they outweigh these biases.

net = st.Network(
    [
        st.Conv(4, 3, padding="same", activation="relu"),
        st.MaxPool(3),
        st.Flatten(),
        st.Dense(2, activation="softmax"),
    ],
    input_shape=(15, 15, 1),
)
weights = net.parameters
weights["conv1.weight"][:, 0] = list(kernels.values())
weights["conv1.bias"][:] = -2
# One row per class, one column per map.
votes = np.array([[1, 1, -1, -1], [-1, -1, 1, 1]])
# Equal weights within each map.
weights["dense1.weight"][:] = np.repeat(votes, 5 * 5, axis=1)
weights["dense1.bias"][:] = -0.5, 0.5

print(net.summary())
print(net.predict(np.stack([square, diamond])[..., np.newaxis]).round(4))

# %%
# The network was designed for two figures. Here are all others that fit in the image: squares with
# sides from 3 pixels and diamonds with radii from 1 pixel, at every position.

x, y = st.exercises.figures()
accuracy = net.evaluate(x, y).accuracy
print(
    f"{(y == 0).sum()} squares, {(y == 1).sum()} diamonds: accuracy {accuracy:.1%}"
)
assert accuracy == 1

# %%
# How well does it do with noise? Here are a thousand figures with radii from 2 to 6 pixels.

for noise in (0.0, 0.2, 0.4, 0.6, 0.8):
    x, y = st.data.shapes.generate(1000, noise=noise, seed=1)
    print(f"noise {noise:.1f}: accuracy {net.evaluate(x, y).accuracy:.1%}")

# %%
# Without noise it classifies every image correctly. Here is what the layers compute for a small
# diamond near a corner: the image, the four maps after convolution, bias and relu, and below them
# the same maps after pooling.

x, y = st.data.shapes.generate(1000, noise=0.0, seed=1)
assert net.evaluate(x, y).accuracy == 1

small = 5
trace = net.trace(x[small : small + 1])
figure, rows = plt.subplots(2, 5, figsize=(9, 3.8), layout="constrained")
rows[0, 0].imshow(x[small, :, :, 0], cmap="gray_r")
rows[0, 0].set_title("image", fontsize=9)
rows[1, 0].axis("off")
for number, name in enumerate(kernels):
    for row, layer in enumerate(("conv1", "max1")):
        panel = rows[row, 1 + number]
        panel.imshow(trace[layer].A[0, number], cmap="Blues", vmin=0, vmax=1)
        panel.set_title(f"{name}, pooled" if row else name, fontsize=9)
for panel in rows.flat:
    panel.set(xticks=[], yticks=[])

# %%
# Now the same network, trained from random weights on all squares and diamonds. It is as accurate
# as the design, but its kernels mix the four directions: positive weights are red, negative ones
# blue. Many solutions exist, and training has no reason to find the one that is easy to explain.

both = st.exercises.design_and_train(seed=0)
print(
    f"designed: {both.designed_accuracy:.1%}, trained: {both.trained_accuracy:.1%}"
)

figure, rows = plt.subplots(2, 4, figsize=(6, 3.2), layout="constrained")
for panels, name, maps in zip(
    rows, ("designed", "trained"), both.kernels, strict=True
):
    largest = abs(maps).max()
    for panel, kernel in zip(panels, maps, strict=True):
        panel.imshow(kernel, cmap="RdBu_r", vmin=-largest, vmax=largest)
        panel.set(xticks=[], yticks=[])
    panels[0].set_ylabel(name)
plt.show()
