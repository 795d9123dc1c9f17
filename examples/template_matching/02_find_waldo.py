r"""
Finding Waldo
=============

One figure is hidden in a crowd of 6,700 that resemble it: they wear the same hat, or the same
rings, or the same red, but never all of them. Others hide parts of it, it is a little larger or
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

crowd = draw_crowd(seed=8, size=(2000, 3000))
print(f"scene: {crowd.scene.shape[0]} x {crowd.scene.shape[1]} pixels")
print(f"template: {crowd.template.shape[0]} x {crowd.template.shape[1]} pixels")
print(
    f"hidden at scale {crowd.scale:.2f}, rotated by {crowd.rotation:.0f} degrees"
)
print(f"{1 - crowd.visible:.0%} of the figure is covered")

# %%
# Three scales and five rotations make 15 templates. Each is compared with all windows of the scene
# by normalized correlation, over the three colors.

match, second = st.matching.find(
    crowd.scene,
    crowd.template,
    masks=crowd.mask,
    scales=(0.93, 1, 1.07),
    rotations=(-8, -4, 0, 4, 8),
    count=2,
)

row, column = match.center
distance = np.hypot(row - crowd.row, column - crowd.column)
print(f"found {distance:.1f} pixels from its place, score {match.score:.2f}")
print(f"at scale {match.scale:.2f} and {match.rotation:.0f} degrees")
print(f"the best of the others scores {second.score:.2f}")
assert distance < 5

# %%
# Without the mask, the empty corners of the template count too, and without other sizes and angles
# the rings don't line up. The score of the hidden figure falls in both cases.

near = crowd.scene[
    int(row) - 150 : int(row) + 150, int(column) - 150 : int(column) + 150
]
place = {"scales": match.scale, "rotations": match.rotation}
[unmasked] = st.matching.find(near, crowd.template, **place)
[upright] = st.matching.find(near, crowd.template, masks=crowd.mask)
print(f"near the figure, without the mask: best score {unmasked.score:.2f}")
print(
    f"near the figure, at scale 1 and upright: best score {upright.score:.2f}"
)

# %%
# The scene with a box around the match, its surroundings, and the figure that was searched for.

figure, panels = plt.subplots(
    1, 3, figsize=(10, 4), width_ratios=(5, 3, 1), layout="constrained"
)
panels[0].imshow(crowd.scene)
panels[0].set_title(f"found with a score of {match.score:.2f}")
panels[1].imshow(crowd.scene)
panels[1].set(
    xlim=(column - 110, column + 110),
    ylim=(row + 110, row - 110),
    title="enlarged",
)
for panel in panels[:2]:
    panel.add_patch(
        plt.Rectangle(
            (match.column - 0.5, match.row - 0.5),
            match.width,
            match.height,
            fill=False,
            edgecolor="#f0e442",
            lw=2.5,
        )
    )
panels[2].imshow(
    np.where(crowd.mask[..., np.newaxis] > 0.5, crowd.template, 255)
)
panels[2].set_title("template")
for panel in panels:
    panel.set(xticks=[], yticks=[])
plt.show()
