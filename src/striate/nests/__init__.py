"""The index-equation language: the seam between the kinds that state equations and the engines.

A kind states ``z[q,h,*i] += w[h,l,*u] * a[q,l,*(s*i + d*u - p)]``; :class:`Equation` reads it,
gives its adjoints and the roles of its indices, and says what the language means. :func:`bind`
gives it numbers and makes a :class:`Nest`, several make a :class:`NestProgram`; these are verified,
interpreted, shown and costed.
"""

from striate.nests.bind import bind as bind
from striate.nests.bind import bind_program as bind_program
from striate.nests.cost import Cost as Cost
from striate.nests.cost import cost as cost
from striate.nests.equation import Equation as Equation
from striate.nests.equation import Form as Form
from striate.nests.equation import Role as Role
from striate.nests.interpret import interpret as interpret
from striate.nests.nest import Guard as Guard
from striate.nests.nest import Nest as Nest
from striate.nests.nest import NestProgram as NestProgram
from striate.nests.show import show as show
from striate.nests.verify import injective as injective
from striate.nests.verify import verify as verify
