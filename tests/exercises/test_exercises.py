"""All exercises: correct answers accepted, typical mistakes recognized, variants solved."""

import json

import numpy as np
import pytest

import striate as st
from exercises.plain_loops import ORACLES, design_is_right
from striate.exercises import EXERCISES, get
from striate.exercises.answers import ArrayAnswer, NumberAnswer
from striate.exercises.e8_1 import SYNONYMS
from striate.exercises.images import SHAPES

VARIANTS = range(50)
ALL = [pytest.param(name, seed, id=f"{name}-{seed}") for name in EXERCISES for seed in VARIANTS]


# Answers that aren't unique; E8.3 is in test_letters.py.
WITHOUT_ORACLE = {"E8.3": {"a"}, "E8.10": {"d"}}


def mistakes(exercise):
    """Yield the answer and the computed mistakes that lead to an incorrect answer."""
    for part in exercise.parts:
        answer = part.answer
        if isinstance(answer, ArrayAnswer | NumberAnswer):
            for mistake in answer.mistakes:
                value = np.asarray(mistake.value, float)
                if value.shape != np.shape(answer.value) or not np.allclose(value, answer.value):
                    yield answer, mistake


@pytest.mark.parametrize("name", ORACLES)
def test_the_answers_are_those_of_plain_loops(name):
    """With the numbers of the text, the results of plain loops are accepted."""
    exercise = get(name)

    for letter, answer in ORACLES[name](exercise).items():
        assert exercise.check(answer, letter).correct


@pytest.mark.parametrize(("name", "seed"), ALL)
def test_a_variant_is_solved_by_the_library_and_by_plain_loops(name, seed):
    """In 50 variants of each exercise, the library's answer and that of plain loops are accepted.

    The one is checked as a user types it, the other as lists and numbers.
    """
    exercise = get(name, variant=seed)
    oracle = ORACLES[name](exercise) if name in ORACLES else {}

    parts = {part.letter: part.answer for part in exercise.parts}
    assert all(answer.check(answer.text).correct for answer in parts.values())
    assert all(parts[letter].check(answer).correct for letter, answer in oracle.items())
    assert parts.keys() - oracle.keys() == WITHOUT_ORACLE.get(name, set())
    if name == "E8.10":
        assert design_is_right(exercise, json.loads(parts["d"].text))


@pytest.mark.parametrize(("name", "seed"), ALL)
def test_every_mistake_is_recognized(name, seed):
    """What a mistake leads to is refused, with its name and its hint."""
    exercise = get(name, variant=seed)

    for answer, mistake in mistakes(exercise):
        verdict = answer.check(mistake.value)
        assert not verdict.correct
        assert mistake.name in verdict.mistakes
        assert mistake.hint in verdict.message


@pytest.mark.parametrize("name", sorted(set(EXERCISES) - {"E8.3"}))
def test_every_variant_has_three_different_mistakes(name):
    """Whatever the numbers are, at least three different incorrect answers get their own hint."""
    for seed in [None, *VARIANTS]:
        exercise = get(name, variant=seed)
        values = {(id(answer), str(np.asarray(m.value))) for answer, m in mistakes(exercise)}

        assert len(values) >= 3


@pytest.mark.parametrize("name", EXERCISES)
def test_variants_differ(name):
    """A seed always makes the same exercise, and other seeds make others."""
    texts = [str(get(name, variant=seed)) for seed in VARIANTS]

    assert str(get(name, variant=7)) == texts[7]
    assert len({text.split("\n", 2)[2] for text in texts}) > 30


AVERAGED = "1.25 2 2 1.25; 2 1 1 2; 2 1 1 2; 1.25 2 2 1.25"

# What students typed: exercise, part, answer, and the mistake.
TYPED = [
    ("P8.1", "b", "[[7,8,9],[4,5,6],[1,2,3]]", "no flip"),
    ("P8.1", "b", "9 8 7; 6 5 4; 3 2 1", "flip on one axis"),
    ("P8.1", "b", "7 4 1; 8 5 2; 9 6 3", "transposed"),
    ("P8.1", "c", "43", "no flip"),
    ("P8.2", "a", "0 0 0; 0 0 0; 1 0 0", "opposite direction"),
    ("P8.2", "a", "1 0 0; 0 0 0; 0 0 0", "wrong column"),
    ("P8.2", "a", "0 0 0; 0 0 1; 0 0 0", "one axis only"),
    ("P8.3", "a", "4", "the other direction"),
    ("P8.3", "b", "[[4,4,-2,-2],[4,4,-2,-2],[6,6,8,8],[6,6,8,8]]", "no weight"),
    ("P8.3", "b", "2 -1 2 -1; 3 4 3 4; 2 -1 2 -1; 3 4 3 4", "repeated instead of expanded"),
    ("P8.4", "a", "1.5 0.75; 1.25 1.75", "mean instead of sum"),
    ("P8.4", "b", "21", "input alone"),
    ("P8.4", "b", "84", "product of the sums"),
    (
        "E8.1",
        "a",
        "3 3 3 3 3 3; 3 2 1 1 2 3; 3 1 0 0 1 3; 3 1 0 0 1 3; 3 2 1 1 2 3; 3 3 3 3 3 3",
        "no padding",
    ),
    ("E8.1", "a", "1 2", "wrong shape"),
    ("E8.1", "b", "horizontal", "horizontal line"),
    ("E8.2", "a", AVERAGED, "average pooling"),
    ("E8.2", "a", "1 1 1 1; 1 0 0 1; 1 0 0 1; 1 1 1 1", "wrong map"),
    ("E8.2", "a", "0 1 1 1; 1 2 1 3; 1 1 0 3; 1 3 3 3", "no pooling"),
    ("E8.3", "a", "horizontal, vertical", "confused letters"),
    ("E8.3", "a", "plus, cross", "useless template"),
    (
        "E8.3",
        "a",
        "horizontal, vertical, slash, upper-right-corner, peak",
        "too many",
    ),
    ("E8.4", "a", "0 0 0 0 0; 0 0 0 0 0; 0 0 0 1 0; 0 0 1 1 0; 0 0 0 0 0", "other axes"),
    ("E8.4", "a", "0 0 0 0 0; 0 0 0 0 0; 0 0 0 0 0; 0 1 0 0 0; 1 1 0 0 0", "no flip"),
    ("E8.4", "c", "0 0 0 0 0; 0 0 0 0 0; 0 0 1 0 0; 0 1 1 0 0; 0 0 0 0 0", "no shift"),
    ("E8.5", "a", "0 0 0; 1/2 1/2 0; 0 0 0", "correlation kernel"),
    ("E8.5", "a", "0 0 0; 0 1 1; 0 0 0", "sum instead of average"),
    ("E8.5", "c", "0 0 0; 0 1/2 1/2; 0 0 0", "convolution kernel"),
    (
        "E8.6",
        "a",
        "0 2 1 1 1 1; 2 5 3 3 3 2; 1 3 0 0 1 1; 1 3 0 0 1 1; 1 3 1 1 2 2; 1 2 1 1 2 2",
        "no flip",
    ),
    (
        "E8.6",
        "b",
        "2 2 1 1 2 1; 2 2 1 1 3 1; 1 1 0 0 3 1; 1 1 0 0 3 1; 2 3 3 3 5 2; 1 1 1 1 2 0",
        "flip",
    ),
    ("E8.6", "c", "1 1 1; 1 0 0; 1 0 0", "no flip"),
    ("E8.7", "a", "7", "no padding"),
    ("E8.7", "a", "15x15", "no stride"),
    ("E8.7", "a", "64", "squared"),
    ("E8.7", "b", "2", "both sides together"),
    ("E8.7", "b", "1.5", "half the kernel"),
    ("E8.8", "a", "1 1 -2 -2; 1 1 -2 -2; 3 3 4 4; 3 3 4 4", "spread over the window"),
    ("E8.8", "a", "[[1, -2], [3, 4]]", "wrong size"),
    ("E8.8", "b", "0 0 0; 0 -1 0; 0 0 0", "overwritten instead of summed"),
    ("E8.9", "a", "1 -2; 4 3", "sum instead of product"),
    ("E8.9", "b", "6", "sum instead of product"),
    ("E8.9", "b", "2 -14; 20 9", "not summed"),
    ("E8.9", "b", "18", "multiplied by the bias"),
    ("E8.10", "a", "-3", "too negative"),
    ("E8.10", "b", "-1 -1 1 1; 1 1 -1 -1", "classes exchanged"),
    ("E8.10", "c", "455", "all diamonds"),
    ("Wolter", "a", "1 2 4 5; 2 3 5 6; 4 5 7 8; 5 6 8 9", "counted from 1"),
    ("Wolter", "c", "217,155", "positions only"),
    ("Wolter", "d", "1.5022", "summed over the classes"),
    ("Wolter", "e", "-1.4863", "n - 1"),
    ("Wolter", "f", "9", "one map"),
    ("Wolter", "g", "98192", "no biases"),
]


@pytest.mark.parametrize(("name", "part", "answer", "mistake"), TYPED)
def test_an_incorrect_answer_gets_a_hint(name, part, answer, mistake):
    """A typical incorrect answer is refused, and its mistake is named."""
    verdict = get(name).check(answer, part)

    assert not verdict.correct
    assert mistake in verdict.mistakes


def test_three_incorrect_answers_are_tried_for_each_exercise():
    """The table has at least three for each exercise."""
    names = [name for name, *_ in TYPED]

    assert {name: names.count(name) >= 3 for name in EXERCISES} == dict.fromkeys(EXERCISES, True)


def test_hints_word_for_word(golden):
    """The hints for the incorrect answers of the table."""
    lines = [
        f"{name} {part}: {answer}\n    {get(name).check(answer, part).message}"
        for name, part, answer, _ in TYPED
    ]

    golden("exercises/hints", "\n".join(lines))


@pytest.mark.parametrize("name", EXERCISES)
def test_statement_and_solution_word_for_word(golden, name):
    """What the student reads, with the numbers of the text."""
    exercise = get(name)
    hints = "\n".join(f"{part.letter}. {part.hint}" for part in exercise.parts)

    text = f"{exercise}\n\nHints\n\n{hints}\n\nSolution\n\n{exercise.solution()}"
    golden(f"exercises/{name.lower().replace('.', '-')}", text)


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("seed", [None, 0, 1, 2])
def test_a_statement_does_not_give_the_answer_away(name, seed):
    """No statement, question or hint has the array that is asked for."""
    exercise = get(name, variant=seed)

    for part in exercise.parts:
        assert part.hint
        assert part.answer.form
        if isinstance(part.answer, ArrayAnswer):
            assert part.answer.text not in f"{exercise}{part.hint}"


SAME = [
    ("E8.7", "a", ["8", " 8.0", "8x8", "8 x 8", "8 by 8", "(8, 8)", "[8, 8]", 8, (8, 8), 16 / 2]),
    (
        "P8.1",
        "b",
        [
            "[[3, 2, 1], [6, 5, 4], [9, 8, 7]]",
            "3 2 1; 6 5 4; 9 8 7",
            "[3 2 1; 6 5 4; 9 8 7]",
            "3,2,1\n6,5,4\n9,8,7",
            "array([[3., 2., 1.],\n       [6., 5., 4.],\n       [9., 8., 7.]])",
            "np.array([[3, 2, 1], [6, 5, 4], [9, 8, 7]], dtype=np.float32)",
            "tensor([[[[3, 2, 1], [6, 5, 4], [9, 8, 7]]]])",
            [[3, 2, 1], [6, 5, 4], [9, 8, 7]],
            np.array([[[[3, 2, 1], [6, 5, 4], [9, 8, 7]]]], np.uint8),
        ],
    ),
    ("P8.2", "a", ["0 0 1; 0 0 0; 0 0 0", "[[0, 1], [0, 0]]"]),
    ("E8.5", "a", ["0 0 0; 0 1/2 1/2; 0 0 0", "1/2 1/2", "[[0.5, 0.5]]", "[[.5 .5]]"]),
    ("E8.1", "b", ["plus", "Plus", "a plus", "plus signs", "crosses", "+", "cross."]),
    (
        "E8.3",
        "a",
        [
            "horizontal, vertical, upper-right-corner, peak",
            "Peak, vertical line, horizontal line and upper right corner",
            ["horizontal", "vertical", "upper-right-corner", "valley"],
            "horizontal, vertical, tee-left, valley",
        ],
    ),
    ("Wolter", "c", ["265797720", "265,797,720"]),
    ("Wolter", "d", ["0.7511", "0.75111", 0.7511]),
]


@pytest.mark.parametrize(
    ("name", "part", "answer"),
    [(name, part, answer) for name, part, answers in SAME for answer in answers],
)
def test_a_correct_answer_is_accepted_in_all_forms(name, part, answer):
    """As text of several kinds, as lists, and as arrays."""
    assert get(name).check(answer, part).correct


def test_the_designed_network_is_an_answer():
    """E8.10 d accepts a network, with other weights as well."""
    exercise = get("E8.10")
    votes, biases = [[2, 2, -1, -1], [-3, -1, 1, 2]], [-0.3, 0.1]

    designed = st.exercises.designed_network(votes=votes, dense_bias=biases, engine="numpy")

    assert exercise.check(designed, "d").correct


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"dense_bias": [0, 0]},
            (
                "1,105 of 1,274 images are classified correctly; the diamonds of radius 1 aren't. "
                "They have no line of 3 pixels, so all maps are 0 and only the dense biases decide."
            ),
        ),
        (
            {"dense_weights": [[-1, -1, 1, 1], [1, 1, -1, -1]], "dense_bias": [0.5, -0.5]},
            "All images are wrong. Did you exchange square and diamond?",
        ),
        (
            {"dense_bias": [-9, 9]},
            (
                "700 of 1,274 images are classified correctly. The first wrong one is a square "
                "of side 3 at row 1, column 1. Does a map that counts for a square have a full "
                "match there, and none that counts against it?"
            ),
        ),
    ],
)
def test_a_wrong_design_gets_a_hint(changed, message):
    """E8.10 d: the number of correct images, the first wrong one, and why."""
    right = {
        "convolution_bias": -2,
        "dense_weights": [[1, 1, -1, -1], [-1, -1, 1, 1]],
        "dense_bias": [-0.5, 0.5],
    }

    verdict = get("E8.10").check(right | changed, "d")

    assert (verdict.correct, verdict.message) == (False, message)


def test_every_synonym_is_of_a_form():
    """Each word that is accepted for a form is one of E8.1's choices."""
    assert set(SYNONYMS.values()) <= set(SHAPES)
