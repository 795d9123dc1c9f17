"""Lowerings are cached by the function's options and the shapes."""

from dataclasses import dataclass, field

from striate.functions.transfer import Tanh
from striate.plan.lowering_cache import LoweringCache


@dataclass(frozen=True, kw_only=True)
class Listed(Tanh):
    """A function with an option that can't be hashed."""

    numbers: list[int] = field(default_factory=list)


def test_equal_functions_share_a_lowering():
    """Functions with equal options and shapes share a lowering; other shapes don't."""
    alike = LoweringCache()

    assert alike.stated(Tanh(), [(2, 3)], training=True) is alike.stated(
        Tanh(), [(2, 3)], training=True
    )
    assert alike.stated(Tanh(), [(2, 3)], training=True) is not alike.stated(
        Tanh(), [(3, 3)], training=True
    )


def test_options_of_any_type_are_allowed():
    """A function that can't be hashed is lowered separately."""
    alike, first, second = LoweringCache(), Listed(numbers=[1]), Listed(numbers=[2])

    assert alike.stated(first, [(2,)], training=False) is alike.stated(
        first, [(2,)], training=False
    )
    assert alike.stated(first, [(2,)], training=False) is not alike.stated(
        second, [(2,)], training=False
    )
