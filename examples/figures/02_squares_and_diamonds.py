r"""
Figures 8.4 to 8.8: squares and diamonds
========================================

Hagan explains template matching with two figures and four kernels. Convolution finds the lines
that the figures consist of, and max pooling makes the result smaller. Every number here equals that
of the figure in the chapter.
"""

import matplotlib.pyplot as plt

import striate as st

# %%
# .. _hagan-figure-8.4:
#
# Figure 8.4: the two images
# --------------------------
#
# A square and a diamond, 15 x 15 pixels. The lines have the value 1, the background 0.

square, diamond = st.data.shapes.square(), st.data.shapes.diamond()

st.pictures.images({"square": square, "diamond": diamond})

# %%
# .. _hagan-figure-8.5:
#
# Figure 8.5: the kernels
# -----------------------
#
# Each kernel is a template for three pixels of a line. "Slash" and "backslash" are named as in the
# chapter, which is the other way around from the characters / and \\.

kernels = st.data.shapes.KERNELS

st.pictures.images(kernels, values=True)

# %%
# .. _hagan-figure-8.6:
#
# Figure 8.6: the square, filtered
# --------------------------------
#
# A response is the number of pixels that the template and the image have in common (equation 8.13,
# padded by one pixel so that the image keeps its size). On a line of three pixels, the kernel of
# its direction responds with 3. The text says that the slanted kernels "don't match"; the figure
# shows that they still respond: with 1 along each side, and with 2 at two corners.


def filtered(picture):
    """Correlate a picture with each kernel, and keep its size."""
    return {
        name: st.maths.cross_correlate(picture, kernel, padding=1)
        for name, kernel in kernels.items()
    }


st.pictures.images(filtered(square))

# %%

largest = [int(response.max()) for response in filtered(square).values()]
print(largest)
assert largest == [3, 3, 2, 2]

# %%
# .. _hagan-figure-8.7:
#
# Figure 8.7: the diamond, filtered
# ---------------------------------
#
# Now the slanted kernels reach 3. The text says that there are "no matches" with the other two, but
# they respond with 2 at the tips of the diamond. A match is a matter of degree, so a layer needs a
# threshold: after a bias of -2 and relu, only the responses of 3 are left, as 1.

st.pictures.images(filtered(diamond))

# %%

largest = [int(response.max()) for response in filtered(diamond).values()]
print(largest)
assert largest == [2, 2, 3, 3]

# %%
# .. _hagan-figure-8.8:
#
# Figure 8.8: max pooling
# -----------------------
#
# Each window of 3 x 3 pixels becomes one pixel, its largest value (equation 8.24). Windows and
# output pixels have the same colors; a circle marks the pixel that is kept. The image is the
# diamond, filtered with the kernel "backslash".

response = filtered(diamond)["backslash"]

st.pictures.pooling(response, 3)

# %%
# After pooling, the two sides that the kernel matches can still be seen: the values of 3.

pooled = st.maths.max_pool(response, 3)
print(pooled.astype(int))
assert pooled.tolist() == [
    [0, 0, 1, 0, 0],
    [0, 3, 3, 1, 0],
    [1, 3, 1, 3, 1],
    [0, 1, 3, 3, 0],
    [0, 0, 1, 0, 0],
]

horizontal = st.maths.max_pool(filtered(square)["horizontal"], 3)
assert horizontal.tolist() == [
    [0, 0, 0, 0, 0],
    [1, 3, 3, 3, 1],
    [1, 1, 0, 1, 1],
    [1, 3, 3, 3, 1],
    [0, 0, 0, 0, 0],
]

# %%
# A network with these kernels can tell all squares from all diamonds:
# :ref:`sphx_glr_auto_examples_networks_01_squares_and_diamonds.py`.

plt.show()
