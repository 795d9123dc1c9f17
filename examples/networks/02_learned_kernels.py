"""
What LeNet-5 learns
===================

The kernels of the first layer before and after training, and their responses to a digit.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st

(x, y), (x_test, y_test) = st.data.load("digits")
net = st.Network.preset("lenet5", seed=4)
before = net.parameters["conv1.weight"].copy()
x, y = x[:2000], y[:2000]

# %%
# Six epochs on two thousand digits are enough to see an effect. For a well-trained network, run
# ``striate train digits``.

history = net.fit(
    x, y, epochs=6, batch_size=32, learning_rate=0.002, seed=4, progress=False
)
print(history)
print(f"test accuracy: {net.evaluate(x_test, y_test).accuracy:.1%}")

# %%
# The top row shows the six kernels as they were initialized, the middle row shows them after
# training, and the bottom row shows a digit and the six feature maps. Red is positive, blue is
# negative.

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
# One might expect clean strokes and edges, but these kernels are still noisy: training has made
# them larger without changing their pattern much. The correlation between a kernel before and
# after training is about 0.9, so much of what looks learned is the random initialization.
#
# What training did change is the balance of positive and negative weights, and with it the
# response to ink. A kernel whose weights have a large positive sum gives a blurred copy of the
# digit, a kernel with a negative sum a blurred negative. A kernel whose weights nearly cancel
# responds to edges instead: its map is positive along one side of a stroke and negative along the
# other.

correlations = [
    np.corrcoef(start.ravel(), end.ravel())[0, 1]
    for start, end in zip(before, after, strict=True)
]
for number in range(6):
    print(
        f"kernel {number + 1}: sum {before[number].sum():5.2f} before, "
        f"{after[number].sum():5.2f} after; correlation {correlations[number]:.2f}"
    )
assert min(correlations) > 0.8
assert np.linalg.norm(after) > np.linalg.norm(before)

# %%
# These are the mistakes that the network was most confident about, each with the true digit and
# the predicted one:

probabilities = net.predict(x_test)
wrong = np.flatnonzero(probabilities.argmax(axis=1) != y_test)
worst = wrong[np.argsort(-probabilities[wrong].max(axis=1))][:8]
figure, panels = plt.subplots(1, 8, figsize=(9, 1.7), layout="constrained")
for panel, number in zip(panels, worst, strict=True):
    panel.imshow(x_test[number, :, :, 0], cmap="gray_r")
    panel.set_title(
        f"{y_test[number]}, not {probabilities[number].argmax()}", fontsize=9
    )
    panel.set(xticks=[], yticks=[])
plt.show()
