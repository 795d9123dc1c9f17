"""The lines of the table of targets: how each is measured, and where its result is found.

Races are measured with one thread for each contestant first: that is the result of the line. The
results for all threads are in the remark.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from striate.bench.calibration import enough
from striate.bench.race import OURS, TOLERANCE
from striate.bench.spread import Spread
from striate.bench.tables import percent

TORCH = ("PyTorch eager", "PyTorch channels_last", "torch.compile")
ONNX = ("ONNX Runtime",)
LENET = "lenet5-relu"
BATCHES = (32, 128, 512)
CONTRACTION = 1_000_000
"""Multiply-adds of a whole batch that a contraction needs to be compared with its target."""

LISTED = 6
"""Number of contractions below the target that are listed."""

UNITS: dict[str, Callable[[float], str]] = {
    "x": "{:.2f} x".format,
    "%": percent,
    "s": "{:.2f} s".format,
    "ms": lambda seconds: f"{1000 * seconds:.0f} ms",
    "bytes a step": "{:.1f} B/step".format,
}


class Missing(Exception):  # noqa: N818  # not an error: a figure that could not be measured
    """A result is missing; the text gives the reason."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table.

    Parameters
    ----------
    what
        Description of the result.
    unit
        One of ``UNITS``.
    find
        Finds the result and a remark in the program's output; raises ``Missing``.
    least, most
        The target, one of the two.
    """

    what: str
    unit: str
    find: Callable[[Any], tuple[float, str]]
    least: float | None = None
    most: float | None = None

    @property
    def target(self):
        """Format the target with its unit."""
        if self.least is not None:
            return f"≥ {self.write(self.least)}"
        return f"≤ {self.write(self.most)}"

    def meets(self, value):
        """Return whether a result meets the target; NaN never does."""
        return value >= self.least if self.least is not None else value <= self.most

    def write(self, value):
        """Format a result with its unit."""
        return UNITS[self.unit](value)


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A program of this folder, and the lines that it gives.

    Parameters
    ----------
    command
        Returns the program's name and arguments, from the caller's arguments.
    lines
        The lines of the table.
    """

    command: Callable[[Any], list[Any]]
    lines: tuple[Line, ...]


# Finding a figure in what the programs write.


def race_of(document, network, batch, threads=1):
    """Find a race, with the report that it belongs to."""
    for report in document["reports"]:
        if report["environment"]["threads"] != threads:
            continue
        for race in report["races"]:
            if (race["network"], race["batch"]) == (network, batch):
                return race, report
    raise Missing(f"{network}, batch {batch}, {threads_text(threads)}: was not measured")


def threads_text(threads):
    """Format a number of threads."""
    return "1 thread" if threads == 1 else f"{threads} threads"


def quartiles(spread, form="{:.2f}"):
    """Format quartiles."""
    return f"{form.format(spread['low'])} to {form.format(spread['high'])}"


def require_undisturbed(race, line):
    """Raise if too few turns of a contestant, or of striate, were undisturbed."""
    if line["ratio"] is None:
        ours = race["lines"][0]
        turns = ", ".join(
            f"{one['name']} {one['dropped']} of {race['rounds']}"
            for one in ((line,) if line is ours else (ours, line))
            if one["dropped"]
        )
        raise Missing(f"turns disturbed by other programs: {turns}")


def ratio_to_best(document, network, batch, *peers, threads=1):
    """Find the ratio to the fastest of the peers whose results agree, with its quartiles."""
    race, report = race_of(document, network, batch, threads)
    lines = {line["name"]: line for line in race["lines"]}
    for peer in peers:
        if peer not in lines:
            why = race["left_out"].get(peer) or report["environment"]["missing"].get(peer)
            raise Missing(f"{peer}: {why or 'did not take part'}")
    # A distance that is not a number is null in the file.
    distances = {peer: lines[peer]["distance"] for peer in peers}
    wrong = [peer for peer, d in distances.items() if d is None or d > TOLERANCE]
    right = [peer for peer in peers if peer not in wrong]
    if not right:
        raise Missing(f"{', '.join(wrong)}: results differ from striate's")
    for peer in right:
        require_undisturbed(race, lines[peer])
    best = min(right, key=lambda peer: lines[peer]["ratio"]["median"])
    return lines[best]["ratio"], best, wrong


def best_ratio(document, network, batch, *peers):
    """Find how many times faster striate is than the best peer: one thread each, then all."""
    ratio, best, wrong = ratio_to_best(document, network, batch, *peers)
    notes = [f"{best}, quartiles {quartiles(ratio)}"]
    notes += [f"{peer} not counted: results differ" for peer in wrong]
    for threads in more_threads(document):
        try:
            found, name, _ = ratio_to_best(document, network, batch, *peers, threads=threads)
            text = f"{found['median']:.2f} x {name} ({quartiles(found)})"
        except Missing as reason:
            text = f"not measured ({reason})"
        notes.append(f"{threads_text(threads)}: {text}")
    return ratio["median"], "; ".join(notes)


def more_threads(document):
    """List the other numbers of threads of a measurement."""
    found = {report["environment"]["threads"] for report in document["reports"]}
    return sorted(found - {1})


def share_of_time(document, network, batch, *peers):
    """Find striate's time relative to that of the best peer, one thread each."""
    ratio, best, wrong = ratio_to_best(document, network, batch, *peers)
    ends = {"low": 1 / ratio["high"], "high": 1 / ratio["low"]}
    notes = [f"{best}, quartiles {quartiles(ends)}"]
    notes += [f"{peer} not counted: results differ" for peer in wrong]
    return 1 / ratio["median"], "; ".join(notes)


def share_of_peak(document, network, batch):
    """Find the share of the multiply-add peak, measured around the same turns."""
    notes = []
    for threads in (1, *more_threads(document)):
        race, _ = race_of(document, network, batch, threads)
        (ours,) = (line for line in race["lines"] if line["name"] == OURS)
        if threads == 1:
            require_undisturbed(race, ours)
            share = ours["of_peak"]
        if ours["of_peak"] is None:
            notes.append(f"{threads_text(threads)}: not measured")
            continue
        peak, speed = 2e-9 * race["peak"]["high"], ours["images_per_second"]
        text = f"{speed['median']:,.0f} images/s ({quartiles(speed, '{:,.0f}')})"
        of_peak = "" if threads == 1 else f"{percent(ours['of_peak'])}, "
        notes.append(f"{threads_text(threads)}: {of_peak}{text}, peak {peak:.0f} GFLOP/s")
    return share, "; ".join(notes)


def compared_with_loops(document, batch, threads):
    """Find how many times faster the engine computes gradients than the plain loops."""
    race, _ = race_of(document, LENET, batch, threads)
    (loops,) = (line for line in race["lines"] if line["name"] != OURS)
    require_undisturbed(race, loops)
    return loops["ratio"]["median"], f"quartiles {quartiles(loops['ratio'])}"


def worst_contraction(document, network, least):
    """Find the smallest share of the limit among a network's large contractions."""
    (report,) = document["reports"]
    rows = report["kernels"][network]
    if not rows:
        raise Missing("disturbed by other programs")
    large = [r for r in rows if r["work"]["contracted"] >= CONTRACTION]
    if not large:
        raise Missing("no contraction is this large")
    large.sort(key=lambda row: row["share"])
    below = [row for row in large if row["share"] < least]
    names = [f"{row['writes'][0]} {percent(row['share'])}" for row in below[:LISTED]]
    if below[LISTED:]:
        names.append(f"{len(below) - LISTED} more")
    note = f"{len(large) - len(below)} of {len(large)} reach it"
    return large[0]["share"], "; ".join([note, *names])


def median_of(document, what, seconds):
    """Return the median of undisturbed turns, and their quartiles."""
    if not enough(len(seconds), document["rounds"]):
        measured = f"{len(seconds)} of {document['rounds']}"
        raise Missing(f"{what} disturbed by other programs: {measured} measured")
    return Spread.of(seconds)


def epoch_of_peak(document):
    """Find the time of an epoch, relative to the time of its multiply-adds at the peak."""
    seconds = median_of(document, "epochs", document["seconds"])
    peak = Spread.of(document["peaks"]).high
    alone = document["multiply_adds"] / peak
    note = (
        f"{seconds.median:.2f} s ({seconds.low:.2f} to {seconds.high:.2f}), the multiply-adds "
        f"alone {alone:.2f} s at the measured peak, {2e-9 * peak:.0f} GFLOP/s"
    )
    return seconds.median / alone, note


def first_step(document, heading):
    """Find the seconds of a first step."""
    found = median_of(document, "runs", document["seconds"][heading]["first step"])
    return found.median, f"quartiles {1000 * found.low:.0f} to {1000 * found.high:.0f} ms"


def import_ratio(document):
    """Find the ratio of two imports."""
    found = median_of(document, "pairs", document["ratios"])
    ours, theirs = (
        1000 * statistics.median(document["seconds"][f"import {name}"])
        for name in ("striate", "numpy")
    )
    note = f"quartiles {found.low:.2f} to {found.high:.2f}; {ours:.0f} and {theirs:.0f} ms"
    return found.median, f"{note}, with the interpreter"


def growth(document):
    """Find the number of bytes by which each step increases the memory of the process."""
    found, steps = document["findings"]["cached"]["growth"], 0.9 * document["steps"]
    return found / steps, f"{found:,} bytes in {steps:,.0f} steps"


def memory_of_plan(document, finding):
    """Find the memory of a process, without its libraries or program, relative to the plan."""
    held = document["resident"]["cached"]
    mib = [size / (1 << 20) for size in (sum(document["plan"].values()), *held.values())]
    plan, libraries, loaded, *_, last = mib
    note = f"plan {plan:.1f} MiB; resident: libraries {libraries:.1f}, program {loaded:.1f}"
    return document["findings"]["cached"][finding], f"{note}, last step {last:.1f}"


# Programs with their arguments.


def races(given, *, nets, batches, step, peers):
    """Return the command of a race."""
    return [
        *("compiled_engine.py", "--nets", *nets, "--batches", *batches, "--steps", step),
        *("--peers", *peers, "--threads", *sorted({1, given.threads}), *turns(given)),
    ]


def turns(given):
    """Return the arguments for the number and the duration of turns."""
    return ["--rounds", given.rounds, "--seconds", given.seconds, "--seed", given.seed]


def kernels(given, nets):
    """Return the command that measures single kernels."""
    words = ["--kernels", "--nets", *nets, "--batches", 128, "--threads", 1]
    return ["compiled_engine.py", *words, *turns(given)]


def loops(given):
    """Return the command of the race against plain loops."""
    return [
        *("plain_loops.py", "--batches", *BATCHES),
        *("--threads", *sorted({1, given.threads}), *turns(given)),
    ]


def memory(given, net, steps):
    """Return the command that measures the memory of a training."""
    words = ["--net", net, "--batch", 128, "--threads", given.threads, "--steps", steps]
    return ["memory.py", *words]


def epoch(given):
    """Return the command that times epochs."""
    words = ["--threads", given.threads, "--rounds", given.rounds, "--seed", given.seed]
    return ["epoch.py", "--net", LENET, *words]


# The table.


def training(network, targets):
    """Make the lines of a network's training step, for some batch sizes."""
    return tuple(
        Line(
            what=f"{network} train {batch} / best PyTorch",
            unit="x",
            least=least,
            find=partial(lambda d, b: best_ratio(d, network, b, *TORCH), b=batch),
        )
        for batch, least in targets.items()
    )


MEASURED = (LENET, "two-layer", "conv4", "resnet20", "mobilenet-small")

MEASUREMENTS = {
    "machine-code": Measurement(
        command=partial(kernels, nets=MEASURED),
        lines=tuple(
            Line(
                what=f"{net}, worst contraction",
                unit="%",
                least=0.85,
                find=partial(worst_contraction, network=net, least=0.85),
            )
            for net in MEASURED
        ),
    ),
    "lenet5-training": Measurement(
        command=partial(races, nets=[LENET], batches=BATCHES, step="train", peers=TORCH),
        lines=(
            *training(LENET, dict.fromkeys(BATCHES, 5.0)),
            *(
                Line(
                    what=f"{LENET} train {batch}, of peak",
                    unit="%",
                    least=least,
                    find=partial(share_of_peak, network=LENET, batch=batch),
                )
                for batch, least in zip(BATCHES, (0.50, 0.70, 0.75), strict=True)
            ),
        ),
    ),
    "plain-loops": Measurement(
        command=loops,
        lines=tuple(
            Line(
                what=f"{LENET} {batch}, {threads} thr. / plain loops",
                unit="x",
                least=1.0,
                find=partial(compared_with_loops, batch=batch, threads=threads),
            )
            for threads in (1, 2)
            for batch in BATCHES
        ),
    ),
    "conv4-training": Measurement(
        command=partial(races, nets=["conv4"], batches=BATCHES, step="train", peers=TORCH),
        lines=training("conv4", dict(zip(BATCHES, (2.0, 2.0, 4.0), strict=True))),
    ),
    "resnet20-training": Measurement(
        command=partial(races, nets=["resnet20"], batches=[128], step="train", peers=TORCH),
        lines=training("resnet20", {128: 1.5}),
    ),
    "inference": Measurement(
        command=partial(
            races, nets=[LENET, "conv4"], batches=[128], step="infer", peers=(*TORCH, *ONNX)
        ),
        lines=tuple(
            Line(
                what=f"{net} infer 128 / best other",
                unit="x",
                least=least,
                find=partial(lambda d, n: best_ratio(d, n, 128, *TORCH, *ONNX), n=net),
            )
            for net, least in ((LENET, 4.0), ("conv4", 2.0))
        ),
    ),
    "one-image": Measurement(
        command=partial(races, nets=[LENET, "conv4"], batches=[1], step="infer", peers=ONNX),
        lines=tuple(
            Line(
                what=f"{net} infer 1, time / ONNX Runtime",
                unit="x",
                most=1.0,
                find=partial(lambda d, n: share_of_time(d, n, 1, *ONNX), n=net),
            )
            for net in (LENET, "conv4")
        ),
    ),
    "epoch": Measurement(
        command=epoch,
        lines=(
            Line(
                what="epoch of MNIST / its multiply-adds",
                unit="x",
                most=1.25,
                find=epoch_of_peak,
            ),
        ),
    ),
    "import": Measurement(
        command=lambda _: ["import_time.py"],
        lines=(Line(what="import striate / import numpy", unit="x", most=1.3, find=import_ratio),),
    ),
    "first-step": Measurement(
        command=lambda _: ["first_step.py", "--net", LENET],
        lines=tuple(
            Line(
                what=f"{LENET}, first step, {heading}",
                unit="ms",
                most=most,
                find=partial(first_step, heading=heading),
            )
            for heading, most in (("compiled", 1.5), ("from the cache", 0.05))
        ),
    ),
    "memory": Measurement(
        command=lambda given: memory(given, LENET, given.steps),
        lines=(
            # Less than one pointer kept per step.
            Line(what=f"{LENET}, memory grows by", unit="bytes a step", most=8.0, find=growth),
            Line(
                what=f"{LENET}, growth after loading / plan",
                unit="x",
                most=1.2,
                find=partial(memory_of_plan, finding="after loading"),
            ),
        ),
    ),
    "memory-conv4": Measurement(
        command=lambda given: memory(given, "conv4", 20),
        lines=(
            Line(
                what="conv4, resident / plan",
                unit="x",
                most=1.2,
                find=partial(memory_of_plan, finding="of plan"),
            ),
        ),
    ),
}
"""By name, in the order of the table."""
