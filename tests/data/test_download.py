"""Downloads from a local server that fails in all the ways in which servers fail."""

import contextlib
import hashlib
import socketserver
import threading
from pathlib import Path

import pytest

from striate.data.catalog import KNOWN, Known, RemoteFile
from striate.data.download import cache_folder, fetch
from striate.errors import DataError, ModelFileError

CONTENT = bytes(range(256)) * 1000
OTHER = CONTENT[:-1] + b"x"
CHECKSUM = hashlib.sha256(CONTENT).hexdigest()


class Handler(socketserver.StreamRequestHandler):
    """Respond as the first folder of the address says."""

    def handle(self):
        """Respond to one request."""
        path = self.rfile.readline().split()[1].decode()
        while self.rfile.readline().strip():
            pass
        self.server.asked.append(path)
        behavior = path.split("/")[1]
        if behavior == "garbage":
            self.wfile.write(b"what?\r\n\r\n")
        elif behavior == "missing":
            self.answer(b"", status="404 Not Found")
        elif behavior == "silent":
            self.server.leave.wait(5)
        elif behavior == "stuck":
            self.answer(CONTENT[:1000], length=len(CONTENT))
            self.server.leave.wait(5)
        else:
            body = {
                "good": CONTENT,
                "short": CONTENT[:-9],
                "long": CONTENT + bytes(9),
                "other": OTHER,
                "broken": CONTENT[:1000],
            }[behavior]
            self.answer(body, length=len(CONTENT) if behavior == "broken" else len(body))

    def answer(self, body, *, status="200 OK", length=None):
        """Send a status, a length and the content."""
        size = len(body) if length is None else length
        self.wfile.write(f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n\r\n".encode() + body)


@pytest.fixture
def server(monkeypatch):
    """Serve on the loopback address; return the addresses of its folders."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        listening.asked = []
        listening.leave = threading.Event()
        listening.folder = lambda name: f"http://127.0.0.1:{listening.server_address[1]}/{name}/"
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield listening
        listening.leave.set()
        listening.shutdown()
        thread.join()


def known(*mirrors, files=("one.bin",)):
    """Describe a data set of files that all have the same content."""
    return Known(
        files=tuple(RemoteFile(name, len(CONTENT), CHECKSUM) for name in files),
        mirrors=mirrors,
        classes=("a", "b"),
        notice="",
    )


def test_files_come_whole_and_progress_is_told(server, tmp_path):
    """All files are in a new folder, and the progress ends at the total size."""
    calls = []

    fetch(
        "set",
        known(server.folder("good"), files=("one.bin", "two.bin")),
        tmp_path / "new" / "set",
        progress=lambda *call: calls.append(call),
    )

    assert (tmp_path / "new" / "set" / "one.bin").read_bytes() == CONTENT
    assert (tmp_path / "new" / "set" / "two.bin").read_bytes() == CONTENT
    counts = [count for name, count, _ in calls if name == "one.bin"]
    assert counts == sorted(counts)
    assert calls[-1] == ("two.bin", len(CONTENT), len(CONTENT))


def test_what_is_there_is_not_asked_for(server, tmp_path):
    """A file with the right name and size is kept; one of a different size is downloaded again."""
    (tmp_path / "one.bin").write_bytes(CONTENT)
    (tmp_path / "two.bin").write_bytes(b"half")

    fetch("set", known(server.folder("good"), files=("one.bin", "two.bin")), tmp_path)

    assert server.asked == ["/good/two.bin"]
    assert (tmp_path / "two.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "bad", ["missing", "short", "long", "other", "broken", "garbage", "silent", "stuck"]
)
def test_the_next_mirror_is_tried(server, tmp_path, bad):
    """If a mirror fails in any way, the next one is tried, and nothing of the first is kept."""
    mirrors = server.folder(bad), server.folder("good")

    fetch("set", known(*mirrors), tmp_path, timeout=0.2)

    assert server.asked == [f"/{bad}/one.bin", "/good/one.bin"]
    assert [path.name for path in tmp_path.iterdir()] == ["one.bin"]
    assert (tmp_path / "one.bin").read_bytes() == CONTENT


def test_all_reasons_are_given(server, tmp_path):
    """If no mirror works, the error lists their reasons, and where to put the files."""
    names = ("missing", "short", "long", "other", "silent")
    mirrors = [server.folder(name) for name in names]

    with pytest.raises(DataError) as error:
        fetch("set", known(*mirrors, files=("one.bin", "two.bin")), tmp_path, timeout=0.2)

    assert str(error.value) == (
        "set is not on this machine, and one.bin could not be downloaded ("
        f"{mirrors[0]} did not respond: HTTP Error 404: Not Found; "
        f"{mirrors[1]} sent 255991 of 256000 bytes; "
        f"{mirrors[2]} sent more than 256000 bytes; "
        f"{mirrors[3]} sent another file, with SHA-256 {hashlib.sha256(OTHER).hexdigest()}; "
        f"{mirrors[4]} did not respond: timed out). "
        f"Put its files (one.bin, two.bin) into {tmp_path}, or set STRIATE_DATA to a folder that "
        "has them in set."
    )
    assert not list(tmp_path.iterdir())


def test_a_mirror_that_does_not_exist(tmp_path):
    """A closed port is one of the reasons."""
    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as closed:
        address = f"http://127.0.0.1:{closed.server_address[1]}/"

    with pytest.raises(DataError, match=r"did not respond: .*refused"):
        fetch("set", known(address), tmp_path)


def test_a_stop_leaves_nothing_behind(server, tmp_path):
    """A download that the user stops leaves no partial file."""

    def stop(*_):
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        fetch("set", known(server.folder("good")), tmp_path, progress=stop)

    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made(tmp_path, message):
    """A file with the name of the folder is named in the error, with the remedy."""
    (tmp_path / "file").write_text("")

    with pytest.raises(DataError) as error:
        fetch("set", known("http://127.0.0.1/"), tmp_path / "file")

    message(error)


def test_a_full_disk(server, tmp_path, monkeypatch):
    """If the file cannot be written, the error says why, and no other mirror is tried."""

    def full(*_):
        raise OSError(28, "no space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ModelFileError, match="no space left on device"):
        fetch("set", known(server.folder("good"), server.folder("other")), tmp_path)

    assert server.asked == ["/good/one.bin"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("platform", "given", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/cache"}, "/cache/striate/data"),
        ("darwin", {"XDG_CACHE_HOME": "/cache"}, "/cache/striate/data"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/me/.cache/striate/data"),
        ("linux", {}, "/home/me/.cache/striate/data"),
        ("darwin", {}, "/home/me/Library/Caches/striate/data"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/striate/data"),
    ],
)
def test_the_folder_for_caches(monkeypatch, platform, given, expected):
    """Downloads go to the platform's folder for caches, or to XDG_CACHE_HOME."""
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setenv("HOME", "/home/me")
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert cache_folder() == Path(expected)


def test_no_home(monkeypatch, message):
    """Without a home folder, the error has a remedy."""

    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    with pytest.raises(DataError) as error:
        cache_folder()

    message(error)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_catalog_is_that_of_the_real_files(shared_data, name):
    """Sizes and checksums in the catalog are those of the original files."""
    for file in KNOWN[name].files:
        content = (shared_data / name / file.name).read_bytes()

        assert len(content) == file.size
        assert hashlib.sha256(content).hexdigest() == file.sha256
