"""Labels and classes: their values and types, and errors for labels that mean something else."""

import copy

import numpy as np
import pytest

import striate as st
from networks import classifier, images_and_labels
from striate.errors import DataError, GraphError, OptionError, ShapeError, StriateError

X, Y = images_and_labels(12)
WORDS = np.array(["cat", "dog", "eel"])
QUICK = {"epochs": 1, "learning_rate": 1e-30, "optimizer": "gradient-descent"}


def fitted(y, text="dense 3 softmax", x=X, **options):
    """Train a network of one layer on labels."""
    network = classifier(text)
    network.fit(x, y, **{**QUICK, **options})
    return network


SIGNS = np.where(Y > 0, 1, -1)
LEARNED = {
    "integers": ("dense 3 softmax", Y, (0, 1, 2), "i"),
    "small integers": ("dense 3 softmax", Y.astype(np.uint8), (0, 1, 2), "i"),
    "a list of integers": ("dense 3 softmax", Y.tolist(), (0, 1, 2), "i"),
    "integers as objects": ("dense 3 softmax", Y.astype(object), (0, 1, 2), "i"),
    "whole floats": ("dense 3 softmax", Y.astype(float), (0, 1, 2), "i"),
    "whole floats in a list": ("dense 3 softmax", Y.astype(float).tolist(), (0, 1, 2), "i"),
    "whole floats as objects": (
        "dense 3 softmax",
        Y.astype(np.float32).astype(object),
        (0, 1, 2),
        "i",
    ),
    "whole floats, hinge": ("dense 3", Y.astype(float), (0, 1, 2), "i"),
    "whole floats, logistic": ("dense 3 logistic", Y.astype(np.float16), (0, 1, 2), "i"),
    "floats and integers": ("dense 3 softmax", [1, *Y[1:].astype(float).tolist()], (0, 1, 2), "i"),
    "fewer labels than outputs": ("dense 5 softmax", Y, (0, 1, 2, 3, 4), "i"),
    "words": ("dense 3 softmax", WORDS[Y], ("cat", "dog", "eel"), "U"),
    "a list of words": ("dense 3 softmax", WORDS[Y].tolist(), ("cat", "dog", "eel"), "U"),
    "words as objects": ("dense 3 softmax", WORDS[Y].astype(object), ("cat", "dog", "eel"), "U"),
    "words that look like numbers": ("dense 3 softmax", Y.astype(str), ("0", "1", "2"), "U"),
    "two words, one output": ("dense 1 logistic", WORDS[SIGNS], ("dog", "eel"), "U"),
    "booleans": ("dense 1 logistic", Y > 0, (False, True), "b"),
    "booleans, two outputs": ("dense 2 softmax", Y > 0, (False, True), "b"),
    "booleans as objects": ("dense 1 logistic", (Y > 0).astype(object), (False, True), "b"),
    "zeros and ones as floats": ("dense 1 logistic", (Y > 0).astype(float), (0, 1), "i"),
    "a column": ("dense 1 logistic", (Y > 0).astype(int)[:, None], (0, 1), "i"),
    "signs, hinge": ("dense 1", SIGNS, (-1, 1), "i"),
    "signs, logistic": ("dense 1 logistic", SIGNS, (-1, 1), "i"),
    "signs, two outputs": ("dense 2 softmax", SIGNS, (-1, 1), "i"),
    "signs as floats, tanh": ("dense 1 tanh", SIGNS.astype(np.float32), (-1.0, 1.0), "f"),
    "rows of probabilities": ("dense 3 softmax", np.eye(3)[Y], (0, 1, 2), "i"),
    "one-hot rows, squared error": ("dense 3 tanh", np.eye(3)[Y], (0, 1, 2), "i"),
    "rows of signs, squared error": ("dense 3 tanh", 2 * np.eye(3)[Y] - 1, (0, 1, 2), "i"),
    "one-hot rows of integers": ("dense 3 softmax", np.eye(3, dtype=int)[Y], (0, 1, 2), "i"),
}


@pytest.mark.parametrize("case", LEARNED)
def test_classes_keep_the_values_and_the_type_of_the_labels(case, tmp_path):
    """Training learns them; predictions, copies and files have them, with their type."""
    text, y, classes, kind = LEARNED[case]
    options = {"loss": "hinge"} if case.endswith("hinge") else {}
    network = fitted(y, text, **options)
    network.save(tmp_path / "net.st")
    loaded, copied = st.load(tmp_path / "net.st"), copy.deepcopy(network)

    for one in (network, loaded, copied, network.at((6, 6, 1))):
        assert one.classes == classes
        assert [type(value) for value in one.classes] == [type(value) for value in classes]
        predicted = one.predict_classes(X)
        assert predicted.dtype.kind == kind
        assert set(predicted.tolist()) <= set(classes)


@pytest.mark.parametrize("case", [c for c in LEARNED if "rows" not in c])
def test_accuracy_compares_the_values_that_were_predicted(case):
    """The accuracy of evaluate and of fit is the fraction of equal values."""
    text, y, _, _ = LEARNED[case]
    loss = "hinge" if case.endswith("hinge") else None
    network = classifier(text)
    history = network.fit(X, y, loss=loss, validation=(X, y), **QUICK)
    given = np.asarray(y, dtype=str if network.predict_classes(X).dtype.kind == "U" else None)

    expected = np.mean(network.predict_classes(X) == given.ravel())
    assert network.evaluate(X, y).accuracy == pytest.approx(expected)
    assert history["accuracy"] == pytest.approx([expected])
    assert history["validation_accuracy"] == pytest.approx([expected])


def test_masks_of_words():
    """Each pixel has a class, and predictions are words again."""
    masks = np.array(["sea", "land"])[(X[..., 0] > 100).astype(int)]
    network = st.Network.parse("conv 2@1x1 softmax", (6, 6, 1))
    network.fit(X, masks, epochs=1)

    predicted = network.predict_classes(X)

    assert network.classes == ("land", "sea")
    assert network.evaluate(X, masks).accuracy == pytest.approx(np.mean(predicted == masks))


def test_masks_of_booleans():
    """A logistic output per pixel predicts a mask that can be used as one."""
    masks = X > 100
    network = st.Network.parse("conv 1@1x1 logistic", (6, 6, 1))
    network.fit(X, masks, epochs=1)

    assert network.predict_classes(X).dtype == np.bool_
    assert network.predict_classes(X).shape == (12, 6, 6)


def two_outputs():
    """Make a network that predicts two classes and a number."""
    x = st.Input((6, 6, 1))
    flat = st.Flatten()(x)
    outputs = [
        st.Dense(3, activation="softmax", name="animal")(flat),
        st.Dense(1, activation="logistic", name="tame")(flat),
        st.Dense(1, name="age")(flat),
    ]
    return st.Network(x, outputs)


def test_each_output_has_its_classes(tmp_path):
    """Strings for one output, booleans for another, none for regression."""
    network = two_outputs()
    y = {"animal": WORDS[Y], "tame": Y > 0, "age": np.linspace(0, 1, 12)}
    network.fit(X, y, validation=(X, y), **QUICK)
    network.save(tmp_path / "net.st")

    for one in (network, st.load(tmp_path / "net.st")):
        assert one.classes == {"animal": ("cat", "dog", "eel"), "tame": (False, True), "age": ()}
        animal, tame, age = one.predict_classes(X)
        assert (animal.dtype.kind, tame.dtype.kind, age) == ("U", "b", None)
        assert one.evaluate(X, y).loss > 0


def test_an_unknown_word_of_one_of_several_outputs():
    """The message names the output."""
    network = two_outputs()
    y = {"animal": WORDS[Y], "tame": Y > 0, "age": np.linspace(0, 1, 12)}
    network.fit(X, y, **QUICK)
    with pytest.raises(DataError) as error:
        network.evaluate(X, {**y, "animal": ["cow"] * 12})

    assert str(error.value).startswith('y["animal"][0] is "cow", but the network\'s classes are ')


def test_a_single_word_for_one_of_several_outputs(golden):
    """It would leave the other outputs of the layer without a class."""
    y = {"animal": ["cat"] * 12, "tame": Y > 0, "age": np.linspace(0, 1, 12)}
    with pytest.raises(DataError) as error:
        two_outputs().fit(X, y, epochs=1)

    golden("messages/labels-a-single-word-of-several-outputs", str(error.value))


def test_rows_for_a_loss_of_labels(golden):
    """The message makes labels of them."""
    with pytest.raises(ShapeError) as error:
        classifier("dense 3").fit(X, np.eye(3)[Y], epochs=1, loss="hinge")

    golden("messages/labels-as-rows-for-hinge", str(error.value))


def test_classes_set_by_hand_give_integers_other_values():
    """Labels 7, 8, 9 are those classes, not indices; so are class weights and evaluations."""
    network = classifier("dense 3 softmax")
    network.classes = (7, 8, 9)
    network.fit(X, Y + 7, **QUICK, class_weight={9: 2.0})

    assert set(network.predict_classes(X).tolist()) <= {7, 8, 9}
    assert network.evaluate(X, Y + 7).classes == (7, 8, 9)
    assert "7  " in str(network.evaluate(X, Y + 7))
    with pytest.raises(DataError, match=r"y\[\d+\] is 0, but the network's classes are 7, 8, 9"):
        network.evaluate(X, Y)


def test_classes_can_be_renamed_after_training():
    """The same network, trained on indices, then predicts words."""
    network = fitted(Y)
    indices = network.predict_classes(X)
    network.classes = WORDS

    np.testing.assert_array_equal(network.predict_classes(X), WORDS[indices])
    assert network.evaluate(X, WORDS[Y]).accuracy == np.mean(indices == Y)


SET = {
    "too few": ["cat", "dog"],
    "too many": range(4),
    "twice": ["cat", "dog", "cat"],
    "mixed": ["cat", 1, 2],
    "a word": "cat",
    "a number": 3,
    "objects": [object(), object(), object()],
    "nan": [0.0, 1.0, float("nan")],
    "huge": [1, 2, 2**70],
    "a dict with another name": {"dense9": ["a", "b", "c"]},
}


@pytest.mark.parametrize("case", SET)
def test_classes_that_cannot_be_set(case, golden):
    """Classes are one value for each output, all of one type."""
    network = classifier("dense 3 softmax")
    with pytest.raises(OptionError) as error:
        network.classes = SET[case]

    assert network.classes == ()
    text = str(error.value)
    golden(f"messages/classes-{case.replace(' ', '-')}", text.partition(" at 0x")[0])


def test_classes_of_several_outputs_are_a_dict(golden):
    """One sequence would leave open which output it means."""
    with pytest.raises(OptionError) as error:
        two_outputs().classes = ("cat", "dog", "eel")

    golden("messages/classes-of-several-outputs", str(error.value))


OTHER = {
    "integers-for-words": (WORDS[Y], lambda net: net.evaluate(X, Y)),
    "integers-that-are-words": (Y.astype(str), lambda net: net.evaluate(X, Y)),
    "words-for-integers": (Y, lambda net: net.evaluate(X, WORDS[Y])),
    "words-that-are-integers": (Y, lambda net: net.evaluate(X, Y.astype(str))),
    "later-fit-with-integers": (WORDS[Y], lambda net: net.fit(X, Y, epochs=1)),
    "later-fit-with-words": (Y, lambda net: net.fit(X, WORDS[Y], epochs=1)),
    "later-fit-with-new-class": (
        WORDS[Y],
        lambda net: net.fit(X, np.array(["cat", "dog", "fox"])[Y], epochs=1),
    ),
    "validation-with-new-class": (
        WORDS[Y],
        lambda net: net.fit(X, WORDS[Y], epochs=1, validation=(X[:2], ["cat", "fox"])),
    ),
    "floats-for-words": (WORDS[Y], lambda net: net.evaluate(X, Y.astype(float))),
    "class-weight-by-index": (
        WORDS[Y],
        lambda net: net.fit(X, WORDS[Y], epochs=1, class_weight={0: 2.0}),
    ),
    "none-among-words": (
        WORDS[Y],
        lambda net: net.fit(X, [None, *WORDS[Y][1:]], epochs=1),
    ),
    "nan-among-words": (
        WORDS[Y],
        lambda net: net.fit(X, np.array([*WORDS[Y][:11], float("nan")], object), epochs=1),
    ),
    "trace-of-integers": (WORDS[Y], lambda net: net.trace(X, Y)),
}


@pytest.mark.parametrize("case", OTHER)
def test_labels_of_another_kind_than_the_classes(case, golden):
    """They are refused, never taken for positions; the message says how to convert them."""
    y, use = OTHER[case]
    network = fitted(y)
    with pytest.raises(DataError) as error:
        use(network)

    golden(f"messages/labels-{case}", str(error.value))


MISSING = {
    "none": [None] * 12,
    "some none": [*Y[:11].tolist(), None],
    "nan": [*Y[:11].astype(float), float("nan")],
    "nan in a list of words": [*WORDS[Y][:11].tolist(), float("nan")],
    "a number in a list of words": [*WORDS[Y][:11].tolist(), 3],
}


@pytest.mark.parametrize("case", MISSING)
def test_missing_labels(case, golden):
    """The first place without a label is named, and the remedy leaves it out."""
    with pytest.raises(DataError) as error:
        fitted(MISSING[case])

    golden(f"messages/labels-missing-{case.replace(' ', '-')}", str(error.value))


def test_the_remedy_for_missing_labels_helps():
    """What the message says gives labels that can be trained on."""
    y = [*WORDS[Y][:11].tolist(), None]
    _, _, remedy = missing_remedy(y).partition("keep = ")
    keep, x, y = remedied(remedy, X.tolist(), y)

    assert sum(keep) == 11
    assert fitted(y, x=x.astype(np.uint8)).classes == ("cat", "dog", "eel")


def test_the_remedy_for_missing_floats_helps():
    """Labels with NaN are often floats for that reason alone: without it, they are labels."""
    y = [*Y[:11].astype(float).tolist(), float("nan")]
    _, _, remedy = missing_remedy(y).partition("keep = ")
    _, x, y = remedied(remedy, X.tolist(), y)

    assert fitted(y, x=x.astype(np.uint8)).classes == (0, 1, 2)


def test_labels_of_a_masked_array(golden):
    """A masked label is a missing one; NumPy's asarray would return what is under the mask."""
    y = np.ma.array(Y, mask=Y == 1)
    with pytest.raises(DataError) as error:
        fitted(y)

    golden("messages/labels-masked", str(error.value))
    assert fitted(np.ma.array(Y)).classes == (0, 1, 2)


def test_strings_without_a_fixed_length():
    """NumPy's StringDType holds labels like its other strings; a missing one is missing."""
    words = np.array(WORDS[Y], dtype=np.dtypes.StringDType())
    network = fitted(words)

    assert network.classes == ("cat", "dog", "eel")
    assert network.evaluate(X, words).accuracy == network.evaluate(X, WORDS[Y]).accuracy
    words = words.astype(np.dtypes.StringDType(na_object=None))
    words[3] = None
    with pytest.raises(DataError, match=r"^y\[3\] is None, a missing label"):
        fitted(words)


def missing_remedy(y):
    """Return the error for labels of which one is missing."""
    with pytest.raises(DataError) as error:
        fitted(y)
    return str(error.value)


def remedied(remedy, x, y):
    """Execute ``EXPRESSION, then A, B.`` as a user would."""
    first, then = remedy.rstrip(".").split(", then ")
    names = {"x": x, "y": y, "np": np}
    keep = eval(first, names)  # what a user would type
    return keep, *eval(f"({then})", {**names, "keep": keep})


REFUSED = {
    "bytes": WORDS[Y].astype("S"),
    "bytes-in-a-list": WORDS[Y].astype("S").tolist(),
    "bytes-as-objects": WORDS[Y].astype("S").astype(object),
    "undecodable-bytes": np.array([b"\xe4", b"\xf6", b"\xfc"])[Y],
    "booleans-and-integers": [True, False, *Y[2:].tolist()],
    "booleans-and-integers-as-objects": np.array([True, False, *Y[2:].tolist()], object),
    "booleans-and-floats": [True, 0.0, *Y[2:].astype(float).tolist()],
    "bytes-and-strings": [b"cat", *WORDS[Y][1:].tolist()],
}


@pytest.mark.parametrize("case", REFUSED)
def test_labels_that_would_lose_their_type(case, golden):
    """A prediction "cat" isn't equal to b"cat"; True and 1 would become one class."""
    y = REFUSED[case]
    with pytest.raises(DataError) as error:
        fitted(y)

    text = str(error.value)
    golden(f"messages/labels-{case}", text)
    remedy = next((text.partition(w)[2] for w in ("For example, use ", "Decode them with ")
                   if w in text), "")  # fmt: skip
    values = eval(remedy.removesuffix("."), {"y": y, "np": np})  # what a user would type
    assert len(fitted(values).classes) == 3


def test_whole_floats_are_compared_with_the_classes_by_value():
    """Files often hold the integers 7, 8, 9 as floats."""
    network = classifier("dense 3 softmax")
    network.classes = (7, 8, 9)
    network.fit(X, Y + 7.0, **QUICK)

    assert network.evaluate(X, Y + 7.0).accuracy == network.evaluate(X, Y + 7).accuracy
    with pytest.raises(DataError, match=r"y\[\d+\] is 0\.0, but the network's classes are 7, 8, 9"):
        network.evaluate(X, Y.astype(float))


def test_masks_of_whole_floats():
    """A label for each pixel may be a float as well."""
    masks = (X[..., 0] > 100).astype(np.float32)
    network = st.Network.parse("conv 2@1x1 softmax", (6, 6, 1))
    network.fit(X, masks, epochs=1)

    assert network.classes == (0, 1)
    assert network.evaluate(X, masks).accuracy == network.evaluate(X, masks.astype(int)).accuracy


FLOATS = {
    "fractions": Y + 0.5,
    "infinite": np.where(Y == 2, np.inf, Y),
    "too-large": Y + 1.0,
    "huge": np.where(Y == 2, 1e30, Y),
}


@pytest.mark.parametrize("case", FLOATS)
def test_floats_that_are_no_labels(case, golden):
    """The first one is named; nothing is truncated."""
    with pytest.raises(DataError) as error:
        fitted(FLOATS[case])

    golden(f"messages/labels-floats-{case}", str(error.value))


REGRESSIONS = {
    "trained": (lambda: fitted(np.linspace(0, 1, 12), "dense 1")),
    "several numbers": (lambda: fitted(np.random.default_rng(0).normal(size=(12, 3)), "dense 3")),
    "untrained": (lambda: classifier("dense 3")),
    "several labels per image": (
        lambda: fitted(np.random.default_rng(0).integers(0, 2, (12, 3)), "dense 3 logistic")
    ),
}


@pytest.mark.parametrize("case", REGRESSIONS)
def test_a_regression_predicts_no_classes(case, golden):
    """It has none; the message names predict."""
    with pytest.raises(GraphError) as error:
        REGRESSIONS[case]().predict_classes(X)

    golden(f"messages/no-classes-{case.replace(' ', '-')}", str(error.value))


def test_a_linear_network_becomes_a_classifier_by_its_classes():
    """Logits from elsewhere: naming the classes is enough."""
    network = classifier("dense 3")
    network.classes = WORDS

    np.testing.assert_array_equal(
        network.predict_classes(X), WORDS[network.predict(X).argmax(axis=1)]
    )


FORGOTTEN = {
    "linear": ("dense 3", Y, {}),
    "linear-words": ("dense 3", WORDS[Y], {}),
    "tanh": ("dense 3 tanh", Y, {}),
    "whole-floats": ("dense 3", Y.astype(float), {}),
    "one-output-words": ("dense 1", WORDS[SIGNS], {}),
    "softmax-squared-error": ("dense 3 softmax", Y, {"loss": "squared-error"}),
    "pixels": ("conv 3@1x1", np.repeat(Y, 36).reshape(12, 6, 6), {}),
}


@pytest.mark.parametrize("case", FORGOTTEN)
def test_a_forgotten_softmax(case, golden):
    """Labels for a loss that compares numbers: the message names the missing activation."""
    text, y, options = FORGOTTEN[case]
    with pytest.raises(ShapeError) as error:
        classifier(text).fit(X, y, epochs=1, **options)

    golden(f"messages/softmax-forgotten-{case}", str(error.value))


IMAGE = np.zeros((12, 6, 6, 3))
IMAGE_TARGETS = {
    "channels-at-the-other-end": ("conv 3@1x1", IMAGE),
    "another-size": ("conv 3@1x1", IMAGE[:, :5]),
    "another-size-of-labels": ("conv 3@1x1 softmax", np.zeros((12, 5, 6), int)),
    "another-number-of-channels": ("conv 3@1x1", IMAGE[..., :2]),
    "nan": ("conv 3@1x1", np.where(np.arange(3) == 2, np.nan, IMAGE)),
    "probabilities": ("conv 3@1x1 softmax", IMAGE + np.array([0.5, 0.7, 0.9])),
    "above-one": ("conv 3@1x1 logistic", IMAGE + np.array([0.5, 0.7, 1.5])),
    "label-outside": ("conv 3@1x1 softmax", np.full((12, 6, 6), 3)),
    "a-vector": ("conv 3@1x1", np.zeros((12, 7))),
    "a-label-for-each-image": ("conv 3@1x1 softmax", np.zeros(12, int)),
    "labels-with-an-axis-of-channels": ("conv 3@1x1 softmax", np.zeros((12, 6, 6, 1), int)),
    "no-axis-of-channels": ("conv 3@1x1", IMAGE[..., 0] + 0.5),
    "one-map": ("conv 1@1x1", IMAGE),
}


@pytest.mark.parametrize("channels", ["last", "first"])
@pytest.mark.parametrize("case", IMAGE_TARGETS)
def test_image_targets_are_described_in_the_users_axis_order(case, channels, golden):
    """Shapes and indices are those of the user's array."""
    text, y = IMAGE_TARGETS[case]
    x = X
    if channels == "first":
        x = np.moveaxis(X, -1, 1)
        y = np.moveaxis(y, -1, 1) if y.ndim == 4 else y
    if case == "channels-at-the-other-end":
        y = IMAGE if channels == "first" else np.moveaxis(IMAGE, -1, 1)
    shape = (6, 6, 1) if channels == "last" else (1, 6, 6)
    network = st.Network.parse(text, shape, channels=channels)
    with pytest.raises(StriateError) as error:
        network.fit(x, y, epochs=1)

    golden(f"messages/image-targets-{case}-{channels}", str(error.value))


@pytest.mark.parametrize("own", ["none", "images", "pixels"])
def test_class_weights_of_masks(own):
    """The weight of a class is that of its pixels, whatever weights they have themselves."""
    masks = (X[..., 0] > 60).astype(int)
    masks[:, 0] = 255
    counts = np.bincount(masks[masks != 255])
    table = {"balanced": counts.sum() / (2 * counts), "dict": np.array([1.0, 5.0])}
    given = {"none": np.ones(masks.shape), "pixels": 1 + X[..., 0] / 255.0}
    given["images"] = np.broadcast_to(np.arange(1.0, len(X) + 1)[:, None, None], masks.shape)
    sample_weight = {"none": None, "images": np.arange(1.0, len(X) + 1), "pixels": given["pixels"]}
    for kind, weights in table.items():
        of_pixels = np.where(masks == 255, 1.0, weights[np.minimum(masks, 1)]) * given[own]
        losses = [
            st.Network.parse("conv 2@1x1 softmax", (6, 6, 1)).fit(
                X,
                masks,
                epochs=2,
                loss=st.losses.CrossEntropy(ignore=255),
                progress=False,
                **options,
            )["loss"]
            for options in (
                {
                    "class_weight": "balanced" if kind == "balanced" else {1: 5.0},
                    "sample_weight": sample_weight[own],
                },
                {"sample_weight": of_pixels},
            )
        ]
        assert losses[0] == losses[1]


def test_names_of_another_number_of_classes_need_another_head():
    """Naming the classes wouldn't help, since the network has another number of outputs."""
    network = classifier()
    network.fit(X, np.arange(len(X)) % 3, epochs=1)
    with pytest.raises(DataError) as error:
        network.fit(X, np.array(["car", "ship"] * (len(X) // 2)), epochs=1)

    assert str(error.value).endswith(
        "To train for other classes, give the network a new last layer and train it: "
        'net.with_head("dense 2 softmax").'
    )
