"""Measuring: the limits of the machine, single kernels against them, networks against peers."""
