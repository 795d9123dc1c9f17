"""The folder of the cache: its location, and that only a trusted one is used."""

import os
from pathlib import Path

import pytest

from runtime.cached_programs import CODE, HEADER, KEY, OTHER_KEY, files
from striate.errors import CacheError
from striate.runtime.cache import LIMIT, ObjectCache, default_folder


def refuse(*_args, **_options):
    """Raise like a read-only file system."""
    raise OSError(30, "Read-only file system")


def test_folder_and_files_are_private(cache):
    """The folder has mode 0700 and files 0600, whatever the umask."""
    mask = os.umask(0)
    try:
        cache.put(KEY, CODE)
    finally:
        os.umask(mask)

    (path,) = files(cache)
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_a_folder_open_to_others_is_ignored(filled, mode):
    """In a folder that others may write to, nothing is read, written or listed."""
    filled.folder.chmod(mode)

    filled.put(OTHER_KEY, CODE)

    assert filled.get(KEY) is None
    assert filled.entries() == []
    assert len(files(filled)) == 1
    assert filled.obstacle() == "other users may write to it"


def test_a_folder_that_others_may_read_is_used(filled):
    """A folder that others may only read is used."""
    filled.folder.chmod(0o755)

    assert filled.get(KEY) == CODE


def test_a_file_open_to_others_is_ignored(filled):
    """A file that others may write to isn't executed, and isn't removed."""
    (path,) = files(filled)
    path.chmod(0o620)

    assert filled.get(KEY) is None
    assert files(filled) == [path]


def test_a_folder_of_another_user_is_ignored(filled, monkeypatch):
    """A folder of another user is neither read nor written."""
    mine = os.geteuid()
    monkeypatch.setattr("os.geteuid", lambda: mine + 1)

    filled.put(OTHER_KEY, CODE)

    assert filled.get(KEY) is None
    assert len(files(filled)) == 1
    assert filled.obstacle() == "it belongs to another user"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_ignored(filled):
    """A file of another user isn't executed, even in the user's folder."""
    (path,) = files(filled)
    os.chown(path, 12345, -1)

    assert filled.get(KEY) is None
    assert files(filled) == [path]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give links away")
def test_a_link_of_another_user_is_ignored(filled, tmp_path):
    """A link that belongs to another user isn't followed."""
    link = tmp_path / "link"
    link.symlink_to(filled.folder)
    os.chown(link, 12345, -1, follow_symlinks=False)

    assert ObjectCache(link).get(KEY) is None


def test_an_own_link_to_an_own_folder_is_used(filled, tmp_path):
    """The folder may be a link, for example to another disk, if both belong to the user."""
    link = tmp_path / "link"
    link.symlink_to(filled.folder)

    assert ObjectCache(link).get(KEY) == CODE


def test_a_link_in_place_of_a_file_is_ignored(filled, tmp_path):
    """A link with a program's name isn't followed; storing the program replaces the link."""
    (path,) = files(filled)
    elsewhere = path.rename(tmp_path / "elsewhere")
    path.symlink_to(elsewhere)

    assert filled.get(KEY) is None
    filled.put(KEY, b"new")
    assert filled.get(KEY) == b"new"
    assert elsewhere.stat().st_size == HEADER + len(CODE)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_ignored(cache, make):
    """A pipe or a folder with a program's name is ignored, and doesn't block."""
    cache.folder.mkdir(0o700, parents=True)
    make(cache.folder / f"{KEY}.code")

    assert cache.get(KEY) is None


def test_a_folder_that_may_only_be_read(filled, monkeypatch):
    """In a read-only folder, programs are read, and `obstacle` says why none are stored."""
    for name in ("os.utime", "tempfile.mkstemp", "tempfile.TemporaryFile"):
        monkeypatch.setattr(name, refuse)

    filled.put(OTHER_KEY, CODE)

    assert filled.get(KEY) == CODE
    assert filled.get(OTHER_KEY) is None
    assert filled.obstacle() == "Read-only file system"


def test_damage_that_cannot_be_removed(filled, monkeypatch):
    """A damaged file that can't be removed isn't returned."""
    (path,) = files(filled)
    path.write_bytes(b"nonsense")
    monkeypatch.setattr(Path, "unlink", refuse)

    assert filled.get(KEY) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write(filled):
    """The same, with a folder without write permission."""
    filled.folder.chmod(0o500)

    filled.put(OTHER_KEY, CODE)

    assert filled.get(KEY) == CODE
    assert filled.obstacle() == "Permission denied"


def test_a_full_disk(cache, monkeypatch):
    """If the disk is full, put leaves no file behind and raises nothing."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)

    cache.put(KEY, CODE)

    assert cache.get(KEY) is None
    assert files(cache) == []


def test_a_file_in_the_folders_place(tmp_path):
    """If the folder can't be created, nothing is cached and nothing is raised."""
    (tmp_path / "file").write_text("")
    cache = ObjectCache(tmp_path / "file" / "below")

    cache.put(KEY, CODE)

    assert cache.get(KEY) is None
    assert cache.entries() == []
    assert cache.obstacle() == "Not a directory"


def test_no_home(monkeypatch):
    """Without a home folder, nothing is cached."""

    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    for name in ("STRIATE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    cache = ObjectCache()

    cache.put(KEY, CODE)

    assert cache.get(KEY) is None
    assert (cache.folder, cache.entries(), cache.clear()) == (None, [], 0)
    assert cache.obstacle() == "the home folder is unknown"


def test_nothing_is_in_the_way_of_a_good_folder(cache):
    """A writable folder has no obstacle; checking leaves no file in it."""
    assert cache.obstacle() is None
    assert files(cache) == []


@pytest.mark.parametrize(
    ("platform", "given", "expected"),
    [
        ("linux", {"STRIATE_CACHE": "/mine", "XDG_CACHE_HOME": "/cache"}, "/mine"),
        ("linux", {"STRIATE_CACHE": "", "XDG_CACHE_HOME": "/cache"}, "/cache/striate/code"),
        ("linux", {}, "/home/me/.cache/striate/code"),
        ("darwin", {}, "/home/me/Library/Caches/striate/code"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/striate/code"),
    ],
)
def test_the_folder(monkeypatch, platform, given, expected):
    """STRIATE_CACHE names the folder; by default it is in the platform's cache folder."""
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setenv("HOME", "/home/me")
    for name in ("STRIATE_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert default_folder() == Path(expected)
    assert ObjectCache() == ObjectCache(Path(expected), limit=LIMIT)


def test_a_folder_given_from_here(monkeypatch, tmp_path):
    """A relative STRIATE_CACHE keeps its meaning if the program changes its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRIATE_CACHE", "cache")

    assert default_folder() == tmp_path / "cache"


def test_home_in_the_variable_is_expanded(monkeypatch, tmp_path):
    """`~` in STRIATE_CACHE is expanded to the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STRIATE_CACHE", "~/cache")

    assert default_folder() == tmp_path / "cache"


def test_the_tests_keep_away_from_the_users_cache():
    """Tests store programs in a folder of the test run."""
    assert default_folder().is_relative_to(os.environ["STRIATE_CACHE"])


def test_a_folder_open_to_others_is_not_cleared(filled):
    """Clearing a folder that others may write to is an error that says what to do."""
    filled.folder.chmod(0o777)

    with pytest.raises(CacheError) as error:
        filled.clear()

    assert str(error.value) == (
        f"Cannot empty the cache of compiled programs in {filled.folder}: other users may write to "
        "it. The folder must belong to you, and other users must not be able to write to it. "
        "Set STRIATE_CACHE to such a folder, or remove the files yourself."
    )
    assert len(files(filled)) == 1


def test_files_that_cannot_be_removed(filled, monkeypatch):
    """If a file can't be removed, the error includes the system's reason."""
    monkeypatch.setattr(Path, "unlink", refuse)

    with pytest.raises(CacheError) as error:
        filled.clear()

    assert str(error.value) == (
        f"Cannot empty the cache of compiled programs in {filled.folder}: Read-only file system. "
        "The folder must belong to you, and other users must not be able to write to it. "
        "Set STRIATE_CACHE to such a folder, or remove the files yourself."
    )
