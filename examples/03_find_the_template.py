r"""
Finding a template by correlation
=================================

Where in a crowded picture is this one figure? Wolter's slides let a computer find Waldo this way;
Hagan calls it the matched filter. Here the crowd are digits, and Waldo is one of them.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st
from striate.maths import cross_correlate

(x, y), _ = st.data.load("digits")
rng = np.random.default_rng(3)

# %%
# A scene of sixty digits, some one over the other, with noise. The template is one of them.

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
# The plain correlation is the sum of products at each place. It is large where the template fits,
# but larger still where the scene is merely full of ink.
#
# The normalized correlation asks for the angle instead of the length: means are subtracted, and the
# products are divided by the lengths of the template and of the window under it. Two more
# correlations, with a kernel of ones, give the windows' sums and sums of squares.

plain = cross_correlate(template, scene)

ones = np.ones_like(template)
centered = template - template.mean()
sums, squares = cross_correlate(ones, scene), cross_correlate(ones, scene**2)
deviation = np.sqrt(squares - sums**2 / template.size)
score = cross_correlate(centered, scene) / (np.linalg.norm(centered) * deviation)

for name, response in (("plain", plain), ("normalized", score)):
    found = tuple(map(int, np.unravel_index(response.argmax(), response.shape)))
    print(f"{name:10} largest at {found}, template at {truth}")

# %%
# The largest score is at the template's place; no other place comes near it.

best = tuple(map(int, np.unravel_index(score.argmax(), score.shape)))
assert best == truth

figure, panels = plt.subplot_mosaic(
    [["scene", "template"], ["plain", "score"]], figsize=(9, 5.4), layout="constrained"
)
panels["scene"].imshow(scene, cmap="gray_r")
panels["scene"].add_patch(
    plt.Rectangle((best[1] - 0.5, best[0] - 0.5), 20, 20, fill=False, color="#d55e00", lw=2)
)
panels["scene"].set_title("scene, and where the template was found")
panels["template"].imshow(template, cmap="gray_r")
panels["template"].set_title("template")
panels["plain"].imshow(plain, cmap="viridis")
panels["plain"].set_title("plain correlation")
panels["score"].imshow(score, cmap="viridis")
panels["score"].set_title(f"normalized correlation, at most {score.max():.2f}")
for panel in panels.values():
    panel.set(xticks=[], yticks=[])
plt.show()
