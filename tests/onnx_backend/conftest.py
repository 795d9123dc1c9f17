"""Print what became of ONNX's operator cases at the end of a run that held them."""

from onnx_backend.account import account


def pytest_terminal_summary(terminalreporter):
    """Add the account to the summary."""
    terminalreporter.section("ONNX operator cases")
    terminalreporter.write_line(account())
