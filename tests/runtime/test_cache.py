"""The cache of object code: reading returns exactly what was written, or nothing."""

import os
import subprocess
import sys
import threading
import time

import pytest

from runtime.cached_programs import CODE, HEADER, KEY, OTHER_KEY, files
from striate.runtime.cache import ObjectCache, key_of


def use_at(cache, key, seconds):
    """Set the time of a program's last use."""
    os.utime(cache.folder / f"{key}.code", (seconds, seconds))


def names_of(cache):
    """List which of the programs "0" to "9" a cache holds."""
    kept = {entry.key for entry in cache.entries()}
    return [number for number in range(10) if key_of(str(number)) in kept]


def test_get_returns_what_was_put(filled):
    """A stored program is returned byte for byte, in another process too; others give None."""
    program = (
        "import pathlib, sys; from striate.runtime.cache import ObjectCache; "
        f"sys.stdout.buffer.write(ObjectCache(pathlib.Path({str(filled.folder)!r})).get({KEY!r}))"
    )

    read = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout

    assert read == filled.get(KEY) == CODE
    assert filled.get(OTHER_KEY) is None


def test_empty_code(cache):
    """A program may be empty."""
    cache.put(KEY, b"")

    assert cache.get(KEY) == b""


def test_put_replaces(filled):
    """The last program that was stored under a key replaces earlier ones."""
    filled.put(KEY, b"better")

    assert filled.get(KEY) == b"better"
    assert len(filled.entries()) == 1


def test_keys_are_unambiguous():
    """Keys differ if any text, their order, their boundaries or their number differ."""
    keys = [
        key_of(*parts) for parts in [("ab", "c"), ("a", "bc"), ("c", "ab"), ("abc",), ("abc", "")]
    ]

    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("length", [0, 7, HEADER - 1, HEADER, HEADER + 1, HEADER + len(CODE) - 1])
def test_a_truncated_file_is_removed(filled, length):
    """A truncated file is removed and not returned, wherever it ends."""
    (path,) = files(filled)
    path.write_bytes(path.read_bytes()[:length])

    assert filled.get(KEY) is None
    assert files(filled) == []


@pytest.mark.parametrize("position", [*range(HEADER), HEADER, HEADER + 1000, -1])
def test_a_changed_byte_is_noticed(filled, position):
    """A program with a flipped bit in magic, format, length, checksum or code isn't returned."""
    (path,) = files(filled)
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)

    assert filled.get(KEY) is None
    assert files(filled) == []


def test_bytes_after_the_end_are_noticed(filled):
    """A file with additional bytes isn't returned."""
    (path,) = files(filled)
    path.write_bytes(path.read_bytes() + b"\0")

    assert filled.get(KEY) is None


def test_a_program_under_another_name_is_noticed(filled):
    """A renamed file isn't returned for its new key."""
    (path,) = files(filled)
    path.rename(path.with_stem(OTHER_KEY))

    assert filled.get(OTHER_KEY) is None


def test_a_damaged_program_can_be_put_again(filled):
    """Storing a program again repairs a damaged file."""
    (path,) = files(filled)
    path.write_bytes(b"nonsense")

    filled.put(KEY, CODE)

    assert filled.get(KEY) == CODE


def test_entries_and_size(filled):
    """Entries are listed with the sizes of their files, the least recently used first."""
    filled.put(OTHER_KEY, b"x")
    use_at(filled, KEY, 2_000)
    use_at(filled, OTHER_KEY, 1_000)

    entries = filled.entries()

    assert [(entry.key, entry.size, entry.used) for entry in entries] == [
        (OTHER_KEY, HEADER + 1, 1_000_000_000_000),
        (KEY, HEADER + len(CODE), 2_000_000_000_000),
    ]
    assert filled.size == 2 * HEADER + len(CODE) + 1


def test_the_least_recently_used_goes_first(tmp_path):
    """The limit holds after each put; reading a program makes it recently used."""
    cache = ObjectCache(tmp_path, limit=3 * (HEADER + 100))
    for number in range(3):
        cache.put(key_of(str(number)), bytes(100))
        use_at(cache, key_of(str(number)), 1_000 + number)

    cache.get(key_of("0"))
    cache.put(key_of("3"), bytes(100))
    cache.put(key_of("4"), bytes(10))

    assert names_of(cache) == [0, 3, 4]
    assert cache.size <= cache.limit


def test_a_program_beyond_the_limit_is_not_kept(tmp_path):
    """A program larger than the limit isn't stored, and evicts no others."""
    cache = ObjectCache(tmp_path, limit=1000)
    cache.put(key_of("0"), bytes(100))

    cache.put(key_of("1"), bytes(1000 - HEADER + 1))

    assert names_of(cache) == [0]


def test_what_killed_processes_left_is_removed(filled):
    """Unfinished files are removed after an hour, and not before."""
    old, new = (filled.folder / f".{OTHER_KEY}.code.{name}.part" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    an_hour_ago = time.time() - 3601
    os.utime(old, (an_hour_ago, an_hour_ago))

    filled.put(KEY, CODE)

    assert not old.exists()
    assert new.exists()


def test_clear_removes_ours_and_nothing_else(filled):
    """`clear` removes programs and unfinished files, and keeps all other files."""
    filled.put(OTHER_KEY, b"x")
    (filled.folder / f".{KEY}.code.abc.part").write_bytes(b"half")
    stranger = filled.folder / "letter.txt"
    stranger.write_text("Dear")

    freed = filled.clear()

    assert freed == 2 * HEADER + len(CODE) + 1 + 4
    assert files(filled) == [stranger]


def test_clear_without_a_folder(cache):
    """Clearing a cache whose folder doesn't exist does nothing."""
    assert cache.clear() == 0
    assert not cache.folder.exists()


# Reads and writes six programs, of which the limit lets three stay, and clears now and then. Each
# process writes programs of one repeated byte: a mixture of two would contain both bytes.
CONTEND = """
import sys, pathlib
from striate.runtime.cache import ObjectCache, key_of
cache = ObjectCache(pathlib.Path(sys.argv[1]), limit=3 * 20_052)
mine = bytes([int(sys.argv[2])]) * 20_000
print("ready", flush=True)
sys.stdin.readline()
found = 0
for turn in range(60):
    for number in range(6):
        cache.put(key_of(str(number)), mine)
        code = cache.get(key_of(str(number)))
        if code is not None:
            found += 1
            assert len(code) == 20_000 and len(set(code)) == 1, "a mixture"
        assert cache.get(key_of("absent")) is None
    if turn % 20 == 19:
        cache.clear()
print(found)
"""


def test_two_processes_at_once(tmp_path):
    """Two processes that share a folder read only complete programs."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", CONTEND, str(tmp_path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("1", "2")
    ]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [process.communicate(timeout=60) for process in processes]

    assert [errors for _, errors in ends] == ["", ""]
    assert all(int(found) > 100 for found, _ in ends)
    assert ObjectCache(tmp_path).size <= 3 * 20_052
    assert all(path.suffix == ".code" for path in tmp_path.iterdir())


def test_threads_at_once(filled):
    """Threads that share a cache read only complete programs, without errors."""
    wrong = []

    def work(number):
        try:
            for _ in range(30):
                filled.put(KEY, CODE)
                if filled.get(KEY) not in (CODE, None):
                    wrong.append("content")
                if number == 0:
                    filled.clear()
        except Exception as error:  # noqa: BLE001  # whatever it is, the test must see it
            wrong.append(error)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert wrong == []
