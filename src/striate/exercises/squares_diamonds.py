"""Every square and diamond in an image, and the network of E8.10 that tells them apart by design.

The figures of the book are outlines, one pixel thick. On 15 x 15 pixels, squares of side 3 to 15
fit in 819 places, and diamonds of radius 1 to 7 in 455.

The design. Each of the four kernels of figure 8.5 is a line of three pixels in one direction. A
bias of -2 and relu turn its response into 1 where all three pixels are black and 0 everywhere else.
Max pooling records in which windows there is such a line, and the dense layer adds the windows up:
horizontal and vertical lines count for a square, diagonal ones for a diamond. This is right for all
figures that have a line of three pixels. The diamond of radius 1 has none; its four pixels only
touch at their corners::

    . # .
    # . #      every map is 0, so the biases of the dense layer decide
    . # .

With biases of -0.5 for squares and +0.5 for diamonds, such an image is a diamond. All other figures
have lines of their own kind in at least two pooled pixels, and none of the other kind, so these
biases don't change the result.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from striate.data import shapes
from striate.errors import OptionError
from striate.graph.layers import Conv, Dense, Flatten, MaxPool
from striate.model.engines import EngineName
from striate.model.network import Network
from striate.shapes import Array, Float, Int

SIZE = 15
"""Rows and columns of the book's images."""

SMALLEST_SIDE, SMALLEST_RADIUS = 3, 1

KERNELS = ("horizontal", "vertical", "slash", "backslash")
"""Names of the kernels of figure 8.5, in the order of the feature maps."""

CONVOLUTION_BIAS = -2.0
VOTES = ((1.0, 1.0, -1.0, -1.0), (-1.0, -1.0, 1.0, 1.0))
"""Weights of the dense layer, one row for each class; each is the same for all pixels of a map."""
DENSE_BIAS = (-0.5, 0.5)

_POOLING = 3


@cache
def figures(size: int = SIZE) -> tuple[Float[Array, "q rows columns 1"], Int[Array, "q"]]:
    """Draw every square of side 3 or more and every diamond of radius 1 or more, at every place.

    Parameters
    ----------
    size
        Rows and columns of the images.

    Returns
    -------
    x, y
        Images with 1 for ink and 0 for paper, and labels: 0 square, 1 diamond. Read-only.

    Raises
    ------
    OptionError
        If no square fits.

    Sources
    -------
    Hagan E8.10, fig. 8.4.

    Examples
    --------
    >>> x, y = figures()
    >>> x.shape, int((y == 0).sum()), int((y == 1).sum())
    ((1274, 15, 15, 1), 819, 455)
    """
    if size < SMALLEST_SIDE:
        raise OptionError(f"`size` must be at least {SMALLEST_SIDE}, got {size}. Try {SIZE}.")
    squares, diamonds = list(_squares(size)), list(_diamonds(size))
    x = np.array([*squares, *diamonds])[..., np.newaxis]
    y = np.repeat([0, 1], [len(squares), len(diamonds)])
    x.flags.writeable = y.flags.writeable = False
    return x, y


def descriptions(size: int = SIZE) -> list[str]:
    """Describe the images of :func:`figures`, in their order.

    Parameters
    ----------
    size
        Rows and columns of the images.

    Returns
    -------
    list of str

    Examples
    --------
    >>> descriptions()[0], descriptions()[-1]
    ('square of side 3 at row 1, column 1', 'diamond of radius 7 at row 1, column 1')
    """
    squares = [
        f"square of side {side} at row {top + 1}, column {left + 1}"
        for side in range(SMALLEST_SIDE, size + 1)
        for top, left in np.ndindex(size - side + 1, size - side + 1)
    ]
    diamonds = [
        f"diamond of radius {radius} at row {top + 1}, column {left + 1}"
        for radius in range(SMALLEST_RADIUS, (size - 1) // 2 + 1)
        for top, left in np.ndindex(size - 2 * radius, size - 2 * radius)
    ]
    return squares + diamonds


def _squares(size: int) -> Iterator[Array]:
    """Draw the squares, the small ones first."""
    for side in range(SMALLEST_SIDE, size + 1):
        for top, left in np.ndindex(size - side + 1, size - side + 1):
            image = np.zeros((size, size))
            image[top : top + side, left : left + side] = 1
            image[top + 1 : top + side - 1, left + 1 : left + side - 1] = 0
            yield image


def _diamonds(size: int) -> Iterator[Array]:
    """Draw the diamonds, the small ones first."""
    for radius in range(SMALLEST_RADIUS, (size - 1) // 2 + 1):
        inner = size - 2 * radius
        for row, column in np.ndindex(inner, inner):
            yield shapes.diamond(size, radius=radius, center=(radius + row, radius + column))


def empty_network(size: int = SIZE, *, seed: int = 0, engine: EngineName = "auto") -> Network:
    """Build the network of E8.10 with random weights.

    Parameters
    ----------
    size
        Rows and columns of the image.
    seed
        Of the weights.
    engine
        As for :class:`~striate.model.network.Network`.

    Returns
    -------
    Network
        Four kernels of 3 x 3 with relu, 3 x 3 max pooling, and a dense layer with softmax.

    Sources
    -------
    Hagan E8.10.
    """
    return Network(
        [
            Conv(len(KERNELS), 3, padding="same", activation="relu"),
            MaxPool(_POOLING),
            Flatten(),
            Dense(len(shapes.CLASSES), activation="softmax"),
        ],
        input_shape=(size, size, 1),
        seed=seed,
        engine=engine,
    )


def designed_network(
    size: int = SIZE,
    *,
    kernels: Sequence[str] = KERNELS,
    convolution_bias: float | Float[Array, "*h"] = CONVOLUTION_BIAS,
    votes: Float[Array, "k h"] | tuple[tuple[float, ...], ...] = VOTES,
    dense_bias: Float[Array, "k"] | tuple[float, ...] = DENSE_BIAS,
    engine: EngineName = "auto",
) -> Network:
    """Build the network of E8.10 by hand: nothing is trained.

    Parameters
    ----------
    size
        Rows and columns of the image.
    kernels
        The order of the four kernels.
    convolution_bias
        Of all four feature maps, or one for each.
    votes
        One row for each class, square and diamond, and one column for each kernel: the weight of
        all pixels of the pooled map.
    dense_bias
        One for each class.
    engine
        As for :class:`~striate.model.network.Network`.

    Returns
    -------
    Network

    Sources
    -------
    Hagan E8.10, fig. 8.5.

    Examples
    --------
    >>> x, y = figures()
    >>> designed_network().evaluate(x, y).accuracy
    1.0
    """
    network = empty_network(size, engine=engine)
    weights = network.parameters
    weights["conv1.weight"][:, 0] = [shapes.KERNELS[name] for name in kernels]
    weights["conv1.bias"][:] = convolution_bias
    pixels = weights["dense1.weight"].shape[1] // len(KERNELS)
    weights["dense1.weight"][:] = np.repeat(np.asarray(votes), pixels, axis=1)
    weights["dense1.bias"][:] = dense_bias
    return network


@dataclass(frozen=True, kw_only=True, eq=False)
class DesignedAndTrained:
    """The same network twice: with weights chosen by hand, and with weights learned from noise.

    Parameters
    ----------
    designed, trained
        The networks.
    designed_accuracy, trained_accuracy
        Of all squares and diamonds.
    """

    designed: Network
    trained: Network
    designed_accuracy: float
    trained_accuracy: float

    @property
    def kernels(self) -> tuple[Float[Array, "h u v"], Float[Array, "h u v"]]:
        """The designed kernels and the learned ones."""
        designed, trained = (
            net.parameters["conv1.weight"][:, 0] for net in (self.designed, self.trained)
        )
        return designed, trained


def design_and_train(
    *, seed: int = 0, epochs: int = 40, learning_rate: float = 0.01
) -> DesignedAndTrained:
    """Design the network of E8.10, and train the same network from random weights.

    Parameters
    ----------
    seed
        Of the weights and of the order of the images.
    epochs
        Number of times that each image is used.
    learning_rate
        Of Adam.

    Returns
    -------
    DesignedAndTrained
        The trained network has seen all squares and diamonds: the question is which kernels it
        finds, not how it generalizes.

    Sources
    -------
    Hagan E8.10, fig. 8.5.
    """
    x, y = figures()
    designed, trained = designed_network(), empty_network(seed=seed)
    trained.fit(x, y, epochs=epochs, batch_size=32, learning_rate=learning_rate, seed=seed)
    return DesignedAndTrained(
        designed=designed,
        trained=trained,
        designed_accuracy=designed.evaluate(x, y).accuracy or 0.0,
        trained_accuracy=trained.evaluate(x, y).accuracy or 0.0,
    )
