"""Examples of kernels, named after what is special about them."""

import numpy as np

from llvm.kernels import Example
from striate.plan.statement import LANES

RNG = np.random.default_rng(12)


def normal(*shape):
    """Draw float32 numbers."""
    return RNG.standard_normal(shape).astype(np.float32)


def images(*shape):
    """Draw float32 numbers for one block of images."""
    return normal(LANES, *shape)


def example(*texts, shapes, tables=None, adds=(), **arrays):
    """Make an example; keywords that aren't options are arrays."""
    options = {k: arrays.pop(k) for k in ("extents", "images", "rows", "over_batch") if k in arrays}
    return Example(
        texts=texts,
        arrays=arrays,
        shapes=shapes,
        tables=tables or {},
        adds=frozenset(adds),
        **options,
    )


def z(*shape):
    """Return the shape of a target with images."""
    return {"z": (LANES, *shape)}


POSITIONS = [3, -1, 0, 5, 2, 2, -1, 4, 1]
SPREAD = [[1.0, 0.0, -0.5], [0.25, 2.0, 0.0], [0.0, 0.0, 1.0], [3.0, -1.0, 0.5]]

SUMS = {
    "a convolution": example(
        "z[q,h,i,j] += w[h,l,u,v] * a[q, l, i + u, j + v]",
        a=images(3, 9, 11),
        w=normal(5, 3, 3, 3),
        shapes=z(5, 7, 9),
    ),
    "zero padding": example(
        "z[q,h,i,j] += w[h,l,u,v] * a[q, l, i + u - 2, j + v - 1]",
        a=images(2, 6, 7),
        w=normal(4, 2, 4, 3),
        shapes=z(4, 8, 7),
    ),
    "zero padding with a stride and a dilation": example(
        "z[q,h,i,j] += w[h,l,u,v] * a[q, l, 2*i + 3*u - 4, 3*j + 2*v - 3]",
        a=images(2, 8, 9),
        w=normal(3, 2, 3, 4),
        shapes=z(3, 6, 5),
    ),
    "a window that is a loop": example(
        "z[q,h,i] += w[h,u] * a[q, 2*i + 3*u - 9]",
        a=images(13),
        w=normal(3, 11),
        shapes=z(3, 6),
    ),
    "a window read backwards": example(
        "z[q,h,i] += w[h,u] * a[q, i - 1*u + 4]",
        a=images(13),
        w=normal(3, 9),
        shapes=z(3, 12),
    ),
    "everything out of bounds": example(
        "z[q,i] += w[u] * a[q, i + u - 20]", a=images(4), w=normal(3), shapes=z(5)
    ),
    "a square": example("z[q,i] += a[q, i + u - 2]**2", a=images(9), extents={"u": 5}, shapes=z(9)),
    "one array and numbers": example(
        "z[q,i,j] += 0.5 * a[q, i + u - 1, j + v - 1]",
        a=images(6, 7),
        extents={"u": 3, "v": 3},
        shapes=z(6, 7),
    ),
    "a function of a guarded value": example(
        "z[q,i] += exp(a[q, i + u - 2])", a=images(9), extents={"u": 5}, shapes=z(9)
    ),
    "a product that is divided": example(
        "z[q,h] += (a[q,h,x] - m[h])**2 / (s * 6)",
        a=images(3, 6),
        m=normal(3),
        s=np.array(7.0),
        shapes=z(3),
    ),
    "a table of positions": example(
        "z[q,h,i] += w[h,u] * a[q, t[i + u]]",
        a=images(6),
        w=normal(4, 3),
        tables={"t": POSITIONS},
        shapes=z(4, 7),
    ),
    "a table of numbers": example(
        "z[q,x] += b[x,e] * a[q,e]", a=images(3), tables={"b": SPREAD}, shapes=z(4)
    ),
    "a long table of numbers": example(
        "z[q,x] += b[x,e] * a[q,e]",
        a=images(9),
        tables={"b": np.round(normal(8, 9), 2).tolist()},
        shapes=z(8),
    ),
    "a choice": example(
        "z[q,i] += where(k[q, i + u - 1] == ordinal(u), a[q, i + u - 1], 0)",
        a=images(8),
        k=RNG.integers(0, 3, (LANES, 8)),
        extents={"u": 3},
        shapes=z(8),
    ),
    "labels": example(
        "z[q] += where(h == y[q], a[q,h], 0)", a=images(7), y=RNG.integers(0, 7, LANES), shapes=z()
    ),
    "one element": example("z[q] += a[q,x,y] * b[x,y]", a=images(5, 7), b=normal(5, 7), shapes=z()),
    "several sums at once": example(
        "z[q,h] += a[q,h,x] * b[q,h,x]",
        "y[q,h] += a[q,h,x]",
        a=images(4, 9),
        b=images(4, 9),
        shapes=z(4) | {"y": (LANES, 4)},
    ),
    "statements fused with a sum": example(
        "z[q,h,i] += w[h,u] * a[q, i + u - 1]",
        "n[q,h,i] = z[q,h,i] + b[h]",
        "y[q,h,i] = max(n[q,h,i], 0)",
        a=images(10),
        w=normal(5, 3),
        b=normal(5),
        shapes=z(5, 10) | {"n": (LANES, 5, 10), "y": (LANES, 5, 10)},
    ),
    "adding to a target": example(
        "z[q,h,i] += w[h,u] * a[q, i + u]",
        a=images(11),
        w=normal(3, 3),
        z=images(3, 9),
        adds=["z"],
        shapes=z(3, 9),
    ),
    "every second element": example(
        "z[q, 2*m + 1] += w[u] * a[q, m - u + 1]",
        a=images(5),
        w=normal(2),
        z=images(11),
        adds=["z"],
        shapes=z(11),
        extents={"m": 5},
    ),
    "a scatter": example(
        "z[q, t[i]] += a[q,i]",
        a=images(9),
        z=images(6),
        tables={"t": POSITIONS},
        adds=["z"],
        shapes=z(6),
    ),
    "a scatter of products": example(
        "z[q, i + j] += w[i] * a[q,j]",
        a=images(4),
        w=normal(5),
        z=images(8),
        adds=["z"],
        shapes=z(8),
    ),
}

SUMS_OVER_IMAGES = {
    "a kernel's derivative": example(
        "w[h,l,u,v] += b[q,h,i,j] * a[q, l, i + u - 1, j + v - 1]",
        a=images(2, 6, 7),
        b=images(3, 6, 7),
        w=normal(3, 2, 3, 3),
        adds=["w"],
        shapes={"w": (3, 2, 3, 3)},
    ),
    "a bias": example(
        "w[h] += b[q,h,i]", b=images(3, 7), w=normal(3), adds=["w"], shapes={"w": (3,)}
    ),
    "two sums in the same loops": example(
        "w[h] += b[q,h,i] * a[q,h,i]",
        "v[h] += b[q,h,i]",
        a=images(3, 7),
        b=images(3, 7),
        w=normal(3),
        v=normal(3),
        adds=["w", "v"],
        shapes={"w": (3,), "v": (3,)},
    ),
}

ROWS = {
    "a dense layer's derivative": example(
        "w[s,r] += b[q,s] * a[q,r]",
        a=normal(37, 45),
        b=normal(37, 7),
        images=37,
        over_batch=True,
        rows={"a", "b"},
        shapes={"w": (7, 45)},
    ),
    "both sides shorter than a vector": example(
        "w[s,r] += b[q,s] * a[q,r]",
        a=normal(5, 6),
        b=normal(5, 3),
        images=5,
        over_batch=True,
        rows={"a", "b"},
        shapes={"w": (3, 6)},
    ),
    "a bias": example(
        "w[s] += b[q,s]",
        b=normal(21, 100),
        images=21,
        over_batch=True,
        rows={"b"},
        shapes={"w": (100,)},
    ),
}

WITHOUT_IMAGES = {
    "neighbors in lanes": example(
        "z[x] = 2 * a[x] + b[x]", a=normal(37), b=normal(37), shapes={"z": (37,)}
    ),
    "less than a vector": example("z[x] = 2 * a[x]", a=normal(6), shapes={"z": (6,)}),
    "a stride of three": example("z[x] = a[3*x + 1]", a=normal(112), shapes={"z": (37,)}),
    "a stride too large for lanes": example(
        "z[x] = a[9*x + 1]", a=normal(180), shapes={"z": (20,)}
    ),
    "indices as numbers": example("z[x,y] = x + 2 * y", shapes={"z": (3, 21)}),
    "a convolution": example(
        "z[h,i,j] += w[h,l,u,v] * a[l, i + u, j + v]",
        a=normal(3, 9, 23),
        w=normal(5, 3, 3, 3),
        shapes={"z": (5, 7, 21)},
    ),
    "terms in lanes": example(
        "z[s] += w[s,r] * a[r]", w=normal(7, 45), a=normal(45), shapes={"z": (7,)}
    ),
    "few terms in lanes": example(
        "z[s] += w[s,r] * a[r]", w=normal(3, 11), a=normal(11), shapes={"z": (3,)}
    ),
    "one sum": example("z += a[r] * b[r]", a=normal(100), b=normal(100), shapes={"z": ()}),
    "partial sums": example("z[x] += p[k,x]", p=normal(8, 50), shapes={"z": (50,)}),
    "zero padding": example(
        "z[i,j] += w[u,v] * a[i + u - 1, j + v - 1]",
        a=normal(5, 20),
        w=normal(3, 3),
        shapes={"z": (5, 20)},
    ),
    "a table of numbers in lanes": example(
        "z[i,j] = a[i,j] * t[j]",
        a=normal(3, 21),
        tables={"t": np.round(normal(21), 2).tolist()},
        shapes={"z": (3, 21)},
    ),
    "a short table of numbers in lanes": example(
        "z[i,j] = a[i,j] / t[i,j]",
        a=normal(3, 7),
        tables={"t": (np.arange(21).reshape(3, 7) + 1.0).tolist()},
        shapes={"z": (3, 7)},
    ),
    "a matrix with its rows in lanes": example(
        "z[i,x] += b[e,x] * a[i,e]",
        a=normal(3, 3),
        tables={"b": np.transpose(SPREAD).tolist()},
        shapes={"z": (3, 4)},
    ),
    "a long matrix with its rows in lanes": example(
        "z[i,x] += b[e,x] * a[i,e]",
        a=normal(3, 9),
        tables={"b": np.round(normal(9, 23), 2).tolist()},
        shapes={"z": (3, 23)},
    ),
    "a table summed over the lanes": example(
        "z[i] += b[e] * a[i,e]",
        a=normal(3, 19),
        tables={"b": np.round(normal(19), 2).tolist()},
        shapes={"z": (3,)},
    ),
    "a fused statement that transposes": example(
        "z[h,i,j] = 2 * a[h,i,j]",
        "y[j,i,h] = z[h,i,j] + 1",
        a=normal(2, 3, 21),
        shapes={"z": (2, 3, 21), "y": (21, 3, 2)},
    ),
    "a fused statement that writes every second element": example(
        "z[i,j] += w[u] * a[i, j + u]",
        "y[i, 2*j] = z[i,j] + 1",
        a=normal(3, 22),
        w=normal(2),
        y=normal(3, 42),
        adds=["y"],
        shapes={"z": (3, 21), "y": (3, 42)},
    ),
    "a fused statement that reads with large strides": example(
        "z[i,j] = 2 * a[i,j]",
        "y[i,j] = z[i,j] * b[j,i] - c[20 - 1*j]",
        a=normal(3, 21),
        b=normal(21, 3),
        c=normal(21),
        shapes={"z": (3, 21), "y": (3, 21)},
    ),
    "a fused statement that reads out of bounds": example(
        "z[i,j] = 2 * a[i,j]",
        "y[i,j] = z[i,j] * b[j - 2]",
        a=normal(3, 21),
        b=normal(12),
        shapes={"z": (3, 21), "y": (3, 21)},
    ),
    "a fused statement that reads through a table": example(
        "z[i] = 2 * a[i]",
        "y[i] = z[i] * b[t[i]]",
        a=normal(9),
        b=normal(6),
        tables={"t": POSITIONS},
        shapes={"z": (9,), "y": (9,)},
    ),
    "a table": example("z[i] = a[t[i]]", a=normal(6), tables={"t": POSITIONS}, shapes={"z": (9,)}),
    "a scatter": example(
        "z[t[i]] += a[i]",
        a=normal(9),
        z=normal(6),
        adds=["z"],
        tables={"t": POSITIONS},
        shapes={"z": (6,)},
    ),
}

MAPS = {
    "shifted": example("z[q,i] = a[q, i - 2]", a=images(6), shapes=z(9)),
    "through a table": example(
        "z[q,i] = a[q, t[i]]", a=images(6), tables={"t": POSITIONS}, shapes=z(9)
    ),
    "functions": example(
        "z[q,i] = exp(tanh(a[q,i])) + erf(a[q,i]) - log(1 + abs(a[q,i]))", a=images(9), shapes=z(9)
    ),
    "powers": example(
        "z[q,i] = (1 + a[q,i]**2)**0.75 / sqrt(1 + abs(a[q,i]))", a=images(9), shapes=z(9)
    ),
    "signs": example(
        "z[q,i] = sign(a[q,i]) * min(a[q,i], 0.5) - max(a[q,i], -0.5)", a=images(9), shapes=z(9)
    ),
    "divided by one number": example(
        "z[q,h,i] = a[q,h,i] / (b[h] + 3) - s",
        a=images(4, 5),
        b=normal(4),
        s=np.array(0.3, np.float32),
        shapes=z(4, 5),
    ),
    "choices": example(
        "z[q,i] = where(a[q,i] < 0, expm1(a[q,i]), log1p(a[q,i]))", a=images(9), shapes=z(9)
    ),
    "an index": example("z[q,i] = i * a[q,i] + i", a=images(9), shapes=z(9)),
}


def with_ties(array, kind):
    """Put equal values, NaN or infinities into an array."""
    array = np.round(array)
    if kind == "NaN":
        array = np.where(RNG.random(array.shape) < 0.15, np.float32("nan"), array)
    if kind == "infinite":
        array = RNG.choice(np.array([-np.inf, np.inf, 1], np.float32), array.shape)
    return array.astype(np.float32)


COMPARED = {
    "a window": ("z[q,h,i,j] {} a[q, h, 2*i + u, 2*j + v]", (3, 7, 9), (3, 3, 4), {"u": 3, "v": 3}),
    "zero padding": ("z[q,h,i] {} a[q, h, 2*i + u - 2]", (3, 9), (3, 6), {"u": 4}),
    "a long window": ("z[q,h,i] {} a[q, h, i + u - 4]", (2, 12), (2, 12), {"u": 9}),
    "everything out of bounds": ("z[q,h,i] {} a[q, h, i + u - 20]", (2, 4), (2, 3), {"u": 3}),
    "all of a map": ("z[q,h] {} a[q,h,x,y]", (3, 5, 4), (3,), {}),
    "a product": ("z[q,h,i] {} -2 * a[q, h, 2*i + u]", (3, 8), (3, 4), {"u": 2}),
}


EVERY = {
    **{f"sum, {name}": e for name, e in SUMS.items()},
    **{f"over images, {name}": e for name, e in SUMS_OVER_IMAGES.items()},
    **{f"rows, {name}": e for name, e in ROWS.items()},
    **{f"alone, {name}": e for name, e in WITHOUT_IMAGES.items()},
    **{f"map, {name}": e for name, e in MAPS.items()},
}
