"""Machine code for template matching: FFTs, sums over windows, and scores, in float64."""
