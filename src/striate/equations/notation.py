"""What the texts, and PyTorch, call the same thing.

Each equation belongs to a topic. A topic has one equation in each text that has one, and a call in
PyTorch; its symbols are rows of one table. So a formula is never rewritten symbol by symbol, which
would mix conventions: Hagan counts from 1 and has several feature maps, Wichmann counts from 0 and
has one, and Wolter writes products of matrices. Instead, the formula of the other text is shown
with a table of the symbols that it uses for the same quantities.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

NotationName = Literal["hagan", "wichmann", "wolter", "pytorch"]
"""A text, or PyTorch."""

NOTATIONS: tuple[NotationName, ...] = ("hagan", "wichmann", "wolter", "pytorch")
"""The names of all notations."""

TITLES: Mapping[NotationName, str] = MappingProxyType(
    {"hagan": "Hagan", "wichmann": "Wichmann", "wolter": "Wolter", "pytorch": "PyTorch"}
)
"""What each notation is called in print."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A quantity and its symbol in each notation; an empty symbol means that there is none.

    Parameters
    ----------
    name
        In words.
    hagan, wichmann, wolter, pytorch
        The symbols.
    """

    name: str
    hagan: str = ""
    wichmann: str = ""
    wolter: str = ""
    pytorch: str = ""

    def symbol(self, notation: NotationName) -> str:
        """Return the symbol in a notation; empty if there is none."""
        symbols = {
            "hagan": self.hagan,
            "wichmann": self.wichmann,
            "wolter": self.wolter,
            "pytorch": self.pytorch,
        }
        return symbols[notation]


QUANTITIES: Mapping[str, Quantity] = MappingProxyType(
    {
        "image": Quantity(
            name="input image", hagan="P, p", wichmann="g, X", wolter="I, x", pytorch="input"
        ),
        "maps": Quantity(
            name="input feature maps",
            hagan="A^n, a^{n,l}",
            wichmann="X",
            wolter="x",
            pytorch="input",
        ),
        "kernel": Quantity(
            name="kernel", hagan="W, LW", wichmann="f, W", wolter="K, K_f", pytorch="weight"
        ),
        "bias": Quantity(name="bias", hagan="b^m", wichmann="b", wolter="b", pytorch="bias"),
        "output": Quantity(
            name="output of the weight function",
            hagan="Z, LZ",
            wichmann="(sum in 4.1)",
            wolter="S, K_f v_I",
            pytorch="output",
        ),
        "net input": Quantity(
            name="net input", hagan="N, n", wichmann="Z", wolter="h̄", pytorch="output"
        ),
        "transfer": Quantity(
            name="transfer function", hagan="f", wichmann="σ", wolter="f", pytorch="relu, tanh, …"
        ),
        "activation": Quantity(
            name="activation", hagan="A, a", wichmann="A", wolter="h_f", pytorch="output"
        ),
        "loss": Quantity(name="loss", hagan="F", wichmann="L", pytorch="loss"),
        "dA": Quantity(
            name="derivative of the activation",
            hagan="dA",
            wichmann="δ",
            wolter="Δ",
            pytorch="output.grad",
        ),
        "dN": Quantity(
            name="derivative of the net input",
            hagan="dN, dLZ",
            wichmann="δ σ′(Z)",
            wolter="f′(h̄) ⊙ Δ",
            pytorch="grad_output",
        ),
        "dX": Quantity(
            name="derivative of the input",
            hagan="dA^n",
            wichmann="δ^{[l]}",
            wolter="δx",
            pytorch="input.grad",
        ),
        "dW": Quantity(
            name="derivative of the kernel",
            hagan="dLW",
            wichmann="∂L/∂W",
            wolter="δK_f",
            pytorch="weight.grad",
        ),
        "db": Quantity(
            name="derivative of the bias",
            hagan="db^m",
            wichmann="∂L/∂b",
            wolter="δb",
            pytorch="bias.grad",
        ),
        "pooled": Quantity(
            name="input of a pooling layer", hagan="V, v", wichmann="X", pytorch="input"
        ),
        "window": Quantity(
            name="size of the kernel or window",
            hagan="r, c",
            wichmann="f (2F+1 in 1, 2f+1 in 4)",
            wolter="k (O, P in 2)",
            pytorch="kernel_size",
        ),
        "stride": Quantity(name="stride", hagan="S^t", wichmann="s", pytorch="stride"),
        "padding": Quantity(name="padding", hagan="P^d", wichmann="p", pytorch="padding"),
        "input size": Quantity(
            name="size of the input",
            hagan="R_r, R_c",
            wichmann="n",
            wolter="i",
            pytorch="H_in, W_in",
        ),
        "output size": Quantity(
            name="size of the output",
            hagan="S_r, S_c",
            wichmann="n_H, n_W",
            wolter="o",
            pytorch="H_out, W_out",
        ),
        "first": Quantity(
            name="first index",
            hagan="1 (0 in 8.1 to 8.9)",
            wichmann="0",
            wolter="0",
            pytorch="0",
        ),
    }
)
"""All quantities by name."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """Equations of different texts that state the same.

    Parameters
    ----------
    quantities
        Keys of :data:`QUANTITIES`: what the equations are about.
    hagan, wichmann, wolter
        The number of the equation in that text; ``None`` if it has none.
    pytorch
        The call in PyTorch, where ``F`` is ``torch.nn.functional``; ``None`` if there is none.
    remark
        How the counterparts differ.
    """

    quantities: tuple[str, ...]
    hagan: str | None = None
    wichmann: str | None = None
    wolter: str | None = None
    pytorch: str | None = None
    remark: str | None = None

    def counterpart(self, notation: NotationName) -> str | None:
        """Return the equation's number, or the call in PyTorch; ``None`` if there is none."""
        found = {
            "hagan": self.hagan,
            "wichmann": self.wichmann,
            "wolter": self.wolter,
            "pytorch": self.pytorch,
        }
        return found[notation]


_MAPS = (
    "Hagan sums over several feature maps, Wichmann has a single one, and Wolter writes all of "
    "them as one product of matrices."
)

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        "impulse": Topic(quantities=("image", "kernel"), hagan="Hagan 8.2"),
        "convolution": Topic(
            quantities=("image", "kernel", "window", "first"),
            hagan="Hagan 8.8",
            wichmann="Wichmann 1.5",
            wolter="Wolter 2",
            pytorch="F.conv2d(input, weight.flip(-2, -1), padding=kernel_size - 1)",
            remark="PyTorch has only cross-correlation, so the kernel is flipped, and the image "
            "padded.",
        ),
        "cross-correlation": Topic(
            quantities=("image", "kernel", "window", "first"),
            hagan="Hagan 8.13",
            wichmann="Wichmann 1.6",
            wolter="Wolter 3",
            pytorch="F.conv2d(input, weight)",
        ),
        "mirrored-filter": Topic(
            quantities=("kernel", "first"),
            hagan="Hagan 8.45",
            wichmann="Wichmann 1.7",
            pytorch="weight.flip(-2, -1)",
            remark="In Hagan, the rotated kernel appears in the derivative of the input.",
        ),
        "matrix": Topic(
            quantities=("image", "kernel"),
            hagan="Hagan 8.12",
            wolter="Wolter 5",
            pytorch="weight.flatten(1) @ F.unfold(input, kernel_size)",
            remark="Hagan writes the kernel as a large matrix with shared weights; Wolter and "
            "PyTorch write the windows of the image as the columns of a matrix.",
        ),
        "output-size": Topic(
            quantities=("input size", "output size", "window", "padding", "stride"),
            hagan="Hagan 8.18",
            wichmann="Wichmann 2.3",
            wolter="Wolter 4",
            pytorch="H_out = floor((H_in + 2 * padding - dilation * (kernel_size - 1) - 1) "
            "/ stride + 1)",
            remark="Wolter's equation is for stride 1 without padding.",
        ),
        "same-padding": Topic(
            quantities=("input size", "window", "padding"),
            wichmann="Wichmann 2.1",
            pytorch='F.conv2d(input, weight, padding="same")',
        ),
        "feature-maps": Topic(
            quantities=("maps", "kernel", "output", "first"),
            hagan="Hagan 8.20",
            wolter="Wolter 5",
            pytorch="F.conv2d(input, weight)",
            remark="Wolter adds the bias in the same equation.",
        ),
        "average-pooling": Topic(
            quantities=("pooled", "window", "stride", "first"),
            hagan="Hagan 8.22",
            wichmann="Wichmann 5.6",
            pytorch="F.avg_pool2d(input, kernel_size, stride)",
            remark="Hagan multiplies the sum by a trainable weight, and the windows don't overlap; "
            "Wichmann and PyTorch divide it by the size of the window.",
        ),
        "max-pooling": Topic(
            quantities=("pooled", "window", "stride", "first"),
            hagan="Hagan 8.24",
            wichmann="Wichmann 5.2",
            pytorch="F.max_pool2d(input, kernel_size, stride)",
            remark="In Hagan, the windows don't overlap.",
        ),
        "vec": Topic(
            quantities=("maps",),
            hagan="Hagan 8.26",
            pytorch="input.transpose(-1, -2).flatten(1)",
            remark="PyTorch's flatten alone has the order map, row, column.",
        ),
        "sensitivity": Topic(
            quantities=("loss", "dN", "dA"),
            hagan="Hagan 8.27",
            wichmann="Wichmann 4.9",
            pytorch="output.grad",
            remark="Hagan differentiates with respect to the net input, Wichmann with respect to "
            "the activation.",
        ),
        "paths": Topic(quantities=("dN", "dX"), hagan="Hagan 8.29", pytorch="loss.backward()"),
        "net-input": Topic(
            quantities=("output", "bias", "net input", "transfer", "activation"),
            hagan="Hagan 8.32",
            wichmann="Wichmann 4.1",
            wolter="Wolter 5",
            pytorch="F.conv2d(input, weight, bias)",
        ),
        "transfer": Topic(
            quantities=("net input", "transfer", "activation"),
            wichmann="Wichmann 4.1",
            wolter="Wolter 6",
            pytorch="F.relu(output)",
        ),
        "through-summation": Topic(
            quantities=("dN", "bias"),
            hagan="Hagan 8.35",
            remark="In the other texts and in PyTorch, net input and bias are one step.",
        ),
        "bias-derivative": Topic(
            quantities=("bias", "dN", "db"),
            hagan="Hagan 8.36",
            wichmann="Wichmann 4.8",
            wolter="Wolter 7",
            pytorch="grad_output.sum((0, 2, 3))",
        ),
        "input-derivative": Topic(
            quantities=("maps", "kernel", "dN", "dX", "first"),
            hagan="Hagan 8.44",
            wichmann="Wichmann 4.15",
            wolter="Wolter 8",
            pytorch="torch.nn.grad.conv2d_input(input.shape, weight, grad_output)",
            remark=_MAPS,
        ),
        "weight-derivative": Topic(
            quantities=("maps", "kernel", "dN", "dW", "first"),
            hagan="Hagan 8.47",
            wichmann="Wichmann 4.7",
            wolter="Wolter 7",
            pytorch="torch.nn.grad.conv2d_weight(input, weight.shape, grad_output)",
            remark=_MAPS,
        ),
        "through-transfer": Topic(
            quantities=("net input", "transfer", "dA", "dN"),
            hagan="Hagan 8.52",
            wichmann="Wichmann 4.4",
            wolter="Wolter 7",
            pytorch="output.backward(grad_output)",
            remark="In Wichmann and Wolter, the slope is a factor of the derivatives of the "
            "weights.",
        ),
        "max-pooling-derivative": Topic(
            quantities=("pooled", "window", "dA", "dX", "first"),
            wichmann="Wichmann 5.5",
            pytorch="F.max_pool2d(input, kernel_size, stride).backward(grad_output)",
            remark="Hagan leaves it to exercise E8.8.",
        ),
        "average-pooling-derivative": Topic(
            quantities=("pooled", "window", "dA", "dX", "first"),
            wichmann="Wichmann 5.8",
            pytorch="F.avg_pool2d(input, kernel_size, stride).backward(grad_output)",
            remark="Hagan derives it in the solved problem P8.3, without a number.",
        ),
    }
)
"""All topics by name."""
