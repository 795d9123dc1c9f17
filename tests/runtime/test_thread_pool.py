"""Threads that share programs: concurrent, forked, interrupted, and at the end of a process."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

import striate as st
from networks import digest, images_and_labels
from striate.runtime.settings import using_threads
from striate.runtime.thread_pool import ThreadPool

X, Y = images_and_labels(64, shape=(12, 12, 1))
TEXT = "conv 4@3x3 relu | batch-norm | max 2 | dense 3 softmax"


def network(seed=0):
    """Make a small network."""
    return st.Network.parse(TEXT, (12, 12, 1), seed=seed, engine="compiled")


def trained(seed):
    """Train a separate network on two threads, and return its hash."""
    own = network(seed)
    with using_threads(2):
        own.fit(X, Y, epochs=3, batch_size=32)
    return digest(own)


def test_several_threads_train_at_once():
    """Concurrent runs give the same weights; if the pool is busy, a thread works alone."""
    alone = [trained(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(trained, [0, 1, 2, 3] * 3))

    assert together == alone * 3


def test_several_threads_predict_with_one_network():
    """Several threads can predict with one network at the same time."""
    asked = network()
    parts = np.split(X, 8)
    expected = [asked.predict(part) for part in parts]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(asked.predict, parts * 5))

    for answer, right in zip(answers, expected * 5, strict=True):
        np.testing.assert_array_equal(answer, right)


def test_a_network_that_is_no_longer_referenced():
    """A network that is no longer referenced elsewhere completes its prediction."""
    answers = []
    expected = network().predict(X)
    asking = threading.Thread(
        target=lambda asked: answers.append(asked.predict(X)), args=(network(),)
    )
    asking.start()
    asking.join()

    np.testing.assert_array_equal(answers[0], expected)


@pytest.mark.parametrize(
    "what", ["forked", "forked_inside_llvm", "forked_inside_property", "ended", "stopped"]
)
def test_a_process(what):
    """A process may fork, end or be interrupted at any moment: no crash, no wrong weights."""
    if what.startswith("forked") and sys.platform == "win32":
        pytest.skip("this system has no fork")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", Path(__file__).with_name("processes.py"), what],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


def test_workers_sleep_when_there_is_nothing_to_do():
    """Idle workers sleep, and wake up when they are needed again."""
    pool, calls = ThreadPool(), []
    woken = threading.Semaphore(0)

    def help_(control, number):
        calls.append((control, number))
        woken.release()
        return 0

    for _ in range(3):
        control = pool.call(help_, 2)
        for _ in range(2):
            assert woken.acquire(timeout=5)
        while not all(worker.asleep for worker in pool.workers):
            pass
    pool.dismiss()

    assert {number for _, number in calls} == {0, 1}
    assert {given for given, _ in calls} == {control}
    assert not any(worker.thread.is_alive() for worker in pool.workers)


def test_without_more_threads_the_leader_works_alone(monkeypatch):
    """If the system can't start threads, the leader computes alone, without an error."""
    refused = Mock(side_effect=RuntimeError("can't start new thread"))
    monkeypatch.setattr(threading.Thread, "start", refused)
    pool = ThreadPool()
    pool.call(lambda *_: 0, 3)

    assert pool.workers == []
