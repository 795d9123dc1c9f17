"""The pictures: their content and their files."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from striate import Conv, Dense, Flatten, Network
from striate.drawing.sheet import ColorScale
from striate.errors import ExtraError, ModelFileError, OptionError
from striate.model.scoring import Evaluation
from striate.pictures import (
    confusion,
    contact_sheet,
    diagram,
    gradients,
    images,
    kernel_walk_animation,
    kernels,
    learning_curve,
    mistakes,
    save,
    save_all,
    signals,
    text,
)
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


def has_empty_edge(axes, path):
    """Return whether the outermost pixels of a figure are white: nothing is cut off there."""
    save(axes, path)
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


def test_confusion_has_every_count_and_recall():
    """Each cell has its count, each row its recall, and the title has the accuracy."""
    axes = confusion(evaluation([[8, 2], [0, 10]], ("square", "diamond")))

    assert texts(axes) == ["8", "2", "·", "10", "80.0%", "100.0%", "recall"]
    assert axes.get_title("left") == "Accuracy 90.0%: 18 of 20 correct"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["square", "diamond"]


def test_text_is_smaller_in_small_axes():
    """On axes of a third of the usual size, texts are smaller, but never tiny."""
    history = History([{"epoch": 1, "loss": 0.5, "accuracy": 0.8}])

    def sizes(rows, columns):
        figure = Figure(figsize=(12, 6))
        left, right, *_ = figure.subplots(rows, columns).flat
        learning_curve(history, ax=left)
        confusion(evaluation(np.eye(10, dtype=int)), ax=right)
        left.set_yticks([0, 1])  # otherwise Matplotlib draws fewer ticks on small axes
        found = [text for axes in (left, right) for text in axes.findobj(Text)]
        return [text.get_fontsize() for text in found if text.get_text()]

    large, small = sizes(1, 2), sizes(3, 4)

    assert len(large) == len(small)
    assert all(5 <= one < other for one, other in zip(small, large, strict=True))


def test_confusion_of_counts_alone():
    """A matrix from another library is drawn as that of an evaluation."""
    counts, names = np.array([[8, 2], [0, 10]]), ("square", "diamond")
    drawn = [confusion(evaluation(counts, names)), confusion(counts, classes=names)]
    texts = [[text.get_text() for text in axes.texts] for axes in drawn]
    assert texts[0] == texts[1]
    assert "8" in texts[1]


def test_confusion_of_many_classes_has_colors_alone():
    """Cells of a hundred classes are too small for numbers."""
    axes = confusion(evaluation(np.eye(100, dtype=int)))

    assert texts(axes) == []


def test_kernels_are_drawn_with_one_scale_about_zero():
    """Each kernel is an image; the largest weight has the strongest color, and zero is white."""
    net = Network.preset("lenet5")
    w = net.parameters["conv1.weight"]
    w[0, 0, 0, 0] = 0
    w[5, 0, 4, 4] = 1.0

    axes = kernels(net, theme="light")

    images = [np.asarray(image.get_array()) for image in axes.images[:6]]
    assert images[0][0, 0].tolist() == [255, 255, 255]
    assert images[5][4, 4].tolist() == [0xB2, 0x18, 0x2B]
    blue = (w[:, 0] < -0.05)[..., None] & np.ones(3, bool)
    assert (np.stack(images)[..., 2] > np.stack(images)[..., 0])[blue[..., 0]].all()


def test_a_photo_is_drawn_next_to_its_edges():
    """Color images keep their colors, and don't change the color scale of the others."""
    photo = np.random.default_rng(0).integers(0, 256, (6, 5, 3)).astype(np.uint8)
    edges = np.array([[-2.0, 0.0], [1.0, 2.0]])

    axes = images({"photo": photo, "edges": edges})

    drawn = [image.get_array() for image in axes.images]
    np.testing.assert_array_equal(drawn[0], photo)
    np.testing.assert_array_equal(drawn[1], ColorScale.of(edges).colored(edges, dark=False))
    assert {"photo", "edges", "2", "-2"} <= set(texts(axes))
    alone = images([photo])
    np.testing.assert_array_equal(alone.images[0].get_array(), photo)
    assert not any(texts(alone))  # no color bar


def test_kernels_of_color_images_are_in_color():
    """A kernel of three input maps is a color image in which zero is gray."""
    net = Network.parse("conv 2@3x3 relu | dense 2 softmax", (8, 8, 3))
    net.parameters["conv1.weight"][:] = 0
    net.parameters["conv1.weight"][0, 0, 0, 0] = 2

    axes = kernels(net)

    shown = np.asarray(axes.images[0].get_array())
    assert shown[0, 0].tolist() == [255, 128, 128]
    assert (shown[1:] == 128).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("weights", [0.0, np.nan, np.inf, -3e38])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_kernels_of_any_weights(weights, channels, tmp_path):
    """Weights that are zero, not finite or huge can be drawn: a failed training has some."""
    net = Network.parse("conv 2@3x3 relu | dense 2 softmax", (8, 8, channels))
    net.parameters["conv1.weight"][:] = weights
    net.parameters["conv1.weight"][0, 0, 0, 0] = 1

    assert save(kernels(net), tmp_path / "kernels.png").is_file()


def test_kernels_of_signals_are_curves():
    """One input map: a curve for each kernel, about a line at 0, with one scale for all."""
    net = Network([Conv(3, 4), Conv(2, 5)], input_shape=(20, 1))
    w = net.parameters["conv1.weight"]
    w[:] = 0
    w[1, 0] = [0.0, 1.0, -2.0, 1.0]

    axes = kernels(net)

    zero, curve = axes.lines[2], axes.lines[3]
    middle = zero.get_ydata()[0]
    heights = middle - np.asarray(curve.get_ydata())
    assert axes.get_title("left") == "conv1: 3 kernels of 4 samples"
    assert np.allclose(heights / heights[1], [0, 1, -2, 1], rtol=0, atol=1e-12)
    assert np.ptp(axes.lines[5].get_ydata()) == 0
    assert {"2", "-2", "0"} <= set(texts(axes))


def test_kernels_of_signals_with_several_input_maps_are_images():
    """A row for each input map, a column for each sample."""
    net = Network([Conv(3, 4), Conv(2, 5)], input_shape=(20, 1))

    axes = kernels(net, "conv2")

    assert np.asarray(axes.images[0].get_array()).shape[:2] == (3, 5)
    assert axes.get_title("left") == "conv2: 2 kernels of 5 samples for each of 3 input maps"


@pytest.mark.parametrize("channels", [1, 2])
def test_kernels_of_volumes_are_columns_of_planes(channels):
    """Kernel h is column h; its planes are below each other, input map by input map."""
    net = Network([Conv(3, (2, 4, 5))], input_shape=(8, 8, 8, channels))
    w = net.parameters["conv1.weight"]

    axes = kernels(net, theme="light")

    assert axes.get_title("left").startswith("conv1: 3 kernels of 2 × 4 × 5")
    scale = ColorScale(limit=float(np.abs(w).max()), signed=True)
    planes = [w[h, l, u] for l in range(channels) for u in range(2) for h in range(3)]
    for image, plane in zip(axes.images, planes, strict=False):
        assert np.array_equal(image.get_array(), scale.colored(plane, dark=False))


@pytest.mark.parametrize("shape", [(30, 1), (30, 3), (6, 6, 6, 1), (6, 6, 6, 2)])
def test_gradients_of_signals_and_volumes(shape):
    """They are drawn as the kernels are."""
    net = Network([Conv(2, 3, activation="tanh"), Flatten(), Dense(2)], input_shape=shape)
    x = np.random.default_rng(0).normal(size=(4, *shape))

    axes = gradients(net.trace(x, np.ones((4, 2))))

    assert axes.get_title("left").startswith("dW of conv1: 2 kernels of 3 ")


def test_signals_are_curves_one_below_another():
    """Each signal fills its row; positions have a step and a start; the ranges are written."""
    step, wave = np.array([0.0, 0.0, 4.0, 4.0]), np.array([1.0, -1.0, 1.0])

    axes = signals([step, wave], ["step", "wave"], step=0.5, start=2, unit="seconds")

    first, zero, second = axes.lines
    assert first.get_xdata().tolist() == [2.0, 2.5, 3.0, 3.5]
    assert np.allclose(first.get_ydata(), [-0.42, -0.42, 0.42, 0.42])
    assert np.allclose(second.get_ydata(), [-0.58, -1.42, -0.58])
    assert np.allclose(zero.get_ydata(), [-1, -1])
    assert texts(axes) == ["0", "4", "-1", "1"]
    assert [one.get_text() for one in axes.get_yticklabels()] == ["step", "wave"]
    assert axes.get_xlabel() == "seconds"


def test_signals_with_one_scale():
    """A small signal stays small next to a large one."""
    axes = signals([np.array([0.0, 10.0]), np.array([0.0, 1.0])], same_scale=True)

    assert np.ptp(axes.lines[1].get_ydata()) == pytest.approx(0.084)


def test_labels_color_the_samples():
    """Samples of a class are drawn in its color, and the legend names the classes."""
    wave = np.sin(np.arange(12.0))
    labels = np.array([0] * 4 + [1] * 3 + [2] * 5)

    axes = signals([wave, -wave], labels=labels, classes=("none", "narrow", "wide"))

    curves = [line for line in axes.lines if len(line.get_xdata()) == 12]
    there = [np.isfinite(line.get_ydata()).tolist() for line in curves]
    assert there == [[True] * 12, (labels == 1).tolist(), (labels == 2).tolist()] * 2
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["none", "narrow", "wide"]


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_signals_of_any_values(value, tmp_path):
    """Constant signals and values that aren't finite can be drawn."""
    assert save(signals([np.full(5, value), np.arange(5)]), tmp_path / "signals.png").is_file()


def test_text_has_the_color_of_its_values():
    """Each character is in its own cell; spaces and zeros have no more than their color."""
    axes = text(["a b", "$x"], [[1.0, -1.0, 0.0], [0.5, 0.0]], ["one", "two"], theme="light")

    assert texts(axes) == ["one", "two", "a", "b", "$", "x"]
    cells = [(p.get_x(), p.get_y()) for p in axes.patches if getattr(p, "get_width", int)() == 1]
    left = min(x for x, _ in cells)
    assert [(round(x - left), round(y / 2 + 0.4)) for x, y in cells] == [(0, 0), (1, 0), (0, 1)]
    red, blue, pale = (
        p.get_facecolor() for p in axes.patches if getattr(p, "get_width", int)() == 1
    )
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    assert pale[2] > red[2]


@pytest.mark.parametrize(
    ("pixels", "columns", "inches"), [(5, 1, 1.2), (160, 4, 1.7), (900, 1, 6.7)]
)
def test_large_images_have_more_room(pixels, columns, inches):
    """A pixel has two pixels of the picture, unless a row would be wider than a page."""
    axes = images([np.eye(pixels)] * columns, columns=columns)

    across = axes.images[0].get_extent()[1] - axes.images[0].get_extent()[0]
    scale = axes.figure.get_size_inches()[0] / np.ptp(axes.get_xlim())
    assert across * scale == pytest.approx(inches, rel=0.15)


def test_kernels_of_one_pixel_are_left_out():
    """Kernels of 1x1 are not drawn."""
    net = Network.parse("conv 2@1x1 | conv 2@3x3 | dense 2 softmax", (8, 8, 1))

    assert layers_with_kernels(net) == ["conv2"]


def test_a_contact_sheet_of_a_class():
    """All images of a class are shown, the least probable first, with their files."""
    x = np.zeros((4, 5, 5, 1), np.uint8)
    y = np.array([0, 1, 0, 0])
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.05, 0.95], [0.6, 0.4]])
    files = ["photos/a.png", "photos/b.png", "photos/c.png", "photos/d.png"]

    axes = contact_sheet(x, y, probabilities, 0, ("cat", "dog"), files=files)

    title = "cat: 1 of 3 misclassified (→ predicted, probability of the true class)"
    assert axes.get_title("left") == title
    assert texts(axes) == ["→ dog", "5%", "c.png", "60%", "d.png", "90%", "a.png"]


def test_mistakes_have_the_names_of_files():
    """With files, the name of each is below its picture."""
    x = np.zeros((1, 5, 5, 1), np.uint8)

    axes = mistakes(x, np.array([0]), np.array([[0.3, 0.7]]), files=["photos/a.png"])

    assert texts(axes)[1:] == ["70%", "a.png"]


def test_mistakes_are_the_wrong_ones_worst_first():
    """Only misclassified images are shown, the least probable true class first."""
    x = np.zeros((4, 5, 5, 1), np.uint8)
    y = np.array([0, 1, 0, 1])
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.05, 0.95], [0.2, 0.8]])

    axes = mistakes(x, y, probabilities, ("cat", "dog"))

    assert axes.get_title("left") == "2 of 4 misclassified (true → predicted, probability)"
    assert texts(axes) == ["cat → dog", "95%", "dog → cat", "70%"]


@pytest.mark.parametrize(
    "classes", [tuple("0123456789"), tuple(f"a rather long class {k}" for k in range(10))]
)
def test_no_name_is_cut_off(classes, tmp_path):
    """Pictures with short or long names have an empty edge."""
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 1000, (10, 10))
    x = rng.integers(0, 255, (30, 8, 8, 3), np.uint8)
    y = rng.integers(0, 10, 30)

    pictures = [
        confusion(evaluation(counts, classes)),
        confusion(evaluation(counts[:2, :2], classes[:2])),
        mistakes(x, y, rng.dirichlet(np.ones(10), 30), classes),
    ]

    assert [has_empty_edge(axes, tmp_path / "p.png") for axes in pictures] == [True] * 3


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
        confusion(evaluation(np.eye(count, dtype=int), classes), theme="light"),
        mistakes(x, np.arange(count), wrong, classes, theme="light"),
    ]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("classes", [ODD_NAMES, *((name,) for name in ODD_NAMES)])
def test_any_name_can_be_drawn(classes, tmp_path):
    """No name is parsed as TeX, and none causes an error or a warning."""
    for axes in name_pictures(classes):
        assert has_empty_edge(axes, tmp_path / "p.png")


def test_names_are_drawn_as_they_are():
    """Dollars and backslashes are drawn, line breaks are blanks, and every name can be seen."""
    axes, _ = name_pictures(ODD_NAMES[:5] + ODD_NAMES[8:10])

    drawn = [label.get_text() for label in axes.get_yticklabels()]
    assert drawn == [*ODD_NAMES[:4], "two lines", "' '", r"'\udcff'"]


@pytest.mark.parametrize(
    "settings", [{"text.usetex": True}, {"axes.facecolor": "black"}, {"font.family": "nonesuch"}]
)
def test_the_users_settings_change_nothing_of_a_theme(settings, tmp_path):
    """With a theme, a picture has the same bytes with a dark style, TeX, and another font."""
    plain = save(name_pictures(("a_b", "c"))[0], tmp_path / "plain.png").read_bytes()

    with mpl.rc_context(settings):
        same = save(name_pictures(("a_b", "c"))[0], tmp_path / "set.png").read_bytes()

    assert same == plain


def test_the_highest_loss_is_inside():
    """After one epoch too, every point of the loss has room around it."""
    axes = learning_curve(History(ROWS[:1]))

    low, high = axes.get_ylim()
    assert low == 0
    assert high > 1.03 * ROWS[0]["validation_loss"]


def test_no_curve_or_kernel_is_cut_off(tmp_path):
    """Learning curves and kernels, few or many, have an empty edge."""
    pictures = [
        learning_curve(History(ROWS)),
        kernels(Network.preset("lenet5")),
        kernels(Network.parse("conv 2@3x3 relu | conv 3@3x3", (8, 8, 1)), "conv2"),
        kernels(Network.parse("conv 9@3x3 relu", (8, 8, 3))),
        kernels(Network.parse("conv 1@3x3 relu", (8, 8, 1))),
    ]

    assert [has_empty_edge(axes, tmp_path / "p.png") for axes in pictures] == [True] * 5


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


def test_files_of_classes_have_their_letters(tmp_path):
    """A contact sheet is named after its class, in any alphabet, however its accents are stored."""
    net = Network.parse("dense 3 softmax", (4, 4, 1))
    net.classes = ("Vo\u0308gel im Garten", "犬", "a/b: c?")

    written = save_all(
        tmp_path,
        network=net,
        x=np.zeros((3, 4, 4, 1)),
        y=np.arange(3),
        probabilities=np.eye(3),
        files=["1.png", "2.png", "3.png"],
    )

    assert [path.name for path in written] == [
        "00-Vögel-im-Garten.png",
        "01-犬.png",
        "02-a-b-c.png",
    ]


def test_save_takes_diagrams_and_animations(tmp_path):
    """`save` writes everything that the functions return, each in its own formats."""
    net = Network.parse("dense 2 softmax", (4, 4, 1))
    walk = kernel_walk_animation(np.eye(3), np.eye(2))

    assert save(diagram(net), tmp_path / "net.svg").read_text().startswith("<svg")
    assert save(walk, tmp_path / "walk.svg").read_text().startswith("<svg")
    with pytest.raises(OptionError, match=r"A diagram can be saved as \.svg"):
        save(diagram(net), tmp_path / "net.png")


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
        f"Cannot create the folder {tmp_path / 'taken'}: file exists. Choose another folder, or "
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


@pytest.mark.parametrize(
    ("values", "dtype"), [([255, 0, 100], np.uint8), ([-1.5e308, 1.5e308, 0], np.float64)]
)
@pytest.mark.filterwarnings("error")
def test_signals_of_bytes_and_of_huge_numbers(values, dtype):
    """The heights of a curve are those of the same signal in other units."""
    signal = np.array(values, dtype)
    ax = signals([signal, signal / 256])

    first, second = [line.get_ydata() for line in ax.lines if len(line.get_ydata()) == 3]
    np.testing.assert_allclose(first, second + 1, atol=1e-12)
    assert max(first) - min(first) == pytest.approx(2 * 0.42)
