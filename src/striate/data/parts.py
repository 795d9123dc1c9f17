"""Common names of the parts of a data set."""

PARTS: dict[str, str] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
"""What a folder or a cell of a table may call each part, in lower case."""

SPLITS = {"split", "part", "set", "subset", "usage"}
"""What a column of a table that assigns rows to parts may be called, in lower case."""
