"""CSV files of picture names with numbers or classes."""

import numpy as np
import pytest
from PIL import Image

from striate.data import load, open_dataset
from striate.data.picture_table import read_table
from striate.errors import DataError, OptionError, StriateError


def draw(path, level=0, shape=(4, 4)):
    """Write a gray picture of one level, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(shape, level, np.uint8)).save(path)


@pytest.fixture
def write(tmp_path):
    """Write a table next to the pictures a.png to f.png, whose gray levels are 1 to 6."""
    for level, name in enumerate("abcdef", start=1):
        draw(tmp_path / f"{name}.png", level)

    def write(text, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def levels(dataset):
    """Return the gray levels of the training pictures."""
    return dataset.x[:, 0, 0, 0].tolist()


def test_columns_of_numbers_are_targets(write):
    """They keep their names, and `classes` is empty."""
    path = write("file,price,area\na.png,1.5,10\nb.png,2.5,20\nc.png,-1e3,30\n")

    dataset = open_dataset(path, test=0)

    assert dataset.target_names == ("price", "area")
    assert dataset.classes == ()
    assert dataset.y.dtype == np.float32
    assert dataset.y.tolist() == [[1.5, 10], [2.5, 20], [-1000, 30]]
    assert levels(dataset) == [1, 2, 3]
    assert dataset.notes == ()


def test_one_column_of_numbers_has_one_axis(write):
    """As `fit` takes them; the file column may come last."""
    (x, y), _ = load(write("price,name\n1.5,a.png\n2.5,b.png\n"), test=0)

    assert x.shape == (2, 4, 4, 1)
    assert y.tolist() == [1.5, 2.5]


@pytest.mark.parametrize(
    "text",
    [
        "file;price\na.png;1,5\nb.png;2,5\n",
        "file\tprice\na.png\t1.5\nb.png\t2.5\n",
        "sep=;\nfile;price\na.png;1,5\nb.png;2,5\n",
        '"file","price"\n"a.png","1.5"\n"b.png","2.5"\n',
        "file, price\r\n\r\na.png, 1.5\r\nb.png, 2.5\r\n",
        ",file,price\n0,a.png,1.5\n1,b.png,2.5\n",
    ],
    ids=["semicolons", "tabs", "Excel", "quotes", "blanks", "pandas"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_how_programs_write_tables(write, text, encoding):
    """Separators, quotes, blanks, byte-order marks and the row numbers of pandas are understood."""
    dataset = open_dataset(write(text, encoding=encoding), test=0)

    assert dataset.target_names == ("price",)
    assert dataset.y.tolist() == [1.5, 2.5]


def test_words_are_classes(write):
    """In the order of the words, as for folders."""
    dataset = open_dataset(write("file,kind\na.png,oak\nb.png,elm\nc.png,oak\n"), test=0)

    assert dataset.classes == ("elm", "oak")
    assert dataset.y.tolist() == [1, 0, 1]
    assert dataset.target_names == ()


def test_integers_may_be_classes_or_numbers(write):
    """A few of them from 0 or 1 upwards are classes, with a note; an option decides otherwise."""
    path = write("file,n\na.png,1\nb.png,2\nc.png,1\nd.png,2\n")

    dataset, numbers = open_dataset(path, test=0), open_dataset(path, task="regression", test=0)

    assert dataset.classes == (1, 2)
    assert "read as 2 classes" in dataset.notes[0]
    assert numbers.classes == ()
    assert numbers.y.tolist() == [1, 2, 1, 2]


@pytest.mark.parametrize("cells", ["1 1 3 3", "0 1 2 3", "-1 -1 1 1", "1 1 2.0 2"])
def test_other_integers_are_numbers(write, cells):
    """Gaps, single ones, signs and decimals are signs of numbers."""
    rows = "".join(f"{name}.png,{cell}\n" for name, cell in zip("abcd", cells.split(), strict=True))
    path = write(f"file,n\n{rows}")

    assert open_dataset(path, test=0).classes == ()
    assert len(open_dataset(path, task="classification", test=0).classes) == len({*cells.split()})


def test_columns_with_one_1_are_classes(write):
    """As Kaggle writes classes; two 1s in a row are numbers."""
    one = open_dataset(write("id,rust,scab\na.png,1,0\nb.png,0,1\nc.png,0,1\n"), test=0)
    two = open_dataset(write("id,rust,scab\na.png,1,0\nb.png,1,1\nc.png,0,1\n"), test=0)

    assert one.classes == ("rust", "scab")
    assert one.y.tolist() == [0, 1, 1]
    assert two.target_names == ("rust", "scab")


def test_pictures_may_be_in_a_folder_and_without_endings(write, tmp_path):
    """As on Kaggle: names without endings, pictures in a folder next to the table."""
    for level, name in ((40, "00a1f"), (90, "00a2")):
        draw(tmp_path / "pictures" / f"{name}.jpg", level)
    path = write("id,breed\n00a1f,beagle\n00a2,poodle\n")

    found, named = open_dataset(path, test=0), open_dataset(path, images="pictures", test=0)

    assert found.classes == named.classes == ("beagle", "poodle")
    assert found.notes == (f"The pictures were found in {tmp_path / 'pictures'}.",)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("cell", ["A.PNG", "./a.png", "C:\\data\\a.png", "/home/me/a.png"])
def test_names_from_other_machines(write, cell):
    """Case doesn't matter, and a path that isn't here is looked up by its last part."""
    dataset = open_dataset(write(f"file,price\n{cell},1.5\nb.png,2.5\n"), test=0)

    assert levels(dataset) == [1, 2]


def test_a_column_of_parts(write):
    """A column `split` assigns each row to a part."""
    path = write("file,Split,price\na.png,TRAIN,1.5\nb.png,test,2\nc.png,train,3\nd.png,val,4\n")

    dataset = open_dataset(path)

    assert dataset.y.tolist() == [1.5, 3]
    assert dataset.y_test.tolist() == [2]
    assert dataset.y_validation.tolist() == [4]
    assert [file.name for file in dataset.files] == ["a.png", "c.png"]
    assert [file.name for file in dataset.files_test] == ["b.png"]
    assert [file.name for file in dataset.files_validation] == ["d.png"]


def test_validation_rows_without_test_rows_are_the_test_set(write):
    """As for folders, with a note."""
    dataset = open_dataset(write("file,split,price\na.png,train,1.5\nb.png,valid,2\n"))

    assert dataset.y_test.tolist() == [2]
    assert len(dataset.y_validation) == 0
    assert dataset.notes == ("Without test rows, the 1 validation rows are the test set.",)


def test_without_a_header_columns_are_numbered(write):
    """A first line that names a picture is data."""
    dataset = open_dataset(write("a.png,1.5\nb.png,2.5\n"), test=0)

    assert dataset.target_names == ("column 2",)
    assert dataset.y.tolist() == [1.5, 2.5]
    assert "has no header" in dataset.notes[0]


def test_equal_rows_are_left_out(write):
    """So that no picture is in both training and test set; a note says it."""
    dataset = open_dataset(write("file,price\na.png,1.5\nb.png,2\na.png,1.5\n"), test=0)

    assert dataset.y.tolist() == [1.5, 2]
    (note,) = dataset.notes
    assert note == (
        "1 line repeats an earlier one and was left out, such as line 4, which is the same as "
        "line 2."
    )


def test_a_target_can_be_chosen(write):
    """Other columns are then ignored, whatever they hold."""
    path = write("file,price,city\na.png,1.5,Rome\nb.png,2.5,Oslo\n")

    assert open_dataset(path, targets="price", test=0).y.tolist() == [1.5, 2.5]
    assert open_dataset(path, targets="city", test=0).classes == ("Oslo", "Rome")


BAD = (
    "file,split,price\na.png,train,1.5\ngone.png,train,2\nb.png,later,2\nc.png,train,\n"
    "d.png,train,12o\ne.png,train,nan\na.png,train,3\nf.png,test,1e99\n,train,5\n"
    "f.png,train,6,7\n"
)


def test_all_problems_are_listed(write, golden):
    """With the numbers of their lines; `skip_bad` leaves these lines out."""
    path = write(BAD)

    with pytest.raises(DataError) as caught:
        open_dataset("table.csv")

    golden("data/table-problems", f"{caught.value}\n")
    dataset = read_table(path, skip_bad=True)
    assert dataset.y.tolist() == [1.5]
    assert dataset.notes == (
        "9 lines with problems were left out, such as line 3: gone.png does not exist.",
    )


ERRORS = {
    "two columns of pictures": ("left,right,y\na.png,b.png,1.5\nc.png,d.png,2\n", {}),
    "words and numbers": ("file,price,city\na.png,1.5,Rome\nb.png,2.5,Oslo\n", {}),
    "an unknown target": ("file,price\na.png,1.5\n", {"targets": "cost"}),
    "nothing to predict": ("file\na.png\nb.png\n", {}),
    "no pictures": ("x,y\n1,2\n3,4\n", {}),
    "an empty file": ("\n\n", {}),
    "not text": ("file,price\nb\0.png,1\n", {}),
    "no training rows": ("file,split,price\na.png,test,1.5\nb.png,test,2.5\n", {}),
    "words as numbers": ("file,kind\na.png,oak\nb.png,elm\n", {"task": "regression"}),
    "several columns as classes": (
        "file,p,q\na.png,1.5,2\nb.png,2,3\n",
        {"task": "classification"},
    ),
    "an unknown task": ("file,p\na.png,1.5\n", {"task": "detection"}),
    "images that aren't a folder": ("file,p\na.png,1.5\n", {"images": "nowhere"}),
    "an ending that is missing twice": ("file,p\na,1.5\nb.png,2\n", {}),
}


def test_errors(write, golden, tmp_path):
    """Each says what is wrong, what was expected, and what to do."""
    draw(tmp_path / "a.bmp")
    texts = []
    for name, (text, options) in ERRORS.items():
        write(text)
        with pytest.raises(StriateError) as caught:
            open_dataset("table.csv", **options)
        texts.append(f"{name}\n{caught.value}\n")

    golden("data/table-errors", "\n".join(texts))


def test_text_that_is_not_utf_8(write):
    """The line of the first such byte is named."""
    write("file,Größe\na.png,1\n", encoding="latin-1")

    with pytest.raises(DataError) as caught:
        open_dataset("table.csv")

    assert str(caught.value) == (
        "table.csv is not UTF-8 text: byte 0xf6 in line 1. Save it again as "
        'UTF-8 (in spreadsheets: "CSV UTF-8").'
    )


def test_options_of_tables_apply_to_tables_only():
    """Other data have no columns."""
    for options in ({"targets": "price"}, {"images": "."}, {"task": "regression"}):
        with pytest.raises(OptionError, match="applies only to CSV files"):
            open_dataset("digits", **options)


def test_unreadable_pictures_are_listed_together(write, tmp_path):
    """All pictures that can't be read are one error; with `skip_bad`, the other rows stay."""
    for k in range(8):
        draw(tmp_path / f"{k}.png", 10 * k)
    (tmp_path / "2.png").write_bytes(b"")
    (tmp_path / "5.png").write_bytes(b"text")
    path = write("file,price\n" + "".join(f"{k}.png,{k}.5\n" for k in range(8)))

    with pytest.raises(DataError) as error:
        open_dataset(path)
    data = open_dataset(path, skip_bad=True, test=0)

    assert str(error.value) == (
        f"Cannot read 2 of the 8 pictures in {tmp_path}:\n  2.png: the file is empty\n"
        "  5.png: it contains text, not a picture\nCopy or convert them again, or remove them. Use "
        "skip_bad=True to leave them out."
    )
    assert [file.name for file in data.files] == [f"{k}.png" for k in (0, 1, 3, 4, 6, 7)]
    np.testing.assert_array_equal(np.ravel(data.y), [0.5, 1.5, 3.5, 4.5, 6.5, 7.5])
    assert [path.name for path, _ in data.scan.skipped] == ["2.png", "5.png"]
