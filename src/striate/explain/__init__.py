"""The stages of a network on its way to machine code, as rows of data."""
