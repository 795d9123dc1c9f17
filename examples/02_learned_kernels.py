"""
What LeNet-5 learns
===================

The kernels of the first layer, before and after training, and what they make of a digit.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st

(x, y), (x_test, y_test) = st.data.load("digits")
net = st.Network.preset("lenet5", seed=4)
before = net.parameters["conv1.weight"].copy()
x, y = x[:2000], y[:2000]

# %%
# Two thousand digits and a few epochs are enough to see something; ``striate train digits`` does
# it properly.

history = net.fit(x, y, epochs=6, batch_size=32, learning_rate=0.002, seed=4, progress=False)
print(history)
print(f"{net.evaluate(x_test, y_test).accuracy:.1%} of the test digits are right")

# %%
# Red weights are positive, blue ones negative. Random at first, they become strokes and edges.

after = net.parameters["conv1.weight"]
image = x_test[7:8]
maps = net.trace(image)["conv1"].A[0]

figure, panels = plt.subplots(3, 7, figsize=(9, 4), layout="constrained")
for row, (kernels, words) in enumerate([(before, "before"), (after, "after")]):
    panels[row, 0].text(0.5, 0.5, words, ha="center", va="center", fontsize=11)
    limit = float(np.abs(after).max())
    for panel, kernel in zip(panels[row, 1:], kernels[:, 0], strict=True):
        panel.imshow(kernel, cmap="RdBu_r", vmin=-limit, vmax=limit)
panels[2, 0].imshow(image[0, :, :, 0], cmap="gray_r")
for panel, one in zip(panels[2, 1:], maps, strict=True):
    panel.imshow(one, cmap="RdBu_r", vmin=-1, vmax=1)
for panel in panels.flat:
    panel.set(xticks=[], yticks=[])
for panel in panels[:2, 0]:
    panel.axis("off")

# %%
# And the digits that it is surest about, wrongly:

probabilities = net.predict(x_test)
wrong = np.flatnonzero(probabilities.argmax(axis=1) != y_test)
worst = wrong[np.argsort(-probabilities[wrong].max(axis=1))][:8]
figure, panels = plt.subplots(1, 8, figsize=(9, 1.7), layout="constrained")
for panel, number in zip(panels, worst, strict=True):
    panel.imshow(x_test[number, :, :, 0], cmap="gray_r")
    panel.set_title(f"{y_test[number]}, not {probabilities[number].argmax()}", fontsize=9)
    panel.set(xticks=[], yticks=[])
plt.show()
