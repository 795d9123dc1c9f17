"""Plans: which nests, by which loops, in what order and memory, for which processor."""
