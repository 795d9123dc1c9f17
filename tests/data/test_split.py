"""Holding out a test set."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.data.dataset import assemble
from striate.data.split import folds, hold_out
from striate.errors import DataError, OptionError


def dataset(y, test=None):
    """Make a data set in which the pixel of each image is its index."""
    y = np.asarray(y)
    x = np.arange(len(y), dtype=np.float32).reshape(-1, 1, 1, 1)
    return assemble((x, y), test and (x[:test], y[:test]), name="numbers", source="here")


@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**64 - 1),
)
def test_a_share_of_each_class_is_held_out(counts, share, seed):
    """A fraction of each class is held out, rounded, at least one image and never all."""
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))

    parts = hold_out(dataset(y), share=share, seed=seed)

    for label, count in enumerate(counts):
        held = np.count_nonzero(parts.y_test == label)
        assert held == (0 if count == 1 else min(max(round(count * share), 1), count - 1))
    together = np.sort(np.concatenate([parts.x, parts.x_test]).ravel())
    np.testing.assert_array_equal(together, np.arange(len(y)))


def test_labels_stay_with_their_images_in_the_order_of_the_file():
    """Both parts keep the order of the file, and each image its label."""
    y = np.arange(50) % 3

    parts = hold_out(dataset(y), share=None, seed=0)

    for x, labels in ((parts.x, parts.y), (parts.x_test, parts.y_test)):
        numbers = x.ravel().astype(int)
        assert (np.diff(numbers) > 0).all()
        np.testing.assert_array_equal(labels, y[numbers])


def test_files_stay_with_their_images():
    """Each part lists the files of its images, in the same order."""
    whole = dataset([0, 1] * 25)
    files = tuple(Path(f"{k}.png") for k in range(50))

    parts = hold_out(replace(whole, files=files), share=None, seed=0)

    assert len(parts.files_test) == 10
    for x, paths in ((parts.x, parts.files), (parts.x_test, parts.files_test)):
        assert paths == tuple(Path(f"{k}.png") for k in x.ravel().astype(int))


def test_a_fifth_is_held_out_if_nothing_is_asked_for():
    """By default, a fifth of each class is held out, with a note."""
    parts = hold_out(dataset([0, 1] * 50), share=None, seed=3)

    assert len(parts.x) == 80
    note = (
        "The data has no test set of its own: 20 of 100 images (20% of each class, seed 3) "
        "were held out."
    )
    assert parts.notes == (note,)


def test_the_seed_decides():
    """The same seed holds out the same images, another seed others."""
    whole = dataset([0, 1] * 50)

    first, again, other = (
        hold_out(whole, share=0.3, seed=seed).x_test.ravel().tolist() for seed in (0, 0, 1)
    )

    assert first == again
    assert first != other


def test_the_same_images_for_ever():
    """These images are held out with seed 0, on every machine and in every version."""
    parts = hold_out(dataset([0, 1] * 10), share=0.2, seed=0)

    assert parts.x_test.ravel().tolist() == [0, 1, 5, 14]


def test_targets_are_held_out_from_all():
    """Float targets have no classes; the fraction is one of all images."""
    parts = hold_out(dataset(np.linspace(0, 1, 10, dtype=np.float32)), share=0.3, seed=0)

    assert (len(parts.x), len(parts.x_test)) == (7, 3)


def test_nothing_is_held_out_of_a_share_of_0():
    """A fraction of 0 leaves the test set empty."""
    whole = dataset([0, 1])

    assert hold_out(whole, share=0, seed=0) is whole


@pytest.mark.parametrize("share", [None, 0])
def test_a_test_set_is_kept(share):
    """Data with its own test set keeps it unchanged."""
    whole = dataset([0, 1, 1], test=2)

    assert hold_out(whole, share=share, seed=0) is whole


@pytest.mark.parametrize(
    ("share", "test"),
    [
        (1, None),
        (0.1, 2),
    ],
)
def test_invalid_shares_are_refused(share, test, message):
    """Only fractions are accepted, and only for data without its own test set."""
    with pytest.raises(OptionError) as error:
        hold_out(dataset([0, 1, 1], test), share=share, seed=0)

    message(error)


@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    count=st.integers(2, 6),
    seed=st.integers(0, 2**64 - 1),
)
def test_folds_share_each_class_equally(counts, count, seed):
    """The folds have the same number of images of each class, or one more or less."""
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    count = min(count, len(y))
    if count < 2:
        return

    fold = folds(y, count, seed=seed)

    for label in range(len(counts)):
        sizes = np.bincount(fold[y == label], minlength=count)
        assert np.ptp(sizes) <= 1
    assert np.ptp(np.bincount(fold, minlength=count)) <= 1


@given(sizes=st.lists(st.integers(1, 5), min_size=4, max_size=40), seed=st.integers(0, 99))
def test_folds_do_not_divide_groups(sizes, seed):
    """Near-duplicates stay in one fold, and the folds still have similar sizes."""
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    y = groups % 2

    fold = folds(y, 3, seed=seed, groups=groups)

    assert all(len(set(fold[groups == group])) == 1 for group in range(len(sizes)))
    assert np.ptp(np.bincount(fold, minlength=3)) <= 2 * max(sizes)


def test_a_group_may_have_images_of_several_classes():
    """A photo that is in the folders of two classes isn't divided either."""
    y, groups = np.array([0, 0, 0, 1, 1, 1]), np.array([7, 1, 2, 7, 3, 4])

    fold = folds(y, 2, groups=groups)

    assert fold[0] == fold[3]


FOLDS = [1, 2, 0, 2, 0, 1, 2, 0, 1, 0]


def test_the_same_folds_for_ever():
    """These are the folds with seed 0, on every machine and in every version."""
    assert folds(np.array([0, 1] * 5), 3).tolist() == FOLDS
    assert folds(np.array([0, 1] * 5), 3, seed=1).tolist() != FOLDS


def test_numbers_are_divided_as_one_class():
    """Float targets have no classes."""
    assert sorted(folds(np.linspace(0, 1, 7), 3)) == [0, 0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("case", ["one fold", "too many folds", "too many folds for groups"])
def test_impossible_numbers_of_folds_are_refused(case, message):
    """At least two folds, and each needs an image."""
    count = {"one fold": 1, "too many folds": 7, "too many folds for groups": 4}[case]
    groups = np.array([0, 0, 1, 1, 2, 2]) if case.endswith("groups") else None
    with pytest.raises(OptionError) as error:
        folds(np.array([0, 1] * 3), count, groups=groups)

    message(error)


def test_groups_need_a_number_for_each_image(message):
    """Group numbers are integers, one for each image."""
    with pytest.raises(DataError) as error:
        folds(np.array([0, 1, 0]), 2, groups=np.array([0.5, 1.5]))

    message(error)
