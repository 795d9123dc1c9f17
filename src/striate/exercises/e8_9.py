"""E8.9: a net input function that multiplies by the bias."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from striate.exercises.answers import ArrayAnswer, NumberAnswer
from striate.exercises.content import Content, Formula, Picture
from striate.exercises.exercise import Exercise, ExercisePart, generator
from striate.exercises.mistakes import Mistake
from striate.functions.net_input import Product
from striate.shapes import Array, Int


@dataclass(frozen=True, kw_only=True, eq=False)
class ProductWithBias(Exercise):
    """E8.9: backpropagate through N = b Z.

    Parameters
    ----------
    z
        Output of the weight function.
    dn
        Derivatives of the loss with respect to the net input.
    bias
        The scalar.

    Sources
    -------
    Hagan E8.9.
    """

    name = "E8.9"
    title = "A bias that multiplies"
    source = (
        "Hagan, exercise E8.9 (without numbers in the book); compare with equations 8.32 to 8.36"
    )

    z: Int[Array, "i j"] = field(default_factory=lambda: np.array([[2, 7], [5, 3]]))
    dn: Int[Array, "i j"] = field(default_factory=lambda: np.array([[1, -2], [4, 3]]))
    bias: int = 3

    @classmethod
    def variant(cls, seed: int) -> Self:
        """Choose numbers whose typical mistakes lead to different results."""
        random = generator(cls.name, seed)
        while True:
            z = random.permutation(np.arange(2, 10))[:4].reshape(2, 2)
            dn = random.permutation([-4, -3, -2, -1, 1, 2, 3, 4, 5])[:4].reshape(2, 2)
            made = cls(seed=seed, z=z, dn=dn, bias=int(random.choice([-3, -2, 3, 4, 5])))
            values = [made.db, *(mistake.value for mistake in made._bias_mistakes()[:-1])]
            if len(set(map(float, values))) == len(values):
                return made

    @property
    def dz(self) -> Int[Array, "i j"]:
        """The derivatives with respect to the output of the weight function."""
        (dz,) = Product().backward_z((_one_map(self.z),), self._bias, _one_map(self.dn))
        return dz[0, 0]

    @property
    def db(self) -> int:
        """The derivative with respect to the bias."""
        db = Product().backward_b((_one_map(self.z),), self._bias, _one_map(self.dn))
        return int(db[0])

    @property
    def _bias(self) -> Int[Array, "h"]:
        """The bias as a layer with one map has it."""
        return np.array([self.bias])

    @property
    def statement(self) -> Content:
        """The layer."""
        return (
            (
                "Suppose that a layer multiplies by its bias instead of adding it: N = b Z, with "
                f"one scalar b for all pixels. Here b = {self.bias}; Z and the derivatives dN of "
                "the loss with respect to N are"
            ),
            Picture("Z", self.z),
            Picture("dN", self.dn),
        )

    @property
    def parts(self) -> tuple[ExercisePart, ...]:
        """The two paths."""
        return self._to_z(), self._to_bias()

    def _to_z(self) -> ExercisePart:
        answer = ArrayAnswer(
            value=self.dz,
            mistakes=(
                Mistake(
                    "sum instead of product",
                    self.dn,
                    "This is the path through a sum (8.34). Here the derivative of N with respect "
                    "to Z isn't 1 but b.",
                ),
                Mistake(
                    "multiplied by Z",
                    self.dn * self.z,
                    "You multiplied by Z, which belongs to the other path. The derivative of b·z "
                    "with respect to z is b.",
                ),
                Mistake(
                    "multiplied by N",
                    self.dn * self.z * self.bias,
                    "You multiplied by N. The derivative of b·z with respect to z is b.",
                ),
                Mistake(
                    "divided by the bias",
                    self.dn / self.bias,
                    "You divided by b. Backpropagation multiplies by the derivative; it doesn't "
                    "invert the function.",
                ),
                Mistake("bias alone", np.full_like(self.dn, self.bias), "dN is missing."),
                Mistake("forward", self.bias * self.z, "This is N itself, not a derivative."),
            ),
            otherwise="Each n depends on one z: n = b z. What is its derivative?",
        )
        return ExercisePart(
            letter="a",
            question=("Backpropagate from N to Z: what is dZ?",),
            answer=answer,
            hint="Each n depends on one z only: n = b z.",
            solution=(
                Formula("dz(i, j) = b · dn(i, j)", r"dz_{i,j} = b\, dn_{i,j}", "compare 8.34"),
                Picture("dZ", self.dz),
            ),
        )

    def _bias_mistakes(self) -> tuple[Mistake, ...]:
        return (
            Mistake(
                "sum instead of product",
                int(self.dn.sum()),
                "This is the derivative with respect to a bias that is added (8.36). Here the "
                "derivative of n with respect to b isn't 1 but z.",
            ),
            Mistake(
                "multiplied by the bias",
                int(self.bias * self.dn.sum()),
                "You multiplied by b, which belongs to the other path. The derivative of b·z with "
                "respect to b is z.",
            ),
            Mistake(
                "averaged",
                float((self.dn * self.z).mean()),
                "You averaged. The scalar bias is shared by all pixels, so the terms are summed.",
            ),
            Mistake(
                "product of the sums",
                int(self.dn.sum() * self.z.sum()),
                "You multiplied the sums of dN and Z. Multiply pixel by pixel, then sum.",
            ),
            Mistake(
                "N instead of Z",
                int((self.dn * self.z).sum() * self.bias),
                "You multiplied by N, so by b once too often.",
            ),
            Mistake(
                "not summed",
                self.dn * self.z,
                "These are the terms for the single pixels. One bias is shared by all of them: sum "
                "them.",
            ),
        )

    def _to_bias(self) -> ExercisePart:
        pairs = zip(self.dn.ravel(), self.z.ravel(), strict=True)
        terms = " + ".join(f"({d})·{z}" if d < 0 else f"{d}·{z}" for d, z in pairs)
        return ExercisePart(
            letter="b",
            question=("Backpropagate from N to the bias: what is db? (One number.)",),
            answer=NumberAnswer(
                value=self.db,
                mistakes=self._bias_mistakes(),
                otherwise="All pixels share the bias, so db is a sum over the pixels. What is the "
                "derivative of n = b z with respect to b?",
            ),
            hint="All pixels share one bias, so db is a sum with one term for each pixel.",
            solution=(
                Formula(
                    "db = Σ dn(i, j) · z(i, j)",
                    r"db = \sum_{i,j} dn_{i,j}\, z_{i,j}",
                    "compare 8.36",
                ),
                f"db = {terms} = {self.db}.",
            ),
        )


def _one_map(image: Array) -> Array:
    """Add the axes of images and maps."""
    return image[np.newaxis, np.newaxis]
