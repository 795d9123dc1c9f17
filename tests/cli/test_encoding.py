"""What commands print can be written in any encoding, and into any pipe."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from striate import Network
from striate.cli import main
from striate.cli.encoding import on_one_line, without_controls
from striate.data import open_dataset
from striate.recipes.networks import set_classes

PROGRAM = [sys.executable, "-c", "from striate.cli import main; main(prog_name='striate')"]
CLASSES = ("naïve café", "中文", "note $5^$")
RAW = os.fsdecode(b"raw-\xff.png")  # a file name that isn't valid UTF-8

# Everything that prints something: commands, their JSON, help, errors, usage errors, warnings.
WORDS = {
    "summary": ["summary", "net.safetensors"],
    "summary --json": ["summary", "net.safetensors", "--json"],
    "predict": ["predict", "net.safetensors", "picture.png", RAW],
    "predict --json": ["predict", "net.safetensors", "picture.png", RAW, "--json"],
    "evaluate": ["evaluate", "net.safetensors", "photos", "--part", "all"],
    "evaluate --json": ["evaluate", "net.safetensors", "photos", "--part", "all", "--json"],
    "data": ["data", "photos"],
    "data --json": ["data", "photos", "--json"],
    "data list": ["data"],
    "train": ["train", "photos", "--epochs", "1", "--net", "dense {classes} softmax"],
    "train --json": ["train", "photos", "--epochs", "1", "--json", "--no-pictures"],
    "explain": ["explain", "net.safetensors", "--cpu", "haswell", "--batch", "16"],
    "explain --stage": ["explain", "net.safetensors", "--cpu", "haswell", "--stage", "all"],
    "explain --json": ["explain", "net.safetensors", "--cpu", "haswell", "--batch", "16", "--json"],
    "cache": ["cache"],
    "help": ["explain", "--help"],
    "error": ["summary", "fehlt-日本.safetensors"],
    "usage error": ["summary", "lenet5", "--größe", "3"],
    "unknown command": ["zusammenfassen-é"],
}
FAILING = {"error": 1, "usage error": 2, "unknown command": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make a model, pictures and a data set with names that ASCII and cp1252 lack."""
    place = tmp_path_factory.mktemp("names")
    network = Network.parse("dense 3 softmax", (6, 6, 1))
    set_classes(network, CLASSES)
    network.save(place / "net.safetensors")
    rng = np.random.default_rng(0)
    for name in CLASSES:
        (place / "photos" / name).mkdir(parents=True)
        for k in range(10):
            pixels = rng.integers(0, 255, (6, 6), np.uint8)
            Image.fromarray(pixels).save(place / "photos" / name / f"{k}.png")
    for name in ("picture.png", RAW):
        Image.fromarray(rng.integers(0, 100, (6, 6), np.uint8)).save(place / name)
    return place


def run(folder, words, *, before="", **variables):
    """Run the command in a new process, and return its exit code and what it wrote."""
    done = subprocess.run(
        [sys.executable, "-c", f"{before}\n{PROGRAM[-1]}", *map(os.fsencode, words)],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("name", WORDS)
def test_every_command_writes_in_every_encoding(folder, name, encoding, monkeypatch):
    """Each command succeeds, or fails as it should, and writes bytes of the output's encoding."""
    monkeypatch.chdir(folder)

    result = CliRunner(charset=encoding).invoke(main, WORDS[name], prog_name="striate")

    assert result.exit_code == FAILING.get(name, 0), result.exception
    written = result.stdout_bytes.decode(encoding)
    result.stderr_bytes.decode(encoding)
    assert bool(written) is (name not in FAILING)
    if name.endswith("--json"):
        json.loads(written)


@pytest.mark.parametrize("name", ["evaluate", "train", "error", "usage error", "unknown command"])
def test_processes_write_in_ascii(folder, name):
    """In ASCII, a new process writes ASCII to both streams."""
    code, out, errors = run(folder, WORDS[name], PYTHONIOENCODING="ascii")

    assert code == FAILING.get(name, 0)
    assert b"Traceback" not in errors
    assert out.isascii()
    assert errors.isascii()


def test_json_holds_every_name(folder):
    """Whatever the encoding, class names and file names in JSON are exact."""
    _, out, _ = run(folder, WORDS["predict --json"], PYTHONIOENCODING="ascii")

    found = json.loads(out)
    assert [one["file"] for one in found["pictures"]] == ["picture.png", RAW]
    names = {one["class"] for one in found["pictures"][0]["predictions"]}
    assert names == set(CLASSES)


def test_missing_characters_become_readable(folder):
    """In ASCII, letters and bytes of file names become escapes, and bars number signs."""
    _, out, _ = run(folder, WORDS["predict"], PYTHONIOENCODING="ascii")
    _, explained, _ = run(folder, WORDS["explain"], PYTHONIOENCODING="ascii")

    assert re.search(rb"^raw-\\xff\.png: ", out, re.MULTILINE)
    assert rb"\u4e2d\u6587" in out
    assert rb"na\xefve caf\xe9" in out
    assert rb"#####" in explained


def test_the_c_locale_is_enough(folder):
    """With LC_ALL=C and without Python's UTF-8 mode the output is ASCII."""
    code, out, _ = run(
        folder, WORDS["summary"], LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0"
    )

    assert code == 0
    assert rb"\u4e2d\u6587" in out


@pytest.mark.parametrize("name", ["data list", "data --json", "summary", "explain --stage", "help"])
def test_a_reader_that_leaves_is_no_error(folder, name):
    """`striate ... | head -1` ends without a traceback or a complaint."""
    with subprocess.Popen(
        [*PROGRAM, *WORDS[name]], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()

    assert errors == b""
    assert process.returncode == 141


@pytest.mark.parametrize("words", [["train", "shapes", "--epochs", "30"], WORDS["predict"]])
def test_a_reader_of_both_streams_that_leaves_ends_the_command(folder, words, tmp_path):
    """`striate ... 2>&1 | head -1`: the exit status is that of SIGPIPE, not of a traceback."""
    place = tmp_path if words[0] == "train" else folder
    with subprocess.Popen(
        [*PROGRAM, *words, "--no-pictures"] if words[0] == "train" else [*PROGRAM, *words],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        if words[0] == "train":
            assert process.stdout.readline().startswith(b"shapes: 2,000 training images")
        process.stdout.close()
        process.wait(timeout=60)

    assert process.returncode == 141
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left <= {"shapes-net.checkpoint"}  # no model, and no lock


@pytest.mark.parametrize("words", [["train", "nothing"], ["train", "shapes", "--epoch"], ["x"]])
def test_an_error_that_nobody_reads_is_no_traceback(folder, words):
    """Without a reader of standard error, the exit status is that of SIGPIPE."""
    with subprocess.Popen(
        [*PROGRAM, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.wait(timeout=60)

    assert process.returncode == 141


@pytest.mark.parametrize("name", ["data list", "data --json", "predict", "help"])
def test_closed_output_is_no_error(folder, name):
    """Without standard output (`>&-`) a command still succeeds."""
    code, out, errors = run(folder, WORDS[name], before="import sys; sys.stdout = None")

    assert (code, out, errors) == (0, b"", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
@pytest.mark.parametrize("name", ["data list", "data --json", "help"])
def test_a_full_disk_is_told(folder, name):
    """Output that cannot be written is an error message with exit code 1."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, *WORDS[name]], cwd=folder, stdout=full, stderr=subprocess.PIPE, check=False
        )

    assert done.returncode == 1
    assert done.stderr == (
        b"Error: The operating system reported: No space left on device. Check that the file "
        b"exists, that you have permission, and that the disk has space left.\n"
    )


def test_control_characters_do_nothing(folder):
    """A class name or a path can't color the terminal, move its cursor or begin a new line."""
    network = Network.parse("dense 2 softmax", (6, 6, 1))
    set_classes(network, ("\x1b[31mred", "two\nlines"))
    network.save(folder / "controls.safetensors")

    _, out, _ = run(folder, ["predict", "controls.safetensors", "picture.png"])

    assert b"\x1b" not in out
    assert len(out.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "kept", "line"),
    [
        ("plain ü 中", "plain ü 中", "plain ü 中"),
        ("a\nb\tc", "a\nb\tc", r"a\nb\tc"),
        ("\x1b[2J\x07\x9b", r"\x1b[2J\x07\x9b", r"\x1b[2J\x07\x9b"),
        ("evil\u202egnp.exe", r"evil\u202egnp.exe", r"evil\u202egnp.exe"),
    ],
)
def test_escapes(text, kept, line):
    """Control characters are escaped; line breaks and tabs too, for text on one line."""
    assert without_controls(text) == kept
    assert on_one_line(text) == line


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
@pytest.mark.parametrize("command", ["data", "train", "evaluate", "error"])
def test_a_name_that_is_not_text_has_one_form(command, encoding, tmp_path):
    r"""A data set, a class or a file with a byte that isn't text is written with ``\xff``, once."""
    classes = [os.fsdecode(b"bad\xff"), "good"]
    photos = tmp_path / os.fsdecode(b"set\xfe")
    for name in classes:
        (photos / name).mkdir(parents=True)
        for k in range(10):
            Image.new("L", (6, 6), 20 * k).save(photos / name / f"{k}.png")
    network = Network.parse("dense 2 softmax", (6, 6, 1))
    set_classes(network, (r"bad\xff", "good"))
    network.save(tmp_path / "net.safetensors")
    words = {
        "data": ["data", photos.name],
        "train": ["train", photos.name, "--epochs", "1", "--no-pictures"],
        "evaluate": ["evaluate", "net.safetensors", photos.name],
        "error": ["data", photos.name],
    }[command]
    if command == "error":
        (photos / classes[0] / "0.png").write_bytes(b"not a picture")

    code, out, errors = run(tmp_path, words, PYTHONIOENCODING=encoding)
    _, document, _ = run(tmp_path, ["data", photos.name, "--json"])

    assert code == (command == "error"), errors
    written = (out + errors).decode(encoding)
    assert set(re.findall(r"(?:bad|set)\\[^\s,:;/')]*", written)) <= {r"bad\xff", r"set\xfe"}
    assert r"bad\xff" in written
    assert "udc" not in written
    if command != "error":
        found = json.loads(document)
        assert (found["name"], found["classes"]) == (r"set\xfe", [r"bad\xff", "good"])


def test_a_data_set_is_written_once_escaped(tmp_path):
    """The representation of a data set in Python escapes its name as the command does."""
    for name in ("a", "b"):
        (tmp_path / os.fsdecode(b"set\xfe") / name).mkdir(parents=True)
        for k in range(10):
            picture = Image.new("L", (6, 6), 20 * k)
            picture.save(tmp_path / os.fsdecode(b"set\xfe") / name / f"{k}.png")

    dataset = open_dataset(tmp_path / os.fsdecode(b"set\xfe"))

    assert repr(dataset).startswith(r"Dataset('set\xfe': ")
