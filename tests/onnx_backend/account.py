"""A text report on all of ONNX's operator cases."""

import textwrap
from collections import Counter

from onnx_backend.cases import CASES


def account():
    """Count the cases that run and those that are left out, with reasons."""
    run = Counter(case.operator for case in CASES if case.left_out is None)
    left = Counter((case.operator, case.left_out) for case in CASES if case.left_out)
    whole = sorted(set(run) - {operator for operator, _ in left})
    lines = [
        f"{run.total()} operator cases of ONNX run, {left.total()} left out",
        textwrap.fill(
            "all run: " + ", ".join(f"{operator} {run[operator]}" for operator in whole),
            width=98,
            subsequent_indent="  ",
        ),
    ]
    for (operator, reason), count in sorted(left.items()):
        lines.append(f"{operator}: {run[operator]} run, {count} left out: {reason}")
    return "\n".join(lines)
