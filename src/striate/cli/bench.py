"""The command ``striate bench``."""

import click

from striate.bench.networks import NETWORKS
from striate.bench.peers import PEERS
from striate.bench.report import BenchmarkSettings, measure, measure_all_kernels
from striate.bench.tables import Printer
from striate.cli.output import Output, json_option
from striate.runtime.settings import threads as threads_of_settings

_DEFAULT = ("lenet5-relu", "conv4")

_HELP = f"""Measure how fast networks train and predict here, compared with other libraries.

What is installed of PyTorch, JAX and ONNX Runtime gets the same network with the same numbers, and
takes turns with striate; whoever comes to other results is not counted. The limits of the machine
are measured in the same minute: "of peak" is the share of the multiply-adds that it could do. It is
counted by the equations: an engine that needs fewer (Winograd's convolutions do) may pass 100 %.

NETWORKS are {", ".join(NETWORKS)}, or other names that striate summary knows; by default
{" and ".join(_DEFAULT)}.

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
    help="Images of a batch, 1 and 128 by default; may be given several times.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Threads that everybody has; by default as many as striate takes for training.",
)
@click.option(
    "--rounds", type=click.IntRange(min=1), default=5, show_default=True, help="Turns of each."
)
@click.option(
    "--all-peers",
    is_flag=True,
    help="Compare with torch.compile and JAX, too, which take long to compile a network.",
)
@click.option(
    "--kernels", is_flag=True, help="Measure each kernel of a training step alone, no peers."
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
    """Measure."""
    out = Output(as_json=as_json)
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
    out.answer(report.document())
