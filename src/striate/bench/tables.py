"""Tables of measurements, for a terminal of at least 80 columns."""

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from striate.bench.kernels import KernelRow
from striate.bench.peak import Peaks
from striate.bench.race import OURS, Race, RaceResult
from striate.bench.report import Environment, Observer, Report
from striate.bench.spread import Spread

_SHOWN = 0.01
"""Minimum share of the time for which a kernel gets a separate row."""

_BUSY = 0.7
"""Load of the machine above which its figures are unreliable."""

_DISTURBED = "not measured"


class Printer(Observer):
    """Prints each result as soon as it is known.

    Parameters
    ----------
    console
        The console to print to; None prints nothing.
    """

    def __init__(self, console: Console | None) -> None:
        self.console = console

    def begins(self, environment: Environment, peaks: Peaks) -> None:
        """Print the machine and its limits."""
        self._print(environment_text(environment), peaks_text(peaks))

    def ran(self, finished: Race) -> None:
        """Print a race."""
        self._print(race_table(finished))

    def measured(self, name: str, rows: Sequence[KernelRow]) -> None:
        """Print the kernels of a network."""
        self._print(kernels_table(name, rows))

    def ends(self, report: Report) -> None:
        """Print a summary with one row for each race, if there are several.

        Parameters
        ----------
        report
            The results.
        """
        if len(report.races) > 1:
            self._print("", summary_table(report.races))

    def _print(self, *renderables: RenderableType) -> None:
        """Print without rich's automatic highlighting."""
        for renderable in renderables:
            if self.console:
                self.console.print(renderable, highlight=False)


def environment_text(environment: Environment) -> Text:
    """Describe the machine and the libraries.

    Parameters
    ----------
    environment
        The environment of the benchmark.

    Returns
    -------
    Text
    """
    versions = ", ".join(
        text if name == "compiler" else f"{name} {text}"
        for name, text in environment.versions.items()
    )
    cores = f", restricted to {_plural(environment.threads, 'core')}" if environment.bound else ""
    load = "" if environment.load is None else f"; load average before: {environment.load:.1f}"
    rounds = _plural(environment.rounds, "round")
    lines = [
        versions,
        f"{environment.processor}, {environment.system}",
        f"threads: {environment.threads}{cores}{load}",
        f"{rounds} of {environment.seconds} s; float32, seed {environment.seed}",
    ]
    if environment.load is not None and environment.load > _BUSY:
        lines.append("The machine is busy, so some measurements will be repeated or missing.")
    if environment.missing:
        missing = "; ".join(f"{name} ({what})" for name, what in environment.missing.items())
        lines.append(f"not installed: {missing}")
    return Text("\n".join(lines))


def peaks_text(peaks: Peaks) -> Text:
    """Describe the limits of the machine.

    Parameters
    ----------
    peaks
        The measured limits.

    Returns
    -------
    Text
    """
    threads = _plural(peaks.threads, "thread")
    gflops = 2e-9 * peaks.multiply_adds.high
    lines = [f"peak of {threads}: {gflops:,.1f} GFLOP/s (a multiply-add is two operations)"]
    lines += [
        f"bandwidth for {_size(b.size)} of data: read {_gigabytes(b.read)} GB/s, "
        f"triad {_gigabytes(b.triad)} GB/s"
        for b in peaks.bandwidths
    ]
    return Text("\n".join(lines))


def race_table(race: Race) -> RenderableType:
    """Format one race as a table.

    Parameters
    ----------
    race
        The race.

    Returns
    -------
    RenderableType
    """
    alone = len(race.lines) == 1
    compared = [] if alone else ["speedup", "quartiles"]
    table = _table("engine", "images/s", "quartiles", *compared, "of peak")
    for line in race.lines:
        table.add_row(
            line.name,
            *_speed(line.images_per_second),
            *([] if alone else _ratio(line)),
            "" if line.of_peak is None else percent(line.of_peak),
            style="bold" if line.name == OURS else "",
        )
    rows: list[RenderableType] = [
        Text(
            f"\n{race.network}, {'x'.join(map(str, race.shape))}, {_mode(race)}, "
            f"batch {race.batch}: {race.multiply_adds:,} multiply-adds/image",
            style="bold",
        ),
        table,
    ]
    rows += [
        Text(f"excluded: {line.name} (its results differ from striate's by {line.distance:.1g})")
        for line in race.lines
        if not line.agrees
    ]
    rows += [Text(f"not measured: {name} ({why})") for name, why in race.left_out.items()]
    dropped = [line for line in race.lines if line.dropped]
    if dropped:
        rounds = ", ".join(
            f"{line.dropped} of {_plural(race.rounds, 'round')} of {line.name}" for line in dropped
        )
        rows.append(Text(f"discarded, because other programs were running: {rounds}"))
    return Group(*rows)


def _speed(speed: Spread | None) -> tuple[str, str]:
    """Format images per second, and how far the quartiles are from the median."""
    if speed is None:
        return _DISTURBED, ""
    below, above = (100 * (end / speed.median - 1) for end in (speed.low, speed.high))
    return number(speed.median), f"{below:+.0f} {above:+.0f}%"


def _ratio(line: RaceResult) -> tuple[str, str]:
    """Format how many times faster striate is, with quartiles."""
    if line.name == OURS or line.ratio is None:
        return "", ""
    return times(line.ratio.median), f"{line.ratio.low:.2f} to {line.ratio.high:.2f}"


def summary_table(races: Sequence[Race]) -> Table:
    """Format all races as a table with one row for each: striate and its best peer.

    Parameters
    ----------
    races
        The races.

    Returns
    -------
    Table
    """
    bests: list[RaceResult | None] = [race.best_peer for race in races]
    compared = ["fastest other", "speedup"] if any(bests) else []
    table = _table("network", "mode", "batch", "images/s", *compared, "of peak")
    table.columns[1].justify = "left"
    if compared:
        table.columns[4].justify = "left"
    for race, best in zip(races, bests, strict=True):
        against = ["", ""]
        if best:
            against = [best.name, times(best.ratio.median) if best.ratio else _DISTURBED]
        ours = race.ours
        table.add_row(
            race.network,
            "train" if race.training else "infer",
            str(race.batch),
            _speed(ours.images_per_second)[0],
            *(against if compared else []),
            "" if ours.of_peak is None else percent(ours.of_peak),
        )
    return table


def kernels_table(name: str, rows: Sequence[KernelRow]) -> RenderableType:
    """Format the kernels of a plan as a table, with the fastest ones together in one row.

    Parameters
    ----------
    name
        Name of the network.
    rows
        The measured kernels, in order.

    Returns
    -------
    RenderableType
    """
    if not rows:
        return Text(f"\n{name}, training step: {_DISTURBED}, other programs used the processor")
    whole = sum(row.seconds.median for row in rows)
    table = _table("kernel stores", "time", "of time", "GFLOP/s", "of limit")
    rest: list[KernelRow] = []
    for row in rows:
        if row.seconds.median < _SHOWN * whole:
            rest.append(row)
            continue
        table.add_row(
            ", ".join(row.writes),
            microseconds(row.seconds.median),
            percent(row.seconds.median / whole),
            f"{row.gflops:,.1f}",
            percent(row.share),
        )
    if rest:
        seconds = sum(row.seconds.median for row in rest)
        done = sum(row.work.operations for row in rest)
        table.add_row(
            _plural(len(rest), "faster kernel"),
            microseconds(seconds),
            percent(seconds / whole),
            f"{done / seconds / 1e9:,.1f}",
            percent(sum(row.least for row in rest) / seconds),
        )
    limit = sum(row.least for row in rows) / whole
    title = Text(
        f"\n{name}, training step: {microseconds(whole)}, {percent(limit)} of the limit",
        style="bold",
    )
    return Group(title, table)


def number(value: float) -> str:
    """Format a number of images with at least two digits.

    Examples
    --------
    >>> number(45142.7), number(416.84), number(8.25)
    ('45,143', '417', '8.2')
    """
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def times(ratio: float) -> str:
    """Format a speedup.

    Examples
    --------
    >>> times(4.436), times(14.06), times(0.22)
    ('4.4×', '14.1×', '0.22×')
    """
    return f"{ratio:.1f}×" if ratio >= 1.95 else f"{ratio:.2f}×"


def percent(share: float) -> str:
    """Format a fraction as a percentage.

    Examples
    --------
    >>> percent(0.897)
    '90%'
    """
    return f"{100 * share:.0f}%"


def microseconds(seconds: float) -> str:
    """Format a time in microseconds.

    Examples
    --------
    >>> microseconds(0.00144)
    '1,440 µs'
    """
    micro = 1e6 * seconds
    return f"{micro:,.0f} µs" if micro >= 100 else f"{micro:.1f} µs"


def _plural(number: int, noun: str) -> str:
    """Write a number of things."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _size(size: int) -> str:
    """Format a number of bytes."""
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"


def _gigabytes(speed: Spread) -> str:
    """Format a bandwidth in gigabytes per second."""
    return f"{speed.median / 1e9:,.1f}"


def _mode(race: Race) -> str:
    """Name what was timed."""
    return "training" if race.training else "inference"


def _table(*headings: str) -> Table:
    """Make a table whose first column is aligned left, and the others right."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column, heading in enumerate(headings):
        if column:
            table.add_column(heading, justify="right", no_wrap=True)
        else:
            table.add_column(heading, overflow="fold")
    return table
