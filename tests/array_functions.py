"""Generated vector functions applied to whole arrays, and the errors of their results."""

import ctypes
import re

import llvmlite.binding as llvm
import numpy as np

from striate.llvm.builder import FLOATS, Builder
from striate.llvm.ir import I32, I64, PTR, VOID, IRModule
from striate.llvm.vector_math import FUNCTIONS, reciprocal_square_root
from striate.maths.special import erf
from striate.plan.target import LANES

llvm.initialize_all_targets()
llvm.initialize_all_asmprinters()

CHECKED = {**FUNCTIONS, "reciprocal_square_root": reciprocal_square_root}
"""All functions of one argument."""

REFERENCES = {
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "tanh": np.tanh,
    "erf": erf,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": lambda x: np.where(x == 0, x, np.sign(x)),
    "reciprocal_square_root": lambda x: 1 / np.sqrt(x),
}
"""Reference results in float64, whose errors are far below the precision of float32."""

SMALLEST = np.float32(2.0**-126)

# Flush-to-zero and denormals-are-zero, in addition to the masks of all exceptions.
_FLUSHING = 0x9FC0
_USUAL = 0x1F80


def host():
    """Name this processor and its features."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def assembly(emit, triple, cpu="", features="", arguments=1):
    """Compile a loop for any processor, and return its assembly."""
    return _compile(_written(emit, triple, arguments, FLOATS, 1), triple, cpu, features)[1]


def innermost(text):
    """Return the instructions of the longest loop that doesn't contain a label."""
    found = re.findall(r"^(\.L\w+):.*\n((?:[ \t].*\n)*?[ \t]+\w\S*[ \t].*?\1$)", text, re.MULTILINE)
    loops = [
        [line.strip() for line in body.splitlines() if not line.strip().startswith((".", "#"))]
        for _, body in found
    ]
    return max(loops, key=len)


class ArrayFunction:
    """A function of vectors, applied to whole arrays on this machine.

    Parameters
    ----------
    emit
        Writes the function: ``emit(builder, *values)``.
    arguments
        Number of arguments.
    target
        The processor to compile for and its features, as LLVM names them; this one by default.
    element
        The type of the values.
    repeat
        Number of passes over the arrays, for timing.
    flush
        Whether the loop treats denormal numbers as zero, on x86.
    """

    def __init__(self, emit, *, arguments=1, target=None, element=FLOATS, repeat=1, flush=False):
        triple = llvm.get_process_triple()
        module = _written(emit, triple, arguments, element, repeat, flush=flush)
        parsed, self.assembly, machine = _compile(module, triple, *(target or host()))
        self._engine = llvm.create_mcjit_compiler(parsed, machine)
        self._engine.finalize_object()
        kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (arguments + 1), ctypes.c_int64)
        self._run = kind(self._engine.get_function_address("run"))

    def __call__(self, *arrays):
        """Apply it to one-dimensional float32 arrays, padded to whole vectors."""
        size = len(arrays[0])
        filled = [np.pad(np.asarray(a, np.float32), (0, -size % LANES)) for a in arrays]
        result = np.empty_like(filled[0])
        self._run(*(a.ctypes.data for a in (*filled, result)), len(result))
        return result[:size]


def distance(y, reference):
    """Count the float32 numbers from each result to the correct one; -1 if NaN or sign is wrong.

    Zero counts as correct for any denormal number of its sign.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        right = reference.astype(np.float32)
    steps = np.abs(y.view(np.int32) - right.view(np.int32))
    steps[(y == 0) & (np.abs(right) < SMALLEST)] = 0
    nan = np.isnan(right)
    steps[nan] = 0
    wrong = (np.isnan(y) != nan) | ((np.signbit(y) != np.signbit(right)) & ~nan)
    steps[wrong] = -1
    return steps


def check(name, x, y):
    """Count the steps from the correct results; a denormal argument may be treated as zero."""
    with np.errstate(all="ignore"):
        exact = REFERENCES[name](x.astype(np.float64))
        steps = distance(y, exact)
        denormal = np.flatnonzero((np.abs(x) < SMALLEST) & (steps != 0))
        if len(denormal):
            zeros = np.copysign(np.float64(0), x[denormal])
            again = distance(y[denormal], REFERENCES[name](zeros))
            steps[denormal] = np.where(again == 0, 0, steps[denormal])
    return steps, exact


def _written(emit, triple, arguments, element, repeat, *, flush=False):
    """Write a function that applies a vector function to arrays."""
    module = IRModule(triple)
    b = Builder(module.function("run", VOID, [PTR] * (arguments + 1) + [I64]))
    *inputs, output, count = b.function.args
    step = LANES if element is FLOATS else 1

    def body(place, _carried):
        found = emit(b, *(b.load(b.at(p, place), element) for p in inputs))
        b.store(found, b.at(output, place))
        return ()

    def once(_time, _carried):
        b.loop(0, count, step, body)
        return ()

    if flush:
        _control(b, _FLUSHING)
    b.loop(0, repeat, 1, once)
    if flush:
        _control(b, _USUAL)
    b.ret_void()
    return module


def _control(b, word):
    """Set the control word of x86's vector unit."""
    place = b.alloca(I32)
    b.store(I32(word), place)
    b.call_by_name("llvm.x86.sse.ldmxcsr", VOID, place)


def _compile(module, triple, cpu, features):
    """Compile a module; return the parsed module, its assembly, and the target machine."""
    target = llvm.Target.from_triple(triple)
    machine = target.create_target_machine(cpu=cpu, features=features, opt=3)
    wide = '"prefer-vector-width"="512" "min-legal-vector-width"="512"'
    text = str(module).replace(" nounwind", f" nounwind {wide}")
    parsed = llvm.parse_assembly(text)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(parsed, builder)
    return parsed, machine.emit_assembly(parsed), machine
