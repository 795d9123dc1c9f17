"""The report on a regression: its errors, compared with those of always predicting the mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from striate.cli.encoding import on_one_line
from striate.cli.networks import as_taken
from striate.cli.output import CommandOutput
from striate.cli.pages import Page
from striate.cli.report import Tested
from striate.data import Dataset
from striate.data.description import numbered_targets
from striate.data.image_file import Images
from striate.model.network import Network
from striate.recipes.cross_validation import CrossValidation
from striate.recipes.tasks import NUMBER_METRICS
from striate.shapes import Array
from striate.tables import Column

WORST = 5
_LONGEST_NAME = 40  # characters


@dataclass(frozen=True, kw_only=True)
class NumbersTested(Tested):
    """Predicted numbers next to the true ones.

    Parameters
    ----------
    names
        What each number is called.
    truth, predicted
        ``(n, numbers)``.
    mean
        The mean of each number over the training data: the trivial prediction.
    files
        The file of each picture; empty if they have none.
    """

    names: tuple[str, ...]
    truth: Array
    predicted: Array
    mean: Array
    files: tuple[Path, ...] = ()

    def columns(self) -> list[dict[str, Any]]:
        """Return the errors of each number, and those of the trivial prediction."""
        (scores,) = self.evaluation.outputs.values()
        parts = {
            name: np.broadcast_to(scores.parts.get(name, scores.metrics[name]), len(self.names))
            for name in NUMBER_METRICS
        }
        trivial = np.abs(self.truth - self.mean).mean(axis=0, dtype=np.float64)
        return [
            {
                "name": name,
                **{metric: float(values[k]) for metric, values in parts.items()},
                "mean_of_training": float(self.mean[k]),
                "mae_of_mean": float(trivial[k]),
            }
            for k, name in enumerate(self.names)
        ]

    def furthest(self) -> list[dict[str, Any]]:
        """Describe the predictions with the largest errors, each relative to its target's spread.

        Without a spread, all errors of a number count the same.
        """
        spread = self.truth.std(axis=0, dtype=np.float64)
        errors = np.abs(self.predicted - self.truth) / np.where(spread > 0, spread, 1)
        worst = errors.max(axis=1)
        found: list[dict[str, Any]] = []
        for k in np.argsort(-worst, kind="stable")[:WORST].tolist():
            column = int(errors[k].argmax())
            found.append(
                {
                    "image": k,
                    "file": str(self.files[k]) if self.files else None,
                    "name": self.names[column],
                    "true": float(self.truth[k, column]),
                    "predicted": float(self.predicted[k, column]),
                }
            )
        return found

    def worst(self) -> list[dict[str, Any]]:
        """Return the predictions with the largest errors."""
        return self.furthest()

    def document(self) -> dict[str, Any]:
        """Return everything that goes into the JSON output."""
        return {
            "images": self.evaluation.images,
            "loss": self.evaluation.loss,
            "columns": self.columns(),
            "metrics": self.evaluation.metrics,
            "worst": self.furthest(),
            **({} if self.folds is None else {"folds": self._folds_of_numbers(self.folds)}),
        }

    def _folds_of_numbers(self, found: CrossValidation) -> dict[str, Any]:
        """Return the metrics of each fold, and the prediction for each image."""
        return {
            "metrics": [one.metrics for one in found.evaluations],
            "mean_r2": found.mean,
            "standard_deviation_r2": found.deviation,
            "predictions": self.out_of_fold(),
        }

    def out_of_fold(self) -> list[dict[str, Any]]:
        """Describe the prediction for each image by the network that wasn't trained on it."""
        if self.folds is None:
            return []
        places = zip(self.folds.tested.tolist(), self.folds.fold.tolist(), strict=True)
        return [
            {
                "image": image,
                **({"file": str(self.files[k])} if self.files else {}),
                "fold": fold + 1,
                **{name: _rounded(self.truth[k, j]) for j, name in enumerate(self.names)},
                **{
                    f"predicted {name}": _rounded(self.predicted[k, j])
                    for j, name in enumerate(self.names)
                },
            }
            for k, (image, fold) in enumerate(places)
        ]


def test_numbers(
    network: Network,
    dataset: Dataset,
    x: Images,
    y: Array,
    files: Sequence[Path],
    metrics: Sequence[str],
) -> NumbersTested:
    """Compare a network's predictions with the true numbers.

    Parameters
    ----------
    network
        The network.
    dataset
        For the names and the mean of the training data.
    x, y, files
        The part of the data to test.
    metrics
        Metrics to compute next to the errors.

    Returns
    -------
    NumbersTested
    """
    taken = as_taken(network, x)
    evaluation = network.evaluate(
        taken, y, metrics=list(dict.fromkeys((*NUMBER_METRICS, *metrics)))
    )
    predicted = np.asarray(network.predict(taken)).reshape(len(y), -1)
    return NumbersTested(
        evaluation=evaluation,
        x=x,
        names=_names(network, dataset, predicted.shape[1]),
        truth=np.asarray(y, np.float64).reshape(len(y), -1),
        predicted=predicted,
        mean=_mean(dataset),
        files=tuple(files),
    )


def numbers_tested_by_folds(
    network: Network, found: CrossValidation, dataset: Dataset
) -> NumbersTested:
    """Return what cross-validation found, for the same report as that of a test set."""
    predicted = found.outputs.reshape(len(found.outputs), -1)
    return NumbersTested(
        evaluation=found.evaluation,
        x=dataset.x[found.tested],
        names=_names(network, dataset, predicted.shape[1]),
        truth=np.asarray(dataset.y[found.tested], np.float64).reshape(len(predicted), -1),
        predicted=predicted,
        mean=_mean(dataset),
        files=tuple(dataset.files[k] for k in found.tested) if dataset.files else (),
        folds=found,
    )


def _names(network: Network, dataset: Dataset, count: int) -> tuple[str, ...]:
    """Return the names of the targets."""
    names = dataset.target_names or network.target_names
    return names if len(names) == count else numbered_targets(count)


def _mean(dataset: Dataset) -> Array:
    """Return the mean of each target over the training data."""
    return np.asarray(dataset.y).reshape(len(dataset.y), -1).mean(axis=0, dtype=np.float64)


def _rounded(value: float) -> float:
    """Return a number as the data has it, which is stored with 24 bits."""
    return float(f"{value:.8g}")


def say_numbers(out: CommandOutput, tested: NumbersTested, *, part: str) -> None:
    """Print the errors of each number, and the predictions that are furthest off."""
    page = Page(out)
    out.say(
        f"{part} errors ({tested.evaluation.images:,} images), in the units of the data",
        style="bold",
    )
    page.table(
        [
            Column("predicted"),
            Column("mean abs. error", "right"),
            Column("RMSE", "right", drop=1),
            Column("R²", "right"),
            Column("error of the mean", "right"),
        ],
        [
            [
                on_one_line(one["name"], _LONGEST_NAME),
                number(one["mae"]),
                number(one["rmse"]),
                f"{one['r2']:.3f}",
                number(one["mae_of_mean"]),
            ]
            for one in tested.columns()
        ],
    )
    if tested.folds is not None:
        page.line(
            f"R² of the {tested.folds.folds} folds: mean {tested.folds.mean:.3f}, standard "
            f"deviation {tested.folds.deviation:.3f}"
        )
    page.line(
        "error of the mean: the mean absolute error of always predicting the mean of the training "
        "data; R²: 1 for perfect predictions, 0 for the mean"
    )
    if out.as_json or out.quiet:
        return
    part = "" if tested.folds is not None else part
    page.line()
    page.line(f"The {part} predictions that are furthest off:".replace("  ", " "))
    page.table(
        [
            Column("image"),
            Column("number", drop=1),
            Column("true", "right"),
            Column("predicted", "right"),
        ],
        [
            [
                on_one_line(one["file"] or f"{part} image {one['image']}".strip(), _LONGEST_NAME),
                on_one_line(one["name"], _LONGEST_NAME),
                number(one["true"]),
                number(one["predicted"]),
            ]
            for one in tested.furthest()
        ],
    )


def number(value: float) -> str:
    """Write a number with four significant digits, large ones with separators.

    Examples
    --------
    >>> number(251234.5), number(0.012345), number(12.0)
    ('251,234', '0.01235', '12.00')
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:#.4g}".rstrip(".")
