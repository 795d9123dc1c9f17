"""Hagan's equations 8.1 to 8.26, as printed, in plain loops with the book's indices.

An equation with a slip has two functions, corrected and `..._as_printed`. Names are the book's.
"""

import numpy as np

from striate.equations.printed.indexed import Indexed, from_1, pairs, span, table


def equation_8_1(i, j):
    """The impulse at one pixel."""
    return 1 if i == j == 0 else 0


def equation_8_2(transform, reach):
    """The impulse response, on an image whose indices run from -reach to reach."""
    delta = table(equation_8_1, 2 * reach + 1, 2 * reach + 1, first=-reach)
    return Indexed(transform(delta), first=-reach)


def equation_8_3(p):
    """An image as a sum of impulses."""
    rows, columns = p.shape
    return table(
        lambda m, n: sum(
            p[i, j] * equation_8_1(m - i, n - j) for i, j in pairs(range(rows), range(columns))
        ),
        rows,
        columns,
    )


def equation_8_4(transform, p):
    """The transform of an image as a sum of transforms of shifted impulses."""
    rows, columns = p.shape
    return sum(
        p[i, j] * transform(table(lambda m, n: equation_8_1(m - i, n - j), rows, columns))  # noqa: B023  # called at once
        for i, j in pairs(range(rows), range(columns))
    )


def equation_8_5(p, w):
    """The convolution with the sum over the image."""
    (rows, columns), (r, c) = p.shape, w.shape
    w = Indexed(w, outside=0)
    return table(
        lambda m, n: sum(p[i, j] * w[m - i, n - j] for i, j in pairs(range(rows), range(columns))),
        rows + r - 1,
        columns + c - 1,
    )


def equation_8_6(p, w):
    """The convolution with the sum over the kernel, without limits."""
    (rows, columns), (r, c) = p.shape, w.shape
    p, w = Indexed(p, outside=0), Indexed(w, outside=0)
    everywhere = list(pairs(span(-r, 2 * r), span(-c, 2 * c)))
    return table(
        lambda m, n: sum(w[i, j] * p[m - i, n - j] for i, j in everywhere),
        rows + r - 1,
        columns + c - 1,
    )


def equation_8_7(p, w):
    """P * W and W * P."""
    return equation_8_5(p, w), equation_8_5(w, p)


def equation_8_8(w, p):
    """The convolution with the kernel's limits; the image is zero outside its bounds."""
    (rows, columns), (r, c) = p.shape, w.shape
    p = Indexed(p, outside=0)
    return table(
        lambda m, n: sum(
            w[i, j] * p[m - i, n - j] for i, j in pairs(span(0, r - 1), span(0, c - 1))
        ),
        rows + r - 1,
        columns + c - 1,
    )


def equation_8_9(w, p):
    """The cross-correlation, at the positions where the kernel is inside the image."""
    (rows, columns), (r, c) = p.shape, w.shape
    p = Indexed(p)
    return table(
        lambda m, n: sum(
            w[i, j] * p[m + i, n + j] for i, j in pairs(span(0, r - 1), span(0, c - 1))
        ),
        rows - r + 1,
        columns - c + 1,
    )


def equation_8_10(w, p):
    """Z = W ⊗ P."""
    return equation_8_9(w, p)


def equation_8_11(w, p):
    """A 2 x 2 kernel on a 3 x 3 image, written out."""
    w, p = from_1(w), from_1(p)

    def z(m, n):
        return (
            w[1, 1] * p[m, n]
            + w[1, 2] * p[m, n + 1]
            + w[2, 1] * p[m + 1, n]
            + w[2, 2] * p[m + 1, n + 1]
        )

    return np.array([[z(1, 1), z(1, 2)], [z(2, 1), z(2, 2)]])


def equation_8_12(w):
    """The matrix of the 2 x 2 kernel on the 3 x 3 image."""
    (w11, w12), (w21, w22) = w
    return np.array(
        [
            [w11, w21, 0, w12, w22, 0, 0, 0, 0],
            [0, w11, w21, 0, w12, w22, 0, 0, 0],
            [0, 0, 0, w11, w21, 0, w12, w22, 0],
            [0, 0, 0, 0, w11, w21, 0, w12, w22],
        ]
    )


def equation_8_13(w, p):
    """The cross-correlation, counted from 1."""
    (rows, columns), (r, c) = p.shape, w.shape
    w, p = from_1(w), from_1(p)
    return table(
        lambda m, n: sum(
            w[i, j] * p[m + i - 1, n + j - 1] for i, j in pairs(span(1, r), span(1, c))
        ),
        rows - r + 1,
        columns - c + 1,
        first=1,
    )


def equation_8_14(R_r, r):
    """Rows of the output."""
    return R_r - r + 1


def equation_8_15(R_c, c):
    """Columns of the output."""
    return R_c - c + 1


def equation_8_16(R_r, P_d, r):
    """Rows of the output with padding."""
    return R_r + 2 * P_d - r + 1


def equation_8_17(R_c, P_d, c):
    """Columns of the output with padding."""
    return R_c + 2 * P_d - c + 1


def equation_8_18(R_r, P_d, r, S_t):
    """Rows of the output with padding and stride."""
    return (R_r + 2 * P_d - r) // S_t + 1


def equation_8_18_as_printed(R_r, P_d, r, S_t):
    """Without the floor."""
    return (R_r + 2 * P_d - r) / S_t + 1


def equation_8_19(R_c, P_d, c, S_t):
    """Columns of the output with padding and stride."""
    return (R_c + 2 * P_d - c) // S_t + 1


def equation_8_19_as_printed(R_c, P_d, c, S_t):
    """Without the floor."""
    return (R_c + 2 * P_d - c) / S_t + 1


def equation_8_20(w, a):
    """One layer's convolution: kernels from all maps to all maps."""
    (maps, inputs, r, c), (_, rows, columns) = w.shape, a.shape
    w, a = from_1(w), from_1(a)
    return table(
        lambda h, i, j: sum(
            w[h, l, u, v] * a[l, i + u - 1, j + v - 1]
            for l in span(1, inputs)
            for u, v in pairs(span(1, r), span(1, c))
        ),
        maps,
        rows - r + 1,
        columns - c + 1,
        first=1,
    )


def equation_8_21(w, a):
    """The same in abbreviated notation."""
    return np.array([sum(map(equation_8_13, kernels, a)) for kernels in w])


def equation_8_22(v, r, c, w):
    """Average pooling with its weight."""
    rows, columns = v.shape
    v = from_1(v)
    return table(
        lambda i, j: (
            sum(v[r * (i - 1) + k, c * (j - 1) + l] for k, l in pairs(span(1, r), span(1, c))) * w
        ),
        rows // r,
        columns // c,
        first=1,
    )


def equation_8_23(w, r, c, v):
    """Average pooling in abbreviated notation."""
    return equation_8_22(v, r, c, w)


def equation_8_24(v, r, c):
    """Max pooling."""
    rows, columns = v.shape
    v = from_1(v)
    return table(
        lambda i, j: max(
            v[r * (i - 1) + k, c * (j - 1) + l] for k, l in pairs(span(1, r), span(1, c))
        ),
        rows // r,
        columns // c,
        first=1,
    )


def equation_8_25(r, c, v):
    """Max pooling in abbreviated notation."""
    return equation_8_24(v, r, c)


def equation_8_26(a):
    """All maps as one vector: columns stacked, one map after another."""
    maps, rows, columns = a.shape
    a = from_1(a)
    return np.array(
        [a[h, i, j] for h in span(1, maps) for j in span(1, columns) for i in span(1, rows)]
    )
