"""The history as rows, columns and a table."""

import pytest

from striate.errors import DataError, OptionError
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


def test_a_history_is_described_in_one_line():
    """What a session shows after `fit` without a variable: epochs, and the last scores."""
    rows = [
        {"epoch": k, "loss": 0.5 / k, "accuracy": 0.75, "learning_rate": 0.1, "seconds": 1.0}
        for k in (1, 2)
    ]

    assert repr(History(rows)) == "<History: 2 epochs; last: loss 0.2500, accuracy 0.7500>"
    assert repr(History(rows[:1], best_epoch=1, stopped_early=True)) == (
        "<History: 1 epoch, stopped early, best in epoch 1; last: loss 0.5000, accuracy 0.7500>"
    )
    assert repr(History([])) == "<History: no epochs>"


def test_learning_rates_keep_their_digits():
    """A rate of 0.00003 is not rounded to four decimals."""
    rows = [{"epoch": 1, "learning_rate": 0.001}, {"epoch": 2, "learning_rate": 0.00003}]

    assert str(History(rows)).split() == [
        "epoch", "learning_rate", "1", "0.001", "2", "3e-05",
    ]  # fmt: skip


def test_a_history_is_plotted():
    """It draws into the given axes, with the validation images."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    _, axes = pyplot.subplots()
    rows = [{"epoch": k, "loss": 0.5, "validation_loss": 0.6, "learning_rate": 0.1} for k in (1, 2)]
    drawn = History(rows).plot(ax=axes)

    assert drawn is axes
    assert {line.get_label() for line in axes.lines} == {"training", "validation"}
    assert History(rows).plot("learning_rate").get_title("left") == "Learning rate"
    pyplot.close("all")


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


def test_a_csv_file_keeps_every_digit(tmp_path):
    """Rows survive a round trip exactly; a later run replaces the file."""
    rows = [{"epoch": 1, "loss": 0.1 + 0.2, "seconds": 2.0}, {"epoch": 2, "loss": 1e-30}]
    rows[1]["seconds"] = float("inf")
    path = History(ROWS).to_csv(tmp_path / "run.csv")

    assert History(rows).to_csv(path) == path

    assert path.read_text().splitlines()[0] == "epoch,loss,seconds"
    assert History.from_csv(path).rows == rows
    assert all(isinstance(row["epoch"], int) for row in History.from_csv(path))


def test_a_history_without_epochs_is_a_csv_file_without_rows(tmp_path):
    """Reading it gives a history without epochs."""
    path = History([]).to_csv(tmp_path / "run.csv")

    assert len(History.from_csv(path)) == 0


def test_several_runs_in_one_csv_file(tmp_path):
    """Runs are told apart by the named columns; columns with words are not scores."""
    path = tmp_path / "runs.csv"
    path.write_text(
        "net,seed,epoch,loss,remark\nb,0,1,0.5,\na,0,1,0.75,first\nb,0,2,0.25,\n\nb,1,1,1,x\n"
    )

    runs = History.runs_from_csv(path, by=("net", "seed"))

    assert list(runs) == [("b", "0"), ("a", "0"), ("b", "1")]
    assert runs["b", "0"].rows == [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            b"epoch,loss\n1,0.5\n1,0.75\n",
            (
                "FILE has two rows for epoch 1 of the same run (line 3). If the file has several "
                "runs, name the columns that tell them apart: "
                'History.runs_from_csv(path, by="seed").'
            ),
        ),
        (
            b"step,loss\n1,0.5\n",
            (
                "FILE has no column 'epoch', only step, loss. Give the CSV file of a training run, "
                "and the names of its columns."
            ),
        ),
        (
            b"",
            (
                "FILE has no column 'epoch', only none. Give the CSV file of a training run, "
                "and the names of its columns."
            ),
        ),
        (
            b"epoch,loss\n1,0.5\n2\n",
            (
                "Line 3 of FILE has 1 cells; expected 2, one for each column. Complete the line or "
                "remove it."
            ),
        ),
        (
            b"epoch,loss\n1,0.5\n,0.25\n",
            (
                "Line 3 of FILE has \"\" in the column 'epoch'; expected the number of an epoch. "
                "Correct the line or remove it."
            ),
        ),
        *(
            (
                f"epoch,loss\n1,0.5\n{epoch},0.25\n".encode(),
                (
                    f"Line 3 of FILE has \"{epoch}\" in the column 'epoch'; expected the number of "
                    "an epoch. Correct the line or remove it."
                ),
            )
            for epoch in ("nan", "inf", "-1", "1.5", "one")
        ),
        (
            b"epoch,loss,loss\n1,0.5,0.25\n",
            "FILE has two columns 'loss'. Rename one of them, or remove it.",
        ),
        (
            b'epoch,loss\n1,"0.5\n',
            (
                "FILE is not a CSV file: unexpected end of data. Give a CSV file that "
                "History.to_csv wrote."
            ),
        ),
        (
            b"epoch,loss\n1," + 200_000 * b"1",
            (
                "FILE is not a CSV file: field larger than field limit (131072). Give a CSV file "
                "that History.to_csv wrote."
            ),
        ),
        (
            b"\xff\xfe",
            "FILE is not a text file in UTF-8. Give a CSV file that History.to_csv wrote.",
        ),
        (None, "Cannot read FILE: no such file or directory. Check the path and its permissions."),
    ],
)
def test_a_csv_file_that_is_not_a_history(tmp_path, content, text):
    """The error names the file and the line."""
    path = tmp_path / "run.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError) as error:
        History.from_csv(path)

    assert str(error.value).replace(str(path), "FILE") == text


def test_line_ends_and_epochs_of_other_programs(tmp_path):
    """Lines may end as on any system, and an epoch may be written as 2.0."""
    path = tmp_path / "run.csv"
    for end in ("\n", "\r\n", "\r"):
        path.write_bytes(end.join(["epoch,loss", "1.0,0.5", "2.0,0.25", ""]).encode())
        rows = History.from_csv(path).rows
        assert rows == [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}]
        assert all(isinstance(row["epoch"], int) for row in rows)


def test_rows_with_other_columns_are_not_written(tmp_path):
    """The error names the epoch and both lists of columns."""
    with pytest.raises(DataError) as error:
        History([{"epoch": 1}, {"epoch": 2, "loss": 0.5}]).to_csv(tmp_path / "run.csv")

    assert str(error.value) == (
        "Epoch 2 has the columns epoch, loss; expected those of the first row, epoch. Give each "
        "row a number for each column."
    )
    assert not (tmp_path / "run.csv").exists()


@pytest.mark.parametrize("by", [None, 3])
def test_names_of_runs(tmp_path, by):
    """What isn't a name or a list of names is an error."""
    with pytest.raises(
        OptionError, match=f"`by` must be the name of a column or several, got {by}"
    ):
        History.runs_from_csv(tmp_path / "run.csv", by=by)
