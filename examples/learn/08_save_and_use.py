r"""
8. Save, load, and use your own data
====================================

Your network is trained. This chapter saves it, uses it in a program and at the terminal, and
trains another one on a folder of pictures, as you would do with your own.
"""

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

import striate as st

(x, y), (x_test, y_test) = st.data.load("digits")
net = st.Network.preset("lenet5", seed=0)
net.fit(x, y, epochs=4, batch_size=32, learning_rate=0.002, augment="shift 1")
folder = Path(tempfile.mkdtemp())

# %%
# Save and load
# -------------
#
# A saved model contains everything that is needed to use it: the layers, the weights, how images
# are scaled, and the classes. The file has the format *safetensors*, so loading one never runs any
# code.

net.save(folder / "digits.safetensors")
loaded = st.load(folder / "digits.safetensors")
print(loaded)
assert (loaded.predict(x_test) == net.predict(x_test)).all()

# %%
# ``predict`` returns probabilities, ``predict_classes`` the most probable class of each image:

print(loaded.predict_classes(x_test[::100]), y_test[::100])

# %%
# At the terminal
# ---------------
#
# The command ``striate`` can use the same file. On this page, a small function runs it and prints
# what you would see:


def run(command):
    arguments = shlex.split(command)
    arguments[0] = Path(sys.executable).with_name("striate")
    done = subprocess.run(
        arguments, cwd=folder, capture_output=True, text=True, check=True
    )
    print(f"$ {command}\n{done.stdout}")


# %%
# First, a picture: one of the test digits as a PNG file.

Image.fromarray(x_test[4, :, :, 0]).save(folder / "digit.png")
run("striate predict digits.safetensors digit.png")

# %%
# ``striate summary digits.safetensors`` shows its layers, and ``striate evaluate
# digits.safetensors digits`` measures its accuracy.
#
# Your own pictures
# -----------------
#
# For your own data, put the pictures into one folder per class. The names of the folders are the
# names of the classes. Here, a loop writes 200 squares and 200 diamonds in this form; you would
# use photos.

pictures, labels = st.data.shapes.generate(400, noise=0.3, seed=0)
classes = ("square", "diamond")
for number, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
    path = folder / "figures" / classes[label] / f"{number:03}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture[:, :, 0]).save(path)

st.pictures.samples(pictures, labels, classes=classes, rows=1, columns=8)

# %%
# ``striate data`` shows what striate finds in a folder. It holds back a fifth of the pictures for
# the test.

run("striate data figures")

# %%
# ``striate train`` trains a network on it. ``{classes}`` in the text of the layers is the number
# of classes; without ``--net``, striate chooses a network for the size of the pictures.

layers = "conv 4@3x3 same relu | max 3 | dense {classes} softmax"
options = "--epochs 40 --learning-rate 0.01 --no-pictures"
run(f'striate train figures --net "{layers}" {options}')

# %%
# The model works like the first one. Its classes have the names of the folders:

model = "striate-output/figures-net.safetensors"
run(f"striate predict {model} figures/square/004.png")

# %%
# Where to go next
# ----------------
#
# - :doc:`../../learn/getting-started` repeats the practical steps in five minutes.
# - :doc:`../../how-to/index` has short answers to practical questions.
# - :doc:`../index` shows the figures and experiments of the texts.
# - :doc:`09_from_scratch` builds a small striate: from an equation to machine code.
# - :doc:`../../learn/exercises` lists all exercises, with hints and solutions.
#
# Exercises
# ---------
#
# 1. Write a digit in a drawing program, white on black or with ``--invert`` black on white, and
#    let ``striate predict`` read it. When is it wrong?
# 2. Train a network on two folders of your own photos, with ``--size 64 --augment "shift 4
#    flip"``.
# 3. ``striate explain lenet5`` shows how the network is compiled, and how long each part takes.
#    Which convolution takes most of the time?
