"""The command `striate exercise`."""

import json

import numpy as np
import pytest

import striate as st
from striate.exercises import EXERCISES, get


def test_list(striate):
    """Without a name, all exercises are listed with their titles and sources."""
    result = striate("exercise")

    assert result.exit_code == 0, result.output
    for name in EXERCISES:
        assert f"\n{name} " in result.stdout
    assert "Output size, stride and padding" in result.stdout
    assert result.stdout.endswith("\nTo show an exercise: striate exercise E8.7\n")


def test_list_as_json(striate):
    """`--json` lists the parts of each exercise."""
    result = striate("exercise", "--json")

    exercises = json.loads(result.stdout)["exercises"]
    assert [one["name"] for one in exercises] == list(EXERCISES)
    assert {one["name"]: one["parts"] for one in exercises}["E8.6"] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("name", EXERCISES)
def test_statement(striate, name):
    """With a name, the statement is printed with its questions, without answers."""
    result = striate("exercise", name)

    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{get(name).heading}\n---")
    assert "\na. " in result.stdout
    assert result.stdout.endswith(
        f"\nTo check an answer: striate exercise {name} --answer a=... For help, use --hint or "
        "--solution.\n"
    )


def test_the_image_of_e8_1_is_drawn(striate):
    """The terminal shows the 8 x 8 image of E8.1 next to its kernel."""
    result = striate("exercise", "E8.1")

    assert (
        "    the image           the kernel\n"
        "    ················    ··██··\n"
        "    ··████████████··    ██████\n"
        "    ··██········██··    ··██··\n"
    ) in result.stdout


def test_a_correct_answer_exits_with_0(striate):
    """The answer 8 to E8.7 is right; it belongs to the first part."""
    result = striate("exercise", "E8.7", "--answer", "8")

    assert (result.exit_code, result.stdout) == (0, "a. Correct.\n")


def test_an_incorrect_answer_exits_with_3(striate):
    """An incorrect answer gets a hint, and an exit code that isn't that of an error."""
    result = striate("exercise", "E8.7", "--answer", "15")

    assert result.exit_code == 3
    assert result.stderr == ""
    assert result.stdout == (
        "a. Incorrect. You left out the stride: the kernel moves by 2 pixels at a time.\n"
    )


@pytest.mark.parametrize(
    ("words", "code", "letters"),
    [
        (("--answer", "a=8", "--answer", "b=1"), 0, "ab"),
        (("--answer", "8x8", "--answer", "B: 1"), 0, "ab"),
        (("--part", "b", "--answer", "1"), 0, "b"),
        (("--part", "B", "--answer", "2"), 3, "b"),
        (("--answer", "b=1", "--answer", "7"), 3, "ba"),
    ],
)
def test_an_answer_belongs_to_a_part(striate, words, code, letters):
    """A letter before the answer or --part chooses the part; the exit code counts all answers."""
    result = striate("exercise", "E8.7", *words)

    assert result.exit_code == code
    assert [line[0] for line in result.stdout.splitlines()] == list(letters)


def test_checks_as_json(striate):
    """`--json` has the verdict on every answer, with the mistakes by name."""
    result = striate("exercise", "E8.7", "--answer", "8", "--answer", "b=2", "--json")

    found = json.loads(result.stdout)
    assert result.exit_code == 3
    assert found["name"] == "E8.7"
    assert [check["correct"] for check in found["checks"]] == [True, False]
    assert found["checks"][1]["mistakes"] == ["both sides together"]
    assert "answers" not in found
    assert "solutions" not in found


@pytest.mark.parametrize("ending", ["npy", "csv"])
def test_an_answer_in_a_file(striate, tmp_path, ending):
    """An array may be in a file."""
    response = np.array(json.loads(get("E8.1").parts[0].answer.text))
    path = tmp_path / f"response.{ending}"
    if ending == "npy":
        np.save(path, response)
    else:
        np.savetxt(path, response, delimiter=",")

    right = striate("exercise", "E8.1", "--answer", path)
    wrong = striate("exercise", "E8.2", "--answer", path)

    assert (right.exit_code, right.stdout) == (0, "a. Correct.\n")
    assert wrong.exit_code == 3
    assert "Your answer has shape 8x8; expected a 4x4 array." in wrong.stdout


def test_a_saved_network_is_an_answer(striate, tmp_path):
    """E8.10 d accepts a model file."""
    path = tmp_path / "design.safetensors"
    st.exercises.designed_network(engine="numpy").save(path)

    result = striate("exercise", "E8.10", "--part", "d", "--answer", path)

    assert (result.exit_code, result.stdout) == (0, "d. Correct: so are all 1,274 images.\n")


def test_hint_and_solution(striate):
    """Hints begin, solutions have formula and numbers; --part chooses one."""
    hint = striate("exercise", "E8.7", "--hint", "--part", "b")
    solution = striate("exercise", "E8.7", "--solution")

    assert hint.stdout == (
        "b. Without padding, how many rows are missing? Half of them go to each side.\n"
    )
    assert "S = ⌊(15 + 2·1 - 3) / 2⌋ + 1 = ⌊14 / 2⌋ + 1 = 8" in solution.stdout
    assert "\nb. R + 2 P - r + 1 = R, so P = (r - 1) / 2    (8.16)\n" in solution.stdout


def test_solution_as_json(striate):
    """`--solution --json` has the correct answers in a form that can be typed."""
    result = striate("exercise", "E8.7", "--solution", "--hint", "--json")

    found = json.loads(result.stdout)
    assert found["answers"] == {"a": "8", "b": "1"}
    assert found["solutions"].keys() == found["hints"].keys() == {"a", "b"}


def test_a_variant_has_other_numbers(striate):
    """The same seed shows and checks the same numbers."""
    shown = striate("exercise", "E8.7", "--variant", "5")
    answer = get("E8.7", variant=5).parts[0].answer.text
    right = striate("exercise", "E8.7", "--variant", "5", "--answer", answer)
    other = striate("exercise", "E8.7", "--answer", answer)

    assert shown.stdout.startswith("E8.7 (variant 5): ")
    assert "striate exercise E8.7 --variant 5 --answer a=..." in shown.stdout
    assert (right.exit_code, other.exit_code) == (0, 3)


def test_sheet(striate):
    """`--sheet` prints what st.exercises.sheet returns, for ranges of variants."""
    words = ("E8.7", "P8.1", "--sheet", "--variant", "1-2", "--variant", "7", "--format", "latex")

    result = striate("exercise", *words)

    expected = st.exercises.sheet(["E8.7", "P8.1"], variants=[1, 2, 7], format="latex")
    assert (result.exit_code, result.stdout) == (0, expected)


def test_sheet_as_json(striate):
    """`--json` has the sheet as one text."""
    result = striate("exercise", "e8.7", "--sheet", "--json")

    found = json.loads(result.stdout)
    assert (found["format"], found["variants"]) == ("markdown", [])
    assert found["sheet"] == st.exercises.sheet(["E8.7"])


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (
            ("E8.7", "--answer", "eight"),
            1,
            (
                'Error: The answer "eight" is not an array of numbers; expected rows of the same '
                "length. Write it as [[1, 2], [3, 4]] or as 1 2; 3 4, or name a file that ends in "
                ".npy or .csv.\n"
            ),
        ),
        (
            ("E8.7", "--answer", "missing.npy"),
            1,
            "Error: Cannot read missing.npy: no such file or directory. Check the path.\n",
        ),
        (("E8.7", "--part", "c"), 1, 'Error: E8.7 has no part "c". Choose from a, b.\n'),
        (("E8.7", "--answer", "c=8"), 1, 'Error: E8.7 has no part "c". Choose from a, b.\n'),
        (
            ("E8.7", "E8.1"),
            1,
            "Error: Expected one exercise, got 2. Use --sheet to print several.\n",
        ),
        (
            ("E8.7", "--variant", "1-3"),
            1,
            "Error: Expected one variant, got 3. Use --sheet to print several.\n",
        ),
        (
            ("E8.7", "--variant", "x"),
            2,
            "'x' is not a seed; try 1, or 1-30 for a range.\n",
        ),
        (
            ("--answer", "8"),
            1,
            "--answer needs the name of an exercise. Try striate exercise E8.7 --answer 8.\n",
        ),
    ],
)
def test_errors(striate, words, code, message):
    """Answers that can't be read and wrong options are errors, not incorrect answers."""
    result = striate("exercise", *words)

    assert result.exit_code == code
    assert result.stderr.endswith(message)
    assert result.stdout == ""


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_picture(striate, tmp_path, ending):
    """`--picture` draws the image and the kernel of E8.1."""
    path = tmp_path / f"image.{ending}"

    result = striate("exercise", "E8.1", "--part", "a", "--hint", "--picture", path)

    assert result.exit_code == 0, result.output
    assert result.stdout.endswith(f"Saved {path}.\n")
    assert path.stat().st_size > 1000


def test_an_exercise_without_arrays_cannot_be_drawn(striate, tmp_path):
    """E8.7 has only sizes, so there is nothing to draw."""
    result = striate("exercise", "E8.7", "--picture", tmp_path / "image.png")

    assert result.exit_code == 1
    assert result.stderr == "Error: E8.7 has no arrays to draw. Try E8.1, for example.\n"
