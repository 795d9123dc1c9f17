"""A kind as a user gives it: by its name, or as an instance."""

from typing import TypeVar

from striate.errors import OptionError
from striate.functions import registry

Kind = TypeVar("Kind")


def kind_of(family: str, given: str | Kind, base: type[Kind]) -> Kind:
    """Give the kind of that name, with its usual options; or what was given, if it is one.

    Raises
    ------
    OptionError
        If there is none of that name, or what was given is no kind of the family.
    """
    if isinstance(given, str):
        return registry.find(family, given)()
    if not isinstance(given, base):
        raise OptionError(
            f"{family}={given!r} cannot be. It is a name or an instance of a kind: "
            f"{', '.join(registry.kinds(family))}. "
            f'Use {family}="{next(iter(registry.kinds(family)))}", say.'
        )
    return given
