"""Print the report on ONNX's operator cases at the end of a test run that includes them."""

from onnx_backend.account import account


def pytest_terminal_summary(terminalreporter):
    """Add the report to the summary."""
    terminalreporter.section("ONNX operator cases")
    terminalreporter.write_line(account())
