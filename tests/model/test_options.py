"""Options of inspection, prediction and evaluation with values that are not allowed."""

import numpy as np
import pytest

from networks import classifier, images_and_labels
from striate.errors import OptionError
from striate.functions.loss import CrossEntropy

X, Y = images_and_labels(12)
SEED = "`seed` must be an integer from 0 to 2**64 - 1, got "
SIZE = "`batch_size` must be a positive integer, got "
ELEMENTS = "`elements` must be a positive integer, got "
COUNTED = (
    "Top-k accuracy is the fraction of images whose label is among the k largest outputs. Leave "
    "top_k out, or give labels to a network that has an output for each class."
)
LIST = "`top_k` must be a list of integers from 1 to 3, the number of outputs, got "

REFUSED = {
    SEED + "-1. Try seed=0.": lambda net: net.check_gradients(X[:1], Y[:1], seed=-1),
    SEED + "1.5. Try seed=0.": lambda net: net.trace(X, training=True, seed=1.5),
    ELEMENTS + '"3". Try elements=30.': lambda net: net.check_gradients(X, Y, elements="3"),
    ELEMENTS + "0. Try elements=30.": lambda net: net.check_gradients(X, Y, elements=0),
    SIZE + '"2". Try batch_size=256.': lambda net: net.predict(X, batch_size="2"),
    SIZE + "2.5. Try batch_size=256.": lambda net: net.evaluate(X, Y, batch_size=2.5),
    LIST + "2. Try top_k=[1, 3].": lambda net: net.evaluate(X, Y, top_k=2),
    LIST + "[4]. Try top_k=[1, 3].": lambda net: net.evaluate(X, Y, top_k=[4]),
    LIST + "[5]. Try top_k=[1, 3].": lambda net: net.evaluate(X, Y, top_k=np.array([5])),
    "`top_k` is [1], but the targets are not one label for each image. " + COUNTED: (
        lambda net: net.evaluate(X, np.eye(3)[Y] * 0.7 + 0.1, top_k=[1])
    ),
    "`top_k` is (2,), but the targets are not one label for each image. " + COUNTED: (
        lambda _: classifier("dense 3").evaluate(X, np.eye(3)[Y], top_k=(2,))
    ),
    "`top_k` is [1], but the network has a single output. " + COUNTED: (
        lambda _: classifier("dense 1 logistic").evaluate(X, Y > 0, top_k=[1])
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_invalid_options(text):
    """The message gives the value, what is allowed, and a value that works."""
    with pytest.raises(OptionError) as error:
        REFUSED[text](classifier())

    assert str(error.value) == text


def test_images_whose_classes_count_nothing_have_loss_0():
    """Evaluation and tracing then divide by 1, without a warning."""
    nothing = CrossEntropy(class_weights=(0.0, 1.0, 1.0))
    x, y = X[Y == 0], Y[Y == 0]

    assert classifier().evaluate(x, y, loss=nothing).loss == 0.0
    assert not classifier().trace(x, y, loss=nothing)["dense1"].dA.any()
