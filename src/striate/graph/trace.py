"""Every quantity of a pass, layer by layer, under Hagan's names (figure 8.12)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from striate.graph.graph import Graph, Placed
from striate.graph.reference import Pass
from striate.graph.step import derivative_of
from striate.shapes import Array


@dataclass(frozen=True, kw_only=True)
class LayerTrace:
    """The quantities of one layer.

    A layer joined to several others has ``Z``, ``dZ``, ``W``, ``dW`` as tuples.

    Parameters
    ----------
    W, b
        Weights and bias; ``None`` where the layer has none.
    Z, N, A
        Weight-function output, net input, activation, ``[q, map, *pixels]``.
    dZ, dN, dA
        Derivatives of the loss with respect to them.
    dW, db
        Derivatives of the loss with respect to weights and bias.
    others
        Further parameters and their derivatives by name: ``gamma``, ``dgamma``; of a layer joined
        to several others ``gamma1``, ``dgamma1``, ...

    Sources
    -------
    Hagan 8.28, fig. 8.12; Wichmann 4.9 (his error is ``dA``).
    """

    name: str
    W: Array | tuple[Array, ...] | None
    b: Array | None
    Z: Array | tuple[Array, ...] | None
    N: Array
    A: Array
    dZ: Array | tuple[Array, ...] | None
    dN: Array | None
    dA: Array | None
    dW: Array | tuple[Array, ...] | None
    db: Array | None
    others: Mapping[str, Array]

    def __str__(self) -> str:
        lines = [self.name]
        for symbol in ("W", "b", "Z", "N", "A", "dA", "dN", "dZ", "dW", "db"):
            value = getattr(self, symbol)
            if value is not None:
                arrays = cast("tuple[Array, ...]", value if isinstance(value, tuple) else (value,))
                shapes = ", ".join(" x ".join(map(str, array.shape)) for array in arrays)
                lines.append(f"  {symbol:<3} {shapes}")
        return "\n".join(lines)


class Trace(Mapping[str, LayerTrace]):
    """A forward pass, and a backward pass if targets were given, by the layers' names.

    Parameters
    ----------
    graph
        The network.
    run
        The passes.
    parameters
        The trainable arrays by name.

    Examples
    --------
    See :meth:`striate.Network.trace`.
    """

    def __init__(self, graph: Graph, run: Pass, parameters: Mapping[str, Array]) -> None:
        self.graph = graph
        self.loss = run.loss if run.losses else None
        self._layers = {place.name: _layer(place, run, parameters) for place in graph.layers}
        self.inputs = {name: run.arrays[f"{name}.A"] for name in graph.inputs}
        self.d_inputs = {
            name: run.arrays[f"{name}.dA"] for name in graph.inputs if f"{name}.dA" in run.arrays
        }

    def __getitem__(self, name: str) -> LayerTrace:
        if name not in self._layers:
            self.graph[name]  # raises, and lists the names
        return self._layers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def __str__(self) -> str:
        loss = "" if self.loss is None else f"\nloss {self.loss:.6g}"
        return "\n".join(str(layer) for layer in self._layers.values()) + loss


def _layer(place: Placed, run: Pass, parameters: Mapping[str, Array]) -> LayerTrace:
    """Collect a layer's quantities from the passes."""
    arrays, gradients = run.arrays, run.gradients
    z_names = [f"{place.name}.Z{place.suffix(k)}" for k in range(len(place.sources))]
    roles = {(k, role): name for name, k, role, _ in place.parameter_names()}
    weights = [roles[k, "weight"] for k in range(len(place.sources)) if (k, "weight") in roles]
    bias = roles.get((None, "bias"))
    others: dict[str, Array] = {}
    for (_, role), name in roles.items():
        if role not in {"weight", "bias"}:
            key = name.removeprefix(f"{place.owner}.")
            others[key] = parameters[name]
            if name in gradients:
                others[f"d{key}"] = gradients[name]
    dz = [arrays[derivative_of(name)] for name in z_names if derivative_of(name) in arrays]
    return LayerTrace(
        name=place.name,
        W=_one_or_all([parameters[name] for name in weights]),
        b=None if bias is None else parameters[bias],
        Z=_one_or_all([arrays[name] for name in z_names]),
        N=arrays[f"{place.name}.N"],
        A=arrays[f"{place.name}.A"],
        dZ=_one_or_all(dz),
        dN=arrays.get(f"{place.name}.dN"),
        dA=arrays.get(f"{place.name}.dA"),
        dW=_one_or_all([gradients[name] for name in weights if name in gradients]),
        db=None if bias is None else gradients.get(bias),
        others=others,
    )


def _one_or_all(arrays: list[Array]) -> Array | tuple[Array, ...] | None:
    """Return a single array, a tuple of several, or ``None``."""
    if len(arrays) > 1:
        return tuple(arrays)
    return arrays[0] if arrays else None
