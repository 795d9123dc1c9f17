"""Pictures of data, passes and scores."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import striate as st
from striate.drawing.sheet import ColorScale
from striate.pictures.receptive_field import rectangles

NET = st.Network.parse("conv 4@3x3 tanh | max 2 | dense 3 softmax", (8, 8, 1), engine="numpy")
X = np.random.default_rng(0).random((3, 8, 8, 1))


def words(axes):
    """Return all texts in order."""
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("quantity", ["A", "N", "Z", "dA", "dN", "dZ"])
def test_feature_maps_are_those_of_the_trace(quantity):
    """Each map has the colors of its values, with one scale for all maps."""
    trace = NET.trace(X, [0, 1, 2])
    values = getattr(trace["conv1"], quantity)[1]

    axes = st.pictures.feature_maps(trace, "conv1", quantity=quantity, image=1, theme="light")

    scale = ColorScale.of(values)
    for h, image in enumerate(axes.images[:4]):
        assert np.array_equal(image.get_array(), scale.colored(values[h], dark=False))
    assert axes.get_title("left").startswith("conv1: ")


def test_a_pass_has_the_maps_of_all_layers():
    """The input is gray, maps have the colors of their values, and probabilities are bars."""
    trace = NET.trace(X, [0, 1, 2])

    axes = st.pictures.activations(trace, image=2, classes=("cat", "dog", "eel"), theme="light")

    images = [np.asarray(image.get_array()) for image in axes.images]
    maps = trace["conv1"].A[2]
    scale = ColorScale.of(maps)
    for h in range(4):
        assert np.array_equal(images[1 + h], scale.colored(maps[h], dark=False))
    assert (images[0][..., 0] == images[0][..., 1]).all()
    bars = [p.get_width() for p in axes.patches if getattr(p, "get_height", int)() == 10]
    probabilities = trace["dense1"].A[2]
    assert bars == pytest.approx(48 * probabilities / probabilities.max(), rel=1e-6)
    bold = [t.get_text() for t in axes.texts if t.get_fontweight() == "bold"]
    assert [name for name in bold if name in {"cat", "dog", "eel"}] == [
        ("cat", "dog", "eel")[probabilities.argmax()]
    ]


@pytest.mark.parametrize("width", [13.5, 7.0, 0.1])
def test_a_pass_has_lines_that_are_not_too_wide(width):
    """More lines if there is less room; a layer that is wider has a line to itself."""
    trace = st.Network.preset("lenet5", engine="numpy").trace(np.zeros((1, 28, 28, 1)))

    axes = st.pictures.activations(trace, width=width, ax=Figure())

    assert axes.figure.get_figwidth() <= max(width, 4)
    assert axes.figure.get_figheight() > {13.5: 2, 7.0: 4, 0.1: 10}[width]


@pytest.mark.parametrize("quantity", ["A", "dA"])
@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("conv 3@3 relu | dense 2", (30, 2)),
        ("conv 2@2x2x2 | dense 30 tanh | dense 2 softmax", (4, 4, 4, 1)),
        ("dense 900 relu | dense 2 softmax", (7,)),
        ("conv 40@3x3 same relu as a | conv 40@3x3 same | add a | global-average", (9, 5, 3)),
    ],
)
def test_any_pass_can_be_drawn(text, shape, quantity):
    """Signals, volumes, vectors, many maps and branches: nothing overlaps, nothing is cut off."""
    net = st.Network.parse(text, shape, engine="numpy")
    target = np.zeros((1, *net.output_shape))
    loss = "squared-error" if "softmax" not in text else None
    trace = net.trace(np.ones((1, *shape)), target if loss else [1], loss=loss)

    axes = st.pictures.activations(trace, quantity=quantity)

    axes.figure.canvas.draw()
    boxes = [image.get_extent() for image in axes.images]
    for k, (left, right, bottom, top) in enumerate(boxes):
        for other_left, other_right, other_bottom, other_top in boxes[:k]:
            apart = left >= other_right or other_left >= right
            assert apart or top >= other_bottom or other_top >= bottom


def test_the_neurons_of_a_dense_layer_are_squares():
    """They lie in rows; places without a neuron are gray."""
    net = st.Network.parse("dense 25 tanh", (4, 4, 1), engine="numpy")

    axes = st.pictures.feature_maps(net.trace(X[:, :4, :4]), "dense1", theme="light")

    shown = np.asarray(axes.images[0].get_array())
    assert shown.shape == (2, 20, 3)
    assert (shown[1, 5:] == 128).all()


def test_maps_of_a_signal_and_of_a_volume():
    """A signal is a band, and a volume its planes."""
    signal = st.Network([st.Conv(2, 3)], input_shape=(40, 1), engine="numpy")
    volume = st.Network([st.Conv(2, 3)], input_shape=(5, 6, 7, 1), engine="numpy")

    bands = st.pictures.feature_maps(signal.trace(np.ones((1, 40, 1))), "conv1")
    planes = st.pictures.feature_maps(volume.trace(np.ones((1, 5, 6, 7, 1))), "conv1")

    assert [image.get_array().shape for image in bands.images[:2]] == [(2, 38, 3)] * 2
    assert [image.get_array().shape for image in planes.images[:6]] == [(4, 5, 3)] * 6


def test_gradients_are_those_of_the_trace():
    """The picture has the derivatives of each kernel, about zero."""
    trace = NET.trace(X, [0, 1, 2])

    axes = st.pictures.gradients(trace, theme="dark")

    scale = ColorScale(limit=float(np.abs(trace["conv1"].dW).max()), signed=True)
    for h, image in enumerate(axes.images[:4]):
        assert np.array_equal(image.get_array(), scale.colored(trace["conv1"].dW[h, 0], dark=True))


def test_text_of_wide_sheets_is_larger():
    """A sheet that is wider than a page gets smaller there, but its text stays readable."""
    x, y = np.zeros((24, 4, 4)), [0] * 12 + [1] * 12

    narrow, wide = (st.pictures.samples(x, y, columns=columns, ax=Figure()) for columns in (5, 12))

    sizes = [axes.texts[0].get_fontsize() for axes in (narrow, wide)]
    assert sizes[1] == pytest.approx(1.5 * sizes[0])


def test_images_have_one_color_scale():
    """The same value has the same color in all images, whatever their sizes."""
    one, other = np.array([[0.0, 1.0]]), np.array([[2.0, 1.0], [-1.0, 0.0]])

    axes = st.pictures.images([one, other], ["a", "b"], theme="light")

    first, second = (np.asarray(image.get_array()) for image in axes.images[:2])
    assert first[0, 1].tolist() == second[0, 1].tolist()
    assert first[0, 0].tolist() == second[1, 1].tolist() == [255, 255, 255]
    assert words(axes)[:2] == ["a", "b"]


def test_images_can_have_their_titles_with_them():
    """The keys of a dictionary are titles, unless there are others."""
    both = {"eye": np.eye(3), "ones": np.ones((2, 2))}

    assert words(st.pictures.images(both))[:2] == ["eye", "ones"]
    assert words(st.pictures.images(both, ["one", "two"]))[:2] == ["one", "two"]


def test_images_with_values_have_a_number_in_each_cell():
    """The numbers are those of the images, row by row."""
    axes = st.pictures.images([np.arange(4).reshape(2, 2), [[-1.5]]], values=True)

    assert words(axes) == ["0", "1", "2", "3", "-1.5"]


def test_samples_have_a_row_for_each_class():
    """The first images of each class are in its row, which has the name of the class."""
    x = np.arange(6, dtype=np.uint8).reshape(6, 1, 1) * np.ones((1, 2, 2), np.uint8)
    y = np.array([1, 0, 1, 1, 1, 0])

    axes = st.pictures.samples(x, y, classes=("cat", "dog"), columns=3)

    assert words(axes) == ["cat", "dog"]
    levels = [int(image.get_array()[0, 0, 0]) for image in axes.images]
    assert levels == [1, 5, 0, 2, 3]
    tops = [image.get_extent()[3] for image in axes.images]
    assert len(set(tops[:2])) == len(set(tops[2:])) == 1


def test_samples_of_named_labels():
    """Labels that are names are the names of the rows."""
    axes = st.pictures.samples(X, np.array(["b", "a", "b"]))

    assert words(axes) == ["a", "b"]


def test_augmented_images_are_those_of_a_training_run():
    """The first column has the images; then follow those of the first epochs, with the seed."""
    x = np.random.default_rng(1).integers(0, 256, (6, 9, 7, 3)).astype(np.uint8)
    change = st.data.Augmentation.parse("rotate 20 shift 1 brightness 0.2")

    axes = st.pictures.augmented(x, str(change), columns=3, rows=2, seed=5)

    assert words(axes) == ["image", "epoch 1", "epoch 2"]
    assert axes.get_title("left") == "shift 1 rotate 20 brightness 0.2"
    epochs = [change.apply(x[:2], seed=5, epoch=e, indices=np.arange(2)) for e in (0, 1)]
    wanted = [one[k] for k in range(2) for one in (x[:2], *epochs)]
    for image, pixels in zip(axes.images, wanted, strict=True):
        np.testing.assert_array_equal(image.get_array(), pixels)


def test_one_photo_is_augmented():
    """A color image needs no axis of images: its rows are not taken for gray images."""
    photo = np.random.default_rng(1).integers(0, 256, (9, 7, 3)).astype(np.uint8)

    axes = st.pictures.augmented(photo, "shift 1", columns=3)

    assert len(axes.images) == 3
    np.testing.assert_array_equal(axes.images[0].get_array(), photo)


def test_augmented_floats_have_one_scale():
    """Brightness is visible: the range of the given images is black to white in all columns."""
    axes = st.pictures.augmented(X, "brightness 0.5", columns=4, rows=3)

    images = [np.asarray(image.get_array()).astype(float) for image in axes.images]
    assert np.ptp([image.mean() for image in images]) > 30
    low, high = X.min(), X.max()
    wanted = np.float32((X[1, ..., 0] - low) / (high - low)) * 255
    np.testing.assert_allclose(images[4][..., 0], wanted, atol=0.51)  # rounded


def test_masks_move_with_augmented_images():
    """A pixel with a label above 0 has the label's color, wherever the image moves it."""
    x = np.zeros((1, 9, 9, 1), np.uint8)
    x[0, 2:5, 3:6] = 200
    masks = (x[..., 0] > 0).astype(int)

    axes = st.pictures.augmented(x, "shift 2 rotate 0", masks=masks, columns=6)

    for image in axes.images:
        pixels = np.asarray(image.get_array())
        assert (pixels[..., 2] > 0).sum() == 9
        # Halfway between 200 and the color #0072b2.
        assert (pixels[pixels[..., 2] > 0] == [100, 157, 189]).all()


@pytest.mark.parametrize(
    ("name", "position"),
    [("conv1.Z", (1, 2, 3, 3)), ("conv1.dW", (1, 0, 2, 1)), ("dense1.dW", (1, 4))],
)
def test_terms_are_drawn_over_the_maps_that_they_read(name, position):
    """Each row has the sums of its quantity, with one scale for all rows."""
    terms = (
        NET.trace(X[:1], [1]).terms(name, position)
        if "dW" in name
        else (NET.trace(X).terms(name, position))
    )

    axes = st.pictures.terms(terms, theme="light")

    sums = [terms.over(quantity) for quantity in terms.quantities]
    scale = ColorScale(limit=max(float(np.abs(one).max()) for one in sums), signed=True)
    drawn = [np.asarray(image.get_array()) for image in axes.images]
    for quantity, one in zip(terms.quantities, sums, strict=True):
        assert one.sum() == pytest.approx(terms.total, rel=1e-9)
        flat = (
            one.reshape(-1, *one.shape[-2:]) if one.ndim > 2 else one.reshape(-1, 1, one.shape[-1])
        )
        largest = scale.colored(flat[np.abs(flat).sum(axis=(1, 2)).argmax()], dark=False)
        # Thin maps are thicker in the picture: each row is repeated.
        thick = [np.repeat(largest, len(tile) // len(largest), axis=0) for tile in drawn]
        assert any(map(np.array_equal, thick, drawn))
        assert quantity in words(axes)


@pytest.mark.parametrize("channels", [1, 3])
def test_terms_of_signals_can_be_seen(channels):
    """The maps of a signal are flat; they are drawn wide, and not thinner than a sixteenth."""
    net = st.Network([st.Conv(2, 5)], input_shape=(200, channels))
    trace = net.trace(np.random.default_rng(0).normal(size=(1, 200, channels)))

    axes = st.pictures.terms(trace.terms("conv1.Z", (0, 1, 50)))

    for image in axes.images:
        left, right, bottom, top = image.get_extent()
        assert abs(top - bottom) > 0.05 * (right - left)
    scale = axes.figure.get_size_inches()[0] / np.ptp(axes.get_xlim())
    widest = max(np.ptp(image.get_extent()[:2]) for image in axes.images)
    assert widest * scale > (4 if channels == 1 else 1)


def test_the_receptive_field_is_framed_and_the_rest_hatched():
    """The frame is where the pixels are; hatched pixels are those that no output sees."""
    net = st.Network.parse("conv 2@2x2 | max 2x2", (6, 7, 1))

    axes = st.pictures.receptive_field(net, "max1", np.zeros((6, 7)), position=(0, 1))

    frame = axes.patches[-1]
    assert (frame.get_x(), frame.get_y(), frame.get_width(), frame.get_height()) == (
        1.5,
        -0.5,
        3,
        3,
    )
    hatched = sum(p.get_width() * p.get_height() for p in axes.patches if p.get_hatch())
    assert hatched == 7
    assert axes.get_xlabel() == "hatched: 7 uncovered pixels, which no output depends on"


def test_rectangles_cover_what_is_marked():
    """Random sets are covered exactly, without overlaps."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        marked = rng.random((6, 9)) < 0.4
        count = np.zeros_like(marked, int)
        for top, left, height, width in rectangles(marked):
            count[top : top + height, left : left + width] += 1
        assert np.array_equal(count, marked)


def test_a_score_map_has_the_scores_and_the_boxes():
    """Scores are drawn unchanged; a box frames whole pixels, and a ring marks its score."""
    scores = np.random.default_rng(0).normal(size=(12, 20))

    axes = st.pictures.score_map(scores, [(2, 3, 4, 5)], [0.987654])

    assert np.array_equal(axes.images[0].get_array(), scores)
    box = axes.patches[0]
    assert (box.get_x(), box.get_y(), box.get_width(), box.get_height()) == (2.5, 1.5, 5, 4)
    assert words(axes) == ["0.988"]
    assert [ring.get_xydata().tolist() for ring in axes.lines] == [[[3, 2]]]
    low, high = axes.images[0].get_clim()
    assert -low == high == np.abs(scores).max()


def test_matches_are_boxes_with_their_scores():
    """A match needs no box and no label of its own; other labels replace the scores."""
    match = st.matching.Match(row=2.0, column=5.5, height=4, width=3, score=0.9321)

    axes = st.pictures.detections(np.zeros((20, 30)), [match, match], theme="light")

    assert words(axes) == ["0.932", "0.932"]
    frame = axes.patches[0]
    assert (*frame.get_xy(), frame.get_width(), frame.get_height()) == (5.0, 1.5, 3, 4)
    assert words(st.pictures.score_map(np.eye(9), [match], ["here"])) == ["here"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, 3.0])
def test_scores_without_a_range_can_be_drawn(value):
    """All scores equal, or not finite: there is a picture all the same."""
    axes = st.pictures.score_map(np.full((4, 4), value))
    axes.figure.canvas.draw()

    assert len(axes.images) == 1


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_pictures_are_saved_the_same_twice(ending, tmp_path):
    """Each format depends on the picture alone."""
    files = [
        st.pictures.save(st.pictures.kernels(NET, ax=Figure()), tmp_path / f"{k}.{ending}")
        for k in range(2)
    ]

    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_picture_in_a_subfigure_saves_the_whole_figure(tmp_path):
    """Axes in a subfigure belong to its figure."""
    figure = Figure(figsize=(6, 3))
    left, _ = figure.subfigures(1, 2)
    axes = st.pictures.kernels(NET, ax=left)

    assert st.pictures.save(axes, tmp_path / "both.png").stat().st_size > 1000
