"""Files that appear complete or not at all, and paths as users write them."""

import os
import subprocess
import sys
import threading
import time

import pytest

from striate.errors import ModelFileError, OptionError
from striate.files import FileLock, as_path, atomic_write, make_folder, quoted, shown

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

    with atomic_write(path) as file:
        file.write(b"after")

    assert parts(tmp_path) == []
    assert path.read_bytes() == b"after"


def test_a_writer_that_is_just_starting_keeps_its_file(tmp_path):
    """A temporary file without content may not be locked yet; after a minute it is abandoned."""
    starting = tmp_path / ".model.abcdefgh.part"
    starting.touch()

    with atomic_write(tmp_path / "model") as file:
        file.write(b"x")
    assert starting.exists()
    make_old(tmp_path)
    with atomic_write(tmp_path / "model") as file:
        file.write(b"x")

    assert parts(tmp_path) == []


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


@pytest.mark.parametrize("given", [3, None, b"model", ["model"]])
def test_a_path_of_another_type(given):
    """The error shows the argument and its type."""
    with pytest.raises(OptionError) as error:
        as_path(given)

    assert str(error.value) == (
        f"A path must be a string or a pathlib.Path, got {given!r} of type "
        f'{type(given).__name__}. Use a path such as "model.safetensors".'
    )


@pytest.mark.parametrize("name", [b"caf\xe9", b"two\nlines", b"\x1b[2J", "日本".encode()])
def test_errors_about_any_name_are_printable(tmp_path, name):
    """A name that is not text, or moves the cursor, is escaped; other letters are kept."""
    folder = tmp_path / os.fsdecode(name)

    with pytest.raises(ModelFileError) as error:
        atomic_write(folder / "model").__enter__()

    assert str(error.value).isprintable()
    assert str(error.value).encode().decode() == str(error.value)
    assert shown("日本 é") == "日本 é"


@pytest.mark.parametrize("before", [b"earlier", None])
def test_a_link_stays_and_its_target_is_written(tmp_path, before):
    """The file that a symbolic link points to is written, whether it exists or not."""
    (tmp_path / "disk").mkdir()
    target, link = tmp_path / "disk" / "model", tmp_path / "latest"
    if before is not None:
        target.write_bytes(before)
    link.symlink_to("disk/model")

    with atomic_write(link) as file:
        file.write(b"new")

    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert {path.name for path in tmp_path.iterdir()} == {"disk", "latest"}
    assert [path.name for path in target.parent.iterdir()] == ["model"]


def test_a_link_to_nowhere(tmp_path, golden):
    """If the target's folder is missing, the error names the link and the target."""
    (tmp_path / "latest").symlink_to("gone/model")
    with pytest.raises(ModelFileError) as error, atomic_write(tmp_path / "latest"):
        pass

    golden("messages/file-link-to-nowhere", str(error.value).replace(str(tmp_path), "FOLDER"))


def loop(path):
    """Make two links that point to each other."""
    path.symlink_to(f"{path.name}-2")
    path.with_name(f"{path.name}-2").symlink_to(path.name)


@pytest.mark.parametrize("what", ["loop", "folder", "pipe"])
def test_what_is_not_a_file_is_not_replaced(tmp_path, what, golden):
    """A folder, a pipe or a device (such as /dev/null) stays what it is."""
    path = tmp_path / "model"
    {"loop": loop, "folder": os.mkdir, "pipe": os.mkfifo}[what](path)
    before = path.lstat()

    with pytest.raises(ModelFileError) as error, atomic_write(path) as file:
        file.write(b"x")

    assert path.lstat().st_ino == before.st_ino
    assert parts(tmp_path) == []
    golden(f"messages/file-is-a-{what}", str(error.value).replace(str(tmp_path), "FOLDER"))


def test_permissions_stay(tmp_path):
    """A file that only its owner may read is still private after it was written again."""
    path = tmp_path / "model"
    path.write_bytes(b"before")
    path.chmod(0o600)

    with atomic_write(path) as file:
        file.write(b"after")

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_behind_a_link(tmp_path):
    """A link to a folder that doesn't exist yet is made by making the folder."""
    (tmp_path / "output").symlink_to("disk/output")

    make_folder(tmp_path / "output")

    assert (tmp_path / "disk" / "output").is_dir()
    assert (tmp_path / "output").is_symlink()


def test_a_name_is_escaped_once():
    """A byte that isn't text is written as on the terminal, with and without quotes."""
    name = os.fsdecode(b"bad\xff")

    assert shown(name) == r"bad\xff"
    assert quoted(name) == r"'bad\xff'"


HOLDER = """
import sys
from pathlib import Path
from striate.files import FileLock
lock = FileLock.acquire(Path(sys.argv[1]))
print("locked" if lock else "refused", flush=True)
sys.stdin.read()
"""


def holder(path):
    """Start a process that locks a name, and return it with what it printed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    return process, process.stdout.readline()


def test_one_process_at_a_time_has_a_name(tmp_path):
    """A name is locked until it is released, or until the process that locked it is killed."""
    path = tmp_path / "run"
    first, said = holder(path)
    second, other = holder(path)
    assert (said, other) == (b"locked\n", b"refused\n")
    assert FileLock.acquire(path) is None
    second.communicate()

    first.kill()
    first.communicate()
    lock = FileLock.acquire(path)  # although the hidden file is still there

    assert lock is not None
    assert FileLock.acquire(path) is None
    lock.release()
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_whose_file_was_removed_is_not_a_lock(tmp_path, monkeypatch):
    """A process that opens the file just before its holder removes it must try again."""
    path, opened = tmp_path / "run", os.open
    first = FileLock.acquire(path)

    def late(*args):
        handle = opened(*args)
        first.release()
        return handle

    monkeypatch.setattr("striate.files.os.open", late)
    second = FileLock.acquire(path)
    monkeypatch.undo()

    assert second is not None
    assert FileLock.acquire(path) is None


def test_many_threads_share_a_name(tmp_path):
    """However acquiring and releasing interleave, at most one thread holds a name."""
    held, most = [], []

    def work():
        for _ in range(200):
            lock = FileLock.acquire(tmp_path / "run")
            if lock is not None:
                held.append(1)
                most.append(len(held))
                held.pop()
                lock.release()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(most) == {1}
    assert list(tmp_path.iterdir()) == []


def test_without_locks_the_creator_has_a_name(tmp_path, monkeypatch):
    """On a system without file locks, whoever creates the hidden file has the name."""
    monkeypatch.setattr("striate.files.fcntl", None)
    lock = FileLock.acquire(tmp_path / "run")

    assert FileLock.acquire(tmp_path / "run") is None
    lock.release()
    assert FileLock.acquire(tmp_path / "run") is not None
