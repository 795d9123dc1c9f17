"""The summary's receptive fields, compared with the pixels that an output depends on."""

import math
from dataclasses import fields

import numpy as np
import pytest

from strategies import pick
from striate.errors import StriateError
from striate.functions import registry
from striate.functions.base import Call
from striate.functions.dropout import Dropout
from striate.functions.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    LocalResponseNormalization,
)
from striate.functions.reshape import Reshape
from striate.functions.vec import Flatten
from striate.functions.weight import (
    AdaptiveAveragePooling,
    AveragePooling,
    BlurPooling,
    Convolution,
    DotProduct,
    GlobalAveragePooling,
    GlobalMaxPooling,
    Identity,
    LpPooling,
    MaxPooling,
    SumPooling,
    TrainableAveragePooling,
    TransposedConvolution,
)
from striate.graph.graph import Graph
from striate.graph.layer import Layer, Node
from striate.graph.reference import forward
from striate.graph.step import TrainingStep
from striate.graph.summary import seen_by_layers, summarize

LENGTH, MARGIN, MAPS = 72, 14, 2
"""One-dimensional images: long enough that fields in the middle don't reach the edges."""


def _window(rng):
    return {
        "stride": int(rng.integers(1, 4)),
        "dilation": int(rng.integers(1, 3)),
        "padding": pick(rng, ("valid", "same", 1, "full")),
    }


def _pooling(rng):
    return {"window": int(rng.integers(1, 4)), **_window(rng), "ceil_mode": rng.random() < 0.3}


MAKERS = {
    Convolution: lambda rng: Convolution(
        feature_maps=MAPS, kernel_size=int(rng.integers(1, 5)), **_window(rng),
        padding_mode=pick(rng, ("zeros", "replicate", "reflect", "circular")),
        groups=int(rng.integers(1, 3)),
    ),
    TransposedConvolution: lambda rng: TransposedConvolution(
        feature_maps=MAPS, kernel_size=int(rng.integers(1, 5)), stride=int(rng.integers(1, 4)),
        dilation=int(rng.integers(1, 3)), padding=pick(rng, ("valid", "same", 1)),
    ),
    MaxPooling: lambda rng: MaxPooling(**_pooling(rng)),
    AveragePooling: lambda rng: AveragePooling(**_pooling(rng)),
    SumPooling: lambda rng: SumPooling(**_pooling(rng)),
    TrainableAveragePooling: lambda rng: TrainableAveragePooling(**_pooling(rng)),
    LpPooling: lambda rng: LpPooling(**_pooling(rng)),
    AdaptiveAveragePooling: lambda rng: AdaptiveAveragePooling(size=int(rng.integers(3, 30))),
    GlobalAveragePooling: lambda rng: GlobalAveragePooling(),  # noqa: ARG005
    GlobalMaxPooling: lambda rng: GlobalMaxPooling(),  # noqa: ARG005
    GroupNormalization: lambda rng: GroupNormalization(groups=int(rng.integers(1, 3))),
    LayerNormalization: lambda rng: LayerNormalization(),  # noqa: ARG005
    BatchNormalization: lambda rng: BatchNormalization(),  # noqa: ARG005
    # With beta below 0.5 it increases with each pixel; otherwise a maximum could hide a change.
    LocalResponseNormalization: lambda rng: LocalResponseNormalization(  # noqa: ARG005
        size=2, alpha=0.5, beta=0.25
    ),
    Dropout: lambda rng: Dropout(),  # noqa: ARG005
    Flatten: lambda rng: Flatten(order=pick(rng, ("rows", "columns"))),
    Reshape: lambda rng: Reshape(shape=(MAPS, -1)),  # noqa: ARG005
    DotProduct: lambda rng: DotProduct(neurons=5),  # noqa: ARG005
    Identity: lambda rng: Identity(),  # noqa: ARG005
    BlurPooling: lambda rng: BlurPooling(
        stride=int(rng.integers(1, 4)), window=pick(rng, (None, 1, 2, 5)),
        padding=pick(rng, (None, "valid", "same", 2)),
        padding_mode=pick(rng, ("zeros", "replicate", "reflect", "circular")),
    ),
}  # fmt: skip
NEW = [kind for kind in registry.kinds("weight").values() if kind not in MAKERS]
MAKERS |= {kind: lambda rng, kind=kind: pick(rng, kind.cases()).function for kind in NEW}
JOINTS = {
    kind.__name__: kind
    for kind in registry.kinds("net_input").values()
    if any(field.name == "bias" for field in fields(kind))
}


def network(rng):
    """Draw a chain of one to three layers, sometimes with a branch around the last ones."""
    node = start = Node(None, shape=(MAPS, LENGTH), name="image")
    for depth in range(int(rng.integers(1, 4))):
        layer = Layer(pick(rng, list(MAKERS.values()))(rng))
        node, before = layer(node), node
        if depth and rng.random() < 0.3:
            joint = pick(rng, list(JOINTS.values()))
            branch = Layer(pick(rng, list(MAKERS.values()))(rng))(pick(rng, (before, start)))
            node = Layer(Identity(), joint(bias=None))([node, branch])
    return Graph.of(node)


def changed(graph, rng):
    """Return which positions of each layer change with which pixel: [pixel, position].

    Weights are positive and every function increases, so no two changes cancel.
    """
    step = TrainingStep.of(graph)
    parameters = {n: rng.uniform(0.5, 1.5, p.shape) for n, p in graph.parameters().items()}
    state = {n: rng.uniform(0.5, 1.5, p.shape) for n, p in graph.state().items()}
    image = rng.uniform(0.5, 1.5, (1, MAPS, LENGTH))
    images = np.repeat(image, LENGTH + 1, axis=0)
    for pixel in range(LENGTH):
        # Not the same change in all maps: normalizing would remove it.
        images[pixel + 1, :, pixel] += (10, 17)
    run = forward(step, {"image": images}, parameters, state)
    found = {}
    for place in graph.layers:
        a = run.arrays[f"{place.name}.A"]
        different = a[1:] != a[0]
        if a.ndim == 3:
            different = different.any(axis=1)
        found[place.name] = different
    return found


def networks(count):
    """Draw networks whose layers fit together."""
    rng, found = np.random.default_rng(7), 0
    while found < count:
        try:
            graph = network(rng)
        except StriateError:
            continue
        found += 1
        yield graph, rng


def test_patterns_are_what_changes():
    """No position changes outside its field; away from the edges, both its ends do change."""
    compared = dict.fromkeys(MAKERS, 0)
    for graph, rng in networks(400):
        seen, changes = seen_by_layers(graph), changed(graph, rng)
        # At the edges, padding that repeats pixels shows them far from where they are.
        repeated = any(getattr(f, "padding_mode", "zeros") != "zeros" for f in graph.functions())
        for place in graph.layers:
            if len(place.shape) == 1:
                continue
            patterns, change = seen[place.name], changes[place.name]
            if patterns is None:
                continue
            if patterns == "everything":
                # All pixels that come through; some positions may see padding alone.
                most = change[:, change.sum(axis=0).argmax()]
                through = [changes[name].any(axis=1) for name in place.sources if name in changes]
                assert np.array_equal(most, np.any(through, axis=0)) or not through, place
                continue
            (pattern,) = patterns
            for position in range(place.shape[1]):
                pixels = np.flatnonzero(change[:, position])
                span = pattern.span(position)
                if span is None:
                    assert len(pixels) == 0, (graph, place.name, position)
                    continue
                inside = np.all((pixels >= span[0]) & (pixels <= span[1]))
                assert inside or repeated, (place, position)
                if span[0] >= MARGIN and span[1] < LENGTH - MARGIN:
                    assert (pixels[0], pixels[-1]) == span, (place, position)
                    compared[type(place.layer.weight)] += 1
    rows = {kind.__name__: count for kind, count in compared.items()}
    everything = {GlobalAveragePooling, GlobalMaxPooling, GroupNormalization, LayerNormalization}
    vectors = {Flatten, DotProduct, Reshape}
    assert all(compared[kind] > 50 for kind in set(MAKERS) - everything - vectors - set(NEW)), rows


def test_the_summary_states_the_size_of_the_pattern():
    """The field is that of the position with the largest one; an empty tuple means "all"."""
    for graph, _ in networks(100):
        seen = seen_by_layers(graph)
        for row in summarize(graph).rows:
            patterns = seen[row.name]
            if patterns is None:
                assert row.receptive_field is None
            elif patterns == "everything":
                assert row.receptive_field == ()
            else:
                assert row.receptive_field == tuple(pattern.size for pattern in patterns)


@pytest.mark.parametrize("kind", [k for k in MAKERS if k is not Reshape], ids=lambda k: k.__name__)
def test_uncovered_pixels_change_nothing(kind):
    """The incoming pixels that the summary calls uncovered are those that no output depends on."""
    rng, found = np.random.default_rng(3), 0
    for _ in range(60):
        function = MAKERS[kind](rng)
        length = int(rng.integers(4, 16))
        shape = (MAPS * length,) if kind is DotProduct else (MAPS, length)
        try:
            function.output_shape(shape)
        except StriateError:
            continue
        parameters = {
            n: rng.uniform(0.5, 1.5, p.shape) for n, p in function.parameters(shape).items()
        }
        state = {n: rng.uniform(0.5, 1.5, p.shape) for n, p in function.state(shape).items()}
        pixels = shape[-1]
        images = np.repeat(rng.uniform(0.5, 1.5, (1, *shape)), pixels + 1, axis=0)
        for pixel in range(pixels):
            images[(pixel + 1, ..., pixel)] += (10, 17) if len(shape) == 2 else 10
        call = Call(inputs=(images,), parameters=parameters, state=state)
        z = function.forward(call).reshape(pixels + 1, -1)
        uncovered = int((z[1:] == z[0]).all(axis=1).sum())

        assert math.prod(function.uncovered(shape) or (0,)) == uncovered, (function, shape)
        found += 1
    assert found > 20
