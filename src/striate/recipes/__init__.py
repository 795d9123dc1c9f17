"""Recipes: the network and settings for each data set, for the command and for Python.

>>> import striate.recipes
>>> run = striate.recipes.prepare("shapes", epochs=3)
>>> history = run.train()
"""

from striate.recipes.fit_photos import FittedPhotos as FittedPhotos
from striate.recipes.fit_photos import PhotoReport as PhotoReport
from striate.recipes.fit_photos import fit_photos as fit_photos
from striate.recipes.preparing import prepare as prepare
from striate.recipes.recipe import Recipe as Recipe
from striate.recipes.run import TrainingRun as TrainingRun
from striate.recipes.table import RECIPES as RECIPES
from striate.recipes.table import recipe_for as recipe_for
