"""The result of a check: one element of a pass, computed in several ways."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from striate.drawing.html import table
from striate.errors import UnknownNameError
from striate.graph.terms import written
from striate.shapes import Array
from striate.tables import Column, lay_out

_COLUMNS = ("way", "value", "difference", "bound", "how")
_RIGHT = (1, 2, 3)


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to compute an element.

    Parameters
    ----------
    name
        Its name, for example ``"im2col"``.
    value
        The element.
    difference
        Its distance from the value of the pass.
    bound
        The largest difference that rounding explains; for a central difference, rounding and the
        finite step.
    how
        What is computed, in a few words.
    sources
        The equations of the texts; empty for ways that aren't in them.
    """

    name: str
    value: float
    difference: float
    bound: float
    how: str
    sources: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the bound."""
        return self.difference <= self.bound


class ElementCheck(Mapping[str, Way]):
    """One element of a quantity, computed in several ways, all of them in float64.

    It maps the name of a way to the :class:`Way`, in the order of the printed table: the pass
    itself comes first.

    Parameters
    ----------
    name, position
        The quantity, and the position of the element in it.
    traced
        The element as the trace has it, an array without axes in the dtype of the trace.
    ways
        The ways, the pass first.
    left_out
        For each way that the texts have, but not for this quantity, the reason.

    Examples
    --------
    See :meth:`striate.graph.trace.Trace.check`.
    """

    def __init__(
        self,
        name: str,
        position: tuple[int, ...],
        traced: Array,
        ways: tuple[Way, ...],
        left_out: Mapping[str, str],
    ) -> None:
        self.name = name
        """The quantity."""
        self.position = position
        """Position of the element in the quantity."""
        self.traced = float(traced)
        """The element as the trace has it, rounded to the dtype of the trace."""
        self.left_out = dict(left_out)
        """For each way that isn't defined for this quantity, the reason."""
        self._dtype = traced.dtype
        self._ways = {way.name: way for way in ways}

    @property
    def value(self) -> float:
        """The element, as the pass computes it in float64."""
        return next(iter(self._ways.values())).value

    @property
    def agrees(self) -> bool:
        """Whether all ways are within their bounds."""
        return all(way.agrees for way in self._ways.values())

    def __getitem__(self, name: str) -> Way:
        if name in self._ways:
            return self._ways[name]
        choices = f"Choose from {', '.join(self._ways)}."
        if name in self.left_out:
            raise UnknownNameError(
                f'`{self._element}` has no way "{name}": {self.left_out[name]}. {choices}'
            )
        raise UnknownNameError(f'`{self._element}` has no way "{name}". {choices}')

    def __iter__(self) -> Iterator[str]:
        return iter(self._ways)

    def __len__(self) -> int:
        return len(self._ways)

    def __str__(self) -> str:
        columns = [
            Column(heading, "right" if k in _RIGHT else "left")
            for k, heading in enumerate(_COLUMNS)
        ]
        lines = [self._heading, ""]
        lines += [line.plain for line in lay_out(columns, map(_cells, self._ways.values()))]
        if self.left_out:
            lines += ["", *(f"no {name}: {why}" for name, why in self.left_out.items())]
        return "\n".join(lines)

    def __repr__(self) -> str:
        verdict = "agree" if self.agrees else "DISAGREE"
        return f"<{len(self)} ways to compute {self._element} {verdict}>"

    def _repr_html_(self) -> str:
        """Show the table in a notebook."""
        rows = [_cells(way) for way in self._ways.values()]
        missing = "".join(
            f"<li>no {escape(name)}: {escape(why)}</li>" for name, why in self.left_out.items()
        )
        return (
            f"<p>{escape(self._heading)}</p>"
            f"{table(_COLUMNS, rows, right=_RIGHT, prose=(len(_COLUMNS) - 1,))}"
            f"{f'<ul>{missing}</ul>' if missing else ''}"
        )

    @property
    def _element(self) -> str:
        """The element in square brackets: ``conv1.dW[0, 0, 1, 2]``."""
        return f"{self.name}[{written(self.position)}]"

    @property
    def _heading(self) -> str:
        """The element, its value in the trace, and whether the ways agree."""
        wrong = [way.name for way in self._ways.values() if not way.agrees]
        verdict = (
            f"the bound is exceeded by: {', '.join(wrong)}"
            if wrong
            else f"{len(self)} ways agree within their bounds"
        )
        return f"{self._element} = {self.traced:.6g} in {self._dtype}; {verdict}"


def _cells(way: Way) -> list[str]:
    """Write a row; the pass has neither difference nor bound."""
    how = f"{way.sources}: {way.how}" if way.sources else way.how
    if way.difference == way.bound == 0 and way.name.endswith(" pass"):
        return [way.name, f"{way.value:.15g}", "", "", how]
    return [way.name, f"{way.value:.15g}", f"{way.difference:.1e}", f"{way.bound:.1e}", how]
