"""The available memory, and the error that is raised if it is too little."""

import numpy as np
import pytest

import striate as st
from striate.errors import OutOfMemoryError
from striate.model.network import core_of
from striate.runtime import control_groups, memory
from striate.runtime.memory import MemoryRequirement

GIGABYTE = 1 << 30
NETWORK = "conv 3@3x3 same | batch-norm relu | dense 2 softmax"
X, Y = np.zeros((64, 9, 9, 1), np.uint8), np.arange(64) % 2


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Describe a machine by its /proc/meminfo and files of control groups."""

    def describe(meminfo="", membership="", **files):
        (tmp_path / "meminfo").write_text(meminfo)
        (tmp_path / "membership").write_text(membership)
        for name, content in files.items():
            path = tmp_path / "groups" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        monkeypatch.setattr(memory, "MEMORY", tmp_path / "meminfo")
        monkeypatch.setattr(control_groups, "MEMBERSHIP", tmp_path / "membership")
        monkeypatch.setattr(control_groups, "ROOT", tmp_path / "groups")

    return describe


MEMINFO = (
    "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\nSwapFree: 1048576 kB\nHugePages_Free: 0\n"
)


def test_available_memory(machine):
    """Available memory and free swap space are added."""
    machine(MEMINFO)

    assert memory.available() == 5 * GIGABYTE


def test_unknown_memory():
    """Without /proc, the available memory is unknown, and nothing is rejected."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "MEMORY", memory.MEMORY / "missing")
        patch.setattr(control_groups, "MEMBERSHIP", memory.MEMORY)

        assert memory.available() is None
        MemoryRequirement(images=1, arena=1 << 60, scratch=0).require()


def test_control_groups_2_leave_less(machine):
    """In version 2, a group's limit minus its usage, without cached files, is available."""
    files = {
        "a/memory.max": "max",
        "a/memory.current": "100",
        "a/b/memory.max": str(3 * GIGABYTE),
        "a/b/memory.current": str(2 * GIGABYTE),
        "a/b/memory.stat": f"anon 7\ninactive_file {GIGABYTE}\n",
    }
    machine(MEMINFO, "0::/a/b\n", **files)

    assert memory.available() == 2 * GIGABYTE


def test_control_groups_1_leave_less(machine):
    """Version 1 has other file names, and a separate tree for memory."""
    files = {
        "memory/docker/memory.limit_in_bytes": str(GIGABYTE),
        "memory/docker/memory.usage_in_bytes": str(3 * GIGABYTE),
    }
    machine(MEMINFO, "5:cpu:/elsewhere\n4:memory:/docker\n", **files)

    assert memory.available() == 0


def test_a_training_that_does_not_fit_is_refused(machine):
    """A training that needs too much memory is rejected before it changes anything."""
    machine("MemAvailable: 64 kB\n")
    network = st.Network.parse(NETWORK, (9, 9, 1), engine="compiled")
    before = core_of(network).buffers[0].copy()
    with pytest.raises(OutOfMemoryError) as error:
        network.fit(X, Y, batch_size=64, standardize=True)

    program, there = str(error.value).split(" needs ")
    needed, rest = there.split(" of memory, ")
    assert program == "The program for batches of 64 images"
    assert 0.1 < float(needed.removesuffix(" MiB")) < 10
    assert rest == (
        "but only 0.1 MiB is free. It holds the outputs of all layers and their derivatives. "
        "Use a smaller batch, such as batch_size=32, smaller images or fewer maps."
    )
    np.testing.assert_array_equal(core_of(network).buffers[0], before)
    assert network.preprocessing.mean == {}


def test_a_training_that_the_system_refuses(monkeypatch):
    """If an allocation fails although memory was reported as available, the error is the same."""

    def refused(count):
        if count:
            raise MemoryError
        return np.zeros(0, np.float32)

    monkeypatch.setattr("striate.runtime.executable.floats", refused)
    with pytest.raises(OutOfMemoryError, match=r" of memory, more than is available\. It holds "):
        st.Network.parse(NETWORK, (9, 9, 1), engine="compiled").fit(X, Y, batch_size=64)


def test_large_amounts_are_in_gibibytes():
    """From 1 GiB on, amounts are in GiB."""
    error = MemoryRequirement(images=64, arena=2 * GIGABYTE, scratch=GIGABYTE // 2).error(
        free=GIGABYTE
    )

    assert str(error).startswith(
        "The program for batches of 64 images needs 2.5 GiB of memory, but only 1.0 GiB is free. "
    )


def test_what_would_help_is_named():
    """The error suggests a smaller batch or fewer threads if these would help."""
    ends = {
        (1, 2 * GIGABYTE): "Use smaller images or fewer maps.",
        (
            64,
            2 * GIGABYTE,
        ): "Use a smaller batch, such as batch_size=32, smaller images or fewer maps.",
        (64, 1000): (
            "Use fewer threads with striate.set_threads(1), smaller images or fewer maps."
        ),
    }
    for (images, arena), end in ends.items():
        error = MemoryRequirement(images=images, arena=arena, scratch=GIGABYTE).error()

        assert str(error).endswith(
            "more than is available. It holds the outputs of all layers and their derivatives. "
            + end
        )
