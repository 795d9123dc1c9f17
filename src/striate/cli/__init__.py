"""The command ``striate``: train, evaluate, predict, summary and data at the terminal."""

from striate.cli.program import main as main
