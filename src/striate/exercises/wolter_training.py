"""Parts of Wolter's course exercise about training: the loss, and the preparation of the images."""

import numpy as np

from striate.exercises.answers import NumberAnswer
from striate.exercises.content import Formula, Picture
from striate.exercises.exercise import ExercisePart
from striate.exercises.mistakes import Mistake
from striate.functions.loss import BinaryCrossEntropy
from striate.functions.normalization.standardize import standardize
from striate.shapes import Array, Float, Int

_DECIMALS = 4


def loss_part(labels: Int[Array, "q k"], outputs: Float[Array, "q k"]) -> ExercisePart:
    """Make the question about the loss, part d.

    Parameters
    ----------
    labels
        0 or 1.
    outputs
        Between 0 and 1.

    Returns
    -------
    ExercisePart

    Sources
    -------
    Wolter exercise 11.
    """
    y, o = labels, outputs
    loss = float(BinaryCrossEntropy().apply(np.log(o / (1 - o)), y).mean())
    ones, zeros = -y * np.log(o), -(1 - y) * np.log(1 - o)
    return ExercisePart(
        letter="d",
        question=(
            (
                "The network has logistic outputs. Compute the binary cross-entropy of these "
                "outputs for these labels, as the mean over all entries, with the natural "
                f"logarithm. (Round to {_DECIMALS} decimals.)"
            ),
            Picture("labels", y),
            Picture("outputs", o),
        ),
        answer=NumberAnswer(
            value=loss,
            decimals=_DECIMALS,
            mistakes=_loss_mistakes(y, o, loss),
            otherwise="For each entry, take -ln(o) where the label is 1 and -ln(1 - o) where "
            "it is 0, and average.",
        ),
        hint="For each entry, take -ln(o) where the label is 1 and -ln(1 - o) where it is 0.",
        solution=(
            Formula(
                "L = -(1/n) Σ (y ln o + (1 - y) ln(1 - o))",
                r"L = -\frac{1}{n} \sum \big( y \ln o + (1 - y) \ln (1 - o) \big)",
            ),
            "The terms, and their mean:",
            Picture("terms", np.round(ones + zeros, _DECIMALS)),
            f"L = {loss:.{_DECIMALS}f}.",
        ),
    )


def _loss_mistakes(y: Array, o: Array, loss: float) -> tuple[Mistake, ...]:
    """List other means and sums."""
    ones, zeros = -y * np.log(o), -(1 - y) * np.log(1 - o)
    return (
        Mistake(
            "summed over the classes",
            loss * y.shape[1],
            "You summed over the classes and averaged over the rows. Average over all entries.",
        ),
        Mistake("summed", loss * y.size, f"You summed. Divide by the {y.size} entries."),
        Mistake(
            "ones only",
            float(ones.mean()),
            "You used the entries with label 1 only. Those with label 0 contribute ln(1 - o).",
        ),
        Mistake(
            "zeros only",
            float(zeros.mean()),
            "You used the entries with label 0 only. Those with label 1 contribute ln(o).",
        ),
        Mistake(
            "labels exchanged",
            float((-(1 - y) * np.log(o) - y * np.log(1 - o)).mean()),
            "You exchanged the labels 0 and 1.",
        ),
        Mistake("wrong sign", -loss, "A loss is positive: mind the minus sign."),
        Mistake("log10", loss / np.log(10), "Use the natural logarithm."),
        Mistake("log2", loss / np.log(2), "Use the natural logarithm."),
        Mistake(
            "squared error",
            float(((y - o) ** 2).mean()),
            "That is the mean squared error.",
        ),
    )


def standardized_part(values: Int[Array, "n"]) -> ExercisePart:
    """Make the question about standardization, part e.

    Parameters
    ----------
    values
        The numbers.

    Returns
    -------
    ExercisePart

    Sources
    -------
    Wolter exercise 11.
    """
    x = values.astype(float)
    mean, variance = x.mean(keepdims=True), x.var(keepdims=True)
    first = float(standardize(x, mean, variance, epsilon=0.0)[0])
    return ExercisePart(
        letter="e",
        question=(
            (
                "Standardize these numbers: subtract their mean and divide by their standard "
                "deviation (the root of the mean square deviation). What does the first one "
                f"become? (Round to {_DECIMALS} decimals.)"
            ),
            Picture("x", values),
        ),
        answer=NumberAnswer(
            value=first,
            decimals=_DECIMALS,
            mistakes=(
                Mistake(
                    "n - 1",
                    float((x[0] - mean[0]) / x.std(ddof=1)),
                    f"You divided the squares by n - 1. Divide by n = {len(x)}.",
                ),
                Mistake(
                    "not divided",
                    float(x[0] - mean[0]),
                    "You subtracted the mean, but didn't divide by the standard deviation.",
                ),
                Mistake(
                    "variance",
                    float((x[0] - mean[0]) / variance[0]),
                    "You divided by the variance. Take its square root first.",
                ),
                Mistake(
                    "last number",
                    float((x[-1] - mean[0]) / x.std()),
                    "That is what the last number becomes.",
                ),
                Mistake(
                    "scaled to 0 to 1", 0.0, "You scaled the numbers to the range from 0 to 1."
                ),
            ),
            otherwise=f"The mean is {mean[0]:g}. What is the standard deviation?",
        ),
        hint="Mean first, then the mean of the squared differences, then its root.",
        solution=(
            (
                f"The mean is {mean[0]:.6g}, the standard deviation {x.std():.6g}: "
                f"({x[0]:g} - {mean[0]:.6g}) / {x.std():.6g} = {first:.{_DECIMALS}f}."
            ),
        ),
    )
