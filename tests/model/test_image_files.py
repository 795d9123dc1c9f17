"""Networks on images in a file: the same bits as with the images in memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import striate as st
from striate.data.image_file import ImageFile
from striate.errors import DataError, ShapeError, StriateWarning

NETWORK = "conv 4@3x3 relu | max 2 | dense 10 softmax"


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Digits, and the same digits in a file."""
    (x, y), _ = st.data.load("digits")
    x, y = x[:600], y[:600]
    path = tmp_path_factory.mktemp("images") / "pixels"
    path.write_bytes(x.tobytes())
    return x, ImageFile(path, x.shape, x.dtype), y


def trained(images, y, engine="auto", **options):
    """Train a small network."""
    net = st.Network.parse(NETWORK, (28, 28, 1), engine=engine)
    net.fit(images, y, epochs=2, batch_size=64, **options)
    return net


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"engine": "numpy"},
        {"shuffle": False, "standardize": True},
        {"augment": "shift 2 flip", "validation": 0.1, "class_weight": "balanced"},
        {"augment": st.data.Augmentation(crop=0.8)},
    ],
    ids=["plain", "numpy", "standardized", "augmented", "magnified"],
)
def test_training_gives_the_same_bits(digits, options):
    """Training on images in a file gives the same weights, scores and preprocessing."""
    x, file, y = digits
    memory, disk = trained(x, y, **options), trained(file, y, **options)

    for name, values in memory.parameters.items():
        assert np.array_equal(values, disk.parameters[name])
    assert disk.preprocessing == memory.preprocessing
    for one, other in zip(memory.history.rows, disk.history.rows, strict=True):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}


def test_validation_images_in_a_file(digits):
    """The pair of validation data may be in a file, too."""
    x, file, y = digits
    memory = trained(x[100:], y[100:], validation=(x[:100], y[:100]))
    disk = trained(
        file.part(slice(100, None)), y[100:], validation=(file.part(range(100)), y[:100])
    )

    assert memory.history["validation_loss"] == disk.history["validation_loss"]


def test_predictions_are_the_same(digits):
    """Evaluate, predict and trace take images in a file, one or many."""
    x, file, y = digits
    net = trained(x, y)

    assert str(net.evaluate(file, y)) == str(net.evaluate(x, y))
    for part in ([3], slice(0, 20), slice(None)):
        assert np.array_equal(net.predict(file.part(part)), net.predict(x[part]))
        assert np.array_equal(net.predict_classes(file.part(part)), net.predict_classes(x[part]))
    assert np.array_equal(
        net.trace(file.part([1, 2]), y[1:3])["conv1"].dW, net.trace(x[1:3], y[1:3])["conv1"].dW
    )


def test_a_run_is_resumed_from_either(digits, tmp_path):
    """A checkpoint of a run on an array can be resumed on the same images in a file."""
    x, file, y = digits
    trained(x, y, checkpoint=tmp_path / "run")
    net = st.Network.parse(NETWORK, (28, 28, 1))
    net.fit(file, y, epochs=3, batch_size=64, resume=tmp_path / "run")
    whole = st.Network.parse(NETWORK, (28, 28, 1))
    whole.fit(x, y, epochs=3, batch_size=64)

    assert np.array_equal(net.parameters["conv1.weight"], whole.parameters["conv1.weight"])


def test_images_of_another_shape(digits):
    """The errors about shapes and empty data are those for arrays."""
    _, file, y = digits
    net = st.Network.parse("dense 10 softmax", (14, 14, 1))
    with pytest.raises(ShapeError, match=r"^x has shape \(600, 28, 28, 1\); expected \(n, 14, 14"):
        net.fit(file, y)
    with pytest.raises(DataError, match=r"^x holds no images: its shape is \(0, 28, 28, 1\)"):
        net.fit(file.part([]), [])


PEAK = """
import sys
from pathlib import Path
import numpy as np
import striate as st
from striate.data import ImageFile

count = int(sys.argv[2])
net = st.Network.parse("average 32 | dense 2 softmax", (224, 224, 3))
x = ImageFile(Path(sys.argv[1]), (2500, 224, 224, 3), np.uint8).part(slice(count))
y = np.arange(count) % 2
net.fit(x, y, epochs=1, validation=0.1)
net.evaluate(x, y)
status = Path("/proc/self/status").read_text()
print(status.partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is that of Linux")
def test_memory_does_not_grow_with_the_file(tmp_path):
    """Training on 376 MB of images needs little more memory than on a fifth of them."""
    path = tmp_path / "pixels"
    with path.open("wb") as file:
        file.truncate(2500 * 224 * 224 * 3)  # zeros, which need no space on the disk
    peaks = [
        int(subprocess.check_output([sys.executable, "-c", PEAK, path, str(count)])) << 10
        for count in (500, 2500)
    ]

    # The labels, order and maps of 2,000 more images take less than 1 MB.
    assert peaks[1] < peaks[0] + (50 << 20)


def test_an_axis_of_one_channel_is_added(digits):
    """Images without a channel axis in the file are taken by a network with one channel."""
    x, file, y = digits
    flat = ImageFile(file.path, x.shape[:3], x.dtype)
    net = trained(x, y)

    assert np.array_equal(net.predict(flat), net.predict(x))


def test_dark_images_are_noticed(digits, tmp_path):
    """The warning about the scale of the pixels is given for images in a file, too."""
    x, _, y = digits
    path = tmp_path / "dark"
    path.write_bytes((x // 64).tobytes())
    with pytest.warns(StriateWarning, match="its largest value is 3"):
        trained(ImageFile(path, x.shape, x.dtype), y)
