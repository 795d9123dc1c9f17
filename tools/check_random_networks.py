"""Compare the compiled engine with NumPy, and with PyTorch, on random networks.

    python tools/check_random_networks.py --count 3000 --seed 0

Prints what the networks contained, and the first network that differs, with its number: the option
``--first`` computes it again. The exit status is 1 if one differs. PyTorch takes part if it is
installed. The same comparison runs in the tests, on fewer networks; see
``tests/engine/random_networks.py`` for what is compared.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from engine.random_networks import Comparison, compare, prepare_process

PROGRESS = 250


def comparisons(options: argparse.Namespace) -> Iterator[Comparison]:
    """Compare all networks, in order of their numbers."""
    numbers = range(options.first, options.first + options.count)
    one = partial(_compare, seed=options.seed)
    if options.processes == 1:
        yield from map(one, numbers)
        return
    with ProcessPoolExecutor(
        options.processes, mp_context=get_context("spawn"), initializer=prepare_process
    ) as pool:
        yield from pool.map(one, numbers)


def _compare(number: int, *, seed: int) -> Comparison:
    """Compare one network; if it can't be compared at all, name it."""
    try:
        return compare(number, seed, pytorch=find_spec("torch") is not None)
    except Exception as error:
        error.add_note(f"This was network {number} of seed {seed}.")
        raise


def main() -> int:
    """Compare, print the histogram and what differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=3000, help="number of networks")
    parser.add_argument("--seed", type=int, default=0, help="seed of all networks")
    parser.add_argument("--first", type=int, default=0, help="number of the first network")
    parser.add_argument("--processes", type=int, default=1, help="processes that share the work")
    options = parser.parse_args()
    prepare_process()

    start, done = time.monotonic(), list[Comparison]()
    for comparison in comparisons(options):
        done.append(comparison)
        if len(done) % PROGRESS == 0:
            wrong = sum(bool(c.differences) for c in done)
            seconds = time.monotonic() - start
            print(f"{len(done)} networks, {wrong} differ, {seconds:.0f} s", flush=True)
    report(done)
    wrong = [c for c in done if c.differences]
    if wrong:
        first = wrong[0]
        print(f"\nThe first that differs: --first {first.number} --count 1 --seed {first.seed}")
        print(first.network, *first.differences, sep="\n")
    return bool(wrong)


def report(done: list[Comparison]) -> None:
    """Print what the networks contained, and how many differ."""
    kinds = sum((Counter(set(c.kinds)) for c in done), Counter())
    images = Counter(c.images if c.images < 3 else "3 or more" for c in done)
    against = "NumPy and PyTorch" if find_spec("torch") else "NumPy"
    print(f"\n{len(done)} random networks, compared with {against}, hold:")
    for name, count in kinds.most_common():
        print(f"  {name:28} {count:5}")
    print("batch sizes:", ", ".join(f"{size}: {n}" for size, n in sorted(images.items(), key=str)))
    print(f"predictions of a single image: {sum(c.alone for c in done)}")
    print(f"networks that differ: {sum(bool(c.differences) for c in done)}")


if __name__ == "__main__":
    sys.exit(main())
