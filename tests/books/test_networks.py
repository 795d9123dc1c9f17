"""The figures, exercises and numbers of the texts, each reproduced by a network."""

import numpy as np
import pytest

import striate as st
from books.hagan_pictures import (
    BACKSLASH,
    DIAMOND,
    E8_1_IMAGE,
    E8_1_KERNEL,
    E8_4_IMAGE,
    E8_6_KERNEL,
    HORIZONTAL,
    P8_2_KERNEL,
    SLASH,
    SQUARE,
    VERTICAL,
)
from books.test_hagan_mathematics import E8_1_ANSWER, E8_6_CONVOLUTION, E8_6_CORRELATION
from striate.functions.initializer import Given

TEMPLATES = (HORIZONTAL, VERTICAL, SLASH, BACKSLASH)


def filters(*kernels, **options):
    """Return a convolution layer with these kernels, one per map, without bias."""
    weights = np.array(kernels)[:, np.newaxis]
    window, given = weights.shape[2:], Given(values=weights)
    return st.Conv(len(kernels), window, bias=None, initializer=given, **options)


def apply(layers, picture):
    """Return the maps of one image after some layers: ``[map, row, column]``."""
    net = st.Network(layers, input_shape=(*picture.shape, 1))
    return net.predict(picture[np.newaxis].astype(float))[0].transpose(2, 0, 1)


def sizes(net):
    """List the number of rows of every layer in a network, from its input on."""
    return [net.input_shape[0], *(row.shape[1] for row in net.summary().rows if len(row.shape) > 1)]


def test_exercise_8_1():
    """E8.1: the plus on the square's outline, stride 1, padding 1."""
    found = apply([filters(E8_1_KERNEL, padding=1)], E8_1_IMAGE)

    assert found[0].tolist() == E8_1_ANSWER


def test_exercise_8_1_ii():
    """E8.1 ii: the response of the plus has its maximum, 5, only at the center of a plus."""
    cross = np.zeros((8, 8))
    cross[4, 2:7] = cross[2:7, 4] = 1

    found = apply([filters(E8_1_KERNEL, padding=1)], cross)[0]

    assert found.max() == 5
    assert np.argwhere(found == 5).tolist() == [[4, 4]]


def test_exercise_8_2():
    """E8.2: 2 x 2 max pooling with stride 2 after E8.1's layer."""
    found = apply([filters(E8_1_KERNEL, padding=1), st.MaxPool(2, stride=2)], E8_1_IMAGE)

    assert found[0].tolist() == [[3, 3, 3, 3], [3, 2, 2, 3], [3, 2, 2, 3], [3, 3, 3, 3]]


def test_exercise_8_4():
    """E8.4: P8.2's kernel shifts; in rows and columns, as in layers, it only shifts right."""
    found = apply([filters(P8_2_KERNEL, flip=True, padding=((1, 0), (1, 0)))], E8_4_IMAGE)

    assert found[0].tolist() == np.roll(E8_4_IMAGE, 1, axis=1).tolist()


def test_exercise_8_5():
    """E8.5: each pixel and its left neighbor averaged, as convolution and as correlation."""
    kernel, padding = np.array([[0.5, 0.5]]), ((0, 0), (1, 0))

    convolved = apply([filters(kernel, flip=True, padding=padding)], E8_1_IMAGE)
    correlated = apply([filters(np.rot90(kernel, 2), padding=padding)], E8_1_IMAGE)

    assert convolved.tolist() == correlated.tolist()
    assert convolved[0, 1].tolist() == [0, 0.5, 1, 1, 1, 1, 1, 0.5]
    assert convolved[0, 2].tolist() == [0, 0.5, 0.5, 0, 0, 0, 0.5, 0.5]


def test_exercise_8_6():
    """E8.6: convolution with flip=True, correlation, and the kernel that makes them equal."""
    convolved = apply([filters(E8_6_KERNEL, flip=True)], E8_1_IMAGE)
    correlated = apply([filters(E8_6_KERNEL)], E8_1_IMAGE)
    with_turned_kernel = apply([filters(np.rot90(E8_6_KERNEL, 2))], E8_1_IMAGE)

    assert convolved[0].tolist() == E8_6_CONVOLUTION
    assert correlated[0].tolist() == E8_6_CORRELATION
    assert with_turned_kernel[0].tolist() == E8_6_CONVOLUTION


def test_exercise_8_7():
    """E8.7: 15 pixels, window 3: stride 2 and padding 1 give 8; at stride 1, padding 1 keeps 15."""
    i = st.Network([st.Conv(1, 3, stride=2, padding=1)], input_shape=(15, 15, 1))
    ii = st.Network([st.Conv(1, 3, padding=1)], input_shape=(15, 15, 1))

    assert i.output_shape == (8, 8, 1)
    assert ii.output_shape == (15, 15, 1)
    assert i.summary().rows[0].sizes == "(15 + 1 + 1 - 3)/2 + 1 = 8"


def test_exercise_8_8():
    """E8.8: each derivative goes to the first maximum of its window; other pixels get 0."""
    picture = np.array([[1, 7, 4, 0], [2, 3, 4, 4], [0, 0, -5, -2], [0, 0, -2, -9]])
    net = st.Network([st.MaxPool(2)], input_shape=(4, 4, 1))
    wanted = np.array([[5, 8], [-2, 0]])  # the maxima are 7, 4, 0, -2

    trace = net.trace(picture[np.newaxis].astype(float), wanted[np.newaxis].astype(float))

    # The mean of four squares: dN is half the error.
    assert trace["max1"].dZ[0, 0].tolist() == [[1, -2], [1, -1]]
    assert trace.d_inputs["input"][0, 0].tolist() == [
        [0, 1, -2, 0],
        [0, 0, 0, 0],
        [1, 0, 0, -1],
        [0, 0, 0, 0],
    ]


def test_exercise_8_9():
    """E8.9: if n = b z, then dz = b dn, and db is the sum of dn z over pixels."""
    layer = st.Conv(1, 2, net_input="product", initializer=Given(values=[[[[1, 2], [3, 4]]]]))
    net = st.Network([layer], input_shape=(3, 3, 1))
    net.parameters["conv1.bias"][:] = 3
    picture = np.arange(9.0).reshape(1, 3, 3)

    found = net.trace(picture, np.full((1, 2, 2), 100.0))["conv1"]

    z = [[27, 37], [57, 67]]
    n = [[81, 111], [171, 201]]
    dn = [[-9.5, 5.5], [35.5, 50.5]]  # the mean of four squares: half of n - 100
    assert found.Z[0, 0].tolist() == z
    assert found.N[0, 0].tolist() == n
    assert found.dN[0, 0].tolist() == dn
    assert found.dZ[0, 0].tolist() == [[-28.5, 16.5], [106.5, 151.5]]
    assert found.db.tolist() == [27 * -9.5 + 37 * 5.5 + 57 * 35.5 + 67 * 50.5]


def test_exercise_8_10_by_its_votes():
    """E8.10: the square and the diamond of figure 8.4 fully match two templates each.

    That the network is correct for all squares and diamonds is a test of the exercise.
    """
    net = st.exercises.designed_network()

    square, diamond = (
        net.trace(p[np.newaxis].astype(float))["max1"].A[0] for p in (SQUARE, DIAMOND)
    )

    assert square.sum(axis=(1, 2)).tolist() == [6, 6, 0, 0]
    assert diamond.sum(axis=(1, 2)).tolist() == [0, 0, 6, 6]


def test_the_design_tolerates_noise_and_can_be_learned():
    """Figures 8.4, 8.5: on noisy figures, the design and a trained network are accurate."""
    (x, y), (x_test, y_test) = st.data.load("shapes")
    trained = st.Network.parse("conv 4@3x3 padding 1 relu | max 3 | dense 2 softmax", (15, 15, 1))

    trained.fit(x, y, epochs=3, learning_rate=0.03)

    # Measured: 1.0 each. Guessing gives 0.5.
    assert st.exercises.designed_network().evaluate(x_test, y_test).accuracy > 0.95
    assert trained.evaluate(x_test, y_test).accuracy > 0.95


def test_figures_8_6_and_8_7():
    """Figures 8.6 and 8.7: of the four maps of each figure, only those of its lines reach 3."""
    square, diamond = (apply([filters(*TEMPLATES, padding=1)], p) for p in (SQUARE, DIAMOND))

    assert square.shape == diamond.shape == (4, 15, 15)
    assert square.max(axis=(1, 2)).tolist() == [3, 3, 2, 2]
    assert diamond.max(axis=(1, 2)).tolist() == [2, 2, 3, 3]


def test_figure_8_8():
    """Figure 8.8: 3 x 3 max pooling after the filters reduces 15 x 15 to 5 x 5."""
    layers = [filters(*TEMPLATES, padding=1), st.MaxPool(3)]

    horizontal = apply(layers, SQUARE)[0]
    slash, backslash = apply(layers, DIAMOND)[2:]

    assert horizontal.tolist() == [
        [0, 0, 0, 0, 0],
        [1, 3, 3, 3, 1],
        [1, 1, 0, 1, 1],
        [1, 3, 3, 3, 1],
        [0, 0, 0, 0, 0],
    ]
    assert slash.tolist() == [
        [0, 0, 1, 0, 0],
        [0, 1, 3, 3, 0],
        [1, 3, 1, 3, 1],
        [0, 3, 3, 1, 0],
        [0, 0, 1, 0, 0],
    ]
    assert backslash.tolist() == [row[::-1] for row in slash.tolist()]


def test_figures_8_9_to_8_11():
    """Figures 8.9 to 8.11: H1 x H0 kernels, pooling keeps the maps, vec, a softmax layer."""
    net = st.Network.parse(
        "conv 6@5x5 tanh | max 2x2 | conv 16@5x5 tanh | max 2x2 | flatten order columns | "
        "dense 10 softmax",
        (28, 28, 3),
    )

    shapes_of = {name: array.shape for name, array in net.parameters.items()}

    assert shapes_of["conv1.weight"] == (6, 3, 5, 5)
    assert shapes_of["conv2.weight"] == (16, 6, 5, 5)
    assert [row.shape[0] for row in net.summary().rows[:4]] == [6, 6, 16, 16]
    assert net.predict(np.zeros((1, 28, 28, 3))).sum() == pytest.approx(1, abs=1e-6)


def test_the_same_kernels_for_another_image():
    """Hagan, after 8.15: if the image size changes, so does the output size, but not the kernel."""
    net = st.Network([filters(*TEMPLATES)], input_shape=(15, 15, 1))

    larger = net.at((40, 20, 1))

    assert larger.output_shape == (38, 18, 4)
    assert np.array_equal(larger.parameters["conv1.weight"], net.parameters["conv1.weight"])


def test_wichmann_3_1():
    """3.1: ten 5 x 5 x 3 filters on 100 x 100 x 3 give 96 x 96 x 10; height 300, width 200."""
    layer = st.Conv(10, 5)

    assert st.Network([layer], input_shape=(100, 100, 3)).output_shape == (96, 96, 10)
    assert st.Network([layer], input_shape=(300, 200, 3)).output_shape == (296, 196, 10)


def test_wichmann_3_3():
    """3.3: 39 -> 37 -> 17 -> 7, and 1960 features."""
    net = st.Network.parse(
        "conv 10@3x3 relu | conv 20@5x5 stride 2 relu | conv 40@5x5 stride 2 relu | flatten",
        (39, 39, 3),
    )

    assert sizes(net) == [39, 37, 17, 7]
    assert net.output_shape == (1960,)


@pytest.mark.parametrize(
    ("preset", "steps"),
    [("lenet5-valid", [32, 28, 14, 10, 5]), ("lenet5", [28, 28, 14, 10, 5])],
)
def test_wichmann_6_1(preset, steps):
    """6.1: LeNet-5 has 156 + 2,416 + 48,120 + 10,164 + 850 = 61,706 trainable parameters."""
    net = st.Network.preset(preset)

    counts = [row.parameters for row in net.summary().rows if row.parameters]
    assert sizes(net) == steps
    assert counts == [156, 2_416, 48_120, 10_164, 850]
    assert net.parameter_count == 61_706


def test_wolters_exercise():
    """The course's network: 28 -> 26 -> 13 -> 11 -> 5 -> 3, 576 features, 98,442 parameters."""
    net = st.Network.preset("wolter-exercise")

    rows = {row.name: row for row in net.summary().rows}
    assert sizes(net) == [28, 26, 13, 11, 5, 3]
    assert rows["flatten1"].shape == (576,)
    assert [row.parameters for row in rows.values() if row.parameters] == [
        160,
        4_640,
        18_496,
        73_856,
        1_290,
    ]
    assert net.parameter_count == 98_442


@pytest.mark.parametrize(
    ("labels", "outputs", "summed_over_classes", "mean"),
    [
        (
            [[1, 0], [0, 1], [0, 0]],
            [[0.2, 0.12], [0.42, 0.21], [0.22, 0.34]],
            1.5022,
            0.7511,
        ),
        (
            [[1, 0], [0, 0], [0, 0], [0, 1]],
            [[0.8, 0.11], [0.22, 0.22], [0.1, 0.3], [0.08, 0.19]],
            0.7607,
            0.3803,
        ),
    ],
)
def test_wolters_binary_cross_entropy(labels, outputs, summed_over_classes, mean):
    """The course's numbers: the mean over all entries is half the sum over its two classes."""
    probabilities = np.array(outputs)
    layer = st.Dense(2, activation="logistic", initializer=Given(values=np.eye(2)))
    net = st.Network([layer], input_shape=(2,))
    net_inputs = np.log(probabilities / (1 - probabilities))

    loss = net.evaluate(net_inputs, np.array(labels, float)).loss

    # The published numbers have four digits.
    assert loss == pytest.approx(mean, abs=5e-5)
    assert 2 * loss == pytest.approx(summed_over_classes, abs=5e-5)
    assert np.allclose(net.predict(net_inputs), probabilities, atol=1e-6)


def test_wolters_template_is_found():
    """Finding Waldo: a layer with the template as its kernel has its maximum where the template is.

    The mean of the template is subtracted; otherwise, bright regions would match everything.
    """
    scene = np.random.default_rng(71).uniform(size=(40, 50))
    template = scene[21:28, 13:20]
    layer = st.Conv(1, 7, bias=None, initializer=Given(values=[[template - template.mean()]]))

    found = apply([layer], scene)[0]

    assert np.unravel_index(found.argmax(), found.shape) == (21, 13)
