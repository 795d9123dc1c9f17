"""Wolter's equations 1 to 8, as printed, in plain loops that count from 0.

An equation with a slip has two functions, corrected and `..._as_printed`. `K[m, n]` is a kernel
and `I[i, j]` an image; from 5 on `K[o, i, h, w]` are kernels and `x[i, h, w]` an image's channels.
"""

import numpy as np

from striate.equations.printed.indexed import Indexed, pairs, span, table


def equation_1(x, k):
    """The convolution of two signals of length T; k is zero outside."""
    T = len(x)
    x, k = Indexed(x), Indexed(k, outside=0)
    return table(lambda t: sum(x[a] * k[t - a] for a in span(0, T - 1)), 2 * T - 1)


def equation_1_as_printed(x, k):
    """With a up to T, which is outside x."""
    T = len(x)
    x, k = Indexed(x), Indexed(k, outside=0)
    return table(lambda t: sum(x[a] * k[t - a] for a in span(0, T)), 2 * T - 1)


def equation_2(K, I):
    """The convolution in two dimensions; the image is zero outside."""
    (rows, columns), (M, N) = I.shape, K.shape
    I = Indexed(I, outside=0)
    return table(
        lambda i, j: sum(
            I[i - m, j - n] * K[m, n] for m, n in pairs(span(0, M - 1), span(0, N - 1))
        ),
        rows + M - 1,
        columns + N - 1,
    )


def equation_2_as_printed(K, I, outside=None):
    """With K(n, m) and the image's N x M as limits; `outside` is the value of K outside O x P."""
    N, M = I.shape
    O, P = K.shape
    I, K = Indexed(I, outside=0), Indexed(K, outside=outside)
    return table(
        lambda i, j: sum(
            I[i - m, j - n] * K[n, m] for m, n in pairs(span(0, M - 1), span(0, N - 1))
        ),
        N + O - 1,
        M + P - 1,
    )


def equation_3(K, I):
    """The cross-correlation, at the positions where the kernel is inside the image."""
    (rows, columns), (M, N) = I.shape, K.shape
    I = Indexed(I)
    return table(
        lambda i, j: sum(
            I[i + m, j + n] * K[m, n] for m, n in pairs(span(0, M - 1), span(0, N - 1))
        ),
        rows - M + 1,
        columns - N + 1,
    )


def equation_3_as_printed(K, I):
    """With the size of the image as limits."""
    (N, M), (O, P) = I.shape, K.shape
    I, K = Indexed(I, outside=0), Indexed(K)
    return table(
        lambda i, j: sum(
            I[i + m, j + n] * K[m, n] for m, n in pairs(span(0, M - 1), span(0, N - 1))
        ),
        N - O + 1,
        M - P + 1,
    )


def equation_4(i, k):
    """Output size without padding, with stride one."""
    return (i - k) + 1


def _im2col(x, window):
    """The restructured image: a row per channel and kernel element, a column per position."""
    channels, rows, columns = x.shape
    k_h, k_w = window
    o_h, o_w = equation_4(rows, k_h), equation_4(columns, k_w)
    return table(
        lambda row, place: x[
            row // (k_h * k_w),
            place // o_w + row // k_w % k_h,
            place % o_w + row % k_w,
        ],
        channels * k_h * k_w,
        o_h * o_w,
    )


def _product(A, B):
    """A matrix product, written as sums."""
    return table(lambda i, j: sum(A[i, k] * B[k, j] for k in range(A.shape[1])), len(A), B.shape[1])


def equation_5(K, x, b):
    """The forward pass as a matrix product; K_f has k_o rows and k_i k_h k_w columns."""
    K_f = table(lambda o, n: K[o].flat[n], len(K), K[0].size)
    return _product(K_f, _im2col(x, K.shape[2:])) + b[:, np.newaxis]


def equation_5_as_printed(K, x, b):
    """With K_f of the printed shape, one long vector, and v_I in ℝ."""
    K_f = np.array([K.flat[n] for n in range(K.size)])
    return K_f @ _im2col(x, K.shape[2:]) + b


def equation_6(f, h_bar):
    """The activation, element by element."""
    return table(lambda o, n: f(h_bar[o, n]), *h_bar.shape)


def equation_7(f_dot, h_bar, Delta, x, window):
    """The derivatives of the kernels and of the tied biases, which are sums over positions."""
    inner = table(lambda o, n: f_dot(h_bar[o, n]) * Delta[o, n], *h_bar.shape)
    delta_K = _product(inner, _im2col(x, window).T)
    delta_b = table(lambda o: sum(inner[o, n] for n in range(len(inner[0]))), len(inner))
    return delta_K, delta_b


def equation_7_as_printed(f_dot, h_bar, Delta):
    """The derivative of b without the sum: one value per position, for an untied bias."""
    return table(lambda o, n: f_dot(h_bar[o, n]) * Delta[o, n], *h_bar.shape)


def equation_8(K, f_dot, h_bar, Delta, x_shape):
    """The derivatives of the image: each column is added to the pixels that it came from."""
    inner = table(lambda o, n: f_dot(h_bar[o, n]) * Delta[o, n], *h_bar.shape)
    K_f = table(lambda o, n: K[o].flat[n], len(K), K[0].size)
    columns = _product(K_f.T, inner)
    # im2col of the pixels' indices shows where each entry of the columns came from.
    origin = _im2col(np.arange(np.prod(x_shape)).reshape(x_shape), K.shape[2:])
    delta_x = np.zeros(np.prod(x_shape))
    for at in pairs(range(columns.shape[0]), range(columns.shape[1])):
        delta_x[origin[at]] += columns[at]
    return delta_x.reshape(x_shape)
