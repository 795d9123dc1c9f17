"""Binding replaces constants and stars, and finds extents and shapes."""

import numpy as np
import pytest

from striate.errors import NestError
from striate.nests import Equation, bind, bind_program

CONVOLUTION = "z[q,h,*i] += w[h,l,*u] * a[q,l,*(s*i + d*u - p)]"


class TestStars:
    """A starred subscript becomes one subscript for each pixel axis."""

    def test_one_axis_keeps_the_letters(self):
        """With one pixel axis, indices keep their names."""
        nest = bind(
            CONVOLUTION,
            shapes={"w": (4, 3, 5), "a": (2, 3, 9), "z": (2, 4, 3)},
            constants={"s": 2, "d": 1, "p": 0},
        )

        assert str(nest.equation) == "z[q,h,i] += w[h,l,u] * a[q, l, 2*i + u]"
        assert nest.extents == {"q": 2, "h": 4, "i": 3, "l": 3, "u": 5}

    def test_two_axes_take_consecutive_letters_and_their_own_constants(self):
        """With two pixel axes, i becomes i, j; a tuple gives one constant for each axis."""
        nest = bind(
            CONVOLUTION,
            shapes={"w": (4, 3, 5, 3), "a": (2, 3, 9, 8), "z": (2, 4, 5, 4)},
            constants={"s": (2, 1), "d": (1, 2), "p": (2, 0)},
        )

        assert str(nest.equation) == ("z[q,h,i,j] += w[h,l,u,v] * a[q, l, 2*i + u - 2, j + 2*v]")
        assert nest.extents == {"q": 2, "h": 4, "i": 5, "j": 4, "l": 3, "u": 5, "v": 3}

    def test_taken_letters_give_way_to_numbers(self):
        """With three axes, *u would become u, v, w; since w is an array, it becomes u0, u1, u2."""
        nest = bind(
            CONVOLUTION,
            shapes={"w": (1, 1, 2, 2, 2), "a": (1, 1, 3, 3, 3), "z": (1, 1, 2, 2, 2)},
            constants={"s": 1, "d": 1, "p": 0},
        )

        assert str(nest.equation) == (
            "z[q,h,i,j,k] += w[h,l,u0,u1,u2] * a[q, l, i + u0, j + u1, k + u2]"
        )

    def test_words_are_numbered(self):
        """An index whose name has several letters is numbered."""
        nest = bind("z[*row] = a[*row]", shapes={"a": (2, 3)})

        assert str(nest.equation) == "z[row0,row1] = a[row0,row1]"

    def test_numbers_that_are_taken_are_avoided(self):
        """All indices of a nest have different names, whatever names the statement uses."""
        shapes = {"a": (2, 3), "b": (4,), "c": (5, 6)}

        one = bind("z[*row,row0] = a[*row] * b[row0]", shapes=shapes)
        two = bind("z[*row,*row_,row0] = a[*row] * c[*row_] * b[row0]", shapes=shapes)

        assert list(one.extents) == ["row_0", "row_1", "row0"]
        assert list(two.extents) == ["row_0", "row_1", "row__0", "row__1", "row0"]

    def test_no_axis_leaves_neurons(self):
        """A statement for any number of pixel axes also applies to neurons, which have none."""
        nest = bind("a[q,h,*x] = n[q,h,*x] / t[q,*x]", shapes={"n": (2, 3), "t": (2,)})

        assert str(nest.equation) == "a[q,h] = n[q,h] / t[q]"

    def test_starred_tables_are_numbered(self):
        """Each pixel axis has its own table, t0, t1, ..., even if there is only one axis."""
        shapes = {"a": (3, 4), "t0": (5,), "t1": (6,)}

        assert str(bind("z[*x] = a[*t[x]]", shapes=shapes).equation) == "z[x,y] = a[t0[x],t1[y]]"
        one = bind("z[*x] = a[*t[x]]", shapes={"a": (3,), "t0": (5,)})
        assert str(one.equation) == "z[x] = a[t0[x]]"

    def test_ordinals_count_all_axes(self):
        """The ordinal of a starred index counts over all axes in row-major order."""
        nest = bind(
            "k[*i] += a[*(i + u)] * ordinal(*u)",
            shapes={"a": (4, 4), "k": (3, 3)},
            extents={"u": 2},
        )

        assert str(nest.equation) == "k[i,j] += a[i + u, j + v] * ordinal(u, v)"


class TestNumbers:
    """Where constants, extents and shapes come from."""

    def test_scalars(self):
        """A bare name is a constant, or a scalar array."""
        nest = bind(
            "w[i] = v[i] * (1 - rate) / count",
            shapes={"v": (3,), "rate": ()},
            constants={"count": 4},
        )

        assert str(nest.equation) == "w[i] = v[i] * (1 - rate) / 4"
        assert nest.sources == ("v", "rate")

    def test_negative_numbers_are_printed_so_that_they_keep_their_meaning(self):
        """A negative base of a power is printed in parentheses."""
        nest = bind(
            "z[i] = c**2 - c * a[i - p]",
            shapes={"a": (3,)},
            constants={"c": -2, "p": -1},
            extents={"i": 3},
        )

        assert str(nest.equation) == "z[i] = (-2)**2 - -2 * a[i + 1]"

    def test_numpys_numbers_are_numbers(self):
        """NumPy scalars are printed like Python numbers."""
        nest = bind(
            "z[i] += c * m * a[s*i + u]",
            shapes={"a": (9,), "z": (4,)},
            constants={"c": np.float32(0.5), "m": np.int8(3), "s": np.int64(2)},
            extents={"u": np.int64(2)},
        )

        assert str(nest) == "z[i] += 0.5 * 3 * a[2*i + u]  for i < 4, u < 2"
        assert type(nest.extents["u"]) is int

    def test_the_targets_shape_follows_from_lone_indices(self):
        """The target's shape may be omitted if each subscript is a single index."""
        assert bind("m[q,*x] max= n[q,h,*x]", shapes={"n": (2, 3, 4)}).shapes["m"] == (2, 4)

    def test_a_given_extent_may_stop_short_of_an_axis(self):
        """A given extent may be smaller than the axis; the rest isn't read."""
        nest = bind("z[i] = a[i]", shapes={"a": (5,)}, extents={"i": 3})

        assert nest.extents == {"i": 3}
        assert nest.shapes["z"] == (3,)

    def test_unused_numbers_do_no_harm(self):
        """Sizes that a statement doesn't use are ignored, so adjoints can share them."""
        equation = Equation.parse("z[q] += w[r] * a[q,r]")
        numbers = {
            "shapes": {"w": (3,), "a": (2, 3), "dz": (2,), "y": (9, 9)},
            "constants": {"s": 1},
            "extents": {"u": 5},
        }

        assert bind(equation, **numbers).extents == {"q": 2, "r": 3}
        assert bind(equation.adjoint("w"), **numbers).extents == {"r": 3, "q": 2}

    def test_a_text_takes_its_constants_from_the_numbers(self):
        """If the equation is a text, names with a given value are constants, and others indices."""
        nest = bind(
            "g[h] += t[h - k + r]",
            shapes={"t": (5,), "g": (5,)},
            constants={"r": 1},
            extents={"k": 3},
        )

        assert str(nest.equation) == "g[h] += t[h - k + 1]"

    def test_equal_nests_are_equal_values(self):
        """Equal nests compare equal and have equal hashes."""
        one, other = (bind("z[i] = a[i]", shapes={"a": (3,)}) for _ in range(2))
        longer = bind("z[i] = a[i]", shapes={"a": (4,)})

        assert one == other
        assert len({one, other, longer}) == 2


UNFIT = [
    ("z[i] = a[i]", {"shapes": {}}),
    ("z[i] = a[i]", {"shapes": {"a": (2, 3)}}),
    ("z[i] = a[i]", {"shapes": {"a": (0,)}}),
    ("z[i] = a[i] * b[i]", {"shapes": {"a": (2,), "b": (3,)}}),
    ("z[i] = a[i]", {"shapes": {"a": (2,)}, "extents": {"i": 3}}),
    ("z[2*i] = a[i]", {"shapes": {"a": (2,)}}),
    ("z[i] += a[i + u]", {"shapes": {"a": (5,), "z": (3,)}}),
    ("z[i] += a[i + u]", {"shapes": {"a": (5,), "z": (3,)}, "extents": {"u": 0}}),
    ("z[i] += a[i + u]", {"shapes": {"a": (5,), "z": (3,)}, "extents": {"u": (2, 2)}}),
    ("z[*i] += a[*(i + u)]", {"shapes": {"a": (5, 5), "z": (3, 3)}, "extents": {"u": (2, 2, 2)}}),
    ("z[*i] = a[*i]", {"shapes": {"a": (2,), "z": (2, 2)}}),
    ("z[q,*i] = a[q,*i]", {"shapes": {"a": ()}}),
    ("z[*i,*j] = a[*i,*j]", {"shapes": {"a": (2, 2, 2)}}),
    ("z[*i] = a[*(2*i)]", {"shapes": {}}),
    ("z[i] = a[i - p]", {"shapes": {"a": (3,), "z": (3,)}}),
    ("z[i] = a[i - p]", {"shapes": {"a": (3,), "z": (3,)}, "constants": {"p": 0.5}}),
    ("z[i] = a[i - p]", {"shapes": {"a": (3,), "z": (3,)}, "constants": {"p": (1,)}}),
    ("z[*i] = a[*(i - p)]", {"shapes": {"a": (3,), "z": (3,)}, "constants": {"p": (1, 2)}}),
    ("z[i] = a[s*i]", {"shapes": {"a": (3,), "z": (3,)}, "constants": {"s": 0}}),
    ("z[i] = a[i] / count", {"shapes": {"a": (3,)}}),
    ("z[i] = a[i] / count", {"shapes": {"a": (3,)}, "constants": {"count": (1, 2)}}),
    ("z[i] = a[i] / count", {"shapes": {"a": (3,), "count": (3,)}}),
]


def test_numbers_that_do_not_fit_are_refused(golden):
    """Each error shows the statement, the values and what to do, as in the golden file."""
    messages = []
    for text, numbers in UNFIT:
        with pytest.raises(NestError) as caught:
            bind(Equation.parse(text), **numbers)
        given = ", ".join(f"{name}={value}" for name, value in numbers.items())
        messages.append(f"{text} with {given}\n--> {caught.value}\n")

    golden("nests/unfit_numbers", "\n".join(messages))


class TestPrograms:
    """Several statements in order."""

    SOFTMAX = (
        "m[q] max= n[q,h]",
        "e[q,h] = exp(n[q,h] - m[q])",
        "t[q] += e[q,h]",
        "a[q,h] = e[q,h] / t[q]",
    )

    def test_names_are_sorted_into_inputs_temporaries_and_outputs(self):
        """Arrays that are only read are inputs; arrays that are only written are outputs."""
        program = bind_program(self.SOFTMAX, shapes={"n": (2, 3)})

        assert program.inputs == ("n",)
        assert program.temporaries == {"m": (2,), "e": (2, 3), "t": (2,)}
        assert program.outputs == ("a",)

    def test_outputs_can_be_chosen(self):
        """Any array that a statement writes can be an output."""
        program = bind_program(self.SOFTMAX, shapes={"n": (2, 3)}, outputs=["t", "a"])

        assert program.outputs == ("t", "a")
        assert list(program.temporaries) == ["m", "e"]
