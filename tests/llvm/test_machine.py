"""Machine code in memory, wherever the process has space for it."""

import subprocess
import sys

import pytest

# There are gaps of two pages above 8 GiB of reserved memory, and larger ones below it, as in a
# process that has loaded other large libraries. The constants need two pages, the code five.
FAR_APART = """
import mmap

import numpy as np

import striate as st

net = st.Network.preset("lenet5", engine="compiled")
images = np.zeros((4, *net.input_shape), np.float32)
st.Network.preset("two-layer", engine="compiled", seed=1).predict(np.zeros((1, 28, 28, 1)))

def reserve(size):
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=0)

rooms = [reserve(2 * mmap.PAGESIZE) for _ in range(512)]
between = reserve(8 << 30)
gaps = [reserve(3 * mmap.PAGESIZE) for _ in range(4096)]
for room in rooms[::2]:
    room.close()
print(net.predict(images).shape)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems place memory elsewhere")
def test_code_and_constants_are_adjacent():
    """Code reaches its constants with 32-bit offsets, however memory is fragmented."""
    found = subprocess.run(
        [sys.executable, "-c", FAR_APART], check=False, capture_output=True, text=True, timeout=60
    )

    assert (found.returncode, found.stdout) == (0, "(4, 10)\n"), found.stderr
