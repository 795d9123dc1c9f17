"""The measured limits of this machine: multiply-adds and bytes per second, from each cache."""

import ctypes
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from striate.bench.spread import Spread
from striate.llvm.machine import LoadedObject, compile_object, host
from striate.llvm.peak import UNROLLED, accumulators_of, write_peaks
from striate.plan.target import LANES, Target
from striate.runtime.shared_memory import floats

ITEM = 4
"""Size of a float32 number in bytes."""

_MEMORY = 64 << 20
"""Total size of the arrays in bytes: more than the caches of common processors."""

_PILOT = 16 << 20  # bytes moved to estimate the speed
_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class Bandwidth:
    """The bandwidth of all threads together for arrays of one size.

    Parameters
    ----------
    size
        Size in bytes of the arrays that each thread traverses repeatedly.
    read, triad
        Bytes per second for an array that is summed, and for three arrays of which two are read and
        one is written.
    """

    size: int
    read: Spread
    triad: Spread

    @property
    def best(self) -> float:
        """The faster of the two, in bytes per second."""
        return max(self.read.median, self.triad.median)


@dataclass(frozen=True, kw_only=True)
class Peaks:
    """The limits of the machine for a number of threads.

    Parameters
    ----------
    threads
        Number of threads that were measured at the same time.
    multiply_adds
        Multiply-adds per second of all threads together. The limit is the upper quartile, since
        every disturbance makes it lower: two threads on one core are half as fast.
    bandwidths
        Bandwidths in the order of the arrays' sizes: L1 cache, L2 cache, memory.
    """

    threads: int
    multiply_adds: Spread
    bandwidths: tuple[Bandwidth, ...]

    def bandwidth(self, size: int) -> float:
        """Return the bandwidth for arrays that are traversed repeatedly.

        Parameters
        ----------
        size
            Size in bytes of the arrays that each thread traverses.

        Returns
        -------
        float
            Bytes per second of the smallest cache that holds them.
        """
        fitting = [b for b in self.bandwidths if b.size >= size]
        return (fitting or self.bandwidths[-1:])[0].best


class PeakMeter:
    """Measures the limits, in runs of a few hundredths of a second.

    Parameters
    ----------
    threads
        Number of threads; the results are for all of them together.
    target
        The processor; by default this one.
    """

    def __init__(self, threads: int = 1, *, target: Target | None = None) -> None:
        self.threads = threads
        self.target = target or host()
        self._code = LoadedObject(
            compile_object(write_peaks(self.target), self.target), self.target
        )
        self._workers = ThreadPoolExecutor(threads)
        self._sums = accumulators_of(self.target)
        self._numbers = [floats((self._sums + 2) * LANES) for _ in range(threads)]
        self._rounds = 0
        self._loop = self._function("multiply_adds", 1, 1)

    def multiply_adds(self) -> float:
        """Measure once the multiply-adds per second of all threads together.

        Returns
        -------
        float
        """
        pilot = 1 << 14
        # The first run wakes the threads, and lets the processor raise its clock rate.
        self._timed(self._multiply_adds, pilot)
        if not self._rounds:
            seconds = self._timed(self._multiply_adds, pilot)
            self._rounds = max(1, round(pilot * _SECONDS / seconds))
        seconds = self._timed(self._multiply_adds, self._rounds)
        return self.threads * self._rounds * self._sums * LANES / seconds

    def multiply_adds_of_one_core(self) -> float:
        """Measure once the multiply-adds of one thread per second of its processor time.

        Time in which another program has the core doesn't count, so this is the speed of a core on
        a busy machine, too.

        Returns
        -------
        float
        """
        pilot = 1 << 14
        seconds = self._processor_time(pilot)
        rounds = max(1, round(pilot * _SECONDS / seconds))
        return rounds * self._sums * LANES / self._processor_time(rounds)

    def bandwidth(self, size: int, times: int) -> Bandwidth:
        """Measure the bandwidth for arrays of one size.

        Parameters
        ----------
        size
            Size in bytes of the arrays that each thread traverses.
        times
            Number of measurements of reading, and of streaming.

        Returns
        -------
        Bandwidth
        """
        step = UNROLLED * LANES
        third = max(step, size // (3 * ITEM) // step * step)
        arrays = [floats(3 * third) for _ in range(self.threads)]
        for array in arrays:
            array.fill(0.0)  # pages that were never written share one physical page
        sums = [floats(step) for _ in range(self.threads)]
        read, triad = self._function("read", 2, 2), self._function("triad", 3, 2)

        def reading(thread: int, rounds: int) -> None:
            result, array = sums[thread].ctypes.data, arrays[thread].ctypes.data
            read(result, array, 3 * third // LANES, rounds)

        def streaming(thread: int, rounds: int) -> None:
            at = arrays[thread].ctypes.data
            triad(at, at + ITEM * third, at + 2 * ITEM * third, third // LANES, rounds)

        moved = 3 * ITEM * third
        return Bandwidth(
            size=size,
            read=self._speed(reading, moved, times),
            triad=self._speed(streaming, moved, times),
        )

    def peaks(self, times: int = 5) -> Peaks:
        """Measure all limits.

        Parameters
        ----------
        times
            Number of measurements of each limit.

        Returns
        -------
        Peaks
        """
        first, *others = self.target.cache
        # Half of each cache: the stack, code and other programs need the rest.
        sizes = [first // 2, *(size // 2 for size in others), _MEMORY // self.threads]
        return Peaks(
            threads=self.threads,
            multiply_adds=Spread.of([self.multiply_adds() for _ in range(times)]),
            bandwidths=tuple(self.bandwidth(size, times) for size in sizes),
        )

    def _multiply_adds(self, thread: int, rounds: int) -> None:
        """Run a number of rounds of the loop of multiply-adds."""
        self._loop(self._numbers[thread].ctypes.data, rounds)

    def _processor_time(self, rounds: int) -> float:
        """Run rounds of multiply-adds in this thread; return the processor time in seconds."""
        started = time.thread_time()
        self._multiply_adds(0, rounds)
        return time.thread_time() - started

    def _function(self, name: str, pointers: int, counts: int) -> Callable[..., None]:
        """Return a function of the machine code."""
        types = [*[ctypes.c_void_p] * pointers, *[ctypes.c_int64] * counts]
        return ctypes.CFUNCTYPE(None, *types)(self._code.address(name))

    def _timed(self, work: Callable[[int, int], None], rounds: int) -> float:
        """Run a number of rounds on all threads; return the seconds until the last is done."""
        started = time.perf_counter()
        list(self._workers.map(work, range(self.threads), [rounds] * self.threads))
        return time.perf_counter() - started

    def _speed(self, work: Callable[[int, int], None], size: int, times: int) -> Spread:
        """Measure bytes per second, given the bytes that one round moves in each thread."""
        pilot = max(1, _PILOT // size)
        rounds = max(1, round(pilot * _SECONDS / self._timed(work, pilot)))
        measured = [self._timed(work, rounds) for _ in range(times)]
        return Spread.of([self.threads * size * rounds / seconds for seconds in measured])
