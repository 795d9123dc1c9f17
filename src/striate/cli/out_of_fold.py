"""A table of the predictions of cross-validation, one line for each image."""

import csv
import io
from pathlib import Path

from striate.cli.report import Tested
from striate.files import atomic_write

OUT_OF_FOLD = "out-of-fold.csv"
_COLUMNS = ("image", "file", "fold", "label", "predicted", "score", "label_score")


def write_out_of_fold(path: Path, tested: Tested) -> None:
    """Write the predictions of each network for the images that it wasn't trained on.

    Parameters
    ----------
    path
        The file.
    tested
        What cross-validation found.

    Raises
    ------
    ModelFileError
        If the file cannot be written.
    """
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    found = tested.out_of_fold()
    columns = list(_COLUMNS if tested.scores is not None or not found else found[0])
    rows.writerow(columns)
    rows.writerows([one.get(name, "") for name in columns] for one in found)
    with atomic_write(path) as file:
        file.write(text.getvalue().encode())
