"""Wichmann's equations 1.1 to 4.15, as printed, in plain loops that count from 0.

An equation with a slip has two functions, corrected and `..._as_printed`. `X[i, j]` is the input
of a layer, `W[m, n]` its filter, `s` the stride. A filter has 2F + 1 pixels in section 1, f in
sections 2 and 3, 2f + 1 in section 4.
"""

from math import floor

from striate.equations.printed.indexed import Indexed, derivative, pairs, span, table


def _integral(integrand, low, high, steps=20_000):
    """Integrate by the midpoint rule."""
    width = (high - low) / steps
    return sum(integrand(low + (k + 0.5) * width) for k in range(steps)) * width


def equation_1_1(f, g, t, reach):
    """The convolution of functions that are zero beyond `reach`."""
    return _integral(lambda tau: f(tau) * g(t - tau), -reach, reach)


def equation_1_2(f, g, t, reach):
    """The same after the change of variables."""
    return _integral(lambda sigma: f(t - sigma) * g(sigma), -reach, reach)


def equation_1_3(f, g):
    """The discrete convolution of signals that are zero outside."""
    length = len(f) + len(g) - 1
    f, g = Indexed(f, outside=0), Indexed(g, outside=0)
    return table(lambda x: sum(f[dx] * g[x - dx] for dx in span(-length, length)), length)


def equation_1_4(f, g):
    """The discrete convolution of images that are zero outside."""
    lengths = [n + k - 1 for n, k in zip(f.shape, g.shape, strict=True)]
    f, g = Indexed(f, outside=0), Indexed(g, outside=0)
    return table(
        lambda x, y: sum(
            f[dx, dy] * g[x - dx, y - dy] for dx, dy in pairs(*(span(-n, n) for n in lengths))
        ),
        *lengths,
    )


def equation_1_5(f, g):
    """The same with the limits of f, which is 2F + 1 pixels wide."""
    F = len(f) // 2
    W, H = g.shape
    g = Indexed(g, outside=0)
    return table(
        lambda i, j: sum(
            f[m, n] * g[i - m, j - n] for m, n in pairs(span(0, 2 * F), span(0, 2 * F))
        ),
        W + 2 * F,
        H + 2 * F,
    )


def equation_1_6(f, g):
    """The cross-correlation, at the positions where f is inside g."""
    F = len(f) // 2
    W, H = g.shape
    g = Indexed(g)
    return table(
        lambda i, j: sum(
            f[m, n] * g[i + m, j + n] for m, n in pairs(span(0, 2 * F), span(0, 2 * F))
        ),
        W - 2 * F,
        H - 2 * F,
    )


def equation_1_7(f, g):
    """The convolution with the mirrored f, whose indices run from -2F to 0."""
    F = len(f) // 2
    W, H = g.shape
    f_minus = Indexed(table(lambda i, j: f[-i, -j], *f.shape, first=-2 * F), first=-2 * F)
    g = Indexed(g)
    return table(
        lambda i, j: sum(
            f_minus[m, n] * g[i - m, j - n] for m, n in pairs(span(-2 * F, 0), span(-2 * F, 0))
        ),
        W - 2 * F,
        H - 2 * F,
    )


def mirrored_from_zero(f, g):
    """Equation 1.7 if the indices of f⁻ started at 0, as those of an array do."""
    f_minus = table(lambda i, j: f[len(f) - 1 - i, len(f) - 1 - j], *f.shape)
    return equation_1_5(f_minus, g)[: g.shape[0] - len(f) + 1, : g.shape[1] - len(f) + 1]


def equation_2_1(f):
    """The padding for which n + 2p - f + 1 = n."""
    return (f - 1) / 2


def equation_2_1_as_printed(f):
    """The padding that solves the printed left side, n + 2p = n - f + 1."""
    return (1 - f) / 2


def equation_2_2(n, p, f, s):
    """Output size if the fraction is an integer."""
    return (n + 2 * p - f) / s + 1


def equation_2_3(n, p, f, s):
    """Output size, rounded down."""
    return floor((n + 2 * p - f) / s) + 1


def equation_3_1(n_H, n_W, p, f, s):
    """Height and width of the next layer."""
    return floor((n_H + 2 * p - f) / s) + 1, floor((n_W + 2 * p - f) / s) + 1


def _window_sum(W, X, i, j, s):
    """The double sum of 4.1, 4.5 and 4.13."""
    rows, columns = W.shape
    return sum(
        W[m, n] * X[i * s + m, j * s + n] for m, n in pairs(span(0, rows - 1), span(0, columns - 1))
    )


def _places(W, X, s):
    """Height and width of the output."""
    return [floor((n - k) / s) + 1 for n, k in zip(X.shape, W.shape, strict=True)]


def equation_4_1(W, X, b, s, sigma):
    """Z, which includes the bias, and A."""
    Z = table(lambda i, j: _window_sum(W, X, i, j, s) + b, *_places(W, X, s))
    return Z, sigma(Z)


def equation_4_1_as_printed(W, X, b, s, sigma):
    """The brace excludes the bias from Z; A is unchanged."""
    Z = table(lambda i, j: _window_sum(W, X, i, j, s), *_places(W, X, s))
    return Z, sigma(Z + b)


def equation_4_2(dL_dA, dA_dW):
    """The chain rule over the output; `dA_dW(i, j)` is the second factor for one weight."""
    n_H, n_W = dL_dA.shape
    dL_dA = Indexed(dL_dA)
    return sum(dL_dA[i, j] * dA_dW(i, j) for i, j in pairs(span(0, n_H - 1), span(0, n_W - 1)))


def equation_4_2_as_printed(dL_dA, dA_dW):
    """With the limits of rows and columns exchanged."""
    n_H, n_W = dL_dA.shape
    dL_dA = Indexed(dL_dA)
    return sum(dL_dA[i, j] * dA_dW(i, j) for i, j in pairs(span(0, n_W - 1), span(0, n_H - 1)))


def equation_4_3(sigma_dot, Z, dZ_dW, i, j):
    """The chain rule over the entries of Z, of which only (i, j) contributes."""
    n_H, n_W = Z.shape
    return _over_places(sigma_dot, Z, dZ_dW, i, j, n_H, n_W)


def equation_4_3_as_printed(sigma_dot, Z, dZ_dW, i, j, W_X, H_X):
    """With the width and the height of the input as limits."""
    return _over_places(sigma_dot, Z, dZ_dW, i, j, W_X, H_X)


def _over_places(sigma_dot, Z, dZ_dW, i, j, first_limit, second_limit):
    """The double sum of 4.3."""
    Z = Indexed(Z)
    return sum(
        (sigma_dot(Z[k, l]) if (k, l) == (i, j) else 0 * Z[k, l]) * dZ_dW(k, l)
        for k, l in pairs(span(0, first_limit - 1), span(0, second_limit - 1))
    )


def equation_4_4(sigma_dot, Z, dZ_dW, i, j):
    """The remaining term of the sum."""
    return sigma_dot(Z[i, j]) * dZ_dW(i, j)


def equation_4_5(W, X, b, s, i, j):
    """The derivative of the bracket with respect to all weights, by its definition."""
    return derivative(lambda W: _window_sum(W, X, i, j, s) + b, W)


def equation_4_6(X, s, i, j, m, n):
    """The derivative of Z with respect to one weight."""
    return X[i * s + m, j * s + n]


def equation_4_7(dL_dA, sigma_dot, Z, X, s, window):
    """The derivatives of the weights."""
    n_H, n_W = Z.shape
    return table(
        lambda m, n: sum(
            dL_dA[i, j] * sigma_dot(Z[i, j]) * X[i * s + m, j * s + n]
            for i, j in pairs(span(0, n_H - 1), span(0, n_W - 1))
        ),
        *window,
    )


def equation_4_8(dL_dA, sigma_dot, Z):
    """The derivative of the bias."""
    n_H, n_W = Z.shape
    return sum(
        dL_dA[i, j] * sigma_dot(Z[i, j]) for i, j in pairs(span(0, n_H - 1), span(0, n_W - 1))
    )


def equation_4_9(L, A):
    """The error of a layer: the derivative of the loss with respect to its output."""
    return derivative(L, A)


def equation_4_10(L_of_next, X):
    """The same for the next layer: with respect to its input."""
    return derivative(L_of_next, X)


def equation_4_11(dL_dA, dA_dZ, dZ_dX):
    """The chain rule over A and over Z; the factors are functions of their indices."""
    n_H, n_W = dL_dA.shape
    return _over_outputs(dL_dA, dA_dZ, dZ_dX, n_H, n_W)


def equation_4_11_as_printed(dL_dA, dA_dZ, dZ_dX):
    """With the limits of rows and columns exchanged."""
    n_H, n_W = dL_dA.shape
    return _over_outputs(dL_dA, dA_dZ, dZ_dX, n_W, n_H)


def _over_outputs(dL_dA, dA_dZ, dZ_dX, first_limit, second_limit):
    """The fourfold sum of 4.11."""
    dL_dA = Indexed(dL_dA)
    outputs = list(pairs(span(0, first_limit - 1), span(0, second_limit - 1)))
    return sum(
        dL_dA[i, j] * dA_dZ(i, j, k, l) * dZ_dX(k, l) for i, j in outputs for k, l in outputs
    )


def equation_4_12(delta, sigma_dot, Z, dZ_dX):
    """The remaining terms: one error of the previous layer, given `dZ_dX(i', j')`."""
    n_H, n_W = delta.shape
    return sum(
        delta[i, j] * sigma_dot(Z[i, j]) * dZ_dX(i, j)
        for i, j in pairs(span(0, n_H - 1), span(0, n_W - 1))
    )


def equation_4_12_as_printed(delta, sigma_dot, Z, dZ_dX):
    """With the limits of rows and columns exchanged."""
    n_H, n_W = delta.shape
    delta, Z = Indexed(delta), Indexed(Z)
    return sum(
        delta[i, j] * sigma_dot(Z[i, j]) * dZ_dX(i, j)
        for i, j in pairs(span(0, n_W - 1), span(0, n_H - 1))
    )


def equation_4_13(W, X, b, s, i, j):
    """The derivative of the bracket at (i', j') with respect to all inputs."""
    return derivative(lambda X: _window_sum(W, X, i, j, s) + b, X)


def equation_4_14(W, s, i_prime, j_prime, i, j):
    """The weight between input (i, j) and output (i', j'), or zero."""
    return Indexed(W, outside=0)[i - i_prime * s, j - j_prime * s]


def equation_4_14_as_printed(W, s, i_prime, j_prime, i, j):
    """Without zero weights outside the window."""
    return Indexed(W)[i - i_prime * s, j - j_prime * s]


def equation_4_15(delta, sigma_dot, Z, W, s, X_shape):
    """The errors of the previous layer; weights outside the window are zero."""
    n_H, n_W = delta.shape
    W = Indexed(W, outside=0)
    return table(
        lambda i, j: sum(
            delta[k, l] * sigma_dot(Z[k, l]) * W[i - k * s, j - l * s]
            for k, l in pairs(span(0, n_H - 1), span(0, n_W - 1))
        ),
        *X_shape,
    )


def equation_4_15_as_printed(delta, sigma_dot, Z, W, s, X_shape):
    """Without zero weights outside the window, and with the limits exchanged."""
    n_H, n_W = delta.shape
    delta, Z, W = Indexed(delta), Indexed(Z), Indexed(W)
    return table(
        lambda i, j: sum(
            delta[k, l] * sigma_dot(Z[k, l]) * W[i - k * s, j - l * s]
            for k, l in pairs(span(0, n_W - 1), span(0, n_H - 1))
        ),
        *X_shape,
    )
