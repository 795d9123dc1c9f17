"""The command `striate cache`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from striate.data import open_dataset
from striate.files import user_cache
from striate.runtime.cache import ObjectCache, key_of


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return the command's cache, empty and without a folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    return ObjectCache()


@pytest.fixture
def filled(cache):
    """Return the cache with two programs, 1.25 MiB in total."""
    for number in (1, 2):
        cache.put(key_of(str(number)), bytes(5 << 17))
    return cache


def test_it_shows_folder_programs_and_size(striate, filled):
    """Without an option, the folder, the number of programs, their size and the limit are shown."""
    result = striate("cache")

    assert result.exit_code == 0
    assert result.stdout == (
        f"folder    {filled.folder}\nprograms  2\nsize      1.3 MiB of at most 256.0 MiB\n"
    )


def test_an_empty_cache(striate, cache):
    """Before anything is compiled, there are 0 programs."""
    result = striate("cache")

    assert result.stdout == (
        f"folder    {cache.folder}\nprograms  0\nsize      0.0 MiB of at most 256.0 MiB\n"
    )


def test_clear_empties_it(striate, filled):
    """`--clear` removes the programs and prints how many and how large they were."""
    result = striate("cache", "--clear")

    assert result.stdout == "Removed 2 programs (1.3 MiB).\n"
    assert filled.entries() == []


def test_clear_of_nothing(striate, cache):
    """`--clear` reports an empty cache."""
    result = striate("cache", "--clear")

    assert (result.exit_code, result.stdout) == (0, "The cache is already empty.\n")
    assert cache.entries() == []


@pytest.mark.usefixtures("filled")
def test_decoded_pictures(striate, tmp_path):
    """Files of decoded pictures are listed and removed, too."""
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        Image.new("RGB", (512, 512)).save(tmp_path / "photos" / name / "a.png")
    open_dataset(tmp_path / "photos", in_memory=False)

    shown = striate("cache").stdout
    found = json.loads(striate("cache", "--clear", "--json").stdout)["pictures"]

    assert shown.endswith(
        f"\ndecoded pictures  {user_cache() / 'pictures'}\n"
        "files             1\nsize              1.5 MiB of at most 20,480.0 MiB\n"
    )
    assert (found["files"], found["removed"], found["freed"]) == (0, 1, 3 << 19)
    open_dataset(tmp_path / "photos", in_memory=False)
    assert striate("cache", "--clear").stdout == ("Removed 1 file of decoded pictures (1.5 MiB).\n")


def test_json(striate, filled):
    """`--json` prints the same, with sizes in bytes."""
    freed = filled.size

    shown, cleared = (
        json.loads(striate("cache", *words, "--json").stdout) for words in ([], ["--clear"])
    )

    pictures = {"files": 0, "size": 0, "removed": 0, "freed": 0}
    pictures["folder"] = str(user_cache() / "pictures")
    known = {"folder": str(filled.folder), "limit": 256 << 20, "problem": None}
    known["pictures"] = pictures
    assert shown == known | {"programs": 2, "size": freed, "removed": 0, "freed": 0}
    assert cleared == known | {"programs": 0, "size": 0, "removed": 2, "freed": freed}


def test_a_cache_that_is_not_used_says_why(striate, filled):
    """A cache that other commands silently skip is reported here, with the remedy."""
    filled.folder.chmod(0o777)

    result = striate("cache")

    assert result.exit_code == 0
    assert result.stdout == (
        f"folder    {filled.folder}\nprograms  0\nsize      0.0 MiB of at most 256.0 MiB\n\n"
        "The cache is not used: other users may write to it. Each process compiles its own "
        "programs. Set STRIATE_CACHE to a folder that you own and that no one else can write to.\n"
    )


def test_no_home(striate, monkeypatch):
    """Without a home folder nothing is cached, and the reason is printed."""

    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    for name in ("STRIATE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nowhere)

    result = striate("cache")

    assert result.stdout.startswith("folder    none\nprograms  0\n")
    assert "The cache is not used: the home folder is unknown. " in result.stdout


def test_a_cache_that_cannot_be_cleared(striate, filled):
    """`--clear` leaves a folder alone that other users may write to."""
    filled.folder.chmod(0o777)

    result = striate("cache", "--clear")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: Cannot empty the cache of compiled programs in {filled.folder}: other users may "
        "write to it. The folder must belong to you, and other users must not be able to write to "
        "it. Set STRIATE_CACHE to such a folder, or remove the files yourself.\n"
    )
    assert len(list(filled.folder.iterdir())) == 2


def test_it_loads_no_compiler_and_no_network():
    """The command loads neither LLVM nor the library's layers."""
    program = (
        "import sys, striate.cli.cache\n"
        "heavy = {'llvmlite', 'matplotlib', 'striate.graph', 'striate.model'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
