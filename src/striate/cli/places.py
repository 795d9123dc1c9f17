"""Where a training puts its files."""

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from striate.cli.networks import ENDING
from striate.cli.recipes import default_net
from striate.errors import ModelFileError
from striate.files import make_folder

FOLDER = Path("striate-output")


class Chosen(Protocol):
    """The user's choices of files; ``None`` leaves a place to the command."""

    @property
    def output(self) -> Path | None:
        """The model file."""
        ...

    @property
    def checkpoint(self) -> Path | None:
        """Where to save unfinished training."""
        ...

    @property
    def resume(self) -> Path | None:
        """The checkpoint to go on from."""
        ...

    @property
    def pictures(self) -> Path | None:
        """The folder for pictures."""
        ...


@dataclass(frozen=True, kw_only=True)
class Places:
    """Files of a training.

    Parameters
    ----------
    model, checkpoint
        Files.
    pictures
        A folder.
    temporary
        Whether the checkpoint is no longer wanted when the training is done: the user has not
        named it.
    before
        When the checkpoint was last written before this training, in nanoseconds; 0 for never.
    """

    model: Path
    checkpoint: Path
    pictures: Path
    temporary: bool
    before: int

    @classmethod
    def of(cls, data: str, net: str | None, chosen: Chosen, *, recipe: str | None = None) -> Self:
        """Find the places for a data set and a network, or for a recipe that the user named."""
        name = _data_word(data)
        stem = f"{name}-{_net_word(net or recipe or default_net(data))}"
        usual = FOLDER / f"{name}.checkpoint"
        checkpoint = chosen.checkpoint or chosen.resume or usual
        return cls(
            model=chosen.output or FOLDER / f"{stem}{ENDING}",
            checkpoint=checkpoint,
            pictures=chosen.pictures or FOLDER / stem,
            temporary=chosen.checkpoint is None and checkpoint == usual,
            before=_written(checkpoint),
        )

    def make_folders(self) -> None:
        """Make the folders, and fail before training rather than after it."""
        for path in (self.model, self.checkpoint):
            folder = make_folder(path.parent)
            if path.is_dir():
                raise ModelFileError(
                    f"{path} is a folder. A model and a checkpoint are one file each. "
                    f"Give the file's name too, such as {path / 'net'}{path.suffix or ENDING}."
                )
            if not os.access(folder, os.W_OK):
                raise ModelFileError(
                    f"The folder {folder} may not be written to. Models and checkpoints are "
                    "written while and after training. Choose a folder of your own with --output."
                )

    def remove_checkpoint(self) -> None:
        """Remove what is no longer needed."""
        if self.temporary:
            self.checkpoint.unlink(missing_ok=True)

    def how_to_resume(self, typed: str) -> str:
        """Say where training stands after Ctrl-C, and the command that goes on."""
        if _written(self.checkpoint) == self.before:
            return "Nothing was saved: training had not begun."
        path = shlex.quote(str(self.checkpoint))
        return f"Everything so far is in {path}. Go on with:\n  {typed} --resume {path}"


def _data_word(data: str) -> str:
    """Make a word for a file name of a data set's name or path."""
    path = Path(data).resolve()
    return _word(path.stem if path.is_file() else path.name) or "data"


def _net_word(net: str) -> str:
    """Make a word for a file name of a network's name; layers in shorthand are called net."""
    return "net" if re.search(r"[|@{]|\s", net) else _word(net)


def _word(text: str) -> str:
    """Leave letters, digits, points and hyphens."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")


def _written(path: Path) -> int:
    """Find when a file was last written, 0 for never."""
    return path.stat().st_mtime_ns if path.is_file() else 0
