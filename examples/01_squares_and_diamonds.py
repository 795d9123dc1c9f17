r"""
Designing a network without training it
=======================================

Hagan's exercise E8.10: with the kernels of figure 8.5, design a network that tells squares from
diamonds. It is to have a convolution layer, a max pooling layer, and a dense layer with softmax.
All its weights and biases are to be written down; nothing is to be trained.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st

# %%
# The figures, and four templates: pieces of lines in four directions. Laid on a place of the image
# where there is such a piece, a template answers 3; anywhere else, at most 2.

square, diamond = st.data.shapes.square(), st.data.shapes.diamond()
kernels = st.data.shapes.KERNELS

figure, rows = plt.subplots(2, 5, figsize=(9, 3.8), layout="constrained")
for panels, image in zip(rows, (square, diamond), strict=True):
    panels[0].imshow(image, cmap="gray_r")
    for panel, (name, kernel) in zip(panels[1:], kernels.items(), strict=True):
        response = st.maths.cross_correlate(kernel, image, padding="same")
        panel.imshow(response, cmap="Blues", vmin=0, vmax=3)
        panel.set_title(f"{name}: at most {response.max():g}", fontsize=9)
for panel in rows.flat:
    panel.set(xticks=[], yticks=[])

# %%
# So a bias of -2 and a relu leave 1 where a piece of line lies, and 0 elsewhere. Max pooling makes
# the answer coarser: somewhere in these 3 x 3 places there is one. The dense layer counts: lines
# along rows and columns speak for the square, slanted ones for the diamond.

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
votes = np.array([[1, 1, -1, -1], [-1, -1, 1, 1]])  # a row for each class, a column for each map
weights["dense1.weight"][:] = np.repeat(votes, 5 * 5, axis=1)  # the same at all places of a map
weights["dense1.bias"][:] = 0

print(net.summary())
print(net.predict(np.stack([square, diamond])[..., np.newaxis]).round(4))

# %%
# It was designed for two figures. How does it do on others, of any radius and at any place? And
# with noise?

for noise in (0.0, 0.1, 0.2, 0.3):
    x, y = st.data.shapes.generate(1000, noise=noise, seed=1)
    print(f"noise {noise:.1f}: {net.evaluate(x, y).accuracy:.1%} right")

# %%
# Without noise every answer is right. What the layers saw, for a diamond that is not in the middle:

x, y = st.data.shapes.generate(1000, noise=0.0, seed=1)
assert net.evaluate(x, y).accuracy == 1

trace = net.trace(x[7:8])
figure, panels = plt.subplots(1, 9, figsize=(9, 1.6), layout="constrained")
panels[0].imshow(x[7, :, :, 0], cmap="gray_r")
for number, name in enumerate(kernels):
    panels[1 + number].imshow(trace["conv1"].A[0, number], cmap="Blues", vmin=0, vmax=1)
    panels[1 + number].set_title(name, fontsize=8)
    panels[5 + number].imshow(trace["max1"].A[0, number], cmap="Blues", vmin=0, vmax=1)
for panel in panels:
    panel.set(xticks=[], yticks=[])
plt.show()
