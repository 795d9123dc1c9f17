"""All stages of one network as rows, each computed when it is first used."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from striate.compile import Stages, assembly, llvm_ir, stages_of
from striate.errors import OptionError
from striate.explain.items import ItemRow, PhaseRow, phase_rows
from striate.explain.machine_code import FunctionCode, functions_of
from striate.explain.memory import MemoryMap, memory_map
from striate.explain.operations import OperationRow, operations
from striate.explain.statements import Changes, StatementRow, changes, statement_rows
from striate.functions.base import Loss
from striate.graph.step import TrainingStep
from striate.llvm.program import functions_of_items
from striate.model.losses import losses_of
from striate.model.network import Network, core_of
from striate.plan.plan import Plan
from striate.plan.target import Target
from striate.properties import cached_property
from striate.shapes import Shape


class Explanation:
    """The stages of a network on its way to machine code.

    Parameters
    ----------
    network
        The network.
    images
        Number of images in a batch.
    training
        Whether to explain a training step or inference.
    target
        The processor; by default this machine's.
    layer
        The layer to explain; by default all layers.

    Raises
    ------
    OptionError
        If the network doesn't have this layer.
    """

    def __init__(
        self,
        network: Network,
        images: int,
        *,
        training: bool = True,
        target: Target | None = None,
        layer: str | None = None,
    ) -> None:
        graph = network.graph
        names = [*graph.inputs, *(placed.name for placed in graph.layers)]
        if layer is not None and layer not in names:
            raise OptionError(
                f"This network has no layer {layer!r}. Choose from {', '.join(names)}, or omit "
                "it for all layers."
            )
        losses = (network.losses or losses_of(graph, None)) if training else ()
        step = TrainingStep.of(graph, losses)
        self.layer = layer
        self.stages: Stages = stages_of(
            step,
            images,
            training=training,
            target_shapes=_target_shapes(step),
            target=target,
            winograd=core_of(network).engines.winograd,
        )

    @property
    def plan(self) -> Plan:
        """The plan of the program."""
        return self.stages.plan

    @cached_property
    def operations(self) -> list[OperationRow]:
        """The operations of the step, in Hagan's symbols."""
        return [r for r in operations(self.stages.step) if self.layer in {None, r.layer}]

    @cached_property
    def lowered(self) -> list[StatementRow]:
        """The index equations of the operations."""
        return [r for r in statement_rows(self.stages.lowered) if self._wants_name(r.writes)]

    @cached_property
    def simplified(self) -> list[StatementRow]:
        """The index equations after simplification."""
        return [r for r in statement_rows(self.stages.simplified) if self._wants_name(r.writes)]

    @cached_property
    def changes(self) -> Changes:
        """The changes made by simplification."""
        found = changes(self.stages.lowered, self.stages.simplified)
        return Changes(
            unread=tuple(filter(self._wants_name, found.unread)),
            names={n: to for n, to in found.names.items() if self._wants_name(n)},
            gathered=tuple(g for g in found.gathered if self._wants_name(g.writes)),
        )

    @cached_property
    def phases(self) -> list[PhaseRow]:
        """The phases of the program, with all their items."""
        return phase_rows(self.plan)

    @cached_property
    def items(self) -> list[ItemRow]:
        """The items that belong to the chosen layer, or all."""
        every = [item for phase in self.phases for item in phase.items]
        return [item for item in every if self.wants(item)]

    @cached_property
    def memory(self) -> MemoryMap:
        """Where and when each array is in memory."""
        return memory_map(self.plan)

    @cached_property
    def ir(self) -> dict[str, str]:
        """The functions of the program as LLVM IR, by name."""
        return llvm_ir(self.plan)

    @cached_property
    def functions(self) -> dict[str, FunctionCode]:
        """The functions of the program as machine code, by name."""
        return functions_of(assembly(self.plan))

    @cached_property
    def names(self) -> dict[str, list[ItemRow]]:
        """The functions that the chosen items call, by name, with these items."""
        called = functions_of_items(self.plan)
        found: dict[str, list[ItemRow]] = {}
        for item in self.items:
            found.setdefault(called[item.phase, item.item], []).append(item)
        return found

    def wants(self, item: ItemRow) -> bool:
        """Whether an item belongs to the selected layer."""
        return self.layer is None or item.concerns(self.layer)

    def document(self, stage: str) -> Any:
        """Return a stage as data for JSON.

        Parameters
        ----------
        stage
            ``operations``, ``nests``, ``schedule``, ``memory``, ``ir`` or ``assembly``.

        Returns
        -------
        Any
            Dictionaries, lists, numbers and strings.
        """
        match stage:
            case "operations":
                return list(map(asdict, self.operations))
            case "nests":
                return {
                    "lowered": list(map(asdict, self.lowered)),
                    "simplified": list(map(asdict, self.simplified)),
                    "changes": asdict(self.changes),
                }
            case "schedule":
                return [
                    asdict(phase) | {"items": [asdict(i) for i in phase.items if self.wants(i)]}
                    for phase in self.phases
                ]
            case "memory":
                return asdict(self.memory)
            case "ir":
                wanted = self.ir if self.layer is None else self.names
                return {name: self.ir[name] for name in wanted}
            case _:
                return [
                    {
                        "function": name,
                        "items": [item.label for item in items],
                        "instructions": asdict(self.functions[name].whole),
                        "innermost_loop": asdict(self.functions[name].loop),
                        "assembly": "\n".join(self.functions[name].lines),
                    }
                    for name, items in self.names.items()
                ]

    def _wants_name(self, name: str) -> bool:
        """Whether an array belongs to the chosen layer."""
        return self.layer in {None, self.stages.lowered.variables[name].layer}


def _target_shapes(step: TrainingStep) -> Sequence[Shape]:
    """Return the shape of one image's targets for each loss."""
    return [_target_shape(end.loss, step.graph.shapes[end.layer]) for end in step.losses]


def _target_shape(loss: Loss, shape: Shape) -> Shape:
    """Return the shape of one image's targets: of labels if the loss accepts them."""
    labels = loss.takes_labels and shape[0] > 1
    example = np.zeros((1, *shape[1:]), np.int64) if labels else np.zeros((1, *shape))
    return loss.targets(example, shape).shape[1:]
