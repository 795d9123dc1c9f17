"""Writes docs/reference/command.md: the help of `striate` and of each of its commands."""

import click
from click.testing import CliRunner

from striate.cli import main

_INTRODUCTION = """# The command

`striate` and its commands, each with its help as the terminal shows it (`striate train --help`)."""


def command_page() -> str:
    """Write the page."""
    context = click.Context(main)
    names = main.list_commands(context)
    parts = [_INTRODUCTION, _help()]
    for name in names:
        parts += [f"## striate {name}", _help(name)]
    return "\n\n".join(parts) + "\n"


def _help(*command: str) -> str:
    """Run a command with `--help`, and show its output."""
    result = CliRunner().invoke(main, [*command, "--help"], prog_name="striate", terminal_width=80)
    assert result.exit_code == 0, result.output
    return f"```text\n{result.output.rstrip()}\n```"
