"""The pictures: their content and their files."""

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from striate import Network
from striate.errors import DataError, ExtraError, ModelFileError, OptionError, TrainingError
from striate.model.scoring import Evaluation
from striate.pictures import confusion, kernels, learning_curve, mistakes, save, save_all
from striate.pictures.kernels import layers_with_kernels
from striate.training.history import History

ROWS = [
    {
        "epoch": k,
        "loss": 1 / k,
        "accuracy": 1 - 0.3 / k,
        "validation_loss": 1.2 / k,
        "validation_accuracy": 1 - 0.4 / k,
        "seconds": 1.0,
    }
    for k in range(1, 6)
]


def texts(axes):
    """Collect the texts in a panel."""
    return [text.get_text() for text in axes.texts]


def all_texts(figure):
    """Collect every text of a figure after layout."""
    figure.draw_without_rendering()
    found = [figure.get_suptitle()]
    for axes in figure.axes:
        found += [axes.get_title(), axes.get_title("left"), axes.get_xlabel(), *texts(axes)]
    return found


def has_empty_edge(figure, path):
    """Return whether the outermost pixels of a figure are white: nothing is cut off there."""
    save(figure, path)
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("L"))
    edge = 5
    inner = np.zeros_like(pixels, bool)
    inner[edge:-edge, edge:-edge] = True
    return bool((pixels[~inner] == 255).all())


def evaluation(counts, classes=()):
    """Make an evaluation with a confusion matrix."""
    counts = np.array(counts)
    right = np.trace(counts) / counts.sum()
    return Evaluation(
        loss=0.5, images=int(counts.sum()), accuracy=right, confusion=counts, classes=classes
    )


def test_learning_curve_shows_every_epoch_of_both_parts():
    """Loss and accuracy in percent are plotted over epochs, for training and validation."""
    figure = learning_curve(History(ROWS, best_epoch=4))

    losses, accuracies = figure.axes
    assert [line.get_label() for line in losses.lines] == ["training", "validation", "best epoch"]
    assert losses.lines[0].get_xydata().tolist() == [[row["epoch"], row["loss"]] for row in ROWS]
    assert accuracies.lines[1].get_ydata() == pytest.approx(
        [100 * row["validation_accuracy"] for row in ROWS], rel=1e-15
    )


def test_learning_curve_of_numbers_has_one_panel():
    """Without classes there is one panel, for the loss."""
    figure = learning_curve(History([{"epoch": 1, "loss": 0.5, "seconds": 1.0}]))

    assert len(figure.axes) == 1


def test_learning_curve_needs_an_epoch():
    """A history without epochs is an error."""
    with pytest.raises(TrainingError) as error:
        learning_curve(History([]))

    assert str(error.value) == (
        "A learning curve needs at least one epoch, but the history is empty. "
        "Train first: history = net.fit(x, y)."
    )


def test_confusion_has_every_count_and_recall():
    """Each cell has its count, each row its recall, and the title has the accuracy."""
    figure = confusion(evaluation([[8, 2], [0, 10]], ("square", "diamond")))

    (axes,) = figure.axes
    assert texts(axes) == ["8", "2", "·", "10", "80.0 %", "100.0 %", "recall"]
    assert figure.get_suptitle() == "Accuracy 90.0 %: 18 of 20 correct"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["square", "diamond"]


def test_confusion_of_many_classes_has_colors_alone():
    """Cells of a hundred classes are too small for numbers."""
    figure = confusion(evaluation(np.eye(100, dtype=int)))

    assert texts(figure.axes[0]) == []


def test_confusion_needs_labels():
    """An evaluation of numbers has no confusion matrix."""
    with pytest.raises(DataError) as error:
        confusion(Evaluation(loss=0.5, images=3))

    assert str(error.value) == (
        "The evaluation has no confusion matrix, because the targets are not class labels. "
        "Evaluate a classifier with integers or names as labels."
    )


def test_kernels_are_drawn_with_one_scale_about_zero():
    """Each kernel is an image; all have the same limits, and zero is the middle of the colors."""
    net = Network.preset("lenet5")

    figure = kernels(net)

    w = net.parameters["conv1.weight"]
    images = [axes.images[0] for axes in figure.axes[:6]]
    for h, image in enumerate(images):
        np.testing.assert_array_equal(image.get_array(), w[h, 0])
        assert image.get_clim() == (-np.abs(w).max(), np.abs(w).max())


def test_kernels_of_color_images_are_in_color():
    """A kernel of three input maps is a color image in which zero is gray."""
    net = Network.parse("conv 2@3x3 relu | dense 2 softmax", (8, 8, 3))
    net.parameters["conv1.weight"][:] = 0
    net.parameters["conv1.weight"][0, 0, 0, 0] = 2

    figure = kernels(net)

    shown = np.asarray(figure.axes[0].images[0].get_array())
    assert shown[0, 0].tolist() == [1.0, 0.5, 0.5]
    assert (shown[1:] == 0.5).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("weights", [0.0, np.nan, np.inf, -3e38])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_kernels_of_any_weights(weights, channels, tmp_path):
    """Weights that are zero, not finite or huge can be drawn: a failed training has some."""
    net = Network.parse("conv 2@3x3 relu | dense 2 softmax", (8, 8, channels))
    net.parameters["conv1.weight"][:] = weights
    net.parameters["conv1.weight"][0, 0, 0, 0] = 1

    assert save(kernels(net), tmp_path / "kernels.png").is_file()


def test_kernels_need_a_convolution():
    """A layer without kernels is an error that lists the layers with kernels."""
    with pytest.raises(OptionError) as error:
        kernels(Network.preset("lenet5"), "dense1")

    assert str(error.value) == (
        "The kernels of 'dense1' cannot be drawn: only 2-D kernels larger than 1x1 can. "
        "Choose from conv1, conv2."
    )


def test_kernels_of_one_pixel_are_left_out():
    """Kernels of 1x1 are not drawn."""
    net = Network.parse("conv 2@1x1 | conv 2@3x3 | dense 2 softmax", (8, 8, 1))

    assert layers_with_kernels(net) == ["conv2"]


def test_mistakes_are_the_wrong_ones_worst_first():
    """Only misclassified images are shown, the least probable true class first."""
    x = np.zeros((4, 5, 5, 1), np.uint8)
    y = np.array([0, 1, 0, 1])
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.05, 0.95], [0.2, 0.8]])

    figure = mistakes(x, y, probabilities, ("cat", "dog"))

    shown = [text for text in all_texts(figure) if text]
    assert shown == [
        "2 of 4 misclassified (true → predicted, probability)",
        "cat → dog",
        "95 %",
        "dog → cat",
        "70 %",
    ]


@pytest.mark.parametrize(
    "classes", [tuple("0123456789"), tuple(f"a rather long class {k}" for k in range(10))]
)
def test_no_name_is_cut_off(classes, tmp_path):
    """Pictures with short or long names have an empty edge."""
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 1000, (10, 10))
    x = rng.integers(0, 255, (30, 8, 8, 3), np.uint8)
    y = rng.integers(0, 10, 30)

    figures = [
        confusion(evaluation(counts, classes)),
        confusion(evaluation(counts[:2, :2], classes[:2])),
        mistakes(x, y, rng.dirichlet(np.ones(10), 30), classes),
    ]

    assert [has_empty_edge(figure, tmp_path / "p.png") for figure in figures] == [True] * 3


ODD_NAMES = (
    "note $5^$",
    r"$\frac$",
    r"a_b%c\d",
    "{}#&~^",
    "two\nlines",
    "中文类别",
    "עברית",
    "x" * 300,
    " ",
    "\udcff",
    "\x1b[31m",
    "🙂",
)


def name_pictures(classes):
    """Draw both pictures that hold names of classes."""
    count = len(classes)
    x = np.zeros((count, 4, 4, 1), np.uint8)
    wrong = np.roll(np.eye(count), 1, axis=1)
    return [
        confusion(evaluation(np.eye(count, dtype=int), classes)),
        mistakes(x, np.arange(count), wrong, classes),
    ]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("classes", [ODD_NAMES, *((name,) for name in ODD_NAMES)])
def test_any_name_can_be_drawn(classes, tmp_path):
    """No name is parsed as TeX, and none causes an error or a warning."""
    for figure in name_pictures(classes):
        assert has_empty_edge(figure, tmp_path / "p.png")


def test_names_are_drawn_as_they_are():
    """Dollars and backslashes are drawn, line breaks are blanks, and every name can be seen."""
    figure, _ = name_pictures(ODD_NAMES[:5] + ODD_NAMES[8:10])

    drawn = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert drawn == [*ODD_NAMES[:4], "two lines", "' '", r"'\udcff'"]


@pytest.mark.parametrize(
    "settings", [{"text.usetex": True}, {"axes.facecolor": "black"}, {"font.family": "nonesuch"}]
)
def test_the_users_settings_change_nothing(settings, tmp_path):
    """A picture has the same bytes with a dark style, with TeX, and with another font."""
    plain = save(name_pictures(("a_b", "c"))[0], tmp_path / "plain.png").read_bytes()

    with mpl.rc_context(settings):
        same = save(name_pictures(("a_b", "c"))[0], tmp_path / "set.png").read_bytes()

    assert same == plain


def test_the_highest_loss_is_inside():
    """After one epoch too, every point of the loss has room around it."""
    figure = learning_curve(History(ROWS[:1]))

    low, high = figure.axes[0].get_ylim()
    assert low == 0
    assert high > 1.03 * ROWS[0]["validation_loss"]


def test_no_curve_or_kernel_is_cut_off(tmp_path):
    """Learning curves and kernels, few or many, have an empty edge."""
    figures = [
        learning_curve(History(ROWS)),
        kernels(Network.preset("lenet5")),
        kernels(Network.parse("conv 2@3x3 relu | conv 3@3x3", (8, 8, 1)), "conv2"),
        kernels(Network.parse("conv 9@3x3 relu", (8, 8, 3))),
        kernels(Network.parse("conv 1@3x3 relu", (8, 8, 1))),
    ]

    assert [has_empty_edge(figure, tmp_path / "p.png") for figure in figures] == [True] * 5


def test_files_are_whole_and_the_same_twice(tmp_path):
    """Every picture is a PNG file; drawing again gives the same bytes."""
    net = Network.preset("lenet5")
    x = np.zeros((2, 28, 28, 1), np.uint8)
    y = np.array([0, 1])
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4]])

    def draw(folder):
        return save_all(
            folder,
            network=net,
            history=History(ROWS),
            evaluation=evaluation([[8, 2], [0, 10]]),
            x=x,
            y=y,
            probabilities=probabilities,
        )

    first, second = draw(tmp_path / "a" / "b"), draw(tmp_path / "c")

    names = ["learning-curve.png", "confusion.png", "kernels.png", "mistakes.png"]
    assert [path.name for path in first] == names
    for path, other in zip(first, second, strict=True):
        with Image.open(path) as picture:
            assert picture.format == "PNG"
        assert path.read_bytes() == other.read_bytes()


def test_only_what_there_is_is_drawn(tmp_path):
    """Pictures of convolutions and mistakes are drawn only if there are any."""
    net = Network.parse("dense 2 softmax", (4, 4, 1))
    right = np.eye(2)

    written = save_all(
        tmp_path, network=net, x=np.zeros((2, 4, 4, 1)), y=np.arange(2), probabilities=right
    )

    assert written == []


def test_folder_that_cannot_be_made(tmp_path):
    """A file in place of the folder is an error."""
    (tmp_path / "taken").write_text("a file")

    with pytest.raises(ModelFileError) as error:
        save(learning_curve(History(ROWS)), tmp_path / "taken" / "curve.png")

    assert str(error.value) == (
        f"Cannot make the folder {tmp_path / 'taken'}: file exists. Choose another folder, or "
        "remove the file of that name."
    )


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    """If Matplotlib is missing, the error tells how to install it."""
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)

    with pytest.raises(ExtraError) as error:
        learning_curve(History(ROWS))

    assert str(error.value) == (
        "Drawing pictures needs Matplotlib, which cannot be imported (import of matplotlib.figure "
        "halted; None in sys.modules). Install it with pip install 'striate[plot]'."
    )
