"""Write tests/maths/restoration.npz: pictures that scikit-image restored.

Run with scikit-image installed, in any environment: `python tools/make_restoration.py`. The
committed file was made with scikit-image 0.26.0. Random numbers are drawn from a fixed seed, so the
inputs are in the file as well.
"""

from pathlib import Path

import numpy as np
from skimage.restoration import wiener

FIXTURE = Path(__file__).parents[1] / "tests" / "maths" / "restoration.npz"


def main() -> None:
    """Blur three images with random kernels, add noise, and restore them."""
    rng = np.random.default_rng(17)
    arrays = {}
    for number, (shape, window, balance) in enumerate(
        [((16, 18), (5, 5), 0.1), ((15, 12), (4, 3), 0.01), ((9, 8, 7), (3, 2, 3), 0.5)]
    ):
        image = rng.uniform(-0.5, 0.5, size=shape)
        kernel = rng.uniform(0, 1, size=window)
        kernel /= kernel.sum()
        impulse = np.zeros((3,) * len(shape))
        impulse[(1,) * len(shape)] = 1
        arrays |= {
            f"image{number}": image,
            f"kernel{number}": kernel,
            f"balance{number}": np.array(balance),
            # By default, scikit-image weights the noise by the Laplacian. A delta instead of it
            # weights all frequencies alike.
            f"laplacian{number}": wiener(image, kernel, balance, clip=False),
            f"none{number}": wiener(image, kernel, balance, reg=impulse, clip=False),
        }
    np.savez_compressed(FIXTURE, **arrays)


if __name__ == "__main__":
    main()
