r"""
Finding a template by correlation
=================================

Where in a crowded picture is one particular figure? Wolter's slides find Waldo this way, and Hagan
calls it matched filtering. Here the crowd consists of handwritten digits, and Waldo is one of them.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st
from striate.maths import cross_correlate

(x, y), _ = st.data.load("digits")
rng = np.random.default_rng(3)

# %%
# The scene contains sixty digits at random positions, some of them overlapping, plus noise. The
# template is the last digit that was placed.

scene = np.zeros((160, 280))
crowd = rng.permutation(len(x))[:60]
for number in crowd:
    top, left = map(int, rng.integers((0, 0), (160 - 28, 280 - 28)))
    place = scene[top : top + 28, left : left + 28]
    np.maximum(place, x[number, :, :, 0] / 255, out=place)
waldo = crowd[-1]
template = x[waldo, 4:24, 4:24, 0] / 255
truth = top + 4, left + 4
scene += rng.normal(scale=0.2, size=scene.shape)

# %%
# Plain correlation computes the sum of products at each position. It is large where the template
# matches, but even larger where the scene merely contains a lot of ink.
#
# Normalized correlation measures the angle between template and window instead. It subtracts the
# mean of each and divides by their norms, so that a perfect match scores 1 whatever the brightness.
# Two more correlations, with a kernel of ones, give the sum and the sum of squares of each window.

plain = cross_correlate(scene, template)

ones = np.ones_like(template)
centered = template - template.mean()
sums, squares = cross_correlate(scene, ones), cross_correlate(scene**2, ones)
norms = np.sqrt(squares - sums**2 / template.size)
score = cross_correlate(scene, centered) / (np.linalg.norm(centered) * norms)

for name, response in (("plain", plain), ("normalized", score)):
    found = tuple(map(int, np.unravel_index(response.argmax(), response.shape)))
    print(f"{name:10} maximum at {found}, template at {truth}")

# %%
# The score is highest exactly where the template was placed, and clearly lower everywhere else.

best = tuple(map(int, np.unravel_index(score.argmax(), score.shape)))
assert best == truth

elsewhere = score.copy()
elsewhere[best[0] - 2 : best[0] + 3, best[1] - 2 : best[1] + 3] = -1
print(f"score at the template {score.max():.2f}, highest elsewhere {elsewhere.max():.2f}")
assert elsewhere.max() < 0.75 * score.max()

figure, panels = plt.subplot_mosaic(
    [["scene", "template"], ["plain", "score"]], figsize=(9, 5.4), layout="constrained"
)
panels["scene"].imshow(scene, cmap="gray_r")
panels["scene"].add_patch(
    plt.Rectangle((best[1] - 0.5, best[0] - 0.5), 20, 20, fill=False, color="#d55e00", lw=2)
)
panels["scene"].set_title("scene, with the best match marked")
panels["template"].imshow(template, cmap="gray_r")
panels["template"].set_title("template")
panels["plain"].imshow(plain, cmap="viridis")
panels["plain"].set_title("plain correlation")
panels["score"].imshow(score, cmap="viridis")
panels["score"].set_title(f"normalized correlation (maximum {score.max():.2f})")
for panel in panels.values():
    panel.set(xticks=[], yticks=[])
plt.show()
