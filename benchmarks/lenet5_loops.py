"""LeNet-5's training step as plain loops, with one image in each lane: the whole idea in one file.

The equations are written loop by loop, as for one image, but each value is a vector of sixteen: the
same pixel or weight of sixteen images, next to each other in a register. One function of machine
code computes all gradients. Nothing is planned automatically: the number of sums in registers is
chosen by hand, for AVX-512, and only bias and relu are fused with the convolutions.

`python benchmarks/plain_loops.py` checks the gradients, and compares the loops' time with that of
the compiled engine.
"""

import ctypes
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import prod

import numpy as np

from striate.graph.parameters import ParameterLayout
from striate.llvm.builder import FLOATS, INTS, Builder
from striate.llvm.ir import F32, I64, PTR, VOID, IRModule, constant, vector_type
from striate.llvm.lanes import sum_of_lanes, transposed
from striate.llvm.machine import LoadedObject, compile_object, host
from striate.llvm.vector_math.exponential import exp
from striate.plan.target import LANES
from striate.runtime.shared_memory import floats

NET = "lenet5-relu"
"""The network's name among those that are measured."""

ZERO = constant(FLOATS, 0.0)
QUARTER = constant(FLOATS, 0.25)


class Array:
    """An array in memory; ``element`` is ``LANES`` for vectors of images, and 1 for scalars."""

    def __init__(self, b, pointer, shape, start=0, element=1):
        self.b, self.pointer, self.shape, self.start = b, pointer, shape, start
        self.strides = [element * prod(shape[k + 1 :]) for k in range(len(shape))]

    def at(self, *indices):
        """Return the pointer to an element; constant offsets become part of the instruction."""
        known, counted = self.start, 0
        for index, stride in zip(indices, self.strides, strict=True):
            if isinstance(index, int):
                known += index * stride
            else:
                counted = self.b.add(counted, self.b.multiply(index, stride))
        return self.b.at(self.b.at(self.pointer, counted), known)

    def further(self, pointer, *steps):
        """Return the pointer to the element this number of steps further along each axis."""
        return self.b.at(pointer, sum(n * s for n, s in zip(steps, self.strides, strict=True)))


class Loops:
    """Writes a function; each method writes the loops of one equation."""

    def __init__(self, b, workspace):
        self.b, self.workspace, self.used = b, workspace, 0

    def allocate(self, *shape):
        """Allocate an array in the workspace, with a vector for each element."""
        start, self.used = self.used, self.used + LANES * prod(shape)
        return Array(self.b, self.workspace, shape, start, LANES)

    def vector(self, pointer):
        return self.b.load(pointer, FLOATS, 64)

    def broadcast(self, pointer, count=LANES):
        return self.b.splat(self.b.load(pointer), count)

    def store(self, vector, pointer):
        self.b.store(vector, pointer, 64)

    def positive(self, n, value):
        """Return a value where ``n`` is positive, otherwise 0: relu, and its derivative."""
        return self.b.select(self.b.fcmp_ordered(">", n, ZERO), value, ZERO)

    def add_lanes(self, vector, pointer):
        """Add the sum of a vector's lanes to an element of the gradient."""
        total = self.b.fadd(self.b.load(pointer), sum_of_lanes(self.b, vector))
        self.b.store(total, pointer)

    def products(self, sums, factors, vectors):
        """Add each product of two lists to a separate sum: a tile of sums in registers."""
        sums = iter(sums)
        return [self.b.fma(factor, v, next(sums)) for factor in factors for v in vectors]

    def total(self, body, sums, *ranges, counts=()):
        """Write ``body(sums, *counts)`` in loops that carry sums; ranges are start, stop, step."""
        if not ranges:
            return body(sums, *counts)
        (first, stop, step), *inner = ranges
        return self.b.loop(
            first, stop, step, lambda i, s: self.total(body, s, *inner, counts=(*counts, i)), sums
        )

    def each(self, body, *ranges):
        """Write ``body(*counts)`` in loops."""
        self.total(lambda _, *counts: body(*counts) or [], [], *ranges)

    def load(self, images, block, x):
        """Load a block's images into the lanes, sixteen columns of sixteen images at a time."""
        _, height, width = images.shape

        def row(i):
            for left in (0, width - LANES):  # two squares of 16 columns cover 28
                first, there = images.at(block, i, left), x.at(0, i, left)
                rows = [self.b.load(images.further(first, q, 0, 0), FLOATS) for q in range(LANES)]
                for q, column in enumerate(transposed(self.b, rows)):
                    self.store(column, x.further(there, 0, 2, 2 + q))

        self.each(row, (0, height, 1))

    def convolve(self, x, w, bias, a, *, maps, columns):
        """``a[h,i,j] = relu(b[h] + sum(l,u,v) w[h,l,u,v] x[l,i+u,j+v])``: Hagan 8.38."""
        _, channels, height, width = w.shape

        def tile(i, j, h):
            def terms(sums, channel):
                corner, kernel = x.at(channel, i, j), w.at(h, channel, 0, 0)
                for u, v in np.ndindex(height, width):
                    pixels = [self.vector(x.further(corner, 0, u, v + q)) for q in range(columns)]
                    weights = (self.broadcast(w.further(kernel, t, 0, u, v)) for t in range(maps))
                    sums = self.products(sums, weights, pixels)
                return sums

            start = [self.broadcast(bias.further(bias.at(h), t)) for t in range(maps)]
            start = [n for n in start for _ in range(columns)]
            for k, n in enumerate(self.total(terms, start, (0, channels, 1))):
                there = a.further(a.at(h, i, j), k // columns, 0, k % columns)
                self.store(self.positive(n, n), there)

        features, rows, row = a.shape
        self.each(tile, (0, rows, 1), (0, row, columns), (0, features, maps))

    def average(self, x, a):
        """``a[h,i,j]`` is the mean of 2 x 2 pixels: Hagan 8.25."""

        def pixel(h, i, j):
            corner = x.at(h, self.b.multiply(i, 2), self.b.multiply(j, 2))
            four = [self.vector(x.further(corner, 0, u, v)) for u, v in np.ndindex(2, 2)]
            total = self.b.fadd(*(self.b.fadd(*four[k : k + 2]) for k in (0, 2)))
            self.store(self.b.fmul(total, QUARTER), a.at(h, i, j))

        self.each(pixel, *((0, extent, 1) for extent in a.shape))

    def dense(self, x, w, bias, n, *, neurons, relu=True):
        """``n[s] = b[s] + sum(r) w[s,r] x[r]``, for several neurons at a time."""

        def tile(s):
            def term(sums, r):
                weights = (self.broadcast(w.further(w.at(s, r), t, 0)) for t in range(neurons))
                return self.products(sums, weights, [self.vector(x.at(r))])

            start = [self.broadcast(bias.further(bias.at(s), t)) for t in range(neurons)]
            for t, total in enumerate(self.total(term, start, (0, w.shape[1], 1))):
                self.store(self.positive(total, total) if relu else total, n.further(n.at(s), t))

        self.each(tile, (0, w.shape[0], neurons))

    def cross_entropy_back(self, n, labels, block, share, dn):
        """``dn[s] = share (softmax(n)[s] - [s is the label])``."""
        scores = [self.vector(n.at(s)) for s in range(*n.shape)]
        highest = scores[0]
        for score in scores[1:]:
            highest = self.b.select(self.b.fcmp_ordered(">", score, highest), score, highest)
        powers = [exp(self.b, self.b.fsub(score, highest)) for score in scores]
        total = powers[0]
        for power in powers[1:]:
            total = self.b.fadd(total, power)
        scale, label = self.b.splat(share), self.b.load(labels.at(block), INTS)
        for s, power in enumerate(powers):
            probability = self.b.fdiv(power, total)
            less = self.b.fsub(probability, constant(FLOATS, 1.0))
            right = self.b.icmp_signed("==", label, constant(INTS, s))
            self.store(self.b.fmul(scale, self.b.select(right, less, probability)), dn.at(s))

    def dense_gradient(self, x, dn, dw, dbias, turned_x, *, neurons):
        """``dw[s,r] += sum(images) dn[s] x[r]``, with neighboring inputs in the lanes."""
        inputs = dw.shape[1]

        def square(k):
            first, there = x.at(self.b.multiply(k, LANES)), turned_x.at(k, 0)
            rows = transposed(self.b, [self.vector(x.further(first, q)) for q in range(LANES)])
            for q, row in enumerate(rows):
                self.store(row, turned_x.further(there, 0, q))

        def tile(s, k, count=LANES):
            vectors, there = vector_type(F32, count), dw.at(s, self.b.multiply(k, LANES))
            sums = [self.b.load(dw.further(there, t, 0), vectors) for t in range(neurons)]
            for image in range(LANES):
                values = self.b.load(turned_x.at(k, image), vectors)
                first = self.b.at(dn.at(s), image)
                errors = (self.broadcast(dn.further(first, t), count) for t in range(neurons))
                sums = self.products(sums, errors, [values])
            for t, total in enumerate(sums):
                self.b.store(total, dw.further(there, t, 0))

        def rows(s):
            self.each(partial(tile, s), (0, inputs // LANES, 1))
            if inputs % LANES:
                tile(s, inputs // LANES, inputs % LANES)
            for t in range(neurons):
                self.add_lanes(self.vector(dn.further(dn.at(s), t)), dbias.further(dbias.at(s), t))

        self.each(square, (0, -(-inputs // LANES), 1))
        self.each(rows, (0, dn.shape[0], neurons))

    def dense_back(self, w, dn, dx, *, inputs, a=None):
        """``dx[r] = sum(s) w[s,r] dn[s]``, and back through the relu that gave ``a[r]``."""

        def tile(r):
            def term(sums, s):
                weights = (self.broadcast(w.further(w.at(s, r), 0, t)) for t in range(inputs))
                return self.products(sums, weights, [self.vector(dn.at(s))])

            for t, total in enumerate(self.total(term, [ZERO] * inputs, (0, w.shape[0], 1))):
                passed = (
                    total if a is None else self.positive(self.vector(a.further(a.at(r), t)), total)
                )
                self.store(passed, dx.further(dx.at(r), t))

        self.each(tile, (0, w.shape[1], inputs))

    def average_back(self, da, a, dn, *, margin=0):
        """Distribute the derivative of a mean to its four pixels, back through relu: Hagan 8.46."""

        def pixel(h, i, j):
            quarter = self.b.fmul(self.vector(da.at(h, i, j)), QUARTER)
            corner = (h, self.b.multiply(i, 2), self.b.multiply(j, 2))
            for u, v in np.ndindex(2, 2):
                value = self.vector(a.further(a.at(*corner), 0, u, v))
                there = dn.further(dn.at(*corner), 0, u, v + margin)
                self.store(self.positive(value, quarter), there)

        self.each(pixel, *((0, extent, 1) for extent in da.shape))

    def convolution_gradient(self, x, dn, dw, dbias, *, maps, columns, margin=0):
        """``dw[h,l,u,v] += sum(images,i,j) dn[h,i,j] x[l,i+u,j+v]``: Hagan 8.47."""
        features, channels, height, width = dw.shape
        rows, row = (0, dn.shape[1], 1), dn.shape[2] - 2 * margin

        def tile(h, channel, u):
            def terms(sums, i, j):
                corner, error = x.at(channel, self.b.add(i, u), j), dn.at(h, i, j)
                reached = range(width + columns - 1)
                pixels = [self.vector(x.further(corner, 0, 0, q)) for q in reached]
                for q in range(columns):
                    errors = (self.vector(dn.further(error, t, 0, margin + q)) for t in range(maps))
                    sums = self.products(sums, errors, pixels[q : q + width])
                return sums

            found = self.total(terms, [ZERO] * (maps * width), rows, (0, row, columns))
            for k, total in enumerate(found):
                self.add_lanes(
                    total, dw.further(dw.at(h, channel, u, 0), k // width, 0, 0, k % width)
                )

        def biases(h):
            def terms(sums, i, j):
                error = dn.further(dn.at(h, i, j), 0, 0, margin)
                errors = (self.vector(dn.further(error, t, 0, 0)) for t in range(maps))
                return [self.b.fadd(*pair) for pair in zip(sums, errors, strict=True)]

            for t, total in enumerate(self.total(terms, [ZERO] * maps, rows, (0, row, 1))):
                self.add_lanes(total, dbias.further(dbias.at(h), t))

        self.each(tile, (0, features, maps), (0, channels, 1), (0, height, 1))
        self.each(biases, (0, features, maps))

    def convolve_back(self, w, dn, dx, *, maps, columns):
        """``dx[l,y,x] = sum(h,u,v) w[h,l,u,v] dn[h,y-u,x-v]``: Hagan 8.41.

        ``dn`` has columns of zeros as margins; rows out of bounds are skipped.
        """
        features, _, height, width = w.shape
        last = dn.shape[1] - 1

        def tile(y, channel, x):
            def terms(sums, h, u):
                corner, kernel = dn.at(h, self.b.isub(y, u), x), w.at(h, channel, u, 0)
                reached = range(width + columns - 1)
                errors = [self.vector(dn.further(corner, 0, 0, q)) for q in reached]
                for v in range(width):
                    weights = (self.broadcast(w.further(kernel, 0, t, 0, v)) for t in range(maps))
                    first = width - 1 - v
                    sums = self.products(sums, weights, errors[first : first + columns])
                return sums

            first = self.b.intrinsic("smax", self.b.isub(y, I64(last)), I64(0))
            stop = self.b.add(self.b.intrinsic("smin", y, I64(height - 1)), 1)
            ranges = (0, features, 1), (first, stop, 1)
            for k, total in enumerate(self.total(terms, [ZERO] * (maps * columns), *ranges)):
                self.store(total, dx.further(dx.at(channel, y, x), k // columns, 0, k % columns))

        channels, rows, row = dx.shape
        self.each(tile, (0, rows, 1), (0, channels, maps), (0, row, columns))


def write(layout):
    """Write the step; return the module, and the number of elements in its workspace."""
    module = IRModule.of(host())
    function = module.function("step", VOID, [*[PTR] * 5, I64, F32])
    b = Builder(function)
    images, labels, weights, gradient, workspace, blocks, share = function.args
    images, labels = Array(b, images, (0, 28, 28)), Array(b, labels, (0,))
    layouts = [(layout.shapes[name], where.start) for name, where in layout.slices()]
    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = (Array(b, weights, *p) for p in layouts)
    dw1, db1, dw2, db2, dw3, db3, dw4, db4, dw5, db5 = (Array(b, gradient, *p) for p in layouts)
    step = Loops(b, workspace)
    # Forward: `x` has two zeros on each side. Backward: the rows of `dn2` have four.
    x, a1, p1, a2 = (
        step.allocate(*s) for s in ((1, 32, 32), (6, 28, 28), (6, 14, 14), (16, 10, 10))
    )
    dn1, dp1, dn2 = (step.allocate(*s) for s in ((6, 28, 28), (6, 14, 14), (16, 10, 18)))
    p2, dp2 = (step.allocate(16, 5, 5) for _ in range(2))
    v2, dv2 = (Array(b, workspace, (400,), maps.start, LANES) for maps in (p2, dp2))
    a3, a4, n5, dn3, dn4, dn5 = (step.allocate(n) for n in (120, 84, 10, 120, 84, 10))
    turned_x = step.allocate(25, LANES)

    def block(count):
        first = b.multiply(count, LANES)
        step.load(images, first, x)
        step.convolve(x, w1, b1, a1, maps=3, columns=4)
        step.average(a1, p1)
        step.convolve(p1, w2, b2, a2, maps=4, columns=5)
        step.average(a2, p2)
        step.dense(v2, w3, b3, a3, neurons=24)
        step.dense(a3, w4, b4, a4, neurons=21)
        step.dense(a4, w5, b5, n5, neurons=10, relu=False)
        step.cross_entropy_back(n5, labels, first, share, dn5)
        step.dense_gradient(a4, dn5, dw5, db5, turned_x, neurons=10)
        step.dense_back(w5, dn5, dn4, inputs=21, a=a4)
        step.dense_gradient(a3, dn4, dw4, db4, turned_x, neurons=21)
        step.dense_back(w4, dn4, dn3, inputs=24, a=a3)
        step.dense_gradient(v2, dn3, dw3, db3, turned_x, neurons=24)
        step.dense_back(w3, dn3, dv2, inputs=25)
        step.average_back(dp2, a2, dn2, margin=4)
        step.convolution_gradient(p1, dn2, dw2, db2, maps=4, columns=2, margin=4)
        step.convolve_back(w2, dn2, dp1, maps=3, columns=7)
        step.average_back(dp1, a1, dn1)
        step.convolution_gradient(x, dn1, dw1, db1, maps=3, columns=2)

    step.each(block, (0, blocks, 1))
    b.ret_void()
    return module, step.used


class PlainLoops:
    """The loops as machine code; each thread computes some of the blocks."""

    def __init__(self, problem, threads):
        if problem.batch % (LANES * threads):
            raise SystemExit(f"batches of {problem.batch} images are not {threads} x whole blocks")
        layout, target = ParameterLayout.of(problem.graph.parameters()), host()
        module, used = write(layout)
        self.code = LoadedObject(compile_object(module, target), target)
        types = [*[ctypes.c_void_p] * 5, ctypes.c_int64, ctypes.c_float]
        self.step = ctypes.CFUNCTYPE(None, *types)(self.code.address("step"))
        self.problem, self.labels = problem, problem.labels.astype(np.int32)
        self.images = problem.batch // threads
        self.memory = [(floats(layout.size), floats(used)) for _ in range(threads)]
        self.others = ThreadPoolExecutor(threads)

    def chunk(self, number):
        """Compute the gradient of some of the images."""
        first, (gradient, workspace) = number * self.images, self.memory[number]
        gradient.fill(0.0)
        given = self.problem.images[first:], self.labels[first:], self.problem.parameters
        pointers = [array.ctypes.data for array in (*given, gradient, workspace)]
        self.step(*pointers, self.images // LANES, 1 / self.problem.batch)
        return gradient

    def gradient(self):
        """Compute all derivatives of the mean loss."""
        waited = [self.others.submit(self.chunk, k) for k in range(1, len(self.memory))]
        total = self.chunk(0)
        for other in waited:
            total += other.result()
        return total
