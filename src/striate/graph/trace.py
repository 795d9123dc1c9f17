"""All intermediate values and gradients, layer by layer, under Hagan's names (figure 8.12)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from striate.errors import GraphError, UnknownNameError
from striate.graph.element_check import ElementCheck
from striate.graph.graph import Placed
from striate.graph.reference import Pass
from striate.graph.step import TrainingStep, derivative_of
from striate.graph.term_search import TermSearch
from striate.graph.terms import Terms
from striate.graph.trace_html import trace_html
from striate.graph.ways import WaySearch
from striate.shapes import Array


@dataclass(frozen=True, kw_only=True)
class LayerTrace:
    """The quantities of one layer.

    For a layer with several sources, ``Z``, ``dZ``, ``W`` and ``dW`` are tuples.

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
        Further parameters and their derivatives by name: ``gamma``, ``dgamma``; for a layer with
        several sources ``gamma1``, ``dgamma1``, ...

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
    """The results of a forward pass, and a backward pass if targets were given, by layer name.

    Parameters
    ----------
    step
        The operations of the passes.
    run
        The results of the passes.
    parameters
        The trainable arrays by name.
    targets
        Targets of each output, in the form that its loss takes; none for a forward pass.

    Examples
    --------
    See :meth:`striate.Network.trace`.
    """

    def __init__(
        self,
        step: TrainingStep,
        run: Pass,
        parameters: Mapping[str, Array],
        targets: Sequence[Array] = (),
    ) -> None:
        graph = self.graph = step.graph
        self._search = TermSearch(step=step, run=run, parameters=parameters, targets=targets)
        self._ways = WaySearch(self._search)
        self.loss = run.loss if run.losses else None
        self._layers = {place.name: _layer(place, run, parameters) for place in graph.layers}
        self.inputs = {name: run.arrays[f"{name}.A"] for name in graph.inputs}
        self.d_inputs = {
            name: run.arrays[f"{name}.dA"] for name in graph.inputs if f"{name}.dA" in run.arrays
        }

    @property
    def quantities(self) -> Mapping[str, Array]:
        """All arrays by the names that :meth:`terms` and :meth:`check` take: ``conv1.dW``, ..."""
        return MappingProxyType(self._search.quantities)

    def terms(self, name: str, index: Sequence[int]) -> Terms:
        """List every product behind one element of a quantity, the largest first.

        Parameters
        ----------
        name
            The quantity: ``"conv1.Z"``, ``"conv1.dW"``, ``"conv1.db"``, ``"dense2.dN"``, ...; for a
            layer joined to several others ``"conv1.dW1"``, ``"conv1.dW2"``, and for an input
            ``"input.dA"``.
        index
            Position of the element, as the equations index the quantity: ``(h, l, u, v)`` of
            ``dW``, ``(q, h, i, j)`` of ``dZ``.

        Returns
        -------
        Terms
            A sequence of the terms, each with the elements that it multiplies. Printed, it is a
            table; :meth:`~striate.graph.terms.Terms.over` sums the terms for each pixel.

        Raises
        ------
        OptionError
            If there is no such quantity, or it isn't computed (a parameter, an input).
        ShapeError
            If it has no such element.

        Sources
        -------
        Hagan 8.41, 8.44, 8.47; Wolter 7, 8.

        Examples
        --------
        >>> import numpy as np
        >>> import striate as st
        >>> net = st.Network.parse("conv 1@2x2 | flatten | softmax", (3, 3, 1))
        >>> net.parameters["conv1.weight"] = np.array([[[[1, 2], [3, 4]]]], np.float32)
        >>> trace = net.trace(np.arange(9.0).reshape(1, 3, 3, 1), [0])
        >>> print(trace.terms("conv1.Z", (0, 0, 1, 1)))
        conv1.Z[0, 0, 1, 1] = 67, the sum of 4 terms
        z[q,g,h,i,j] += w[g,h,l,u,v] * a[q, g, l, i + u, j + v]
        <BLANKLINE>
        term
          32  conv1.W[0, 0, 1, 1] = 4  input.A[0, 0, 2, 2] = 8
          21  conv1.W[0, 0, 1, 0] = 3  input.A[0, 0, 2, 1] = 7
          10  conv1.W[0, 0, 0, 1] = 2  input.A[0, 0, 1, 2] = 5
           4  conv1.W[0, 0, 0, 0] = 1  input.A[0, 0, 1, 1] = 4
        """
        return self._search.terms(name, index)

    def check(self, name: str, index: Sequence[int]) -> ElementCheck:
        """Compute one element of a quantity in every way that the texts have, and compare.

        The pass is repeated in float64. Then the element is computed as the sum of its terms, by
        im2col, by the convolution matrix, by a correlation with the rotated kernel, by the response
        to an impulse, and by central differences of the loss, where these are defined.

        Parameters
        ----------
        name, index
            The quantity and the position of the element, as for :meth:`terms`.

        Returns
        -------
        ElementCheck
            The ways by name, each with its value, its difference from the pass, and the largest
            difference that rounding explains. Printed, it is a table, which also says which ways
            don't exist, and why.

        Raises
        ------
        OptionError
            If there is no such quantity, or it isn't computed (a parameter, an input).
        ShapeError
            If it has no such element.

        Sources
        -------
        Hagan 8.2, 8.12, 8.28, 8.45, 8.48; Wichmann 1.7; Wolter 5, 7, 8.

        Examples
        --------
        >>> import numpy as np
        >>> import striate as st
        >>> net = st.Network.parse("conv 1@2x2 | flatten | softmax", (3, 3, 1))
        >>> trace = net.trace(np.arange(9.0).reshape(1, 3, 3, 1), [0])
        >>> check = trace.check("conv1.dW", (0, 0, 0, 1))
        >>> check.agrees, list(check)[2:5]
        (True, ['im2col', 'matrix', 'correlation'])
        >>> check["im2col"].sources, check["im2col"].how
        ('Wolter 7', 'a row of dZ times a row of windows')
        """
        return self._ways.check(name, index)

    def __getitem__(self, name: str) -> LayerTrace:
        if name not in self._layers:
            try:
                self.graph[name]  # raises, and lists the names
            except GraphError as error:
                raise UnknownNameError(str(error)) from None
        return self._layers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def __str__(self) -> str:
        loss = "" if self.loss is None else f"\nloss {self.loss:.6g}"
        return "\n".join(str(layer) for layer in self._layers.values()) + loss

    def _repr_html_(self) -> str:
        """Show the pass in a notebook, with small images of the maps."""
        return trace_html(self)


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
