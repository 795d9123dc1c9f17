r"""
Finding Waldo
=============

One figure is hidden in a crowd of many that resemble it: they wear the same hat, or the same rings,
or the same glasses, but never all of them. Others hide parts of it, it is a little larger or
smaller than its picture, and a little tilted. Template matching still finds it, if the template is
compared at several scales and rotations, and if only the pixels of the figure count.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st
from striate.data.crowd import draw_crowd

# %%
# The crowd is drawn by formulas, so the example needs no file. ``mask`` says how much of each pixel
# the figure covers; around it, the template is empty.

crowd = draw_crowd(seed=8, size=(600, 900))
print(f"figures like this one: {crowd.template.shape[0]} x {crowd.template.shape[1]} pixels")
print(f"hidden at scale {crowd.scale:.2f}, rotated by {crowd.rotation:.0f} degrees")
print(f"{1 - crowd.visible:.0%} of it is covered")

# %%
# Five scales and five rotations make 25 templates. Each is compared with all windows of the scene
# by normalized correlation, over the three colors.

match, *others = st.matching.find(
    crowd.scene,
    crowd.template,
    masks=crowd.mask,
    scales=np.linspace(0.9, 1.1, 5),
    rotations=np.linspace(-10, 10, 5),
    count=5,
)

row, column = match.center
distance = np.hypot(row - crowd.row, column - crowd.column)
print(f"found {distance:.1f} pixels from its place, score {match.score:.2f}")
print(f"at scale {match.scale:.2f} and {match.rotation:.0f} degrees")
print(f"the best of the others scores {others[0].score:.2f}")
assert distance < 5

# %%
# Without the mask, the empty corners of the template count too, and without rotations the rings
# don't line up. The score of the hidden figure falls in both cases.

place = {"scales": match.scale, "rotations": match.rotation}
unmasked = st.matching.find(crowd.scene, crowd.template, **place)[0]
upright = st.matching.find(crowd.scene, crowd.template, masks=crowd.mask)[0]
for name, other in (("without mask", unmasked), ("scale 1, upright", upright)):
    away = np.hypot(other.center[0] - crowd.row, other.center[1] - crowd.column)
    print(f"{name:18} best score {other.score:.2f}, {away:5.0f} pixels away")

# %%
# A box around the match, and the figure that was searched for.

figure, panels = plt.subplots(1, 2, figsize=(9, 5), width_ratios=(6, 1), layout="constrained")
panels[0].imshow(crowd.scene)
box = plt.Rectangle(
    (match.column - 0.5, match.row - 0.5), match.width, match.height, fill=False, lw=3
)
box.set_edgecolor("#f0e442")
panels[0].add_patch(box)
panels[0].set_title(f"found with a score of {match.score:.2f}")
panels[1].imshow(np.where(crowd.mask[..., np.newaxis] > 0.5, crowd.template, 255))
panels[1].set_title("template")
for panel in panels:
    panel.set(xticks=[], yticks=[])
plt.show()
