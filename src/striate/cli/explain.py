"""The command ``striate explain``."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from striate.bench.calibration import Calibration
from striate.bench.peak import PeakMeter, Peaks
from striate.cli import explain_machine, explain_program
from striate.cli.networks import open_network
from striate.cli.options import HomePath, classes_option, input_shape_option, winograd_option
from striate.cli.output import CommandOutput, counted, json_option
from striate.cli.pages import Page
from striate.errors import OptionError
from striate.explain.explanation import Explanation
from striate.explain.items import ItemRow
from striate.explain.measured import MeasuredRow, measured
from striate.explain.processors import PROCESSORS, described, processor
from striate.explain.tiles import try_tiles
from striate.model.network import Network

SHORT = ("operations", "nests", "schedule", "memory", "kernels")
"""The stages that are summarized if the user names none."""

STAGES = ("operations", "nests", "schedule", "memory", "ir", "assembly", "kernels")

_BATCH = 128

_HELP = f"""Show how a network is compiled, stage by stage.

NETWORK is a file that striate train saved, the name of a preset, or layers in shorthand, as for
striate summary.

All stages use the same names for arrays, such as conv1.Z.

\b
Stages:
  operations  forward and backward pass in Hagan's symbols: Z, N, A, dA, dW
  nests       the index equations with sizes, before and after simplification
  schedule    phases and kernels: loops, vector lanes, registers
  memory      where each array is stored, and during which kernels it is live
  ir          the program as LLVM IR
  assembly    the machine code, with instruction counts for innermost loops
  kernels     each kernel's measured time, compared with the machine's limit

\b
Examples:
  striate explain lenet5
  striate explain lenet5 --stage schedule --layer conv1
  striate explain lenet5 --stage assembly --layer conv2 --cpu haswell
  striate explain lenet5 --stage all > lenet5.txt
  striate explain lenet5 --try-tiles conv2.Z

\b
Processors for --cpu:
  {", ".join(PROCESSORS[:5])},
  {", ".join(PROCESSORS[5:10])},
  {", ".join(PROCESSORS[10:])}
"""


@click.command("explain", help=_HELP)
@click.argument("network", type=HomePath())
@input_shape_option
@classes_option
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=_BATCH,
    show_default=True,
    help="Number of images in a batch.",
)
@click.option("--inference", is_flag=True, help="Show inference instead of a training step.")
@click.option(
    "--stage",
    "stages",
    type=click.Choice([*STAGES, "all"]),
    multiple=True,
    metavar="STAGE",
    help="A stage to show in full, or all; may be repeated. Default: a summary of all stages "
    "except ir and assembly.",
)
@click.option("--layer", metavar="NAME", help="Show one layer only.")
@click.option("--cpu", metavar="NAME", help="Compile for another processor, without measuring.")
@click.option(
    "--try-tiles",
    metavar="KERNEL",
    help="Time other tiles for a kernel and compare them with the cost model. KERNEL is a number "
    "from the schedule, such as 0.4, or an array that it stores, such as conv2.Z.",
)
@winograd_option
@json_option
def command(
    network: str,
    input_shape: tuple[int, ...] | None,
    classes: int | None,
    batch: int,
    inference: bool,
    stages: tuple[str, ...],
    layer: str | None,
    cpu: str | None,
    try_tiles: str | None,
    winograd: bool,
    as_json: bool,
) -> None:
    """Explain a network."""
    out = CommandOutput(as_json=as_json)
    made = open_network(network, input_shape, classes, winograd=winograd)
    target = None if cpu is None else processor(cpu)
    explained = Explanation(made, batch, training=not inference, target=target, layer=layer)
    tried = None if try_tiles is None else _named(explained, try_tiles)
    wanted = _wanted(stages, measuring=cpu is None)
    if tried or "kernels" in wanted:
        _require_here(cpu, "--try-tiles" if tried else "--stage kernels")
    page = Page(out)
    _begin(page, made, explained, inference=inference)
    head = {
        "network": str(made),
        "images": batch,
        "training": not inference,
        "processor": asdict(explained.plan.target),
    }
    if tried:
        out.result(head | {"tiles": _tiles(page, explained, tried)})
        return
    documents = [_show(page, explained, stage, whole=bool(stages)) for stage in wanted]
    if not stages:
        page.line()
        page.line("To show a stage in full: --stage NAME. To show one layer: --layer NAME.")
    out.result(head | dict(zip(wanted, documents, strict=True)))


def _wanted(stages: Sequence[str], *, measuring: bool) -> list[str]:
    """List the stages to show, in order."""
    if not stages:
        return [stage for stage in SHORT if measuring or stage != "kernels"]
    if "all" in stages:
        return [stage for stage in STAGES if measuring or stage != "kernels"]
    return [stage for stage in STAGES if stage in stages]


def _require_here(cpu: str | None, what: str) -> None:
    """Raise if a measurement is combined with another processor."""
    if cpu is not None:
        raise OptionError(
            f"{what} cannot be combined with --cpu {cpu}: only code for this machine's processor "
            "can be measured. Leave out --cpu, or choose another stage."
        )


def _begin(page: Page, made: Network, explained: Explanation, *, inference: bool) -> None:
    """Write the network, the batch and the processor."""
    what = "Inference with" if inference else "A training step with"
    page.items(str(made).split(" | "), " | ", style="bold")
    page.line(f"{what} {counted(explained.plan.images, 'image')}.")
    page.line(described(explained.plan.target))


def _show(page: Page, explained: Explanation, stage: str, *, whole: bool) -> Any:
    """Show a stage; return it for JSON."""
    if stage == "kernels":
        rows, peaks = measured(explained.plan)
        explain_machine.kernels(page, explained, rows, peaks, whole=whole)
        return _document(explained, rows, peaks)
    if page.out.as_json:
        return explained.document(stage)
    match stage:
        case "operations":
            explain_program.operations(page, explained, whole=whole)
        case "nests":
            explain_program.nests(page, explained, whole=whole)
        case "schedule":
            explain_program.schedule(page, explained, whole=whole)
        case "memory":
            explain_machine.memory(page, explained, whole=whole)
        case "ir":
            explain_machine.ir(page, explained)
        case _:
            explain_machine.assembly(page, explained)
    return None


def _document(explained: Explanation, rows: Sequence[MeasuredRow], peaks: Peaks) -> dict[str, Any]:
    """Return the measurements for JSON."""
    wanted = {(item.phase, item.item) for item in explained.items}
    return {
        "peaks": asdict(peaks),
        "items": [asdict(row) for row in rows if (row.phase, row.item) in wanted],
    }


def _tiles(page: Page, explained: Explanation, item: ItemRow) -> list[dict[str, Any]]:
    """Time other tiles for a kernel."""
    meter = PeakMeter(1)
    position = item.phase, item.item
    rows = try_tiles(explained.plan, position, meter.peaks(), Calibration(meter))
    explain_machine.tiles(page, item, rows)
    return list(map(asdict, rows))


def _named(explained: Explanation, name: str) -> ItemRow:
    """Find an item by its position, or by an array: the one with the most work for it."""
    every = [item for phase in explained.phases for item in phase.items]
    found = [i for i in every if name == i.label or name in (*i.writes, *i.results)]
    if found:
        return max(found, key=lambda item: item.operations)
    raise OptionError(
        f"--try-tiles: unknown kernel {name!r}. Use a kernel's number, from {every[0].label} to "
        f"{every[-1].label}, or the name of an array that it stores. "
        "--stage schedule lists both."
    )
