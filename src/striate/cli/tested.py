"""Testing a network on any kind of data, and printing the report that suits it."""

from collections.abc import Sequence
from pathlib import Path

from striate.cli.mask_report import MasksTested, say_masks, test_masks
from striate.cli.number_report import NumbersTested, say_numbers, test_numbers
from striate.cli.output import CommandOutput
from striate.cli.report import Tested, test
from striate.data import Dataset
from striate.data.image_file import Images
from striate.model.network import Network
from striate.shapes import Array


def scores_on(
    network: Network,
    dataset: Dataset,
    x: Images,
    y: Array,
    files: Sequence[Path],
    metrics: Sequence[str] = (),
) -> Tested:
    """Evaluate a network on a part of a data set: classes, numbers or masks.

    Parameters
    ----------
    network
        The network.
    dataset
        The data set.
    x, y, files
        The part.
    metrics
        Metrics to compute next to the usual ones.

    Returns
    -------
    Tested
    """
    if dataset.has_masks:
        return test_masks(network, dataset, x, y, metrics)
    if not dataset.classes and not network.classes and len(network.graph.outputs) == 1:
        return test_numbers(network, dataset, x, y, files, metrics)
    return test(network, x, y, dataset.classes, files, metrics)


def say_task(out: CommandOutput, tested: Tested, *, part: str) -> bool:
    """Print the errors of numbers or the quality of masks; return whether it is one of these."""
    if isinstance(tested, MasksTested):
        say_masks(out, tested, part=part)
    elif isinstance(tested, NumbersTested):
        say_numbers(out, tested, part=part)
    else:
        return False
    return True
