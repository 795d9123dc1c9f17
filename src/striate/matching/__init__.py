"""Template matching: finds the places in a scene where a template is.

:func:`find` returns the matches, :func:`score_map` the score of every position, and
:func:`find_peaks` the best positions of any map. Scores of normalized correlation are always
between -1 and 1, windows without variance score 0, memory is bounded by tiles, and masks may have
any shape.
"""

from striate.matching.peaks import find_peaks as find_peaks
from striate.matching.scores import score_map as score_map
from striate.matching.search import Match as Match
from striate.matching.search import find as find
