"""The table of targets: a line is met, missed or not measured, and never met by default."""

import argparse
import importlib
import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TORCH = ("PyTorch eager", "PyTorch channels_last", "torch.compile")


@pytest.fixture
def lines(monkeypatch):
    """Return the module with the lines of the table."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("target_lines")


@pytest.fixture
def targets(lines):  # noqa: ARG001  # makes the folder known
    """Return the program."""
    return importlib.import_module("targets")


def line(name, ratio, distance=0.0):
    """Return a contestant's result as it is written to a file."""
    return {
        "name": name,
        "ratio": {"median": ratio, "low": ratio - 0.1, "high": ratio + 0.1},
        "images_per_second": {"median": 1000.0 / ratio, "low": 900.0, "high": 1100.0},
        "of_peak": 0.5 / ratio,
        "dropped": 0,
        "distance": distance,
    }


def disturbed(name, dropped=5):
    """Return a contestant whose turns were disturbed, as it is written to a file."""
    return line(name, 1.0) | {
        "ratio": None,
        "images_per_second": None,
        "of_peak": None,
        "dropped": dropped,
    }


def document(*peers, left_out=None, missing=None, batch=32, threads=1, ours=None):
    """Return a race of LeNet-5 as it is written to a file."""
    race = {
        "network": "lenet5-relu",
        "batch": batch,
        "rounds": 7,
        "peak": {"median": 1e11, "high": 1e11},
        "lines": [ours or line("striate", 1.0), *peers],
        "left_out": left_out or {},
    }
    environment = {"threads": threads, "missing": missing or {}}
    return {"reports": [{"environment": environment, "races": [race]}]}


def both(first, second):
    """Return the races of one thread and of two threads as they are written to one file."""
    return {"reports": first["reports"] + second["reports"]}


def kernel(name, contracted, share):
    """Return a kernel's row as it is written to a file."""
    return {"writes": [name], "work": {"contracted": contracted}, "share": share}


def test_the_best_of_the_peers_counts(lines):
    """Striate is compared with the fastest peer, which has the smallest ratio."""
    peers = [line(name, ratio) for name, ratio in zip(TORCH, (6.0, 5.5, 7.0), strict=True)]

    found = lines.best_ratio(document(*peers), "lenet5-relu", 32, *TORCH)

    assert found == (5.5, "PyTorch channels_last, quartiles 5.40 to 5.60")


def test_peers_with_different_results(lines):
    """A peer with different results, or NaN, is left out and named."""
    peers = [line(TORCH[0], 6.0), line(TORCH[1], 1.0, None), line(TORCH[2], 2.0, 0.06)]

    ratio, note = lines.best_ratio(document(*peers), "lenet5-relu", 32, *TORCH)

    assert ratio == 6.0
    assert note == (
        "PyTorch eager, quartiles 5.90 to 6.10; PyTorch channels_last not counted: results differ; "
        "torch.compile not counted: results differ"
    )


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (document(missing={"PyTorch eager": "torch"}), "PyTorch eager: torch"),
        (document(line(TORCH[0], 9.0)), "PyTorch channels_last: did not take part"),
        (
            document(*(line(name, 9.0) for name in TORCH[:2]), left_out={TORCH[2]: "no compiler"}),
            "torch.compile: no compiler",
        ),
        (
            document(*(line(name, 9.0, 1.0) for name in TORCH)),
            "PyTorch eager, PyTorch channels_last, torch.compile: results differ from striate's",
        ),
        (document(batch=8), "lenet5-relu, batch 32, 1 thread: was not measured"),
        (
            document(*(line(name, 9.0) for name in TORCH), threads=2),
            "lenet5-relu, batch 32, 1 thread: was not measured",
        ),
        (
            document(*(line(name, 9.0) for name in TORCH[:2]), disturbed(TORCH[2])),
            "turns disturbed by other programs: torch.compile 5 of 7",
        ),
        (
            document(*(disturbed(name, 4) for name in TORCH), ours=disturbed("striate", 7)),
            "turns disturbed by other programs: striate 7 of 7, PyTorch eager 4 of 7",
        ),
    ],
)
def test_a_missing_peer_is_not_measured(lines, targets, found, reason):
    """If a peer is missing, the target isn't measured, however fast striate is."""
    ((first, *_), name) = lines.training("lenet5-relu", {32: 5.0}), "lenet5-training"

    (result,) = targets.judge(name, [first], found)

    assert (result.verdict, result.remark, result.value) == ("not measured", reason, None)


def test_all_threads_are_in_the_remark(lines):
    """The result is for one thread each; that for all threads is in the remark."""
    one = document(*(line(name, 6.0) for name in TORCH))
    two = document(*(line(name, 4.0) for name in TORCH), threads=2)
    busy = document(*(disturbed(name) for name in TORCH), threads=2)

    assert lines.best_ratio(both(one, two), "lenet5-relu", 32, *TORCH) == (
        6.0,
        "PyTorch eager, quartiles 5.90 to 6.10; 2 threads: 4.00 x PyTorch eager (3.90 to 4.10)",
    )
    assert lines.best_ratio(both(one, busy), "lenet5-relu", 32, *TORCH)[1] == (
        "PyTorch eager, quartiles 5.90 to 6.10; "
        "2 threads: not measured (turns disturbed by other programs: PyTorch eager 5 of 7)"
    )


def test_a_share_of_the_peak(lines):
    """The result is the share of one thread; a disturbed one isn't measured."""
    one, busy = document(), document(ours=disturbed("striate"), threads=2)

    assert lines.share_of_peak(both(one, busy), "lenet5-relu", 32) == (
        0.5,
        "1 thread: 1,000 images/s (900 to 1,100), peak 200 GFLOP/s; 2 threads: not measured",
    )
    with pytest.raises(lines.Missing, match="disturbed by other programs: striate 5 of 7"):
        lines.share_of_peak(document(ours=disturbed("striate")), "lenet5-relu", 32)


def test_an_epoch_is_compared_with_its_multiply_adds(lines):
    """The result is the median time relative to the time at the peak; half of the epochs do."""
    found = {
        "rounds": 4,
        "seconds": [1.0, 1.2, 1.1],
        "multiply_adds": 1e11,
        "peaks": [1e11, 1e11, 1e11],
    }

    ratio, note = lines.epoch_of_peak(found)

    assert ratio == pytest.approx(1.1)
    assert note == (
        "1.10 s (1.05 to 1.15), the multiply-adds alone 1.00 s at the measured peak, 200 GFLOP/s"
    )
    with pytest.raises(lines.Missing, match="epochs disturbed by other programs: 1 of 4 measured"):
        lines.epoch_of_peak(found | {"seconds": [0.1]})


def test_disturbed_kernels_are_not_measured(lines):
    """A network without rows has no worst contraction."""
    with pytest.raises(lines.Missing, match="disturbed by other programs"):
        lines.worst_contraction({"reports": [{"kernels": {"conv4": []}}]}, "conv4", 0.85)


@pytest.mark.parametrize(
    ("least", "most", "value", "verdict"),
    [
        (5.0, None, 5.0, "met"),
        (5.0, None, 4.99, "missed"),
        (None, 0.5, 0.5, "met"),
        (None, 0.5, 0.51, "missed"),
        (5.0, None, float("nan"), "missed"),
        (None, 0.5, float("nan"), "missed"),
    ],
)
def test_targets_are_held_exactly(lines, targets, least, most, value, verdict):
    """A result that equals the target only after rounding has missed it."""
    one = lines.Line(what="a", unit="s", least=least, most=most, find=lambda _: (value, ""))

    (result,) = targets.judge("name", [one], {})

    assert result.verdict == verdict


def test_the_worst_contraction_is_named(lines):
    """Small contractions are ignored; the worst one comes first."""
    rows = [
        kernel("a", 2e6, 0.9),
        kernel("b", 1e6, 0.8),
        kernel("c", 1e6, 0.7),
        kernel("d", 9, 0.1),
    ]
    found = {"reports": [{"kernels": {"conv4": rows}}]}

    share, note = lines.worst_contraction(found, "conv4", 0.85)

    assert (share, note) == (0.7, "1 of 3 reach it; c 70%; b 80%")


def test_a_program_that_fails_leaves_its_lines_unmeasured(lines, targets):
    """If a program fails, its lines aren't measured; the reason is its last line of output."""
    given = argparse.Namespace(show=False)
    measurement = lines.Measurement(
        command=lambda _: ["first_step.py", "--net", "no such network"],
        lines=lines.MEASUREMENTS["first-step"].lines,
    )

    found = targets.measure(measurement, given)

    assert isinstance(found, lines.Missing)
    assert str(found).startswith("first_step.py: subprocess.CalledProcessError: ")
    verdicts = [result.verdict for result in targets.judge("x", measurement.lines, found)]
    assert verdicts == ["not measured", "not measured"]


def test_every_program_takes_its_arguments(lines):
    """The programs exist, and each measurement gives lines with one bound."""
    given = argparse.Namespace(threads=2, rounds=1, seconds=0.1, seed=0, steps=10)
    for measurement in lines.MEASUREMENTS.values():
        program, *_ = measurement.command(given)
        assert (BENCHMARKS / program).is_file()
        for one in measurement.lines:
            assert (one.least is None) != (one.most is None)
            assert len(one.what) <= 40


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from Linux")
def test_the_whole_program(targets, monkeypatch, tmp_path, capsys):
    """It prints each line with its verdict, and writes all of them to a file."""
    path = tmp_path / "targets.json"
    words = ["targets.py", "--only", "memory", "--steps", "20", "--threads", "1"]
    monkeypatch.setattr(sys, "argv", [*words, "--json", str(path)])

    targets.main()

    printed, written = capsys.readouterr().out, json.loads(path.read_text())
    assert [result["measurement"] for result in written["results"]] == ["memory", "memory"]
    assert all(result["verdict"] in {"met", "missed"} for result in written["results"])
    assert all(result["what"] in printed for result in written["results"])
    assert written["measurements"]["memory"]["seconds"] > 0
