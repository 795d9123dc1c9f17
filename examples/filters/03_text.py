r"""
Text as a signal: code or prose?
================================

A text is a signal, too: its axis counts the characters, and it has a channel for each letter of the
alphabet. A kernel of five characters is a pattern of five letters. It slides along the text like a
template over a picture, and its response is large where the text resembles the pattern. The maximum
over all positions tells whether the pattern occurs, wherever that is.

Can such a network tell Python code from English? The texts are on every computer that has Python:
the standard library consists of code and of docstrings, which are prose.
"""

import ast
import re
import sysconfig
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import striate as st

# %%
# Brackets and quotes would give the code away. So only lowercase letters remain; any run of
# other characters becomes one space. The modules of the standard library, in alphabetical order,
# are used alternately for training and for the test, so the network is tested on code that it has
# never read.

LETTERS = " abcdefghijklmnopqrstuvwxyz"
LENGTH = 48  # characters


def code_and_prose(path):
    """Return the code of a module without comments, and its docstrings, as letters and spaces."""
    source = path.read_text(encoding="utf-8")
    lines, prose = source.splitlines(), []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        if docstring := ast.get_docstring(node):
            prose += [
                line for line in docstring.splitlines() if ">>>" not in line
            ]
            first = node.body[0]
            lines[first.lineno - 1 : first.end_lineno] = [""] * (
                first.end_lineno - first.lineno + 1
            )
    code = [line.split("#")[0] for line in lines]
    return [
        re.sub("[^a-z]+", " ", " ".join(part).lower()) for part in (code, prose)
    ]


def texts(paths):
    """Cut all code and all prose into pieces, and keep as many of one as of the other."""
    both = [[], []]
    for path in paths:
        for pieces, text in zip(both, code_and_prose(path), strict=True):
            ends = range(LENGTH, len(text) + 1, LENGTH)
            pieces += [text[end - LENGTH : end] for end in ends]
    count = min(map(len, both))
    rng = np.random.default_rng(0)
    chosen = [
        [pieces[k] for k in rng.permutation(len(pieces))[:count]]
        for pieces in both
    ]
    return chosen[0] + chosen[1], np.repeat([0, 1], count)


def one_hot(texts):
    """Return ``(texts, characters, letters)``: 1 in the channel of the letter, 0 in all others."""
    codes = np.array(
        [[LETTERS.index(character) for character in text] for text in texts]
    )
    return np.eye(len(LETTERS), dtype=np.float32)[codes]


modules = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("[a-z]*.py"))[:100]
(train, y), (test, y_test) = texts(modules[::2]), texts(modules[1::2])
x, x_test = one_hot(train), one_hot(test)
print(
    f"{len(x)} pieces of {LENGTH} characters for training, {len(x_test)} for the test"
)
print(f"code:  {train[0]!r}")
print(f"prose: {train[-1]!r}")

# %%
# Kernels of one character can only tell which letters occur. Longer kernels see their order, too,
# and that is where code and prose differ.


def trained(size):
    """Train a network with 16 kernels of this many characters."""
    net = st.Network(
        [
            st.Conv(16, (size,), activation="relu"),
            st.GlobalMaxPool(),
            st.Dense(2, activation="softmax"),
        ],
        input_shape=(LENGTH, len(LETTERS)),
        seed=0,
    )
    optimizer = st.optimizers.AdamW(learning_rate=0.003, weight_decay=0.3)
    net.fit(
        x,
        y,
        epochs=8,
        batch_size=32,
        optimizer=optimizer,
        seed=0,
        progress=False,
    )
    net.classes = ("code", "prose")
    return net


networks = {size: trained(size) for size in (1, 3, 5)}
accuracy = {
    size: net.evaluate(x_test, np.array(net.classes)[y_test]).accuracy
    for size, net in networks.items()
}
for size, value in accuracy.items():
    print(f"kernels of {size}: accuracy {value:.1%}")
assert accuracy[5] > accuracy[3] > accuracy[1] + 0.1

net = networks[5]
print(net.summary())

# %%
# What did the kernels learn to find? The trace of a pass contains the response at each position.
# The position of its maximum leads back to five characters of the text. The table lists, for each
# kernel, the characters with the largest responses, and how much a response counts for prose
# (positive) or for code (negative). A dot is a space.

responses = net.trace(x_test)["conv1"].A  # [text, kernel, position]
strongest, places = responses.max(axis=-1), responses.argmax(axis=-1)
weights = net.parameters["dense1.weight"]
votes = weights[1] - weights[0]

for kernel in np.argsort(votes):
    found = []
    for k in np.argsort(-strongest[:, kernel]):
        piece = test[k][places[k, kernel] :][:5].replace(" ", "·")
        if piece not in found:
            found.append(piece)
        if len(found) == 7:
            break
    print(f"{votes[kernel]:+.2f}  {'  '.join(found)}")

# %%
# A prediction is the sum of these votes, and each vote comes from five characters. Red characters
# are evidence for prose, blue ones for code. The first ten pieces of the test set are classified
# correctly, and the last two are the worst mistakes of each class: strings in code can hold
# sentences, and docstrings can hold code.

evidence = np.zeros((len(test), LENGTH))
for kernel, vote in enumerate(votes):
    for offset in range(5):
        np.add.at(
            evidence,
            (np.arange(len(test)), places[:, kernel] + offset),
            vote * strongest[:, kernel] / 5,
        )

difference = net.parameters["dense1.bias"] @ [-1, 1] + evidence.sum(axis=1)
probability = net.predict(x_test)[:, 1]
assert np.allclose(1 / (1 + np.exp(-difference)), probability, atol=1e-4)

right = (probability > 0.5) == y_test
examples = [
    *np.flatnonzero(right & (y_test == 0))[:5],
    *np.flatnonzero(right & (y_test == 1))[:5],
]
examples += [
    np.where(right, 0.5, probability).argmax(),
    np.where(right, 0.5, probability).argmin(),
]
st.pictures.text(
    [test[k] for k in examples],
    evidence[examples],
    [f"{net.classes[y_test[k]]}, {probability[k]:.0%} prose" for k in examples],
)
plt.show()
