"""The 95 numbered equations of the three texts, each with a worked example that is checked.

:func:`get` returns one by its number, :func:`equations` all of them. An equation has its formula,
the public call that computes it, small inputs with the result, and the same in plain loops
(:mod:`striate.equations.printed`); one that is printed with a slip also has the formula and the
numbers of the print. ``striate equation`` shows all of this at the terminal.
"""

from striate.equations.catalog import equations as equations
from striate.equations.catalog import get as get
from striate.equations.equation import EquationResult as EquationResult
from striate.equations.equation import NumberedEquation as NumberedEquation
from striate.equations.equation import WorkedExample as WorkedExample
from striate.equations.equation import written as written
from striate.equations.notation import NOTATIONS as NOTATIONS
from striate.equations.notation import QUANTITIES as QUANTITIES
from striate.equations.notation import TITLES as TITLES
from striate.equations.notation import TOPICS as TOPICS
from striate.equations.notation import NotationName as NotationName
from striate.equations.notation import Quantity as Quantity
from striate.equations.notation import Topic as Topic
