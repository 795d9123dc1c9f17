"""Pictures of convolutions: their numbers are those of the convolution, wherever they are."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import striate as st
from striate.drawing.paint import SURFACE
from striate.drawing.scene import Caption, Rect
from striate.functions.weight import Convolution, MaxPooling, TransposedConvolution
from striate.pictures.kernel_walk import _grids, _setting
from striate.pictures.matrices import weight_colors

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 9, (5, 6))
KERNEL = RNG.integers(-3, 4, (3, 2))
OPTIONS = [
    {},
    {"stride": 2},
    {"dilation": 2},
    {"padding": 1},
    {"padding": "same", "stride": (1, 2)},
    {"padding": "full", "flip": True},
]


def texts(axes):
    """Return all texts with their positions."""
    return {(round(t.get_position()[0], 3), t.get_text()) for t in axes.texts}


def words(axes):
    """Return all texts in order."""
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_output_of_a_walk_is_that_of_a_layer(options):
    """The output grid holds what the layer computes, for every kind of padding and stride."""
    setting = _setting(
        IMAGE,
        KERNEL,
        **{
            "stride": 1,
            "dilation": 1,
            "padding": "valid",
            "transposed": False,
            "flip": False,
            **options,
        },
    )
    layer = Convolution(feature_maps=1, kernel_size=(3, 2), **options)

    expected = layer.apply(KERNEL[None, None].astype(float), IMAGE[None, None].astype(float))[0, 0]

    assert np.array_equal(_grids(setting)[2].values, expected)


@pytest.mark.parametrize("options", [{}, {"stride": 2}, {"stride": 2, "padding": 1}], ids=str)
def test_the_output_of_a_transposed_walk_is_that_of_a_layer(options):
    """So does a transposed convolution; what padding cuts off is around it."""
    setting = _setting(
        IMAGE,
        KERNEL,
        **{
            "stride": 1,
            "dilation": 1,
            "padding": "valid",
            "transposed": True,
            "flip": False,
            **options,
        },
    )
    layer = TransposedConvolution(feature_maps=1, kernel_size=(3, 2), **options)

    expected = layer.apply(KERNEL[None, None].astype(float), IMAGE[None, None].astype(float))[0, 0]

    grid = _grids(setting)[2]
    (above, below), (before, after) = grid.padding
    inner = grid.values[above : grid.rows - below, before : grid.columns - after]
    assert np.array_equal(inner, expected)


def test_the_sum_is_spelled_out():
    """The line below names each product with a nonzero weight, and the sum."""
    kernel = np.array([[1, 0], [0, -2]])

    axes = st.pictures.kernel_walk(IMAGE, kernel, position=(1, 2))

    a, b = IMAGE[1, 2], IMAGE[2, 3]
    assert words(axes)[-1] == f"{a}·1 + {b}·(-2) = {a - 2 * b}"


def test_the_frames_are_at_the_position():
    """The window is framed in the image, and the pixel in the output."""
    axes = st.pictures.kernel_walk(IMAGE, KERNEL, position=(1, 2), stride=(2, 1), padding=1)

    frames = [p for p in axes.patches if p.get_linewidth() == 3.0 * 0.75]
    window, pixel = (p.get_bbox() for p in frames)
    assert (window.x0, window.y0, window.width, window.height) == (2, 2, 2, 3)
    assert (pixel.width, pixel.height) == (1, 1)


def test_an_animation_shows_each_value_from_its_own_position_on():
    """In frame k there are k + 1 values of the output, and the sum of position k."""
    kernel = np.ones((2, 2), int)
    walk = st.pictures.kernel_walk_animation(IMAGE, kernel)
    output = [str(IMAGE[i : i + 2, j : j + 2].sum()) for i in range(4) for j in range(5)]

    for k in (0, 7, 19):
        captions = [s for s in walk.frame(k).shapes if isinstance(s, Caption)]
        values = [
            c.text for c in captions if c.x > 6 + 1.3 + 2 + 1.3 and c.y < 5 and "×" not in c.text
        ]
        assert len(walk) == 20
        assert [v for v in values if v != "="] == output[: k + 1]
        assert captions[-1].text.endswith(f" = {output[k]}")


def test_an_animation_of_a_transposed_convolution_ends_with_the_sums():
    """The last frame holds the whole output; the first one a single kernel."""
    walk = st.pictures.kernel_walk_animation(np.eye(2), np.ones((2, 2)), transposed=True)
    left = 2 + 2 * 1.3 + 2

    def values(frame):
        captions = [s for s in walk.frame(frame).shapes if isinstance(s, Caption)]
        large = max(c.size for c in captions if c.x > left and c.y < 3)
        return [c.text for c in captions if c.x > left and c.y < 3 and c.size == large]

    assert sorted(values(0)) == sorted("110110000")
    assert sorted(values(3)) == sorted("110121011")


@pytest.mark.parametrize("ending", [".gif", ".svg"])
def test_an_animation_is_the_same_twice(ending, tmp_path):
    """Files are deterministic: drawing again gives the same bytes."""
    first, second = (
        st.pictures.kernel_walk_animation(np.eye(4), np.ones((2, 2))).save(
            tmp_path / f"{k}{ending}"
        )
        for k in range(2)
    )

    assert first.read_bytes() == second.read_bytes()


def test_a_gif_has_all_frames(tmp_path):
    """Each position is a frame, with its time, and the animation repeats."""
    walk = st.pictures.kernel_walk_animation(np.eye(4), np.ones((2, 2)), seconds=0.5)

    with Image.open(walk.save(tmp_path / "walk.gif", theme="dark")) as picture:
        assert picture.n_frames == 9
        assert picture.info["loop"] == 0
        assert picture.info["duration"] == 500
        corner = picture.convert("RGB").getpixel((2, 2))
    dark = tuple(int(SURFACE.dark[k : k + 2], 16) for k in (1, 3, 5))
    assert corner == dark


@pytest.mark.parametrize("options", [{}, {"transposed": True, "stride": 2}], ids=str)
def test_a_frame_of_a_gif_is_the_picture_of_its_position(options, tmp_path):
    """What doesn't change is drawn once for all frames; each is what `draw` draws alone."""
    walk = st.pictures.kernel_walk_animation(IMAGE[:3, :3], KERNEL[:2], **options)
    path = walk.save(tmp_path / "walk.gif", theme="light")

    with Image.open(path) as picture:
        for number in (0, len(walk) - 1):
            picture.seek(number)
            frame = np.asarray(picture.convert("RGB")).astype(int)
            scene = walk.frame(number)
            inches = scene.unit / 96
            size = scene.bounds.width * inches, scene.bounds.height * inches
            figure = Figure(figsize=size, dpi=110)
            canvas = FigureCanvasAgg(figure)
            walk.draw(number, ax=figure.add_axes((0, 0, 1, 1)), theme="light")
            canvas.draw()
            alone = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
            # A GIF file has 128 colors: areas are exact, edges of letters are not.
            assert (frame == alone).mean() > 0.8
            assert (frame[:2] == 255).all()  # so that no edge is visible on a white slide
            assert np.abs(frame - alone).mean() < 1


def test_multichannel_convolution_has_all_numbers_of_the_layer():
    """Wolter's figure: every kernel, every partial result and every sum is there."""
    image, kernels = RNG.integers(0, 5, (2, 5, 5)), RNG.integers(-2, 3, (3, 2, 3, 3))
    layer = Convolution(feature_maps=3, kernel_size=3)
    z = layer.apply(kernels.astype(float), image[None].astype(float))[0]

    axes = st.pictures.multichannel_convolution(image, kernels)

    sums = [str(int(value)) for value in z.ravel()]
    drawn = words(axes)
    for h in range(3):
        one = sums[9 * h : 9 * h + 9]
        assert any(drawn[k : k + 9] == one for k in range(len(drawn))), h
    assert drawn[-1] == "output 3@3×3"


def test_the_matrix_of_hagan_8_12():
    """The picture has the symbols of the equation, row by row, and the vectors' order."""
    axes = st.pictures.convolution_matrix((2, 2), (3, 3), order="columns")

    drawn = "".join(words(axes))
    assert drawn.startswith("z1,1z2,1z1,2z2,2=w1,1w2,10w1,2w2,200000w1,1w2,10w1,2w2,2")
    assert drawn.endswith("p1,1p2,1p3,1p1,2p2,2p3,2p1,3p2,3p3,3")


def test_shared_weights_have_one_color():
    """Each weight has the same color in every row, and different weights different colors."""
    for count in (4, 9, 25):
        colors = weight_colors(count)
        assert len({paint.light for paint in colors}) == count
        assert len({paint.dark for paint in colors}) == count
    axes = st.pictures.convolution_matrix(np.array([[1, 2], [3, 4]]), (3, 3), theme="light")
    filled = [p.get_facecolor() for p in axes.patches if p.get_width() == p.get_height() == 1]
    matrix = [mpl.colors.to_hex(c) for c in filled[4 : 4 + 36]]
    assert [matrix.count(p.light) for p in weight_colors(4)] == [4, 4, 4, 4]


def test_a_square_window_can_be_one_number():
    """As in all other pictures of windows."""
    one, two = (
        [text.get_text() for text in st.pictures.im2col(np.eye(4), window).texts]
        for window in (3, (3, 3))
    )

    assert one == two


def test_im2col_multiplies_to_the_convolution():
    """The row of weights times the matrix is the convolution, position by position."""
    image, kernel = np.arange(9).reshape(3, 3), np.array([[1, 0], [0, 2]])

    axes = st.pictures.im2col(image, (2, 2), kernel=kernel, position=(1, 0))

    z = [str(image[i, j] + 2 * image[i + 1, j + 1]) for i in range(2) for j in range(2)]
    drawn = words(axes)
    assert drawn[-9:-5] == z


def test_the_winners_of_max_pooling_are_circled():
    """A circle is around each pixel that wins; the output has the same numbers."""
    image = RNG.permutation(36).reshape(6, 6)

    axes = st.pictures.pooling(image, 3, stride=3)

    winners = MaxPooling(window=3).winners(image[None, None].astype(float))[0, 0]
    places = {
        (3 * i + winners[i, j] // 3, 3 * j + winners[i, j] % 3) for i in range(2) for j in range(2)
    }
    circles = [p for p in axes.patches if getattr(p, "get_boxstyle", None)]
    centers = {(round(p.get_y() - 0.12), round(p.get_x() - 0.12)) for p in circles}
    assert centers == places
    assert words(axes)[36:40] == [
        str(image[place]) for place in sorted(places, key=lambda x: (x[0] // 3, x[1] // 3))
    ]


@pytest.mark.parametrize("kind", ["max", "average", "sum"])
@pytest.mark.parametrize(
    "options", [{"window": 2}, {"window": 3, "stride": 1, "padding": 1}], ids=str
)
def test_overlapping_windows_have_outlines(kind, options):
    """Each window has an outline, and there is an output pixel for each."""
    axes = st.pictures.pooling(IMAGE, kind=kind, **options)

    assert words(axes)[-1].startswith(kind)


PICTURES = {
    "kernel_walk": lambda **to: st.pictures.kernel_walk(IMAGE, KERNEL, padding=1, **to),
    "transposed": lambda **to: st.pictures.kernel_walk(IMAGE, KERNEL, transposed=True, **to),
    "multichannel": lambda **to: st.pictures.multichannel_convolution(
        np.ones((2, 5, 5)), np.ones((3, 2, 3, 3)), **to
    ),
    "matrix": lambda **to: st.pictures.convolution_matrix((2, 2), (3, 3), **to),
    "im2col": lambda **to: st.pictures.im2col(IMAGE, (2, 2), **to),
    "pooling": lambda **to: st.pictures.pooling(IMAGE, **to),
    "score_map": lambda **to: st.pictures.score_map(np.eye(9), [(0, 0, 3, 3)], ["a"], **to),
    "detections": lambda **to: st.pictures.detections(np.eye(9), [(0, 0, 3, 3)], **to),
    "diagram": lambda **to: st.pictures.plot_diagram(st.Network.preset("lenet5"), **to),
    "activations": lambda **to: st.pictures.activations(
        st.Network.preset("lenet5", engine="numpy").trace(np.ones((1, 28, 28, 1))), **to
    ),
    "field": lambda **to: st.pictures.receptive_field(st.Network.preset("lenet5"), "conv2", **to),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_fills_the_axes_that_it_is_given(name):
    """It returns them, makes no figure of its own, and changes no other axes."""
    figure, (left, right) = plt.subplots(1, 2)

    returned = PICTURES[name](ax=left)

    assert returned is left
    assert plt.get_fignums() == [figure.number]
    assert not right.texts
    assert not right.patches


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_has_the_color_of_the_theme(name, theme):
    """Figure and axes have the color that texts and lines are chosen for."""
    axes = PICTURES[name](theme=theme)

    page = getattr(SURFACE, theme)
    assert mpl.colors.to_hex(axes.figure.get_facecolor()) == page
    assert mpl.colors.to_hex(axes.get_facecolor()) == page


@pytest.mark.parametrize("name", PICTURES)
def test_auto_follows_the_users_style(name):
    """With a dark style for Matplotlib, pictures are dark; without one, they are light."""
    plain = PICTURES[name]()
    with plt.style.context("dark_background"):
        dark = PICTURES[name]()
        on_axes = PICTURES[name](ax=plt.figure().add_subplot())

    assert mpl.colors.to_hex(plain.figure.get_facecolor()) == SURFACE.light
    assert mpl.colors.to_hex(dark.figure.get_facecolor()) == SURFACE.dark
    colors = {t.get_color() for t in on_axes.texts} & {t.get_color() for t in dark.texts}
    assert colors or not dark.texts


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_of_a_scene_is_cut_off(name):
    """All texts of a new picture are within the figure."""
    axes = PICTURES[name]()
    axes.figure.canvas.draw()
    whole = axes.figure.bbox

    for text in axes.texts:
        box = text.get_window_extent()
        assert box.x0 >= whole.x0 - 1, text
        assert box.x1 <= whole.x1 + 1, text
        assert box.y0 >= whole.y0 - 1, text
        assert box.y1 <= whole.y1 + 1, text


def test_texts_shrink_with_their_axes():
    """In small axes numbers still fit their cells, since their size is a part of the cell's."""
    large = st.pictures.kernel_walk(IMAGE, KERNEL)
    small = st.pictures.kernel_walk(IMAGE, KERNEL, ax=plt.figure(figsize=(2, 1)).add_subplot())
    for axes in (large, small):
        axes.figure.canvas.draw()

    def share(axes):
        cell = axes.patches[0].get_window_extent().height
        return axes.texts[0].get_window_extent().height / cell

    assert share(small) == pytest.approx(share(large), rel=0.15)


def test_boxes_of_a_scene_do_not_overlap():
    """Cells of a grid share edges only."""
    scene = st.pictures.kernel_walk_animation(IMAGE, KERNEL).frame(0)
    cells = [
        s.bounds
        for s in scene.shapes
        if isinstance(s, Rect) and s.width == 1 and s.weight == 1 and s.fill
    ]
    distinct = sorted(set(cells))

    assert not any(a.overlaps(b) for k, a in enumerate(distinct) for b in distinct[k + 1 :])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float16])
def test_sums_of_small_types_do_not_overflow(dtype):
    """Images as files hold them give the same numbers as int64: 9 times 255 doesn't fit a byte."""
    image, kernel = RNG.integers(200, 256, (5, 5)), np.full((3, 3), 40)
    draws = {
        "walk": st.pictures.kernel_walk,
        "im2col": lambda x, w: st.pictures.im2col(x, (3, 3), kernel=w),
        "channels": lambda x, w: st.pictures.multichannel_convolution(
            np.stack([x, x]), np.stack([w, w])[np.newaxis]
        ),
    }
    for name, draw in draws.items():
        wide, narrow = (
            [text.get_text() for text in draw(image.astype(t), kernel.astype(t)).texts]
            for t in (np.int64, dtype)
        )
        assert narrow == wide, name
        plt.close("all")
