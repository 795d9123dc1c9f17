"""The index-equation language: the interface between the layers' functions and the engines.

A function states its equation as text, for example ``z[q,h,*i] += w[h,l,*u] * a[q,l,*(s*i + d*u -
p)]``. :class:`Equation` parses it, derives its adjoints and classifies its indices; its docstring
defines the language. :func:`bind` fills in the sizes and makes a :class:`Nest`, a loop nest with
known bounds. Several nests in order are a :class:`NestProgram`. Nests and programs can be verified,
interpreted in NumPy, printed, and their cost counted.
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
