"""Processes that fork, end or are interrupted during training, for `test_thread_pool.py`."""

import hashlib
import os
import signal
import sys
import threading
import time

import numpy as np
from llvmlite.binding import ffi

import striate as st
from striate.model.network import core_of
from striate.properties import cached_property
from striate.runtime.settings import set_threads

rng = np.random.default_rng(0)
X, Y = rng.integers(0, 255, (320, 12, 12, 1)).astype(np.uint8), rng.integers(0, 3, 320)
TEXT = "conv 4@3x3 relu | batch-norm | max 2 | dense 3 softmax"


def digest(arrays):
    """Hash arrays bit for bit."""
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


class Noting:
    """Records a hash of the weights after each step."""

    def __init__(self):
        self.seen = set()

    def on_step(self, state, *_):
        """Record a step."""
        self.seen.add(digest((state.parameters, state.statistics)))

    def on_epoch(self, *_):
        """Do nothing."""


def fork():
    """Fork; a child that hangs is killed after a minute, so that it doesn't stay behind."""
    child = os.fork()
    if child == 0:
        signal.alarm(60)
    return child


def train(epochs=3, **more):
    """Train, and return a hash of the weights."""
    network = st.Network.parse(TEXT, (12, 12, 1), engine="compiled")
    network.fit(X, Y, epochs=epochs, batch_size=32, **more)
    return digest(core_of(network).buffers)


def forked():
    """Train in a forked process, while workers are waiting and another thread is training."""
    expected = train()
    busy = threading.Thread(target=train, args=(200,), daemon=True)
    busy.start()
    time.sleep(0.05)
    child = fork()
    if child == 0:
        os._exit(0 if train() == expected else 3)
    assert os.waitpid(child, 0)[1] == 0
    assert train() == expected


def forked_inside_llvm():
    """Fork while another thread is inside LLVM; the new process can still compile."""
    inside = threading.Event()

    def compile_slowly():
        with ffi.lib._lock:  # as during every call of LLVM
            inside.set()
            time.sleep(0.2)

    expected = train()
    threading.Thread(target=compile_slowly).start()
    inside.wait()
    child = fork()
    if child == 0:
        os._exit(0 if train() == expected else 3)
    assert os.waitpid(child, 0)[1] == 0


def forked_inside_property():
    """Fork while another thread computes a property; the new process computes it itself."""
    inside = threading.Event()

    class Slow:
        @cached_property
        def number(self):
            inside.set()
            time.sleep(0.2)
            return 1

    threading.Thread(target=lambda: Slow().number).start()
    inside.wait()
    child = fork()
    if child == 0:
        signal.alarm(10)  # instead of waiting forever
        os._exit(0 if Slow().number == 1 else 3)
    assert os.waitpid(child, 0)[1] == 0


def ended():
    """End the process while a thread is training and workers are waiting."""
    train()
    threading.Thread(target=train, args=(10_000,), daemon=True).start()
    time.sleep(0.1)


def stopped():
    """Interrupt runs at random moments: the weights are always those after some step."""
    noting = Noting()
    seen = noting.seen
    seen.add(digest(core_of(st.Network.parse(TEXT, (12, 12, 1))).buffers))
    train(12, callbacks=[noting])
    started = time.perf_counter()
    train(12)
    whole = time.perf_counter() - started
    stops = 0
    for moment in np.random.default_rng(1).uniform(0, whole, 40):
        network = st.Network.parse(TEXT, (12, 12, 1), engine="compiled")
        stop = threading.Timer(moment, os.kill, (os.getpid(), signal.SIGINT))
        try:
            stop.start()
            network.fit(X, Y, epochs=12, batch_size=32)
            stop.join()
            time.sleep(0.01)
        except KeyboardInterrupt:
            stops += 1
        assert digest(core_of(network).buffers) in seen
    assert stops > 30  # an interrupt inside a destructor is lost


if __name__ == "__main__":
    set_threads(2)
    actions = (forked, forked_inside_llvm, forked_inside_property, ended, stopped)
    {action.__name__: action for action in actions}[sys.argv[1]]()
    print("done")  # noqa: T201  # for the test that waits
