"""The exercise of Wolter's course: cross-correlation by indices, and a network for digits."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from striate.exercises.answers import ArrayAnswer, NumberAnswer
from striate.exercises.content import Content, Formula, Picture
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.mistakes import Mistake
from striate.exercises.wolter_training import loss_part, standardized_part
from striate.maths import convolve, cross_correlate, index_view
from striate.model.network import Network
from striate.shapes import Array, Float, Int

_CLASSES = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class CourseExercise(Exercise):
    """Wolter's course exercise, in numbers.

    Parameters
    ----------
    image, kernel
        Of parts a and b.
    scene, template
        Sizes in part c.
    labels, outputs
        Of the loss in part d.
    values
        To be standardized in part e.
    maps
        Feature maps of the three convolutions in parts f and g.

    Sources
    -------
    Wolter exercise 11.
    """

    name = "Wolter"
    title = "Find a template, and read digits"
    source = "Wolter, course exercise 11; equations 3, 4 and 5"

    image: Int[Array, "rows columns"] = field(
        default_factory=lambda: np.array([[1, 2, 0], [3, 1, 4], [0, 5, 2]])
    )
    kernel: Int[Array, "u v"] = field(default_factory=lambda: np.array([[1, 2], [0, 3]]))
    scene: tuple[int, int] = (500, 500)
    template: tuple[int, int] = (34, 36)
    labels: Int[Array, "q k"] = field(default_factory=lambda: np.array([[1, 0], [0, 1], [0, 0]]))
    outputs: Float[Array, "q k"] = field(
        default_factory=lambda: np.array([[0.2, 0.12], [0.42, 0.21], [0.22, 0.34]])
    )
    values: Int[Array, "n"] = field(default_factory=lambda: np.arange(10))
    maps: tuple[int, int, int] = (16, 32, 64)

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Choose other numbers for all parts."""
        random = generator(cls.name, seed)
        columns = int(random.integers(3, 5))
        while True:
            image = random.integers(0, 6, (3, columns))
            kernel = random.permutation(np.arange(6))[:4].reshape(2, 2)
            if not np.array_equal(cross_correlate(image, kernel), convolve(image, kernel)):
                break
        labels = np.eye(2, dtype=int)[random.integers(0, 2, 3)]
        maps = [int(n) * 4 for n in random.integers(1, 5, 3)]
        return cls(
            seed=seed,
            image=image,
            kernel=kernel,
            scene=tuple(random.integers(100, 400, 2).tolist()),
            template=tuple(random.integers(10, 40, 2).tolist()),
            labels=labels,
            outputs=random.integers(5, 96, (3, 2)) / 100,
            values=np.sort(random.permutation(30)[:8]),
            maps=(maps[0], maps[1], maps[2]),
        )

    @property
    def statement(self) -> Content:
        """The two tasks."""
        return (
            (
                "The exercise has two tasks. The first is to find a template in a scene by a "
                "cross-correlation of your own, written as a matrix product. The second is to "
                "train a network that reads handwritten digits. These questions check the pieces "
                "that you need for both; indices are counted from 0."
            ),
        )

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """Index matrix, correlation, memory, loss, standardization, features, parameters."""
        return (
            self._indices(),
            self._correlation(),
            self._entries(),
            loss_part(self.labels, self.outputs),
            standardized_part(self.values),
            self._features(),
            self._parameters(),
        )

    def _indices(self) -> ExercisePart:
        index, places = index_view(self.image.shape, self.kernel.shape)
        rows, columns = self.image.shape
        return ExercisePart(
            letter="a",
            question=(
                (
                    f"Number the pixels of an image of {rows}x{columns} row by row: 0, 1, 2, ... "
                    "For a 2x2 kernel, write the index matrix: one row for each position of the "
                    "kernel, with the numbers of the pixels under it."
                ),
            ),
            answer=ArrayAnswer(
                value=index,
                mistakes=(
                    Mistake("counted from 1", index + 1, "Count the pixels from 0."),
                    Mistake(
                        "transposed",
                        index.T,
                        "You wrote one column for each position. Write one row for each: then the "
                        "product with the kernel as a vector gives all positions.",
                    ),
                    Mistake(
                        "column by column",
                        index[:, [0, 2, 1, 3]],
                        "You read the pixels under the kernel column by column. Read them row by "
                        "row, as the kernel is flattened.",
                    ),
                    Mistake(
                        "kernel flipped",
                        index[:, ::-1],
                        "You read the pixels backwards, as for a convolution. A correlation "
                        "doesn't flip the kernel.",
                    ),
                    Mistake(
                        "no overlap",
                        index[:: places[1] + 1],
                        "Use all positions with stride 1; they overlap.",
                    ),
                ),
                otherwise="The first row has the pixels under the kernel in the upper left corner. "
                "One position to the right, all of them are larger by 1.",
            ),
            hint=f"The kernel has {places[0]}·{places[1]} positions; each row has four numbers.",
            solution=(
                (
                    f"The kernel has ({rows} - 2 + 1)·({columns} - 2 + 1) = "
                    f"{places[0]}·{places[1]} positions:"
                ),
                Picture("the index matrix", index),
            ),
        )

    def _correlation(self) -> ExercisePart:
        z = cross_correlate(self.image, self.kernel)
        columns = self.image.ravel()[index_view(self.image.shape, self.kernel.shape)[0]]
        return ExercisePart(
            letter="b",
            question=(
                "Compute the cross-correlation of this image with this kernel, without padding.",
                Picture("I", self.image),
                Picture("K", self.kernel),
            ),
            answer=ArrayAnswer(
                value=z,
                mistakes=(
                    Mistake(
                        "flip",
                        convolve(self.image, self.kernel),
                        "This is the convolution. A correlation doesn't flip the kernel.",
                    ),
                    Mistake(
                        "transposed kernel",
                        cross_correlate(self.image, self.kernel.T),
                        "You exchanged the rows and columns of the kernel (as printed in Wolter's "
                        "equation 2).",
                    ),
                    Mistake(
                        "padded",
                        cross_correlate(self.image, self.kernel, padding="same"),
                        "You padded the image. Use only positions where the kernel fits.",
                    ),
                    Mistake(
                        "padded",
                        cross_correlate(self.image, self.kernel, padding="full"),
                        "You padded the image. Use only positions where the kernel fits.",
                    ),
                ),
                otherwise="Multiply each row of the index matrix' pixels with the flattened "
                "kernel, and sum.",
            ),
            hint="Use the index matrix of part a.",
            solution=(
                Formula(
                    "S(i, j) = Σ I(i + m, j + n) K(m, n)",
                    r"S_{i,j} = \sum_{m,n} I_{i+m,\,j+n} \, K_{m,n}",
                    "3",
                ),
                (
                    "The pixels at the indices of part a, times the kernel as a vector "
                    f"({', '.join(map(str, self.kernel.ravel()))}):"
                ),
                Picture("pixels", columns),
                Picture("products", columns @ self.kernel.ravel()[:, np.newaxis]),
                Picture("S", z),
            ),
        )

    def _entries(self) -> ExercisePart:
        (rows, columns), (u, v) = self.scene, self.template
        places = (rows - u + 1) * (columns - v + 1)
        return ExercisePart(
            letter="c",
            question=(
                (
                    f"The scene has {rows}x{columns} pixels, the template {u}x{v}. How many "
                    "entries does the index matrix have?"
                ),
            ),
            answer=NumberAnswer(
                value=places * u * v,
                mistakes=(
                    Mistake(
                        "positions only",
                        places,
                        "That is the number of positions. Each has a row with one entry for each "
                        "pixel of the template.",
                    ),
                    Mistake(
                        "padded",
                        rows * columns * u * v,
                        "The template doesn't fit at all pixels of the scene.",
                    ),
                    Mistake(
                        "off by one",
                        (rows - u) * (columns - v) * u * v,
                        "You forgot the 1: the number of positions is i - k + 1.",
                    ),
                    Mistake(
                        "pixels of the scene",
                        rows * columns,
                        "That is the number of pixels of the scene.",
                    ),
                ),
                otherwise="Multiply the number of positions by the number of pixels of the "
                "template.",
            ),
            hint="One row for each position, one column for each pixel of the template.",
            solution=(
                Formula("o = (i - k) + 1", "o = (i - k) + 1", "4"),
                (
                    f"({rows} - {u} + 1)·({columns} - {v} + 1) = {places:,} positions, times "
                    f"{u}·{v} = {u * v:,} pixels: {places * u * v:,} entries, "
                    f"{places * u * v * 8 / 1e9:.2g} GB as 64-bit numbers. This is why libraries "
                    "compute convolutions without storing this matrix."
                ),
            ),
        )

    @property
    def network(self) -> Network:
        """The network of the second task."""
        a, b, c = self.maps
        text = (
            f"conv {a}@3x3 relu | max 2x2 | conv {b}@3x3 relu | max 2x2 | conv {c}@3x3 relu | "
            f"dense 128 | dense {_CLASSES} logistic"
        )
        return Network.parse(text, (28, 28, 1), engine="numpy")

    def _layers(self) -> str:
        a, b, c = self.maps
        return (
            f"Images of 28x28 pixels pass through three 3x3 convolutions with {a}, {b} and {c} "
            "feature maps, without padding; after the first two there is 2x2 max pooling. Then "
            f"come a dense layer with 128 neurons and one with {_CLASSES}."
        )

    def _features(self) -> ExercisePart:
        c = self.maps[2]
        return ExercisePart(
            letter="f",
            question=(
                f"{self._layers()} How many numbers are the inputs of the first dense layer?",
            ),
            answer=NumberAnswer(
                value=9 * c,
                mistakes=(
                    Mistake("one map", 9, f"That is one of the {c} feature maps."),
                    Mistake(
                        "rounded up",
                        16 * c,
                        "11 pixels and 2x2 pooling give 5: the last row and column are left out.",
                    ),
                    Mistake(
                        "padded", 49 * c, "Without padding, each convolution takes 2 pixels away."
                    ),
                    Mistake(
                        "last convolution", 25 * c, "The third convolution takes 2 pixels away."
                    ),
                    Mistake("no pooling", 22 * 22 * c, "You left out the pooling layers."),
                    Mistake("maps only", c, f"Each of the {c} feature maps has 3x3 pixels."),
                ),
                otherwise="Follow the number of rows: 28, 26, 13, ...",
            ),
            hint="Follow the number of rows through the layers: 28, 26, 13, ...",
            solution=(
                (
                    "28 - 2 = 26, 26 / 2 = 13, 13 - 2 = 11, ⌊11 / 2⌋ = 5, 5 - 2 = 3. This makes "
                    f"{c}·3·3 = {9 * c} numbers."
                ),
            ),
        )

    def _parameters(self) -> ExercisePart:
        (a, b, c), net = self.maps, self.network
        counts = [row.parameters for row in net.summary().rows if row.parameters]
        total = net.parameter_count
        biases = a + b + c + 128 + _CLASSES
        return ExercisePart(
            letter="g",
            question=("How many parameters does this network have, with all biases?",),
            answer=NumberAnswer(
                value=total,
                mistakes=(
                    Mistake(
                        "no biases",
                        total - biases,
                        f"You left out the biases, {biases} in all.",
                    ),
                    Mistake(
                        "one kernel per map",
                        total - 9 * (b * (a - 1) + c * (b - 1)),
                        "You counted one kernel for each output map. There is one for each pair of "
                        "an input map and an output map.",
                    ),
                    Mistake(
                        "convolutions only",
                        sum(counts[:3]),
                        "You counted the convolutions only; the dense layers have most of the "
                        "parameters.",
                    ),
                    Mistake("dense layers only", sum(counts[3:]), "You left out the convolutions."),
                    Mistake(
                        "one bias per pixel",
                        total + a * (26 * 26 - 1) + b * (11 * 11 - 1) + c * (3 * 3 - 1),
                        "You counted a bias for each pixel. A tied bias is one for each feature "
                        "map.",
                    ),
                ),
                otherwise="A convolution has 3·3·(input maps)·(output maps) weights and one bias "
                "for each output map; a dense layer has inputs·neurons weights and one bias for "
                "each neuron.",
            ),
            hint="Weights and biases, layer by layer. Pooling has none.",
            solution=(
                (
                    f"(9·1 + 1)·{a} = {counts[0]:,}, (9·{a} + 1)·{b} = {counts[1]:,}, (9·{b} + "
                    f"1)·{c} = {counts[2]:,}, ({9 * c} + 1)·128 = {counts[3]:,}, (128 + "
                    f"1)·{_CLASSES} = {counts[4]:,}; in all, {total:,}."
                ),
            ),
        )
