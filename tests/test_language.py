"""The project's texts: the field's words, American spelling, no doubled words or notes left behind.

The phrases are data, in tools/language.toml; `python tools/language.py PATH` lists violations.
"""

import language
import pytest

PHRASES = language.phrases()
PENDING = language.pending()
# A file that says one thing, in each scope.
WRAPPED = {
    "messages": ("m.py", 'text = "so it is: {}; more"\n'),
    "docs": ("page.md", "# Title\n\nA sentence, {}\n"),
    "docstrings": ("d.py", '"""{}"""\n'),
    "comments": ("c.py", "x = 1  # {}\n"),
    "identifiers": ("i.py", "def f_{}(x):\n    return x\n"),
    "text": ("t.py", "x = '''{}'''\n"),
}
PLANTED = [
    pytest.param(phrase, scope, text, id=f"{scope}-{text}")
    for phrase in PHRASES
    for scope in sorted(phrase.scope)
    for text in phrase.found
]


def wrapped(scope, text):
    """Write a file that holds a text in one scope only."""
    name, frame = WRAPPED[scope]
    if scope == "identifiers":
        text = "_".join(word for word in text.split() if word.isidentifier())
    elif scope == "messages":
        text = text.replace('"', "'")
    elif scope == "docstrings":
        text = text.replace('"', r"\"")
    return name, frame.replace("{}", text)


@pytest.mark.parametrize("path", language.files(), ids=language.relative)
def test_a_file_has_no_phrase_to_avoid(path):
    """Every file is written in the field's words, except those that are listed as pending."""
    name = language.relative(path)
    if any(name == one or name.startswith(f"{one}/") for one in PENDING):
        pytest.skip(f"pending: {name}")

    assert [str(one) for one in language.scan(name, path.read_text())] == []


@pytest.mark.parametrize(("phrase", "scope", "text"), PLANTED)
def test_a_planted_violation_is_found(phrase, scope, text):
    """Each phrase is found in each of its scopes."""
    name, content = wrapped(scope, text)

    reasons = {one.reason for one in language.scan(name, content) if one.scope == scope}

    assert phrase.reason in reasons


@pytest.mark.parametrize("scope", sorted(WRAPPED))
def test_a_phrase_is_not_found_outside_its_scopes(scope):
    """A phrase that applies to docstrings is not looked for in messages."""
    others = [phrase for phrase in PHRASES if scope not in phrase.scope]

    for phrase in others:
        name, content = wrapped(scope, phrase.found[0])
        reasons = {one.reason for one in language.scan(name, content) if one.scope == scope}
        assert phrase.reason not in reasons


@pytest.mark.parametrize(
    ("phrase", "text"),
    [pytest.param(phrase, text, id=text) for phrase in PHRASES for text in phrase.missed],
)
def test_a_near_miss_is_not_found(phrase, text):
    """Good English that resembles a phrase is not a violation."""
    assert not phrase.pattern.search(text)


def test_a_phrase_is_found_across_line_breaks():
    """Text that wraps is read as one sentence: in Markdown, docstrings, comments and strings."""
    page = language.scan("page.md", "Use a rate of 0.001,\nsay.\n")
    comment = language.scan("c.py", "x = 1\n# a rate of 0.001,\n# say\n")
    string = language.scan("s.py", 'raise ValueError("a rate of 0.001, " "say.")\n')

    assert [one.line for one in page] == [1]
    assert [one.line for one in comment] == [2]
    assert [one.line for one in string] == [1]


def test_an_address_is_not_prose():
    """A word in the address of a page is spelled as its owner spells it."""
    assert language.scan("page.md", "https://example.org/colo\u0075r\n") == []


def test_a_generated_page_is_not_scanned():
    """Only files that people write are looked at, and the phrases themselves are left out."""
    names = {language.relative(path) for path in language.files()}

    assert "tools/language.py" in names
    assert "tools/language.toml" not in names
    assert not any("auto_examples" in name for name in names)


def test_every_pending_path_exists():
    """What is pending is a file or folder of the project, with a reason."""
    missing = [one for one, reason in PENDING.items() if not (language.ROOT / one).exists()]

    assert missing == []
    assert all(PENDING.values())
