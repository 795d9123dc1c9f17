"""The command on a real terminal."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from striate import Network

PROGRAM = [sys.executable, "-c", "from striate.cli import main; main(prog_name='striate')"]


def on_terminal(words, folder, *, columns=90, **variables):
    """Run the command on a terminal of this width, and return what it wrote there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "COLUMNS"}}
    with subprocess.Popen(
        [*PROGRAM, *words],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor", **variables},
    ) as process:
        os.close(theirs)
        written = b""
        try:
            while piece := os.read(ours, 1 << 16):
                written += piece
        except OSError:  # Linux ends a terminal's last reading so
            pass
        os.close(ours)
    assert process.returncode == 0
    return written.decode()


def without_escapes(written):
    """Remove colors and movements of the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written)


@pytest.fixture
def written(tmp_path):
    """Return what two epochs of training write on a terminal."""
    return on_terminal(["train", "shapes", "--epochs", "2", "--no-pictures"], tmp_path)


def test_progress_bar_has_rate_and_time_left(written):
    """On a terminal a bar shows the epoch, the loss, images per second and the time left."""
    plain = without_escapes(written)

    assert re.search(r"epoch 2/2 ━+ loss \d\.\d{4} [\d,]+ images/s 00:00", plain), plain


def test_images_are_half_blocks_in_color(written):
    """On a terminal the hardest images are drawn with half blocks in 24-bit colors."""
    assert "\x1b[38;2;" in written
    assert written.count("▀") >= 3 * 15 * 7


def test_no_color_means_letters(tmp_path):
    """With NO_COLOR set, images are drawn with characters, and no color is written."""
    plain = on_terminal(["data", "shapes"], tmp_path, NO_COLOR="1")

    assert "▀" not in plain
    assert "\x1b[38;" not in plain
    assert re.search(r"[-+=*#%@]{8}", plain)


def test_few_colors_mean_256(tmp_path):
    """A terminal with 256 colors gets the nearest ones."""
    colored = on_terminal(["data", "shapes"], tmp_path, COLORTERM="")

    assert "\x1b[38;5;" in colored
    assert "\x1b[38;2;" not in colored


def test_long_lines_are_broken_between_words(tmp_path):
    """Prose wraps between words at the terminal's width."""
    lines = without_escapes(on_terminal(["data"], tmp_path)).splitlines()

    assert max(map(len, lines)) <= 90


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_explanations_fit(columns, tmp_path):
    """The stages of a network are shown in lines that fit, with no name cut off."""
    names = ("operations", "nests", "schedule", "memory")
    stages = [word for name in names for word in ("--stage", name)]

    written = on_terminal(
        ["explain", "lenet5", "--batch", "32", *stages], tmp_path, columns=columns, NO_COLOR="1"
    )

    lines = without_escapes(written).splitlines()
    assert [line for line in lines if len(line) > columns] == []
    assert "…" not in written


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize(
    "words",
    [
        ["summary", "lenet5"],
        ["summary", "resnet20"],
        ["data"],
        ["data", "digits"],
        ["evaluate", "net.safetensors", "digits"],
    ],
    ids=" ".join,
)
def test_output_fits(words, columns, tmp_path):
    """No line is wider than the terminal, and no number or shape is broken."""
    Network.preset("lenet5").save(tmp_path / "net.safetensors")

    written = on_terminal(words, tmp_path, columns=columns, NO_COLOR="1")

    lines = without_escapes(written).splitlines()
    assert [line for line in lines if len(line) > columns] == []
    if words[0] == "summary":
        summary = Network.preset(words[1]).summary()
        table = lines[: lines.index("", lines.index("") + 1)]
        rows = {line.split()[0]: line for line in table if line}
        for row in summary.rows:
            shape = f"{row.shape[0]}@{'x'.join(map(str, row.shape[1:]))}".rstrip("@")
            assert shape in rows[row.name].split()
            assert not row.parameters or f"{row.parameters:,}" in rows[row.name].split()


@pytest.mark.parametrize(
    "command", ["train", "evaluate", "predict", "summary", "explain", "data", "bench", "cache"]
)
def test_help_fits(command, tmp_path):
    """No line of a command's help is wider than 80 columns."""
    lines = on_terminal([command, "--help"], tmp_path, columns=80).splitlines()

    assert [line for line in lines if len(line) > 80] == []
