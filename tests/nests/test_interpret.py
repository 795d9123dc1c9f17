"""The interpreter, compared with handwritten loops and with Python's evaluation of the text."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nests.plain_loops import drawn, plain_loops
from striate.errors import NestError
from striate.nests import Equation, bind, bind_program, interpret

CONVOLUTION = "z[q,g,h,*i] += w[g,h,l,*u] * a[q,g,l,*(s*i + d*u - p)]"
POOL = "a[q,h,*(s*i + d*u - p)]"
STRIDE = {"s": (2, 1), "d": (1, 2), "p": (1, 0)}


def pixels(array, *position):
    """Read an array at a position; return None if it is out of bounds."""
    inside = all(0 <= x < n for x, n in zip(position, array.shape, strict=True))
    return array[position] if inside else None


class TestExamplesByHand:
    """Typical statements, compared with handwritten loops over rows and columns."""

    def test_convolution(self):
        """Hagan 8.38 with stride, dilation, padding and groups."""
        w, a = drawn(2, 3, 2, 3, 2), drawn(2, 2, 2, 6, 7, seed=1)
        expected = np.zeros((2, 2, 3, 3, 5))
        for q, g, h, i, j in np.ndindex(expected.shape):
            for l, u, v in np.ndindex(2, 3, 2):
                x, y = 2 * i + u - 1, j + 2 * v
                if 0 <= x < 6 and 0 <= y < 7:
                    expected[q, g, h, i, j] += w[g, h, l, u, v] * a[q, g, l, x, y]

        shapes = {"w": w.shape, "a": a.shape, "z": expected.shape}
        nest = bind(CONVOLUTION, shapes=shapes, constants=STRIDE)

        np.testing.assert_allclose(interpret(nest, {"w": w, "a": a})["z"], expected, atol=1e-14)

    def test_transposed_convolution(self):
        """Hagan 8.39 as a scatter: each input pixel adds a multiple of the kernel."""
        w, a = drawn(2, 3, 3, 2), drawn(2, 2, 4, 3, seed=1)
        expected = np.zeros((2, 3, 8, 5))
        for q, l, h, i, j, u, v in np.ndindex(2, 2, 3, 4, 3, 3, 2):
            x, y = 2 * i + u - 1, j + 2 * v
            if 0 <= x < 8 and 0 <= y < 5:
                expected[q, h, x, y] += w[l, h, u, v] * a[q, l, i, j]

        nest = bind(
            "z[q,h,*(s*i + d*u - p)] += w[l,h,*u] * a[q,l,*i]",
            shapes={"w": w.shape, "a": a.shape, "z": expected.shape},
            constants=STRIDE,
        )

        np.testing.assert_allclose(interpret(nest, {"w": w, "a": a})["z"], expected, atol=1e-14)

    @pytest.mark.parametrize("mode", ["reflect", "edge", "wrap", "constant"])
    def test_padding_through_tables(self, mode):
        """Reflected, replicated and circular padding use tables; a table element of -1 gives 0."""
        a = drawn(2, 2, 4, 5)
        rows, columns = (np.pad(np.arange(n), (1, 2), mode=mode) for n in (4, 5))
        if mode == "constant":
            rows, columns = (np.pad(np.arange(n), (1, 2), constant_values=-1) for n in (4, 5))

        nest = bind(
            "padded[q,h,*x] = a[q,h,*t[x]]",
            shapes={"a": a.shape, "t0": rows.shape, "t1": columns.shape},
        )

        padded = interpret(nest, {"a": a, "t0": rows, "t1": columns})["padded"]
        np.testing.assert_array_equal(
            padded, np.pad(a, ((0, 0), (0, 0), (1, 2), (1, 2)), mode=mode)
        )

    def test_max_pooling_and_its_derivative(self):
        """The maximum, the ordinal of the first maximum, and dA, which only that pixel gets."""
        a = np.random.default_rng(0).integers(0, 4, (2, 2, 6, 7)).astype(float)  # with ties
        dz = drawn(2, 2, 3, 4)
        z, k, da = np.empty(dz.shape), np.empty(dz.shape), np.zeros(a.shape)
        for q, h, i, j in np.ndindex(dz.shape):
            seen = []
            for ordinal, (u, v) in enumerate(itertools.product(range(3), range(2))):
                pixel = pixels(a[q, h], 2 * i + u - 1, 2 * j + v - 1)
                if pixel is not None:
                    seen.append((-pixel, ordinal, (q, h, 2 * i + u - 1, 2 * j + v - 1)))
            least, k[q, h, i, j], winner = min(seen)
            z[q, h, i, j] = -least
            da[winner] += dz[q, h, i, j]

        numbers = {"constants": {"s": 2, "d": 1, "p": 1}, "extents": {"u": (3, 2)}}
        program = bind_program(
            [
                f"z[q,h,*i] max= {POOL}",
                f"k[q,h,*i] argmax= {POOL}",
                "da[q,h,*(s*i + d*u - p)] += where(k[q,h,*i] == ordinal(*u), dz[q,h,*i], 0)",
            ],
            shapes=dict.fromkeys(("a", "da"), a.shape) | dict.fromkeys(("z", "k", "dz"), z.shape),
            outputs=("z", "k", "da"),
            **numbers,
        )

        found = interpret(program, {"a": a, "dz": dz})
        np.testing.assert_array_equal(found["z"], z)
        np.testing.assert_array_equal(found["k"], k)
        np.testing.assert_allclose(found["da"], da, atol=1e-15)

    @pytest.mark.parametrize("rank", [0, 1, 2, 3])
    def test_a_map_of_any_rank(self, rank):
        """The same statement of a transfer function works for neurons and images of any rank."""
        n = drawn(*(2, 3, 4)[:rank])

        a = interpret(bind("a[*x] = tanh(n[*x])", shapes={"n": n.shape}), {"n": n})["a"]

        assert a.shape == n.shape
        expected = [math.tanh(value) for value in n.reshape(-1)]
        np.testing.assert_allclose(a.reshape(-1), expected, rtol=1e-15)

    @pytest.mark.parametrize("shape", [(2, 5), (2, 5, 3, 2)])
    def test_softmax(self, shape):
        """Softmax over the maps, for neurons and for pixels, takes four statements."""
        n = 10 * drawn(*shape)
        expected = np.empty(shape)
        for q, *x in np.ndindex(shape[0], *shape[2:]):
            column = [n[(q, h, *x)] for h in range(shape[1])]
            total = math.fsum(math.exp(value - max(column)) for value in column)
            for h, value in enumerate(column):
                expected[(q, h, *x)] = math.exp(value - max(column)) / total

        program = bind_program(
            [
                "m[q,*x] max= n[q,h,*x]",
                "e[q,h,*x] = exp(n[q,h,*x] - m[q,*x])",
                "t[q,*x] += e[q,h,*x]",
                "a[q,h,*x] = e[q,h,*x] / t[q,*x]",
            ],
            shapes={"n": shape},
        )

        found = interpret(program, {"n": n})
        assert list(found) == ["a"]
        np.testing.assert_allclose(found["a"], expected, rtol=1e-14)

    def test_statistics(self):
        """Mean and variance of each map over images and pixels; the count is a constant."""
        a = drawn(3, 2, 4, 5)

        program = bind_program(
            ["m[h] += a[q,h,*x] / count", "v[h] += (a[q,h,*x] - m[h])**2 / count"],
            shapes={"a": a.shape},
            constants={"count": 60},
            outputs=("m", "v"),
        )

        found = interpret(program, {"a": a})
        for h in range(2):
            values = [a[q, h, i, j] for q, i, j in np.ndindex(3, 4, 5)]
            mean = math.fsum(values) / 60
            assert found["m"][h] == pytest.approx(mean, abs=1e-15)
            assert found["v"][h] == pytest.approx(math.fsum((x - mean) ** 2 for x in values) / 60)

    def test_cross_entropy_reads_an_index_as_a_number(self):
        """An index is used as a number: the label selects one output of each image."""
        n, y = drawn(4, 3), np.array([2, 0, 1, 2], dtype=np.uint8)

        nest = bind("l[q] += where(h == y[q], -n[q,h], 0)", shapes={"n": (4, 3), "y": (4,)})

        loss = interpret(nest, {"n": n, "y": y})["l"]
        np.testing.assert_array_equal(loss, [-n[q, label] for q, label in enumerate(y)])

    def test_a_window_over_the_maps(self):
        """Local response normalization sums the squares of neighboring maps."""
        a = drawn(2, 5, 3)

        nest = bind(
            "z[q,h,*x] += a[q, h + k - r, *x]**2",
            shapes={"a": a.shape, "z": a.shape},
            constants={"r": 1},
            extents={"k": 3},
        )

        expected = np.zeros(a.shape)
        for q, h, x in np.ndindex(a.shape):
            expected[q, h, x] = sum(a[q, m, x] ** 2 for m in range(max(0, h - 1), min(5, h + 2)))
        np.testing.assert_allclose(interpret(nest, {"a": a})["z"], expected, rtol=1e-14)


class TestAgainstPythonsOwnEvaluation:
    """Random statements, compared with Python's evaluation of the printed text, term by term."""

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_windows_of_any_geometry(self, data):
        """Convolution, its adjoints and pooling agree for any stride, dilation and padding."""
        rank = data.draw(st.integers(1, 2))

        def each(least, most):
            return data.draw(st.tuples(*[st.integers(least, most)] * rank))

        constants = {"s": each(1, 3), "d": each(1, 2), "p": each(0, 2)}
        image, outputs, window = each(1, 5), each(1, 4), each(1, 3)
        shapes = {"w": (2, 1, *window), "a": (1, 1, *image), "z": (1, 2, *outputs)}
        shapes |= {f"d{name}": shape for name, shape in shapes.items()}
        arrays = {name: drawn(*shape, seed=len(name)) for name, shape in shapes.items()}
        forward = Equation.parse("z[q,h,*i] += w[h,l,*u] * a[q,l,*(s*i + d*u - p)]")
        window_of_a = "a[q,l,*(s*i + d*u - p)]"
        pools = [
            f"y[q,l,*i] max= {window_of_a}",
            f"y[q,l,*i] min= {window_of_a} * ordinal(*u)",
            f"y[q,l,*i] argmax= {window_of_a}",
            "y[q,l,*(s*i + d*u - p)] max= a[q,l,*i]",
        ]
        for equation in (forward, forward.adjoint("a"), forward.adjoint("w"), *pools):
            nest = bind(
                equation,
                shapes=shapes | {"y": (1, 1, *outputs)},
                constants=constants,
                extents={"u": window},
            )
            read = {name: arrays[name] for name in nest.sources}

            found = interpret(nest, read)[nest.target]

            np.testing.assert_allclose(found, plain_loops(nest, read), atol=1e-13)

    @pytest.mark.parametrize(
        ("text", "shape"),
        [
            ("z[i,j] = exp(a[i,j]) - log(b[j]) * 2**-a[i,j] + sqrt(b[j]) / 3", (4, 3)),
            ("z[i,j] = log1p(b[j]) + expm1(a[i,j]) - erf(a[i,j]) * tanh(b[j])", (4, 3)),
            ("z[i,j] = max(a[i,j], -b[j]) + min(a[i,j], b[j] - 1)", (4, 3)),
            ("z[i,j] = abs(a[i,j]) * sign(a[i,j]) + a[i,j]**2 + 2**-3", (4, 3)),
            ("z[i,j] = where(a[i,j] < b[j], i, where(i != j, -j, 7)) - ordinal(j, i)", (4, 3)),
            (
                "z[i,j] = where(a[i,j] >= 0, 1, 0) + where(i <= j, 1, 0) + where(j > i, 2, 0)",
                (4, 3),
            ),
            ("z[j] += a[i,j] * c - b[j]", (3,)),
            ("z[j] += a[i,j] / b[j]", (3,)),
            ("z[j] += 2 * a[i,j] * -b[j] * a[k,j]", (3,)),
            ("z[i,j] += c * b[j]", (4, 3)),
            ("z[j] max= -a[i,j] * b[j]", (3,)),
            ("z[j] max= b[j]", (3,)),
            ("z[i] argmax= a[i,j] * b[j]", (4,)),
            ("z += a[i,j] * b[j]", ()),
            ("z min= a[i,j]", ()),
            ("z[i + j] += a[i,j]", (5,)),
            ("z[3 - i, 2*j] += a[i,j]", (4, 4)),
            ("z[3 - i, 2*j] = a[i,j]", (4, 6)),
            ("z[t[i]] += a[i,j]", (3,)),
            ("z[t[i], j] max= a[i,j]", (3, 3)),
            ("z[i,j] = a[t[i], 2 - j] * b[j]", (4, 3)),
            ("z[i,i] += a[i,j]", (4, 4)),
            ("z[i,j] = 7", (4, 3)),
            ("z[i] = b[2]", (4,)),
            ("z[i] = b[5]", (4,)),
        ],
    )
    def test_every_word_of_the_language(self, text, shape):
        """Functions, comparisons, tables, ordinals and operators compute what Python computes."""
        arrays = {
            "a": drawn(4, 3),
            "b": drawn(3, seed=1) + 1.5,
            "c": np.array(0.25),
            "t": np.array([2, -1, 0, 2]),
        }
        shapes = {name: array.shape for name, array in arrays.items()} | {"z": shape}
        nest = bind(text, shapes=shapes, extents={"i": 4, "j": 3})

        found = interpret(nest, arrays)["z"]

        np.testing.assert_allclose(found, plain_loops(nest, arrays), rtol=1e-12, atol=1e-14)


class TestWhatATargetHolds:
    """Initial values of a target are kept unless a term overwrites them."""

    @pytest.mark.parametrize("operator", ["=", "+=", "max=", "min=", "argmax="])
    def test_values_from_before(self, operator):
        """Sums, maxima and minima include the initial values; other operators replace them."""
        a, before = drawn(6), np.array([0.0, 0.5, -0.5, 0.25])
        nest = bind(f"z[i] {operator} a[2*i - 1]", shapes={"a": (6,), "z": (4,)})

        found = interpret(nest, {"a": a, "z": before})["z"]

        np.testing.assert_allclose(found, plain_loops(nest, {"a": a}, target=before))

    @pytest.mark.parametrize(
        ("operator", "start"),
        [("=", 0), ("+=", 0), ("max=", -np.inf), ("min=", np.inf), ("argmax=", -1)],
    )
    def test_an_entry_without_terms(self, operator, start):
        """If all terms are out of bounds, the element has its operator's initial value."""
        nest = bind(f"z[i] {operator} a[i - p]", shapes={"a": (2,), "z": (3,)}, constants={"p": 9})

        np.testing.assert_array_equal(interpret(nest, {"a": np.ones(2)})["z"], [start] * 3)

    def test_statements_of_a_program_add_up(self):
        """A second statement with the same target adds to the first one."""
        program = bind_program(
            ["da[i] += dx[i]", "da[i] += dy[i]"],
            shapes={"dx": (2,), "dy": (2,)},
        )

        found = interpret(program, {"dx": [1.0, 2.0], "dy": [10.0, 20.0], "da": [5.0, 5.0]})

        np.testing.assert_array_equal(found["da"], [11, 22])  # a stray `da` is ignored


class TestEdges:
    """Cases where NumPy alone would give another result."""

    def test_outside_is_not_zero_times_infinity(self):
        """A term that is out of bounds doesn't exist, even if its other factor is infinite."""
        nest = bind(
            "z[i] += w[u] * a[i + u - p]",
            shapes={"w": (3,), "a": (3,), "z": (3,)},
            constants={"p": 1},
        )

        z = interpret(nest, {"w": np.array([np.inf, 1, 1]), "a": np.ones(3)})["z"]

        np.testing.assert_array_equal(z, [2, np.inf, np.inf])

    def test_first_of_equals_and_of_infinities(self):
        """The first of equal values wins; terms out of bounds don't win, even over -inf."""
        nest = bind(
            "k[i] argmax= a[i + u - p]",
            shapes={"a": (3,), "k": (3,)},
            constants={"p": 1},
            extents={"u": 3},
        )

        k = interpret(nest, {"a": np.array([-np.inf, -np.inf, 4.0])})["k"]

        np.testing.assert_array_equal(k, [1, 2, 1])

    @pytest.mark.parametrize(("operator", "expected"), [("max=", np.nan), ("argmax=", 1)])
    def test_nan_shows(self, operator, expected):
        """NaN counts as the greatest value, so it isn't lost."""
        nest = bind(f"z {operator} a[i]", shapes={"a": (4,)})

        z = interpret(nest, {"a": np.array([5.0, np.nan, 7.0, np.nan])})["z"]

        np.testing.assert_array_equal(z, expected)

    def test_small_integers_do_not_wrap(self):
        """Sums of 8-bit pixels don't overflow."""
        image = np.full(4, 200, np.uint8)
        shapes = {"a": (4,)}

        for text, expected in [
            ("z += a[i] * a[i]", 160000),
            ("z += a[i]", 800),
            ("z max= 100 - a[i]", -100),
            ("z max= a[i]**2", 40000),
        ]:
            assert interpret(bind(text, shapes=shapes), {"a": image})["z"] == expected

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_the_floating_type_is_kept(self, dtype):
        """Results have the floating-point type of the arrays, even if integers are involved."""
        a, y = np.ones((2, 3), dtype), np.zeros(2, np.int64)
        shapes = {"a": (2, 3), "y": (2,)}

        for text in ("z[q] += where(h == y[q], a[q,h] * h, 0)", "z[q] += a[q,h]", "z[q] = y[q]"):
            nest = bind(text, shapes=shapes)
            assert interpret(nest, {"a": a, "y": y})["z"].dtype == dtype

    def test_arrays_that_do_not_fit_are_refused(self, golden):
        """Arrays of the wrong shape, missing arrays and tables of fractions give an error."""
        nest = bind("z[i] = a[t[i]]", shapes={"a": (3,), "t": (2,)})
        a, t = np.ones(3), np.array([0, 1])

        messages = []
        for arrays in ({"a": a}, {"a": np.ones(4), "t": t}, {"a": a, "t": t / 2}):
            with pytest.raises(NestError) as caught:
                interpret(nest, arrays)
            messages.append(f"{caught.value}\n")

        golden("nests/unfit_arrays", "\n".join(messages))

    def test_a_program_reads_its_inputs_alone(self):
        """Passing a temporary array doesn't replace a missing input."""
        program = bind_program(["m = a[2]", "z = m * b[1]"], shapes={"a": (3,), "b": (2,), "m": ()})

        with pytest.raises(NestError) as error:
            interpret(program, {"a": np.ones(3), "m": 1.0})

        assert str(error.value) == (
            "The array `b` is missing.\n"
            "    z = m * b[1]\n"
            "The nest needs an array of shape (2,). Pass one."
        )
