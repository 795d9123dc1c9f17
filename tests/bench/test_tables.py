"""The tables of measurements, on terminals of 80 and 120 columns."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from bench import measured
from striate.bench.tables import Printer


@pytest.fixture(params=[80, 120])
def console(request):
    """Return a console of a given width that writes to a string, without colors."""
    return Console(file=io.StringIO(), width=request.param)


def written(console):
    """Return what was printed, without the blanks at the ends of lines."""
    return "\n".join(line.rstrip() for line in console.file.getvalue().rstrip("\n").split("\n"))


def test_everything_that_is_printed(console, golden):
    """The output, with machine, limits, races, kernels and summary, equals the golden file."""
    printer = Printer(console)

    printer.begins(measured.ENVIRONMENT, measured.PEAKS)
    for race in measured.REPORT.races:
        printer.ran(race)
    printer.measured("lenet5", measured.KERNELS)
    printer.ends(measured.REPORT)

    golden(f"bench/report-{console.width}", written(console))


def test_one_race_is_not_repeated(console):
    """After a single race, no summary is printed."""
    report = type(measured.REPORT)(
        environment=measured.ENVIRONMENT, peaks=measured.PEAKS, races=(measured.TRAINING,)
    )

    Printer(console).ends(report)

    assert written(console) == ""


def test_without_peers_there_is_nothing_to_compare(console):
    """If striate ran alone, no table has columns for peers."""
    report = type(measured.REPORT)(
        environment=measured.ENVIRONMENT, peaks=measured.PEAKS, races=2 * (measured.ALONE,)
    )

    Printer(console).ran(measured.ALONE)
    Printer(console).ends(report)

    headings = [line.split("  ") for line in written(console).splitlines() if "images/s" in line]
    words = [[word.strip() for word in line if word] for line in headings]
    assert words == [
        ["engine", "images/s", "quartiles", "of peak"],
        ["network", "mode", "batch", "images/s", "of peak"],
    ]


def test_a_busy_machine_is_named(console):
    """A busy machine gives a warning; "1 round" is singular."""
    environment = replace(measured.ENVIRONMENT, load=1.9, rounds=1, missing={})

    Printer(console).begins(environment, measured.PEAKS)

    assert written(console).splitlines()[2:5] == [
        "threads: 2, restricted to 2 cores; load average before: 1.9",
        "1 round of 0.1 s; float32, seed 0",
        "The machine is busy, so some measurements will be repeated or missing.",
    ]


def test_nothing_is_printed_without_a_console():
    """Without a console, nothing is printed."""
    printer = Printer(None)

    printer.ran(measured.TRAINING)  # raises where it would print
