"""Hagan's equations 8.27 to 8.53, as printed, in plain loops that count from 1.

An equation with a slip has two functions, corrected and `..._as_printed`. Names are the book's:
`lw[h, l, u, v]` are kernels, `a[l, i, j]` feature maps of layer n, `lz`, `dlz[h, i, j]` of layer m.
"""

import numpy as np

from striate.equations.printed.hagan_forward import equation_8_13, equation_8_20, equation_8_23
from striate.equations.printed.indexed import derivative, from_1, pairs, span, table


def equation_8_27(F, n):
    """The sensitivity: the derivative of the loss with respect to the net input."""
    return derivative(F, n)


def equation_8_28(losses, quantities):
    """The five derivatives; `losses[name]` is the loss as a function of that quantity alone."""
    return {f"d{name}": derivative(losses[name], quantities[name]) for name in quantities}


def equation_8_29(dn_m, lw, f_dot, n_n):
    """Backward through a layer: net input function, weight function, transfer function."""
    dlz = np.array([equation_8_35(dn) for dn in dn_m])
    return equation_8_52(f_dot, n_n, equation_8_44(lw, dlz))


def equation_8_30(dn_m):
    """From the sensitivity to the derivatives of the biases."""
    return np.array([equation_8_36(dn) for dn in dn_m])


def equation_8_31(dlz, a):
    """From the derivative of the weight function to that of the weights."""
    return equation_8_47(dlz, a)


def equation_8_32(lz, b):
    """The summation net input function."""
    return lz + b


def equation_8_33(lz, b):
    """The same for each pixel."""
    return table(lambda i, j: lz[i, j] + b, *lz.shape)


def equation_8_34(dF_dn):
    """Through the summation: multiplied by one."""
    return table(lambda i, j: 1 * dF_dn[i, j], *dF_dn.shape)


def equation_8_35(dn):
    """The same in matrix form."""
    return dn


def equation_8_36(dn):
    """The derivative of a tied bias: the sum over the map."""
    S_r, S_c = dn.shape
    dn = from_1(dn)
    return sum(dn[i, j] for i, j in pairs(span(1, S_r), span(1, S_c)))


def equation_8_37(dn):
    """The same as a pooling by sums: 8.23 with weight 1 over the whole map."""
    S_r, S_c = dn.shape
    return equation_8_23(1, S_r, S_c, dn)[0, 0]


def equation_8_37_as_printed(dn):
    """With the average that its symbol denotes."""
    return equation_8_37(dn) / dn.size


def equation_8_38(lw, a):
    """8.20 again, under the name of the layer weight."""
    return equation_8_20(lw, a)


def equation_8_39(dlz, dlz_da, a_shape, maps=None):
    """The chain rule over all positions and maps of layer m (printed: the maps of layer n)."""
    H, S_r, S_c = dlz.shape
    dlz = from_1(dlz)
    return table(
        lambda l, u, v: sum(
            dlz[h, i, j] * dlz_da(h, l, i, j, u, v)
            for h in span(1, maps or H)
            for i, j in pairs(span(1, S_r), span(1, S_c))
        ),
        *a_shape,
        first=1,
    )


def equation_8_39_as_printed(dlz, dlz_da, a_shape):
    """With h up to the number of maps of layer n."""
    return equation_8_39(dlz, dlz_da, a_shape, maps=a_shape[0])


def equation_8_40(lw):
    """How an output pixel depends on an input pixel, as a function of h, l, i, j, u', v'."""
    _, _, r, c = lw.shape
    lw = from_1(lw)

    def dlz_da(h, l, i, j, u, v):
        if i <= u <= i + r - 1 and j <= v <= j + c - 1:
            return lw[h, l, u - i + 1, v - j + 1]
        return 0

    return dlz_da


def equation_8_41(lw, dlz, maps=None, outside: float | None = 0):
    """The gather: the kernel runs backward over dLZ, which is zero outside its bounds."""
    (H, inputs, r, c), (_, S_r, S_c) = lw.shape, dlz.shape
    lw, dlz = from_1(lw), from_1(dlz, outside)
    return table(
        lambda l, u, v: sum(
            dlz[h, i, j] * lw[h, l, u - i + 1, v - j + 1]
            for h in span(1, maps or H)
            for i, j in pairs(span(u - r + 1, u), span(v - c + 1, v))
        ),
        inputs,
        S_r + r - 1,
        S_c + c - 1,
        first=1,
    )


def equation_8_41_as_printed(lw, dlz):
    """With h up to the number of maps of layer n, and without zeros outside dLZ."""
    return equation_8_41(lw, dlz, maps=lw.shape[1], outside=None)


def equation_8_42(i, r, u):
    """The new row index i'."""
    return i + r - u


def equation_8_43(j, c, v):
    """The new column index j'."""
    return j + c - v


def equation_8_44(lw, dlz, maps=None, outside: float | None = 0):
    """The gather with the indices i', j'."""
    (H, inputs, r, c), (_, S_r, S_c) = lw.shape, dlz.shape
    lw, dlz = from_1(lw), from_1(dlz, outside)
    return table(
        lambda l, u, v: sum(
            lw[h, l, r - i + 1, c - j + 1] * dlz[h, i + u - r, j + v - c]
            for h in span(1, maps or H)
            for i, j in pairs(span(1, r), span(1, c))
        ),
        inputs,
        S_r + r - 1,
        S_c + c - 1,
        first=1,
    )


def equation_8_44_as_printed(lw, dlz):
    """With h up to the number of maps of layer n, and without zeros outside dLZ."""
    return equation_8_44(lw, dlz, maps=lw.shape[1], outside=None)


def _rotated_on_padded(kernel, dlz):
    """((rot180) LW) ⊗ dLZ, with the zeros around dLZ that 8.44 assumes."""
    r, c = kernel.shape
    rotated = table(lambda u, v: from_1(kernel)[r - u + 1, c - v + 1], r, c, first=1)
    return equation_8_13(rotated, np.pad(dlz, ((r - 1, r - 1), (c - 1, c - 1))))


def equation_8_45(lw, dlz):
    """The gather in matrix form, for each l the sum over h."""
    H, inputs, _, _ = lw.shape
    return np.array(
        [sum(_rotated_on_padded(lw[h, l], dlz[h]) for h in range(H)) for l in range(inputs)]
    )


def equation_8_45_as_printed(lw, dlz, h):
    """With the sum over l, for one h: the right side doesn't depend on l."""
    return sum(_rotated_on_padded(lw[h, l], dlz[h]) for l in range(lw.shape[1]))


def equation_8_46(dz, dz_dw, w_shape):
    """The chain rule over all positions; `dz_dw(h, l, i, j, u, v)` is the second factor."""
    _, S_r, S_c = dz.shape
    dz = from_1(dz)
    return table(
        lambda h, l, u, v: sum(
            dz[h, i, j] * dz_dw(h, l, i, j, u, v) for i, j in pairs(span(1, S_r), span(1, S_c))
        ),
        *w_shape,
        first=1,
    )


def equation_8_47(dz, a):
    """The derivatives of the kernels."""
    (maps, S_r, S_c), (inputs, rows, columns) = dz.shape, a.shape
    dz, a = from_1(dz), from_1(a)
    return table(
        lambda h, l, u, v: sum(
            dz[h, i, j] * a[l, i + u - 1, j + v - 1] for i, j in pairs(span(1, S_r), span(1, S_c))
        ),
        maps,
        inputs,
        rows - S_r + 1,
        columns - S_c + 1,
        first=1,
    )


def equation_8_48(dlz, a):
    """The same in abbreviated notation: dLZ ⊗ A for each pair of maps."""
    return np.array([[equation_8_13(dz, maps) for maps in a] for dz in dlz])


def equation_8_49(da_dn, dF_da):
    """Through the transfer function, by the chain rule."""
    return table(lambda *k: da_dn[k] * dF_da[k], *dF_da.shape)


def equation_8_50(F, a):
    """The name da: the derivative of the loss with respect to the activation."""
    return derivative(F, a)


def equation_8_51(f, n):
    """The derivative of the transfer function at each net input."""
    return table(lambda *k: derivative(f, n[k]), *n.shape)


def equation_8_52(f_dot, n, da):
    """Through the transfer function."""
    return table(lambda *k: f_dot(n[k]) * da[k], *da.shape)


def equation_8_53(F_dot, dA):
    """The same in abbreviated form, with the Hadamard product."""
    return F_dot * dA
