"""A kind as a user gives it: by name, or as an instance."""

from typing import TypeVar, cast

from striate.errors import OptionError
from striate.functions import registry
from striate.functions.writing import short

Kind = TypeVar("Kind")

_TRY = {
    "optimizer": 'Try optimizer="adam".',
    "loss": 'Try loss="cross-entropy" for classes, or loss="squared-error" for numbers.',
}
"""Values to try, for families whose first kind suits few networks."""


def resolve(family: str, given: str | Kind, base: type[Kind]) -> Kind:
    """Return an instance of a kind.

    Parameters
    ----------
    family
        ``"optimizer"``, ``"loss"``, ...: the family of kinds, and the argument's name in errors.
    given
        A name, which stands for an instance with default options; or an instance.
    base
        The family's base class.

    Returns
    -------
    Kind
        An instance of ``base``.

    Raises
    ------
    OptionError
        If no kind has this name, or ``given`` is neither a name nor an instance.

    Examples
    --------
    >>> from striate.functions.loss.huber import Loss
    >>> resolve("loss", "huber", Loss)
    Huber(delta=1.0)
    """
    if isinstance(given, str):
        return registry.find(family, given)()
    if isinstance(given, base):
        return given
    names = list(registry.kinds(family))
    if isinstance(given, type) and issubclass(given, base):
        raise OptionError(
            f"`{family}` must be a name or an instance, got the class {given.__name__}. "
            f"Use {family}={given.__name__}()."
        )
    raise OptionError(
        f"`{family}` must be a name or an instance, got {short(cast('object', given))}. "
        f"{_TRY.get(family, f'Try {family}={chr(34)}{names[0]}{chr(34)}.')} "
        f"Choose from {', '.join(names)}."
    )
