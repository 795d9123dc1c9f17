"""E8.10: design a network that tells squares from diamonds, without training it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from striate.data import shapes
from striate.data.shapes import CLASSES
from striate.errors import DataError
from striate.exercises.answers import Answer, ArrayAnswer, NumberAnswer, Verdict
from striate.exercises.content import Content, Picture
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.mistakes import Mistake
from striate.exercises.reading import read_array
from striate.exercises.squares_diamonds import (
    KERNELS,
    SIZE,
    descriptions,
    designed_network,
    figures,
)
from striate.model.network import Network
from striate.shapes import Array, Float

_KEYS = ("convolution_bias", "dense_weights", "dense_bias")
_STRAIGHT = ("horizontal", "vertical")
_PIXELS = 3  # of a line that a kernel is a template for


@dataclass(frozen=True, kw_only=True)
class NetworkAnswer(Answer):
    """The biases and weights of the network, which is run on every square and diamond.

    Parameters
    ----------
    size
        Rows and columns of the images.
    ink
        The value of a black pixel.
    kernels
        Order of the kernels.
    classes
        Order of the classes.
    right
        A correct answer.
    """

    size: int
    ink: int
    kernels: tuple[str, ...]
    classes: tuple[str, ...]
    right: Mapping[str, object]

    @property
    def form(self) -> str:
        """What is expected."""
        return f"a JSON object with {', '.join(_KEYS)}, or a model that striate saved"

    @property
    def text(self) -> str:
        """A correct answer."""
        return json.dumps(self.right)

    @property
    def _not_a_design(self) -> str:
        zeros = [0] * len(self.kernels)
        empty = dict(zip(_KEYS, (0, [zeros] * len(self.classes), zeros[:2]), strict=True))
        return (
            f"The answer is not {self.form}. Begin with {json.dumps(empty)} and change the numbers."
        )

    def check(self, given: object) -> Verdict:
        """Run the network on all images."""
        x, y = figures(self.size)
        if self.classes != CLASSES:
            y = 1 - y
        outputs = self._network(given).predict(self.ink * x)
        if outputs.shape != (len(x), len(CLASSES)):
            raise DataError(
                f"The network has outputs of shape {outputs.shape[1:]}; expected one for each of "
                f"{' and '.join(self.classes)}."
            )
        # A tie doesn't decide for a class, so it isn't right.
        right = outputs[np.arange(len(y)), y] > outputs[np.arange(len(y)), 1 - y]
        if right.all():
            return Verdict(correct=True, message=f"Correct: so are all {len(x):,} images.")
        return self._failure(right, y)

    def _network(self, given: object) -> Network:
        """Build the network that is described."""
        if isinstance(given, Network):
            return given
        bias, weights, dense_bias = self._read(given)
        return designed_network(
            self.size,
            kernels=self.kernels,
            convolution_bias=bias,
            votes=weights,
            dense_bias=dense_bias,
            engine="numpy",
        )

    def _read(self, given: object) -> tuple[Array, Array, Array]:
        """Read the three arrays."""
        try:
            values = json.loads(given) if isinstance(given, str) else given
        except ValueError as error:
            raise DataError(self._not_a_design) from error
        if not isinstance(values, Mapping) or set(values) != set(_KEYS):
            raise DataError(self._not_a_design)
        bias, weights, dense_bias = (read_array(values[key]) for key in _KEYS)
        classes, maps = len(self.classes), len(self.kernels)
        for key, array, allowed in (
            (_KEYS[0], bias, {(), (maps,)}),
            (_KEYS[1], weights, {(classes, maps)}),
            (_KEYS[2], dense_bias, {(), (classes,)}),
        ):
            if array.shape not in allowed:
                raise DataError(
                    f"{key} has shape {array.shape}; expected {max(allowed)}: "
                    f"{maps} kernels and {classes} classes."
                )
        return bias, weights, dense_bias

    def _failure(self, right: Array, y: Array) -> Verdict:
        """Name the first image that is wrong, and a reason."""
        first = int(np.argmin(right))
        what = descriptions(self.size)[first]
        name = self.classes[y[first]]
        share = f"{right.sum():,} of {len(right):,} images are classified correctly"
        if not right.any():
            return Verdict(
                correct=False,
                message=f"All images are wrong. Did you exchange {' and '.join(self.classes)}?",
                mistakes=("classes exchanged",),
            )
        if "of radius 1 " in what:
            return Verdict(
                correct=False,
                message=f"{share}; the diamonds of radius 1 aren't. They have no line of "
                f"{_PIXELS} pixels, so all maps are 0 and only the dense biases decide.",
                mistakes=("small diamonds",),
            )
        return Verdict(
            correct=False,
            message=f"{share}. The first wrong one is a {what}. Does a map that counts for a "
            f"{name} have a full match there, and none that counts against it?",
            mistakes=("wrong figures",),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class SquaresOrDiamonds(Exercise):
    """E8.10: specify all weights and biases of a network.

    Parameters
    ----------
    size
        Rows and columns of the images.
    ink
        The value of a black pixel.
    kernels
        Order of the kernels.
    classes
        Order of the outputs.

    Sources
    -------
    Hagan E8.10, fig. 8.5.
    """

    name = "E8.10"
    title = "Squares or diamonds, by design"
    source = "Hagan, exercise E8.10; figures 8.4 and 8.5, equation 8.24"

    size: int = SIZE
    ink: int = 1
    kernels: tuple[str, ...] = KERNELS
    classes: tuple[str, ...] = CLASSES

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Choose another size, another value of ink, and other orders."""
        random = generator(cls.name, seed)
        return cls(
            seed=seed,
            size=int(random.choice([9, 12, 15, 18])),
            ink=int(random.integers(2, 6)),
            kernels=tuple(map(str, random.permutation(KERNELS))),
            classes=tuple(map(str, random.permutation(CLASSES))),
        )

    @property
    def votes(self) -> Float[Array, "k h"]:
        """+1 where a kernel's line belongs to a class, -1 elsewhere."""
        straight = np.array([1.0 if name in _STRAIGHT else -1.0 for name in self.kernels])
        return np.array([straight if name == "square" else -straight for name in self.classes])

    @property
    def statement(self) -> Content:
        """Images and kernels."""
        x, y = figures(self.size)
        return (
            (
                "Design a network that tells squares from diamonds. Both are outlines on "
                f"{self.size}x{self.size} pixels; black is {self.ink}, white is 0. Squares have "
                f"sides of 3 to {self.size} pixels, diamonds radii from 1 to "
                f"{(self.size - 1) // 2}, and they are anywhere in the image. Nothing is trained: "
                "you choose all weights and biases."
            ),
            (
                "The layers are a convolution with padding 1, one scalar bias and relu; 3x3 max "
                "pooling; and a dense layer with softmax. The kernels, in this order, are"
            ),
            *(Picture(name, shapes.KERNELS[name], "ink") for name in self.kernels),
            f"and the classes are, in this order, {' and '.join(self.classes)}. Two examples:",
            Picture("square", x[np.argmax(y) // 2, ..., 0], "ink"),
            Picture("diamond", x[np.argmax(y) + (self.size - 2) ** 2, ..., 0], "ink"),
        )

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """The bias of the convolution, the weights, the smallest diamonds, and all of it."""
        return self._bias(), self._weights(), self._small(), self._design()

    def _bias(self) -> ExercisePart:
        ink = self.ink
        return ExercisePart(
            letter="a",
            question=(
                (
                    f"Which bias of the convolution makes relu return {ink} where a kernel lies "
                    f"completely on a line of {_PIXELS} pixels, and 0 where at most two of its "
                    "pixels are black?"
                ),
            ),
            answer=NumberAnswer(
                value=-2 * ink,
                mistakes=(
                    Mistake(
                        "too negative",
                        -3 * ink,
                        f"With this bias even a full match, {3 * ink}, becomes 0.",
                    ),
                    Mistake(
                        "partial matches",
                        -ink,
                        f"With this bias a match of two pixels, {2 * ink}, still becomes {ink}.",
                    ),
                    Mistake(
                        "no bias",
                        0,
                        "Without a bias, every black pixel under the kernel gives a response.",
                    ),
                    Mistake("wrong sign", 2 * ink, "A positive bias raises all responses."),
                    Mistake(
                        "ink of 1",
                        -2,
                        f"A black pixel is {ink} here, not 1.",
                    ),
                ),
                otherwise=f"A full match responds with {3 * ink}, a partial one with at most "
                f"{2 * ink}. What has to be added to both?",
            ),
            hint=f"The response is {ink} times the number of black pixels under the kernel's ones.",
            solution=(
                (
                    f"A full match responds with 3·{ink} = {3 * ink}, which must become {ink}; two "
                    f"pixels respond with 2·{ink} = {2 * ink}, which must become 0. So the bias is "
                    f"-{2 * ink}."
                ),
            ),
        )

    def _weights(self) -> ExercisePart:
        votes = self.votes
        return ExercisePart(
            letter="b",
            question=(
                (
                    "All pixels of a pooled map have the same weight in the dense layer. Choose +1 "
                    "where a line is evidence for a class and -1 where it is evidence against it: "
                    "one row for each class, one column for each kernel."
                ),
            ),
            answer=ArrayAnswer(
                value=votes,
                mistakes=(
                    Mistake("classes exchanged", -votes, "You exchanged the two classes."),
                    Mistake(
                        "no evidence against",
                        (votes + 1) / 2,
                        "These weights count evidence for each class only. Use -1 for evidence "
                        "against it.",
                    ),
                    Mistake(
                        "same weights",
                        np.ones_like(votes),
                        "With equal weights for both classes, the outputs are always equal.",
                    ),
                    Mistake(
                        "transposed",
                        votes.T,
                        "Rows and columns are exchanged: use one row for each class.",
                    ),
                    Mistake(
                        "other order",
                        np.array([[1, 1, -1, -1], [-1, -1, 1, 1]]),
                        "The order of the kernels or of the classes is another one here.",
                    ),
                ),
                otherwise="Squares have horizontal and vertical lines, diamonds diagonal ones.",
            ),
            hint="Which of the four lines does a square have, and which a diamond?",
            solution=(
                (
                    "Horizontal and vertical lines are evidence for a square and against a "
                    "diamond; for diagonal lines it is the opposite:"
                ),
                Picture("weights", votes),
            ),
        )

    def _small(self) -> ExercisePart:
        count = (self.size - 2) ** 2
        _, y = figures(self.size)
        return ExercisePart(
            letter="c",
            question=(
                (
                    f"Of all {len(y):,} images, how many have no line of {_PIXELS} pixels at all, "
                    "so that only the biases of the dense layer decide?"
                ),
            ),
            answer=NumberAnswer(
                value=count,
                mistakes=(
                    Mistake(
                        "too many places",
                        self.size**2,
                        "These images are of one size, but the figure has to be inside the image "
                        "completely.",
                    ),
                    Mistake(
                        "all diamonds",
                        int(y.sum()),
                        "That is the number of all diamonds. Those of radius 2 and more have "
                        "diagonal lines of at least three pixels.",
                    ),
                    Mistake("one row", self.size - 2, "That is the number of places in one row."),
                    Mistake(
                        "none",
                        0,
                        "Look at the smallest diamond: its four pixels touch only at corners.",
                    ),
                    Mistake("one", 1, "There is one such figure, but at many places."),
                ),
                otherwise="Which is the smallest figure, and in how many places does it fit?",
            ),
            hint="It is one figure, at many places.",
            solution=(
                (
                    "Only the diamonds of radius 1 have no line of three pixels. They are 3 pixels "
                    f"high and wide, so they fit in {self.size - 2}·{self.size - 2} = {count} "
                    "places."
                ),
            ),
        )

    def _design(self) -> ExercisePart:
        biases = [0.5 if name == "diamond" else -0.5 for name in self.classes]
        right = {
            "convolution_bias": -2 * self.ink,
            "dense_weights": self.votes.astype(int).tolist(),
            "dense_bias": biases,
        }
        count = len(figures(self.size)[1])
        return ExercisePart(
            letter="d",
            question=(
                (
                    f"Specify all weights and biases, so that all {count:,} images are classified "
                    'correctly. Write `{"convolution_bias": ..., "dense_weights": ..., '
                    '"dense_bias": ...}`, with a list for each array; or name a model that you '
                    "saved with striate."
                ),
            ),
            answer=NetworkAnswer(
                size=self.size,
                ink=self.ink,
                kernels=self.kernels,
                classes=self.classes,
                right=right,
            ),
            hint="Use your answers to parts a and b. For the images of part c, the biases of the "
            "dense layer have to decide for diamonds, but must not outweigh the lines of other "
            "figures.",
            solution=(
                (
                    f"With the bias {-2 * self.ink}, a map is {self.ink} on lines of its direction "
                    "and 0 elsewhere. With the weights of part b, lines decide for their figure. "
                    f"The diamonds of radius 1 have none; the dense biases {biases} decide for a "
                    "diamond, and they are too small to change the result where there are lines. "
                    f"All {count:,} images are classified correctly with `{json.dumps(right)}`."
                ),
            ),
        )
