"""Lowers a training step to statements: the equations of its functions, on the step's arrays.

A function is used through its :class:`~striate.functions.declarations.Lowering` alone: nothing here
depends on what kind of layer it is. The number of images is a number in memory, so a short last
batch runs the same program.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod

from striate.functions.base import Function, Lowering
from striate.functions.declarations import Drawn, Parameter
from striate.functions.optimizer.base import Optimizer
from striate.functions.pixel_weights import with_pixel_weights
from striate.functions.programs import (
    backward_equations,
    forward_equations,
    state_equations,
)
from striate.graph.batch import ImageStorage
from striate.graph.parameters import ParameterLayout
from striate.graph.step import (
    BackwardOperation,
    GradientTarget,
    LossOperation,
    Operation,
    TrainingStep,
    derivative_of,
)
from striate.maths.pixel_map import AFFINE_COLUMNS, MAP_COLUMNS
from striate.nests import Equation, bind
from striate.nests.expression import Reference
from striate.nests.nest import Lengths, Nest
from striate.plan.lowering_cache import LoweringCache
from striate.plan.signature import (
    GRADIENT,
    NEXT_STATISTICS,
    OPTIMIZER_SCALARS,
    PARAMETERS,
    SCALARS,
    STATISTICS,
    InputBuffers,
    OptimizerSignature,
    StepSignature,
)
from striate.plan.statement import (
    IMAGE,
    LANES,
    Compute,
    DrawMask,
    Load,
    LoadStored,
    Lowered,
    Origin,
    Statement,
    Store,
    Variable,
)
from striate.shapes import Shape

_CLIPPED = "dw_clipped"


def lower(
    step: TrainingStep,
    *,
    training: bool,
    target_shapes: Sequence[Shape] = (),
    stored: Mapping[str, ImageStorage] | None = None,
    pixel_weights: bool = False,
) -> Lowered:
    """List the statements of a training step, or of inference.

    Parameters
    ----------
    step
        The operations.
    training
        Whether losses, derivatives and running statistics are computed.
    target_shapes
        For each loss, the shape of one image's targets. Labels don't have the axis of classes.
    stored
        The inputs whose images are loaded from an array of stored images, with the storage format.
        Other inputs are arrays.
    pixel_weights
        Whether the pixels of an image have different weights in the losses.

    Returns
    -------
    Lowered
        Statements for one block of images. The caller's buffers are those of
        :class:`~striate.plan.signature.StepSignature`.

    Sources
    -------
    Hagan 8.29-8.31.
    """
    lowering = _Lowerer(step, training=training)
    lowering.begin(stored or {})
    for operation in step.forward:
        lowering.forward(operation)
    if training:
        for number, end in enumerate(step.losses):
            lowering.loss(end, number, target_shapes[number], pixel_weights=pixel_weights)
        for back in step.backward:
            lowering.backward(back)
    lowering.end()
    return Lowered(statements=tuple(lowering.statements), variables=lowering.variables)


def lower_optimizer(optimizer: Optimizer, size: int) -> Lowered:
    """List the statements of an optimizer for all parameters.

    Parameters
    ----------
    optimizer
        The optimizer.
    size
        Number of parameters.

    Returns
    -------
    Lowered
        Statements whose buffers are those of :class:`~striate.plan.signature.OptimizerSignature`,
        with the scalars of :data:`~striate.plan.signature.OPTIMIZER_SCALARS`.
    """
    stated = optimizer.lowering(size)
    variables = {
        name: Variable(name=name, size=1, per_image=False, buffer=SCALARS, offset=offset)
        for offset, name in enumerate(OPTIMIZER_SCALARS)
    }
    shapes: dict[str, Lengths] = {
        **stated.shapes,
        **dict.fromkeys(OPTIMIZER_SCALARS, ()),
        _CLIPPED: (size,),
    }
    buffers = OptimizerSignature.of(optimizer).buffers
    statements: list[Statement] = []
    for text in (f"{_CLIPPED}[x] = clip_factor * dw[x]", *stated.statements):
        equation = Equation.parse(text, constants={*stated.constants, *OPTIMIZER_SCALARS})
        nest = bind(equation, shapes=shapes, constants=stated.constants)
        clipped = {"dw": _CLIPPED} if statements else {}
        statement = Compute(nest=nest).renamed(clipped)
        for name in (*statement.nest.sources, statement.nest.target):
            buffer = name if name in buffers else ""
            variables.setdefault(
                name, Variable(name=name, size=size, per_image=False, buffer=buffer)
            )
        statements.append(statement)
    return Lowered(statements=tuple(statements), variables=variables)


class _Lowerer:
    """Collects the statements of a step and their variables."""

    def __init__(self, step: TrainingStep, *, training: bool) -> None:
        self.step = step
        self.training = training
        self.statements: list[Statement] = []
        self.variables: dict[str, Variable] = {}
        self.shapes: dict[str, Shape] = {}
        self.state: dict[str, str] = {}
        self.lowerings: dict[str, Lowering] = {}
        self.layers = _layers(step)
        self.signature = StepSignature.of(step)
        self.layer = ""  # owner of the temporaries of the equations that are being lowered
        self.cache = LoweringCache()

    def begin(self, stored: Mapping[str, ImageStorage]) -> None:
        """Declare the flat buffers and load the inputs."""
        graph = self.step.graph
        self._place(graph.parameters(), PARAMETERS, lambda name: name)
        self._place(graph.parameters(), GRADIENT, derivative_of)
        self._place(graph.state(), STATISTICS, lambda name: name)
        self._place(graph.state(), NEXT_STATISTICS, _next)
        self.state = {name: name for name in graph.state()}
        self.variable("images", 1, per_image=False, buffer=SCALARS)
        for name, shape in graph.inputs.items():
            buffers = self.signature.inputs[name]
            if name in stored:
                self.load_stored(f"{name}.A", shape, stored[name], buffers)
            else:
                self.load(f"{name}.A", shape, buffers.array)

    def end(self) -> None:
        """Store the results."""
        for name in self.step.graph.outputs:
            self.store(f"{name}.A", self.signature.outputs[name])
        for name in self.step.graph.inputs:
            if derivative_of(f"{name}.A") in self.shapes:
                self.store(derivative_of(f"{name}.A"), self.signature.derivatives[name])
        if not self.training:
            for number, end in enumerate(self.step.losses):
                self.store(end.reads, self.signature.loss_inputs[number])
            return
        for name, latest in self.state.items():
            self.copy(latest, _next(name))

    def copy(self, source: str, target: str) -> None:
        """Copy an array without a batch axis."""
        size = self.variables[source].size
        nest = bind("t[x] = s[x]", shapes={"s": (size,), "t": (size,)})
        self.add(Compute(nest=nest).renamed({"s": source, "t": target}))

    def _place(
        self, arrays: Mapping[str, Parameter], buffer: str, named: Callable[[str], str]
    ) -> None:
        """Declare a variable for each array of a flat buffer."""
        for name, where in ParameterLayout.of(arrays).slices():
            size = where.stop - where.start
            self.variable(named(name), size, per_image=False, buffer=buffer, offset=where.start)

    def variable(
        self,
        name: str,
        size: int,
        *,
        per_image: bool,
        buffer: str = "",
        offset: int = 0,
        values: Sequence[float] = (),
        origin: Origin = Origin.LOWERING,
        is_target: bool = False,
    ) -> None:
        """Declare a variable, unless it exists."""
        known = self.variables.setdefault(
            name,
            Variable(
                name=name,
                size=size,
                per_image=per_image,
                buffer=buffer,
                is_target=is_target,
                offset=offset,
                values=tuple(values),
                origin=origin,
                layer=self.layers.get(name, "" if buffer else self.layer),
            ),
        )
        assert (known.size, known.per_image) == (size, per_image), (known, size, per_image)

    def add(self, statement: Statement) -> None:
        self.statements.append(statement)

    def load(self, name: str, shape: Shape, buffer: str, *, is_target: bool = False) -> None:
        """Load an array from the caller's buffer."""
        self.shapes[name] = shape
        self.variable(buffer, prod(shape), per_image=True, buffer=buffer, is_target=is_target)
        self.variable(name, prod(shape), per_image=True)
        self.add(Load(source=buffer, target=name))

    def load_stored(
        self, target: str, shape: Shape, stored: ImageStorage, buffers: InputBuffers
    ) -> None:
        """Load a selection of stored images."""
        channels, *pixels = shape
        rows, columns = prod(pixels[:-1]), pixels[-1] if pixels else 1
        sizes = {
            buffers.images: (1, False),
            buffers.indices: (2, True),  # 64 bits each, the size of two float32 numbers
            buffers.maps: (MAP_COLUMNS, True),
            buffers.scale: (2 * channels + 1, False),
        }
        if stored.affine:
            sizes[buffers.affine] = (2 * AFFINE_COLUMNS, True)  # 64 bits each, too
            sizes[buffers.values] = (2, True)
        for buffer, (length, per_image) in sizes.items():
            self.variable(buffer, length, per_image=per_image, buffer=buffer)
        self.shapes[target] = shape
        self.variable(target, prod(shape), per_image=True)
        self.add(
            LoadStored(
                source=buffers.images,
                indices=buffers.indices,
                maps=buffers.maps,
                scale=buffers.scale,
                target=target,
                rows=rows,
                columns=columns,
                channels=channels,
                element=stored.dtype,
                last=stored.channels_last,
                affine=(buffers.affine, buffers.values) if stored.affine else (),
            )
        )

    def store(self, name: str, buffer: str) -> None:
        """Store an array in the caller's buffer."""
        self.variable(buffer, self.variables[name].size, per_image=True, buffer=buffer)
        self.add(Store(source=name, target=buffer))

    def forward(self, operation: Operation) -> None:
        """Add the forward equations of a function, and those of its running statistics."""
        self.layer = operation.layer
        function = operation.function
        shapes = [self.shapes[name] for name in operation.inputs]
        self.shapes[operation.output] = function.output_shape(*shapes)
        trains = self.training and not operation.frozen
        lowering = self.cache.stated(function, shapes, training=trains)
        self.lowerings[operation.output] = lowering
        names = self._names(operation)
        if trains:
            for symbol, drawn in lowering.drawn.items():
                self._draw(names, lowering, symbol, drawn, operation)
        self._equations(lowering, forward_equations, names, operation.output)
        if trains and lowering.state:
            self._equations(lowering, state_equations, names, operation.output)
            for role, name in operation.state.items():
                self.state[name] = f"{operation.output}.{role}_next"

    def _draw(
        self, names: dict[str, str], lowering: Lowering, symbol: str, drawn: Drawn, op: Operation
    ) -> None:
        """Add the drawing of a random mask."""
        name = names.setdefault(symbol, f"{op.output}.{symbol}")
        self.variable(name, prod(lowering.shapes[symbol]), per_image=True)
        stream = drawn.stream + op.number
        self.add(DrawMask(target=name, threshold=drawn.threshold, stream=stream))

    def loss(
        self, end: LossOperation, number: int, target_shape: Shape, *, pixel_weights: bool
    ) -> None:
        """Add a loss: its value for each image, and its derivative, scaled for the batch."""
        self.layer = end.layer
        shape = self.shapes[end.reads]
        lowering = end.loss.lowering(shape, target_shape)
        assert lowering is not None, f"{end.loss} defines no index equations"
        signature = self.signature
        targets, scales = signature.targets[number], signature.loss_scales[number]
        self.load(f"{end.layer}.targets", target_shape, targets, is_target=True)
        self.load(f"{end.layer}.loss_scale", (), scales)
        before = f"{end.layer}.loss"
        names = {"n": end.reads, "y": f"{end.layer}.targets", "l": before, "dn": f"{before}.dn"}
        if pixel_weights:
            names["pw"] = f"{end.layer}.pixel_weights"
            self.load(names["pw"], shape[1:], signature.pixel_weights[number])
            lowering = with_pixel_weights(lowering, shape)
        self._equations(lowering, forward_equations, names, before)
        self._equations(lowering, backward_equations, names, before)
        self.store(before, signature.losses[number])
        sizes = {"d": (LANES, *shape), "s": (LANES,), "t": (LANES, *shape)}
        if pixel_weights:
            sizes["w"] = (LANES, *shape[1:])
            nest = bind("t[q,h,*x] = s[q] * w[q,*x] * d[q,h,*x]", shapes=sizes)
        else:
            nest = bind("t[q,*x] = s[q] * d[q,*x]", shapes=sizes)
        self.shapes[end.derivative.name] = shape
        self.variable(end.derivative.name, prod(shape), per_image=True)
        scaled = {"d": f"{before}.dn", "s": f"{end.layer}.loss_scale", "t": end.derivative.name}
        scaled |= {"w": names["pw"]} if pixel_weights else {}
        self.add(Compute(nest=nest, adds=end.derivative.adds).renamed(scaled))

    def backward(self, back: BackwardOperation) -> None:
        """Add the backward equations of a function."""
        operation = back.operation
        self.layer = operation.layer
        lowering = self.lowerings[operation.output]
        names = self._names(operation)
        function = operation.function
        wanted: dict[str, GradientTarget] = {}
        for k, target in enumerate(back.d_inputs):
            wanted[f"d{function.input_symbol(k)}"] = target
        for role, target in back.d_parameters.items():
            symbol = f"d{function.parameter_symbol(role)}"
            wanted[symbol] = GradientTarget(name=derivative_of(target.name), adds=target.adds)
        names[f"d{function.output_symbol}"] = back.d_output
        names |= {symbol: target.name for symbol, target in wanted.items()}
        adding = {symbol for symbol, target in wanted.items() if target.adds}
        self._equations(lowering, backward_equations, names, operation.output, adding)
        for k, target in enumerate(back.d_inputs):
            self.shapes[target.name] = self.shapes[operation.inputs[k]]

    def _names(self, operation: Operation) -> dict[str, str]:
        """Map the symbols in a function's equations to the step's arrays."""
        function: Function = operation.function
        names = {function.input_symbol(k): name for k, name in enumerate(operation.inputs)}
        names[function.output_symbol] = operation.output
        names |= {
            function.parameter_symbol(role): name for role, name in operation.parameters.items()
        }
        return names | {role: self.state[name] for role, name in operation.state.items()}

    def _equations(
        self,
        lowering: Lowering,
        equations: Callable[[Lowering], Iterable[Equation]],
        names: Mapping[str, str],
        prefix: str,
        adding: Iterable[str] = (),
    ) -> None:
        """Bind equations and add them with the step's names; temporaries get a prefix."""
        written: set[str] = set()
        of_the_step = set(names.values())
        for nest in self.cache.bound(lowering, equations):
            names = {n: names.get(n, f"{prefix}.{n}") for n in nest.shapes} | dict(names)
            names["images"] = "images"
            equation = nest.equation
            for reference in (equation.target, *equation.references, *equation.tables):
                name = names[reference.name]
                origin = Origin.LOWERING if name in of_the_step else Origin.TEMPORARY
                self._note(name, reference, nest, lowering, origin)
            sums = nest.equation.operator == "+="
            adds = nest.target in adding or (sums and nest.target in written)
            written.add(nest.target)
            self.add(Compute(nest=nest, adds=adds).renamed(names))

    def _note(
        self, name: str, reference: Reference, nest: Nest, lowering: Lowering, origin: Origin
    ) -> None:
        """Declare a variable of an equation; arrays of images have images as their first axis."""
        if name in self.variables:
            return
        lengths = nest.shapes[reference.name]
        table = lowering.tables.get(reference.name)
        if table is not None:
            values = table.reshape(-1).tolist()
            self.variable(name, table.size, per_image=False, values=values, origin=origin)
            return
        per_image = bool(reference.subscripts) and reference.subscripts[0].lone == IMAGE
        size = prod(lengths[1:] if per_image else lengths)
        self.variable(name, size, per_image=per_image, origin=origin)


def _layers(step: TrainingStep) -> dict[str, str]:
    """Map each array of a step, and its derivative, to the layer to which it belongs."""
    layers = {f"{name}.A": name for name in step.graph.inputs}
    for operation in step.forward:
        names = (operation.output, *operation.parameters.values(), *operation.state.values())
        layers |= dict.fromkeys(names, operation.layer)
    return layers | {derivative_of(name): layer for name, layer in layers.items()}


def _next(name: str) -> str:
    """Name the value of a running statistic after the step."""
    return f"{name}_next"
