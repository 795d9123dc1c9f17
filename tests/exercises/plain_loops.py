"""The answers to all exercises, computed with plain loops from the given numbers alone.

Nothing here uses the library's arithmetic: only lists, loops and the definitions of the texts.
"""

import math
from functools import cache

from striate.exercises.images import SHAPES

LINES = {  # the pixels of the kernels of figure 8.5, relative to their middle
    "horizontal": [(0, -1), (0, 0), (0, 1)],
    "vertical": [(-1, 0), (0, 0), (1, 0)],
    "slash": [(-1, -1), (0, 0), (1, 1)],
    "backslash": [(-1, 1), (0, 0), (1, -1)],
}


def lists(array):
    """Convert an array to nested lists of Python numbers."""
    return array.tolist()


def zeros(rows, columns):
    return [[0] * columns for _ in range(rows)]


def pad(image, width):
    """Add zeros on every side."""
    rows, columns = len(image), len(image[0])
    padded = zeros(rows + 2 * width, columns + 2 * width)
    for i in range(rows):
        for j in range(columns):
            padded[width + i][width + j] = image[i][j]
    return padded


def correlate(image, kernel, padding=0):
    """Hagan 8.9, wherever the kernel fits."""
    image = pad(image, padding)
    r, c = len(kernel), len(kernel[0])
    result = zeros(len(image) - r + 1, len(image[0]) - c + 1)
    for m in range(len(result)):
        for n in range(len(result[0])):
            for i in range(r):
                for j in range(c):
                    result[m][n] += kernel[i][j] * image[m + i][n + j]
    return result


def convolve_full(image, kernel):
    """Hagan 8.5: every pixel puts a copy of the kernel on the result."""
    r, c = len(kernel), len(kernel[0])
    result = zeros(len(image) + r - 1, len(image[0]) + c - 1)
    for i in range(len(image)):
        for j in range(len(image[0])):
            for u in range(r):
                for v in range(c):
                    result[i + u][j + v] += image[i][j] * kernel[u][v]
    return result


def convolve(image, kernel):
    """Cut out the part of the full convolution where the kernel is completely on the image."""
    r, c = len(kernel), len(kernel[0])
    full = convolve_full(image, kernel)
    return [row[c - 1 : len(image[0])] for row in full[r - 1 : len(image)]]


def flip(kernel):
    """Reverse rows and columns."""
    return [row[::-1] for row in kernel[::-1]]


def p8_1(exercise):
    kernel, image = lists(exercise.kernel), lists(exercise.image)
    (z,) = convolve(image, kernel)[0]
    return {"a": [row[::-1] for row in kernel], "b": flip(kernel), "c": z}


def p8_2(exercise):
    reach = max(abs(exercise.right), abs(exercise.up))
    kernel = zeros(2 * reach + 1, 2 * reach + 1)
    kernel[reach - exercise.up][reach + exercise.right] = exercise.gain
    return {"a": kernel, "b": flip(kernel)}


def p8_3(exercise):
    (r, c), dz = exercise.window, lists(exercise.dz)
    result = zeros(r * len(dz), c * len(dz[0]))
    windows_of_first_pixel = 0
    for i in range(len(dz)):
        for j in range(len(dz[0])):
            for u in range(r):
                for v in range(c):
                    result[r * i + u][c * j + v] += exercise.weight * dz[i][j]
                    windows_of_first_pixel += (r * i + u, c * j + v) == (0, 0)
    return {"a": windows_of_first_pixel, "b": result}


def p8_4(exercise):
    (r, c), dz, a = exercise.window, lists(exercise.dz), lists(exercise.a)
    sums = zeros(len(dz), len(dz[0]))
    dw = 0
    for i in range(len(dz)):
        for j in range(len(dz[0])):
            for u in range(r):
                for v in range(c):
                    sums[i][j] += a[r * i + u][c * j + v]
                    dw += dz[i][j] * a[r * i + u][c * j + v]
    return {"a": sums, "b": dw}


def e8_1(exercise):
    kernel = lists(exercise.kernel)
    responses = {
        name: sum(kernel[i][j] * lists(shape)[i][j] for i in range(3) for j in range(3))
        for name, shape in SHAPES.items()
    }
    largest = max(responses.values())
    (detected,) = [name for name, response in responses.items() if response == largest]
    return {"a": correlate(lists(exercise.image), kernel, padding=1), "b": detected}


def e8_2(exercise):
    v = correlate(lists(exercise.first.image), lists(exercise.first.kernel), padding=1)
    half = range(len(v) // 2)
    return {
        "a": [
            [max(v[2 * i][2 * j : 2 * j + 2] + v[2 * i + 1][2 * j : 2 * j + 2]) for j in half]
            for i in half
        ]
    }


def e8_4(exercise):
    image, kernel = lists(exercise.image), lists(exercise.kernel)
    rows, columns, side = len(image), len(image[0]), len(kernel)
    full = convolve_full(image, kernel)
    drawn = zeros(rows, columns)
    for row in range(rows):  # axes of P8.1: i to the right, j upward, both from the lower left
        for column in range(columns):
            for u in range(side):
                for v in range(side):
                    i, j = column + v, (rows - 1 - row) + (side - 1 - u)
                    if i < columns and j < rows:
                        drawn[rows - 1 - j][i] += image[row][column] * kernel[u][v]
    half = side // 2
    return {
        "a": drawn,
        "b": [row[:columns] for row in full[:rows]],
        "c": [row[half : half + columns] for row in full[half : half + rows]],
    }


def e8_5(exercise):
    image, places = lists(exercise.image), exercise.neighbors
    share = 1 / len(places)
    impulse = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]

    def average(p):
        result = zeros(len(p), len(p[0]))
        for i in range(len(p)):
            for j in range(len(p[0])):
                for down, right in places:
                    if 0 <= i + down < len(p) and 0 <= j + right < len(p[0]):
                        result[i][j] += share * p[i + down][j + right]
        return result

    kernel = average(impulse)
    return {"a": kernel, "b": average(image), "c": flip(kernel)}


def e8_6(exercise):
    image, kernel = lists(exercise.image), lists(exercise.kernel)
    return {
        "a": convolve(image, kernel),
        "b": correlate(image, kernel),
        "c": flip(kernel),
        "d": convolve(image, kernel),
    }


def positions(size, kernel, stride, padding):
    """Count where a kernel fits, by moving it."""
    return sum(
        first % stride == 0 and first + kernel <= size + 2 * padding
        for first in range(size + 2 * padding)
    )


def e8_7(exercise):
    size, kernel = exercise.size, exercise.kernel
    (same,) = [p for p in range(kernel) if positions(size, kernel, 1, p) == size]
    return {"a": positions(size, kernel, exercise.stride, exercise.padding), "b": same}


def max_pool_backward(a, dz, stride):
    """Route each derivative to the largest pixel of its 2 x 2 window."""
    result = zeros(len(a), len(a[0]))
    for i in range(len(dz)):
        for j in range(len(dz[0])):
            window = [(stride * i + u, stride * j + v) for u in range(2) for v in range(2)]
            row, column = max(window, key=lambda pixel: a[pixel[0]][pixel[1]])
            result[row][column] += dz[i][j]
    return result


def e8_8(exercise):
    return {
        "a": max_pool_backward(lists(exercise.a), lists(exercise.dz), 2),
        "b": max_pool_backward(lists(exercise.small), lists(exercise.dsmall), 1),
    }


def e8_9(exercise):
    z, dn, b = lists(exercise.z), lists(exercise.dn), exercise.bias
    pixels = [(i, j) for i in range(len(z)) for j in range(len(z[0]))]
    return {
        "a": [[b * value for value in row] for row in dn],
        "b": sum(dn[i][j] * z[i][j] for i, j in pixels),
    }


def outlines(size):
    """List the black pixels of every square and diamond, with the class."""
    found = []
    for side in range(3, size + 1):
        for top in range(size - side + 1):
            for left in range(size - side + 1):
                span = range(side)
                ink = {(top + i, left + j) for i in span for j in (0, side - 1)}
                ink |= {(top + i, left + j) for i in (0, side - 1) for j in span}
                found.append(("square", ink))
    for radius in range(1, (size - 1) // 2 + 1):
        for row in range(radius, size - radius):
            for column in range(radius, size - radius):
                ink = {
                    (row + i, column + j)
                    for i in range(-radius, radius + 1)
                    for j in range(-radius, radius + 1)
                    if abs(i) + abs(j) == radius
                }
                found.append(("diamond", ink))
    return found


@cache
def pooled_lines(size):
    """For each figure: its class, and in how many 3 x 3 windows each kernel has a full match."""
    result = []
    for name, ink in outlines(size):
        counts = {}
        for kernel, line in LINES.items():
            matches = {
                (row, column)
                for row, column in ink
                if all((row + i, column + j) in ink for i, j in line)
            }
            counts[kernel] = len({(row // 3, column // 3) for row, column in matches})
        result.append((name, counts))
    return result


def e8_10(exercise):
    ink = exercise.ink
    (bias,) = [b for b in range(-20, 21) if max(0, 3 * ink + b) == ink and max(0, 2 * ink + b) == 0]
    figures = pooled_lines(exercise.size)
    votes = [
        [
            1 if any(counts[kernel] for label, counts in figures if label == name) else -1
            for kernel in exercise.kernels
        ]
        for name in exercise.classes
    ]
    return {
        "a": bias,
        "b": votes,
        "c": sum(not any(counts.values()) for _, counts in figures),
    }


def design_is_right(exercise, design):
    """Run a design on all figures: full matches give `ink`, everything else 0."""
    biases = design["dense_bias"]
    for name, counts in pooled_lines(exercise.size):
        sums = [
            bias
            + exercise.ink * sum(w * counts[k] for w, k in zip(row, exercise.kernels, strict=False))
            for row, bias in zip(design["dense_weights"], biases, strict=False)
        ]
        label = exercise.classes.index(name)
        if sums[label] <= sums[1 - label]:
            return False
    return design["convolution_bias"] == -2 * exercise.ink


def wolter(exercise):
    image, kernel = lists(exercise.image), lists(exercise.kernel)
    columns = len(image[0])
    index = [
        [(i + u) * columns + j + v for u in range(2) for v in range(2)]
        for i in range(len(image) - 1)
        for j in range(columns - 1)
    ]
    (rows, wide), (u, v) = exercise.scene, exercise.template
    terms = [
        -math.log(o if y else 1 - o)
        for ys, outputs in zip(lists(exercise.labels), lists(exercise.outputs), strict=False)
        for y, o in zip(ys, outputs, strict=False)
    ]
    x = lists(exercise.values)
    mean = sum(x) / len(x)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in x) / len(x))
    size, maps, parameters = 28, 1, 0
    for number, more in enumerate(exercise.maps):
        parameters += more * (maps * 9 + 1)
        size, maps = size - 2, more
        if number < 2:
            size //= 2
    features = maps * size * size
    parameters += 128 * (features + 1) + 10 * (128 + 1)
    return {
        "a": index,
        "b": correlate(image, kernel),
        "c": positions(rows, u, 1, 0) * positions(wide, v, 1, 0) * u * v,
        "d": round(sum(terms) / len(terms), 4),
        "e": round((x[0] - mean) / deviation, 4),
        "f": features,
        "g": parameters,
    }


ORACLES = {
    "P8.1": p8_1,
    "P8.2": p8_2,
    "P8.3": p8_3,
    "P8.4": p8_4,
    "E8.1": e8_1,
    "E8.2": e8_2,
    "E8.4": e8_4,
    "E8.5": e8_5,
    "E8.6": e8_6,
    "E8.7": e8_7,
    "E8.8": e8_8,
    "E8.9": e8_9,
    "E8.10": e8_10,
    "Wolter": wolter,
}
