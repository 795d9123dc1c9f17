"""Wichmann's equations 5.1 to 5.8, as printed, in plain loops that count from 0.

An equation with a slip has two functions, corrected and `..._as_printed`. `X[i, j]` is the input
of a pooling layer, `delta[i', j']` the errors of its output, `f` the window, `s` the stride.
"""

from math import ceil, floor

from striate.equations.printed.indexed import Indexed, pairs, span, table


def equation_5_1(dL_dA, dA_dX):
    """The chain rule over the outputs of a pooling layer, for one input."""
    N_H, N_W = dL_dA.shape
    dL_dA = Indexed(dL_dA)
    return sum(dL_dA[i, j] * dA_dX(i, j) for i, j in pairs(span(0, N_H - 1), span(0, N_W - 1)))


def equation_5_1_as_printed(dL_dA, dA_dX):
    """With the limits of rows and columns exchanged."""
    N_H, N_W = dL_dA.shape
    dL_dA = Indexed(dL_dA)
    return sum(dL_dA[i, j] * dA_dX(i, j) for i, j in pairs(span(0, N_W - 1), span(0, N_H - 1)))


def equation_5_2(X, f, s):
    """Max pooling over the domains of 5.3."""
    n_H, n_W = (floor((n - f) / s) + 1 for n in X.shape)
    return table(lambda i, j: max(X[k, l] for k, l in equation_5_3(i, j, f, s)), n_H, n_W)


def equation_5_3(i, j, f, s):
    """The inputs of one output, rows first."""
    return list(pairs(span(i * s, i * s + f - 1), span(j * s, j * s + f - 1)))


def equation_5_4(X, f, s, i_prime, j_prime, i, j):
    """The Kronecker delta of input (i, j) and the position of the first maximum at (i', j')."""
    domain = equation_5_3(i_prime, j_prime, f, s)
    winner = max(domain, key=lambda at: X[at])  # max returns the first of equal values
    return 1 if (i, j) == winner else 0


def equation_5_4_as_printed(X, f, s, i_prime, j_prime, i, j):
    """With the argmax that the text leaves undefined: 1 for every pixel that equals the maximum."""
    domain = equation_5_3(i_prime, j_prime, f, s)
    return 1 if (i, j) in domain and X[i, j] == max(X[at] for at in domain) else 0


def _windows_with(pixel, f, s, places):
    """List the positions whose windows contain a pixel, along one axis."""
    return span(max(0, ceil((pixel - f + 1) / s)), min(places - 1, floor(pixel / s)))


def equation_5_5(delta, X, f, s):
    """Errors through max pooling: the sum over the windows that contain the pixel."""
    n_H, n_W = delta.shape
    return table(
        lambda i, j: sum(
            delta[k, l] * equation_5_4(X, f, s, k, l, i, j)
            for k, l in pairs(_windows_with(i, f, s, n_H), _windows_with(j, f, s, n_W))
        ),
        *X.shape,
    )


def equation_5_5_as_printed(delta, X, f, s):
    """With i' from i to i + f - 1, and j' likewise, where these positions exist."""
    n_H, n_W = delta.shape
    return table(
        lambda i, j: sum(
            delta[k, l] * equation_5_4(X, f, s, k, l, i, j)
            for k, l in pairs(span(i, min(i + f - 1, n_H - 1)), span(j, min(j + f - 1, n_W - 1)))
        ),
        *X.shape,
    )


def equation_5_6(X, f, s):
    """Average pooling, with the stride."""
    n_H, n_W = (floor((n - f) / s) + 1 for n in X.shape)
    return table(
        lambda i, j: (
            sum(X[i * s + k, j * s + l] for k, l in pairs(span(0, f - 1), span(0, f - 1))) / f**2
        ),
        n_H,
        n_W,
    )


def equation_5_6_as_printed(X, f, s):
    """Without the stride in the indices."""
    n_H, n_W = (floor((n - f) / s) + 1 for n in X.shape)
    return table(
        lambda i, j: sum(X[i + k, j + l] for k, l in pairs(span(0, f - 1), span(0, f - 1))) / f**2,
        n_H,
        n_W,
    )


def equation_5_7(f, s, i_prime, j_prime, i, j):
    """The factor of the average, for inputs inside the window."""
    return 1 / f**2 if (i, j) in equation_5_3(i_prime, j_prime, f, s) else 0


def equation_5_8(delta, f, s, X_shape):
    """Errors through average pooling: the sum over the windows that contain the pixel."""
    n_H, n_W = delta.shape
    return table(
        lambda i, j: (
            sum(
                delta[k, l]
                for k, l in pairs(_windows_with(i, f, s, n_H), _windows_with(j, f, s, n_W))
            )
            / f**2
        ),
        *X_shape,
    )


def equation_5_8_as_printed(delta, f, X_shape):
    """With i' from i to i + f - 1, and j' likewise, where these positions exist."""
    n_H, n_W = delta.shape
    return table(
        lambda i, j: (
            sum(
                delta[k, l]
                for k, l in pairs(
                    span(i, min(i + f - 1, n_H - 1)), span(j, min(j + f - 1, n_W - 1))
                )
            )
            / f**2
        ),
        *X_shape,
    )
