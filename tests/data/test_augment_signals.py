"""Augmentation of signals: what it does, what it refuses, and that targets follow."""

import numpy as np
import pytest

import striate as st
from networks import ENGINES
from striate.data import Augmentation
from striate.data.noise import normal
from striate.errors import DataError, OptionError, ShapeError, StriateWarning
from striate.functions.loss import CrossEntropy, SquaredError
from striate.graph.batch import LoadImages, as_arrays
from striate.model.batches import BatchLoader, TargetMover
from striate.model.inputs import Preprocessing

RNG = np.random.default_rng(2)
SIGNALS = RNG.normal(size=(300, 40, 2)).astype(np.float32)
ALL = Augmentation.parse("shift 5 flip scale 0.5 noise 0.1 cutout 6")


def apply(augmentation, signals=SIGNALS, *, seed=0, epoch=0, indices=None):
    """Augment signals whose indices start at 0 unless others are given."""
    numbers = np.arange(len(signals)) if indices is None else indices
    return augmentation.apply_to_signals(signals, seed=seed, epoch=epoch, indices=numbers)


def test_shift_moves_by_whole_samples():
    """All shifts from -3 to 3 occur; samples from outside have the fill value."""
    signal = np.arange(1, 11, dtype=np.float32).reshape(1, 10, 1).repeat(100, axis=0)

    found = apply(Augmentation(shift=3, fill=-1), signal)[:, :, 0]

    framed = np.array([-1] * 3 + list(range(1, 11)) + [-1] * 3)
    shifts = [next(k for k in range(7) if (one == framed[k : k + 10]).all()) for one in found]
    assert set(shifts) == set(range(7))  # one is missing with a probability of 7 * (6 / 7)**100


def test_flip_reverses_half_of_the_signals():
    """A flipped signal is the same backward."""
    found = apply(Augmentation(flip="horizontal"))

    backward = (found == SIGNALS[:, ::-1]).all(axis=(1, 2))
    assert ((found == SIGNALS).all(axis=(1, 2)) ^ backward).all()
    assert abs(backward.sum() - 150) < 44  # five standard deviations of sqrt(300) / 2


def test_scale_multiplies_the_amplitude():
    """Half of the signals are damped, half of them amplified, each by one factor."""
    found = apply(Augmentation(scale=0.5))

    factors = (found / SIGNALS).astype(float)
    each = np.median(factors, axis=(1, 2))
    np.testing.assert_allclose(factors, each[:, None, None].repeat(40, 1).repeat(2, 2), rtol=1e-6)
    assert 0.5 <= each.min() < 0.52
    assert 1.9 < each.max() <= 2
    assert abs((each < 1).sum() - 150) < 44


def test_noise_is_relative_to_each_channel_of_a_signal():
    """A channel of ten times the spread gets ten times the noise; a constant one gets none."""
    signals = SIGNALS * np.array([1, 10], np.float32)
    signals[0] = 3

    noise = (apply(Augmentation(noise=0.1), signals) - signals).astype(float)

    assert (noise[0] == 0).all()
    relative = noise[1:] / signals[1:].astype(float).std(axis=1, keepdims=True)
    # 24,000 numbers: the standard deviation of theirs is 0.1 / sqrt(48,000) = 0.0005; four of them.
    assert relative.std() == pytest.approx(0.1, abs=0.002)
    assert abs(relative.mean()) < 0.0026


def test_numbers_are_normally_distributed():
    """Mean, variance and fourth moment are those of the normal distribution."""
    numbers = normal((1000,), seed=1, epoch=0, indices=np.arange(200)).astype(float)

    # Standard deviations of the moments of 200,000 numbers: 0.0022, 0.0032 and 0.022; four of them.
    assert abs(numbers.mean()) < 0.009
    assert (numbers**2).mean() == pytest.approx(1, abs=0.013)
    assert (numbers**4).mean() == pytest.approx(3, abs=0.09)
    assert len(np.unique(numbers[:, 0])) > 150
    assert (normal((7,), seed=1, epoch=0, indices=np.array([3]))[0] == numbers[3, :7]).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_type_stays_and_integers_stay_in_range(dtype):
    """Integer signals are rounded, and cut off at the ends of their type."""
    most = 1 if dtype == np.float32 else np.iinfo(dtype).max
    signals = (RNG.random((50, 30, 1)) * most).astype(dtype)

    found = apply(ALL, signals)

    assert found.dtype == dtype
    assert found.shape == signals.shape
    assert (found != signals).any()


@pytest.mark.parametrize("channels", [1, 2])
def test_batches_make_no_difference(channels):
    """A signal is changed in the same way alone and among others."""
    signals = SIGNALS[:20, :, :channels].copy()
    whole = apply(ALL, signals, seed=3, epoch=2)

    for k in range(20):
        one = apply(ALL, signals[k : k + 1], seed=3, epoch=2, indices=np.array([k]))
        np.testing.assert_array_equal(one[0], whole[k])


@pytest.mark.parametrize("channels", ["last", "first"])
@pytest.mark.parametrize("text", ["shift 5 flip cutout 4", "scale 0.7 shift 3", "noise 0.1 flip"])
@pytest.mark.parametrize("type_", [np.uint8, np.float32, np.float64])
def test_loaded_signals_are_those_that_are_augmented(type_, text, channels):
    """Loaded or made, signals have the same values; only noise needs arrays."""
    signals = (SIGNALS * 20 + 100).astype(type_)
    some = np.array([7, 0, 299])
    augment = Augmentation.parse(text)
    given = signals if channels == "last" else np.ascontiguousarray(np.moveaxis(signals, -1, 1))
    loader = BatchLoader({"x": given}, Preprocessing(channels=channels), augment, seed=4)

    (chosen,) = loader.load(some, epoch=1)

    part = signals[some].astype(np.float32 if type_ == np.float64 else type_)
    wanted = augment.apply_to_signals(part, seed=4, epoch=1, indices=some)
    wanted = Preprocessing().to_equations(wanted, "x")
    assert isinstance(chosen, LoadImages) == (type_ != np.float64 and not augment.noise)
    # One rounding of a factor, one of a product, one of a sum of numbers up to 255.
    np.testing.assert_allclose(as_arrays([chosen])[0], wanted, rtol=4e-7, atol=1e-4 * 4e-7)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", ["shift 4 flip", "scale 0.8 shift 2", "noise 0.2 shift 2"])
def test_engines_train_on_the_same_signals(engine, text):
    """A step with augmented signals is a step with the arrays made of them."""
    y = np.arange(300) % 2
    augment = Augmentation.parse(text)
    options = {"epochs": 1, "batch_size": 64, "shuffle": False, "optimizer": "gradient-descent"}
    losses = []
    for x, more in (
        (SIGNALS, {"augment": augment, "seed": 5}),
        (apply(augment, seed=5), {}),
    ):
        network = st.Network.parse(
            "conv 4@5 relu | max 2 | dense 2 softmax", (40, 2), engine=engine, seed=0
        )
        losses += network.fit(x, y, **options, **more)["loss"]

    assert losses[0] == pytest.approx(losses[1], rel=1e-5)  # float32, a few thousand products


def test_labels_of_samples_move_with_them():
    """Each sample keeps the label that its value has; those from outside get fill_mask."""
    y = (SIGNALS[..., 0] > 0).astype(np.int64)
    some = np.array([5, 100, 3])
    loader = BatchLoader({"x": SIGNALS}, Preprocessing(), Augmentation(shift=6, flip="horizontal"))
    mover = TargetMover(loader, [y], [CrossEntropy()], [(2, 40)], ["y"])

    images = as_arrays(loader.load(some, 3))[0]
    (found,) = mover.targets([y[some]], some, 3)

    np.testing.assert_array_equal(found, images[:, 0] > 0)
    (labels,) = mover.labels([y[some]], some, 3)
    np.testing.assert_array_equal(labels, found)


def test_signals_as_targets_move_with_their_inputs():
    """A signal that is its own target stays so; its amplitude stays that of the target."""
    y = np.moveaxis(SIGNALS, -1, 1).copy()
    some = np.array([5, 100, 3])
    for text, same in (("shift 6 flip fill 2", True), ("shift 6 scale 0.5", False)):
        loader = BatchLoader({"x": SIGNALS}, Preprocessing(), Augmentation.parse(text))
        mover = TargetMover(loader, [y], [SquaredError()], [(2, 40)], ["y"])

        images = as_arrays(loader.load(some, 3))[0]
        (found,) = mover.targets([y[some]], some, 3)

        assert (images == found).all() == same
        assert ((images == 0) == (found == 0)).all()


def test_signals_next_to_images_stay():
    """In a network with images and signals, the images are augmented."""
    images = RNG.random((6, 8, 8, 1)).astype(np.float32)
    loader = BatchLoader(
        {"x": images, "s": SIGNALS[:6]}, Preprocessing(), Augmentation.parse("rotate 20")
    )

    first, second = as_arrays(loader.load(np.arange(6)))

    assert (first != np.moveaxis(images, -1, 1)).any()
    np.testing.assert_array_equal(second, np.moveaxis(SIGNALS[:6], -1, 1))


X = np.zeros((8, 40, 2), np.float32)
REFUSED = {
    "rotate": (X, "rotate 10", OptionError),
    "flip-vertical": (X, "flip vertical", OptionError),
    "shift-too-large": (X, "shift 40", ShapeError),
    "no-channels": (X[..., 0], "shift 2", ShapeError),
    "float64": (X.astype(float), "shift 2", DataError),
}


@pytest.mark.parametrize("case", REFUSED)
def test_signals_that_do_not_fit_are_refused(case, golden):
    """Options of images, and signals of another shape or dtype, are refused."""
    signals, text, kind = REFUSED[case]

    with pytest.raises(kind) as error:
        apply(Augmentation.parse(text), signals)

    golden(f"messages/augment-signals-{case}", str(error.value))


def test_noise_is_for_signals(golden):
    """Images have brightness and contrast."""
    with pytest.raises(OptionError) as error:
        st.Network.parse("dense 2 softmax", (8, 8, 1)).fit(
            np.zeros((4, 8, 8, 1), np.uint8), [0, 1, 0, 1], epochs=1, augment="noise 0.1"
        )

    golden("messages/augment-noise-of-images", str(error.value))


def test_targets_that_signals_cannot_move(golden):
    """Labels of another number of samples are refused; other numbers cause a warning."""
    with pytest.raises(ShapeError) as error:
        st.Network.parse("conv 2@3 softmax", (40, 2)).fit(
            SIGNALS, RNG.integers(0, 2, (300, 38)), epochs=1, augment="shift 2"
        )
    with pytest.warns(StriateWarning) as caught:
        st.Network.parse("dense 2", (40, 2)).fit(
            SIGNALS, RNG.random((300, 2)), epochs=1, augment="shift 2"
        )

    golden("messages/augment-signals-targets-another-length", str(error.value))
    golden("messages/augment-signals-numbers", str(caught[0].message))
    network = st.Network.parse("dense 2", (40, 2))
    network.fit(SIGNALS, RNG.random((300, 2)), epochs=1, augment="scale 0.8 noise 0.1")
