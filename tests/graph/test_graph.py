"""Graphs of layers: names, shapes, shared weights, several inputs, depth, other sizes."""

import numpy as np
import pytest

import striate as st
from striate.errors import GraphError
from striate.functions.loss import SquaredError
from striate.graph.graph import Graph
from striate.graph.parameters import ParameterLayout, start_parameters, start_state
from striate.graph.reference import backward, forward
from striate.graph.step import TrainingStep
from striate.model.network import core_of, network_of


def computed(graph, seed=0, images=3, **inputs):
    """Run a graph forward and backward in float64, with a squared error after each output."""
    generator = np.random.default_rng(seed)
    layout = ParameterLayout.of(graph.parameters())
    parameters = layout.views(generator.normal(size=layout.size))
    state = ParameterLayout.of(graph.state()).views(start_state(graph).astype(np.float64))
    given = {
        name: inputs.get(name, generator.normal(size=(images, *shape)))
        for name, shape in graph.inputs.items()
    }
    step = TrainingStep.of(graph, [SquaredError()] * len(graph.outputs), to_inputs=True)
    run = forward(step, given, parameters, state, training=True)
    targets = [np.zeros((images, *graph.shapes[name])) for name in graph.outputs]
    return backward(step, run, targets), parameters


def names(graph):
    """List the names of the layers."""
    return [place.name for place in graph.layers]


class TestNames:
    def test_kind_and_running_number(self):
        """Layers are named by their kind and a number, in the order of creation."""
        a = st.Conv(2, 3)(st.Input((8, 8, 1)))
        b = st.Activation("relu")(st.Conv(2, 3, padding="same")(a))
        graph = Graph.of(st.Dense(2)(st.Flatten()(st.Add()([a, b]))))

        assert names(graph) == ["conv1", "conv2", "relu1", "add1", "flatten1", "dense1"]
        assert [place.number for place in graph.layers] == [1, 2, 3, 4, 5, 6]

    def test_given_names_are_kept_and_avoided(self):
        """A name that the user has given to another layer is skipped."""
        image = st.Input((4,), name="image")
        graph = Graph.of(st.Dense(2)(st.Dense(3)(st.Dense(3, name="dense1")(image))))

        assert names(graph) == ["dense1", "dense2", "dense3"]
        assert list(graph.inputs) == ["image"]

    def test_the_same_graph_has_the_same_names(self):
        """Names depend on the graph only, not on earlier graphs."""

        def graph():
            image = st.Input((4,))
            return Graph.of(st.Add()([st.Dense(3)(image), st.Dense(3)(image)]))

        assert names(graph()) == names(graph()) == ["dense1", "dense2", "add1"]

    def test_parameters_are_named_by_their_layer(self):
        """The names of weights, bias and statistics start with the layer's name and a dot."""
        net = st.Network.parse("conv 2@3x3 as stem | batch-norm | dense 3", (5, 5, 1))

        assert list(net.parameters) == [
            "stem.weight", "stem.bias", "batch-norm1.gamma", "batch-norm1.beta",
            "dense1.weight", "dense1.bias",
        ]  # fmt: skip
        assert list(net.statistics) == ["batch-norm1.mean", "batch-norm1.variance"]


class TestSharedLayers:
    def test_a_layer_called_twice_has_one_set_of_weights(self):
        """A layer that is used twice appears at two places."""
        layer = st.Dense(3)
        graph = Graph.of(layer(layer(st.Input((3,)))))

        assert names(graph) == ["dense1", "dense1@2"]
        assert list(graph.parameters()) == ["dense1.weight", "dense1.bias"]

    def test_its_gradient_is_the_sum_over_its_places(self):
        """The gradient of a shared weight is the sum of those of two equal weights."""
        shared = st.Dense(3, activation="tanh")
        one = Graph.of(shared(shared(st.Input((3,)))))
        two = Graph.of(
            st.Dense(3, activation="tanh")(st.Dense(3, activation="tanh")(st.Input((3,))))
        )
        x = np.random.default_rng(1).normal(size=(3, 3))
        run, parameters = computed(one, input=x)
        step = TrainingStep.of(two, [SquaredError()])
        copies = {
            name.replace("dense1", f"dense{k}"): array
            for k in (1, 2)
            for name, array in parameters.items()
        }
        other = backward(step, forward(step, {"input": x}, copies, {}), [np.zeros((3, 3))])

        for role in ("weight", "bias"):
            np.testing.assert_allclose(
                run.gradients[f"dense1.{role}"],
                other.gradients[f"dense1.{role}"] + other.gradients[f"dense2.{role}"],
                rtol=1e-12,
            )

    def test_statistics_are_updated_at_each_place(self):
        """A shared batch normalization updates its statistics with both batches, in order."""
        norm = st.BatchNorm(momentum=0.5, name="norm")
        left, right = st.Input((2,), name="left"), st.Input((2,), name="right")
        graph = Graph.of(st.Add()([norm(left), norm(right)]))
        run, _ = computed(
            graph, left=np.array([[1.0, 1], [3, 3], [2, 2]]), right=np.full((3, 2), 8.0)
        )

        # From 0: half of 0 and half of the mean 2 is 1; half of 1 and half of 8 is 4.5.
        np.testing.assert_allclose(run.next_state["norm.mean"], 4.5)

    def test_shared_weights_have_one_shape(self, golden):
        """A layer whose second use would need different weights is an error."""
        layer = st.Dense(3)
        with pytest.raises(GraphError) as error:
            Graph.of(layer(layer(st.Input((4,)))))

        golden("messages/graph-shared-weights-of-two-shapes", str(error.value))


class TestSeveralIncomingLayers:
    def test_each_has_kernels_of_its_own(self):
        """Hagan 8.20: the convolutions W^{m,n} of several incoming layers are summed."""
        left, right = st.Input((5, 5, 2), name="left"), st.Input((5, 5, 1), name="right")
        graph = Graph.of(st.Conv(3, 3)([left, right]))
        run, w = computed(graph)

        assert {name: p.shape for name, p in graph.parameters().items()} == {
            "conv1.weight1": (3, 2, 3, 3), "conv1.weight2": (3, 1, 3, 3), "conv1.bias": (3,),
        }  # fmt: skip
        z = sum(
            np.einsum(
                "hluv,qlijuv->qhij",
                w[f"conv1.weight{k}"],
                np.lib.stride_tricks.sliding_window_view(run.arrays[f"{name}.A"], (3, 3), (2, 3)),
            )
            for k, name in ((1, "left"), (2, "right"))
        )
        np.testing.assert_allclose(
            run.arrays["conv1.N"], z + w["conv1.bias"][:, None, None], rtol=1e-12
        )

    def test_a_residual_join(self):
        """An addition passes the derivative on to both of its branches."""
        image = st.Input((4,))
        run, w = computed(Graph.of(st.Add()([image, st.Dense(4)(image)])))

        np.testing.assert_allclose(
            run.arrays["input.dA"],
            run.arrays["add1.dN"] @ (np.eye(4) + w["dense1.weight"]),
            rtol=1e-12,
        )

    def test_concatenation(self):
        """Maps are concatenated, and each branch gets its part of the derivative."""
        left, right = st.Input((3, 3, 2), name="left"), st.Input((3, 3, 1), name="right")
        graph = Graph.of(st.Concatenate()([left, right]))
        run, _ = computed(graph)
        whole = run.arrays["concatenate1.dN"]

        assert graph.layers[0].shape == (3, 3, 3)
        np.testing.assert_array_equal(run.arrays["concatenate1.A"][:, 2:], run.arrays["right.A"])
        np.testing.assert_array_equal(run.arrays["left.dA"], whole[:, :2])
        np.testing.assert_array_equal(run.arrays["right.dA"], whole[:, 2:])

    def test_the_two_paths_of_a_product(self):
        """Hagan E8.9: with n = (w1 a)(w2 a) b the derivative has terms from both paths."""
        a, w1, w2, b = 1.5, 2.0, -0.5, 3.0
        image = st.Input((1,), name="a")
        graph = Graph.of(st.Dense(1, net_input="product")([image, image]))
        step = TrainingStep.of(graph, [SquaredError()], to_inputs=True)
        values = {
            "dense1.weight1": np.array([[w1]]),
            "dense1.weight2": np.array([[w2]]),
            "dense1.bias": np.array([b]),
        }
        run = forward(step, {"a": np.array([[a]])}, values, {})
        backward(step, run, [np.array([[1.0]])])
        n = w1 * a * w2 * a * b
        dn = 2 * (n - 1.0)

        assert run.arrays["dense1.N"][0, 0] == pytest.approx(n, rel=1e-12)
        assert run.gradients["dense1.weight1"][0, 0] == pytest.approx(
            dn * w2 * a * b * a, rel=1e-12
        )
        assert run.gradients["dense1.weight2"][0, 0] == pytest.approx(
            dn * w1 * a * b * a, rel=1e-12
        )
        assert run.gradients["dense1.bias"][0] == pytest.approx(dn * w1 * a * w2 * a, rel=1e-12)
        assert run.arrays["a.dA"][0, 0] == pytest.approx(
            dn * w2 * a * b * w1 + dn * w1 * a * b * w2, rel=1e-12
        )


@pytest.mark.parametrize(
    ("bias", "shape"), [("tied", (3,)), ("untied", (3, 4, 4)), (None, None)], ids=str
)
def test_the_bias(bias, shape):
    """Hagan, figure 8.1: one bias per map, one per neuron, or none."""
    parameters = Graph.of(st.Conv(3, 3, bias=bias)(st.Input((6, 6, 1)))).parameters()

    assert (parameters["conv1.bias"].shape if "conv1.bias" in parameters else None) == shape


class TestFanOut:
    def test_the_first_to_arrive_assigns_and_the_others_add(self):
        """The step contains, as data, which operations write a derivative and which add to it."""
        image = st.Input((3,))
        a = st.Dense(3, name="a")(image)
        graph = Graph.of(st.Add(name="sum")([st.Dense(2, name="b")(a), st.Dense(2, name="c")(a)]))
        step = TrainingStep.of(graph, [SquaredError()])
        targets = [
            (back.operation.layer, target.name, target.adds)
            for back in step.backward
            for target in back.d_inputs
            if target.name == "a.dA"
        ]

        assert targets == [("c", "a.dA", False), ("b", "a.dA", True)]

    def test_its_derivative_is_the_sum(self):
        """The derivative of an array that is used twice is the sum over both uses."""
        image = st.Input((3,))
        a = st.Activation("tanh", name="a")(image)
        run, w = computed(
            Graph.of(st.Add(name="sum")([st.Dense(2, name="b")(a), st.Dense(2, name="c")(a)]))
        )

        np.testing.assert_allclose(
            run.arrays["a.dA"],
            run.arrays["sum.dN"] @ (w["b.weight"] + w["c.weight"]),
            rtol=1e-12,
        )

    def test_an_output_that_is_also_read(self):
        """An output inside a network gets the derivatives of its own loss and of later layers."""
        image = st.Input((3,))
        a = st.Activation("tanh", name="a")(image)
        b = st.Dense(2, name="b")(a)
        run, w = computed(Graph.of([a, b]))
        expected = 2 * run.arrays["a.A"] / 9 + run.arrays["b.dN"] @ w["b.weight"]

        # Squared error: the mean over three outputs and three images.
        np.testing.assert_allclose(run.arrays["a.dA"], expected, rtol=1e-12)

    def test_derivatives_go_no_further_than_they_are_wanted(self):
        """No derivatives are computed for the input and for layers before the first parameter."""
        graph = Graph.of(st.Dense(2)(st.Activation("tanh")(st.Input((3,)))))

        assert {
            back.operation.layer for back in TrainingStep.of(graph, [SquaredError()]).backward
        } == {"dense1"}


def test_branches_that_lead_nowhere_are_not_part():
    """Layers that no output depends on aren't in the graph."""
    image = st.Input((3,))
    st.Dense(7)(image)

    assert names(Graph.of(st.Dense(2)(image))) == ["dense1"]


def test_two_thousand_layers():
    """Deep networks can be built, run forward and backward, written and read."""
    node = st.Input((2,))
    for _ in range(2000):
        node = st.Activation("tanh")(node)
    graph = Graph.of(st.Dense(1)(node))
    run, _ = computed(graph, images=1)
    text = network_of(graph).to_text()

    assert len(graph.layers) == 2001
    assert np.isfinite(run.arrays["input.dA"]).all()
    assert names(st.Network.parse(text, (2,)).graph) == names(graph)
    assert network_of(graph).summary().parameters == 3


class TestOtherSizes:
    def test_the_same_kernels_at_another_size(self):
        """Hagan, after 8.15: kernels don't depend on the image size."""
        net = st.Network.parse("conv 2@3x3 same tanh | max 2 | conv 1@2x2", (8, 8, 1))
        other = net.at((13, 6, 1))

        assert (net.output_shape, other.output_shape) == ((3, 3, 1), (5, 2, 1))
        for name, array in net.parameters.items():
            np.testing.assert_array_equal(other.parameters[name], array)
            assert not np.shares_memory(other.parameters[name], array)

    def test_a_part_of_a_larger_image_gives_a_part_of_the_result(self):
        """The outputs for an image are also part of those for a larger image."""
        net = st.Network.parse("conv 2@3x3 tanh | max 2 | conv 1@2x2", (8, 8, 1))
        x = np.random.default_rng(0).random((1, 12, 8, 1))

        # The same products, summed by a matrix product of a different size.
        np.testing.assert_allclose(
            net.at((12, 8, 1)).predict(x)[:, :2], net.predict(x[:, :8]), rtol=1e-5
        )

    def test_the_loss_and_the_classes_go_along(self):
        """A trained network is unchanged at a different size."""
        net = st.Network.parse("conv 2@3x3 tanh | global-average | dense 2 softmax", (6, 6, 1))
        net.fit(np.random.default_rng(0).random((4, 6, 6, 1)), list("abab"), epochs=1)
        other = net.at((9, 9, 1))

        assert other.classes == net.classes
        assert other.losses == net.losses


class TestParameters:
    def test_views_share_the_buffer(self):
        """Writing to a named array writes to the flat buffer, and vice versa."""
        net = st.Network.parse("conv 2@3x3 | dense 3", (5, 5, 1))
        net.parameters["dense1.bias"][:] = 7
        flat, _ = core_of(net).buffers

        assert all(np.shares_memory(view, flat) for view in net.parameters.values())
        assert (flat[-3:] == 7).all()
        assert sum(view.size for view in net.parameters.values()) == flat.size
        assert {view.dtype for view in net.parameters.values()} == {np.dtype(np.float32)}

    def test_the_same_seed_gives_the_same_bits(self):
        """Weights depend only on the seed."""
        graph = st.Network.preset("lenet5").graph

        np.testing.assert_array_equal(start_parameters(graph, 3), start_parameters(graph, 3))
        assert (start_parameters(graph, 3) != start_parameters(graph, 4)).any()

    def test_each_array_has_a_generator_of_its_own(self):
        """Changing the initializer of one layer doesn't change other layers."""
        nets = [
            st.Network.parse(f"conv 2@3x3 init {init} | dense 3", (5, 5, 1))
            for init in ("orthogonal", "he-normal")
        ]
        first, second = (net.parameters for net in nets)

        assert (first["conv1.weight"] != second["conv1.weight"]).any()
        np.testing.assert_array_equal(first["dense1.weight"], second["dense1.weight"])

    def test_weight_decay_is_for_weights(self):
        """Weight decay doesn't apply to biases and normalization."""
        graph = st.Network.parse("conv 2@3x3 | batch-norm | dense 3", (5, 5, 1)).graph
        marked = {name for name, parameter in graph.parameters().items() if parameter.decayed}

        assert marked == {"conv1.weight", "dense1.weight"}
