"""Draw one example of every picture, for light and for dark pages, to look at them.

    python tools/contact_sheet.py FOLDER [NAME...]

Names are those of the examples; by default all are drawn. Matplotlib pictures are PNG files,
diagrams and animations SVG files, animations also GIF files.
"""

# ruff: noqa: E501  # one picture on each line

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import striate as st
from striate.model.scoring import Evaluation
from striate.training.history import History

P = st.pictures
THEMES = ("light", "dark")
RNG = np.random.default_rng(0)

IMAGE = np.array(
    [[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]
)
KERNEL = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])
SQUARE = np.zeros((8, 8), int)
SQUARE[1:7, 1:7] = 1
SQUARE[2:6, 2:6] = 0
EDGE = np.array([[-1, 0, 1]] * 3)


def histories(count: int, best: float, seed: int) -> list[History]:
    """Make up training runs."""
    rng = np.random.default_rng(seed)
    runs = []
    for _ in range(count):
        curve = best * (1 - np.exp(-np.arange(1, 13) / 3)) + rng.normal(0, 0.01, 12)
        runs.append(
            History(
                [
                    {"epoch": k, "loss": 2 * (1.02 - a), "accuracy": a,
                     "validation_loss": 2.1 * (1.05 - a), "validation_accuracy": a - 0.02}
                    for k, a in enumerate(curve.tolist(), start=1)
                ],
                best_epoch=9,
            )
        )  # fmt: skip
    return runs


def _digits() -> tuple[Any, Any]:
    return st.data.load("digits")[0]


def _trace() -> Any:
    x, y = _digits()
    net = st.Network.preset("lenet5", seed=4)
    net.fit(x[:1000], y[:1000], epochs=2, progress=False)
    return net.trace(x[7:8], y[7:8])


def _color_picture() -> np.ndarray:
    rows, columns = np.mgrid[:32, :32]
    return np.stack([rows * 8, columns * 8, 255 - rows * 4 - columns * 4], axis=-1).astype(np.uint8)


def _filtered() -> list[np.ndarray]:
    diamond = (abs(np.arange(15) - 7)[:, None] + abs(np.arange(15) - 7) == 4).astype(int)
    padded = np.pad(diamond, 1)
    kernels = [np.eye(3), np.fliplr(np.eye(3)), EDGE.T, EDGE]
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    return [np.einsum("ijuv,uv->ij", windows, kernel) for kernel in kernels]


def _scene() -> tuple[np.ndarray, np.ndarray, list[tuple[int, int, int, int]]]:
    scene = RNG.random((60, 90))
    windows = np.lib.stride_tricks.sliding_window_view(scene, (9, 9))
    scores = np.einsum("ijuv,uv->ij", windows, RNG.random((9, 9)) - 0.5)
    best = np.unravel_index(np.argsort(-scores.ravel())[:3], scores.shape)
    return scene, scores, [(int(r), int(c), 9, 9) for r, c in zip(*best, strict=True)]


AXES: dict[str, Callable[..., Any]] = {
    "walk": lambda **to: P.kernel_walk(IMAGE, KERNEL, position=(1, 1), **to),
    "walk-padded": lambda **to: P.kernel_walk(SQUARE, EDGE, padding=1, position=(2, 2), **to),
    "walk-strided": lambda **to: P.kernel_walk(IMAGE, KERNEL, stride=2, padding=1, position=(1, 2), **to),
    "walk-dilated": lambda **to: P.kernel_walk(SQUARE, np.ones((2, 2)), dilation=2, position=(1, 3), **to),
    "walk-transposed": lambda **to: P.kernel_walk(IMAGE[:3, :3], KERNEL, stride=2, padding=1, transposed=True, position=(2, 2), **to),
    "walk-floats": lambda **to: P.kernel_walk(RNG.normal(size=(5, 5)), RNG.normal(size=(2, 3)), **to),
    "multichannel": lambda **to: P.multichannel_convolution(RNG.integers(0, 4, (2, 5, 5)), RNG.integers(-2, 3, (3, 2, 3, 3)), **to),
    "matrix-8.12": lambda **to: P.convolution_matrix((2, 2), (3, 3), order="columns", **to),
    "matrix-numbers": lambda **to: P.convolution_matrix(EDGE, (5, 5), padding=1, **to),
    "im2col": lambda **to: P.im2col(np.arange(9).reshape(3, 3), (2, 2), kernel=[[1, 0], [0, 2]], position=(0, 1), **to),
    "im2col-large": lambda **to: P.im2col(IMAGE, (3, 3), position=(1, 2), **to),
    "pooling": lambda **to: P.pooling(np.array([[1, 3, 0, 2], [4, 2, 5, 1], [0, 1, 7, 8], [2, 6, 3, 4]]), **to),
    "pooling-3": lambda **to: P.pooling(RNG.integers(0, 4, (15, 15)), 3, **to),
    "pooling-overlapping": lambda **to: P.pooling(IMAGE, 3, stride=1, **to),
    "pooling-average": lambda **to: P.pooling(SQUARE, 2, kind="average", **to),
    "images": lambda **to: P.images(_filtered(), ["horizontal", "vertical", "slash", "backslash"], **to),
    "images-values": lambda **to: P.images([np.eye(3), EDGE, SQUARE], ["slash", "edge", "square"], values=True, **to),
    "kernels": lambda **to: P.kernels(st.Network.preset("lenet5"), **to),
    "kernels-pairs": lambda **to: P.kernels(st.Network.preset("lenet5"), "conv2", **to),
    "kernels-color": lambda **to: P.kernels(st.Network.preset("conv4"), **to),
    "maps": lambda **to: P.feature_maps(_trace(), "conv1", **to),
    "maps-gradient": lambda **to: P.feature_maps(_trace(), "conv2", quantity="dA", **to),
    "maps-dense": lambda **to: P.feature_maps(_trace(), "dense2", **to),
    "activations": lambda **to: P.activations(_trace(), **to),
    "activations-derivatives": lambda **to: P.activations(_trace(), quantity="dA", **to),
    "activations-residual": lambda **to: P.activations(st.Network.parse(RESIDUAL, (16, 16, 3)).trace(RNG.random((1, 16, 16, 3))), **to),
    "terms-weight": lambda **to: P.terms(_trace().terms("conv1.dW", (2, 0, 1, 3)), **to),
    "terms-output": lambda **to: P.terms(_trace().terms("conv2.Z", (0, 3, 4, 5)), **to),
    "terms-pixel": lambda **to: P.terms(_trace().terms("average1.dA", (0, 2, 6, 7)), **to),
    "gradients": lambda **to: P.gradients(_trace(), "conv1", **to),
    "field": lambda **to: P.receptive_field(st.Network.preset("lenet5"), "conv2", _digits()[0][7], **to),
    "field-hatched": lambda **to: P.receptive_field(st.Network.parse("conv 4@4x4 stride 5 | max 2", (32, 32, 3)), "max1", _color_picture(), position=(1, 1), **to),
    "samples": lambda **to: P.samples(*_digits(), **to),
    "samples-plain": lambda **to: P.samples(_digits()[0], rows=3, **to),
    "mistakes": lambda **to: P.mistakes(_digits()[0][:40], RNG.integers(0, 10, 40), RNG.dirichlet(np.ones(10), 40), **to),
    "contact-sheet": lambda **to: P.contact_sheet(_digits()[0][:40], np.arange(40) % 2, RNG.dirichlet(np.ones(10), 40), 0, files=[f"{k:03}.png" for k in range(40)], **to),
    "confusion": lambda **to: P.confusion(Evaluation(loss=0.1, images=10, confusion=RNG.integers(0, 30, (10, 10)) + 90 * np.eye(10, dtype=int), classes=tuple(range(10))), **to),
    "curve": lambda **to: P.learning_curve(histories(1, 0.95, 0)[0], **to),
    "curve-band": lambda **to: P.learning_curve(histories(5, 0.95, 0), "accuracy", **to),
    "curve-compared": lambda **to: P.learning_curve({"CNN": histories(5, 0.95, 0), "dense": histories(5, 0.8, 1)}, "accuracy", **to),
    "scores": lambda **to: P.score_map(_scene()[1], _scene()[2], ["1", "2", "3"], **to),
    "detections": lambda **to: P.detections(_scene()[0], _scene()[2], **to),
    "plot-diagram": lambda **to: P.plot_diagram(st.Network.preset("lenet5-valid"), **to),
}  # fmt: skip

RESIDUAL = (
    "conv 8@3x3 same relu as first | conv 8@3x3 same | add first relu | global-average | dense 3 "
    "softmax"
)
DIAGRAMS: dict[str, Callable[[], Any]] = {
    f"{name}-{view}": (lambda net=net, view=view: P.diagram(net(), view))
    for name, net in {
        "lenet5": lambda: st.Network.preset("lenet5-valid"),
        "hagan-8.9": lambda: st.Network.parse("conv 6@5x5 relu | max 2x2", (28, 28, 1)),
        "residual": lambda: st.Network.parse(RESIDUAL, (16, 16, 3)),
        "unet": lambda: st.Network.preset("unet-small"),
        "resnet20": lambda: st.Network.preset("resnet20"),
    }.items()
    for view in ("blocks", "shorthand", "full", "backward")
}
ANIMATIONS: dict[str, Callable[[], Any]] = {
    "animation": lambda: P.kernel_walk_animation(IMAGE, KERNEL, padding=1, stride=2),
    "animation-transposed": lambda: P.kernel_walk_animation(
        IMAGE[:3, :3], KERNEL, stride=2, padding=1, transposed=True
    ),
}


def main() -> None:
    """Draw the examples."""
    folder, *names = sys.argv[1:]
    for name, draw in AXES.items():
        if not names or name in names:
            for theme in THEMES:
                P.save(draw(ax=Figure(), theme=theme), Path(folder) / f"{name}-{theme}.png")
    for name, draw in DIAGRAMS.items():
        if not names or name in names:
            for theme in THEMES:
                draw().save(Path(folder) / f"{name}-{theme}.svg", theme=theme)
    for name, draw in ANIMATIONS.items():
        if not names or name in names:
            for theme in THEMES:
                for ending in (".svg", ".gif"):
                    draw().save(Path(folder) / f"{name}-{theme}{ending}", theme=theme)


if __name__ == "__main__":
    main()
