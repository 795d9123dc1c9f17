"""The command ``striate predict``."""

import contextlib
import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import click
import numpy as np

from striate.cli.encoding import on_one_line
from striate.cli.mask_prediction import require_masks, write_masks
from striate.cli.networks import picture_size
from striate.cli.number_report import number as in_four_digits
from striate.cli.options import HomePath, announce_decoding, engine_option, resize_option
from striate.cli.output import CommandOutput, json_option, percent, sizes
from striate.cli.prediction import Meaning, Prediction, Predictor, files_of, notes_on_skipped
from striate.cli.program import OK, USER_ERROR
from striate.data.pictures import is_picture
from striate.errors import ModelFileError, OptionError
from striate.files import atomic_write, shown
from striate.model.engines import EngineName
from striate.model.loading import load
from striate.model.network import Network
from striate.shapes import Array

_BEST = 3
_MOST_CLASSES = 10  # that are counted in a line
_MOST_ERRORS = 20
_NEGLIGIBLE = 5e-5  # would be written as 0.00%

_HELP = """Predict the classes of pictures with a trained network.

MODEL is a file that striate train saved. PICTURE is an image file (PNG, JPEG, TIFF, GIF, WebP and
others), or a folder, including its subfolders. A picture is rotated upright, converted to grayscale
or color, and resized to the network's input.

\b
Examples:
  striate predict striate-output/digits-lenet5.safetensors my-digit.png
  striate predict my-model.safetensors scans/*.jpg --invert
  striate predict my-model.safetensors holiday/ --csv holiday.csv
  striate predict cells.safetensors scans/ --masks masks/

MNIST's digits are white on black. For dark ink on white paper, use --invert.

Prints the most probable class of each picture, then the next two; for a regression network, prints
its outputs. For a network that predicts a class for each pixel, writes masks. With --csv, writes a
table with the probabilities of all classes. Unreadable pictures are reported at the end, and the
exit code is then 1.
"""


@click.command("predict", help=_HELP)
@click.argument("model", type=HomePath())
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...", type=HomePath())
@click.option("--invert", is_flag=True, help="Swap dark and light, for dark ink on white paper.")
@click.option(
    "--csv",
    "table",
    type=HomePath(),
    metavar="FILE",
    help="Write a table instead: one line per picture, with its file, its class and the "
    "probability of each class, or the predicted values.",
)
@click.option(
    "--masks",
    type=HomePath(),
    metavar="FOLDER",
    help="For a network that predicts a class for each pixel: folder for the masks. Each is a "
    "PNG file of the picture's size, with the values of the training masks.",
)
@click.option(
    "--overlays",
    type=HomePath(),
    metavar="FOLDER",
    help="With --masks: folder for pictures with the colors of their masks over them. The "
    "background stays as it is: the first class, or black and white in colored masks.",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace the files of --csv, --masks or --overlays if they exist.",
)
@resize_option
@engine_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    model: str,
    pictures: tuple[str, ...],
    invert: bool,
    table: str | None,
    masks: str | None,
    overlays: str | None,
    overwrite: bool,
    resize: str | None,
    engine: EngineName,
    as_json: bool,
) -> None:
    """Print the three most probable classes of each picture, or write them to a table."""
    out = CommandOutput(as_json=as_json)
    if table is not None and Path(table).exists() and not overwrite:
        raise ModelFileError(
            f"--csv {shown(table)} already exists. Use --overwrite to replace it, or another name."
        )
    _require_model(model)
    network = load(model, engine=engine)
    shape = picture_size(network)
    require_masks(network, masks, table)
    if overlays is not None and masks is None:
        raise OptionError("--overlays needs --masks, the folder for the masks. Add --masks FOLDER.")
    if masks is not None:
        given = {"model": model, "size": sizes(shape)}
        covers = None if overlays is None else Path(overlays)
        how = {"overlays": covers, "resize": resize, "invert": invert, "overwrite": overwrite}
        failed = _masks(out, network, pictures, Path(masks), given, **how)
        ctx.exit(USER_ERROR if failed else OK)
    meaning = Meaning.of(network)
    predictor = Predictor(network=network, resize=resize, invert=invert)
    found = predictor.predict(files_of(pictures), announce_decoding(out))
    report = _Report(out, meaning, table, named=bool(network.target_names))
    with report.writing():
        for one in found:
            report.add(one)
    report.finish(invert=invert)
    out.result(
        {
            "model": model,
            "size": sizes(shape),
            "probabilities": meaning.probabilities,
            "csv": table if report.counts else None,
            "pictures": report.documents,
            "failed": [{"file": one.path, "error": one.error} for one in report.failed],
            "notes": _note_skipped(out, pictures),
        }
    )
    if report.failed:
        ctx.exit(USER_ERROR)


def _require_model(path: str) -> None:
    """Raise if a picture is given where the model is expected."""
    if Path(path).is_file() and is_picture(Path(path)):
        raise ModelFileError(
            f"{shown(path)} is a picture; expected a model that striate saved as the first "
            f"argument, and the pictures after it. Use striate predict MODEL {shown(path)}."
        )


def _masks(
    out: CommandOutput,
    network: Network,
    pictures: Sequence[str],
    folder: Path,
    given: dict[str, Any],
    **how: Any,
) -> bool:
    """Write the mask of each picture; return whether some failed."""
    written, errors = write_masks(network, pictures, folder, out, **how)
    for error in errors.values():
        out.note(f"Error: {error}")
    failed = [{"file": path, "error": error} for path, error in errors.items()]
    notes = _note_skipped(out, pictures)
    out.result({**given, "pictures": written, "failed": failed, "notes": notes})
    return bool(failed)


def _note_skipped(out: CommandOutput, pictures: Sequence[str]) -> list[str]:
    """Print and return notes on pictures that are skipped because a plug-in is missing."""
    notes = notes_on_skipped(pictures)
    for note in notes:
        out.note(f"note: {note}")
    return notes


class _NothingPredictedError(Exception):
    """Every picture failed, so a table would have no lines."""


class _Report:
    """Predictions, printed or written to a table as they come."""

    def __init__(
        self, out: CommandOutput, meaning: Meaning, table: str | None, *, named: bool
    ) -> None:
        self.out = out
        self.meaning = meaning
        self.table = table
        self.documents: list[dict[str, Any]] = []
        self.failed: list[Prediction] = []
        self.light: list[str] = []
        self.counts: Counter[str] = Counter()
        self.named = named
        self._rows: Any = None

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Keep the table open; the file is renamed when it is complete, unless it has no lines."""
        if self.table is None:
            yield
            return
        with (
            contextlib.suppress(_NothingPredictedError),
            atomic_write(Path(self.table)) as file,
            _as_text(file) as text,
        ):
            self._rows = csv.writer(text, lineterminator="\n")
            self._rows.writerow(self._headings())
            yield
            if not self.counts:
                raise _NothingPredictedError

    def _headings(self) -> list[str]:
        """Name the columns of the table."""
        if not self.meaning.classifies:
            return ["file", *self.meaning.names]
        score = "probability" if self.meaning.probabilities else "score"
        mark = "p" if self.meaning.probabilities else "score"
        return ["file", "class", score, *(f"{mark}_{name}" for name in self.meaning.names)]

    def add(self, one: Prediction) -> None:
        """Print a prediction, or write it to the table."""
        if one.scores is None:
            self.failed.append(one)
            return
        if one.dark_on_light:
            self.light.append(on_one_line(one.path))
        meaning = self.meaning
        best = _best(meaning.names, one.scores)
        self.counts[best[0]["class"]] += 1
        if self._rows is not None:
            numbers = [str(np.float32(number)) for number in one.scores]
            name = shown(one.path)
            if meaning.classifies:
                first = int(np.argmax(one.scores))
                self._rows.writerow([name, meaning.names[first], numbers[first], *numbers])
            else:
                self._rows.writerow([name, *numbers])
            return
        words = (
            _in_words(best, probabilities=meaning.probabilities)
            if meaning.classifies
            else _numbers(one.scores, self.meaning.names if self.named else ())
        )
        self.out.say(f"{on_one_line(one.path)}: {words}")
        if self.out.as_json:
            found = {"predictions": best} if meaning.classifies else {"outputs": one.scores}
            self.documents.append({"file": one.path, **found})

    def finish(self, *, invert: bool) -> None:
        """Print what was written, and the errors."""
        if self.table is not None and self.counts:
            self.out.say(f"Wrote {shown(self.table)}: {self._summary()}.", whole=True)
        if not invert:
            _hint(self.out, self.light)
        for one in self.failed[:_MOST_ERRORS]:
            self.out.note(f"Error: {one.error}")
        if len(self.failed) > _MOST_ERRORS:
            self.out.note(f"Error: {len(self.failed) - _MOST_ERRORS:,} more files; see --json.")
        if self.table is not None and not self.counts:
            self.out.note(
                f"note: no picture was predicted, so {shown(self.table)} was not written."
            )

    def _summary(self) -> str:
        """Count the pictures of each class."""
        whole = self.counts.total()
        counted = f"{whole:,} picture{'s' * (whole != 1)}"
        if not self.meaning.classifies or not whole:
            return counted
        most = self.counts.most_common(_MOST_CLASSES)
        listed = ", ".join(f"{on_one_line(name)} {count:,}" for name, count in most)
        rest = len(self.counts) - len(most)
        return f"{counted} ({listed}{f' and {rest:,} more classes' if rest else ''})"


@contextlib.contextmanager
def _as_text(file: IO[bytes]) -> Iterator[IO[str]]:
    """Write text to a binary file, in UTF-8, and leave the file open."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    yield text
    text.flush()
    text.detach()


def _best(names: Sequence[str], scores: Array) -> list[dict[str, Any]]:
    """List the classes with the largest scores."""
    order = np.argsort(-scores, kind="stable")[:_BEST]
    return [{"class": names[k], "score": float(scores[k])} for k in order]


def _in_words(best: list[dict[str, Any]], *, probabilities: bool) -> str:
    """Write a prediction: ``5 (99.99%), then 8 (0.01%)``."""
    unit = percent if probabilities else "{:.4g}".format
    first, *others = (
        f"{on_one_line(str(one['class']))} ({unit(one['score'])})"
        for k, one in enumerate(best)
        if k == 0 or not probabilities or one["score"] >= _NEGLIGIBLE
    )
    return f"{first}, then {', '.join(others)}" if others else first


def _numbers(outputs: Array, names: Sequence[str]) -> str:
    """Write the outputs of a network that isn't a classifier, with their names if they have any."""
    if not names:
        return ", ".join(f"{number:.4g}" for number in outputs)
    pairs = zip(names, outputs.tolist(), strict=True)
    return ", ".join(f"{on_one_line(name)} {in_four_digits(value)}" for name, value in pairs)


def _hint(out: CommandOutput, light: Sequence[str]) -> None:
    """Suggest --invert for pictures that are dark on light."""
    if light:
        more = f" and {len(light) - 3} more" if len(light) > 3 else ""
        out.note(
            f"hint: dark on light: {', '.join(light[:3])}{more}. If the network was trained on "
            "light on dark, as in MNIST, add --invert."
        )
