"""The command ``striate bench``."""

import click

from striate.bench.networks import NETWORKS
from striate.bench.peers import PEERS
from striate.bench.report import BenchmarkSettings, measure, measure_all_kernels
from striate.bench.tables import Printer
from striate.cli.output import CommandOutput, json_option
from striate.runtime.settings import threads as threads_of_settings

_DEFAULT = ("lenet5-relu", "conv4")

_HELP = f"""Benchmark networks on this machine against other libraries.

Runs the same network, with the same weights, in striate and in PyTorch, JAX and ONNX Runtime if
they are installed. The libraries take turns; one whose results differ is excluded. "speedup" is
striate's speed divided by that of the library in the same round. "of peak" is the speed as a
fraction of the machine's peak multiply-add rate, which is measured first. It counts the
multiply-adds in the equations, so it may exceed 100% for Winograd convolutions, which need fewer.

NETWORKS are presets, such as {", ".join(NETWORKS)}.
Default: {" and ".join(_DEFAULT)}.

\b
Examples:
  striate bench
  striate bench resnet20 --batch 32 --threads 1 --all-peers
  striate bench lenet5 --kernels
"""


@click.command("bench", help=_HELP)
@click.argument("networks", nargs=-1)
@click.option(
    "--batch",
    "batches",
    type=click.IntRange(min=1),
    multiple=True,
    help="Number of images in a batch; may be repeated. Default: 1 and 128.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Threads for each library. Default: the number that striate uses for training.",
)
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Number of times to measure each library.",
)
@click.option(
    "--all-peers",
    is_flag=True,
    help="Include torch.compile and JAX, which take a long time to compile a network.",
)
@click.option(
    "--kernels",
    is_flag=True,
    help="Measure each kernel of a training step instead, without other libraries.",
)
@json_option
def command(
    networks: tuple[str, ...],
    batches: tuple[int, ...],
    threads: int | None,
    rounds: int,
    all_peers: bool,
    kernels: bool,
    as_json: bool,
) -> None:
    """Run the benchmarks."""
    out = CommandOutput(as_json=as_json)
    options = BenchmarkSettings(
        networks=networks or _DEFAULT,
        batches=batches or ((128,) if kernels else (1, 128)),
        threads=1 if kernels else threads or threads_of_settings(),
        peers=() if kernels else [peer for peer in PEERS if all_peers or peer.quick],
        rounds=rounds,
        seconds=0.1,
        bind=True,
    )
    printer = Printer(None if as_json else out.console)
    report = (measure_all_kernels if kernels else measure)(options, printer)
    printer.ends(report)
    out.result(report.document())
