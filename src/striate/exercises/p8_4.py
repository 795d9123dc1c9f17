"""P8.4: backpropagate through average pooling, to its weight."""

from dataclasses import dataclass, field
from math import prod
from typing import Self

import numpy as np

from striate.exercises.answers import ArrayAnswer, NumberAnswer
from striate.exercises.content import Content, Formula, Picture
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.mistakes import Mistake
from striate.maths import (
    max_pool,
    sum_pool,
    trainable_average_pool_backward,
)
from striate.shapes import Array, Int


@dataclass(frozen=True, kw_only=True, eq=False)
class PoolingToWeight(Exercise):
    """P8.4: the derivative of average pooling with respect to its weight.

    Parameters
    ----------
    a
        The input.
    dz
        Derivatives of the loss with respect to the pooled map.
    window
        Rows and columns.

    Sources
    -------
    Hagan P8.4.
    """

    name = "P8.4"
    title = "Average pooling, backward to the weight"
    source = "Hagan, solved problem P8.4 (without numbers in the book); equations 8.22 and 8.46"

    a: Int[Array, "x y"] = field(
        default_factory=lambda: np.array([[1, 2, 0, 1], [0, 3, 1, 1], [2, 2, 4, 0], [1, 0, 1, 2]])
    )
    dz: Int[Array, "i j"] = field(default_factory=lambda: np.array([[1, -2], [3, 2]]))
    window: tuple[int, int] = (2, 2)

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Choose an input and derivatives whose typical mistakes lead to different results."""
        random = generator(cls.name, seed)
        # Windows of another size than dZ: then the two kinds of averages differ.
        rows, columns = ((2, 3), (3, 2), (3, 3))[random.integers(3)]
        while True:
            a = random.integers(0, 5, (2 * rows, 2 * columns))
            dz = random.permutation([-3, -2, -1, 1, 2, 3, 4])[:4].reshape(2, 2)
            made = cls(seed=seed, a=a, dz=dz, window=(rows, columns))
            values = [made.dw, *(mistake.value for mistake in made._mistakes())]
            if made.dw and len(set(map(float, values))) == len(values):
                return made

    @property
    def dw(self) -> float:
        """The derivative with respect to the weight."""
        gradients = trainable_average_pool_backward(self.a, 1.0, self.window, self.dz)
        assert gradients.dW is not None  # this kind of pooling has a weight
        return float(gradients.dW)

    @property
    def statement(self) -> Content:
        """The input and the derivatives."""
        rows, columns = self.window
        return (
            (
                f"In Hagan's average pooling, each output is the sum of a {rows}x{columns} window "
                "of the input A, times a weight w that is trained (8.22). Windows don't overlap. "
                "These are the input, and the derivatives of the loss with respect to the output:"
            ),
            Picture("A", self.a),
            Picture("dZ", self.dz),
        )

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """The sums of the windows, and the derivative."""
        return self._sums(), self._derivative()

    def _sums(self) -> ExercisePart:
        sums = sum_pool(self.a, self.window)
        size = prod(self.window)
        return ExercisePart(
            letter="a",
            question=("Compute the sum of each window.",),
            answer=ArrayAnswer(
                value=sums,
                mistakes=(
                    Mistake(
                        "mean instead of sum",
                        sums / size,
                        f"These are the means. Don't divide by {size}.",
                    ),
                    Mistake("max pooling", max_pool(self.a, self.window), "These are the maxima."),
                    Mistake(
                        "overlapping windows",
                        sum_pool(self.a, self.window, stride=1),
                        "Your windows overlap. Move by a whole window at a time.",
                    ),
                ),
                otherwise="Divide the input into windows that don't overlap, and sum each.",
            ),
            hint=f"Divide A into {self.window[0]}x{self.window[1]} windows.",
            solution=("The sums of the windows:", Picture("sums", sums)),
        )

    def _mistakes(self) -> tuple[Mistake, ...]:
        sums = sum_pool(self.a, self.window)
        return (
            Mistake(
                "mean instead of sum",
                self.dw / prod(self.window),
                "You used the means of the windows. Hagan's average pooling sums; it doesn't "
                "divide.",
            ),
            Mistake(
                "averaged over the outputs",
                self.dw / self.dz.size,
                "You averaged over the outputs. The weight is shared by all of them, so their "
                "derivatives are summed.",
            ),
            Mistake(
                "product of the sums",
                float(self.dz.sum() * sums.sum()),
                "You multiplied the two sums. Multiply each derivative by the sum of its window "
                "first, then sum the products.",
            ),
            Mistake(
                "derivatives alone",
                float(self.dz.sum()),
                "You summed dZ alone, which is the derivative of a bias. The derivative of w·s "
                "with respect to w is s, the sum of the window.",
            ),
            Mistake(
                "input alone",
                float(sums.sum()),
                "You summed the windows alone. Each is multiplied by its element of dZ.",
            ),
            Mistake(
                "maxima",
                float((self.dz * max_pool(self.a, self.window)).sum()),
                "You used the maxima of the windows. The output depends on their sums.",
            ),
        )

    def _derivative(self) -> ExercisePart:
        sums = sum_pool(self.a, self.window)
        pairs = zip(self.dz.ravel(), sums.ravel(), strict=True)
        terms = " + ".join(f"({d})·{s}" if d < 0 else f"{d}·{s}" for d, s in pairs)
        return ExercisePart(
            letter="b",
            question=("Compute dw, the derivative with respect to the weight.",),
            answer=NumberAnswer(
                value=self.dw,
                mistakes=self._mistakes(),
                otherwise="Multiply each element of dZ by the sum of its window, and sum the "
                "products.",
            ),
            hint="One weight serves all windows, so its derivative is a sum over all of them.",
            solution=(
                Formula(
                    "dw = Σ dz(i, j) · (sum of window i, j)",
                    r"dw = \sum_{i,j} dz_{i,j} \Big\{ \sum_{u,v} a_{r(i-1)+u,\,c(j-1)+v} \Big\}",
                    "8.46",
                ),
                f"dw = {terms} = {self.dw:g}.",
            ),
        )
