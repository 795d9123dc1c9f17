"""Finding the pictures that cells of a table name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from striate.data.pictures import is_picture
from striate.data.streams import list_folder
from striate.errors import Argument, DataError, Message
from striate.files import quoted, shown

PROBED = 200
"""Rows that are looked at to find the column of file names, and the folder of the pictures."""


@dataclass(frozen=True)
class _Listing:
    """The pictures of one folder by their names, with and without the extension."""

    by_name: dict[str, Path]
    by_stem: dict[str, list[Path]]

    @classmethod
    def of(cls, folder: Path) -> "_Listing":
        """List a folder; names are compared without case, as on Windows and macOS."""
        by_name: dict[str, Path] = {}
        by_stem: dict[str, list[Path]] = {}
        for path in list_folder(folder) if folder.is_dir() else ():
            if path.is_file() and is_picture(path):
                by_name[path.name.lower()] = path
                by_stem.setdefault(path.stem.lower(), []).append(path)
        return cls(by_name, by_stem)


@dataclass
class PictureFinder:
    """Finds pictures by the names in a table, relative to one folder.

    Parameters
    ----------
    folder
        Where the pictures are.
    note
        A sentence on where they were found, if that isn't next to the table.

    Notes
    -----
    A cell may lack the extension (``00a1f3`` for ``00a1f3.jpg``), contain folders with either kind
    of slash, or differ in case from the file. A path that doesn't exist, for example from another
    machine, is looked up by its last part.
    """

    folder: Path
    note: str = ""
    _listings: dict[Path, _Listing] = field(default_factory=dict[Path, _Listing])

    def _listing(self, folder: Path) -> _Listing:
        if folder not in self._listings:
            self._listings[folder] = _Listing.of(folder)
        return self._listings[folder]

    def _matches(self, cell: str) -> list[Path]:
        """Find the pictures that a cell may mean."""
        name = PurePosixPath(cell.replace("\\", "/"))
        if not name.name:
            return []
        for folder in (self.folder / name.parent, self.folder):
            listing = self._listing(folder)
            exact = listing.by_name.get(name.name.lower())
            if exact is not None:
                return [exact]
            stems = listing.by_stem.get(name.name.lower(), [])
            if stems:
                return stems
        return []

    def find(self, cell: str) -> Path | None:
        """Find the picture that a cell names; None if there is none, or more than one."""
        found = self._matches(cell)
        return found[0] if len(found) == 1 else None

    def why_not(self, cell: str, here: Path) -> str:
        """Explain why no picture was found for a cell of a table that is ``here``."""
        found = self._matches(cell)
        if found:
            names = " or ".join(shown(path.name) for path in found)
            return f"{quoted(cell)} could be {names}"
        name = PurePosixPath(cell.replace("\\", "/"))
        path = self.folder / name
        if path.is_file():
            return f"{shown(cell)} is not a picture"
        where = "" if self.folder == here else f" in {shown(self.folder)}"
        return f"{shown(cell)} does not exist{where}"

    def names_a_picture(self, cell: str) -> bool:
        """Whether a cell names a picture here, or looks as if it named one elsewhere."""
        return bool(cell) and (is_picture(Path(cell)) or bool(self._matches(cell)))

    def counts(self, cells: Sequence[Sequence[str]]) -> list[int]:
        """Count for each column how many of the first cells name pictures that exist.

        A cell that only looks like the name of a picture counts little, so that a column of
        pictures that are all missing is found, too.
        """
        width = max(map(len, cells))
        counts = [0] * width
        for row in cells[:PROBED]:
            for k, cell in enumerate(row):
                if self._matches(cell):
                    counts[k] += PROBED
                elif cell and is_picture(Path(cell)):
                    counts[k] += 1
        return counts

    @cached_property
    def is_empty(self) -> bool:
        """Whether the folder has no pictures."""
        return not self._listing(self.folder).by_name


def finder_for(
    table: Path, cells: Sequence[Sequence[str]], images: Path | None
) -> PictureFinder | None:
    """Find the folder of the pictures that a table names.

    Parameters
    ----------
    table
        The file.
    cells
        Its cells.
    images
        The folder, if it is known.

    Returns
    -------
    PictureFinder or None
        The folder next to the table, or in it, with most of the pictures; None if no cell is the
        name of a picture.

    Raises
    ------
    DataError
        If ``images`` is not a folder, or two folders have the same number of the pictures.
    """
    if images is not None:
        if not images.is_dir():
            raise DataError(
                Message(
                    Argument("images"),
                    f" is {quoted(images)}, which is not a folder; expected the folder of the "
                    f"pictures that {shown(table)} names. Check the path.",
                )
            )
        return PictureFinder(images)
    here = PictureFinder(table.parent)
    inner = [PictureFinder(path) for path in list_folder(table.parent) if path.is_dir()]
    scores = [max(finder.counts(cells), default=0) for finder in (here, *inner)]
    best = max(scores)
    if not best:
        return None
    if scores[0] == best:
        return here
    chosen = [one for one, score in zip((here, *inner), scores, strict=True) if score == best]
    if len(chosen) > 1:
        raise DataError(
            Message(
                f"The pictures that {shown(table)} names are in {_folders(chosen)}; expected one "
                "folder. Choose with ",
                Argument("images", str(chosen[0].folder)),
                ".",
            )
        )
    (only,) = chosen
    only.note = f"The pictures were found in {shown(only.folder)}."
    return only


def _folders(finders: Iterable[PictureFinder]) -> str:
    """List folders."""
    return " and in ".join(shown(one.folder) for one in finders)
