"""The history as rows, columns and a table."""

import pytest

from striate.errors import OptionError
from striate.training.history import History

ROWS = [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}]


def test_a_history_is_rows_and_columns():
    """Rows by index, columns by name; it prints as a table."""
    history = History(ROWS, best_epoch=2)

    assert len(history) == 2
    assert history["loss"] == [0.5, 0.25]
    assert history[-1] == {"epoch": 2, "loss": 0.25}
    assert list(history) == history.rows
    assert str(history) == "epoch    loss\n    1  0.5000\n    2  0.2500"
    assert str(History([])) == "no epochs"
    assert History([]).columns == []


def test_numbers_of_any_size():
    """Losses of a diverging run, and tiny ones, have a few digits and their exponent."""
    losses = [0.5, 1234.5, 99_999.99, 1.2e36, -2e7, 3e-7, 0.0, float("inf"), float("nan")]
    rows = [{"epoch": k, "loss": loss} for k, loss in enumerate(losses)]

    assert str(History(rows)).splitlines() == [
        "epoch        loss",
        "    0      0.5000",
        "    1   1234.5000",
        "    2  99999.9900",
        "    3     1.2e+36",
        "    4      -2e+07",
        "    5       3e-07",
        "    6      0.0000",
        "    7         inf",
        "    8         nan",
    ]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("los", "Unknown column 'los' of the history. Choose from epoch, loss."),
        (
            "accuracy",
            (
                "Unknown column 'accuracy' of the history. Choose from epoch, loss. "
                "An accuracy needs targets that are labels."
            ),
        ),
        (
            5,
            (
                "Row 5 of the history is out of range: it has 2, one for each epoch, counted "
                "from 0. Use history[-1] for the last."
            ),
        ),
        (
            -3,
            (
                "Row -3 of the history is out of range: it has 2, one for each epoch, counted "
                "from 0. Use history[-1] for the last."
            ),
        ),
    ],
)
def test_an_unknown_row_or_column(key, text):
    """The error lists the columns, or the number of rows."""
    with pytest.raises(OptionError) as error:
        History(ROWS)[key]

    assert str(error.value) == text
