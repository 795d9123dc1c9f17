r"""
Augmentation, one option at a time
==================================

A network that has seen a cat upright should also recognize one that leans to the side. Augmentation
creates such images: in each epoch, every training image is moved and changed at random, by amounts
that keep its label valid. This example shows what each option does to a photograph and to its mask,
and how much augmentation helps when there are few images.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cbook import get_sample_data
from PIL import Image

import striate as st

# %%
# The photograph shows Grace Hopper; it comes with Matplotlib. Segmentation networks are trained
# with masks, which have a label for each pixel. Here, label 1 is the face, an ellipse.

with Image.open(get_sample_data("grace_hopper.jpg", asfileobj=False)) as file:
    picture = file.crop((90, 20, 430, 360)).resize((96, 96))
photograph = np.asarray(picture)[np.newaxis]

row, column = np.mgrid[0:96, 0:96]
inside = ((row - 56) / 25) ** 2 + ((column - 47) / 19) ** 2 < 1
mask = inside.astype(int)[np.newaxis]

# %%
# Moves
# -----
#
# Each row shows one option, written as for ``fit(..., augment=...)`` and
# ``striate train --augment``. The first image is the photograph; the others are what the first
# epochs would show.


def show(options):
    """Draw the photograph with each option."""
    size = (9, 1.85 * len(options))
    figure = plt.figure(figsize=size, layout="constrained")
    places = figure.subfigures(len(options))
    for place, option in zip(places, options, strict=True):
        st.pictures.augmented(
            photograph, option, masks=mask, columns=7, ax=place
        )


show(["shift 16", "flip", "rotate 30", "scale 0.7", "shear 25", "crop 0.6"])

# %%
# - ``shift``: up or down, and to the left or to the right, by at most 16 pixels.
# - ``flip``: half of the images are mirrored. ``flip vertical`` turns them upside down, which
#   suits microscope pictures but not photographs.
# - ``rotate``: by an angle in degrees, in either direction.
# - ``scale``: half of the images become smaller, down to 0.7 times their size, and half of them
#   larger, up to 1/0.7 times.
# - ``shear``: vertical lines are slanted by at most 25 degrees, as in slanted handwriting.
# - ``crop``: a window at a random position, whose sides are at least 0.6 of the image's, is
#   magnified.
#
# Pixels that come from outside the photograph are black; ``fill 128`` makes them gray. The mask
# moves in the same way, with the nearest pixel instead of an interpolation, because labels can't be
# averaged. Outside the image, it has the label 0, or the one given with ``fill_mask``.
#
# Values
# ------
#
# These options change the values of pixels but don't move them, so the mask stays the same.

show(["brightness 0.3", "contrast 0.5", "cutout 40"])

# %%
# - ``brightness``: a random offset is added to all values, at most 0.3 times the full scale.
# - ``contrast``: the distance of all values from medium gray is multiplied by 0.5 to 1.5.
# - ``cutout``: a square is covered, so that the network can't rely on a single part.
#
# All of them together
# --------------------
#
# Options are combined in one string. Their order doesn't matter: the photograph is always cropped,
# flipped, sheared, resized, rotated and shifted, about its center.

text = "rotate 15 scale 0.8 shear 10 shift 8 flip brightness 0.2 contrast 0.2"
st.pictures.augmented(photograph, text, masks=mask, columns=7)

# %%
# An image is interpolated only once, because all its moves are composed into one affine map
# first. The map gives the source of each pixel of the result: the source of pixel (0, 0), and the
# steps from there. For the first epoch, in pixels:

augment = st.data.Augmentation.parse(text)
draws = {"seed": 0, "epoch": 0, "indices": np.array([0])}
(rows, columns) = augment.maps((96, 96), **draws).matrices[0]
print(f"row    = {rows[0]:6.2f} {rows[1]:+.3f} i {rows[2]:+.3f} j")
print(f"column = {columns[0]:6.2f} {columns[1]:+.3f} i {columns[2]:+.3f} j")

# %%
# The determinant of the steps is the area of the photograph that a pixel of the result shows:
# above 1 if the photograph became smaller. The area of the face in the mask changes accordingly.

area = rows[1] * columns[2] - rows[2] * columns[1]
moved = augment.maps((96, 96), **draws).apply(mask, 0, interpolate=False)
print(f"one pixel shows {abs(area):.3f} pixels of the photograph")
print(f"the face: {mask.sum()} pixels, then {moved.sum()}")
assert abs(mask.sum() / moved.sum() / abs(area) - 1) < 0.02

# %%
# Does it help?
# -------------
#
# Augmentation helps most when there are few images. Here, LeNet-5 is trained on ten images of each
# digit, with and without augmentation, for the same number of steps.

(x, y), (x_test, y_test) = st.data.load("digits")
few = np.concatenate([np.flatnonzero(y == digit)[:10] for digit in range(10)])
means = []
for text in ("", "rotate 15 scale 0.85 shear 15 shift 2"):
    accuracies = []
    for seed in range(3):
        net = st.Network.preset("lenet5", seed=seed)
        net.fit(
            x[few],
            y[few],
            epochs=100,
            batch_size=25,
            schedule="cosine",
            augment=text,
            seed=seed,
        )
        accuracies.append(net.evaluate(x_test, y_test).accuracy)
    each = ", ".join(f"{100 * accuracy:.1f}%" for accuracy in accuracies)
    print(f"{text or 'no augmentation':40} {each}")
    means.append(np.mean(accuracies))
assert means[1] > means[0] + 0.03

# %%
# The compiled step moves the images while it loads them.
# ``python benchmarks/augmentation.py`` measures what this costs.
#
# Signals
# -------
#
# Signals can be shifted, reversed in time, scaled and partly covered, and noise can be added, as a
# fraction of their standard deviation. This one resembles a heartbeat.

time = np.linspace(0, 1, 200)
beat = np.exp(-(((time - 0.45) / 0.015) ** 2)) + 0.25 * np.exp(
    -(((time - 0.7) / 0.06) ** 2)
)
signal = beat.astype(np.float32)[None, :, None]
texts = ["shift 30", "scale 0.5", "noise 0.2", "cutout 40"]
changed = []
for text in texts:
    change = st.data.Augmentation.parse(text)
    found = change.apply_to_signals(signal, seed=10, epoch=0, indices=[0])
    changed.append(found[0, :, 0])
st.pictures.signals([beat, *changed], ["heartbeat", *texts], unit="samples")
