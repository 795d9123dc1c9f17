"""The decorator that `--check-shapes` applies to every function of `maths` and `functions`."""

from beartype import BeartypeConf, beartype

HOOKED = ("striate.maths", "striate.functions")

# The numeric tower: as in type checkers, an int is accepted where an annotation says float.
check = beartype(conf=BeartypeConf(is_pep484_tower=True))
