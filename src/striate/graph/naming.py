"""Nodes in the order of computation, and the names of their layers."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from striate.errors import GraphError
from striate.graph.layer import Node


def in_order(ends: tuple[Node, ...]) -> list[Node]:
    """List the nodes that lead to the ends in the order of their creation.

    A node is created after its sources, so this is an order of computation, and the user's order.
    """
    found: dict[int, Node] = {}
    waiting = list(ends)
    while waiting:
        node = waiting.pop()
        if node.number not in found:
            found[node.number] = node
            waiting.extend(node.sources)
    return [found[number] for number in sorted(found)]


def names_of(order: Sequence[Node], taken: Collection[str] = ()) -> dict[int, str]:
    """Name all nodes: as given, or by kind and number; a repeated layer gets ``@2``.

    No layer gets a name that is taken.
    """
    given = Counter(
        node.name if node.layer is None else node.layer.name for node in _distinct(order)
    )
    for name, times in given.items():
        if name is not None and times > 1:
            raise GraphError(
                f'{times} layers have the name "{name}". Choose different names, or leave them out.'
            )
        if name in taken:
            raise GraphError(
                f'The network already has a layer named "{name}". Choose a different name, or '
                "leave it out."
            )
    reserved = {*given, *taken}
    names: dict[int, str] = {}
    owners: dict[int, str] = {}
    running: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for node in order:
        if node.layer is None:
            names[id(node)] = node.name or _next("input", running, reserved)
            continue
        if id(node.layer) not in owners:
            owners[id(node.layer)] = node.layer.name or _next(
                node.layer.word(len(node.sources)), running, reserved
            )
        owner = owners[id(node.layer)]
        places[owner] += 1
        names[id(node)] = owner if places[owner] == 1 else f"{owner}@{places[owner]}"
    return names


def _next(word: str, running: Counter[str], reserved: Collection[str | None]) -> str:
    """Return the next unused name that consists of a word and a number."""
    while True:
        running[word] += 1
        name = "input" if word == "input" and running[word] == 1 else f"{word}{running[word]}"
        if name not in reserved:
            return name


def _distinct(order: Sequence[Node]) -> Iterator[Node]:
    """Iterate over the nodes, with a layer that is used repeatedly only once."""
    seen: set[int] = set()
    for node in order:
        key = id(node) if node.layer is None else id(node.layer)
        if key not in seen:
            seen.add(key)
            yield node
