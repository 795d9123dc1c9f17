r"""
Three dimensions: volumes and films
===================================

A volume is a stack of pictures, and so is a film. In both, the third axis is an axis like the other
two: a kernel has rows, columns and planes, and slides along all three. This shows what no single
picture shows: surfaces that lie flat between two slices, and the direction in which things move.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st
from striate import maths
from striate.maths import kernels

# %%
# A volume
# --------
#
# Tomography measures volumes slice by slice. This one is drawn: a head made of ellipsoids, as in
# the phantom of Shepp and Logan. A number is added or subtracted inside each ellipsoid.

ELLIPSOIDS = [  # added value; center and half-axes in planes, rows, columns
    (1.0, (20, 32, 32), (18, 28, 22)),  # skull
    (-0.7, (20, 32, 32), (16, 25, 19)),  # brain
    (-0.2, (20, 30, 25), (8, 9, 4)),  # two cavities
    (-0.2, (20, 30, 39), (7, 8, 4)),
    (0.6, (26, 46, 32), (4, 4, 5)),  # a dense spot
    (0.6, (12, 22, 32), (2.5, 10, 9)),  # a thin plate, parallel to the slices
]


def phantom():
    """Draw the volume: 40 planes of 64 x 64 pixels."""
    volume = np.zeros((40, 64, 64))
    for value, center, axes in ELLIPSOIDS:
        distance = sum(
            ((position - middle) / half) ** 2
            for position, middle, half in zip(
                np.indices(volume.shape), center, axes, strict=True
            )
        )
        volume += value * (distance <= 1)
    return volume


clean = phantom()
volume = clean + np.random.default_rng(0).normal(scale=0.3, size=clean.shape)
planes = [4, 12, 20, 26, 34]
st.pictures.images(
    volume[planes].clip(0), [f"plane {k}" for k in planes], columns=5
)

# %%
# A mean along three axes makes noise weaker than a mean along two, since it contains more pixels.
# For a fair comparison, each Gaussian has the width that leaves the smallest error.


def filtered(volume, kernel):
    """Correlate a volume with a kernel, and keep its size."""
    return maths.cross_correlate(
        volume, kernel, padding="same", padding_mode="replicate"
    )


def error(volume):
    """Return the root of the mean squared difference from the volume without noise."""
    return np.sqrt(np.mean((volume - clean) ** 2))


def blurred(volume, width, axes):
    """Smooth a volume along some of its axes, one after another."""
    along = kernels.gaussian(width, rank=1)
    for axis in axes:
        volume = filtered(
            volume, along.reshape([-1 if k == axis else 1 for k in range(3)])
        )
    return volume


widths = np.arange(0.5, 1.6, 0.1)
in_planes = min(error(blurred(volume, width, axes=(1, 2))) for width in widths)
in_space = min(
    error(blurred(volume, width, axes=(0, 1, 2))) for width in widths
)
print(
    f"error with noise {error(volume):.3f}, smoothed plane by plane {in_planes:.3f}, ",
    end="",
)
print(f"smoothed along all axes {in_space:.3f}")
assert in_space < in_planes < error(volume)

# %%
# ``blurred`` relies on the Gaussian being separable: its 3-D kernel is the product of three 1-D
# kernels, so three short convolutions replace a large one. The result is the same, but with 27
# products for each pixel instead of 729.

kernel = kernels.gaussian(1.0, rank=3)
part = volume[:20, :20, :20]
assert np.allclose(filtered(part, kernel), blurred(part, 1.0, axes=(0, 1, 2)))
print(
    f"3-D kernel: {kernel.size} products; three 1-D kernels: {sum(kernel.shape)} products"
)

# %%
# An edge in a volume is a surface. The derivatives along rows and columns find the surfaces that a
# plane cuts across. The thin plate lies in plane 12, parallel to the slices: within its plane, it
# has an edge only at its rim. The derivative along the third axis finds its two sides. The pictures
# show a cut through the middle of the head, with the planes from top to bottom.

smooth = blurred(volume, 1.0, axes=(0, 1, 2))
slopes = [
    filtered(smooth, kernels.sobel(axis, rank=3)) / 32 for axis in range(3)
]
edges_in_planes = np.sqrt(slopes[1] ** 2 + slopes[2] ** 2)
edges_in_space = np.sqrt(sum(slope**2 for slope in slopes))

cut = (slice(None), slice(None), 32)
st.pictures.images(
    [clean[cut], 3 * edges_in_planes[cut], 3 * edges_in_space[cut]],
    ["cut without noise", "edges in planes", "edges in space"],
)
side = (9, slice(18, 27), slice(28, 37))  # the upper side of the plate
assert edges_in_space[side].mean() > 2 * edges_in_planes[side].mean()

# %%
# A film
# ------
#
# Now the third axis is time. A film of six frames shows a handwritten digit that moves by one pixel
# per frame, to the right, to the left, down or up. What leaves the picture on one side comes back
# on the opposite side. So every position is equally likely, and a single frame says nothing about
# the direction.

STEPS = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}


def films(digits, count, seed):
    """Draw films, ``(films, frames, rows, columns, 1)``, and the index of each one's direction."""
    rng = np.random.default_rng(seed)
    small = maths.average_pool(np.moveaxis(digits[:1000] / 255, -1, 1), 2)[:, 0]
    small = np.pad(small, ((0, 0), (3, 3), (3, 3)))
    directions = rng.integers(4, size=count)
    x = np.zeros((count, 6, 20, 20, 1), np.float32)
    for film, direction in zip(x, directions, strict=True):
        start, digit = rng.integers(20, size=2), small[rng.integers(len(small))]
        for time, frame in enumerate(film):
            step = np.array(list(STEPS.values())[direction])
            frame[..., 0] = np.roll(digit, start + time * step, axis=(0, 1))
    return x, directions


(digits, _), (digits_test, _) = st.data.load("digits")
x, y = films(digits, 2000, seed=0)
x_test, y_test = films(digits_test, 1000, seed=1)

film = 133
assert y_test[film] == 0  # to the right
st.pictures.images(x_test[film, ..., 0], [f"frame {k + 1}" for k in range(6)])

# %%
# The network has eight kernels that extend over one, two or three frames, and takes the average
# response of each over the whole film. Kernels of one frame see edges, but no motion: the network
# can only guess, and is right one time in four. With two frames, it sees the direction.

for frames in (1, 2, 3):
    net = st.Network(
        [
            st.Conv(8, (frames, 5, 5), activation="relu"),
            st.GlobalAveragePool(),
            st.Dense(4, activation="softmax"),
        ],
        input_shape=x.shape[1:],
        seed=0,
    )
    net.fit(
        x,
        y,
        epochs=10,
        batch_size=32,
        learning_rate=0.005,
        seed=0,
        progress=False,
    )
    accuracy = net.evaluate(x_test, y_test).accuracy
    print(f"kernels of {frames} x 5 x 5: accuracy {accuracy:.1%}")
    assert accuracy < 0.32 if frames == 1 else accuracy > 0.97

# %%
# Does the network use the direction? Played backward, a film has the same frames, but it moves in
# the opposite direction.

backward = net.predict(x_test[:, ::-1]).argmax(axis=1)
opposite = np.array([1, 0, 3, 2])[y_test]
print(
    f"films played backward: {np.mean(backward == opposite):.1%} the opposite direction"
)
assert np.mean(backward == opposite) > 0.97

# %%
# Each column is a kernel, with its three frames from top to bottom. Most are edges that move from
# frame to frame, in the direction that the kernel responds to. The table lists the weight of
# its response for each direction.

print(net.summary())
votes = net.parameters["dense1.weight"]
for name, row in zip(STEPS, votes, strict=True):
    print(f"{name:6}", *(f"{vote:5.1f}" for vote in row))

st.pictures.kernels(net)
plt.show()
