"""Batches from an iterable: the same results as with arrays, and the errors of each mistake."""

import numpy as np
import pytest

import striate as st
from striate.errors import DataError, OptionError, ShapeError, StriateError, TrainingError

TEXT = "conv 4@3x3 relu | max 2 | dropout 0.2 | dense 10 softmax"
SIZE = 64


@pytest.fixture(scope="module")
def digits():
    """Digits for training and for validation; the last batch is smaller."""
    (x, y), (x_test, y_test) = st.data.load("digits")
    return x[:300], y[:300], x_test[:100], y_test[:100]


@pytest.fixture
def message(golden, request):
    """Compare an error's text with the golden file of the test."""
    name = request.node.name.removeprefix("test_").replace("_", "-").replace("[", "-").strip("]")
    return lambda error: golden(f"messages/stream-{name}", str(error.value))


def network(text=TEXT, *, channels="last", **options):
    """Make a small network for digits."""
    shape = (28, 28, 1) if channels == "last" else (1, 28, 28)
    return st.Network.parse(text, shape, channels=channels, **options)


def in_batches(*arrays, size=SIZE):
    """Divide arrays into a list of batches."""
    return [tuple(array[k : k + size] for array in arrays) for k in range(0, len(arrays[0]), size)]


def same_bits(one, other):
    """Whether two networks have the same parameters."""
    return all(
        np.array_equal(one.parameters[name], other.parameters[name]) for name in one.parameters
    )


def without_seconds(net):
    """Return the history without times."""
    return [{**row, "seconds": 0} for row in net.history.rows]


class Stream:
    """Batches that can be iterated again, without a length."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


@pytest.mark.parametrize("kind", ["list", "stream", "function", "generator function"])
@pytest.mark.parametrize("engine", ["compiled", "numpy"])
def test_the_same_bits_as_from_arrays(digits, kind, engine):
    """Batches in the order of arrays train the same bits, with the same history and range."""
    x, y, x_test, y_test = digits
    batches = in_batches(x, y)

    def generator():
        yield from batches

    given = {
        "list": batches,
        "stream": Stream(batches),
        "function": lambda: batches,
        "generator function": generator,
    }[kind]
    options = {"epochs": 2, "class_weight": {3: 2.0}, "schedule": "constant"}
    arrays, stream = network(engine=engine), network(engine=engine)
    arrays.fit(x, y, batch_size=SIZE, shuffle=False, validation=(x_test, y_test), **options)
    stream.fit(given, validation=in_batches(x_test, y_test), **options)

    assert same_bits(arrays, stream)
    assert without_seconds(arrays) == without_seconds(stream)
    assert arrays.preprocessing == stream.preprocessing


@pytest.mark.parametrize("augment", ["shift 2 flip", st.data.Augmentation(crop=0.8)])
def test_augmented_images(digits, augment):
    """Images are changed as those of arrays: by their number in the epoch."""
    x, y, *_ = digits
    arrays, stream = network(), network()
    arrays.fit(x, y, batch_size=SIZE, shuffle=False, epochs=2, augment=augment)
    stream.fit(in_batches(x, y), epochs=2, augment=augment)

    assert same_bits(arrays, stream)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint16])
def test_types_of_images(digits, dtype):
    """Batches may hold any type that arrays may have."""
    x, y, *_ = digits
    x = x.astype(dtype) * dtype(257) if dtype == np.uint16 else (x / 255).astype(dtype)
    arrays, stream = network(), network()
    arrays.fit(x, y, batch_size=SIZE, shuffle=False, epochs=1)
    stream.fit(in_batches(x, y), epochs=1)

    assert same_bits(arrays, stream)


def test_weights_of_images(digits):
    """A third part of each batch holds the weights of its images."""
    x, y, x_test, y_test = digits
    weights = np.linspace(0, 1, len(x))
    arrays, stream = network(), network()
    arrays.fit(x, y, sample_weight=weights, batch_size=SIZE, shuffle=False, epochs=2)
    stream.fit(in_batches(x, y, weights), epochs=2)

    assert same_bits(arrays, stream)
    of_arrays = arrays.evaluate(x_test, y_test, sample_weight=weights[:100])
    of_stream = arrays.evaluate(in_batches(x_test, y_test, weights[:100], size=30))
    assert of_stream.loss == pytest.approx(of_arrays.loss, rel=1e-12)
    assert of_stream.accuracy == pytest.approx(of_arrays.accuracy, rel=1e-12)
    assert of_stream.interval is None


def test_batches_of_any_size(digits):
    """Batches grow and shrink; each trains as if it were alone, whatever came before."""
    x, y, *_ = digits
    sizes = [10, 64, 3, 100, 17, 106]
    ends = np.cumsum(sizes)
    batches = [(x[e - n : e], y[e - n : e]) for e, n in zip(ends, sizes, strict=True)]
    compiled, numpy = network(engine="compiled"), network(engine="numpy")
    compiled.fit(batches, epochs=2)
    numpy.fit(batches, epochs=2)

    assert compiled.history["loss"] == pytest.approx(numpy.history["loss"], rel=1e-5)


def test_forms_that_change(digits):
    """One batch may hold bytes and the next one floats, or one-hot rows after labels."""
    x, y, *_ = digits
    same = in_batches(x, y)
    mixed = [
        (a / 255 if k % 2 else a, np.eye(10)[b] if k % 3 else b) for k, (a, b) in enumerate(same)
    ]
    one, other = network(), network()
    one.fit(same, epochs=2)
    other.fit(mixed, epochs=2)

    assert other.history["loss"] == pytest.approx(one.history["loss"], rel=1e-4)
    assert other.history["accuracy"] == pytest.approx(one.history["accuracy"], abs=0.02)


def test_a_generator_for_one_epoch(digits):
    """A generator is used up by one epoch."""
    x, y, *_ = digits
    net = network()
    net.fit((batch for batch in in_batches(x, y)), epochs=1)

    assert len(net.history) == 1


def test_epochs_of_a_number_of_steps(digits):
    """With a number of steps, an epoch continues where the last one ended, and starts again."""
    x, y, *_ = digits
    batches = in_batches(x, y)  # 5 batches
    seen = []

    def recorded():
        for k, batch in enumerate(batches):
            seen.append(k)
            yield batch

    net = network()
    net.fit(recorded, epochs=4, steps_per_epoch=3)
    assert seen == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    seen.clear()
    network().fit(recorded(), epochs=1, steps_per_epoch=4)

    assert seen == [0, 1, 2, 3]


def test_schedules_that_need_a_length(digits, message):
    """A schedule over all steps works if their number is known."""
    x, y, *_ = digits
    batches = in_batches(x, y)
    arrays, stream, steps = network(), network(), network()
    arrays.fit(x, y, batch_size=SIZE, shuffle=False, epochs=2, schedule="cosine")
    stream.fit(batches, epochs=2, schedule="cosine")
    steps.fit(Stream(batches), epochs=2, schedule="cosine", steps_per_epoch=5)

    assert same_bits(arrays, stream)
    assert same_bits(arrays, steps)
    with pytest.raises(OptionError) as error:
        network().fit(Stream(batches), schedule="cosine")
    message(error)


def test_a_run_is_resumed(digits, tmp_path):
    """A run that was interrupted in an epoch continues with the next batch."""
    x, y, *_ = digits
    batches = in_batches(x, y)

    class StopError(Exception):
        pass

    def stopping():
        for k, batch in enumerate(batches):
            if len(runs) == 2 and k == 3:
                raise StopError
            yield batch
        runs.append(k)

    runs = []
    whole, stopped, resumed = network(), network(), network()
    whole.fit(batches, epochs=4)
    runs.append(0)
    with pytest.raises(StopError):
        stopped.fit(stopping, epochs=4, checkpoint=tmp_path / "run")
    resumed.fit(batches, epochs=4, resume=tmp_path / "run")

    assert same_bits(whole, resumed)
    assert without_seconds(whole) == without_seconds(resumed)


def test_validation_for_arrays(digits):
    """Arrays can be validated on batches."""
    x, y, x_test, y_test = digits
    one, other = network(), network()
    one.fit(x, y, epochs=2, validation=(x_test, y_test))
    other.fit(x, y, epochs=2, validation=Stream(in_batches(x_test, y_test, size=33)))

    assert same_bits(one, other)
    assert other.history["validation_loss"] == pytest.approx(one.history["validation_loss"])
    assert other.history["validation_accuracy"] == one.history["validation_accuracy"]


def test_evaluate_and_predict(digits):
    """Batches are scored and predicted like arrays; predict does not use targets."""
    x, y, x_test, y_test = digits
    net = network()
    net.fit(x, y, epochs=2)
    whole = net.evaluate(x_test, y_test, top_k=[3])
    stream = net.evaluate(in_batches(x_test, y_test, size=33), top_k=[3])

    assert str(stream) == str(whole)
    assert stream.loss == pytest.approx(whole.loss, rel=1e-12)
    assert np.array_equal(stream.confusion, whole.confusion)
    for given in (iter(in_batches(x_test, size=30)), iter(in_batches(x_test, y_test, size=30))):
        assert np.array_equal(net.predict(given), net.predict(x_test))
    images = [batch for (batch,) in in_batches(x_test, size=30)]
    assert np.array_equal(net.predict_classes(lambda: images), net.predict_classes(x_test))


def test_strings_as_labels(digits, message):
    """Classes that are strings must be known; then labels are compared by value."""
    x, y, *_ = digits
    names = np.array([f"digit {k}" for k in range(10)])
    arrays, stream = network(), network()
    arrays.fit(x, names[y], batch_size=SIZE, shuffle=False, epochs=1)
    stream.classes = names
    stream.fit([(a, list(b)) for a, b in in_batches(x, names[y])], epochs=1)

    assert same_bits(arrays, stream)
    with pytest.raises(DataError) as error:
        network().fit(in_batches(x, names[y]))
    message(error)


def test_several_inputs_and_outputs(digits):
    """A batch may hold a list or a dict for the inputs and for the outputs."""
    x, y, *_ = digits
    left, right = (st.Input((28, 28, 1), name=name) for name in ("left", "right"))
    hidden = st.Dense(8, activation="tanh")([st.Flatten()(left), st.Flatten()(right)])
    outputs = [
        st.Dense(10, activation="softmax", name="digit")(hidden),
        st.Dense(2, activation="softmax", name="odd")(hidden),
    ]
    nets = [st.Network([left, right], outputs) for _ in range(2)]
    nets[0].fit([x, x[::-1]], [y, y % 2], batch_size=SIZE, shuffle=False, epochs=2)
    batches = in_batches(x, x[::-1], y, y % 2)
    nets[1].fit(
        [({"left": a, "right": b}, {"digit": c, "odd": d}) for a, b, c, d in batches], epochs=2
    )

    assert same_bits(*nets)
    assert without_seconds(nets[0]) == without_seconds(nets[1])


def test_tensors_of_pytorch(digits):
    """A DataLoader gives tensors; a network takes them with channels first as they are."""
    torch = pytest.importorskip("torch")
    x, y, *_ = digits
    data = torch.utils.data.TensorDataset(
        torch.from_numpy(x).permute(0, 3, 1, 2).float() / 255, torch.from_numpy(y)
    )
    loader = torch.utils.data.DataLoader(data, batch_size=SIZE)
    arrays, stream = (network(channels="first") for _ in range(2))
    images = np.moveaxis(x, -1, 1).astype(np.float32) / np.float32(255)
    arrays.fit(images, y, batch_size=SIZE, shuffle=False, epochs=2)
    stream.fit(loader, epochs=2, validation=loader)

    assert same_bits(arrays, stream)
    assert np.array_equal(stream.predict(loader), arrays.predict(images))
    half = [(a.bfloat16().requires_grad_(), b) for a, b in loader]
    assert stream.evaluate(half).loss == pytest.approx(stream.evaluate(loader).loss, rel=0.01)
    with pytest.raises(ShapeError, match=r'channels first.*channels="first"'):
        network().fit(loader)
    with pytest.raises(DataError, match=r"^`x` is a TensorDataset, which yields single images"):
        network(channels="first").fit(data)


def test_tensors_of_other_libraries(digits):
    """Arrays of other libraries, such as TensorFlow, are converted by NumPy."""

    class Tensor:
        def __init__(self, values):
            self.values = values
            self.shape = values.shape

        def __array__(self, dtype=None, copy=None):
            return self.values

    x, y, *_ = digits
    same, other = network(), network()
    same.fit(in_batches(x, y), epochs=1)
    other.fit(Stream([(Tensor(a), Tensor(b)) for a, b in in_batches(x, y)]), epochs=1)

    assert same_bits(same, other)


def test_a_network_after_a_failure(digits):
    """An error in the middle of an epoch leaves the weights of the batches before."""
    x, y, *_ = digits
    batches = in_batches(x, y)
    net, before = network(), network()
    before.fit(batches[:2], epochs=1)
    with pytest.raises(DataError, match=r"^Batch 3 of `x`: y\[0\] is 77"):
        net.fit([*batches[:2], (x[:5], [77, 1, 2, 3, 4])], epochs=1)

    assert same_bits(net, before)
    untouched = network()
    with pytest.raises(StriateError):
        untouched.fit([(x[:5], [77, 1, 2, 3, 4])])
    assert same_bits(untouched, network())


def test_a_batch_that_a_layer_cannot_train_on(digits, message):
    """Batch normalization needs two values; the error names the batch."""
    x, y, *_ = digits
    net = network("dense 4 | batch-norm | dense 10 softmax")
    with pytest.raises(TrainingError) as error:
        net.fit([(x[:64], y[:64]), (x[64:65], y[64:65])], epochs=1)

    message(error)


X = np.zeros((4, 28, 28, 1), np.uint8)
Y = np.array([0, 1, 2, 3])


def raising():
    """Make a generator that was used up."""
    used = iter([(X, Y)])
    next(used)
    return used


@pytest.mark.parametrize(
    ("given", "options"),
    [
        pytest.param(X, {}, id="images without targets"),
        pytest.param(5, {}, id="a number"),
        pytest.param({"x": X}, {}, id="a dict"),
        pytest.param([], {}, id="no batches"),
        pytest.param(raising(), {"epochs": 1}, id="a generator that was used up"),
        pytest.param((b for b in [(X, Y)]), {}, id="a generator for several epochs"),
        pytest.param(
            (b for b in [(X, Y)] * 3),
            {"epochs": 2, "steps_per_epoch": 2},
            id="a generator that ends too early",
        ),
        pytest.param(lambda: 3, {}, id="a function of no iterable"),
        pytest.param([X, X], {}, id="batches without targets"),
        pytest.param([(X,)], {}, id="a tuple of one"),
        pytest.param([{"image": X, "label": Y}], {}, id="batches that are dicts"),
        pytest.param([(X[0], 3)], {}, id="single images"),
        pytest.param([(X, Y[:3])], {}, id="targets of another number"),
        pytest.param([(X[:, :14], Y)], {}, id="images of another size"),
        pytest.param([(X, Y, [1, 2])], {}, id="weights of another number"),
        pytest.param([(X, Y)], {"validation": 0.1}, id="a fraction to hold out"),
        pytest.param([(X, Y)], {"standardize": True}, id="standardized images"),
        pytest.param([(X, Y)], {"class_weight": "balanced"}, id="balanced classes"),
        pytest.param([(X, Y)], {"sample_weight": [1, 1]}, id="weights for arrays"),
        pytest.param([(X, Y)], {"steps_per_epoch": 0}, id="no steps"),
        pytest.param([(X, Y)], {"validation": iter([(X, Y)])}, id="a generator for validation"),
        pytest.param([(X, Y)], {"validation": lambda: [(X, Y, 1)]}, id="a bad validation batch"),
        pytest.param([(X, Y), (X, np.full((4, 10), 0.1))], {}, id="other targets later"),
    ],
)
def test_errors(given, options, golden, request):
    """Each mistake has its own error."""
    name = request.node.callspec.id.replace(" ", "-")
    with pytest.raises(StriateError) as error:
        network().fit(given, **options)

    golden(f"messages/stream-{name}", str(error.value))


def test_errors_of_arrays(golden):
    """Options of batches are refused for arrays, and targets next to batches."""
    with pytest.raises(OptionError) as error:
        network().fit(X, Y, steps_per_epoch=3)
    golden("messages/stream-steps-for-arrays", str(error.value))
    with pytest.raises(OptionError) as error:
        network().fit(iter([(X, Y)]), Y)
    golden("messages/stream-targets-next-to-batches", str(error.value))


def test_errors_of_evaluate_and_predict(golden):
    """So are the mistakes of evaluate and predict."""
    net = network()
    with pytest.raises(DataError) as error:
        net.evaluate(X)
    golden("messages/stream-evaluate-without-targets", str(error.value))
    with pytest.raises(DataError) as error:
        net.predict(iter([]))
    golden("messages/stream-predict-nothing", str(error.value))
    with pytest.raises(ShapeError) as error:
        net.predict(iter([X, X[:, :5]]))
    golden("messages/stream-predict-another-size", str(error.value))
