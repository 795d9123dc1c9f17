"""The command `striate explain`."""

import json
import re
from pathlib import Path

import pytest

from bench.measured import Lenient, Rejecting
from striate.bench.peak import Peaks
from striate.bench.spread import Spread
from striate.cli import explain as module
from striate.explain.measured import MeasuredRow

TEXT = "conv 4@3x3 tanh | average 2 | dense 3 softmax"
SHAPE = ("--input-shape", "9x9")
NOT_MEASURED = (
    "Not measured: other programs used the processor. Try again when the machine is idle."
)
PEAKS = Peaks(threads=1, multiply_adds=Spread.of([6e10]), bandwidths=())
HASWELL = ("--cpu", "haswell", "--batch", "32")


@pytest.fixture(autouse=True)
def measured(monkeypatch):
    """Measure nothing: kernel n takes n microseconds."""

    def rows_of(plan):
        positions = [(p, k) for p, phase in enumerate(plan.phases) for k in range(len(phase.items))]
        whole = sum(range(1, len(positions) + 1))
        rows = [
            MeasuredRow(
                phase=p,
                item=k,
                title=f"item {number}",
                writes=(f"item {number}",),
                microseconds=float(number),
                of_time=number / whole,
                gflops=10.0 * (number % 2),
                of_limit=0.5,
                limit="multiply-adds",
            )
            for number, (p, k) in enumerate(positions, 1)
        ]
        return rows, PEAKS

    monkeypatch.setattr(module, "measured", rows_of)


def test_something_of_every_stage(striate):
    """Without options there is a section for each stage except IR and assembly."""
    result = striate("explain", TEXT, *SHAPE)

    assert result.exit_code == 0, result.output
    titles = ("Operations", "Index equations", "Schedule", "Memory map", "Measured times")
    places = [result.stdout.index(f"\n{title}\n") for title in titles]
    assert places == sorted(places)
    assert "define " not in result.stdout
    assert " numbers, enough for " in result.stdout
    assert "here 120 GFLOP/s" in result.stdout
    assert re.search(r"conv1 +Z = Conv, N = sum, A = tanh +dN dZ db dW\n", result.stdout)


def test_stages_in_full(striate):
    """A named stage is shown in full, alone; several are shown in order."""
    result = striate("explain", TEXT, *SHAPE, "--stage", "memory", "--stage", "nests")

    assert "Operations" not in result.stdout
    assert result.stdout.index("Index equations") < result.stdout.index("Memory map")
    assert "contract     conv1.Z[q,g,h,i,j] += conv1.weight[g,h,l,u,v] * input.A[" in result.stdout
    assert "scatter conv1.dA[q, h, 2*i + u, 2*j + v] += " in result.stdout
    assert "average1.A is average1.Z" in result.stdout


def test_the_operations_name_the_books(striate):
    """Each array is listed with its symbol and its equation in Hagan."""
    result = striate("explain", TEXT, *SHAPE, "--stage", "operations")

    assert re.search(
        r"conv1 +Z +conv1.Z = Conv\(conv1.weight, input.A\) +Hagan 8.20, 8.38\n",
        result.stdout,
    )
    assert re.search(
        r"conv1 +dW +conv1.dweight = Conv.backward\(.*\) +Hagan 8.46-8.48\n", result.stdout
    )


def test_with_and_without_winograd(striate):
    """The schedule shows whether a 3x3 convolution uses Winograd's method; an option selects it."""
    net = ("conv 32@3x3 relu | conv 32@3x3 relu | dense 3 softmax", "--input-shape", "14x14")
    stage = ("--inference", "--batch", "16", "--stage", "schedule", "--layer", "conv2")
    words = ("explain", *net, *stage)

    with_it, without = striate(*words), striate(*words, "--no-winograd")

    assert "products" in with_it.stdout
    assert "conv2.Z[q,g,h,i,j] += conv2.weight" in without.stdout
    assert "products" not in without.stdout


def test_one_layer(striate):
    """With a layer, only kernels that compute its arrays are shown."""
    result = striate("explain", TEXT, *SHAPE, "--stage", "schedule", "--layer", "conv1")

    assert "conv1.dweight" in result.stdout
    assert "dense1.dweight" not in result.stdout


def test_every_layer_has_every_stage(striate):
    """Each stage can be shown for each layer, even if nothing of the layer is left to compute."""
    net = "conv 2@3x3 relu | max 2 | dropout 0.5 | flatten | dense 3 softmax"

    for layer in ("input", "conv1", "max1", "dropout1", "flatten1", "dense1"):
        words = ("--inference", "--layer", layer, "--stage", "all")
        result = striate("explain", net, "--input-shape", "7x7", *words, *HASWELL)

        assert result.exit_code == 0, result.output


@pytest.mark.parametrize("stage", ["ir", "assembly"])
def test_code_of_another_processor(striate, stage):
    """IR and machine code are printed with the kernels that each function computes."""
    words = ("--stage", stage, "--layer", "conv1", *HASWELL)
    result = striate("explain", TEXT, *SHAPE, *words)

    assert result.exit_code == 0, result.output
    mark = {"ir": r"\n; 0\.1 conv1\.Z.*\ndefine ", "assembly": r"\n# kernel 0: 0\.1 conv1\.Z"}
    assert re.search(mark[stage], result.stdout)
    assert ("ymm" in result.stdout) == (stage == "assembly")


def test_json(striate):
    """`--json` prints the named stages as one object."""
    words = ("--stage", "operations", "--stage", "assembly", "--stage", "schedule", "--json")
    result = striate("explain", TEXT, *SHAPE, *words, *HASWELL)

    found = json.loads(result.stdout)
    assert (found["images"], found["training"]) == (32, True)
    assert found["processor"]["name"] == "haswell"
    assert found["operations"][0]["writes"] == "conv1.Z"
    assert found["schedule"][0]["items"][0]["form"] == "load"
    assert found["assembly"][0].keys() >= {"function", "items", "innermost_loop"}
    assert "kernels" not in found


def test_json_of_what_was_measured(striate):
    """`--json` has the measured times, for one layer too."""
    words = ("--stage", "kernels", "--layer", "average1", "--json")
    result = striate("explain", TEXT, *SHAPE, *words)

    found = json.loads(result.stdout)["kernels"]
    assert found["peaks"]["multiply_adds"]["median"] == 6e10
    assert 0 < len(found["items"]) < 8


def test_nothing_is_measured_for_another_processor(striate):
    """For another processor nothing is measured, and asking for it is an error."""
    shown = striate("explain", TEXT, *SHAPE, *HASWELL)
    refused = striate("explain", TEXT, *SHAPE, *HASWELL, "--stage", "kernels")

    assert "Memory map" in shown.stdout
    assert "Measured times" not in shown.stdout
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == (
        "Error: --stage kernels cannot be combined with --cpu haswell: only code for this "
        "machine's processor can be measured. Leave out --cpu, or choose another stage.\n"
    )


def test_a_kernel_that_is_not_there(striate):
    """A kernel is named by its number or by an array; other words are an error."""
    result = striate("explain", TEXT, *SHAPE, "--inference", "--try-tiles", "conv7.A")

    assert (result.exit_code, result.stdout) == (1, "")
    assert re.fullmatch(
        r"Error: --try-tiles: unknown kernel 'conv7.A'. Use a kernel's number, from 0.0 to 0.\d, "
        r"or the name of an array that it stores. --stage schedule lists both.\n",
        result.stderr,
    )


TRY_TILES = ("--inference", "--batch", "16", "--try-tiles", "dense1.Z")


def test_tiles_are_tried(striate, monkeypatch):
    """Tiles are listed with expected and measured times; the chosen one is marked."""
    monkeypatch.setattr(module, "Calibration", Lenient)
    result = striate("explain", "dense 48 tanh", "--input-shape", "4x5", *TRY_TILES)

    assert result.exit_code == 0, result.output
    assert re.search(r"\nin registers +unrolled +cycles +expected +µs +measured", result.stdout)
    assert result.stdout.count("<- chosen") == 1


def test_tiles_on_a_busy_machine(striate, monkeypatch):
    """If other programs disturb every measurement, no times are printed."""
    monkeypatch.setattr(module, "Calibration", Rejecting)
    words = ("explain", "dense 48 tanh", "--input-shape", "4x5", *TRY_TILES)

    assert striate(*words).stdout.endswith(f"\n{NOT_MEASURED}\n")
    assert json.loads(striate(*words, "--json").stdout)["tiles"] == []


def test_kernels_on_a_busy_machine(striate, monkeypatch):
    """If other programs disturb every measurement, no table is printed."""
    monkeypatch.setattr(module, "measured", lambda _: ([], PEAKS))

    result = striate("explain", TEXT, *SHAPE, "--stage", "kernels")

    assert result.stdout.endswith(f"\n{NOT_MEASURED}\n")


def test_a_saved_model(striate, shapes_model):
    """A model file can be explained too, also for one image."""
    result = striate("explain", shapes_model, "--inference", "--batch", "1")

    assert result.exit_code == 0, result.output
    assert "Inference with 1 image." in result.stdout


def test_the_landing_page_shows_this_loop_nest(striate):
    """The equation and the loops on the landing page are lines of the command's output."""
    page = Path(__file__).parents[2].joinpath("docs", "index.md").read_text()
    [block] = re.findall(r"```text\n(conv2\.Z.*?)```", page, re.DOTALL)
    words = ("explain", "lenet5", "--cpu", "znver4", "--stage", "schedule", "--layer", "conv2")

    printed = [" ".join(line.split()) for line in striate(*words).stdout.splitlines()]

    quoted = [" ".join(line.split()) for line in block.splitlines()]
    assert len(quoted) == 7
    assert all(any(line.startswith(part) for line in printed) for part in quoted)


def test_the_page_shows_this_output(striate):
    """The output quoted in docs/background/explain.md is that of the command, without measurements.

    Counts of instructions aren't compared either, since they depend on the version of LLVM.
    """
    page = Path(__file__).parents[2].joinpath("docs", "background", "explain.md").read_text()
    blocks = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    quoted = [block for block in blocks if not re.search(r"striate explain|µs|instr\.", block)]
    words = ("explain", "lenet5", "--cpu", "znver4")
    stages = ("--stage", "operations", "--stage", "schedule")
    nests = ("--stage", "nests", "--layer", "average1")

    outputs = [striate(*words), striate(*words, *stages), striate(*words, *nests)]

    printed = "\n".join(" ".join(line.split()) for o in outputs for line in o.stdout.splitlines())
    lines = [" ".join(line.split()) for block in quoted for line in block.splitlines() if line]
    assert len(quoted) == 4
    assert [line for line in lines if f"\n{line.removesuffix('...').rstrip()}" not in printed] == []
