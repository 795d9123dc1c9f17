"""Nest programs as machine code: equal to their interpretation, for any arrays and threads."""

import numpy as np
import pytest

from striate.compile import compile_nests
from striate.errors import NestError
from striate.nests import bind_program, interpret

EPSILON = 2.0**-24
FIXED = "A program is compiled for fixed shapes: bind it to others, and compile it again."

PROGRAMS = {
    "cross-correlation": (
        ["z[i,j] += w[u,v] * a[i + u, j + v]"],
        {"w": (5, 6), "a": (24, 45), "z": (20, 40)},
    ),
    "padding, stride and dilation": (
        ["z[h,i,j] += w[h,l,u,v] * a[l, 2*i + 3*u - 2, 2*j + 3*v - 2]"],
        {"w": (3, 2, 3, 3), "a": (2, 17, 21), "z": (3, 8, 10)},
    ),
    "a map": (["y[i,j] = tanh(a[i,j]) * b[j] + 0.5"], {"a": (7, 33), "b": (33,)}),
    "a maximum": (["m[i,j] max= a[2*i + u, 2*j + v]"], {"a": (10, 12), "m": (5, 6)}),
    "two steps": (
        ["t[i] += a[i,k]", "y[i,j] = a[i,j] - t[i] / 9"],
        {"a": (11, 9)},
    ),
    "two sums into one array": (
        ["z[i] += a[i,k]", "z[i] += b[k,i]"],
        {"a": (6, 8), "b": (7, 6)},
    ),
    "a matrix product shared by threads": (
        ["z[i,j] += a[i,k] * b[k,j]"],
        {"a": (64, 300), "b": (300, 512)},
    ),
}


def bound(name):
    """Bind a program; return it with random inputs and its interpreted outputs."""
    equations, shapes = PROGRAMS[name]
    extents = {"u": 2, "v": 2} if name == "a maximum" else None
    program = bind_program(equations, shapes=shapes, extents=extents)
    rng = np.random.default_rng(0)
    inputs = {x: rng.normal(size=shapes[x]).astype(np.float32) for x in program.inputs}
    return program, inputs


@pytest.mark.parametrize("name", PROGRAMS)
def test_machine_code_computes_what_the_program_means(name):
    """As the interpreter, up to the rounding of float32."""
    program, inputs = bound(name)
    doubles = {x: array.astype(np.float64) for x, array in inputs.items()}

    expected = interpret(program, doubles)

    found = compile_nests(program)(inputs)

    assert found.keys() == set(program.outputs)
    for output in program.outputs:
        # At most 300 products, each of numbers that rarely exceed 4.
        assert found[output] == pytest.approx(expected[output], abs=300 * 16 * EPSILON)


@pytest.mark.parametrize("name", PROGRAMS)
def test_threads_do_not_change_a_bit(name):
    """One thread and three give the same bits, in given arrays too."""
    program, inputs = bound(name)

    one, three = (compile_nests(program, threads=threads)(inputs) for threads in (1, 3))
    given = {x: np.empty_like(array) for x, array in one.items()}
    compile_nests(program)(inputs, given)

    for output in program.outputs:
        assert one[output].tobytes() == three[output].tobytes() == given[output].tobytes()


def test_arrays_that_do_not_fit():
    """Machine code must never see an array of another shape: an error names it."""
    program, inputs = bound("cross-correlation")
    compiled = compile_nests(program)
    doubles = np.empty((20, 40))
    messages = []
    for given, into in (
        ({"w": inputs["w"]}, {}),
        (inputs | {"a": np.zeros((3, 3))}, {}),
        (inputs, {"z": np.empty((2, 2), np.float32)}),
        (inputs, {"z": doubles}),
        (inputs, {"y": doubles}),
    ):
        with pytest.raises(NestError) as error:
            compiled(given, into)
        messages.append(str(error.value))

    assert messages == [
        "The input `a` is missing; expected w, a. Pass an array for each.",
        f"`a` has shape (3, 3); expected (24, 45). {FIXED}",
        f"`z` has shape (2, 2); expected (20, 40). {FIXED}",
        (
            "The output `z` has dtype float64; expected contiguous float32. Use np.empty((20, 40), "
            "np.float32)."
        ),
        "`y` isn't an output of the program; expected z. Use one of these names.",
    ]


def test_the_index_of_images_is_refused():
    """`q` means images in a network's programs."""
    program = bind_program(["y[q] = 2 * a[q]"], shapes={"a": (20,)})

    with pytest.raises(NestError) as error:
        compile_nests(program)

    assert str(error.value) == (
        "y[q] = 2 * a[q] uses the index q, which stands for images in a network's programs. Use "
        "another letter."
    )
