"""The number of threads: from the program, the environment, or the machine."""

import contextlib
import ctypes
import os
import sys
import threading
import types

import pytest

from striate.errors import OptionError
from striate.runtime import control_groups, settings
from striate.runtime.settings import (
    available_cores,
    default_threads,
    join_threadpoolctl,
    set_threads,
    threads,
    using_threads,
)

VARIABLES = ("STRIATE_NUM_THREADS", "OMP_NUM_THREADS")


@pytest.fixture(autouse=True)
def untouched(monkeypatch):
    """Start and end each test without variables, settings and cached values."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    remembering = (settings._cores_of, settings._quota, settings._cores_of_the_machine)
    for function in remembering:
        function.cache_clear()
    yield
    set_threads(None)
    for function in remembering:
        function.cache_clear()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Make a Linux machine: `machine({0, 1}, siblings={0: "0,2"}, groups={...}, member="0::/")`."""
    if not hasattr(os, "sched_getaffinity"):
        monkeypatch.setattr("os.sched_getaffinity", None, raising=False)

    def make(processors, *, siblings=(), groups=(), member=None):
        monkeypatch.setattr("os.sched_getaffinity", lambda _: set(processors))
        texts = {
            f"cpu/cpu{number}/topology/thread_siblings_list": text
            for number, text in dict(siblings).items()
        }
        texts |= {f"groups/{name}": text for name, text in dict(groups).items()}
        if member is not None:
            texts["membership"] = member
        for name, text in texts.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")

    monkeypatch.setattr(settings, "_PROCESSORS", tmp_path / "cpu")
    monkeypatch.setattr(control_groups, "ROOT", tmp_path / "groups")
    monkeypatch.setattr(control_groups, "MEMBERSHIP", tmp_path / "membership")
    return make


@pytest.fixture
def six_cores(monkeypatch):
    """Pretend that six cores are available."""
    monkeypatch.setattr(settings, "available_cores", lambda: 6)


PAIRS = {number: f"{number % 4},{number % 4 + 4}" for number in range(8)}


@pytest.mark.parametrize(
    ("processors", "cores"),
    [(range(8), 4), ({0, 4}, 1), ({0, 1}, 2), ({0, 1, 4}, 2), ({7}, 1)],
)
def test_processors_on_one_core_count_once(machine, processors, cores):
    """Logical processors of the same core count once, and only those the process may use."""
    machine(processors, siblings=PAIRS)

    assert available_cores() == cores


def test_unknown_topology(machine):
    """If the topology is unknown, each logical processor counts as a core."""
    machine(range(3))

    assert available_cores() == 3


@pytest.mark.parametrize(
    ("groups", "member", "cores"),
    [
        ({"cpu.max": "max 100000"}, "0::/", 8),
        ({"cpu.max": "200000 100000"}, "0::/", 2),
        ({"cpu.max": "250000 100000"}, "0::/", 3),
        ({"cpu.max": "10000 100000"}, "0::/", 1),
        ({"cpu.max": "1600000 100000"}, "0::/", 8),
        ({"a/b/cpu.max": "300000 100000"}, "0::/a/b", 3),
        ({"a/cpu.max": "200000 100000", "a/b/cpu.max": "max 100000"}, "0::/a/b", 2),
        ({"cpu.max": "500000 100000"}, "0::/of/the/host", 5),
        ({"other/cpu.max": "100000 100000"}, "0::/a", 8),
        ({}, "0::/", 8),
        ({}, None, 8),
    ],
)
def test_quota_of_control_groups_2(machine, groups, member, cores):
    """The smallest quota of the process's groups limits the cores, rounded up."""
    machine(range(8), groups=groups, member=member)

    assert available_cores() == cores


@pytest.mark.parametrize(
    ("quota", "cores"), [("-1", 8), ("200000", 2), ("250000", 3), ("50000", 1)]
)
def test_quota_of_control_groups_1(machine, quota, cores):
    """In version 1, the quota is read from the tree of the cpu controller only."""
    groups = {
        "cpu/docker/1/cpu.cfs_quota_us": quota,
        "cpu/docker/1/cpu.cfs_period_us": "100000",
        "cpu/cpu.cfs_quota_us": "-1",
        "cpu/cpu.cfs_period_us": "100000",
    }
    member = "5:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n3:cpuset:/\n0::/"

    machine(range(8), groups=groups, member=member)

    assert available_cores() == cores


def test_this_machine():
    """The real machine has at least one core, and at most as many as logical processors."""
    assert 1 <= available_cores() <= os.cpu_count()


def test_macos(monkeypatch):
    """On macOS, the number of physical cores comes from sysctl."""

    def sysctlbyname(name, cores, _size, _new, _new_size):
        assert name == b"hw.physicalcpu"
        ctypes.cast(cores, ctypes.POINTER(ctypes.c_int))[0] = 5
        return 0

    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("ctypes.CDLL", lambda _: types.SimpleNamespace(sysctlbyname=sysctlbyname))

    assert available_cores() == 5


@pytest.mark.parametrize(("processors", "cores"), [(3, 3), (None, 1)])
def test_elsewhere(monkeypatch, processors, cores):
    """On other systems, it is the number of logical processors, or one if that is unknown."""
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr("os.cpu_count", lambda: processors)

    assert available_cores() == cores


@pytest.mark.usefixtures("six_cores")
@pytest.mark.parametrize(
    ("own", "shared", "number"),
    [
        (None, None, 6),
        (None, "2", 2),
        (None, "16", 6),
        (None, " 3 , 1", 3),
        (None, "", 6),
        ("4", None, 4),
        ("16", None, 16),
        ("4", "2", 4),
        ("4", "nonsense", 4),
        ("", "2", 2),
    ],
)
def test_the_environment(monkeypatch, own, shared, number):
    """STRIATE_NUM_THREADS sets the number; otherwise OMP_NUM_THREADS limits it."""
    for name, value in zip(VARIABLES, (own, shared), strict=True):
        if value is not None:
            monkeypatch.setenv(name, value)

    assert default_threads() == threads() == number


@pytest.mark.parametrize("value", ["many", "0", "-1", "2.5", "2,1", " "])
def test_an_invalid_striate_num_threads(monkeypatch, value):
    """An invalid STRIATE_NUM_THREADS is an error that names the variable and its value."""
    monkeypatch.setenv("STRIATE_NUM_THREADS", value)

    with pytest.raises(OptionError) as error:
        default_threads()

    assert str(error.value) == (
        "The environment variable STRIATE_NUM_THREADS must be a positive integer, "
        f"got {value!r}. Set it to 1, or unset it to use all cores."
    )


@pytest.mark.parametrize("value", ["many", "0", ",2"])
def test_an_invalid_omp_num_threads(monkeypatch, value):
    """An invalid OMP_NUM_THREADS is an error that mentions lists."""
    monkeypatch.setenv("OMP_NUM_THREADS", value)

    with pytest.raises(OptionError) as error:
        default_threads()

    assert str(error.value) == (
        "The environment variable OMP_NUM_THREADS must be a positive integer, or a comma-separated "
        f"list that starts with one, got {value!r}. Set it to 1, or unset it to use all cores."
    )


@pytest.mark.usefixtures("six_cores")
def test_set_threads(monkeypatch):
    """`set_threads` overrides the environment, until `set_threads(None)`."""
    monkeypatch.setenv("STRIATE_NUM_THREADS", "2")

    set_threads(7)
    chosen = threads()
    set_threads(None)

    assert (chosen, threads()) == (7, 2)


@pytest.mark.usefixtures("six_cores")
def test_using_threads():
    """`using_threads` blocks can be nested, and end if an error is raised."""
    set_threads(5)
    seen = []

    with using_threads(3):
        seen.append(threads())
        with contextlib.suppress(KeyError), using_threads(1):
            seen.append(threads())
            raise KeyError
        seen.append(threads())

    assert (seen, threads()) == ([3, 1, 3], 5)


def test_a_block_holds_for_its_python_thread_only():
    """`using_threads` affects only its Python thread, in whatever order blocks end."""
    inside, over = threading.Event(), threading.Event()
    before = threads()

    def work():
        with using_threads(before + 1):
            inside.set()
            over.wait()

    worker = threading.Thread(target=work)
    worker.start()
    inside.wait()
    with using_threads(before + 2):
        over.set()
        worker.join()
        within = threads()

    assert (within, threads()) == (before + 2, before)


@pytest.mark.usefixtures("six_cores")
@pytest.mark.parametrize("number", [0, -1, 2.0, "2"])
def test_an_invalid_number(number):
    """An invalid number of threads is an error, and changes nothing."""
    with pytest.raises(OptionError) as error:
        set_threads(number)

    assert str(error.value) == (
        f"The number of threads must be a positive integer, got {number!r}. "
        "Use 1, or 6 for all cores that are available here."
    )
    assert threads() == 6


@pytest.mark.usefixtures("six_cores")
def test_using_no_number():
    """`using_threads(None)` is an error."""
    with pytest.raises(OptionError) as error, using_threads(None):
        pass

    assert str(error.value) == (
        "The number of threads must be a positive integer, got None. "
        "Use 1, or 6 for all cores that are available here."
    )


class LibController:
    """The part of threadpoolctl's base class that striate uses."""


@pytest.fixture
def threadpoolctl(monkeypatch):
    """Pretend that the program imported threadpoolctl; return the registered controllers."""
    registered = []
    module = types.ModuleType("threadpoolctl")
    module.LibController = LibController
    module.register = registered.append
    monkeypatch.setitem(sys.modules, "threadpoolctl", module)
    yield registered
    settings._register.cache_clear()


@pytest.mark.usefixtures("six_cores")
def test_threadpoolctl_controller(threadpoolctl):
    """Computing registers one controller with threadpoolctl, once."""
    threads()
    threads()

    (controller,) = threadpoolctl
    assert controller.user_api == "striate"
    assert controller().get_num_threads() == 6


@pytest.mark.usefixtures("six_cores")
def test_a_limit_of_threadpoolctl_holds_and_ends(threadpoolctl, monkeypatch):
    """A limit applies until threadpoolctl restores the number; then the default applies again."""
    join_threadpoolctl()
    controller = threadpoolctl[0]()

    found = controller.get_num_threads()
    controller.set_num_threads(1)
    limited = threads()
    controller.set_num_threads(found)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")

    assert (limited, threads()) == (1, 3)


@pytest.mark.usefixtures("six_cores")
def test_threadpoolctl_does_not_see_blocks(threadpoolctl):
    """A limit that starts and ends in a `using_threads` block doesn't outlast the block."""
    with using_threads(2):
        join_threadpoolctl()
        controller = threadpoolctl[0]()
        controller.set_num_threads(controller.get_num_threads())

    assert threads() == 6


@pytest.mark.parametrize("module", [None, types.ModuleType("threadpoolctl")])
def test_without_threadpoolctl(monkeypatch, module):
    """Computing doesn't import threadpoolctl; a version without `register` is ignored."""
    monkeypatch.delitem(sys.modules, "threadpoolctl", raising=False)
    if module is not None:
        monkeypatch.setitem(sys.modules, "threadpoolctl", module)

    join_threadpoolctl()

    assert sys.modules.get("threadpoolctl") is module


def test_the_real_threadpoolctl():
    """If threadpoolctl is installed, its limits apply in a `with` block."""
    real = pytest.importorskip("threadpoolctl")
    join_threadpoolctl()
    before = threads()

    with real.threadpool_limits(1):
        within = threads()

    assert (within, threads()) == (1, before)


def test_workers_of_joblib():
    """Processes that joblib starts use the number of threads that joblib assigns to them."""
    joblib = pytest.importorskip("joblib")

    with joblib.parallel_config("loky", inner_max_num_threads=1):
        counts = joblib.Parallel(n_jobs=2)(joblib.delayed(threads)() for _ in range(2))

    assert counts == [1, 1]
