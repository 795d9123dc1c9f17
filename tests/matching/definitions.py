"""The methods' formulas, as printed, with plain loops in Python's own numbers."""

from math import fsum, sqrt

import numpy as np


def scaled(image):
    """Return an image with channels, on its scale."""
    unit = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}.get(image.dtype, 1)
    return np.asarray(image, np.float64).reshape(*image.shape[:2], -1) / unit


def score(method, template, window, mask):
    """Evaluate a formula for one window; sums are rounded once."""
    t = scaled(template)
    m = np.ones(t.shape) if mask is None else np.asarray(mask, float).reshape(*t.shape[:2], -1)
    stacked = np.stack([np.broadcast_to(x, t.shape) for x in (m, t, window)], axis=-1)
    triples = [stacked[:, :, k].reshape(-1, 3).tolist() for k in range(t.shape[2])]
    flat = [triple for channel in triples for triple in channel]
    if method == "cross-correlation":
        return fsum(m * t * s for m, t, s in flat)
    if method == "squared-difference":
        return fsum(m * (t - s) ** 2 for m, t, s in flat) / fsum(m for m, _, _ in flat)
    products, ts, ss = [], [], []
    for channel in triples:
        counted = [(m, t, s) for m, t, s in channel if m > 0]
        total = fsum(m for m, _, _ in counted)
        # Relative to a pixel, the mean of equal pixels is exact.
        t0, s0 = counted[0][1:]
        mean_t = fsum(m * (t - t0) for m, t, _ in counted) / total
        mean_s = fsum(m * (s - s0) for m, _, s in counted) / total
        for m, t, s in counted:
            dt, ds = (t - t0) - mean_t, (s - s0) - mean_s
            products.append(m * dt * ds)
            ts.append(m * dt * dt)
            ss.append(m * ds * ds)
    norm = sqrt(fsum(ts)) * sqrt(fsum(ss))
    return fsum(products) / norm if norm else 0.0


def scores(method, scene, template, mask=None):
    """Evaluate a formula for every window."""
    s = scaled(scene)
    high, wide = template.shape[:2]
    return np.array(
        [
            [
                score(method, template, s[i : i + high, j : j + wide], mask)
                for j in range(s.shape[1] - wide + 1)
            ]
            for i in range(s.shape[0] - high + 1)
        ]
    )


def scale(method, scene, template, mask=None):
    """Return the unit of the tolerance: 1, or the mean squares of template and largest window."""
    if method == "normalized-correlation":
        return 1.0
    t = scaled(template)
    m = (
        np.ones(t.shape)
        if mask is None
        else np.broadcast_to(np.asarray(mask, float).reshape(*t.shape[:2], -1), t.shape)
    )
    largest = float(m.sum() * np.abs(scaled(scene)).max() ** 2)
    energy = float((m * t**2).sum())
    if method == "cross-correlation":
        return (energy + largest) / 2
    return (energy + largest) / float(m.sum())
