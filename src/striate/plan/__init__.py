"""Plans: which nests to compute, with which loops, in which order, memory and threads."""
