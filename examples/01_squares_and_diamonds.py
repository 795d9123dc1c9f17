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
votes = np.array([[1, 1, -1, -1], [-1, -1, 1, 1]])  # one row per class, one column per map
weights["dense1.weight"][:] = np.repeat(votes, 5 * 5, axis=1)  # equal weights within each map
weights["dense1.bias"][:] = 0

print(net.summary())
print(net.predict(np.stack([square, diamond])[..., np.newaxis]).round(4))

# %%
# The network was designed for two figures. How well does it do on a thousand others, with radii
# from 2 to 6 pixels, at random positions, and with noise?

for noise in (0.0, 0.1, 0.2, 0.3):
    x, y = st.data.shapes.generate(1000, noise=noise, seed=1)
    print(f"noise {noise:.1f}: accuracy {net.evaluate(x, y).accuracy:.1%}")

# %%
# Without noise it classifies every image correctly. Here is what the layers compute for a small
# diamond near a corner: first the image, then the four maps after convolution, bias and relu, and
# last the same maps after pooling.

x, y = st.data.shapes.generate(1000, noise=0.0, seed=1)
assert net.evaluate(x, y).accuracy == 1

small = 5
trace = net.trace(x[small : small + 1])
figure, panels = plt.subplots(1, 9, figsize=(9, 1.6), layout="constrained")
panels[0].imshow(x[small, :, :, 0], cmap="gray_r")
for number, name in enumerate(kernels):
    panels[1 + number].imshow(trace["conv1"].A[0, number], cmap="Blues", vmin=0, vmax=1)
    panels[1 + number].set_title(name, fontsize=8)
    panels[5 + number].imshow(trace["max1"].A[0, number], cmap="Blues", vmin=0, vmax=1)
    panels[5 + number].set_title("pooled", fontsize=8)
for panel in panels:
    panel.set(xticks=[], yticks=[])
plt.show()
