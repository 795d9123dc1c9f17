"""Networks as data: layers and their joints, parameters, the training step, the NumPy engine."""
