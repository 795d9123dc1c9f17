"""The network that users work with: train it, evaluate it, predict with it, inspect it, save it."""
