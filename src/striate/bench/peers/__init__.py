"""Other libraries, which compute the same network. Each is imported only when it takes part.

Their networks are built from striate's graph. Only kinds that occur in the measured networks are
supported.
"""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from striate.bench.contestant import Contestant
from striate.bench.networks import Problem
from striate.functions.net_input import Sum
from striate.functions.vec import Flatten
from striate.functions.weight import AveragePooling, Convolution, Identity, MaxPooling
from striate.graph.graph import Placed
from striate.maths.windows import Axis


class LeftOut(RuntimeError):  # noqa: N818  # not an error: the reason why a peer is left out
    """A peer can't take part; the text gives the reason."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A library that striate is compared with.

    Parameters
    ----------
    name
        Name in tables.
    libraries
        Libraries that must be installed.
    module, maker
        The module, and its function that makes a contestant from a problem and a number of threads.
    trains
        Whether it can train.
    quick
        Whether it is ready within two seconds, for any network.
    """

    name: str
    libraries: tuple[str, ...]
    module: str
    maker: str
    trains: bool = True
    quick: bool = True

    @property
    def missing(self) -> tuple[str, ...]:
        """The libraries that aren't installed."""
        return tuple(name for name in self.libraries if find_spec(name) is None)

    def make(self, problem: Problem, threads: int) -> Contestant:
        """Make a contestant.

        Parameters
        ----------
        problem
            The network and the batch.
        threads
            Number of threads.

        Returns
        -------
        Contestant

        Raises
        ------
        LeftOut
            If it can't take part.
        """
        for placed in problem.graph.layers:
            _require_plain(placed)
        return getattr(import_module(f"striate.bench.peers.{self.module}"), self.maker)(
            problem, threads
        )


def _require_plain(placed: Placed) -> None:
    """Raise for a layer that other libraries compute differently."""
    function, net_input = placed.layer.weight, placed.layer.net_input
    axes = function.window_axes(*placed.source_shapes)
    match function:
        case Convolution():
            plain = len(axes) == 2 and not function.flip and function.padding_mode == "zeros"
        case MaxPooling() | AveragePooling():
            plain = len(axes) == 2 and all(
                axis == Axis(length=axis.length, window=axis.window, stride=axis.stride)
                for axis in axes
            )
        case Flatten():
            plain = function.order == "rows"
        case _:
            plain = True
    joined = len(placed.sources) == 1 or isinstance(function, Identity)
    biased = isinstance(net_input, Sum) and net_input.bias in {None, "tied"}
    if not (plain and joined and biased):
        raise LeftOut(f"{placed.layer} is not supported")


_TORCH = ("torch",)

PEERS = (
    Peer(name="PyTorch eager", libraries=_TORCH, module="pytorch", maker="eager"),
    Peer(name="PyTorch channels_last", libraries=_TORCH, module="pytorch", maker="channels_last"),
    Peer(name="torch.compile", libraries=_TORCH, module="pytorch", maker="compiled", quick=False),
    Peer(name="JAX", libraries=("jax",), module="jax_xla", maker="Jitted", quick=False),
    Peer(
        name="ONNX Runtime",
        libraries=("onnx", "onnxruntime"),
        module="onnx_runtime",
        maker="Session",
        trains=False,
    ),
)
"""All peers, in the order of the tables."""
