"""Ignore the files that need PyTorch if it isn't installed; `make test-slow` installs it."""

from importlib.util import find_spec

if find_spec("torch") is None:
    collect_ignore = [
        "expected.py",
        "graphs.py",
        "make_fixtures.py",
        "networks.py",
        "reference.py",
        "test_configurations.py",
        "test_losses.py",
        "test_networks.py",
        "test_transfer.py",
        "test_optimizers.py",
    ]
