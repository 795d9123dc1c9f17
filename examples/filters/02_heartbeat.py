r"""
One dimension: a heartbeat
==========================

A signal is an image with a single axis. Everything that convolution does to pictures, it does to
signals: it smooths, it differentiates, and it finds what looks like a template. Here the signal is
an electrocardiogram, five minutes of the voltage between two electrodes on a chest.

The recording is an excerpt of record 208 of the `MIT-BIH Arrhythmia Database
<https://physionet.org/content/mitdb/1.0.0/>`__ (PhysioNet, Open Data Commons Attribution License).
Its file is next to this example in striate's repository; to run the example elsewhere, download
:download:`electrocardiogram.npz <../../../examples/filters/electrocardiogram.npz>`.
"""

import matplotlib.pyplot as plt
import numpy as np

import striate as st
from striate import maths
from striate.maths import kernels

RATE = 360  # samples per second

with np.load("electrocardiogram.npz") as file:
    recording = (file["steps"].cumsum() - 1024) / 200  # millivolts

# %%
# Two averages
# ------------
#
# The mains add a hum of 60 Hz. Six samples are exactly one of its periods, so the mean of six
# samples contains none of it. The voltage also drifts as the person breathes and moves. The mean of
# a whole second is little more than this drift, and subtracting it makes the signal level.


def filtered(signal, kernel):
    """Correlate a signal with a kernel, and keep its length."""
    return maths.cross_correlate(
        signal, kernel, padding="same", padding_mode="replicate"
    )


def hum(signal):
    """Return the amplitude at 60 Hz."""
    time = np.arange(len(signal)) / RATE
    return 2 * abs(np.mean(signal * np.exp(-2j * np.pi * 60 * time)))


def leveled(signal):
    """Subtract the mean of the second around each sample."""
    return signal - filtered(signal, kernels.box(RATE + 1, rank=1))


smooth = filtered(recording, kernels.box(6, rank=1))
level = leveled(smooth)

print(
    f"hum: {1000 * hum(recording):.2f} microvolts, after the mean {1000 * hum(smooth):.3f}"
)
assert hum(smooth) < 0.01 * hum(recording)

# %%
# Derivative and template
# -----------------------
#
# The derivative shows how steep the signal is. Most beats of this heart are narrow. Some are wide:
# they begin in the wrong part of the heart, and spread more slowly. They are as high as the others,
# but not as steep.
#
# For a matched filter, the template is a beat cut out of the recording. The score is the normalized
# correlation: it doesn't depend on the height of a beat, only on its shape. It comes close to 1 at
# narrow beats, and not at wide ones.

# Millivolts per second.
steepness = filtered(level, kernels.sobel(rank=1)) * RATE / 2

# The beat in second 24.
beat = 24 * RATE + np.argmax(level[24 * RATE : 25 * RATE])
template = level[beat - 36 : beat + 37]
score = np.pad(
    st.matching.score_map(level[np.newaxis], template[np.newaxis])[0], 36
)

ten = slice(100 * RATE, 110 * RATE)
st.pictures.signals(
    [recording[ten], level[ten], steepness[ten], score[ten]],
    ["recording", "smooth and level", "derivative", "score"],
    step=1 / RATE,
    start=100,
    unit="seconds",
)

# %%
# A rule
# ------
#
# A beat is a peak of at least 0.6 mV. Its width, measured at half of its height, falls into one of
# two groups: about 25 ms, or more than twice as much. Physicians call the wide ones premature
# ventricular contractions. They would look at more than the width; for this example, it decides.


def peaks(signal):
    """Find the samples above 0.6 that are the highest within a fifth of a second."""
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(signal, RATE // 5), 2 * RATE // 5 + 1
    )
    return np.flatnonzero((signal == around.max(axis=1)) & (signal > 0.6))


def beats(signal, limit=0.05):
    """Find all beats; return their samples, 1 for narrow and 2 for wide ones, and their widths."""
    places = peaks(signal)
    widths = np.zeros(len(places))
    for k, place in enumerate(places):
        lower = signal < signal[place] / 2
        before, after = (
            lower[max(0, place - RATE) : place][::-1],
            lower[place : place + RATE],
        )
        widths[k] = (before.argmax() + after.argmax() + 1) / RATE
    return places, np.where(widths < limit, 1, 2), widths


places, kinds, widths = beats(level)
narrow, wide = 1000 * widths[kinds == 1], 1000 * widths[kinds == 2]
print(f"{len(narrow)} narrow beats, width {np.median(narrow):.0f} ms (median)")
print(f"{len(wide)} wide beats, width {np.median(wide):.0f} ms (median)")

scores = [score[place - 5 : place + 6].max() for place in places]
matched = np.array(scores) > 0.88
print(f"score above 0.88: {matched[kinds == 1].mean():.0%} of the narrow beats")
print(f"                  {matched[kinds == 2].mean():.0%} of the wide beats")
assert matched[kinds == 1].mean() > 0.95
assert matched[kinds == 2].mean() < 0.1

# %%
# A network
# ---------
#
# Now suppose that the electrodes are bad: noise is added to the recording, with twice the standard
# deviation of the signal itself. Can the beats still be found? The labels are what the rule finds
# *without* the noise. The first 200 seconds are for training, each with five different noises; the
# other 100 seconds are for the test.
#
# The network has two convolutions and no other layers. Its input is a signal of any length, and it
# predicts a class for each sample: no beat, a narrow beat, or a wide one. The mean of six samples,
# with stride 3, prepares the signal. It removes the hum again, and leaves 120 samples per second.
# Weight decay shrinks the weights that the task doesn't need, so that the kernels can be read.


def with_noise(seed):
    """Add noise to the recording."""
    return recording + np.random.default_rng(seed).normal(
        0, 2 * level.std(), len(recording)
    )


def prepared(signal):
    """Return 120 samples per second, without hum and drift."""
    fewer = maths.cross_correlate(signal, kernels.box(6, rank=1), stride=3)
    return fewer - filtered(fewer, kernels.box(121, rank=1))


x = np.stack([prepared(with_noise(seed)) for seed in range(5)])
y = np.zeros(x.shape, int)
for place, kind in zip(places // 3, kinds, strict=True):
    y[:, max(0, place - 6) : place + 7] = kind  # a tenth of a second

end, length = 200 * 120, 600  # train on pieces of 5 seconds
net = st.Network(
    [
        st.Conv(8, 31, padding="same", activation="relu"),
        st.Conv(3, 31, padding="same", activation="softmax"),
    ],
    input_shape=(length, 1),
    seed=0,
)
net.fit(
    x[:, :end].reshape(-1, length, 1),
    y[:, :end].reshape(-1, length),
    epochs=20,
    batch_size=8,
    optimizer=st.optimizers.AdamW(learning_rate=0.003, weight_decay=1.0),
    seed=0,
    progress=False,
)
print(net.summary())

# %%
# A convolution has no fixed input size, so the same kernels read the last 100 seconds in one piece
# of 12,000 samples. The noise is new, too. The beat at 255 seconds looks like a fusion of both
# kinds, and the network gives both about the same probability.

test = net.at((x.shape[1] - end, 1))


def predicted(seed):
    """Return the probabilities of each test sample, for a noise."""
    return test.predict(
        prepared(with_noise(seed))[np.newaxis, end:, np.newaxis]
    )[0]


probabilities = predicted(seed=5)
part = slice(50 * 120, 58 * 120)
st.pictures.signals(
    [
        prepared(recording)[end:][part],
        prepared(with_noise(5))[end:][part],
        *probabilities[part, 1:].T,
    ],
    [
        "without noise",
        "input of the network",
        "narrow (probability)",
        "wide (probability)",
    ],
    labels=probabilities[part].argmax(axis=-1),
    classes=("no beat", "narrow beat", "wide beat"),
    step=1 / 120,
    start=250,
    unit="seconds",
)

# %%
# How good is that? A beat is found if a beat of the same kind is predicted within 0.08 seconds of
# it; neighboring samples with a predicted beat count as one. The rule gets a fair chance: it is
# applied to the noisy signal after Gaussian smoothing, with the smoothing and the limit between
# narrow and wide that make the fewest errors on the training part.


def errors(found, found_kinds, part):
    """Count the missed beats and the false alarms."""
    missed = invented = 0
    for kind in (1, 2):
        there, here = places[kinds == kind] / RATE, found[found_kinds == kind]
        there, here = (
            one[(one > part[0]) & (one < part[1])] for one in (there, here)
        )
        near = np.abs(there[:, np.newaxis] - here) < 0.08
        missed += np.sum(~near.any(axis=1))
        invented += np.sum(~near.any(axis=0))
    return np.array([missed, invented])


def rule(seed, width, limit):
    """Apply the rule to a noisy signal after smoothing; return seconds and kinds."""
    signal = leveled(
        filtered(with_noise(seed), kernels.gaussian(width, rank=1))
    )
    found, found_kinds, _ = beats(signal, limit)
    return found / RATE, found_kinds


def network(seed):
    """Join neighboring samples with a predicted beat; return seconds and kinds."""
    classes = predicted(seed).argmax(axis=-1)
    ends = np.flatnonzero(
        np.diff(classes > 0, prepend=False, append=False)
    ).reshape(-1, 2)
    runs = [(a, b) for a, b in ends if b - a >= 4]
    found = np.array([end + (a + b) / 2 for a, b in runs]) / 120
    return found, np.array(
        [np.bincount(classes[a:b]).argmax() for a, b in runs]
    )


training, testing = (1, 199), (201, 299)
settings = [
    (width, limit) for width in (2, 4, 6, 8) for limit in (0.045, 0.055, 0.065)
]
best = min(settings, key=lambda one: sum(errors(*rule(0, *one), training)))

seeds = range(5, 15)
by_rule = np.mean(
    [errors(*rule(seed, *best), testing) for seed in seeds], axis=0
)
by_network = np.mean(
    [errors(*network(seed), testing) for seed in seeds], axis=0
)
count = np.sum((places > testing[0] * RATE) & (places < testing[1] * RATE))
print(f"{count} beats, mean of {len(seeds)} noises")
print(
    f"rule:    {by_rule[0]:4.1f} missed, {by_rule[1]:4.1f} predicted where there is none"
)
print(
    f"network: {by_network[0]:4.1f} missed, {by_network[1]:4.1f} predicted where there is none"
)
assert by_network.sum() < 0.75 * by_rule.sum()

# %%
# What did it learn? These are the eight kernels of the first layer, a quarter of a second each.
# Some are humps with a dip next to them: matched filters for a beat. Others go down or up once,
# from one level to another: derivatives, smoothed over many samples. They are the same tools as
# above, but learned from the recording instead of chosen by hand.

st.pictures.kernels(net)
plt.show()
