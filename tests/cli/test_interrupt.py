"""Ctrl-C in a real process: the checkpoint, the command that resumes, and identical weights."""

import json
import shlex
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from striate.cli.termination import terminated_by_exception
from striate.recipes.run_files import RunFiles

PROGRAM = [sys.executable, "-c", "from striate.cli import main; main(prog_name='striate')"]
TRAINING = "train shapes --epochs 6 --batch-size 32 --no-pictures"


def start(words, folder):
    """Start the command in a process."""
    return subprocess.Popen(
        [*PROGRAM, *shlex.split(words)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(words, folder):
    """Run the command to its end, and return the JSON that it prints."""
    with start(f"{words} --json", folder) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return json.loads(out)


def test_resumed_training_ends_in_the_same_bits(tmp_path):
    """After Ctrl-C the printed command resumes, and gives the weights of an unbroken training."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    with start(TRAINING, broken) as process:
        assert process.stderr.readline().startswith("epoch 1/6")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    said = err[err.index("Stopped.") :]
    command = said.splitlines()[1].strip()

    resumed = finish(command.removeprefix("striate "), broken)
    unbroken = finish(TRAINING, whole)

    assert process.returncode == 130
    assert "test accuracy" not in out
    assert "Traceback" not in err
    assert said == (
        "Stopped. The training state is in striate-output/shapes-net.checkpoint. "
        "To resume the run:\n"
        f"  striate {TRAINING} --resume striate-output/shapes-net.checkpoint\n"
    )
    assert resumed["weights_sha256"] == unbroken["weights_sha256"]
    assert len(resumed["history"]) == 6
    assert not (broken / "striate-output" / "shapes-net.checkpoint").exists()


def test_sigterm_saves_the_state(tmp_path):
    """A job scheduler that ends the run gets what Ctrl-C gets, and the usual exit code."""
    with start(TRAINING, tmp_path) as process:
        assert process.stderr.readline().startswith("epoch 1/6")
        process.terminate()
        out, err = process.communicate(timeout=60)

    assert process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in err
    assert err[err.index("Stopped") :].splitlines()[0] == (
        "Stopped by SIGTERM. The training state is in striate-output/shapes-net.checkpoint. "
        "To resume the run:"
    )
    assert (tmp_path / "striate-output" / "shapes-net.checkpoint").is_file()
    assert "test accuracy" not in out


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_a_handler_of_sigterm_is_left_alone(handler):
    """A program that calls the command may have its own."""
    before = signal.signal(signal.SIGTERM, handler)
    try:
        with terminated_by_exception():
            assert signal.getsignal(signal.SIGTERM) is handler
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_sigterm_ends_the_process_again_after_the_command():
    """In a thread, where no handler can be installed, nothing changes."""
    with terminated_by_exception():
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    with ThreadPoolExecutor(1) as pool:
        pool.submit(terminated_by_exception().__enter__).result()

    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_killed_training_resumes_to_the_same_bits(tmp_path):
    """After SIGKILL, which no program can handle, the checkpoint of the last epoch is complete."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    with start(TRAINING, broken) as process:
        for _ in range(2):
            assert process.stderr.readline().startswith("epoch ")
        process.kill()
        process.communicate(timeout=60)

    resumed = finish(f"{TRAINING} --resume striate-output/shapes-net.checkpoint", broken)
    unbroken = finish(TRAINING, whole)

    assert process.returncode == -signal.SIGKILL
    assert resumed["weights_sha256"] == unbroken["weights_sha256"]
    assert len(resumed["history"]) == 6


def test_interrupt_after_training_names_the_model(striate, monkeypatch, tmp_path):
    """Ctrl-C while plots are drawn: the model is saved, and there is nothing to resume."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("striate.cli.train_report.save_all", interrupted)

    result = striate("train", "shapes", "--epochs", 1)

    assert result.exit_code == 130
    assert result.stderr.endswith(
        "\nStopped. The trained model is in striate-output/shapes-net.safetensors.\n"
    )
    assert [path.name for path in (tmp_path / "striate-output").iterdir()] == [
        "shapes-net.safetensors"
    ]


def test_interrupt_before_training_says_that_nothing_was_saved(striate, monkeypatch, tmp_path):
    """Ctrl-C while data is opened exits with 130 and claims no checkpoint."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("striate.recipes.preparing.open_dataset", interrupted)

    result = striate("train", "shapes")

    assert result.exit_code == 130
    assert result.stderr == "\nStopped. Nothing was saved: training had not started.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (["my set"], "striate train 'my set'"),
        (["shapes", "--no-download", "--size", "21x21"], None),
        (["shapes", "--augment", "shift 2 flip"], "striate train shapes --augment 'shift 2 flip'"),
        (["shapes", "--resume", "old"], "striate train shapes"),
    ],
)
def test_the_command_repeats_the_options(striate, monkeypatch, tmp_path, words, typed):
    """The command that resumes has everything that the user typed, quoted for the shell."""
    (tmp_path / "old").touch()
    said = []

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("striate.recipes.preparing.open_dataset", interrupted)
    monkeypatch.setattr(RunFiles, "how_to_resume", lambda _, typed: said.append(typed) or "")

    striate("train", *words)

    assert said == [typed or "striate train shapes --size 21x21 --no-download"]
