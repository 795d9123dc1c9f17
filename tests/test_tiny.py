"""The five-second test: two steps of LeNet-5 match a plain NumPy reference and are reproducible."""

import numpy as np

import striate as st
from networks import digest

RATE = 0.1


def convolve(w, a, padding):
    """Correlate maps with kernels, one kernel element at a time."""
    a = np.pad(a, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    rows, columns = a.shape[2] - w.shape[2] + 1, a.shape[3] - w.shape[3] + 1
    z = np.zeros((len(a), len(w), rows, columns))
    for u in range(w.shape[2]):
        for v in range(w.shape[3]):
            z += np.einsum("hl,qlij->qhij", w[:, :, u, v], a[:, :, u : u + rows, v : v + columns])
    return z


def convolve_back(w, a, dz, padding):
    """Compute the derivatives with respect to kernels and maps, with the same loops."""
    a = np.pad(a, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    dw, da = np.zeros_like(w), np.zeros_like(a)
    rows, columns = dz.shape[2:]
    for u in range(w.shape[2]):
        for v in range(w.shape[3]):
            window = (..., slice(u, u + rows), slice(v, v + columns))
            dw[:, :, u, v] = np.einsum("qhij,qlij->hl", dz, a[window])
            da[window] += np.einsum("hl,qhij->qlij", w[:, :, u, v], dz)
    end = (a.shape[2] - padding, a.shape[3] - padding)
    return dw, da[:, :, padding : end[0], padding : end[1]]


def average(a):
    """Compute the mean of each 2 x 2 window."""
    q, h, rows, columns = a.shape
    return a.reshape(q, h, rows // 2, 2, columns // 2, 2).mean(axis=(3, 5))


def average_back(dz):
    """Distribute each derivative evenly over its window."""
    return dz.repeat(2, axis=2).repeat(2, axis=3) / 4


def oracle_step(p, x, y):
    """Train LeNet-5 (Wichmann 6.1) for one step of gradient descent in float64; return the loss."""
    a1 = np.tanh(convolve(p["conv1.weight"], x, 2) + p["conv1.bias"][:, None, None])
    a2 = average(a1)
    a3 = np.tanh(convolve(p["conv2.weight"], a2, 0) + p["conv2.bias"][:, None, None])
    a4 = average(a3)
    dense = [a4.reshape(len(x), -1)]
    for k in (1, 2):
        dense.append(np.tanh(dense[-1] @ p[f"dense{k}.weight"].T + p[f"dense{k}.bias"]))
    n = dense[-1] @ p["dense3.weight"].T + p["dense3.bias"]
    probability = np.exp(n) / np.exp(n).sum(axis=1, keepdims=True)
    loss = -np.log(probability[np.arange(len(y)), y]).mean()

    gradient = {}
    dn = (probability - np.eye(10)[y]) / len(y)
    for k in (3, 2, 1):
        gradient[f"dense{k}.weight"] = dn.T @ dense[k - 1]
        gradient[f"dense{k}.bias"] = dn.sum(axis=0)
        da = dn @ p[f"dense{k}.weight"]
        dn = da * (1 - dense[k - 1] ** 2)
    dz3 = average_back(da.reshape(a4.shape)) * (1 - a3**2)
    gradient["conv2.weight"], da2 = convolve_back(p["conv2.weight"], a2, dz3, 0)
    gradient["conv2.bias"] = dz3.sum(axis=(0, 2, 3))
    dz1 = average_back(da2) * (1 - a1**2)
    gradient["conv1.weight"], _ = convolve_back(p["conv1.weight"], x, dz1, 2)
    gradient["conv1.bias"] = dz1.sum(axis=(0, 2, 3))
    for name in p:
        p[name] = p[name] - RATE * gradient[name]
    return loss


def two_steps():
    """Train LeNet-5 for two steps of eight images each."""
    (x, y), _ = st.data.load("digits")
    network = st.Network.preset("lenet5", seed=1)
    history = network.fit(x[:16], y[:16], epochs=1, batch_size=8, shuffle=False,
                          optimizer="gradient-descent", learning_rate=RATE)  # fmt: skip
    return network, history


def test_two_steps_equal_the_oracle():
    """The weights after two steps equal those of equations written by hand."""
    (x, y), _ = st.data.load("digits")
    p = {
        name: array.astype(np.float64)
        for name, array in st.Network.preset("lenet5", seed=1).parameters.items()
    }
    start = {name: array.copy() for name, array in p.items()}
    images = np.moveaxis(x[:16].astype(np.float64) / 255, -1, 1)
    losses = [oracle_step(p, images[k : k + 8], y[k : k + 8]) for k in (0, 8)]
    network, history = two_steps()

    # The error of a sum of n products is about sqrt(n) roundings of 6e-8 (n is at most 8 x 784:
    # 5e-6). Each of the eight layers adds its error, forward and backward: 1e-4 of the step.
    for name, array in network.parameters.items():
        step = np.linalg.norm(p[name] - start[name])
        assert np.linalg.norm(array - p[name]) < 1e-4 * step + 1e-7 * np.linalg.norm(p[name]), name
        assert step > 0
    assert abs(history["loss"][0] - np.mean(losses)) < 1e-6


def test_two_runs_give_the_same_bits():
    """Two runs with the same seed give bit-identical weights."""
    assert digest(two_steps()[0]) == digest(two_steps()[0])
