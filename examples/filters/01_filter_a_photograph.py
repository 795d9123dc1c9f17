r"""
Edges, noise, contrast, restoration
===================================

Long before networks learned their kernels, people designed them. Hagan's chapter begins with four
uses of convolution in image processing: edge detection, noise removal, contrast enhancement, and
image restoration. Here they are on a photograph.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cbook import get_sample_data
from PIL import Image

from striate import maths
from striate.maths import kernels
from striate.shapes import Array

# %%
# The photograph shows Grace Hopper; it comes with Matplotlib. Gray values are from 0 to 1. Pixels
# outside the picture repeat those at its edges.

with Image.open(get_sample_data("grace_hopper.jpg", asfileobj=False)) as file:
    photograph = np.asarray(file.convert("L").crop((110, 20, 410, 370))) / 255


def filtered(picture: Array, kernel: Array) -> Array:
    """Correlate a picture with a kernel, and keep its size."""
    return maths.cross_correlate(
        picture, kernel, padding="same", padding_mode="replicate"
    )


def show(pictures: dict[str, Array]) -> None:
    """Draw pictures next to each other, each with its title."""
    size = (9, 9.9 / len(pictures))
    _, panels = plt.subplots(
        1, len(pictures), figsize=size, layout="constrained"
    )
    for panel, (title, picture) in zip(panels, pictures.items(), strict=True):
        panel.imshow(picture, cmap="gray", vmin=0, vmax=1)
        panel.set_title(title, fontsize=10)
        panel.set(xticks=[], yticks=[])


# %%
# Edge detection
# --------------
#
# Sobel's kernel measures how the brightness changes along one axis. Along a row, it finds vertical
# edges; its transpose finds horizontal ones. The magnitude of the two, taken as a vector, finds
# edges in all directions. The Laplacian has no direction: it is positive on the dark side of an
# edge and negative on the bright side. In these pictures, medium gray is zero.

across = filtered(photograph, kernels.sobel(axis=1))
down = filtered(photograph, kernels.sobel(axis=0))

show(
    {
        "photograph": photograph,
        "Sobel along rows": 0.5 + across / 4,
        "Sobel along columns": 0.5 + down / 4,
        "magnitude": np.hypot(across, down) / 2,
        "Laplacian": 0.5 + filtered(photograph, kernels.laplacian()),
    }
)

# %%
# All of these kernels sum to 0, so an area without edges disappears, however bright it is.

assert np.allclose(filtered(photograph + 0.3, kernels.sobel(axis=1)), across)

# %%
# Noise removal
# -------------
#
# A mean over a window makes noise weaker. It also removes details, and a wider window removes more
# of both. A Gaussian, in which nearby pixels count more, is a better compromise. The numbers are
# the errors: the root of the mean squared difference from the photograph.

rng = np.random.default_rng(1)
noisy = photograph + rng.normal(scale=0.1, size=photograph.shape)


def error(picture: Array) -> float:
    """Return the root of the mean squared difference from the photograph."""
    return float(np.sqrt(np.mean((picture - photograph) ** 2)))


smoothed = {
    "with noise": noisy,
    "mean of 3 x 3": filtered(noisy, kernels.box(3)),
    "mean of 9 x 9": filtered(noisy, kernels.box(9)),
    "Gaussian, 1 pixel": filtered(noisy, kernels.gaussian(1.0)),
}
show(
    {
        f"{name}: {error(picture):.3f}": picture
        for name, picture in smoothed.items()
    }
)
assert error(smoothed["Gaussian, 1 pixel"]) == min(
    map(error, smoothed.values())
)

# %%
# A median removes noise, too, and keeps edges sharper. But it is not a convolution, as a
# counterexample shows:


def median(picture: Array) -> Array:
    """Return the median of each pixel and its two neighbors in the row."""
    return np.median(
        np.stack([picture[:, :-2], picture[:, 1:-1], picture[:, 2:]]), axis=0
    )


print(maths.as_convolution(median, (24, 24)))

# %%
# Contrast enhancement
# --------------------
#
# The opposite of smoothing: subtract the Laplacian, or add the difference from a blurred copy.

show(
    {
        "photograph": photograph,
        "sharpened": filtered(photograph, kernels.sharpen()),
        "unsharp mask, 3 pixels": filtered(photograph, kernels.unsharp(3.0)),
    }
)

# %%
# Restoration
# -----------
#
# Now the camera moved by 15 pixels, and there is a little noise. If the blur is known, a division
# of spectra would undo it. However, the blur almost removes some frequencies, and dividing by
# almost nothing amplifies their noise. The inverse filter can leave these frequencies out; the
# Wiener filter weights each frequency by how far its signal exceeds its noise.
#
# The third argument of the Wiener filter is the power of the noise divided by that of the signal.
# Photographs have little signal at high frequencies, so the ratio should grow with the frequency.

blur = kernels.motion_blur(15, angle=30)
noise = rng.normal(scale=0.01, size=photograph.shape)
shaken = (
    maths.convolve(photograph, blur, padding="same", padding_mode="circular")
    + noise
)

restored = {
    "blurred": shaken,
    "inverse filter": maths.inverse_filter(shaken, blur),
    "threshold 0.05": maths.inverse_filter(shaken, blur, threshold=0.05),
    "Wiener filter": maths.wiener_filter(
        shaken, blur, 0.01, smoothness="laplacian"
    ),
}
show(
    {
        f"{name}: {error(picture):.3f}": picture
        for name, picture in restored.items()
    }
)
assert error(restored["Wiener filter"]) == min(map(error, restored.values()))
plt.show()
