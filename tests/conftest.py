"""Fixtures for all tests, and the two options of the suite."""

import os
import signal
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser):
    """Offer `--update-golden` and `--check-shapes`."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")
    parser.addoption(
        "--check-shapes", action="store_true", help="check the shapes in annotations while testing"
    )


def pytest_configure(config):
    """Switch the shapes in annotations on before striate is imported."""
    if config.getoption("--check-shapes"):
        from jaxtyping import install_import_hook  # noqa: PLC0415  # only when asked for

        from shape_checks import HOOKED  # noqa: PLC0415  # likewise

        install_import_hook(HOOKED, "shape_checks.check").__enter__()
        # beartype looks at random entries of containers, also where strategies make kinds.
        config.addinivalue_line("filterwarnings", "ignore:Do not use the `random` module")


@pytest.fixture(autouse=True)
def unchecked_bad_input(request):
    """Let a test marked `bad_input` past the checks, to the error that striate itself raises."""
    if not (request.config.getoption("--check-shapes") and "bad_input" in request.keywords):
        yield
        return
    from jaxtyping import config  # noqa: PLC0415  # only when asked for

    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Keep what is compiled in the tests away from the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRIATE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def interrupts():
    """Let Ctrl-C be heard by all that is started, though the tests themselves run in a background.

    A shell lets what it puts there ignore interrupts, and so would everything that this starts.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def golden(request):
    """Compare a text with its golden file: `golden("nests/convolution", text)`."""

    def compare(name, text):
        path = GOLDEN / f"{name}.txt"
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
        pytest.skip(
            f"no real data: STRIATE_DATA is not set and {folder.name} is not beside the checkout"
        )
    return folder
