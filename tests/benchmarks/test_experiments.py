"""The two programs that train networks over seeds: tables, resuming, and data that is absent."""

import csv
import importlib
import itertools
import sys
from pathlib import Path

import pytest

from striate.errors import DataError, OptionError, StriateError
from striate.training import History

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def experiments(monkeypatch):
    """Return the module that both programs share."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("experiments")


@pytest.fixture
def convergence(experiments):  # noqa: ARG001  # makes the folder known
    """Return the program for Wolter's figure of the mean convergence."""
    return importlib.import_module("convergence")


@pytest.fixture
def comparison(experiments):  # noqa: ARG001  # makes the folder known
    """Return the program for networks with and without convolution."""
    return importlib.import_module("with_and_without_convolution")


def run(program, monkeypatch, *words):
    """Call a program as the command line would."""
    monkeypatch.setattr(sys, "argv", ["program", *map(str, words)])
    program.main()


def rows_of(path):
    """Read a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_convergence_of_a_small_network(convergence, monkeypatch, tmp_path, capsys):
    """Every epoch has a row; more seeds continue after those that are finished."""
    pytest.importorskip("matplotlib")
    path, picture = tmp_path / "runs.csv", tmp_path / "runs.png"
    words = ["--data", "digits", "--net", "hagan-8.11", "--epochs", 2, "--csv", path]
    run(convergence, monkeypatch, *words, "--seeds", 1)
    first = rows_of(path)
    path.write_text(path.read_text().replace(first[0]["loss"], "0.125"))  # to see that it is kept
    capsys.readouterr()

    run(convergence, monkeypatch, *words, "--seeds", 2, "--picture", picture)

    rows, printed = rows_of(path), capsys.readouterr().out
    assert [(row["seed"], row["epoch"]) for row in rows] == [
        ("0", "1"),
        ("0", "2"),
        ("1", "1"),
        ("1", "2"),
    ]
    assert rows[0]["loss"] == "0.125"
    assert rows[1] == first[1]
    assert rows[2]["validation_accuracy"] != rows[0]["validation_accuracy"]
    assert float(rows[2]["loss"]) > float(rows[3]["loss"])
    assert {row["learning_rate"] for row in rows} == {"0.01"}
    mean = sum(100 * float(rows[k]["validation_accuracy"]) for k in (1, 3)) / 2
    assert f"{mean:.2f} ± " in printed
    assert len(History.runs_from_csv(path, by=("network", "seed"))) == 2
    assert picture.stat().st_size > 0


def test_with_and_without_convolution(comparison, monkeypatch, tmp_path, capsys):
    """Each family is trained at each size; a stopped command trains only what is missing."""
    path = tmp_path / "runs.csv"
    words = ["--data", "digits", "--images", 200, "--sizes", 3, "--epochs", 1, "--csv", path]
    words += ["--rates", 0.003, 1e-9]  # the second one can't be better
    families = dict(
        itertools.islice(comparison.FAMILIES.items(), 2)
    )  # the deep one compiles slowly
    monkeypatch.setattr(comparison, "FAMILIES", families)
    run(comparison, monkeypatch, *words, "--seeds", 2)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-2]))  # as if it had been stopped in the second seed
    trained = []
    train = comparison.train
    monkeypatch.setattr(
        comparison,
        "train",
        lambda text, *given, **named: trained.append(text) or train(text, *given, **named),
    )
    capsys.readouterr()

    run(comparison, monkeypatch, *words, "--seeds", 2)

    rows, printed = rows_of(path), capsys.readouterr().out
    assert trained == [rows[-2]["network"], rows[-1]["network"]]
    assert [(row["family"], row["seed"], row["learning_rate"]) for row in rows] == [
        *itertools.product(families, "0", ("0.003", "1e-09")),
        *itertools.product(families, "1", ("0.003",)),
    ]
    for row in rows:
        net = comparison.st.Network.parse(row["network"], (28, 28, 1))
        assert int(row["parameters"]) == net.parameter_count
        assert int(row["multiply_adds"]) == net.summary().multiply_adds
        assert f"{row['family']:<26}{int(row['parameters']):>11,}" in printed
    same = [{**row, "seconds": "", "processor_seconds": ""} for row in rows]
    before = [
        {**row, "seconds": "", "processor_seconds": ""} for row in csv.DictReader(iter(lines))
    ]
    assert same == before  # trained again, with the same accuracies


@pytest.mark.parametrize("size", [10**4, 10**5, 10**6.5])
def test_the_closest_number_of_parameters(comparison, size):
    """No other width comes closer to the size, in ratio."""
    shape = (32, 32, 3)
    for family in comparison.FAMILIES.values():
        text = comparison.closest(family, size, shape)
        count = comparison.parameter_count(text, shape)

        ratio = max(count / size, size / count)
        for width in range(1, 1000):
            other = comparison.parameter_count(family(width), shape)
            assert max(other / size, size / other) >= ratio
            if other > 2 * size:
                break


def test_depths(comparison):
    """The families are named by the number of their layers with weights."""
    for name, family in comparison.FAMILIES.items():
        layers = family(4).split(" | ")
        assert sum(one.startswith(("conv", "dense")) for one in layers) == int(name.split()[-1])
        assert any(one.startswith("conv") for one in layers) == name.startswith("conv")


def test_the_first_images_of_each_class(comparison):
    """They keep the order of the file; a class with too few images is an error."""
    y = comparison.np.array([1, 0, 1, 1, 0, 0])
    x = 10 * comparison.np.arange(6)

    images, labels = comparison.first_of_each_class(x, y, 4, 2)

    assert images.tolist() == [0, 10, 20, 40]
    assert labels.tolist() == [1, 0, 1, 0]
    with pytest.raises(OptionError) as error:
        comparison.first_of_each_class(x, y, 8, 2)
    assert str(error.value) == (
        "--images 8 needs 4 images of each class, but one class has 3. Use --images 6 or fewer, "
        "and at least 10."
    )


@pytest.mark.parametrize("name", ["convergence", "comparison"])
def test_other_settings(request, name, monkeypatch, tmp_path):
    """Rows with different settings never get into one file."""
    program, path = request.getfixturevalue(name), tmp_path / "runs.csv"
    path.write_text(",".join((*program.COLUMNS, "settings")) + "\n" + "," * len(program.COLUMNS))
    words = ["--data", "digits", *(["--images", 200] if name == "comparison" else [])]

    with pytest.raises(OptionError) as error:
        run(program, monkeypatch, *words, "--csv", path, "--epochs", 1)

    assert str(error.value).startswith(f'{path} has runs with other settings: ""; these are "digi')
    assert str(error.value).endswith("Choose another file with --csv, or remove it.")


@pytest.mark.parametrize("name", ["convergence", "comparison"])
def test_absent_data(request, name, experiments, monkeypatch, tmp_path):
    """Nothing is downloaded; the error says where the files are expected."""
    program = request.getfixturevalue(name)
    monkeypatch.delenv("STRIATE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(experiments, "BESIDE", tmp_path / "nothing")

    with pytest.raises(DataError) as error:
        run(program, monkeypatch, "--data", "mnist", "--csv", tmp_path / "runs.csv")

    assert "mnist is not on this machine, and downloading is disabled. Put its " in str(error.value)
    assert str(error.value).endswith("To download it, run: striate data mnist")
    assert not (tmp_path / "runs.csv").exists()


def test_a_file_that_is_not_a_table_of_runs(experiments, tmp_path):
    """The error names the columns that it has and those that are expected."""
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")

    with pytest.raises(OptionError) as error:
        experiments.RunTable(path, ("seed", "epoch"), "any")

    assert str(error.value) == (
        f"{path} has the columns a, b; expected seed, epoch, settings. Choose another file with "
        "--csv, or remove it."
    )


HEADER = "seed,epoch,settings\n"
DAMAGED = {
    "nothing": ("", "{path} has the columns none; expected seed, epoch, settings."),
    "another encoding": (
        HEADER.encode() + b"0,\xe9,any\n",
        "Cannot read {path}: it isn't a CSV file in UTF-8.",
    ),
    "a quote without an end": (
        HEADER + '0,"1,any\n',
        "Cannot read {path}: it isn't a CSV file in UTF-8.",
    ),
    "a very long cell": (
        HEADER + f"0,{'1' * 200_000},any\n",
        "Cannot read {path}: it isn't a CSV file in UTF-8.",
    ),
    "a line that is too short": (
        HEADER + "0,1,any\n1,1",
        "Line 3 of {path} has 2 cells; expected 3, one for each column.",
    ),
    "a line that is too long": (
        HEADER + "0,1,any,more\n",
        "Line 2 of {path} has 4 cells; expected 3, one for each column.",
    ),
    "a word": (
        HEADER + "0,one,any\n",
        "Line 2 of {path} has 'one' in the column 'epoch'; expected a finite number.",
    ),
    "not a number": (
        HEADER + "0,nan,any\n",
        "Line 2 of {path} has 'nan' in the column 'epoch'; expected a finite number.",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files(experiments, name, tmp_path):
    """The error names the line, and the file stays as it is."""
    content, message = DAMAGED[name]
    path = tmp_path / "runs.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = path.read_bytes()

    with pytest.raises(OptionError) as error:
        experiments.RunTable(path, ("seed", "epoch"), "any")

    assert str(error.value).startswith(message.format(path=path))
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_written(experiments, tmp_path):
    """It is an error before the first training, not after it."""
    with pytest.raises(StriateError, match="Create the folder first"):
        experiments.RunTable(tmp_path / "missing" / "runs.csv", ("seed", "epoch"), "any")
    with pytest.raises(StriateError, match="is a directory"):
        experiments.RunTable(tmp_path, ("seed", "epoch"), "any")


def test_an_unfinished_run(convergence, monkeypatch, tmp_path):
    """A run of which an epoch was deleted isn't taken for a finished one."""
    path = tmp_path / "runs.csv"
    words = ["--data", "digits", "--net", "hagan-8.11", "--epochs", 2, "--csv", path]
    run(convergence, monkeypatch, *words, "--seeds", 1)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))

    with pytest.raises(OptionError) as error:
        run(convergence, monkeypatch, *words, "--seeds", 1)

    assert str(error.value) == (
        f"{path} has an unfinished run of hagan-8.11, seed 0, with the epochs 1; expected 1 to 2. "
        "Remove these lines, to train it again."
    )


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("convergence", ("--seeds", 0), "--seeds: must be a positive integer, got '0'"),
        ("convergence", ("--epochs", "ten"), "--epochs: must be a positive integer, got 'ten'"),
        ("convergence", ("--picture", "a.gif"), "--picture must end in .png, .svg, .pdf"),
        ("comparison", ("--images", -5), "--images: must be a positive integer, got '-5'"),
        ("comparison", ("--sizes", "nan"), "--sizes: must be a number from 1 to 9, got 'nan'"),
    ],
)
def test_arguments_that_are_not_valid(request, name, words, message, monkeypatch, capsys):
    """They end the program before it reads data."""
    with pytest.raises(SystemExit):
        run(request.getfixturevalue(name), monkeypatch, *words)

    assert message in capsys.readouterr().err


def test_an_interrupt(experiments):
    """It ends a program with a message, not with a traceback."""

    def main():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit, match="The same command continues"):
        experiments.call(main)


def test_the_committed_results(convergence, comparison):
    """They are what the commands write, for networks that still have these sizes."""
    curves = rows_of(comparison.ROOT / "examples/networks/convergence.csv")
    networks = rows_of(comparison.DEFAULT)

    assert tuple(curves[0]) == (*convergence.COLUMNS, "settings")
    assert tuple(networks[0]) == (*comparison.COLUMNS, "settings")
    assert (
        len({row["settings"] for row in curves}) == len({row["settings"] for row in networks}) == 1
    )
    for text, parameters in {(row["network"], row["parameters"]) for row in networks}:
        assert comparison.parameter_count(text, (32, 32, 3)) == int(parameters)
    families = comparison.FAMILIES.values()
    texts = [
        comparison.closest(family, 10**size, (32, 32, 3))
        for size in (4, 5, 6)
        for family in families
    ]
    assert {row["network"] for row in networks} >= set(texts)
