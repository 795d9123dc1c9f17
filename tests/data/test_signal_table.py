"""CSV files with a signal in each row."""

import numpy as np
import pytest

from striate.data import load, open_dataset
from striate.data.signal_table import read_signals
from striate.errors import DataError, OptionError, StriateError

rng = np.random.default_rng(0)
SIGNALS = rng.normal(size=(12, 9)).round(3).astype(np.float32)
LABELS = np.arange(12) % 3 + 1


def text(labels=LABELS, signals=SIGNALS, *, separator=",", header="", last=False):
    """Write a table, with the label in the first or the last column."""
    lines = [header] if header else []
    for label, signal in zip(labels, signals, strict=True):
        cells = [f"{value:g}" for value in signal]
        lines.append(separator.join([*cells, str(label)] if last else [str(label), *cells]))
    return "\n".join(lines) + "\n"


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Write a table, and open it without holding anything out."""
    monkeypatch.chdir(tmp_path)

    def opened(content, name="signals.csv", **options):
        (tmp_path / name).write_text(content)
        return open_dataset(name, test=0, **options)

    return opened


NAMES = ",".join(f"t{k}" for k in range(9))


@pytest.mark.parametrize(
    ("content", "classes"),
    [
        (text(header=f"label,{NAMES}"), (1, 2, 3)),
        (text(header=f"{NAMES},class", last=True), (1, 2, 3)),
        (text(separator="\t"), (1, 2, 3)),
        (text(labels=[f"{k}.0000" for k in LABELS], last=True), (1, 2, 3)),
        (text(labels=[f"c{k}" for k in LABELS], header=f"kind,{NAMES}"), ("c1", "c2", "c3")),
        (text(labels=[f"c{k}" for k in LABELS]), ("c1", "c2", "c3")),
        (text(header=",".join(map(str, range(10)))), (1, 2, 3)),
        (text(header="sep=;\n", separator=";"), (1, 2, 3)),
    ],
    ids=["header", "last", "UCR", "floats", "words", "no header", "pandas", "Excel"],
)
def test_rows_are_signals(opened, content, classes):
    """With the label in the first or last column, with and without a header."""
    dataset = opened(content)

    assert dataset.x.shape == (12, 9, 1)
    assert dataset.x.dtype == np.float32
    np.testing.assert_allclose(dataset.x[..., 0], SIGNALS)
    assert dataset.classes == classes
    assert dataset.y.tolist() == (LABELS - 1).tolist()


def test_numbers_to_predict(opened):
    """A column of other numbers is a target with a name; an option decides for integers."""
    numbers = opened(text(labels=LABELS + 0.5, header=f"y,{NAMES}"))
    counts = opened(text(header=f"y,{NAMES}"), task="regression")
    chosen = opened(text(labels=LABELS + 0.5, header=f"age,{NAMES}"), targets="age")

    assert numbers.target_names == ("y",)
    assert numbers.y.tolist() == (LABELS + 0.5).tolist() == chosen.y.tolist()
    assert counts.y.tolist() == LABELS.tolist()
    assert chosen.target_names == ("age",)


def test_several_numbers_to_predict(opened):
    """In the order of the option; the other columns are samples."""
    numbers = np.column_stack([1e5 + LABELS / 2, -LABELS])
    content = "load,rpm," + text(signals=np.column_stack([numbers[:, 1], SIGNALS]),
                                 labels=numbers[:, 0], header=NAMES)  # fmt: skip

    dataset = opened(content, targets=["rpm", "load"])

    assert dataset.target_names == ("rpm", "load")
    assert dataset.y.tolist() == numbers[:, ::-1].tolist()
    np.testing.assert_allclose(dataset.x[..., 0], SIGNALS)
    assert dataset.classes == ()

    lines = content.splitlines()
    lines[2] = "n/a" + lines[2][lines[2].index(",") :]
    with pytest.raises(DataError, match="line 3: load is 'n/a'; expected a number"):
        opened("\n".join(lines), targets=["rpm", "load"])
    skipped = opened("\n".join(lines), targets=["rpm", "load"], skip_bad=True)
    assert len(skipped.x) == 11


def test_several_targets_need_numbers(opened):
    """And are found by their names; the error lists those that aren't there."""
    content = text(labels=[f"{name},3" for name in ["up", "down"] * 6], header=f"state,rpm,{NAMES}")
    for targets, expected in (
        (["state", "rpm"], "but 'state' holds words. Choose one column, such as"),
        (["state", "rmp"], '^targets="rmp" must be one of the columns'),
    ):
        with pytest.raises(OptionError, match=expected):
            opened(content, targets=targets)
    with pytest.raises(OptionError, match="needs one column of classes, got 'label', 't0'"):
        opened(text(header=f"label,{NAMES},t9", signals=np.column_stack([SIGNALS, LABELS])),
               targets=["label", "t0"], task="classification")  # fmt: skip


def test_decimal_commas(opened):
    """Where cells are separated by semicolons."""
    content = text(separator=";", header=f"label;{NAMES.replace(',', ';')}").replace(".", ",")

    np.testing.assert_allclose(opened(content).x[..., 0], SIGNALS)


def test_parts_in_a_column(tmp_path):
    """A column `split`, as for pictures."""
    parts = ["train"] * 6 + ["test"] * 3 + ["validation"] * 3
    rows = text(labels=[f"{part},{k}" for part, k in zip(parts, LABELS, strict=True)])
    (tmp_path / "signals.csv").write_text(f"split,label,{NAMES}\n{rows}")

    dataset = open_dataset(tmp_path / "signals.csv")

    assert (len(dataset.x), len(dataset.x_test), len(dataset.x_validation)) == (6, 3, 3)


def test_a_test_file(tmp_path):
    """`X_TEST.tsv` next to `X_TRAIN.tsv` is the test set."""
    for part in ("TRAIN", "TEST"):
        (tmp_path / f"Gun_{part}.tsv").write_text(text(separator="\t"))

    (x, y), (x_test, y_test) = load(tmp_path / "Gun_TRAIN.tsv")

    assert np.array_equal(x, x_test)
    assert np.array_equal(y, y_test)


def test_pixels_are_images(opened):
    """Kaggle's digits, and MNIST as a CSV file."""
    pixels = np.arange(12 * 9).reshape(12, 9) % 256
    kaggle = ",".join(f"pixel{k}" for k in range(9))
    grid = ",".join(f"{row}x{column}" for row in (1, 2, 3) for column in (1, 2, 3))

    for names in (kaggle, grid):
        dataset = opened(text(signals=pixels, header=f"label,{names}"))

        assert dataset.x.dtype == np.uint8
        assert np.array_equal(dataset.x, pixels.reshape(12, 3, 3, 1))


ERRORS = {
    "few columns": ("label,a,b\n1,2,3\n2,3,4\n", {}),
    "no label": (text(labels=SIGNALS[:, 0]), {}),
    "two labels": (text(signals=np.column_stack([SIGNALS[:, :8], LABELS])), {}),
    "words": (text(labels=[f"a,b{k}" for k in LABELS], header=f"label,city,{NAMES}"), {}),
    "an unknown target": (text(header=f"label,{NAMES}"), {"targets": "age"}),
    "words as numbers": (
        text(labels=["up", "down"] * 6, header=f"label,{NAMES}"),
        {"task": "regression"},
    ),
    "problems": (
        text(header=f"label,{NAMES}")
        + "1,1,2,3,x,5,6,7,8,9\n1,2,3\n,1,2,3,4,5,6,7,8,9\n1,1,2,3,,5,6,7,8,9\n"
        "2,1,2,3,nan,5,6,7,8,9\n",
        {},
    ),
}


def test_errors(opened, golden):
    """Each says what is wrong, what was expected, and what to do."""
    texts = []
    for name, (content, options) in ERRORS.items():
        with pytest.raises(StriateError) as caught:
            opened(content, **options)
        texts.append(f"{name}\n{caught.value}\n")

    golden("data/signal-errors", "\n".join(texts))


def test_bad_rows_can_be_skipped(tmp_path):
    """With a note."""
    path = tmp_path / "signals.csv"
    path.write_text(ERRORS["problems"][0])

    dataset = read_signals(path, skip_bad=True)

    assert len(dataset.x) == 12
    assert dataset.notes == (
        "5 lines with problems were left out, such as line 14: t3 is 'x'; expected a number.",
    )
