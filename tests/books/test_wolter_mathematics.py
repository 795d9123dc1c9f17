"""The numbers in Wolter's slides and in the exercise, as far as `striate.maths` computes them."""

import numpy as np
import pytest

from striate.maths import Axis, axes, cross_correlate, im2col_matrix, index_view, uncovered_pixels


def test_equation_4():
    """4: o = (i - k) + 1 for every input that is at least as large as the kernel."""
    for i in range(1, 12):
        for k in range(1, i + 1):
            assert Axis(length=i, window=k).output == (i - k) + 1


def test_the_index_matrix_of_the_exercise():
    """A 2 x 2 kernel on a 3 x 3 image has this index matrix and 2 x 2 positions."""
    index, (rows, columns) = index_view((3, 3), (2, 2))

    assert index.tolist() == [[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]]
    assert (rows, columns) == (2, 2)


@pytest.mark.parametrize("method", ["loops", "windows", "fft"])
def test_a_kernel_as_large_as_the_image(method):
    """Ones on arange(12) give the single number 66."""
    found = cross_correlate(np.arange(12.0).reshape(3, 4), np.ones((3, 4)), method=method)

    assert found.shape == (1, 1)
    assert found[0, 0] == pytest.approx(66.0)


@pytest.mark.parametrize("image", [np.eye(6), np.eye(11, 10)], ids=["6x6", "11x10"])
@pytest.mark.parametrize("size", [(2, 2), (3, 3), (2, 3), (4, 4)], ids=str)
def test_the_exercise_by_loops_and_by_indices(image, size):
    """The two functions of the exercise agree, for its images and kernel sizes."""
    kernel = np.random.default_rng(24).uniform(size=size)
    index, places = index_view(image.shape, size)

    by_loops = cross_correlate(image, kernel, method="loops")
    by_indices = (image.ravel()[index] @ kernel.ravel()).reshape(places)

    assert by_loops.shape == (image.shape[0] - size[0] + 1, image.shape[1] - size[1] + 1)
    assert np.allclose(by_loops, by_indices, rtol=0, atol=1e-14)


def test_the_waldo_scene_shows_what_im2col_costs():
    """A 34 x 36 template on a 500 x 500 scene: 467 x 465 positions, 265,797,720 column entries."""
    places = [axis.output for axis in axes((500, 500), window=(34, 36))]

    assert places == [467, 465]
    assert 467 * 465 * 34 * 36 == 265_797_720


def test_a_hidden_template_is_found():
    """Finding Waldo: the correlation is largest where the template was taken from the scene."""
    scene = np.random.default_rng(25).normal(size=(40, 50))
    template = scene[21:28, 13:22]

    found = cross_correlate(scene, template)

    assert np.unravel_index(found.argmax(), found.shape) == (21, 13)


def test_the_multichannel_figure():
    """A 3 x 2 x 3 x 3 kernel on a 2 x 5 x 5 input gives 3 x 3 x 3: pairs added, then stacked."""
    rng = np.random.default_rng(26)
    kernels, image = rng.integers(-9, 9, size=(3, 2, 3, 3)), rng.integers(-9, 9, size=(2, 5, 5))

    stacked = np.stack(
        [
            cross_correlate(image[0], pair[0]) + cross_correlate(image[1], pair[1])
            for pair in kernels
        ]
    )

    assert stacked.shape == (3, 3, 3)
    as_matrices = kernels.reshape(3, -1) @ im2col_matrix(image, (3, 3))
    assert np.array_equal(as_matrices.reshape(3, 3, 3), stacked)


def test_the_chain_of_the_exercise():
    """28 -> 26 -> 13 -> 11 -> 5 -> 3; the floor at 11 -> 5 loses the last two rows and columns."""
    chain, sizes = [], [28]
    for window, stride in ((3, 1), (2, 2), (3, 1), (2, 2), (3, 1)):
        chain.append(Axis(length=sizes[-1], window=window, stride=stride))
        sizes.append(chain[-1].output)

    assert sizes == [28, 26, 13, 11, 5, 3]
    assert uncovered_pixels(chain).tolist() == [26, 27]


def test_moving_in_steps_of_two_cuts_the_resolution_in_half():
    """A window of 2 with stride 2 halves every even size."""
    for i in range(2, 40, 2):
        assert Axis(length=i, window=2, stride=2).output == i // 2


def test_convolution_shifts_with_its_input():
    """With stride 1, the output shifts with the input; with stride 2, only for even shifts."""
    rng = np.random.default_rng(27)
    kernel, p = rng.normal(size=(3, 3)), rng.normal(size=(20, 20))

    z, z_one, z_two = (cross_correlate(np.roll(p, k, axis=0), kernel) for k in (0, 1, 2))

    inner = slice(4, -4)  # away from the edge, where pixels wrap around from the other side
    assert np.array_equal(z_one[5:-3], z[inner])
    assert np.array_equal(z_two[::2][3:-2], z[::2][2:-3])
    assert not np.any(np.isclose(z_one[::2][3:-2], z[::2][2:-3]).all(axis=1))


def test_max_pooling_is_not_invariant_to_a_shift_by_two():
    """The slides say that pooling ignores a shift by two pixels; its output shifts by one."""
    signal = np.random.default_rng(28).normal(size=16)

    def pooled(x):
        return np.array([max(x[2 * i], x[2 * i + 1]) for i in range(8)])

    assert not np.array_equal(pooled(np.roll(signal, 2)), pooled(signal))
    assert np.array_equal(pooled(np.roll(signal, 2)), np.roll(pooled(signal), 1))
