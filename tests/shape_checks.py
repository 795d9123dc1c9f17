"""What `--check-shapes` puts around every function of the mathematics and of the kinds."""

from beartype import BeartypeConf, beartype

HOOKED = ("striate.maths", "striate.functions")

# The numeric tower: an int will do where an annotation says float, as type checkers have it.
check = beartype(conf=BeartypeConf(is_pep484_tower=True))
