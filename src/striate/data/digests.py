"""Short digests of images, by which a model recognizes the images that it was trained on."""

import hashlib

import numpy as np

from striate.data.image_file import Images
from striate.shapes import Array, Int

_BYTES = 8
"""Two of a million different images have the same digest with a probability of 1 in 30 million."""


def digests(images: Images) -> Int[Array, "n"]:
    """Compute a digest of each image.

    Parameters
    ----------
    images
        Images with the batch axis first, as a network takes them.

    Returns
    -------
    Array
        uint64, the same for images with the same pixels. The image can't be reconstructed from it.

    Examples
    --------
    >>> same, other = np.zeros((2, 3, 3, 1), np.uint8), np.ones((1, 3, 3, 1), np.uint8)
    >>> first, second, third = digests(np.concatenate([same, other]))
    >>> first == second, first == third
    (np.True_, np.False_)
    """
    found = np.empty(len(images), "<u8")
    for k in range(len(images)):
        image = images[k]  # one at a time, since they may be in a file
        digest = hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=_BYTES)
        found[k] = int.from_bytes(digest.digest(), "little")
    return found
