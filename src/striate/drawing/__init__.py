"""Drawings as data and as SVG, in colors for light and dark pages. Needs NumPy only.

Diagrams of networks and the pictures of notebooks are drawn with this package;
:mod:`striate.pictures` draws the same scenes on Matplotlib axes.
"""
