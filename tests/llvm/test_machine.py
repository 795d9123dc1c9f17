"""Machine code in memory, wherever the process has room for it."""

import subprocess
import sys

import pytest

# Room for two pages is left above 8 GiB that are taken, room for more is below them: so it looks in
# a process that has loaded other large libraries. The constants need two pages, the code five.
FAR_APART = """
import mmap

import numpy as np

import striate as st

net = st.Network.preset("lenet5", engine="compiled")
images = np.zeros((4, *net.input_shape), np.float32)
st.Network.preset("two-layer", engine="compiled", seed=1).predict(np.zeros((1, 28, 28, 1)))

def taken(size):
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=0)

rooms = [taken(2 * mmap.PAGESIZE) for _ in range(512)]
between = taken(8 << 30)
gaps = [taken(3 * mmap.PAGESIZE) for _ in range(4096)]
for room in rooms[::2]:
    room.close()
print(net.predict(images).shape)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems place memory elsewhere")
def test_code_and_its_constants_lie_together():
    """Code reaches its constants with 32-bit offsets, whatever memory is allocated between them."""
    found = subprocess.run(
        [sys.executable, "-c", FAR_APART], check=False, capture_output=True, text=True, timeout=60
    )

    assert (found.returncode, found.stdout) == (0, "(4, 10)\n"), found.stderr
