"""The files of a training run: a model, a checkpoint and a folder of pictures, under one number.

A run never replaces the files of an earlier one unless it is told to. The first run of LeNet-5 on
digits writes ``digits-lenet5.safetensors``, ``digits-lenet5.checkpoint`` and ``digits-lenet5/``; a
second run writes ``digits-lenet5-2.*``. While a run lasts, it holds a lock on the name of its
checkpoint, so that two runs at the same time get different numbers, and can't share a checkpoint
that the user named. The lock is released when the process ends, even if it is killed.
"""

import contextlib
import errno
import os
import re
import shlex
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from striate.errors import ModelFileError, StriateWarning
from striate.files import (
    FileLock,
    followed,
    make_folder,
    reason,
    remedy_for,
    remove_abandoned,
    shown,
    similar_file,
)
from striate.model.network import Network
from striate.pictures.files import PICTURES
from striate.recipes.networks import ENDING
from striate.recipes.table import default_net
from striate.training.checkpoint import epochs_of_checkpoint
from striate.training.csv_log import require_new_log

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
        The name whose lock reserves the run's number; usually that of the checkpoint. If the user
        named all files, the run has no number and writes nothing to the default folder.
    temporary
        Whether the checkpoint is removed after training; not if the user named it.
    resume
        The checkpoint to resume from.
    log
        The log, if the user named one.
    overwrite
        Whether files of an earlier run may be replaced.
    saved
        When the checkpoint was last written before this run, in nanoseconds; 0 if there was none.
    numbered
        The files whose names contain the run's number.
    stopped
        The checkpoint of an earlier, stopped run whose name differs only in the number.
    locks
        The locks that the run holds: on its number, and on a checkpoint that the user named.
    """

    model: Path
    checkpoint: Path
    pictures: Path
    reservation: Path
    temporary: bool
    resume: Path | None = None
    log: Path | None = None
    overwrite: bool = False
    saved: int = 0
    numbered: tuple[Path, ...] = ()
    stopped: Path | None = None
    locks: tuple[FileLock, ...] = ()

    def save_model(self, network: Network) -> Path:
        """Save the trained network, and return where.

        A model of another run is not replaced, even if it appeared during training; if the folder
        cannot be written to, the model goes to the folder for temporary files, because hours of
        training would be lost otherwise, and a warning gives the reason.

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
        except ModelFileError as error:
            elsewhere = Path(tempfile.gettempdir()) / self.model.name
            try:
                saved = _save(network, elsewhere, overwrite=False)
            except ModelFileError:
                raise error from None
            warnings.warn(
                f"{error.statement} The model is in {saved}, a folder for temporary files: move it "
                "from there.",
                StriateWarning,
                stacklevel=2,
            )
            return saved

    @contextlib.contextmanager
    def pictures_folder(self) -> Iterator[Path]:
        """Make the folder for the pictures, and lock it while they are drawn.

        Yields
        ------
        Path
            ``pictures``, or another folder if another run is drawing there now, or has drawn there
            during training.

        Raises
        ------
        ModelFileError
            If the folder cannot be made or written to.
        """
        for folder in chain([self.pictures], _numbered(self.pictures)):
            existed = folder.exists()
            lock = FileLock.acquire(make_folder(folder) / "pictures")
            if lock is None:
                continue
            try:
                if self.overwrite or not _drawn_in(folder):
                    yield folder
                    return
            finally:
                lock.release()
                if not existed:
                    with contextlib.suppress(OSError):  # it has pictures
                        folder.rmdir()

    def release(self, *, finished: bool) -> None:
        """Release the locks; remove a temporary checkpoint after training."""
        if self.temporary and finished:
            self.checkpoint.unlink(missing_ok=True)
        for lock in self.locks:
            lock.release()

    @property
    def has_state(self) -> bool:
        """Whether this run has written its checkpoint."""
        return _written(self.checkpoint) != self.saved

    def discard_empty_checkpoint(self) -> None:
        """Remove a checkpoint of this run without any epoch, which isn't worth resuming."""
        if self.saved == 0 and self.checkpoint.exists():
            with contextlib.suppress(ModelFileError):  # another file that appeared meanwhile
                if epochs_of_checkpoint(self.checkpoint) == 0:
                    self.checkpoint.unlink()

    def how_to_resume(self, typed: str) -> str:
        """Explain, after Ctrl-C, where the training state is and how to resume the run.

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
        return f"The training state is in {path}. To resume the run:\n  {typed} --resume {path}"


def choose_files(
    data: str,
    *,
    net: str | None = None,
    recipe: str | None = None,
    output: Path | None = None,
    checkpoint: Path | None = None,
    resume: Path | None = None,
    pictures: Path | None = None,
    no_pictures: bool = False,
    log: Path | None = None,
    overwrite: bool = False,
) -> Iterator[RunFiles]:
    """Yield the possible files of a run, one set for each number; the first is usually free.

    Parameters
    ----------
    data, net, recipe
        Data set, network and recipe, from which the files are named.
    output, checkpoint, pictures
        The user's choices of files; ``None`` names them after ``data`` and ``net``.
    resume
        The checkpoint to resume from. The resumed run keeps its number.
    no_pictures
        Whether no plots are drawn.
    log
        The log, if there is one.
    overwrite
        Whether files of an earlier run may be replaced.

    Yields
    ------
    RunFiles
    """
    stem = f"{_data_word(data)}-{_net_word(net or recipe or default_net(data))}"
    resumes_default = resume is not None and resume.parent == FOLDER
    own = resume.stem if resume is not None and resumes_default else stem
    named = checkpoint or (None if resumes_default else resume)
    all_named = output is not None and named is not None and (no_pictures or pictures is not None)
    for number in count(1):
        name = own if number == 1 else f"{stem}-{number}"
        default = FOLDER / f"{name}{CHECKPOINT_ENDING}"
        chosen = checkpoint or resume or default
        files = RunFiles(
            model=output or FOLDER / f"{name}{ENDING}",
            checkpoint=chosen,
            pictures=pictures or FOLDER / name,
            reservation=chosen if all_named else default,
            temporary=checkpoint is None and (chosen == default or resumes_default),
            resume=resume,
            log=log,
            overwrite=overwrite,
            saved=_written(chosen),
        )
        if all_named:
            yield files
            return
        given = ((files.model, output), (files.pictures, pictures))
        numbered = [path for path, own in given if own is None]
        yield replace(files, numbered=(*numbered, default))


def check_files(
    *,
    output: Path | None,
    checkpoint: Path | None,
    resume: Path | None,
    pictures: Path | None,
    log: Path | None = None,
    overwrite: bool,
) -> None:
    """Raise if a file that the user named cannot be used, before anything is read.

    Parameters
    ----------
    output, checkpoint, resume, pictures, log, overwrite
        As for :func:`choose_files`.

    Raises
    ------
    ModelFileError
        If a file or a plot already exists, a folder or a device has the name of a file, there is
        nothing to resume, or the model and the checkpoint are the same file.
    """
    if resume is not None and not resume.is_file():
        raise ModelFileError(
            f"--resume {shown(resume)} does not exist or is not a file; expected a checkpoint that "
            f"striate saved.{similar_file(resume, CHECKPOINT_ENDING)} Check the path."
        )
    for path, option in ((checkpoint, "--checkpoint"), (resume, "--resume")):
        if path is not None and output is not None and _is_same(path, output):
            raise ModelFileError(
                f"--output and {option} name the same file, {shown(output)}, but the model must "
                "not replace the checkpoint. Choose another name for the model."
            )
    for path, option in ((output, "--output"), (checkpoint, "--checkpoint")):
        if path is None:
            continue
        if path.is_dir():
            ending = path.suffix or (ENDING if option == "--output" else CHECKPOINT_ENDING)
            raise ModelFileError(
                f"{option} {shown(path)} is a folder; expected the name of a file. "
                f"Try {option} {path / 'net'}{ending}."
            )
        if path.exists() and not path.is_file():
            raise ModelFileError(
                f"{option} {shown(path)} is a device or a pipe; expected the name of a file. "
                "Choose another name."
            )
        resumed = resume is not None and _is_same(path, resume)
        if path.exists() and not overwrite and not resumed:
            resume_it = "" if option == "--output" else f"--resume {path} to continue that run, "
            raise ModelFileError(
                f"{option} {shown(path)} already exists. "
                f"Use {resume_it}--overwrite to replace it, or another name."
            )
    if log is not None and resume is None and not overwrite:
        require_new_log(log)
    if pictures is not None and pictures.exists() and not pictures.is_dir():
        raise ModelFileError(
            f"--pictures {shown(pictures)} is a file; expected the name of a folder. "
            "Choose another name."
        )
    drawn = [] if pictures is None else _drawn_in(pictures)
    if drawn and not overwrite:
        raise ModelFileError(
            f"--pictures {pictures} already has {', '.join(drawn)} of an earlier run. Use "
            "--overwrite to replace them, or choose another folder."
        )


def reserve(choices: Iterator[RunFiles]) -> RunFiles:
    """Reserve the first free number, and make the folders.

    Temporary and empty files that killed runs left under a number are removed.

    Parameters
    ----------
    choices
        From :func:`choose_files`.

    Returns
    -------
    RunFiles
        Files that no other run uses.

    Raises
    ------
    ModelFileError
        If a folder cannot be made or written to, or another run writes the checkpoint that the user
        named.
    """
    stopped: Path | None = None
    for files in choices:
        for path in (files.model, files.checkpoint, files.reservation, files.log):
            if path is not None:
                _require_writable(followed(path).parent)
        lock = FileLock.acquire(followed(files.reservation))
        if lock is None and not files.numbered:
            raise _in_use(files)
        if lock is None:
            continue  # a running process has reserved this number
        _remove_left_over(files)
        others = [path for path in files.numbered if path != files.resume]
        if files.overwrite or not any(map(os.path.lexists, others)):
            return replace(files, stopped=stopped, locks=_locked(files, lock))
        lock.release()
        if files.reservation.is_file():
            stopped = files.reservation
    raise AssertionError("the numbers have no end")


def _remove_left_over(files: RunFiles) -> None:
    """Remove what killed runs left under a number that this run has locked."""
    for path in (files.model, files.checkpoint, *(files.pictures / name for name in PICTURES)):
        remove_abandoned(followed(path))
    for path in files.numbered:
        if path.is_file() and path.stat().st_size == 0:
            path.unlink(missing_ok=True)


def _locked(files: RunFiles, lock: FileLock) -> tuple[FileLock, ...]:
    """Lock a checkpoint that the user named, too; raise if another run writes it."""
    checkpoint = followed(files.checkpoint)
    if checkpoint == followed(files.reservation):
        return (lock,)
    try:
        own = FileLock.acquire(checkpoint)
    except ModelFileError:
        lock.release()
        raise
    if own is None:
        lock.release()
        raise _in_use(files)
    return lock, own


def _in_use(files: RunFiles) -> ModelFileError:
    """Make the error for a checkpoint that another run writes."""
    option = "--resume" if files.checkpoint == files.resume else "--checkpoint"
    return ModelFileError(
        f"{option} {shown(files.checkpoint)} is in use: another run is writing it. Wait until "
        "that run ends, or choose another file with --checkpoint."
    )


def _create(path: Path) -> bool:
    """Create an empty file, following links; return whether it is new."""
    try:
        followed(path).touch(exist_ok=False)
    except FileExistsError:
        return False
    except OSError as error:
        raise ModelFileError(
            f"Cannot write {shown(path)}: {reason(error)}. {remedy_for(error)}"
        ) from error
    return True


def _save(network: Network, path: Path, *, overwrite: bool) -> Path:
    """Save a model to a file that no other run uses."""
    if overwrite:
        network.save(path)
        return path
    own = next(name for name in chain([path], _numbered(path)) if _create(name))
    try:
        network.save(own)
    except BaseException:
        followed(own).unlink(missing_ok=True)
        raise
    return own


def _numbered(path: Path) -> Iterator[Path]:
    """Yield a path with the numbers 2, 3, ... before its extension."""
    return (path.with_name(f"{path.stem}-{n}{path.suffix}") for n in count(2))


def _is_same(path: Path, other: Path) -> bool:
    """Whether two paths are one file, which need not exist yet."""
    return path.resolve() == other.resolve()


def _drawn_in(folder: Path) -> list[str]:
    """List the pictures of earlier runs in a folder."""
    return [name for name in PICTURES if (folder / name).exists()]


def _require_writable(folder: Path) -> None:
    """Make a folder, or raise if it isn't writable, so that training doesn't start in vain."""
    elsewhere = "Choose writable folders with --output, --checkpoint, --log and --pictures."
    try:
        make_folder(folder)
    except ModelFileError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            error.remedy = elsewhere
        raise
    if not os.access(folder, os.W_OK):
        read_only = hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY
        why = os.strerror(errno.EROFS if read_only else errno.EACCES)
        raise ModelFileError(
            f"Cannot write to the folder {shown(folder)}: {why[:1].lower()}{why[1:]}. {elsewhere}"
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


def _written(path: Path) -> int:
    """Return when a file was last written, 0 if there is none."""
    return path.stat().st_mtime_ns if path.is_file() else 0
