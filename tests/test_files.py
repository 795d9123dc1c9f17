"""Files that appear complete or not at all, and paths as users write them."""

import os
import subprocess
import sys
import time

import pytest

from striate.errors import ModelFileError
from striate.files import as_path, atomic_write, make_folder, shown

OLD = time.time() - 3600

KILLED = """
import os, signal, sys
from striate.files import atomic_write
with atomic_write(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    print("written", flush=True)
    if sys.argv[2] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.read()
"""


def parts(folder):
    """List the temporary files in a folder."""
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(".part"))


def writer(path, what):
    """Start a process that writes a file, and wait until it has written half of it."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path), what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"written\n"
    return process


def make_old(folder):
    """Set the times of all temporary files in a folder to an hour ago."""
    for name in parts(folder):
        os.utime(folder / name, (OLD, OLD))


def test_a_killed_writer_leaves_a_file_that_the_next_one_removes(tmp_path):
    """The temporary file of a killed process goes with the next write of the same target."""
    path = tmp_path / "model"
    path.write_bytes(b"before")
    writer(path, "die").communicate()
    assert len(parts(tmp_path)) == 1
    assert path.read_bytes() == b"before"

    with atomic_write(path) as file:  # it might just be starting
        file.write(b"after")
    assert len(parts(tmp_path)) == 1
    make_old(tmp_path)
    with atomic_write(path) as file:
        file.write(b"after")

    assert parts(tmp_path) == []
    assert path.read_bytes() == b"after"


def test_the_file_of_a_living_writer_stays(tmp_path):
    """However old it is, a file that a process is writing is not removed."""
    path = tmp_path / "model"
    process = writer(path, "wait")
    make_old(tmp_path)

    with atomic_write(path) as file:
        file.write(b"other")

    assert len(parts(tmp_path)) == 1
    process.communicate()
    assert parts(tmp_path) == []
    assert path.read_bytes() == b"half"


def test_files_of_others_stay(tmp_path):
    """Only temporary files of the same target are removed, in striate's own pattern."""
    names = [
        ".model.txt.abcdefgh.part",
        ".other.abcdefgh.part",
        "model.part",
        ".model.abcdefgh.tmp",
    ]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (OLD, OLD))
    (tmp_path / ".model.abcdefgh.part").mkdir()

    with atomic_write(tmp_path / "model") as file:
        file.write(b"x")

    assert {*names, ".model.abcdefgh.part"} <= {path.name for path in tmp_path.iterdir()}


def test_an_error_leaves_the_old_file(tmp_path):
    """If the block raises, the target is as it was, and the temporary file is gone."""
    path = tmp_path / "model"
    path.write_bytes(b"before")

    with pytest.raises(ZeroDivisionError), atomic_write(path) as file:
        file.write(b"after" * (1 // 0))

    assert path.read_bytes() == b"before"
    assert parts(tmp_path) == []


def test_home_is_expanded(tmp_path, monkeypatch):
    """``~`` is the user's home wherever a file is written."""
    monkeypatch.setenv("HOME", str(tmp_path))

    make_folder("~/models")
    with atomic_write("~/models/net") as file:
        file.write(b"x")

    assert (tmp_path / "models" / "net").read_bytes() == b"x"
    assert as_path("~nobody-of-this-name/x").parts[0] == "~nobody-of-this-name"


@pytest.mark.parametrize("name", [b"caf\xe9", b"two\nlines", b"\x1b[2J", "日本".encode()])
def test_errors_about_any_name_are_printable(tmp_path, name):
    """A name that is not text, or moves the cursor, is escaped; other letters are kept."""
    folder = tmp_path / os.fsdecode(name)

    with pytest.raises(ModelFileError) as error:
        atomic_write(folder / "model").__enter__()

    assert str(error.value).isprintable()
    assert str(error.value).encode().decode() == str(error.value)
    assert shown("日本 é") == "日本 é"
