"""Normalization: means and variances, running statistics, and errors."""

import numpy as np
import pytest

from striate.errors import OptionError, TrainingError
from striate.functions.base import Call
from striate.functions.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    LocalResponseNormalization,
)

RNG = np.random.default_rng(8)
MAPS = 3 + 2 * RNG.normal(size=(5, 4, 3, 6))
ROUNDED = 1e-12  # a few hundred roundings of numbers of size 1


def batch_call(a, *, training=True, mean=0.0, variance=1.0):
    """Return a call with gain 1, offset 0, and the same running statistics for each map."""
    maps = a.shape[1]
    return Call(
        inputs=(a,),
        parameters={"gamma": np.ones(maps), "beta": np.zeros(maps)},
        state={"mean": np.full(maps, mean), "variance": np.full(maps, variance)},
        training=training,
    )


class TestBatch:
    """Batch normalization."""

    @pytest.mark.parametrize("shape", [(7, 4), (5, 4, 6), (5, 4, 3, 6), (2, 4, 2, 3, 2)])
    def test_maps_get_mean_0_and_variance_1(self, shape):
        """In training each map has mean 0 and variance 1 over images and pixels."""
        a = 3 + 2 * np.random.default_rng(1).normal(size=shape)
        over = (0, *range(2, a.ndim))

        z = BatchNormalization(epsilon=1e-12).forward(batch_call(a))

        np.testing.assert_allclose(z.mean(axis=over), 0, atol=ROUNDED)
        # Epsilon takes off 1e-12 / variance; the variances are above 0.1.
        np.testing.assert_allclose(z.var(axis=over), 1, atol=1e-11)

    def test_numbers_by_hand(self):
        """1, 2, 3 become -1, 0, 1 times the square root of 3/2; then gain and offset."""
        call = Call(
            inputs=(np.array([[1.0], [2.0], [3.0]]),),
            parameters={"gamma": np.array([2.0]), "beta": np.array([10.0])},
            training=True,
        )

        z = BatchNormalization(epsilon=1e-15).forward(call)

        r = 2 * np.sqrt(1.5)
        np.testing.assert_allclose(z[:, 0], [10 - r, 10, 10 + r], rtol=1e-14)

    def test_running_numbers_by_hand(self):
        """The running mean moves by a tenth; the running variance is the unbiased one."""
        call = batch_call(np.array([[1.0], [3.0]]))

        after = BatchNormalization().next_state(call)

        # 0.9 * 0 + 0.1 * 2, and 0.9 * 1 + 0.1 * (1 + 1) / (2 - 1).
        assert after["mean"] == pytest.approx([0.2], rel=1e-15)
        assert after["variance"] == pytest.approx([1.1], rel=1e-15)

    def test_running_numbers_come_to_the_data(self):
        """With momentum 1 they equal the batch's statistics; many small steps converge to them."""
        once = BatchNormalization(momentum=1.0).next_state(batch_call(MAPS))
        call = batch_call(MAPS)
        for _ in range(300):
            state = BatchNormalization().next_state(call)
            call = Call(inputs=call.inputs, state=state, training=True)

        wanted = MAPS.mean(axis=(0, 2, 3)), MAPS.var(axis=(0, 2, 3), ddof=1)
        np.testing.assert_allclose(once["mean"], wanted[0], rtol=1e-13)
        np.testing.assert_allclose(once["variance"], wanted[1], rtol=1e-13)
        # 0.9**300 = 2e-14 of the way is left.
        np.testing.assert_allclose(state["mean"], wanted[0], rtol=1e-12)
        np.testing.assert_allclose(state["variance"], wanted[1], rtol=1e-12)

    def test_outside_training_an_image_does_not_see_its_neighbors(self):
        """With running statistics, each image is normalized independently."""
        together = batch_call(MAPS, training=False, mean=2.0, variance=4.0)
        alone = batch_call(MAPS[1:2], training=False, mean=2.0, variance=4.0)
        kind = BatchNormalization()

        assert (kind.forward(together)[1] == kind.forward(alone)[0]).all()
        np.testing.assert_allclose(kind.forward(alone), (MAPS[1:2] - 2) / np.sqrt(4 + 1e-5))

    def test_outside_training_the_running_numbers_are_constants(self):
        """The derivative is then the gain divided by the standard deviation, for each pixel."""
        call = batch_call(MAPS, training=False, variance=4.0)
        dz = RNG.normal(size=MAPS.shape)

        da = BatchNormalization(epsilon=1e-15).backward(call, MAPS, dz).inputs[0]

        np.testing.assert_allclose(da, dz / 2, rtol=1e-14)

    def test_a_small_variance_about_a_large_mean_keeps_its_digits(self):
        """Maps with mean 10,000 and standard deviation 1 are standardized accurately."""
        a = (10_000 + RNG.normal(size=(64, 1, 8, 8))).astype(np.float32)

        z = BatchNormalization().forward(batch_call(a)).astype(float)

        # The inputs are multiples of 2**-10; the mean is rounded to such a multiple, too.
        assert abs(z.mean()) < 2e-3
        assert z.std() == pytest.approx(1, abs=1e-3)

    def test_gain_offset_and_running_numbers_start_neutral(self):
        """Gain 1, offset 0, running mean 0, running variance 1; none of them has weight decay."""
        kind = BatchNormalization()
        asked = kind.parameters((4, 3, 6)) | kind.state((4, 3, 6))

        assert {name: p.start for name, p in asked.items()} == {
            "gamma": 1.0,
            "beta": 0.0,
            "mean": 0.0,
            "variance": 1.0,
        }
        assert {p.shape for p in asked.values()} == {(4,)}
        assert not any(p.decayed for p in asked.values())

    @pytest.mark.parametrize("shape", [(1, 5), (1, 5, 1, 1)])
    def test_one_value_for_each_map_cannot_be_normalized(self, shape):
        """A training batch of one image of a vector has no variance; the error says what to do."""
        with pytest.raises(TrainingError) as error:
            BatchNormalization().forward(batch_call(np.ones(shape)))

        assert str(error.value) == (
            f"BatchNorm(): a training batch of 1 image of shape {shape[1:]} has one value for each "
            "map, but a variance needs at least two. Use a batch size that leaves at least two "
            "images for the last batch, or LayerNorm()."
        )

    def test_one_image_is_enough_outside_training(self):
        """The error is for training only."""
        z = BatchNormalization().forward(batch_call(np.ones((1, 5)), training=False))

        assert z.shape == (1, 5)

    @pytest.mark.parametrize(
        "options, message",
        [
            (
                {"momentum": 1.5},
                ("BatchNorm(): `momentum` must be at least 0 and at most 1, got 1.5. Try 0.1."),
            ),
            (
                {"epsilon": 0.0},
                ("BatchNorm(): `epsilon` must be a positive finite number, got 0.0. Try 1e-05."),
            ),
        ],
    )
    def test_invalid_options(self, options, message):
        """An invalid option is an error in the constructor."""
        with pytest.raises(OptionError) as error:
            BatchNormalization(**options)

        assert str(error.value) == message


class TestLayerAndGroup:
    """Normalization of each image by itself."""

    def test_layer_normalizes_each_image(self):
        """Over all maps and pixels of an image the mean is 0 and the variance 1."""
        shape = MAPS.shape[1:]

        z = LayerNormalization(epsilon=1e-12).apply(MAPS, np.ones(shape), np.zeros(shape))

        np.testing.assert_allclose(z.mean(axis=(1, 2, 3)), 0, atol=ROUNDED)
        np.testing.assert_allclose(z.var(axis=(1, 2, 3)), 1, atol=1e-11)

    def test_layer_has_a_gain_for_each_neuron(self):
        """Gain and offset have the shape of one image."""
        asked = LayerNormalization().parameters((4, 3, 6))

        assert {name: p.shape for name, p in asked.items()} == {
            "gamma": (4, 3, 6),
            "beta": (4, 3, 6),
        }

    @pytest.mark.parametrize("groups", [1, 2, 4])
    def test_group_normalizes_each_group(self, groups):
        """Over the maps and pixels of a group the mean is 0 and the variance 1."""
        z = GroupNormalization(groups=groups, epsilon=1e-12).apply(MAPS, np.ones(4), np.zeros(4))
        split = z.reshape(5, groups, -1)

        np.testing.assert_allclose(split.mean(axis=2), 0, atol=ROUNDED)
        np.testing.assert_allclose(split.var(axis=2), 1, atol=1e-11)

    def test_one_group_is_layer_normalization(self):
        """Without gain and offset the two are the same."""
        shape = MAPS.shape[1:]
        one = GroupNormalization(groups=1).apply(MAPS, np.ones(4), np.zeros(4))

        layer = LayerNormalization().apply(MAPS, np.ones(shape), np.zeros(shape))

        np.testing.assert_allclose(one, layer, rtol=1e-13, atol=1e-13)

    def test_as_many_groups_as_maps_is_instance_normalization(self):
        """For each image, the result equals batch normalization of that image alone."""
        instance = GroupNormalization(groups=4).apply(MAPS, np.ones(4), np.zeros(4))
        alone = [BatchNormalization().forward(batch_call(a[np.newaxis]))[0] for a in MAPS]

        np.testing.assert_allclose(instance, alone, rtol=1e-13, atol=1e-13)

    def test_groups_that_do_not_divide_the_maps(self):
        """The error names both numbers."""
        with pytest.raises(OptionError) as error:
            GroupNormalization(groups=3).output_shape((4, 3, 6))

        assert str(error.value) == (
            "GroupNorm(3): `groups` must divide the 4 input maps, got 3. "
            "Use a divisor of 4; 4 itself is instance normalization."
        )


class TestLocalResponse:
    """Local response normalization."""

    @pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 9])
    def test_it_is_the_printed_sum(self, size):
        """Plain loops over images, maps and the window, as ONNX states them, agree."""
        kind = LocalResponseNormalization(size=size, alpha=0.7, beta=0.6, bias=1.3)
        wanted = np.empty_like(MAPS)
        for q in range(5):
            for h in range(4):
                first = max(0, h - (size - 1) // 2)
                last = min(3, h + -(-(size - 1) // 2))
                squares = sum(MAPS[q, k] ** 2 for k in range(first, last + 1))
                wanted[q, h] = MAPS[q, h] / (1.3 + 0.7 / size * squares) ** 0.6

        np.testing.assert_allclose(kind.apply(MAPS), wanted, rtol=1e-14)

    def test_a_window_of_no_maps(self):
        """The error names the smallest window."""
        with pytest.raises(OptionError) as error:
            LocalResponseNormalization(size=0).output_shape((4, 3, 6))

        assert str(error.value) == (
            "LocalResponseNorm(0): `size` must be an integer from 1 to 16,777,216, got 0. Try 5."
        )
