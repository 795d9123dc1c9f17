"""Diagrams of networks, as scenes and as SVG: laid out by striate alone, for any network.

.. currentmodule:: striate.diagrams
"""

from striate.diagrams.diagram import VIEWS as VIEWS
from striate.diagrams.diagram import Diagram as Diagram
from striate.diagrams.diagram import View as View
from striate.diagrams.diagram import draw_graph as draw_graph
