"""Exercises of the texts that check answers: with hints, solutions and variants.

The solved problems P8.1 to P8.4 and the exercises E8.1 to E8.10 of Hagan's chapter, and the
exercise of Wolter's course. :func:`get` returns one, :func:`sheet` prints a set for a class, with a
key. Statements are striate's own; where the book has no numbers, striate has chosen some.
"""

from striate.exercises.answers import Answer as Answer
from striate.exercises.answers import Verdict as Verdict
from striate.exercises.catalog import EXERCISES as EXERCISES
from striate.exercises.catalog import get as get
from striate.exercises.drawn import draw as draw
from striate.exercises.exercise import Exercise as Exercise
from striate.exercises.exercise import ExercisePart as ExercisePart
from striate.exercises.letters import ALPHABET as ALPHABET
from striate.exercises.letters import TEMPLATES as TEMPLATES
from striate.exercises.letters import smallest_sets as smallest_sets
from striate.exercises.mistakes import Mistake as Mistake
from striate.exercises.sheets import sheet as sheet
from striate.exercises.squares_diamonds import DesignedAndTrained as DesignedAndTrained
from striate.exercises.squares_diamonds import design_and_train as design_and_train
from striate.exercises.squares_diamonds import designed_network as designed_network
from striate.exercises.squares_diamonds import figures as figures
