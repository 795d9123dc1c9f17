"""Invented measurements, for tests of reports and tables."""

from dataclasses import replace

from striate.bench.kernels import KernelRow
from striate.bench.peak import Bandwidth, Peaks
from striate.bench.race import Race, RaceResult
from striate.bench.report import Environment, Report
from striate.bench.spread import Spread
from striate.bench.work import Work


class Lenient:
    """A calibration that accepts every turn, since tests also run on busy machines."""

    def __init__(self, meter):
        self.meter = meter
        self.peaks = []

    def undisturbed(self, turn):
        """Run the turn, and measure the peak."""
        self.peaks.append(self.meter.multiply_adds())
        return turn()


class Rejecting(Lenient):
    """A calibration that rejects every turn, as on a busy machine."""

    def undisturbed(self, turn):
        """Run the turn in vain."""
        turn()


def about(median):
    """Return a spread of 2% around a number."""
    return Spread(median=median, low=0.98 * median, high=1.02 * median, rounds=5)


def line(name, speed, ours, of_peak, distance=0.0, dropped=0):
    """Return a contestant's result."""
    return RaceResult(
        name=name,
        images_per_second=about(speed),
        ratio=about(ours / speed),
        of_peak=of_peak,
        distance=distance,
        dropped=dropped,
    )


def kernel(number, writes, seconds, least, operations=2_000_000):
    """Return a kernel's row."""
    work = Work(
        multiply_adds=1_000_000,
        contracted=1_000_000,
        operations=operations,
        moved=65_536,
        footprint=32_768,
    )
    return KernelRow(
        phase=0,
        item=number,
        writes=writes,
        text=" | ".join(writes),
        seconds=about(seconds),
        work=work,
        least=least,
    )


ENVIRONMENT = Environment(
    processor="A Processor @ 3.0 GHz",
    system="Linux 6.1",
    threads=2,
    bound=True,
    load=0.25,
    versions={"striate": "1.2.3", "compiler": "llvmlite 0.50.0, LLVM 22.1.0", "torch": "2.13.0"},
    missing={"JAX": "jax", "ONNX Runtime": "onnx and onnxruntime"},
    rounds=5,
    seconds=0.1,
    seed=0,
)
PEAKS = Peaks(
    threads=2,
    multiply_adds=about(112e9),
    bandwidths=(
        Bandwidth(size=16 << 10, read=about(430e9), triad=about(540e9)),
        Bandwidth(size=64 << 20, read=about(30.4e9), triad=about(28e9)),
    ),
)
TRAINING = Race(
    network="mobilenet-small",
    shape=(3, 32, 32),
    training=True,
    batch=128,
    rounds=5,
    multiply_adds=26_238_992,
    peak=about(112e9),
    lines=(
        line("striate", 2_000.0, 2_000.0, 0.4686),
        line("PyTorch channels_last", 1_000.0, 2_000.0, 0.2343),
        line("PyTorch eager", 800.0, 2_000.0, 0.1874, 1e-6, dropped=2),
        line("torch.compile", 2_500.0, 2_000.0, 0.5857, 0.0612),
    ),
    left_out={"JAX": "no such operation"},
)
DISTURBED = RaceResult(
    name="ONNX Runtime", images_per_second=None, ratio=None, of_peak=None, dropped=4
)
INFERENCE = Race(
    network="lenet5",
    shape=(1, 28, 28),
    training=False,
    batch=1,
    rounds=5,
    multiply_adds=406_656,
    peak=about(112e9),
    lines=(line("striate", 234_567.0, 1_234_567.0, 0.9), DISTURBED),
    left_out={},
)
ALONE = replace(INFERENCE, lines=INFERENCE.lines[:1])
KERNELS = [
    kernel(0, ("conv1.A",), 400e-6, 200e-6, operations=44_000_000),
    kernel(1, ("average1.dA", "conv1.dN"), 97.5e-6, 39e-6),
    kernel(2, ("loss 0",), 1.5e-6, 0.1e-6, operations=3_000),
    kernel(3, ("output dense1",), 1e-6, 0.9e-6, operations=0),
]
REPORT = Report(
    environment=ENVIRONMENT, peaks=PEAKS, races=(TRAINING, INFERENCE), kernels={"lenet5": KERNELS}
)
