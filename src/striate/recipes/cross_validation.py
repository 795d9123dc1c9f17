"""Cross-validation: an estimate of the accuracy that needs no test set.

A test set takes pictures away from training. If there are only 60 pictures, a large test set leaves
too few for training, and a small one gives an unreliable accuracy. Cross-validation uses every
picture for both: the pictures are divided into five folds, and five networks are each trained on
four of them and tested on the fifth::

    network 1   test   train  train  train  train
    network 2   train  test   train  train  train
    ...

Together the five tests cover all pictures, so the confidence interval is that of all pictures. The
network that is kept is a sixth one, trained on everything; with more training pictures than the
others, it is usually a little better than the estimate.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from striate.data.image_file import Images, part_of
from striate.data.split import folds
from striate.errors import Argument, Message, OptionError, TrainingError
from striate.functions.metric import MAE, R2, RMSE
from striate.functions.options import Range
from striate.functions.writing import short
from striate.model import fitting
from striate.model.core import Core
from striate.model.losses import losses_of
from striate.model.metrics import network_metrics
from striate.model.network import Network, core_of, wrapped
from striate.model.scoring import Evaluation, OutputScores
from striate.recipes.tasks import NUMBER_METRICS
from striate.shapes import Array
from striate.training.confidence import wilson_interval
from striate.training.settings import TrainingSettings

FOLDS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class CrossValidation:
    """What networks predicted for the pictures that they were not trained on.

    Parameters
    ----------
    evaluation
        Loss, accuracy and confusion matrix over all these pictures; of numbers, loss, MAE, RMSE
        and R².
    tested
        The indices of these pictures: all of them, unless the time ran out.
    outputs
        The outputs for each of them, by the network that wasn't trained on it.
    evaluations
        The evaluation of each network on its fold.
    folds
        The number of folds. Each network was trained on all of them but one.
    fold
        The fold of each tested picture, from 0.
    """

    evaluation: Evaluation
    tested: Array
    outputs: Array
    evaluations: tuple[Evaluation, ...]
    folds: int
    fold: Array

    @property
    def accuracies(self) -> tuple[float, ...]:
        """The accuracy of each network on its fold; empty for regressions."""
        return tuple(one.accuracy for one in self.evaluations if one.accuracy is not None)

    @property
    def scores(self) -> tuple[float, ...]:
        """The accuracy of each network on its fold, or its R² for regressions."""
        return self.accuracies or tuple(one.metrics["r2"] for one in self.evaluations)

    @property
    def mean(self) -> float:
        """The mean of the networks' accuracies, or of their R²."""
        return float(np.mean(self.scores))

    @property
    def deviation(self) -> float:
        """The standard deviation of the accuracies, or of the R²; NaN for one network."""
        return float(np.std(self.scores, ddof=1)) if len(self.scores) > 1 else float("nan")

    def __str__(self) -> str:
        """Describe how the accuracy was estimated."""
        done = len(self.evaluations)
        whole = f"{self.folds}-fold cross-validation"
        return whole if done == self.folds else f"{done} fold{'s' * (done > 1)} of {whole}"


def untrained(network: Network) -> Network:
    """Return a copy of a network: the same layers, weights, classes and preprocessing."""
    core = core_of(network)
    parameters, statistics = core.buffers
    return wrapped(
        Core(
            core.engines,  # compiled programs are shared
            (parameters.copy(), statistics.copy()),
            preprocessing=core.preprocessing,
            classes=core.classes,
            trained_on=core.trained_on,
        )
    )


def possible_folds(index: Array, groups: Array | None = None) -> int:
    """Return the number of folds for cross-validation.

    Parameters
    ----------
    index
        For each picture the index of its class.
    groups
        Pictures with the same number stay in one fold.

    Returns
    -------
    int
        5, or fewer if classes are so small that a fold could leave only one class for training; 0
        if there are too few pictures for two folds.

    Examples
    --------
    >>> possible_folds(np.repeat([0, 1], [10, 3])), possible_folds(np.array([0, 0, 1]))
    (3, 0)
    """
    group = np.arange(len(index)) if groups is None else groups
    sizes = sorted(len(np.unique(group[index == k])) for k in np.unique(index))
    count = min(FOLDS, sizes[-2] if len(sizes) > 1 else 0, len(np.unique(group)))
    return count if count > 1 else 0


def require_folds(count: int, most: int) -> None:
    """Raise if images can't be divided into a number of folds.

    Parameters
    ----------
    count
        Number of folds.
    most
        Number of images, or of groups of images that stay together.

    Raises
    ------
    OptionError
        If ``count`` isn't an integer from 2 to ``most``.
    """
    if count not in Range(least=2, most=most, whole=True):
        raise OptionError(
            Message(
                Argument("folds"),
                f" must be an integer from 2 to {most:,}, the number of images or of groups that "
                f"stay together, got {short(count)}.",
            ),
            remedy=Message("Try ", Argument("folds", min(FOLDS, most)), "."),
        )


def cross_validate(
    network: Network,
    x: Images,
    labels: Array,
    index: Array,
    settings: TrainingSettings,
    *,
    count: int = FOLDS,
    groups: Array | None = None,
    on_fold: Callable[[int, Evaluation], None] | None = None,
    deadline: float | None = None,
) -> CrossValidation:
    """Estimate a network's accuracy, or the errors of a regression, on new pictures.

    Parameters
    ----------
    network
        The network before training; it isn't changed.
    x, labels
        Pictures, and their labels or numbers as the network takes them.
    index
        For each picture the index of its class, from which the folds are made; zeros for numbers.
    settings
        How each network is trained.
    count
        Number of folds.
    groups
        Pictures with the same group number stay in one fold: see
        :func:`striate.data.split.folds`.
    on_fold
        Called after each fold with its number, from 1, and its evaluation.
    deadline
        When to stop, as :func:`time.perf_counter` counts: no fold begins that would probably end
        later, except the first.

    Returns
    -------
    CrossValidation

    Raises
    ------
    TrainingError
        If the training of a network diverged.
    """
    fold = folds(index, count, seed=settings.seed, groups=groups)
    loss = losses_of(core_of(network).graph, settings.loss)[0]
    metrics = None if loss.takes_labels and labels.dtype.kind != "f" else NUMBER_METRICS
    found: list[Evaluation] = []
    outputs: list[Array] = []
    started = time.perf_counter()
    for k in range(count):
        now = time.perf_counter()
        if deadline is not None and k and now + (now - started) / k > deadline:
            break
        held = fold == k
        own = untrained(network)
        history = fitting.fit(
            core_of(own), part_of(x, ~held), labels[~held], settings, progress=False
        )
        if history.divergence is not None:
            raise TrainingError(f"{history.divergence} This was fold {k + 1} of {count}.")
        there = part_of(x, held)
        predicted = own.predict(there)
        assert isinstance(predicted, np.ndarray)
        outputs.append(predicted)
        found.append(own.evaluate(there, labels[held], metrics=metrics))
        if on_fold is not None:
            on_fold(k + 1, found[-1])
    order = np.argsort(fold[fold < len(found)], kind="stable")  # of the outputs, fold by fold
    tested = np.flatnonzero(fold < len(found))
    joined = np.concatenate(outputs)
    sorted_outputs = np.empty_like(joined)
    sorted_outputs[order] = joined
    return CrossValidation(
        evaluation=pooled(network, found, sorted_outputs, labels[tested], settings),
        tested=tested,
        outputs=sorted_outputs,
        evaluations=tuple(found),
        folds=count,
        fold=fold[tested],
    )


def pooled(
    network: Network,
    found: Sequence[Evaluation],
    outputs: Array,
    labels: Array,
    settings: TrainingSettings,
) -> Evaluation:
    """Combine the evaluations of the folds: each picture counts once.

    Metrics such as F1 are not the mean of those of the folds, so they are computed from the outputs
    for all pictures.

    Parameters
    ----------
    network
        The network that was copied for each fold.
    found
        The evaluation of each fold.
    outputs, labels
        The outputs for the pictures of all these folds, and their labels.
    settings
        With the metrics.

    Returns
    -------
    Evaluation
    """
    images = np.array([one.images for one in found])
    loss = float(np.average([one.loss for one in found], weights=images))
    if found[0].confusion is None:
        return _pooled_numbers(found[0], loss, outputs, labels)
    confusion = sum(np.asarray(one.confusion) for one in found)
    assert isinstance(confusion, np.ndarray)
    core = core_of(network)
    classes = core.classes.get(core.outputs[0].layer.name)
    truth = classes.indices(labels, "y") if classes else labels
    losses = losses_of(core.graph, settings.loss)
    scored = network_metrics(core.outputs, losses, [truth], settings.metrics).outputs[0]
    seen = scored.predictions(outputs, truth, outputs, None)
    totals = {
        metric: metric.update(metric.start(scored.classes, outputs.shape[1]), seen)
        for metric in scored.metrics
    }
    parts = {metric.name: metric.parts(total) for metric, total in totals.items()}
    only = OutputScores(
        loss=loss,
        metrics={metric.name: metric.value(total) for metric, total in totals.items()},
        parts={name: values for name, values in parts.items() if values is not None},
        interval=wilson_interval(int(np.trace(confusion)), int(images.sum())),
        confusion=confusion,
        classes=found[0].classes,
    )
    return Evaluation(
        loss=only.loss,
        images=int(images.sum()),
        accuracy=only.accuracy,
        interval=only.interval,
        top_k={},
        metrics=only.metrics,
        confusion=only.confusion,
        classes=only.classes,
        outputs={scored.output.layer.name: only},
    )


def _pooled_numbers(first: Evaluation, loss: float, outputs: Array, targets: Array) -> Evaluation:
    """Compute the metrics of a regression over all pictures."""
    predicted, true = outputs.reshape(len(outputs), -1), targets.reshape(len(outputs), -1)
    metrics: dict[str, float] = {}
    parts: dict[str, Array] = {}
    for metric in (MAE(), RMSE(), R2()):
        metrics[metric.name] = metric.of(predicted, true)
        columns = [metric.of(predicted[:, [k]], true[:, [k]]) for k in range(true.shape[1])]
        parts[metric.name] = np.array(columns)
    ((name, scores),) = first.outputs.items()
    pooled = replace(scores, loss=loss, metrics=metrics, parts=parts)
    return replace(first, loss=loss, images=len(outputs), metrics=metrics, outputs={name: pooled})
