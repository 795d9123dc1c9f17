"""Published data sets: their files, mirrors, classes, makers and licenses."""

from dataclasses import dataclass

from striate.data.cifar import ARCHIVE
from striate.data.cifar import CLASSES as CIFAR_CLASSES
from striate.data.dataset import LabelValue


@dataclass(frozen=True)
class RemoteFile:
    """A published file.

    Parameters
    ----------
    name
        Its name, at the end of its address and on disk.
    size
        Bytes.
    sha256
        Checksum.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Known:
    """A published data set.

    Parameters
    ----------
    files
        Its files.
    mirrors
        Addresses of folders that hold the files, tried in this order.
    classes
        The values of the labels, in the order of their indices.
    notice
        Makers and license.
    """

    files: tuple[RemoteFile, ...]
    mirrors: tuple[str, ...]
    classes: tuple[LabelValue, ...]
    notice: str


DIGITS = tuple(range(10))

DIGITS_NOTICE = (
    "A subset of MNIST by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, "
    "Creative Commons Attribution-ShareAlike 3.0."
)

KNOWN = {
    "mnist": Known(
        files=(
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
        mirrors=(
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
        ),
        classes=DIGITS,
        notice=(
            "MNIST by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, "
            "Creative Commons Attribution-ShareAlike 3.0."
        ),
    ),
    "fashion-mnist": Known(
        files=(
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
        mirrors=(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        notice=(
            "Fashion-MNIST by Han Xiao, Kashif Rasul and Roland Vollgraf, "
            "MIT license, copyright 2017 Zalando SE."
        ),
    ),
    "cifar10": Known(
        files=(
            RemoteFile(
                ARCHIVE,
                170_052_171,
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            ),
        ),
        mirrors=(
            "https://www.cs.toronto.edu/~kriz/",
            "https://cave.cs.toronto.edu/kriz/",
            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
        ),
        classes=CIFAR_CLASSES,
        notice=(
            "CIFAR-10 by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton; "
            "its authors state no license."
        ),
    ),
}
