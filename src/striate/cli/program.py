"""The program ``striate``: its commands, each loaded only when it is used, and its exit codes."""

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import IO, Any

import click
from rich.text import Text

from striate import __version__
from striate.cli.encoding import (
    OutputConsole,
    accept_any_text,
    discard_output,
    without_controls,
)
from striate.cli.suggestions import nearest_commands, nearest_options
from striate.cli.wording import in_words_of
from striate.errors import EngineError, StriateError, StriateWarning
from striate.files import quoted

_HYPHEN = "\u2011"  # the hyphen at which lines are not broken

OK, USER_ERROR, USAGE_ERROR, INTERRUPTED, CLOSED_PIPE, TERMINATED = 0, 1, 2, 130, 141, 143
"""Exit codes, as in click; the last two are 128 + the number of a signal, as in shells: SIGINT for
Ctrl-C, and SIGPIPE for output whose reader has left."""

# Listed here with their summaries, so that `striate --help` loads neither them nor NumPy: 0.1 s
# instead of 0.6 s.
_COMMANDS = {
    "train": "Train a network on a data set and save it.",
    "evaluate": "Measure the accuracy of a trained network.",
    "predict": "Predict the classes of pictures with a trained network.",
    "summary": "Show a network's layers, sizes and parameters.",
    "match": "Find templates in a scene.",
    "explain": "Show how a network is compiled, stage by stage.",
    "data": "List the data sets, or describe one.",
    "equation": "Show an equation of the texts, and compute it.",
    "exercise": "Solve the exercises of the texts, and check your answers.",
    "bench": "Benchmark networks on this machine against other libraries.",
    "cache": "Show or clear the cache of compiled programs.",
}

_HELP = """Train and use convolutional networks.

New here? This trains a network to read handwritten digits, in about ten seconds:

\b
  striate train digits

Then inspect the network, or use it to classify your own picture:

\b
  striate summary striate-output/digits-lenet5.safetensors
  striate predict striate-output/digits-lenet5.safetensors my-digit.png

To see a command's options: striate train --help
"""

_EPILOG = """\b
Exit codes:
  0    success
  1    an error; the message says what to do
  2    wrong usage, such as an unknown option
  130  interrupted with Ctrl-C
  141  the output was closed early, for example by head
  143  ended by SIGTERM
"""


class _Failure(click.ClickException):
    """An error that the user can do something about."""

    exit_code = USER_ERROR

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the message, on a terminal wrapped between words."""
        console = OutputConsole(file=file, stderr=True)
        text = Text.assemble(("Error: ", "bold red"), without_controls(self.message))
        console.print(text, highlight=False, soft_wrap=not console.is_terminal)


class _WrongUsage(click.ClickException):
    """An unknown command or option, or a wrong value of one.

    Written to ``sys.stderr`` itself: under an ASCII locale click would open the stream again as
    UTF-8.
    """

    exit_code = USAGE_ERROR

    def __init__(self, error: click.UsageError) -> None:
        super().__init__(error.message)
        self.error = error

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the usage line and the message."""
        self.error.show(file or sys.stderr)


class _HelpFormatter(click.HelpFormatter):
    """Wraps help without breaking names such as gradient-descent at their hyphens."""

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(text.replace("-", _HYPHEN))

    def write_dl(self, rows: Sequence[tuple[str, str]], *args: Any, **options: Any) -> None:
        """Write a list of options or commands."""
        kept = [(term, text.replace("-", _HYPHEN)) for term, text in rows]
        super().write_dl(kept, *args, **options)

    def getvalue(self) -> str:
        """Return the help."""
        return super().getvalue().replace(_HYPHEN, "-")


class _HelpContext(click.Context):
    """A context whose help is written by this module's formatter."""

    formatter_class = _HelpFormatter


class CommandGroup(click.Group):
    """The commands, loaded when they are used; errors are shown without a traceback."""

    context_class = _HelpContext

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the program."""
        accept_any_text()
        try:
            return super().main(*args, **extra)
        except BrokenPipeError:  # while an error was shown
            discard_output()
            sys.exit(CLOSED_PIPE)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """List the commands in the order in which a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Load a command."""
        if cmd_name not in _COMMANDS:
            return None
        _limit_numpy_to_one_thread()
        try:
            command: click.Command = import_module(f"striate.cli.{cmd_name}").command
        except ModuleNotFoundError as error:
            if error.name != "llvmlite":
                raise
            raise EngineError(
                f"striate {cmd_name} needs llvmlite, which is not installed. "
                "Install it with pip install llvmlite."
            ) from error
        command.context_class = _HelpContext
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the user typed, or suggest a similar one."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            near = nearest_commands(args[0], _COMMANDS)
            hint = f"Did you mean {quoted(near[0])}? " if near else ""
            raise click.UsageError(
                f"Unknown command {quoted(args[0])}. {hint}Choose from {', '.join(_COMMANDS)}.", ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """Write what each command does, without loading it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Parse the options before the command."""
        with _errors_shown(None):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            with _errors_shown(ctx), _warnings_shown(ctx):
                return super().invoke(ctx)
        except KeyboardInterrupt:
            print("\nStopped.", file=sys.stderr)  # noqa: T201  # click.echo isn't safe under ASCII
            ctx.exit(INTERRUPTED)


@contextlib.contextmanager
def _errors_shown(ctx: click.Context | None) -> Iterator[None]:
    """Turn errors that the user can do something about into messages and exit codes.

    Any other exception is a bug in striate and keeps its traceback.

    Parameters
    ----------
    ctx
        The context of the program, which holds the name of the command that runs.
    """
    try:
        yield
    except StriateError as error:
        raise _Failure(in_words_of(_running(ctx), error.message)) from error
    except click.NoSuchOption as error:
        near = " or ".join(nearest_options(error.option_name, error.ctx))
        hint = f" Did you mean {near}?" if near else ""
        message = f"Unknown option {quoted(error.option_name)}.{hint}"
        raise _WrongUsage(click.UsageError(message, error.ctx)) from error
    except click.UsageError as error:
        raise _WrongUsage(error) from error
    except BrokenPipeError:
        discard_output()
        raise click.exceptions.Exit(CLOSED_PIPE) from None
    except MemoryError as error:
        raise _Failure(_out_of_memory(error)) from error
    except RecursionError as error:
        raise _Failure(
            "The layers of this network are nested too deeply for Python's recursion limit "
            f"({sys.getrecursionlimit():,} calls). Use a network with fewer layers."
        ) from error
    except OSError as error:
        raise _Failure(_system_error(error)) from error
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        error.add_note("This is a bug in striate. Please report it with the lines above.")
        raise


def _running(ctx: click.Context | None) -> click.Command | None:
    """Return the command that runs."""
    if ctx is None or ctx.invoked_subcommand is None:
        return None
    group = ctx.command
    assert isinstance(group, click.Group)
    return group.get_command(ctx, ctx.invoked_subcommand)


def _out_of_memory(error: MemoryError) -> str:
    detail = str(error)  # NumPy's says how much was needed, and for which array
    return (
        f"Out of memory{f': {detail[0].lower()}{detail[1:]}' if detail else ''}. "
        "Use fewer or smaller images (striate train has --size), a smaller batch or a smaller "
        "network, or close other programs."
    )


def _system_error(error: OSError) -> str:
    """Name the file and the system's reason."""
    reason = error.strerror or str(error) or type(error).__name__
    names = " and ".join(str(name) for name in (error.filename, error.filename2) if name)
    return (
        f"{names}: {reason}." if names else f"The operating system reported: {reason}."
    ) + " Check that the file exists, that you have permission, and that the disk has space left."


@contextlib.contextmanager
def _warnings_shown(ctx: click.Context) -> Iterator[None]:
    """Show striate's warnings as sentences, without the line of code that issued them."""

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, StriateWarning):
            said = message.args[0] if isinstance(message, Warning) else message
            text = without_controls(in_words_of(_running(ctx), said))
            print(f"note: {text}", file=sys.stderr)  # noqa: T201  # as above
        else:
            usual(message, category, *where, **more)

    with warnings.catch_warnings():
        warnings.simplefilter("always", StriateWarning)
        usual, warnings.showwarning = warnings.showwarning, show
        yield


def _limit_numpy_to_one_thread() -> None:
    """Limit NumPy's BLAS, not yet loaded, to one thread, unless the user has set a number.

    The matrices of small networks are too small to share. LeNet-5, batches of 64: 3,700 images/s
    with one thread and with two on two idle cores, and a third of that with two while other
    programs use the cores (November 2026, AMD EPYC, NumPy 2.4 with OpenBLAS).
    """
    if "OMP_NUM_THREADS" not in os.environ:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@click.command(
    cls=CommandGroup,
    help=_HELP,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="striate %(version)s")
def main() -> None:
    """Run the program."""
