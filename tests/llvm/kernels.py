"""Compiles single kernels, and runs them on NumPy arrays."""

import ctypes
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np

from striate.llvm.ir import IRModule
from striate.llvm.kernel import arguments_of, write_kernel
from striate.llvm.machine import LoadedObject, compile_object, host
from striate.nests import Equation, bind, interpret
from striate.plan.allocation import aligned
from striate.plan.fuse import Kernel, fuse, with_stored
from striate.plan.schedule import schedule
from striate.plan.statement import IMAGE, LANES, Compute, Variable
from striate.runtime.shared_memory import floats

# The instructions stay the same, but tiles are chosen as for fewer and narrower registers.
PROCESSORS = {"wide": (16, 32), "half": (8, 16), "quarter": (4, 32)}


def processor(name):
    """Describe this machine with other registers."""
    register_lanes, registers = PROCESSORS[name]
    return replace(host(), register_lanes=register_lanes, registers=registers)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A kernel with its arrays.

    Parameters
    ----------
    texts
        Its equations; the first one is the root.
    arrays
        The arrays that it reads, and initial values of targets that it adds to. Integers are
        labels.
    shapes
        Shapes of the targets.
    tables
        Constant tables.
    adds
        Names of the targets that hold values already.
    extents
        Extents of the indices that don't follow from an array.
    images
        Number of images in a block, or in the batch if arrays are in row layout.
    rows
        Names of the arrays in row layout.
    over_batch
        Whether it is computed once for the whole batch.
    """

    texts: tuple
    arrays: dict
    shapes: dict
    tables: dict = field(default_factory=dict)
    adds: frozenset = frozenset()
    extents: dict = field(default_factory=dict)
    images: int = LANES
    rows: frozenset = frozenset()
    over_batch: bool = False

    def statements(self, images):
        """Bind the equations for n images."""
        per_image = {name for name in self.lengths() if self.per_image(name)}
        shapes = {n: (images, *s[1:]) if n in per_image else s for n, s in self.lengths().items()}
        for text in self.texts:
            indices = set(Equation.parse(text).indices)
            extents = {i: n for i, n in self.extents.items() if i in indices}
            nest = bind(text, shapes=shapes, extents=extents)
            yield Compute(nest=nest, adds=nest.target in self.adds, over_batch=self.over_batch)

    def lengths(self):
        """Return all shapes."""
        given = {**self.arrays, **self.tables}
        return {name: np.shape(array) for name, array in given.items()} | self.shapes

    def per_image(self, name):
        """Whether an array has a batch axis."""
        references = [
            r
            for text in self.texts
            for equation in (Equation.parse(text),)
            for r in (equation.target, *equation.references)
        ]
        return any(
            r.name == name and r.subscripts[:1] and r.subscripts[0].lone == IMAGE
            for r in references
        )

    def wanted(self):
        """Interpret the nests in float64, and return the targets."""
        known = {
            name: array[: self.images] if self.per_image(name) else array
            for name, array in self.arrays.items()
        }
        known = {n: a.astype(float) if a.dtype.kind == "f" else a for n, a in known.items()}
        known |= {name: np.array(table) for name, table in self.tables.items()}
        found = {}
        for statement in self.statements(self.images):
            name = statement.writes
            values = interpret(statement.nest, {n: known[n] for n in statement.nest.sources})[name]
            known[name] = found[name] = values + (known[name] if statement.adds else 0)
        return found

    def variables(self):
        """Describe the layout of the arrays."""
        found = {}
        for name, shape in self.lengths().items():
            per_image = self.per_image(name)
            size = prod(shape[1:] if per_image else shape)
            values = tuple(map(float, np.ravel(self.tables.get(name, []))))
            rows = aligned(size) if name in self.rows else 0
            found[name] = Variable(
                name=name, size=size, per_image=per_image, values=values, rows=rows
            )
        return found

    def kernel(self):
        """Fuse the statements into one kernel that stores all results."""
        images = self.images if self.over_batch else LANES
        items = fuse(list(self.statements(images)))
        (kernel,) = with_stored(items, self.shapes)
        assert isinstance(kernel, Kernel)
        return kernel

    def run(self, target=None, tasks=1):
        """Compile and run the kernel, and return the targets."""
        target, kernel, variables = target or host(), self.kernel(), self.variables()
        module = IRModule.of(target)
        plan = schedule(kernel, variables, target, tasks)
        write_kernel(module, "kernel", kernel, plan, variables)
        module.functions["kernel"].internal = False
        code = LoadedObject(compile_object(module, target), target)
        names = arguments_of(kernel, variables)
        memory = {name: self.placed(variables[name]) for name in names}
        types = [*[ctypes.c_void_p] * len(names), ctypes.c_int64, ctypes.c_int64]
        function = ctypes.CFUNCTYPE(None, *types)(code.address("kernel"))
        for task in range(tasks):
            pointers = [memory[name].ctypes.data for name in names]
            function(*pointers, self.images, task)
        return {name: self.taken(variables[name], memory[name]) for name in self.shapes}

    def placed(self, variable):
        """Copy an array to memory in the kernel's layout; an array without values is NaN."""
        name = variable.name
        shape = self.lengths()[name]
        array = self.arrays.get(name, np.full(shape, np.nan)).reshape(shape)
        if not variable.per_image:
            memory = floats(variable.size)
            memory[:] = array.ravel()
            return memory
        flat = array.reshape(len(array), -1)
        if variable.rows:
            memory = floats(len(array) * variable.rows)
            memory.reshape(len(array), -1)[:, : variable.size] = flat
            return memory
        memory = floats(variable.size * LANES)
        memory.reshape(-1, LANES)[...] = flat.T
        return memory

    def taken(self, variable, memory):
        """Copy an array from memory, for the images that exist."""
        shape = self.lengths()[variable.name]
        if variable.per_image:
            flat = memory.reshape(variable.size, LANES).T[: self.images]
            return flat.reshape(self.images, *shape[1:])
        return memory.reshape(shape)
