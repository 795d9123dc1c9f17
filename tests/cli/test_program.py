"""The program: help, version, exit codes, errors without tracebacks."""

import errno
import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from striate import __version__
from striate.cli import main
from striate.functions import registry
from striate.model.presets import PRESETS

COMMANDS = (
    "train",
    "evaluate",
    "predict",
    "summary",
    "match",
    "explain",
    "data",
    "equation",
    "exercise",
    "bench",
    "cache",
)


def test_help_loads_no_numpy():
    """`striate --help` is fast: it loads neither NumPy nor any command."""
    program = (
        "import sys\n"
        "from striate.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "heavy = {'numpy', 'PIL', 'matplotlib', 'striate.cli.train'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_help_lists_commands_and_exit_codes(striate):
    """The help lists every command, the first one to try, and the exit codes."""
    result = striate("--help")

    assert result.exit_code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in result.stdout
    assert "striate train digits" in result.stdout
    assert "130  interrupted with Ctrl-C" in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_with_examples(striate, command):
    """The help of each command has examples."""
    result = striate(command, "--help")

    assert result.exit_code == 0
    assert "Examples:" in result.stdout
    assert f"\n    striate {command}" in result.stdout


def test_the_command_is_a_module():
    """`python -m striate` runs the command, and its help calls it that."""
    done = subprocess.run(
        [sys.executable, "-m", "striate", "--help"], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("Usage: python -m striate [OPTIONS] COMMAND")


def test_version():
    """`striate --version` prints the version."""
    done = subprocess.run(
        [sys.executable, "-c", "from striate.cli import main; main()", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == f"striate {__version__}\n"


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("trian", "Did you mean 'train'? "),
        ("eval", "Did you mean 'evaluate'? "),
        ("Train", "Did you mean 'train'? "),
        ("xyzzy", ""),
    ],
)
def test_unknown_command_is_a_usage_error(striate, typed, hint):
    """A command that doesn't exist exits with 2 and suggests the nearest one."""
    result = striate(typed, "digits")

    assert result.exit_code == 2
    assert result.stderr.endswith(
        f"\nError: Unknown command '{typed}'. {hint}Choose from train, evaluate, predict, summary, "
        "match, explain, data, equation, exercise, bench, cache.\n"
    )


@pytest.mark.parametrize(
    ("words", "suggested"),
    [
        (["train", "digits", "--learningrate", "1"], ["--learning-rate"]),
        (["train", "digits", "--epoch", "1"], ["--epochs"]),
        (["train", "digits", "--learning_rate", "1"], ["--learning-rate"]),
        (["train", "digits", "--model", "lenet5"], ["--net"]),
        (["evaluate", "m", "digits", "--device", "cpu"], ["--engine"]),
        (["predict", "m", "p.png", "--inverted"], ["--invert"]),
        (["predict", "m", "p.png", "--lr"], []),
        (["explain", "lenet5", "--xyzzy"], []),
        (["--versoin"], ["--version"]),
    ],
)
def test_unknown_options_bring_those_that_are_meant(striate, words, suggested):
    """Options with a similar name or the same meaning are suggested, and no others."""
    result = striate(*words)

    assert result.exit_code == 2
    message = result.stderr.splitlines()[-1]
    assert message.startswith("Error: Unknown option '--")
    assert re.findall(r"--[\w-]+", message)[1:] == suggested


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_user_errors_are_told_without_a_traceback(striate, as_json):
    """An error exits with 1: the message is on standard error, and standard output is empty."""
    result = striate("summary", "missing.safetensors", *as_json)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        "Error: missing.safetensors does not exist or is not a file; expected a model that striate "
        "saved. Check the path.\n"
    )


def test_a_missing_library_is_told_without_a_traceback():
    """Without llvmlite, a command that needs it is an error that names it."""
    program = (
        "import sys; sys.modules['llvmlite'] = None\n"
        "from striate.cli import main\n"
        "main(['explain', 'lenet5'])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    message = (
        "Error: striate explain needs llvmlite, which is not installed. "
        "Install it with pip install llvmlite.\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


MEMORY = (
    "Use fewer or smaller images (striate train has --size), a smaller batch or a smaller network, "
    "or close other programs."
)
FILES = "Check that the file exists, that you have permission, and that the disk has space left."
DEPTH = (
    "The layers of this network are nested too deeply for Python's recursion limit "
    f"({sys.getrecursionlimit():,} calls). Use a network with fewer layers."
)


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (MemoryError(), f"Out of memory. {MEMORY}"),
        (
            MemoryError("Unable to allocate 9.00 TiB for an array"),
            f"Out of memory: unable to allocate 9.00 TiB for an array. {MEMORY}",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "model.part"),
            f"model.part: No space left on device. {FILES}",
        ),
        (OSError("no reason"), f"The operating system reported: no reason. {FILES}"),
        (RecursionError(), DEPTH),
    ],
)
def test_what_any_command_can_meet(striate, monkeypatch, raised, message):
    """Out of memory, a full disk, too deep a network: a message and exit code 1 in any command."""

    def fail(*_):
        raise raised

    monkeypatch.setattr("striate.cli.data._list", fail)

    result = striate("data")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {message}\n"


def test_bugs_keep_their_traceback(striate, monkeypatch):
    """An exception that nobody expects is shown whole, with a request to report it."""

    def fail(*_):
        raise ValueError("a bug")

    monkeypatch.setattr("striate.cli.data._list", fail)

    result = striate("data")

    assert isinstance(result.exception, ValueError)
    assert result.exception.__notes__ == [
        "This is a bug in striate. Please report it with the lines above."
    ]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_word_for_word(striate, golden, command):
    """The help of each command, as a terminal of 80 columns shows it."""
    result = striate(*command.split(), "--help")

    golden(f"cli/help-{command or 'striate'}", result.stdout)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_wraps_on_narrow_terminals(command):
    """At 60 columns only tables and lines to copy, both indented, are wider."""
    result = CliRunner().invoke(main, [*command.split(), "--help"], terminal_width=60)

    lines = result.stdout.splitlines()
    assert [line for line in lines if len(line) > 60 and not line.startswith("    ")] == []


@pytest.mark.parametrize("columns", range(60, 100, 8))
def test_help_breaks_no_name(columns):
    """Names with hyphens are whole in the help, so that they can be copied."""
    result = CliRunner().invoke(main, ["train", "--help"], terminal_width=columns)

    words = set(re.findall(r"[\w-]+", result.stdout))
    names = {*registry.kinds("optimizer"), *registry.kinds("schedule"), *PRESETS} - {"hagan-8.11"}
    assert names - words == set()


def test_interrupt_exits_with_130(striate, monkeypatch):
    """Ctrl-C in a command that has nothing to save exits with 130."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("striate.cli.data._list", interrupted)

    result = striate("data")

    assert (result.exit_code, result.stderr) == (130, "\nStopped.\n")


@pytest.mark.parametrize(
    ("given", "threads"),
    [({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2"), ({"OMP_NUM_THREADS": "2"}, "None")],
)
def test_numpy_is_asked_for_one_thread_unless_the_user_says_more(given, threads):
    """NumPy's BLAS gets one thread, unless the user sets a different number."""
    program = (
        "import os; from striate.cli.program import main; main.get_command(None, 'data');"
        "print(os.environ.get('OPENBLAS_NUM_THREADS'))"
    )
    kept = {k: v for k, v in os.environ.items() if not k.endswith("NUM_THREADS")}

    found = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**kept, **given},
        check=True,
    )

    assert found.stdout.strip() == threads
