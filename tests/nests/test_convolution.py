"""Convolution in the language: the adjoint identity, and the equations as the book prints them."""

import itertools

import numpy as np
import pytest

from nests.plain_loops import drawn
from striate.nests import Equation, bind, interpret

CONVOLUTION = "z[q,g,h,*i] += w[g,h,l,*u] * a[q,g,l,*(s*i + d*u - p)]"


class TestAdjointIdentity:
    """<f(w,a),dz> = <a,dA> = <w,dW>, to 1e-10, for convolutions of any rank and geometry."""

    @pytest.mark.parametrize("rank", [1, 2, 3])
    @pytest.mark.parametrize("stride", [1, 2, 3])
    @pytest.mark.parametrize("dilation", [1, 2])
    @pytest.mark.parametrize("padding", [0, 1, 4])
    @pytest.mark.parametrize("groups", [1, 2])
    def test_convolution(self, rank, stride, dilation, padding, groups):
        """The two adjoints of Hagan 8.38 are 8.39 and 8.47."""
        image, window = (9, 8, 7)[:rank], (3, 2, 2)[:rank]
        reach = [dilation * (r - 1) + 1 for r in window]
        outputs = [(x + 2 * padding - r) // stride + 1 for x, r in zip(image, reach, strict=True)]
        shapes = {
            "w": (groups, 2, 3, *window),
            "a": (2, groups, 3, *image),
            "z": (2, groups, 2, *outputs),
        }
        shapes |= {f"d{name}": shape for name, shape in shapes.items()}
        numbers = {"shapes": shapes, "constants": {"s": stride, "d": dilation, "p": padding}}
        w, a, dz = (drawn(*shapes[name], seed=k) for k, name in enumerate(("w", "a", "dz")))
        forward = Equation.parse(CONVOLUTION)

        z = interpret(bind(forward, **numbers), {"w": w, "a": a})["z"]
        da = interpret(bind(forward.adjoint("a"), **numbers), {"w": w, "dz": dz})["da"]
        dw = interpret(bind(forward.adjoint("w"), **numbers), {"a": a, "dz": dz})["dw"]

        whole = np.vdot(z, dz)
        scale = np.linalg.norm(z) * np.linalg.norm(dz)
        assert abs(np.vdot(a, da) - whole) < 1e-10 * scale
        assert abs(np.vdot(w, dw) - whole) < 1e-10 * scale

    @pytest.mark.parametrize("mode", ["reflect", "edge", "wrap"])
    def test_padding(self, mode):
        """The adjoint of copying through a table adds up what was copied from one pixel."""
        table = np.pad(np.arange(4), 2, mode=mode)
        equation = Equation.parse("padded[q,*x] = a[q,*t[x]]")
        shapes = {"a": (2, 4, 4), "t0": (8,), "t1": (8,)} | {"da": (2, 4, 4), "dpadded": (2, 8, 8)}
        tables = {"t0": table, "t1": table}
        a, dpadded = drawn(2, 4, 4), drawn(2, 8, 8, seed=1)

        padded = interpret(bind(equation, shapes=shapes), {"a": a, **tables})["padded"]
        backward = bind(equation.adjoint("a"), shapes=shapes)
        da = interpret(backward, {"dpadded": dpadded, **tables})["da"]

        assert np.vdot(padded, dpadded) == pytest.approx(np.vdot(a, da), rel=1e-12)


class TestBook:
    """The equations as printed in the book, counted from 1, compared with the language."""

    def test_hagan_8_38_8_41_8_47(self):
        """Forward, dA and dW for stride 1 without padding, evaluated as printed."""
        lw, a, dlz = drawn(2, 3, 2, 3), drawn(3, 5, 6, seed=1), drawn(2, 4, 4, seed=2)
        lz, da, dlw = np.zeros(dlz.shape), np.zeros(a.shape), np.zeros(lw.shape)
        for h, i, j in itertools.product(range(1, 3), range(1, 5), range(1, 5)):
            for l, u, v in itertools.product(range(1, 4), range(1, 3), range(1, 4)):
                pixel = a[l - 1, i + u - 2, j + v - 2]
                lz[h - 1, i - 1, j - 1] += lw[h - 1, l - 1, u - 1, v - 1] * pixel
                dlw[h - 1, l - 1, u - 1, v - 1] += dlz[h - 1, i - 1, j - 1] * pixel
        for l, x, y in itertools.product(range(1, 4), range(1, 6), range(1, 7)):  # x is u', y is v'
            for h in range(1, 3):
                for i, j in itertools.product(range(x - 2 + 1, x + 1), range(y - 3 + 1, y + 1)):
                    if 1 <= i <= 4 and 1 <= j <= 4:  # corrected: zero outside dLZ
                        weight = lw[h - 1, l - 1, x - i, y - j]
                        da[l - 1, x - 1, y - 1] += dlz[h - 1, i - 1, j - 1] * weight
        forward = Equation.parse("z[h,*i] += w[h,l,*u] * a[l,*(i + u)]")
        shapes = {"w": lw.shape, "a": a.shape, "z": lz.shape}
        shapes |= {f"d{name}": shape for name, shape in shapes.items()}
        arrays = {"w": lw, "a": a, "dz": dlz}

        for equation, expected in [
            (forward, lz),
            (forward.adjoint("a"), da),
            (forward.adjoint("w"), dlw),
            # 8.41 itself, a gather, and 8.44, with the kernel rotated by 180 degrees:
            (Equation.parse("da[l,*x] += dz[h,*i] * w[h,l,*(x - i)]"), da),
            (
                Equation.parse("da[l,*x] += w[h,l,*(m - u)] * dz[h,*(x + u - m)]", constants={"m"}),
                da,
            ),
        ]:
            nest = bind(equation, shapes=shapes, constants={"m": (1, 2)}, extents={"u": (2, 3)})
            found = interpret(nest, {name: arrays[name] for name in nest.sources})
            np.testing.assert_allclose(found[nest.target], expected, atol=1e-13)

    def test_hagan_8_22(self):
        """Average pooling with one trainable weight for each map."""
        a, w = drawn(1, 4, 6), np.array([0.25])
        nest = bind(
            "z[h,*i] += w[h] * a[h,*(r*i + u)]",
            shapes={"a": a.shape, "w": (1,), "z": (1, 2, 2)},
            constants={"r": (2, 3)},
            extents={"u": (2, 3)},
        )

        z = interpret(nest, {"a": a, "w": w})["z"]

        expected = a.reshape(1, 2, 2, 2, 3).sum((2, 4)) * 0.25
        np.testing.assert_allclose(z, expected, atol=1e-15)
