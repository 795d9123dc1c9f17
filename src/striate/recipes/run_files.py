"""The files of a training run: a model, a checkpoint and a folder of pictures, under one number.

A run never replaces the files of another one unasked. The first run of LeNet-5 on digits writes
``digits-lenet5.safetensors``, ``digits-lenet5.checkpoint`` and ``digits-lenet5/``; a second run
writes ``digits-lenet5-2.*``. A run reserves its number by creating the checkpoint exclusively, so
that two runs that start at the same moment get different numbers.
"""

import contextlib
import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from striate.errors import ModelFileError
from striate.files import make_folder, reason, shown
from striate.model.network import Network
from striate.pictures.files import PICTURES
from striate.recipes.networks import ENDING
from striate.recipes.table import default_net

FOLDER = Path("striate-output")
CHECKPOINT_ENDING = ".checkpoint"


@dataclass(frozen=True, kw_only=True)
class RunFiles:
    """Where a training run writes.

    Parameters
    ----------
    model, checkpoint
        Files.
    pictures
        A folder.
    reservation
        The file whose exclusive creation reserves the run's number; usually the checkpoint.
    temporary
        Whether the checkpoint is removed after training; not if the user named it.
    resume
        The checkpoint to resume from.
    overwrite
        Whether files of an earlier run may be replaced.
    saved
        When the checkpoint was last written before this run, in nanoseconds; 0 if there was none.
    numbered
        Those of the files that are named by the run's number.
    stopped
        The checkpoint of an earlier run, stopped or still running, that has the same name but for
        the number.
    """

    model: Path
    checkpoint: Path
    pictures: Path
    reservation: Path
    temporary: bool
    resume: Path | None = None
    overwrite: bool = False
    saved: int = 0
    numbered: tuple[Path, ...] = ()
    stopped: Path | None = None

    def save_model(self, network: Network) -> Path:
        """Save the trained network, and return where.

        A model of another run is not replaced, even if it appeared during training; if the folder
        cannot be written to, the model goes to the folder for temporary files, because hours of
        training would be lost otherwise.

        Parameters
        ----------
        network
            The network.

        Returns
        -------
        Path
            ``model``, or another file if that could not be written.

        Raises
        ------
        ModelFileError
            If no file could be written.
        """
        try:
            return _save(network, self.model, overwrite=self.overwrite)
        except ModelFileError:
            elsewhere = Path(tempfile.gettempdir()) / self.model.name
            with contextlib.suppress(ModelFileError):
                return _save(network, elsewhere, overwrite=False)
            raise

    def release(self, *, finished: bool) -> None:
        """Remove a reservation that holds no state, and after training a temporary checkpoint."""
        if _is_empty(self.reservation):
            self.reservation.unlink(missing_ok=True)
        if self.temporary and finished:
            self.checkpoint.unlink(missing_ok=True)

    @property
    def has_state(self) -> bool:
        """Whether this run has written its checkpoint."""
        return _written(self.checkpoint) != self.saved and not _is_empty(self.checkpoint)

    def how_to_resume(self, typed: str) -> str:
        """Explain, after Ctrl-C, where the state of the training is and how to resume it.

        Parameters
        ----------
        typed
            The command that started the run.

        Returns
        -------
        str
        """
        if not self.has_state:
            return "Nothing was saved: training had not started."
        path = shlex.quote(str(self.checkpoint))
        return f"The state of the training is in {path}. To resume it:\n  {typed} --resume {path}"


def choose_files(
    data: str,
    *,
    net: str | None = None,
    recipe: str | None = None,
    output: Path | None = None,
    checkpoint: Path | None = None,
    resume: Path | None = None,
    pictures: Path | None = None,
    overwrite: bool = False,
) -> Iterator[RunFiles]:
    """Yield the possible files of a run, one set for each number; the first is usually free.

    Parameters
    ----------
    data, net, recipe
        What is trained, for the names of the files.
    output, checkpoint, pictures
        The user's choices of files; ``None`` names them after ``data`` and ``net``.
    resume
        The checkpoint to resume from. The resumed run keeps its number.
    overwrite
        Whether files of an earlier run may be replaced.

    Yields
    ------
    RunFiles
    """
    stem = f"{_data_word(data)}-{_net_word(net or recipe or default_net(data))}"
    resumes_default = resume is not None and resume.parent == FOLDER
    own = resume.stem if resume is not None and resumes_default else stem
    for number in count(1):
        name = own if number == 1 else f"{stem}-{number}"
        default = FOLDER / f"{name}{CHECKPOINT_ENDING}"
        chosen = checkpoint or resume or default
        files = RunFiles(
            model=output or FOLDER / f"{name}{ENDING}",
            checkpoint=chosen,
            pictures=pictures or FOLDER / name,
            reservation=default,
            temporary=checkpoint is None and (chosen == default or resumes_default),
            resume=resume,
            overwrite=overwrite,
            saved=_written(chosen),
        )
        given = (output, pictures)
        named = (files.model, files.pictures)
        numbered = [path for path, own in zip(named, given, strict=True) if own is None]
        yield replace(files, numbered=(*numbered, default))


def check_files(
    *,
    output: Path | None,
    checkpoint: Path | None,
    resume: Path | None,
    pictures: Path | None,
    overwrite: bool,
) -> None:
    """Raise if a file that the user named is there already, before anything is read.

    Parameters
    ----------
    output, checkpoint, resume, pictures, overwrite
        As for :func:`choose_files`.

    Raises
    ------
    ModelFileError
        If a file belongs to an earlier run, or a folder is in its place.
    """
    for path, option in ((output, "--output"), (checkpoint, "--checkpoint")):
        if path is None:
            continue
        if path.is_dir():
            ending = path.suffix or (ENDING if option == "--output" else CHECKPOINT_ENDING)
            raise ModelFileError(
                f"{option} {shown(path)} is a folder; expected the name of a file. "
                f"Try {option} {path / 'net'}{ending}."
            )
        if path.exists() and not overwrite and path != resume:
            resume_it = "" if option == "--output" else f"--resume {path} to continue that run, "
            raise ModelFileError(
                f"{option} {shown(path)} already exists. "
                f"Use {resume_it}--overwrite to replace it, or another name."
            )
    drawn = [] if pictures is None else [name for name in PICTURES if (pictures / name).exists()]
    if drawn and not overwrite:
        raise ModelFileError(
            f"--pictures {pictures} already has {', '.join(drawn)} of an earlier run. Use "
            "--overwrite to replace them, or choose another folder."
        )


def reserve(choices: Iterator[RunFiles]) -> RunFiles:
    """Reserve the first free number, and make the folders.

    Parameters
    ----------
    choices
        From :func:`choose_files`.

    Returns
    -------
    RunFiles
        Files that no other run has or gets.

    Raises
    ------
    ModelFileError
        If a folder cannot be made or written to.
    """
    stopped: Path | None = None
    for files in choices:
        for path in (files.model, files.checkpoint, files.reservation):
            _require_writable(make_folder(path.parent))
        others = [path for path in files.numbered if path != files.resume]
        free = files.overwrite or not any(path.exists() for path in others)
        own = files.overwrite or files.reservation == files.resume
        if free and (own or _create(files.reservation)):
            return replace(files, stopped=stopped)
        if files.reservation.is_file() and not _is_empty(files.reservation):
            stopped = files.reservation
    raise AssertionError("the numbers have no end")


def _create(path: Path) -> bool:
    """Create an empty file, and return whether it is new."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    except OSError as error:
        raise ModelFileError(
            f"Cannot write {shown(path)}: {reason(error)}. Choose a writable folder."
        ) from error
    return True


def _save(network: Network, path: Path, *, overwrite: bool) -> Path:
    """Save a model to a file that no other run has."""
    if overwrite:
        network.save(path)
        return path
    names = (path if n == 1 else path.with_name(f"{path.stem}-{n}{path.suffix}") for n in count(1))
    own = next(name for name in names if _create(name))
    try:
        network.save(own)
    except BaseException:
        own.unlink(missing_ok=True)
        raise
    return own


def _require_writable(folder: Path) -> None:
    """Raise before training if nothing can be written after it."""
    if not os.access(folder, os.W_OK):
        raise ModelFileError(
            f"Cannot write to the folder {shown(folder)}: permission denied. "
            "Choose a writable folder with --output and --checkpoint."
        )


def _data_word(data: str) -> str:
    """Make a word for a file name from a data set's name or path."""
    path = Path(data).resolve()
    return _word(path.stem if path.is_file() else path.name) or "data"


def _net_word(net: str) -> str:
    """Make a word for a file name from a network's name; layers in shorthand are called net."""
    return "net" if re.search(r"[|@{]|\s", net) else _word(net)


def _word(text: str) -> str:
    """Keep letters, digits, dots and hyphens."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")


def _is_empty(path: Path) -> bool:
    """Whether a file is a reservation without a state."""
    return path.is_file() and path.stat().st_size == 0


def _written(path: Path) -> int:
    """Return when a file was last written, 0 if there is none."""
    return path.stat().st_mtime_ns if path.is_file() else 0
