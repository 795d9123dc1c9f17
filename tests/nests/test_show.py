"""Nests and programs as text."""

from striate.nests import Equation, bind, bind_program, show

FORWARD = Equation.parse("z[q,g,h,*i] += w[g,h,l,*u] * a[q,g,l,*(s*i + d*u - p)]")


def convolution(equation, rank):
    """Bind a small convolution or one of its adjoints."""
    image, window, outputs = (9, 8, 7)[:rank], (3, 2, 2)[:rank], (5, 4, 4)[:rank]
    shapes = {"w": (2, 3, 1, *window), "a": (4, 2, 1, *image), "z": (4, 2, 3, *outputs)}
    shapes |= {f"d{name}": shape for name, shape in shapes.items()}
    return bind(equation, shapes=shapes, constants={"s": 2, "d": 1, "p": 1})


def test_convolutions_are_printed_as_loops(golden):
    """Hagan 8.38, 8.39, 8.47 in one and two dimensions, with guards only where needed."""
    nests = [
        convolution(equation, rank)
        for rank in (1, 2)
        for equation in (FORWARD, FORWARD.adjoint("a"), FORWARD.adjoint("w"))
    ]

    golden("nests/convolution", "\n\n".join(show(nest) for nest in nests))


def test_other_forms_are_printed_as_loops(golden):
    """Pooling, ordinals, derivatives, padding through tables, filling, and a total sum."""
    a, z = (2, 6, 8, 8), (2, 6, 4, 4)
    numbers = {
        "shapes": {"a": a, "da": a, "z": z, "k": z, "dz": z, "t0": (10,), "t1": (10,)},
        "constants": {"s": 2, "p": 1},
        "extents": {"u": 3},
    }
    texts = [
        "z[q,h,*i] max= a[q,h,*(s*i + u - p)]",
        "k[q,h,*i] argmax= a[q,h,*(s*i + u - p)]",
        "da[q,h,*(s*i + u - p)] += where(k[q,h,*i] == ordinal(*u), dz[q,h,*i], 0)",
        "padded[q,h,*x] = a[q,h,*t[x]]",
        "da[q,h,*x] = 0",
        "f += a[q,h,*x]**2 / 2",
    ]
    fill = {"shapes": {"da": a}}

    shown = [show(bind(text, **(fill if text.endswith("= 0") else numbers))) for text in texts]

    golden("nests/other_forms", "\n\n".join(shown))


def test_programs_are_printed_with_their_arrays(golden):
    """Softmax: inputs, temporaries, outputs, and the loops in order."""
    program = bind_program(
        [
            "m[q,*x] max= n[q,h,*x]",
            "e[q,h,*x] = exp(n[q,h,*x] - m[q,*x])",
            "t[q,*x] += e[q,h,*x]",
            "a[q,h,*x] = e[q,h,*x] / t[q,*x]",
        ],
        shapes={"n": (16, 10)},
    )

    golden("nests/softmax", show(program))


def test_a_program_prints_its_statements():
    """The short form of a program has one line for each statement."""
    program = bind_program(["t[q] += a[q,x]", "m[q] = t[q] / 4"], shapes={"a": (2, 4)})

    assert str(program) == "t[q] += a[q,x]  for q < 2, x < 4\nm[q] = t[q] / 4  for q < 2"


def test_a_nest_without_indices_prints_its_statement():
    """A statement without indices is printed without extents."""
    assert str(bind("f = 2 * rate", shapes={"rate": ()})) == "f = 2 * rate"
