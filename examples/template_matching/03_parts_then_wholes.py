r"""
Parts, then wholes
==================

A template is rigid: it fits what looks exactly like it. But eyes, nose and mouth are in a slightly
different place in every face. So match the parts first, each with a template of its own, and let
each part move a little. Then match the arrangement of the parts with the template of the whole.

This is what a convolutional network with two layers computes. Here is one whose weights are all
designed by hand: its first layer finds parts, max pooling lets them move, and its second layer
finds wholes.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st

# %%
# A face has two eyes, a nose and a mouth. In each face, every part is moved by up to three pixels
# in each direction.

EYE = [
    "..#####..",
    ".#.....#.",
    "#.......#",
    "#...#...#",
    "#..###..#",
    "#...#...#",
    "#.......#",
    ".#.....#.",
    "..#####..",
]
NOSE = [
    "....#....",
    "....#....",
    "...#.....",
    "...#.....",
    "..#......",
    "..#......",
    ".#.......",
    ".#.......",
    ".######..",
]
MOUTH = [
    ".........",
    "#.......#",
    "#.......#",
    "##.....##",
    ".#.....#.",
    ".##...##.",
    "..#####..",
    "...###...",
    ".........",
]
PARTS = [
    np.array([[c == "#" for c in row] for row in rows], float)
    for rows in (EYE, NOSE, MOUTH)
]
FACE = [(0, 0, 0), (0, 0, 16), (1, 10, 8), (2, 20, 8)]  # part, row, column
HEIGHT, WIDTH = 29, 25


def add(scene, part, row, column):
    """Draw a part."""
    place = scene[row : row + 9, column : column + 9]
    np.maximum(place, PARTS[part], out=place)


def draw_face(scene, top, left, moved, rng):
    """Draw a face; each of its parts is moved by up to this many pixels."""
    for part, row, column in FACE:
        down, right = rng.integers(-moved, moved + 1, size=2)
        add(scene, part, top + row + down, left + column + right)


def one_face(moved, seed):
    """Draw a face alone, with a margin of 5 pixels."""
    image = np.zeros((HEIGHT + 10, WIDTH + 10))
    draw_face(image, 5, 5, moved, np.random.default_rng(seed))
    return image


st.pictures.images(
    [one_face(0, seed=0), *(one_face(3, seed) for seed in range(5))],
    ["face", *["moved by up to 3"] * 5],
)

# %%
# The scene is full of the same parts, at random places, so that no part alone tells where the face
# is. There is noise, too.


def draw_scene(moved, seed):
    """Draw a scene with one face; return it with the face's place."""
    rng = np.random.default_rng(seed)
    scene = np.zeros((120, 160))
    top, left = map(
        int, rng.integers((6, 6), (120 - HEIGHT - 6, 160 - WIDTH - 6))
    )
    count = 0
    while count < 60:
        part, row, column = (
            rng.integers(3),
            rng.integers(120 - 9),
            rng.integers(160 - 9),
        )
        above_or_below = row < top - 9 - moved or row >= top + HEIGHT + moved
        if (
            above_or_below
            or column < left - 9 - moved
            or column >= left + WIDTH + moved
        ):
            add(scene, part, row, column)
            count += 1
    draw_face(scene, top, left, moved, rng)
    return scene + rng.normal(scale=0.3, size=scene.shape), (top, left)


# %%
# The network
# -----------
#
# - **Parts.** A kernel is positive where its part has ink, and negative where it has none. For the
#   part, the response is 1, and for most other things it is below 0.5. Bias and relu stretch the
#   range from 0.5 to 1 to the range from 0 to 1, and make everything below it 0.
# - **Pooling.** The maximum over 7 x 7 positions is the same wherever in this window the part is.
#   So the part may move by three pixels in each direction.
# - **Wholes.** The second kernel has a 1 for each part at its place in the face: two for eyes, one
#   for a nose, one for a mouth. So the score of a whole face is 4.


def design(window):
    """Build the network, with pooling over this many pixels."""
    net = st.Network(
        [
            st.Conv(3, 9, activation="relu"),
            st.MaxPool(window, stride=1, padding="same"),
            st.Conv(1, (21, 17)),
        ],
        input_shape=(120, 160, 1),
    )
    weights = net.parameters
    for kernel, part in zip(weights["conv1.weight"][:, 0], PARTS, strict=True):
        kernel[:] = 2 * np.where(part, 1 / part.sum(), -1 / (1 - part).sum())
    weights["conv1.bias"][:] = -1
    weights["conv2.weight"][:] = 0
    for part, row, column in FACE:
        weights["conv2.weight"][0, part, row, column] = 1
    weights["conv2.bias"][:] = 0
    return net


net = design(window=7)
print(net.summary())
scores = [
    net.at((39, 35, 1)).predict(one_face(3, seed)[np.newaxis]).max()
    for seed in range(100)
]
print(
    f"a hundred faces alone, moved by up to 3: scores {min(scores):.2f} to {max(scores):.2f}"
)
assert min(scores) > 3.5

# %%
# Here are both layers for a scene. On the left are the scene and the responses of the three part
# kernels: many parts are found, most of them clutter. Pooling turns each response into a square. In
# the sum of the shifted squares, the face is the strongest spot: all four overlap there.

scene, place = draw_scene(moved=3, seed=5)
trace = net.trace(scene[np.newaxis])
responses, pooled, whole = (
    trace[layer].A[0] for layer in ("conv1", "max1", "conv2")
)
maps = {"scene": scene.clip(0, 1), "wholes (scaled)": whole[0] / whole.max()}
for name, response, spread in zip(
    ("eyes", "noses", "mouths"), responses, pooled, strict=True
):
    maps |= {name: response, f"{name}, pooled": spread}
st.pictures.images(list(maps.values()), list(maps), columns=2)

# %%
# For comparison, the rigid template of the whole face, matched by normalized correlation. Both
# boxes mark the best match.


def best(scores):
    """Return the row and the column of the maximum."""
    return tuple(map(int, np.unravel_index(scores.argmax(), scores.shape)))


template = one_face(0, seed=0)[5:-5, 5:-5]
places = {
    "parts": best(whole[0]),
    "rigid": best(st.matching.score_map(scene, template)),
}
print(
    f"face at {place}",
    *(f"{name} template: {found}" for name, found in places.items()),
    sep="\n",
)
st.pictures.detections(
    1 - scene.clip(0, 1),
    [(*found, HEIGHT, WIDTH) for found in places.values()],
    list(places),
)

# %%
# A hundred scenes
# ----------------
#
# How often is the best match within four pixels of the face? A rigid template finds a rigid face,
# but it is lost when the parts move. A template that is the mean of 500 moved faces, so that its
# parts are blurred, is better for small movements. Without pooling, parts and wholes are no more
# than another rigid template. With pooling over 7 x 7, faces whose parts move by up to three pixels
# are found almost always. Beyond that, parts leave their windows.


def is_hit(scores, place):
    """Return whether the maximum is within four pixels of the place."""
    return np.abs(np.subtract(best(scores), place)).max() <= 4


methods = ("rigid", "mean", "parts, no pooling", "parts, 7 x 7")
networks = (design(window=1), net)
table = {method: [] for method in methods}
for moved in range(6):
    scenes, places = zip(
        *(draw_scene(moved, seed) for seed in range(100, 200)), strict=True
    )
    mean = np.mean([one_face(moved, seed) for seed in range(500)], axis=0)[
        5:-5, 5:-5
    ]
    maps = [
        [st.matching.score_map(scene, template) for scene in scenes],
        [st.matching.score_map(scene, mean) for scene in scenes],
        *(network.predict(np.stack(scenes))[..., 0] for network in networks),
    ]
    for method, found in zip(methods, maps, strict=True):
        table[method].append(sum(map(is_hit, found, places)))

print(f"{'parts moved by up to':20}", *(f"{moved:4}" for moved in range(6)))
for method, hits in table.items():
    print(f"{method:20}", *(f"{count:4}" for count in hits))

assert table["rigid"][0] == table["parts, 7 x 7"][0] == 100
assert table["parts, 7 x 7"][3] > 90
assert max(table[method][3] for method in methods[:3]) < 60

# %%
# Part kernels, pooling, and a kernel for the whole: a trained network has the same structure, with
# more layers, but it has to find out by itself which parts are useful.

plt.show()
