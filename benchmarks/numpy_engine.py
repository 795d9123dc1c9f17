"""LeNet-5 on the NumPy engine and in PyTorch's eager mode: images per second, in turns, in one run.

    python benchmarks/numpy_engine.py [--rounds 21] [--seed 0]

Both use the same number of threads: all cores, or OPENBLAS_NUM_THREADS. They have the same weights,
and a step is the same: forward, cross-entropy, backward, Adam. Without PyTorch, striate runs alone.
On a busy machine, one thread each is the fairer comparison.
"""

import argparse
import os
import platform
import statistics
import time
from functools import partial
from importlib.util import find_spec

import numpy as np
from import_time import processor

import striate
from striate.functions.base import Draw
from striate.functions.loss import CrossEntropy
from striate.functions.optimizer import Adam
from striate.graph.batch import Batch
from striate.graph.engine import NumpyEngine
from striate.graph.parameters import ParameterLayout, decayed, start_parameters, start_state
from striate.graph.step import TrainingStep

BATCHES = (32, 128)

SECONDS = 0.3
"""How long a turn takes, about."""


class Striate:
    """LeNet-5 on the NumPy engine, with its weights and Adam's state."""

    def __init__(self, seed):
        self.net = striate.Network.preset("lenet5", seed=seed)
        graph = self.net.graph
        self.engine = NumpyEngine(TrainingStep.of(graph, [CrossEntropy()]))
        self.state = start_state(graph)
        self.decayed = decayed(graph)
        self.start = start_parameters(graph, seed)
        self.weights = ParameterLayout.of(graph.parameters()).views(self.start)
        self.parameters, self.optimizer, self.step = self.start, Adam(), 0
        self.memory = self.optimizer.start(self.start)

    def train(self, images, labels):
        """Take one training step; return its loss."""
        draw = Draw(seed=0, step=self.step, layer=0, images=np.arange(len(images)))
        batch = Batch(inputs=(images,), targets=(labels,))
        found = self.engine.gradients(self.parameters, self.state, batch, draw)
        self.step += 1
        self.parameters, self.memory = self.optimizer.apply(
            self.parameters,
            found.gradient,
            self.memory,
            rate=self.optimizer.learning_rate,
            step=self.step,
            decayed=self.decayed,
        )
        return found.losses[0]

    def infer(self, images, _labels):
        """Return the probabilities of a batch."""
        return self.engine.predict(self.parameters, self.state, (images,)).outputs[0]


class Torch:
    """The same network with PyTorch's layers and the same weights, in eager mode."""

    def __init__(self, weights, threads):
        import torch  # noqa: PLC0415  # may be missing

        torch.set_num_threads(threads)
        nn = torch.nn
        self.torch = torch
        self.net = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(400, 120),
            nn.Tanh(),
            nn.Linear(120, 84),
            nn.Tanh(),
            nn.Linear(84, 10),
        )
        for tensor, array in zip(self.net.parameters(), weights, strict=True):
            tensor.data = torch.tensor(array)
        self.optimizer = torch.optim.Adam(self.net.parameters())

    def train(self, images, labels):
        """Take one training step; return its loss."""
        self.optimizer.zero_grad()
        loss = self.torch.nn.functional.cross_entropy(
            self.net(self.torch.from_numpy(images)), self.torch.from_numpy(labels)
        )
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def infer(self, images, _labels):
        """Return the probabilities of a batch."""
        with self.torch.inference_mode():
            return self.net(self.torch.from_numpy(images)).softmax(1).numpy()


def per_second(work, images, times):
    """Time a turn; return images per second."""
    started = time.perf_counter()
    for _ in range(times):
        work()
    return images * times / (time.perf_counter() - started)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    threads = int(os.environ.get("OPENBLAS_NUM_THREADS") or os.cpu_count() or 1)

    ours = Striate(given.seed)
    engines = {"striate": ours}
    if find_spec("torch"):
        engines["PyTorch"] = Torch(ours.weights.values(), threads)
    rng = np.random.default_rng(given.seed)
    batches = {
        count: (rng.random((count, 1, 28, 28), np.float32), rng.integers(0, 10, count))
        for count in BATCHES
    }
    print_setting(given, threads, engines)
    require_same_losses(engines, batches[BATCHES[0]])
    print(f"\n{'images a second':28}{'median':>10}{'quartiles':>22}")
    for what in ("train", "infer"):
        for count, batch in batches.items():
            turns = {name: partial(getattr(e, what), *batch) for name, e in engines.items()}
            report(what, count, measure(turns, count, given.rounds))


def print_setting(given, threads, engines):
    """Print the libraries and the machine."""
    versions = [f"striate {striate.__version__}", f"NumPy {np.__version__}"]
    if "PyTorch" in engines:
        versions.append(f"PyTorch {engines['PyTorch'].torch.__version__}")
    print(", ".join([*versions, f"Python {platform.python_version()}"]))
    print(f"{processor()}, threads: {threads}, {platform.system()} {platform.release()}")
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}")
    print(f"seed {given.seed}, {given.rounds} turns of about {SECONDS} s each; float32, Adam 0.001")
    print(f"network: {engines['striate'].net}")


def require_same_losses(engines, batch):
    """Take five steps with each engine, and check that their losses agree."""
    losses = [[engine.train(*batch) for _ in range(5)] for engine in engines.values()]
    # float32 sums of a few hundred products in other orders, and five steps of Adam.
    np.testing.assert_allclose(losses, losses[:1] * len(losses), rtol=1e-4)


def measure(turns, count, rounds):
    """Let the engines take turns; return the images per second of each turn by engine."""
    times = {}
    for name, work in turns.items():
        once = count / per_second(work, count, 3)
        times[name] = max(1, round(SECONDS / once))
    speeds = {name: [] for name in turns}
    for turn in range(rounds):
        order = list(turns) if turn % 2 else list(reversed(turns))
        for name in order:
            speeds[name].append(per_second(turns[name], count, times[name]))
    return speeds


def report(what, count, speeds):
    """Print medians and quartiles, and the ratio of corresponding turns."""
    for name, measured in speeds.items():
        low, middle, high = statistics.quantiles(measured, n=4)
        label = f"{what}, batch {count}, {name}"
        print(f"{label:28}{middle:10,.0f}{f'{low:,.0f} to {high:,.0f}':>22}")
    if len(speeds) > 1:
        ratios = [a / b for a, b in zip(*speeds.values(), strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        label = f"  {' / '.join(speeds)}"
        print(f"{label:28}{middle:10.2f}{f'{low:.2f} to {high:.2f}':>22}")


if __name__ == "__main__":
    main()
