"""The program itself: its commands, each loaded only when it is asked for, and its exit codes."""

import contextlib
import os
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import IO, Any

import click
from rich.console import Console
from rich.text import Text

from striate import __version__
from striate.errors import EngineError, StriateError, StriateWarning

OK, USER_ERROR, USAGE_ERROR, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: as click has them, and 128 + the number of the signal for Ctrl-C, as shells do."""

# Listed here with what they do, so that `striate --help` loads none of them, nor NumPy: 0.1 s
# instead of 0.6 s.
_COMMANDS = {
    "train": "Train a network on a data set, and save it.",
    "evaluate": "Measure how often a trained network is right.",
    "predict": "Ask a trained network what pictures show.",
    "summary": "Show the layers of a network and their sizes.",
    "explain": "Show what a network becomes on its way to machine code.",
    "data": "List the data sets, or describe one.",
    "bench": "Measure the speed of networks here, beside other libraries.",
    "cache": "Show the cache of compiled programs, or empty it.",
}

_HELP = """Convolutional networks, from training to answers.

\b
New here? This trains a network to read handwritten digits, in a minute or two:
  striate train digits
Then look at what it made, or ask it about a picture of your own:
  striate summary  striate-output/digits-lenet5.safetensors
  striate predict  striate-output/digits-lenet5.safetensors my-digit.png

Each command explains itself: striate train --help.
"""

_EPILOG = """\b
Exit codes:
  0    all went well
  1    something cannot be done; the message says what and how to mend it
  2    the command was not understood
  130  stopped with Ctrl-C
"""


class _Failure(click.ClickException):
    """What the user is told when something cannot be done."""

    exit_code = USER_ERROR

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the message, on a terminal broken between words."""
        console = Console(file=file, stderr=True)
        text = Text.assemble(("Error: ", "bold red"), self.message)
        console.print(text, soft_wrap=not console.is_terminal)


class Program(click.Group):
    """Commands that are loaded when they are first needed, and errors told without a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """List the commands in the order in which a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Load a command."""
        if cmd_name not in _COMMANDS:
            return None
        _let_numpy_use_one_thread()
        try:
            return import_module(f"striate.cli.{cmd_name}").command
        except ModuleNotFoundError as error:
            if error.name != "llvmlite":
                raise
            raise EngineError(
                f"striate {cmd_name} cannot run: llvmlite is not installed. "
                "It makes the machine code. Install it with pip install llvmlite."
            ) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """Write what each command does, without loading it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; turn what went wrong into a message and an exit code."""
        try:
            with _notices():
                return super().invoke(ctx)
        except StriateError as error:
            raise _Failure(str(error)) from error
        except KeyboardInterrupt:
            click.echo("\nStopped.", err=True)
            ctx.exit(INTERRUPTED)


@contextlib.contextmanager
def _notices() -> Iterator[None]:
    """Tell striate's notices as sentences, without the line of code that gave them."""

    def tell(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, StriateWarning):
            click.echo(f"note: {message}", err=True)
        else:
            usual(message, category, *where, **more)

    with warnings.catch_warnings():
        warnings.simplefilter("always", StriateWarning)
        usual, warnings.showwarning = warnings.showwarning, tell
        yield


def _let_numpy_use_one_thread() -> None:
    """Ask NumPy's BLAS, not yet loaded, for one thread, unless the user has asked for more.

    The matrices of small networks are too small to share. LeNet-5, batches of 64: 3,700 images/s
    with one thread and with two on two idle cores, and a third with two where others use the cores
    (November 2026, AMD EPYC, NumPy 2.4 with OpenBLAS).
    """
    if "OMP_NUM_THREADS" not in os.environ:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@click.command(
    cls=Program,
    help=_HELP,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="striate %(version)s")
def main() -> None:
    """Run the command that was asked for."""
