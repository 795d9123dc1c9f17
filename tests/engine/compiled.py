"""What the tests of the compiled engine share: all results of a step by name, from both engines."""

import os
import time
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pytest

from striate.compile import load
from striate.functions.base import Draw
from striate.graph.parameters import ParameterLayout
from striate.graph.reference import backward, forward
from striate.llvm.machine import describe, host
from striate.plan.lower import lower
from striate.plan.plan import make_plan
from striate.plan.signature import StepSignature
from striate.plan.target import enabled
from striate.plan.verify import verify_plan
from striate.runtime.executable import Binding, Executable

SEED, STEP = 7, 3

PATIENCE = 60
"""Seconds within which a helper thread must have done some work.

It usually takes a few runs, but if other processes keep all cores busy, the system may let the
leading thread run alone for a long time. Only a thread pool whose workers never help runs out of
this time."""

ALONE = partial(load, threads=1)
"""Compile a plan for one thread."""


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The inputs of a step: arrays by name, and the targets of each loss."""

    inputs: dict = field(default_factory=dict)
    parameters: dict = field(default_factory=dict)
    state: dict = field(default_factory=dict)
    targets: list = field(default_factory=list)
    weights: object = None

    @property
    def images(self):
        """Count the images."""
        return len(next(iter(self.inputs.values())))

    def rounded(self):
        """Round all arrays to float32, as the compiled engine gets them."""
        return replace(
            self,
            inputs=_each(self.inputs, np.float32),
            parameters=_each(self.parameters, np.float32),
            state=_each(self.state, np.float32),
            targets=[_single(y) for y in self.targets],
        )

    def first(self, images):
        """Return the same with fewer images."""
        return self._some(slice(images))

    def only(self, image):
        """Return the same with a single image."""
        return self._some(slice(image, image + 1))

    def _some(self, images):
        """Return the same with some of the images."""
        return replace(
            self,
            inputs={name: array[images] for name, array in self.inputs.items()},
            targets=[y[images] for y in self.targets],
            weights=None if self.weights is None else self.weights[images],
        )


def reference_pass(step, numbers, dtype=np.float64):
    """Run the forward pass of a training step with NumPy."""
    arrays = (_each(a, dtype) for a in (numbers.inputs, numbers.parameters, numbers.state))
    draw = Draw(seed=SEED, step=STEP, layer=0, images=np.arange(numbers.images))
    return forward(step, *arrays, training=True, draw=draw)


def wanted(step, numbers, dtype=np.float64):
    """Compute all results of a step with NumPy: outputs, losses, derivatives, statistics."""
    run = reference_pass(step, numbers, dtype)
    backward(step, run, numbers.targets, numbers.weights)
    parameters, state = (_each(arrays, dtype) for arrays in (numbers.parameters, numbers.state))
    found = {f"output {name}": run.arrays[f"{name}.A"] for name in step.graph.outputs}
    found |= predicted(step, numbers, dtype)
    found |= _losses(step, run.losses)
    found |= {f"next {name}": array for name, array in {**state, **run.next_state}.items()}
    found |= {f"d {name}": run.gradients[name] for name in parameters}
    return found | {f"d {name}": run.arrays[f"{name}.dA"] for name in numbers.inputs}


def predicted(step, numbers, dtype=np.float64):
    """Compute the outputs without training with NumPy."""
    arrays = (_each(a, dtype) for a in (numbers.inputs, numbers.parameters, numbers.state))
    run = forward(step, *arrays)
    return {f"predicted {name}": run.arrays[f"{name}.A"] for name in step.graph.outputs}


class Compiled:
    """A step's two programs, for training and for inference, with buffers that a test can read.

    Parameters
    ----------
    step
        The operations.
    images
        The largest batch size.
    target
        The processor to compile for; by default this one.
    make
        Compiles a plan.
    winograd
        Whether convolutions may be computed by Winograd's transforms.
    """

    def __init__(self, step, images, *, target=None, make=ALONE, winograd=True):
        self.step, self.images, self.target, self.make = step, images, target, make
        self.winograd, self.programs = winograd, {}
        self.signature = StepSignature.of(step)

    def program(self, numbers, *, training):
        """Return a program; it is compiled when it is first needed."""
        if training not in self.programs:
            shapes = [y.shape[1:] for y in numbers.targets]
            lowered = lower(self.step, training=training, target_shapes=shapes)
            target = self.target or host()
            plan = make_plan(lowered, self.images, target, winograd=self.winograd)
            verify_plan(plan)
            self.programs[training] = self.make(plan)
        return self.programs[training]

    def with_threads(self, threads):
        """Return the same machine code for several threads; every run is shared by some of them."""
        other = Compiled(self.step, self.images, target=self.target)
        other.programs = {
            training: Shared(Executable(program.plan, program.code, threads=threads))
            for training, program in self.programs.items()
        }
        return other

    def run(self, numbers, *, predict=True):
        """Compute the results of :func:`wanted`; the predictions only on request."""
        trained = self.train(numbers)
        calm = self.predictions(numbers) if predict else {}
        graph, losses = self.step.graph, []
        for k, end in enumerate(self.step.losses):
            counts = np.float64(1 if numbers.weights is None else numbers.weights)
            divisor = end.loss.divisor(numbers.targets[k], numbers.weights)
            losses.append(end.weight * np.sum(counts * trained[self.signature.losses[k]]) / divisor)
        gradients = ParameterLayout.of(graph.parameters()).views(trained["gradient"])
        statistics = ParameterLayout.of(graph.state()).views(trained["next statistics"])
        signature = self.signature
        found = {f"output {name}": trained[signature.outputs[name]] for name in graph.outputs}
        found |= calm
        found |= _losses(self.step, losses)
        found |= {f"next {name}": array for name, array in statistics.items()}
        found |= {f"d {name}": array for name, array in gradients.items()}
        return found | {f"d {name}": trained[signature.derivatives[name]] for name in graph.inputs}

    def train(self, numbers):
        """Run the training program; return its buffers."""
        buffers, graph, step = self._buffers(numbers), self.step.graph, self.step
        for name in ("gradient", "next statistics"):
            given = {"gradient": "parameters", "next statistics": "statistics"}[name]
            buffers[name] = np.full_like(buffers[given], np.nan)
        for k, (end, y) in enumerate(zip(step.losses, numbers.targets, strict=True)):
            weights = np.ones(numbers.images) if numbers.weights is None else numbers.weights
            divisor = end.loss.divisor(y, numbers.weights)
            buffers[self.signature.targets[k]] = y.astype(np.float32)
            scales = (end.weight * weights / divisor).astype(np.float32)
            buffers[self.signature.loss_scales[k]] = scales
            buffers[self.signature.losses[k]] = np.full(numbers.images, np.nan, np.float32)
        for name, shape in graph.inputs.items():
            buffers[self.signature.derivatives[name]] = self._empty(numbers, shape)
        program = self.program(numbers, training=True)
        program.run(buffers, images=numbers.images, seed=SEED, step=STEP)
        return buffers

    def predict(self, numbers):
        """Run the inference program; return its buffers."""
        buffers, graph = self._buffers(numbers), self.step.graph
        for k, end in enumerate(self.step.losses):
            buffers[self.signature.loss_inputs[k]] = self._empty(numbers, graph.shapes[end.layer])
        self.program(numbers, training=False).run(buffers, images=numbers.images)
        return buffers

    def predictions(self, numbers):
        """Compute the results of :func:`predicted`."""
        buffers = self.predict(numbers)
        outputs = self.signature.outputs
        return {f"predicted {name}": buffers[buffer] for name, buffer in outputs.items()}

    def _buffers(self, numbers):
        """Make the buffers that both programs read or write."""
        graph = self.step.graph
        buffers = {
            "parameters": flat(numbers.parameters, graph.parameters()),
            "statistics": flat(numbers.state, graph.state()),
            "scalars": np.array([numbers.images], np.float32),
        }
        inputs, outputs = self.signature.inputs, self.signature.outputs
        buffers |= {inputs[name].array: _single(a) for name, a in numbers.inputs.items()}
        shapes = graph.shapes
        return buffers | {outputs[n]: self._empty(numbers, shapes[n]) for n in graph.outputs}

    @staticmethod
    def _empty(numbers, shape):
        """Make an array for each image, filled with NaN, so that missing results are found."""
        return np.full((numbers.images, *shape), np.nan, np.float32)


class Shared:
    """A program for several threads, run until a helper thread has done some of the work.

    A step with few images is often finished before a helper wakes up. A thread that works writes
    to its own scratch memory.

    Parameters
    ----------
    program
        The program.
    """

    def __init__(self, program):
        self.program, self.plan = program, program.plan

    def run(self, buffers, **numbers):
        """Run the program until a helper has worked."""
        call, program = Binding(self.program), self.program
        for name, array in buffers.items():
            call.bind(name, array)
        call.run(**numbers)  # allocates the scratch memory of all threads
        end = time.monotonic() + PATIENCE
        while program.workers() > 1 and os.cpu_count() > 1:
            program._scratch[:] = np.nan
            call.run(**numbers)
            _, *helpers = program._scratch.reshape(program.workers(), -1)
            if not all(np.isnan(memory).all() for memory in helpers):
                return
            assert time.monotonic() < end, f"no helper has worked in {PATIENCE} seconds"


def isa(*features):
    """Mark a test that needs a processor with these features; it is skipped on others."""
    missing = [f for f in features if f not in enabled(host().features)]
    return pytest.mark.skipif(bool(missing), reason=f"this processor lacks {', '.join(missing)}")


def avx2():
    """Describe this machine without AVX-512: two registers hold a vector."""
    has = [f for f in host().features.split(",") if "avx512" not in f and not f.startswith("-")]
    without = [f"-{f[1:]}" for f in host().features.split(",") if f.startswith("+avx512")]
    return describe("haswell", ",".join([*has, *without]), host().triple)


def avx512():
    """Describe a processor with AVX-512, even if this one lacks it: one register holds a vector."""
    words = ("avx512f", "avx512vl", "avx512dq", "avx512bw", "avx512cd", "avx2", "avx", "fma")
    return describe("x86-64-v4", ",".join(f"+{w}" for w in words), "x86_64-unknown-linux-gnu")


def neon():
    """Describe an AArch64 server processor: four registers hold a vector."""
    return describe("neoverse-n1", "", "aarch64-unknown-linux-gnu")


def bound(products):
    """Bound the relative error, in norm, of float32 sums of this number of products.

    With random signs, a sum of n products grows as sqrt(n), and each addition is off by at most
    half a unit of the sum so far. So the relative error is about sqrt(n) / 2 units (Higham and
    Mary 2019). The bound is four times that, so that no test fails by chance, plus four roundings
    for the functions that are applied before and after.
    """
    return 4 * (products**0.5 / 2 + 4) * float(np.finfo(np.float32).eps)


def _losses(step, losses):
    """Name the losses after their layers."""
    ends = zip(step.losses, losses, strict=True)
    return {f"loss {end.layer}": np.array(loss) for end, loss in ends}


def _each(arrays, dtype):
    """Convert all arrays."""
    return {name: np.asarray(array).astype(dtype) for name, array in arrays.items()}


def _single(array):
    """Round to float32, unless these are labels."""
    array = np.asarray(array)
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def flat(arrays, parameters):
    """Put arrays one after another into one buffer, in the order of the graph."""
    rows = [
        np.asarray(arrays[name], np.float32).ravel()
        for name in ParameterLayout.of(parameters).shapes
    ]
    return np.concatenate([*rows, np.zeros(0, np.float32)])
