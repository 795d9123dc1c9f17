"""Running what was compiled, without knowing how that was done."""
