"""The errors of pictures, word for word."""

import numpy as np
import pytest

import striate as st
from striate.errors import StriateError
from striate.model.scoring import Evaluation
from striate.training.history import History

IMAGE, KERNEL = np.eye(5), np.ones((3, 3))
NET = st.Network.parse("conv 4@3x3 relu | max 2 | dense 3 softmax", (8, 8, 1), engine="numpy")
X = np.zeros((2, 8, 8, 1))
pictures = st.pictures

CASES = {
    "walk-theme": lambda: pictures.kernel_walk(IMAGE, KERNEL, theme="drak"),
    "walk-image-of-three-axes": lambda: pictures.kernel_walk(X[..., 0], KERNEL),
    "walk-image-of-words": lambda: pictures.kernel_walk([["a", "b"]], KERNEL),
    "walk-image-too-large": lambda: pictures.kernel_walk(np.ones((500, 500)), KERNEL),
    "walk-image-empty": lambda: pictures.kernel_walk(np.ones((0, 5)), KERNEL),
    "walk-kernel-too-large": lambda: pictures.kernel_walk(KERNEL, IMAGE),
    "walk-position-outside": lambda: pictures.kernel_walk(IMAGE, KERNEL, position=(0, 3)),
    "walk-position-a-number": lambda: pictures.kernel_walk(IMAGE, KERNEL, position=3),
    "walk-stride-0": lambda: pictures.kernel_walk(IMAGE, KERNEL, stride=0),
    "walk-padding-misspelled": lambda: pictures.kernel_walk(IMAGE, KERNEL, padding="sam"),
    "walk-axes-a-list": lambda: pictures.kernel_walk(IMAGE, KERNEL, ax=[1]),
    "animation-seconds-0": lambda: pictures.kernel_walk_animation(IMAGE, KERNEL, seconds=0),
    "animation-too-long": lambda: pictures.kernel_walk_animation(np.ones((40, 40)), KERNEL),
    "animation-frame": lambda: pictures.kernel_walk_animation(IMAGE, KERNEL).draw(9),
    "animation-ending": lambda: pictures.kernel_walk_animation(IMAGE, KERNEL).save("walk.mp4"),
    "multichannel-other-channels": lambda: pictures.multichannel_convolution(
        np.ones((2, 5, 5)), np.ones((3, 4, 3, 3))
    ),
    "matrix-too-large": lambda: pictures.convolution_matrix((3, 3), (20, 20)),
    "matrix-shape-a-number": lambda: pictures.convolution_matrix((3, 3), 20),
    "matrix-kernel-too-large": lambda: pictures.convolution_matrix((3, 3), (2, 2)),
    "im2col-kernel-of-another-size": lambda: pictures.im2col(IMAGE, (2, 2), kernel=KERNEL),
    "im2col-too-large": lambda: pictures.im2col(np.ones((40, 40)), (3, 3)),
    "pooling-kind": lambda: pictures.pooling(IMAGE, 2, kind="maximum"),
    "pooling-window": lambda: pictures.pooling(IMAGE, 6),
    "images-none": lambda: pictures.images([]),
    "images-titles": lambda: pictures.images([IMAGE], ["a", "b"]),
    "images-of-three-axes": lambda: pictures.images(X),
    "images-one": lambda: pictures.images(IMAGE),
    "images-in-color": lambda: pictures.images([np.zeros((4, 4, 3))], values=True),
    "mistakes-labels": lambda: pictures.mistakes(X, [0], np.zeros((2, 3))),
    "mistakes-probabilities": lambda: pictures.mistakes(X, [0, 1], np.zeros((3, 3))),
    "mistakes-files": lambda: pictures.mistakes(X, [0, 1], np.eye(2), files=["a.png"]),
    "contact-sheet-label": lambda: pictures.contact_sheet(X, [0, 1], np.eye(3)[:2], 2),
    "walk-image-in-color": lambda: pictures.kernel_walk(np.zeros((5, 5, 3)), KERNEL),
    "images-columns": lambda: pictures.images([IMAGE], columns=0),
    "signals-none": lambda: pictures.signals([]),
    "signals-one": lambda: pictures.signals(np.zeros(100)),
    "signals-many": lambda: pictures.signals(np.zeros((50, 3))),
    "signals-of-two-axes": lambda: pictures.signals([IMAGE]),
    "signals-titles": lambda: pictures.signals([IMAGE[0]], ["a", "b"]),
    "signals-titles-a-number": lambda: pictures.signals([IMAGE[0]], 3),
    "signals-unit-none": lambda: pictures.signals([IMAGE[0]], unit=None),
    "signals-classes-none": lambda: pictures.signals([IMAGE[0]], labels=[0] * 5, classes=None),
    "signals-labels-empty": lambda: pictures.signals([IMAGE[0]], labels=[]),
    "signals-labels-a-number": lambda: pictures.signals([IMAGE[0]], labels=1),
    "text-titles-none": lambda: pictures.text(["if"], [np.zeros(2)], None),
    "images-titles-a-number": lambda: pictures.images([IMAGE], 3),
    "signals-labels": lambda: pictures.signals([IMAGE[0]], labels=[0, 1, 2]),
    "signals-scores": lambda: pictures.signals([IMAGE[0]], labels=IMAGE[0]),
    "signals-step": lambda: pictures.signals([IMAGE[0]], step=0),
    "text-one": lambda: pictures.text("if", np.zeros(2)),
    "text-empty": lambda: pictures.text([""], [[]]),
    "text-long": lambda: pictures.text(["x" * 6000], [np.zeros(6000)]),
    "text-values": lambda: pictures.text(["if", "or"], [np.zeros(2)]),
    "text-characters": lambda: pictures.text(["if", "or"], [np.zeros(2), np.zeros(3)]),
    "text-titles": lambda: pictures.text(["if"], [np.zeros(2)], ["a", "b"]),
    "kernels-of-one-sample": lambda: pictures.kernels(
        st.Network([st.Conv(2, 1)], input_shape=(9, 4))
    ),
    "kernels-layer": lambda: pictures.kernels(NET, "dense1"),
    "kernels-misspelled": lambda: pictures.kernels(NET, "con1"),
    "gradients-without-targets": lambda: pictures.gradients(NET.trace(X), "conv1"),
    "gradients-of-dense": lambda: pictures.gradients(NET.trace(X, [0, 1]), "dense1"),
    "maps-layer": lambda: pictures.feature_maps(NET.trace(X), "conv2"),
    "maps-quantity": lambda: pictures.feature_maps(NET.trace(X), "conv1", quantity="dW"),
    "maps-without-targets": lambda: pictures.feature_maps(NET.trace(X), "conv1", quantity="dA"),
    "maps-image": lambda: pictures.feature_maps(NET.trace(X), "conv1", image=2),
    "activations-quantity": lambda: pictures.activations(NET.trace(X), quantity="N"),
    "activations-image": lambda: pictures.activations(NET.trace(X), image=2),
    "activations-without-targets": lambda: pictures.activations(NET.trace(X), quantity="dA"),
    "terms-of-a-trace": lambda: pictures.terms(NET.trace(X)),
    "terms-maximum": lambda: pictures.terms(NET.trace(X).terms("max1.Z", (0, 0, 1, 1))),
    "field-layer": lambda: pictures.receptive_field(NET, "max2"),
    "field-position": lambda: pictures.receptive_field(NET, "max1", position=(3, 0)),
    "field-position-of-dense": lambda: pictures.receptive_field(NET, "dense1", position=(0, 0)),
    "field-image-of-another-size": lambda: pictures.receptive_field(NET, "max1", np.ones((9, 8))),
    "field-of-a-signal": lambda: pictures.receptive_field(
        st.Network([st.Conv(2, 3)], input_shape=(20, 4)), "conv1"
    ),
    "samples-one-image": lambda: pictures.samples(np.ones((8, 8))),
    "samples-signals": lambda: pictures.samples(np.ones((3, 8))),
    "samples-volumes": lambda: pictures.samples(np.ones((3, 4, 4, 4, 1))),
    "mistakes-signals": lambda: pictures.mistakes(np.ones((2, 8)), np.array([0, 1]), np.eye(2)),
    "samples-none": lambda: pictures.samples(np.ones((0, 8, 8))),
    "samples-labels": lambda: pictures.samples(X, np.eye(2)),
    "samples-columns": lambda: pictures.samples(X, columns=0),
    "augmented-a-number": lambda: pictures.augmented(X, 15),
    "augmented-unknown": lambda: pictures.augmented(X, "rotat 15"),
    "augmented-noise": lambda: pictures.augmented(X, "noise 0.1"),
    "augmented-masks": lambda: pictures.augmented(X, "flip", masks=np.zeros((2, 8, 8))),
    "curve-empty": lambda: pictures.learning_curve(History([])),
    "curve-none": lambda: pictures.learning_curve({}),
    "curve-a-number": lambda: pictures.learning_curve(3),
    "curve-score": lambda: pictures.learning_curve(
        History([{"epoch": 1, "loss": 0.5}]), "accuracy"
    ),
    "curve-band": lambda: pictures.learning_curve(History([{"epoch": 1, "loss": 0.5}]), band="sem"),
    "confusion-of-rows": lambda: pictures.confusion(np.ones((2, 3))),
    "confusion-of-negative-counts": lambda: pictures.confusion(-np.eye(2)),
    "confusion-of-other-classes": lambda: pictures.confusion(np.eye(2), classes=("a",)),
    "confusion-of-numbers": lambda: pictures.confusion(Evaluation(loss=0.5, images=3)),
    "scores-box": lambda: pictures.score_map(IMAGE, boxes=[(1, 2, 3)]),
    "scores-labels": lambda: pictures.score_map(IMAGE, boxes=[(1, 2, 3, 4)], labels=["a", "b"]),
    "scores-of-three-axes": lambda: pictures.score_map(X[..., 0]),
    "detections-image": lambda: pictures.detections(X, []),
    "diagram-view": lambda: pictures.diagram(NET, "block"),
    "diagram-ending": lambda: pictures.diagram(NET).save("net.png"),
    "diagram-theme": lambda: pictures.diagram(NET).to_svg("night"),
    "save-ending": lambda: pictures.save(pictures.kernels(NET), "kernels.jpg"),
    "save-no-picture": lambda: pictures.save(NET, "net.png"),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("case", CASES)
def test_an_error_says_what_to_do(case, golden):
    """Each message says what is wrong, with the value, what is expected, and what to do."""
    with pytest.raises(StriateError) as error:
        CASES[case]()

    golden(f"messages/drawn-{case}", str(error.value))


@pytest.mark.bad_input
def test_a_figure_with_axes_is_refused():
    """Only an empty figure can be filled: a picture would lie on top of what is there."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # slow to import

    figure = Figure()
    figure.add_subplot()

    with pytest.raises(StriateError) as error:
        pictures.kernels(NET, ax=figure)

    assert str(error.value) == (
        "`ax` must be Matplotlib axes or an empty figure, got Figure that has axes already. Use "
        "figure, ax = plt.subplots(), or leave ax out for a new figure."
    )
