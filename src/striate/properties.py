"""Properties that are computed once, without a lock.

In Python 3.11, all objects of a class share a lock for each ``functools.cached_property``. If a
process is forked while another thread computes such a property, the new process waits for that
thread forever, which doesn't exist there. Python 3.12 has no such lock: two threads may compute a
property at the same time, and both get the same value.
"""

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functools import cached_property
else:

    class cached_property(functools.cached_property):  # noqa: N801  # as in functools
        """A property that is computed once for each object.

        Examples
        --------
        >>> class Square:
        ...     side = 3
        ...
        ...     @cached_property
        ...     def area(self):
        ...         print("computed")
        ...         return self.side**2
        >>> square = Square()
        >>> square.area, square.area
        computed
        (9, 9)
        """

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            """Return the value; compute it at first."""
            if instance is None:
                return self
            kept = instance.__dict__
            if self.attrname not in kept:
                kept[self.attrname] = self.func(instance)
            return kept[self.attrname]


__all__ = ["cached_property"]
