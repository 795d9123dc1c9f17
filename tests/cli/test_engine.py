"""Which engine a command uses: the option, the notice, the error."""

import pytest

import striate.engine.capabilities
from striate.model import engines


@pytest.fixture
def nothing_compiles(monkeypatch):
    """Let this machine have a processor without machine code, of which nothing has been said."""

    def unknown():
        raise RuntimeError("unknown processor")

    monkeypatch.setattr(striate.engine.capabilities, "host", unknown)
    monkeypatch.setattr(engines, "_warned", set())


@pytest.mark.parametrize("engine", ["numpy", "compiled", "auto"])
def test_every_engine_gives_the_same_results(striate, shapes_model, engine):
    """The engine doesn't change the results."""
    result = striate("evaluate", shapes_model, "shapes", "--engine", engine)

    assert result.exit_code == 0
    assert "test accuracy 100.00%" in result.stdout


@pytest.mark.usefixtures("nothing_compiles")
def test_the_notice_is_a_sentence(striate, shapes_model):
    """If only NumPy can run, a note gives the reason, and the results are printed."""
    result = striate("evaluate", shapes_model, "shapes")

    assert result.exit_code == 0
    assert "test accuracy 100.00%" in result.stdout
    assert result.stderr == (
        "note: The compiled engine cannot run: LLVM doesn't support this processor (unknown "
        "processor). Use --engine numpy. Falling back to the "
        "NumPy engine, which gives the same results up to rounding and is many times slower.\n"
    )


@pytest.mark.usefixtures("nothing_compiles")
@pytest.mark.parametrize("words", ["train shapes --epochs 1", "evaluate MODEL shapes"])
def test_the_compiled_engine_by_name(striate, shapes_model, words):
    """If the compiled engine is selected and cannot run, that is an error."""
    words = words.replace("MODEL", str(shapes_model)).split()
    result = striate(*words, "--engine", "compiled")

    assert result.exit_code == 1
    assert "Error: The compiled engine cannot run: LLVM doesn't support" in result.stderr


@pytest.mark.usefixtures("nothing_compiles")
def test_no_note_for_a_choice(striate, shapes_model):
    """With --engine numpy nothing about machine code is printed."""
    result = striate("evaluate", shapes_model, "shapes", "--engine", "numpy")

    assert (result.exit_code, result.stderr) == (0, "")
