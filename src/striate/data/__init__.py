"""Data sets by name or from files, their description, and augmentation."""

from striate.data import shapes as shapes
from striate.data.augment import Augmentation as Augmentation
from striate.data.dataset import Dataset as Dataset
from striate.data.dataset import FolderScan as FolderScan
from striate.data.description import Description as Description
from striate.data.description import describe as describe
from striate.data.image_file import ImageFile as ImageFile
from striate.data.near_duplicates import near_duplicate_groups as near_duplicate_groups
from striate.data.sources import NAMES as NAMES
from striate.data.sources import load as load
from striate.data.sources import open_dataset as open_dataset
