"""Fixtures for all tests, the two command-line options, and the check for orphaned golden files."""

import os
import re
import signal
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"

USERS = re.compile(r"\b(golden|message)\b")
"""The fixtures that compare golden files, of which one is in tests/data/conftest.py.

Modules without them need not be part of a run: some can only be imported if PyTorch is installed.
"""

COMPARED = pytest.StashKey[dict[str, set[Path]]]()
"""The golden files that each test of this run compared."""

EXPECTED = pytest.StashKey[set[str]]()
"""The tests that compare golden files; none if some modules aren't part of this run."""

ORPHANS = pytest.StashKey[list[Path]]()
"""The golden files that no test compared."""


def pytest_addoption(parser):
    """Add the options `--update-golden` and `--check-shapes`."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")
    parser.addoption(
        "--check-shapes", action="store_true", help="check the shapes in annotations while testing"
    )


def pytest_configure(config):
    """Enable checks of the shapes in annotations before striate is imported."""
    if config.getoption("--check-shapes"):
        from jaxtyping import install_import_hook  # noqa: PLC0415  # only when asked for

        from shape_checks import HOOKED  # noqa: PLC0415  # likewise

        install_import_hook(HOOKED, "shape_checks.check").__enter__()
        # beartype checks random entries of containers, even where strategies create kinds.
        config.addinivalue_line("filterwarnings", "ignore:Do not use the `random` module")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Note which tests compare golden files, before any are deselected."""
    modules = {path for path in TESTS.rglob("test_*.py") if USERS.search(path.read_text())}
    complete = {item.path for item in items} >= modules
    users = [item for item in items if "golden" in getattr(item, "fixturenames", ())]
    config.stash[COMPARED] = {}
    config.stash[EXPECTED] = {
        item.nodeid for item in users if complete and not item.get_closest_marker("slow")
    }


def pytest_sessionfinish(session, exitstatus):
    """Fail if golden files are left that no test compares; `--update-golden` deletes them.

    This is known only if every test that compares golden files ran and compared one. If the tests
    are spread over processes, each reports to the first one, which decides.
    """
    compared, expected = (session.config.stash.get(key, {}) for key in (COMPARED, EXPECTED))
    report = getattr(session.config, "workeroutput", None)
    if report is not None:
        report["compared"] = {test: list(map(str, paths)) for test, paths in compared.items()}
        report["expected"] = list(expected)
        return
    if exitstatus or not expected or not expected <= compared.keys():
        return
    orphans = sorted(set(GOLDEN.rglob("*.txt")) - set().union(*compared.values()))
    session.config.stash[ORPHANS] = orphans
    if session.config.getoption("--update-golden"):
        for path in orphans:
            path.unlink()
    elif orphans:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Collect what one of several processes compared, and what it expected."""
    report = getattr(node, "workeroutput", {})
    compared = node.config.stash.setdefault(COMPARED, {})
    for test, paths in report.get("compared", {}).items():
        compared[test] = set(map(Path, paths))
    node.config.stash.setdefault(EXPECTED, set()).update(report.get("expected", []))


def pytest_terminal_summary(terminalreporter, config):
    """List the orphaned golden files."""
    orphans = config.stash.get(ORPHANS, [])
    if orphans:
        deleted = config.getoption("--update-golden")
        what = "deleted" if deleted else "no test compares these; --update-golden deletes them"
        terminalreporter.section(f"orphaned golden files: {what}")
        for path in orphans:
            terminalreporter.line(str(path.relative_to(TESTS)))


@pytest.fixture(autouse=True)
def unchecked_bad_input(request):
    """Disable the checks in tests marked `bad_input`, so that striate itself raises the error."""
    if not (request.config.getoption("--check-shapes") and "bad_input" in request.keywords):
        yield
        return
    from jaxtyping import config  # noqa: PLC0415  # only when asked for

    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Use a temporary cache of compiled programs instead of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRIATE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def interrupts():
    """Enable Ctrl-C in child processes, even if the tests run in the background.

    A shell makes background processes ignore interrupts, and their children inherit this.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def golden(request):
    """Compare a text with its golden file: `golden("nests/convolution", text)`."""

    def compare(name, text):
        path = GOLDEN / f"{name}.txt"
        request.config.stash[COMPARED].setdefault(request.node.nodeid, set()).add(path)
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        assert path.exists(), f"{path.name} is missing; write it with --update-golden and read it"
        assert text + "\n" == path.read_text()

    return compare


@pytest.fixture(scope="session")
def shared_data():
    """Find the folder of real data sets, or skip."""
    named = os.environ.get("STRIATE_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data: STRIATE_DATA is not set, and there isn't a folder {folder}")
    return folder
