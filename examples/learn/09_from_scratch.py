r"""
striate from scratch
====================

How does an equation become machine code? This page builds a small version of striate for one
layer, in less than 200 lines of Python: an equation, its derivatives, an interpreter, a loop
schedule, and a code generator. Everything on it runs while the page is built, and everything is
compared with the real library. You need Python and the chain rule; the :doc:`tutorial <index>`
explains convolutions.

The idea in one sentence: **describe each layer by index equations, and let programs do the rest**.
From the same line of text, they derive the backward pass, the reference implementation, and the
machine code.
"""

import ctypes
import re
import shlex
import subprocess
import sys
import timeit
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from llvmlite import binding, ir

import striate as st

# %%
# 1. The equation is data
# -----------------------
#
# Hagan's convolution with several feature maps is
#
# .. math::
#
#    z^{h}_{i,j} = \sum_{l} \sum_{u} \sum_{v} w^{h,l}_{u,v} \, a^{l}_{i+u-1,\,j+v-1} \tag{8.20}
#
# Counted from 0 and written as text, it is

EQUATION = "z[h, i, j] += w[h, l, u, v] * a[l, i + u, j + v]"

# %%
# The rest of the page has no other description of a convolution. Indices that aren't on the left
# are summed over. Each subscript is a sum of indices and integers. It is stored as a dictionary
# from indices to factors, with the key ``""`` for the constant.


@dataclass(frozen=True)
class Reference:
    name: str
    subscripts: tuple

    def __str__(self):
        return f"{self.name}[{', '.join(map(write, self.subscripts))}]"


def write(subscript):
    plus = [index or str(by) for index, by in subscript.items() if by > 0]
    minus = [index or str(-by) for index, by in subscript.items() if by < 0]
    return " + ".join(plus) + "".join(f" - {one}" for one in minus)


def read(text):
    name, inside = re.fullmatch(r"\s*(\w+)\[(.*)\]\s*", text).groups()
    subscripts = []
    for part in inside.split(","):
        subscript = {}
        for sign, term in re.findall(r"([+-]?)(\w+)", part.replace(" ", "")):
            by = -1 if sign == "-" else 1
            if term.isdigit():
                subscript[""] = by * int(term)
            else:
                subscript[term] = by
        subscripts.append(subscript)
    return Reference(name, tuple(subscripts))


# %%
# 2. Equation and sizes make a loop nest
# --------------------------------------
#
# With the shapes of the arrays, each index gets an extent. An index that is alone in a subscript
# runs over that axis: ``h`` over the first axis of ``w``, ``u`` over the third. ``i + u``
# determines nothing by itself.


@dataclass(frozen=True)
class Nest:
    target: Reference
    factors: tuple
    shapes: dict
    extents: dict

    def __str__(self):
        product = " * ".join(map(str, self.factors))
        box = ", ".join(
            f"{index} < {end}" for index, end in self.extents.items()
        )
        return f"{self.target} += {product}\n    for {box}"


def bind(target, factors, shapes):
    extents = {}
    for reference in (target, *factors):
        shape = shapes[reference.name]
        for subscript, end in zip(reference.subscripts, shape, strict=True):
            if len(subscript) == 1:
                extents[next(iter(subscript))] = end
    return Nest(target, tuple(factors), shapes, extents)


def parse(text, shapes):
    left, right = text.split("+=")
    factors = [read(factor) for factor in right.split("*")]
    return bind(read(left), factors, shapes)


# %%
# A layer with 3 input maps of 8 x 8 and 4 kernels of 3 x 3:

shapes = {"z": (4, 6, 6), "w": (4, 3, 3, 3), "a": (3, 8, 8)}
forward = parse(EQUATION, shapes)
print(forward)

# %%
# 3. The meaning: an interpreter
# ------------------------------
#
# What does a nest mean? Try all combinations of the indices, and add the product to the element on
# the left. A term that reads or writes outside its array doesn't exist. This rule makes special
# cases at the edges unnecessary: padding needs nothing more than the subscript ``i + u - 1``.


def position(reference, at):
    return tuple(
        sum(by * at.get(index, 1) for index, by in subscript.items())
        for subscript in reference.subscripts
    )


def exists(nest, reference, at):
    place, shape = position(reference, at), nest.shapes[reference.name]
    return all(0 <= one < end for one, end in zip(place, shape, strict=True))


def interpret(nest, arrays):
    result = np.zeros(nest.shapes[nest.target.name])
    references = (nest.target, *nest.factors)
    for values in product(*map(range, nest.extents.values())):
        at = dict(zip(nest.extents, values, strict=True))
        if all(exists(nest, one, at) for one in references):
            factors = (
                arrays[one.name][position(one, at)] for one in nest.factors
            )
            result[position(nest.target, at)] += prod(factors)
    return result


# %%
# The dictionary ``at`` has no key ``""``, so ``at.get`` gives 1, and the constant counts once.
# Compare with two independent implementations, striate's mathematics and its own interpreter:

rng = np.random.default_rng(0)
w, a = rng.normal(size=shapes["w"]), rng.normal(size=shapes["a"])
z = interpret(forward, {"w": w, "a": a})
assert np.allclose(z, st.maths.cross_correlate(a, w))

bound = st.nests.bind(EQUATION, shapes=shapes)
theirs = st.nests.interpret(bound, {"w": w, "a": a})["z"]
assert np.allclose(z, theirs)
print(abs(z - theirs).max())

# %%
# 4. The backward pass, derived by exchanging names
# -------------------------------------------------
#
# Each term contributes the product :math:`w \cdot a` to one element :math:`z`. So the derivative
# of the loss with respect to :math:`w` gets :math:`dz \cdot a` from this term, and the derivative
# with respect to :math:`a` gets :math:`w \cdot dz`. Summed over all terms, that is the same nest
# with two names exchanged: the target becomes a factor, and the factor becomes the target.


def adjoint(nest, name):
    d_target = Reference(f"d{nest.target.name}", nest.target.subscripts)
    swapped = {one.name: one for one in nest.factors}
    given = Reference(f"d{name}", swapped[name].subscripts)
    swapped[name] = d_target
    shapes = nest.shapes | {
        d_target.name: nest.shapes[nest.target.name],
        given.name: nest.shapes[name],
    }
    return Nest(given, tuple(swapped.values()), shapes, nest.extents)


dw_nest, da_nest = adjoint(forward, "w"), adjoint(forward, "a")
print(dw_nest)
print(da_nest)

# %%
# The first is equation 8.47, the second 8.39 with 8.40. Nothing in ``adjoint`` is about
# convolutions: it works for a dense layer, for average pooling, for anything that is linear in one
# factor. The interpreter runs both results without a change.

dz = rng.normal(size=shapes["z"])
dw = interpret(dw_nest, {"dz": dz, "a": a})
da = interpret(da_nest, {"w": w, "dz": dz})

expected = st.maths.cross_correlate_backward(a, w, dz)
assert np.allclose(dw, expected.dW)
assert np.allclose(da, expected.dA)

# %%
# The library's equations are derived in the same way:

equation = st.nests.Equation.parse(EQUATION)
print(equation.adjoint("w"))
print(equation.adjoint("a"))

# %%
# 5. From scatter to gather
# -------------------------
#
# There is something awkward about ``da[l, i + u, j + v] += ...``. Several terms add to the same
# element, but far apart in the loops; so a sum can't stay in a register, and two threads may write
# to the same place. This is a *scatter*. The remedy is a change of variables: call the element
# :math:`m = i + u`, and replace :math:`i` by :math:`m - u` everywhere. Then each element collects
# its terms: a *gather*.
#
# .. math::
#
#    da^{l}_{m,n} = \sum_{h} \sum_{u} \sum_{v} dz^{h}_{m-u,\,n-v} \, w^{h,l}_{u,v} \tag{8.41}


def replace(subscript, old, new):
    """Write the sum `new` in the place of the index `old`."""
    if old not in subscript:
        return subscript
    result = {index: by for index, by in subscript.items() if index != old}
    for index, by in new.items():
        result[index] = result.get(index, 0) + by
    return {index: by for index, by in result.items() if by}


def change(reference, old, new):
    changed = (replace(one, old, new) for one in reference.subscripts)
    return Reference(reference.name, tuple(changed))


def gather(nest):
    references = [nest.target, *nest.factors]
    sums = [one for one in nest.target.subscripts if len(one) == 2]
    for (old, other), fresh in zip(sums, "mn", strict=True):  # i + u, j + v
        new = {fresh: 1, other: -1}
        references = [change(one, old, new) for one in references]
    return bind(references[0], references[1:], nest.shapes)


da_gather = gather(da_nest)
print(da_gather)
assert np.allclose(interpret(da_gather, {"w": w, "dz": dz}), da)

# %%
# Where :math:`m - u` is outside of ``dz``, the term doesn't exist: that is the "0 else" of
# equation 8.40. If :math:`u` is counted backward, the gather is a correlation with the kernel
# rotated by 180 degrees, equation 8.45. striate prints the same nest; look for *gather* in
# :doc:`../../background/explain`. (A stride :math:`s` needs one nest for each remainder of
# :math:`m` divided by :math:`s`.)
#
# 6. A schedule
# -------------
#
# The interpreter defines the result, but it is very slow. A processor is fast under three
# conditions.
#
# - **Lanes.** One instruction works on a whole vector, for example 16 floats. So some index must
#   lie in the lanes. striate takes 16 images: the arrays get a last axis ``q``, and neighbors in
#   memory belong to different images.
# - **Registers.** Sums must stay in registers until they are complete. And there should be many of
#   them: a fused multiply-add has a latency of about four cycles, so a single sum waits most of
#   the time.
# - **Reuse.** A vector of ``a``, once loaded, should serve several sums. The same pixel is needed
#   for every output map ``h``, so take all ``h`` together. These sums are called the *tile*.
#
# So the schedule is: loops over ``i`` and ``j``; the sums of all ``h`` in registers; and inside,
# the terms of ``l``, ``u`` and ``v``, unrolled. Here is the second convolution of
# LeNet-5, with 16 images:

LANES = 16
BATCHED = "z[h, i, j, q] += w[h, l, u, v] * a[l, i + u, j + v, q]"
sizes = {"z": (16, 10, 10, LANES), "w": (16, 6, 5, 5), "a": (6, 14, 14, LANES)}
batched = parse(BATCHED, sizes)
print(batched)

# %%
# 7. LLVM IR
# ----------
#
# LLVM turns an assembly-like language, its *intermediate representation*, into machine code.
# llvmlite's builder writes it. The only missing piece is a loop: a block with a counter, a body,
# and a jump back.

INT, FLOAT, POINTER = ir.IntType(64), ir.FloatType(), ir.PointerType()
VECTOR = ir.VectorType(FLOAT, LANES)


@contextmanager
def loop(b, end):
    before, body = b.block, b.append_basic_block("loop")
    after = b.append_basic_block("after")
    b.branch(body)
    b.position_at_end(body)
    counter = b.phi(INT)
    counter.add_incoming(INT(0), before)
    yield counter
    following = b.add(counter, INT(1))
    counter.add_incoming(following, b.block)
    b.cbranch(b.icmp_signed("<", following, INT(end)), body, after)
    b.position_at_end(after)


# %%
# An index moves the address by a fixed number of floats, its *step*. Steps follow from the nest:
# ``i`` moves ``a`` by one row. The part of an address that depends on loop counters is computed
# once per iteration; the rest is a constant in the instruction.


def steps(nest, reference):
    shape = nest.shapes[reference.name]
    for axis, subscript in enumerate(reference.subscripts):
        for index, by in subscript.items():
            yield index, by * prod(shape[axis + 1 :])


def base(b, nest, reference, pointer, counters):
    for index, step in steps(nest, reference):
        if index in counters:
            distance = b.mul(counters[index], INT(step))
            pointer = b.gep(pointer, [distance], source_etype=FLOAT)
    return pointer


# %%
# Now the generator. It opens the loops, computes the base addresses, and fills the innermost loop:


def generate(nest, loops, tile):
    module = ir.Module()
    module.triple = binding.get_process_triple()
    references = (nest.target, *nest.factors)
    signature = ir.FunctionType(ir.VoidType(), [POINTER] * len(references))
    function = ir.Function(module, signature, "kernel")
    b = ir.IRBuilder(function.append_basic_block())
    with ExitStack() as stack:
        counters = {}
        for index in loops:
            end = nest.extents[index]
            counters[index] = stack.enter_context(loop(b, end))
        bases = {
            one.name: base(b, nest, one, pointer, counters)
            for one, pointer in zip(references, function.args, strict=True)
        }
        rest = set(nest.extents) - {*loops, *tile, "q"}
        fill(b, nest, bases, points(nest, tile), points(nest, sorted(rest)))
    b.ret_void()
    return str(module)


def points(nest, indices):
    """Return all combinations of some indices, each as a dictionary."""
    ranges = [range(nest.extents[index]) for index in indices]
    combinations = product(*ranges)
    return [dict(zip(indices, one, strict=True)) for one in combinations]


# %%
# The innermost loop has a sum for each point of the tile. For each term, it loads one vector of
# ``a``, and adds its products with the weights of all maps. A weight has no index ``q``; it is
# copied to all lanes. Nothing here mentions a convolution: only the nest and the schedule.


def fill(b, nest, bases, tile, terms):
    def address(reference, at):
        known = at | {"": 1}
        offset = sum(s * known.get(i, 0) for i, s in steps(nest, reference))
        return b.gep(bases[reference.name], [INT(offset)], source_etype=FLOAT)

    weights, values = nest.factors
    sums = [VECTOR(None)] * len(tile)
    for term in terms:
        vector = b.load(address(values, term), typ=VECTOR, align=4)
        for k, point in enumerate(tile):
            weight = b.load(address(weights, term | point), typ=FLOAT)
            both = b.fmul(spread(b, weight), vector, flags=["contract"])
            sums[k] = b.fadd(sums[k], both, flags=["contract"])
    for point, total in zip(tile, sums, strict=True):
        b.store(total, address(nest.target, point), align=4)


def spread(b, number):
    one = b.insert_element(VECTOR(ir.Undefined), number, INT(0))
    lanes = ir.VectorType(ir.IntType(32), LANES)
    return b.shuffle_vector(one, VECTOR(ir.Undefined), lanes(None))


text = generate(batched, loops=("i", "j"), tile=("h",))
lines = text.splitlines()
first = next(k for k, line in enumerate(lines) if "fmul" in line)
print(*(line[:76] for line in lines[first - 7 : first + 7]), sep="\n")
print(f"... {len(lines):,} lines")

# %%
# 8. Machine code
# ---------------
#
# LLVM translates the text for this processor, and ctypes makes a Python function of the address.

binding.initialize_all_targets()
binding.initialize_all_asmprinters()


def host_machine():
    return binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=binding.get_host_cpu_features().flatten(),
        opt=3,
    )


class Kernel:
    def __init__(self, text):
        module = binding.parse_assembly(text)
        module.verify()
        machine = host_machine()  # the engine owns it, so each has its own
        self.assembly = machine.emit_assembly(module)
        self.engine = binding.create_mcjit_compiler(module, machine)
        self.engine.finalize_object()
        address = self.engine.get_function_address("kernel")
        self.function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(address)

    def __call__(self, *arrays):
        self.function(*(array.ctypes.data for array in arrays))


kernel = Kernel(text)
w = rng.normal(size=sizes["w"]).astype(np.float32)
a = rng.normal(size=sizes["a"]).astype(np.float32)
z = np.empty(sizes["z"], np.float32)
kernel(z, w, a)

images = np.moveaxis(a, -1, 0)  # [q, l, row, column]
expected = np.moveaxis(st.maths.cross_correlate(images, w), 0, -1)
error = abs(z - expected).max()

# A sum of 150 products in float32 has 150 rounding errors at most.
sizes_of_terms = st.maths.cross_correlate(abs(images), abs(w)).max()
bound = 150 * np.finfo(np.float32).eps * sizes_of_terms
print(f"{error:.1e}, bound {bound:.1e}")
assert error < bound

# %%
# Look at the machine code, here somewhere in the middle of the loop. One instruction loads a
# vector of pixels. Each of the next instructions is a fused multiply-add: it reads a weight,
# multiplies the pixels by it, and adds them to one of the 16 sums, all of which are in registers.
# The loop consists of little more than these. (This is the code for AVX-512. On processors with
# narrower or fewer vector registers, 16 sums are too many, and a smaller tile is faster.)

lines = [" ".join(line.split()) for line in kernel.assembly.splitlines()]
fused = [line for line in lines if re.match(r"vfmadd|fmla", line)]
middle = lines.index(fused[len(fused) // 2]) - 2
print(*lines[middle : middle + 8], sep="\n")
print(f"{len(fused):,} fused multiply-adds in {len(lines):,} lines")
assert len(fused) >= 16 * 6 * 5 * 5

# %%
# 9. How fast is it?
# ------------------
#
# Count multiply-adds per second, all on one thread. The second schedule has a loop over ``h`` as
# well, and a single sum; it shows what the tile is worth. The last line is a network with the same
# layer, from images in to images out.


def rate(function, count):
    once = timeit.timeit(function, number=1)
    number = max(1, int(0.2 / once))
    best = min(timeit.repeat(function, number=number, repeat=3)) / number
    return count / best / 1e6


single = Kernel(generate(batched, loops=("h", "i", "j"), tile=()))
small = {"w": np.ones(shapes["w"]), "a": np.ones(shapes["a"])}
few, many = prod(forward.extents.values()), prod(batched.extents.values())
rates = {
    "interpreter in plain Python": rate(lambda: interpret(forward, small), few),
    "NumPy": rate(lambda: st.maths.cross_correlate(images, w), many),
    "machine code, one sum": rate(lambda: single(z, w, a), many),
    "machine code, a tile of 16 sums": rate(lambda: kernel(z, w, a), many),
}

net = st.Network.parse("conv 16@5x5", (14, 14, 6))
net.parameters["conv1.weight"] = w
x = rng.normal(size=(64 * LANES, 14, 14, 6)).astype(np.float32)
with st.using_threads(1):
    rates["striate, predict"] = rate(lambda: net.predict(x), 64 * many)

for name, millions in rates.items():
    print(f"{name:32}{millions:12,.2f} million per second")
assert (
    rates["machine code, one sum"] > 1000 * rates["interpreter in plain Python"]
)

_, panel = plt.subplots(figsize=(7, 2), layout="constrained")
panel.barh([*rates], [*rates.values()], height=0.5, color="#0072b2")
panel.set(
    xscale="log", xlabel="million multiply-adds per second", ylim=(4.5, -0.5)
)
panel.spines[["top", "right"]].set_visible(False)

# %%
# 10. The same in striate
# -----------------------
#
# ``striate explain`` prints what striate makes of the same layer. The equation has a few more
# indices, and the bias is added before a sum leaves its register. Otherwise it is the schedule of
# this page: images in the lanes, and a tile of sums in registers.


def run(command):
    program, *arguments = shlex.split(command)
    program = Path(sys.executable).with_name(program)
    print(subprocess.check_output([program, *arguments], text=True))


layer = '"conv 16@5x5" --input-shape 14x14x6 --batch 16 --inference'
run(f"striate explain {layer} --layer conv1 --stage schedule")

# %%
# ``--stage assembly`` prints its machine code, and ``--stage kernels`` measures each kernel and
# compares it with the limit of the processor.

# %%
# What is missing here? Each of these is one idea on top of this page:
#
# - strides, dilation, max pooling and tables: ``nests/equation.py`` and ``nests/bind.py``,
# - a gather for each remainder of a stride: ``plan/gather.py``,
# - bias and activation in registers: ``plan/fuse.py``,
# - a cost model that chooses the tile: ``plan/tiles.py``,
# - memory that is reused within a step: ``plan/allocation.py``,
# - threads, with the same bits for any number of them: ``plan/phases.py`` and
#   ``runtime/thread_pool.py``,
# - convolutions with fewer multiplications: ``plan/winograd.py``,
# - a proof that nothing is read out of bounds: ``plan/verify.py``.
#
# :doc:`../../background/explain` follows LeNet-5 through all stages, and ARCHITECTURE.md in the
# repository is a map of the code.
#
# Exercises
# ---------
#
# 1. Write the equation of a dense layer, ``z[s] += w[s, r] * a[r]``, and derive its two adjoints.
#    What are they as matrix products?
# 2. Add padding: ``a[l, i + u - 1, j + v - 1]``. The interpreter needs no change. What would the
#    generator need?
# 3. Compile ``da_gather``. Hint: pad ``dz`` by two zeros on each side, so that everything is
#    inside.
