"""The files of a run: their names, their number, and what is never replaced."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from networks import classifier
from striate import load
from striate.errors import ModelFileError, StriateWarning
from striate.recipes.run_files import check_files, choose_files, reserve

FOLDER = Path("striate-output")


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)


def reserved(data="digits", **more):
    """Reserve the files of a run."""
    return reserve(choose_files(data, **more))


@pytest.mark.parametrize(
    ("data", "net", "recipe", "stem"),
    [
        ("digits", None, None, "digits-lenet5"),
        ("digits", "hagan-8.11", None, "digits-hagan-8.11"),
        ("digits", "conv 4@3x3 | dense 10", None, "digits-net"),
        ("photos/cats & dogs/", None, None, "cats-dogs-net"),
        ("letters.npz", "lenet5", None, "letters-lenet5"),
        ("mnist", None, "quick", "mnist-quick"),
        ("mnist", "lenet5", "quick", "mnist-lenet5"),
    ],
)
def test_files_are_named_after_data_and_network(data, net, recipe, stem):
    """Model, checkpoint and pictures share a name."""
    Path("letters.npz").touch()

    files = reserved(data, net=net, recipe=recipe)

    assert files.model == FOLDER / f"{stem}.safetensors"
    assert files.checkpoint == FOLDER / f"{stem}.checkpoint"
    assert files.pictures == FOLDER / stem


@pytest.mark.parametrize("what", ["model", "checkpoint", "pictures"])
@pytest.mark.parametrize("net", ["lenet5", "hagan-8.11"])
def test_a_second_run_gets_another_number(what, net):
    """Whichever file exists, all files of the new run get the next number."""
    first = next(choose_files("digits", net=net))
    first.model.parent.mkdir()
    path = getattr(first, what)
    path.mkdir() if what == "pictures" else path.write_bytes(b"earlier")

    second = reserved(net=net)

    assert {path.name for path in (second.model, second.checkpoint, second.pictures)} == {
        f"digits-{net}-2.safetensors",
        f"digits-{net}-2.checkpoint",
        f"digits-{net}-2",
    }


def test_simultaneous_runs_get_different_numbers():
    """Twenty threads reserve at once and get twenty numbers: each reservation is exclusive."""
    start, found = threading.Barrier(20), []

    def run():
        start.wait()
        found.append(reserved())

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({files.model for files in found}) == 20
    assert {files.model.name for files in found} == {
        f"digits-lenet5{'' if k == 1 else f'-{k}'}.safetensors" for k in range(1, 21)
    }


def test_overwriting_takes_the_first_number():
    """With `--overwrite` the names of the first run are reused."""
    first = reserved()
    first.model.write_bytes(b"earlier")
    first.release(finished=True)

    assert reserved(overwrite=True).model == first.model


def test_overwriting_does_not_touch_a_run_that_is_not_finished():
    """Files of earlier runs may be replaced, not those of a run that is training now."""
    running = reserved()

    assert reserved(overwrite=True).model != running.model


def test_an_explicit_output_leaves_the_other_names_alone():
    """A model that the user named has no number; checkpoint and pictures do."""
    reserved()

    files = reserved(output=Path("mine.safetensors"))

    assert files.model == Path("mine.safetensors")
    assert files.pictures == FOLDER / "digits-lenet5-2"


REFUSED = {
    "output": {"output": Path("mine")},
    "checkpoint": {"checkpoint": Path("mine")},
    "pictures": {"pictures": Path("drawn")},
    "folder": {"output": Path("drawn")},
}
NOTHING = {"output": None, "checkpoint": None, "resume": None, "pictures": None}


@pytest.mark.parametrize("case", REFUSED)
def test_files_that_the_user_named_are_not_replaced(case, golden):
    """An existing file is refused before anything is read, unless it may be replaced."""
    Path("mine").touch()
    Path("drawn").mkdir()
    for name in ("kernels.png", "confusion.png", "notes.txt"):
        (Path("drawn") / name).touch()
    given = REFUSED[case]
    with pytest.raises(ModelFileError) as error:
        check_files(**{**NOTHING, **given}, overwrite=False)

    golden(f"messages/run-files-{case}", str(error.value))
    if case != "folder":
        check_files(**{**NOTHING, **given}, overwrite=True)


def test_the_checkpoint_that_is_resumed_may_be_written():
    """`--checkpoint` and `--resume` can be the same file, also if they are written differently."""
    Path("mine").touch()

    for path in (Path("mine"), Path("mine").absolute()):
        check_files(**{**NOTHING, "checkpoint": path, "resume": Path("mine")}, overwrite=False)


UNUSABLE = {
    "resume-missing": {"resume": Path("missing")},
    "resume-a-folder": {"resume": Path("drawn")},
    "output-is-checkpoint": {"output": Path("new"), "checkpoint": Path("drawn/../new")},
    "output-is-resume": {"output": Path("mine"), "resume": Path("mine")},
    "pictures-a-file": {"pictures": Path("mine")},
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_files_that_cannot_be_used_are_refused_before_anything_is_read(case, golden):
    """Also with `--overwrite`: the model never replaces the checkpoint of its own run."""
    Path("mine").touch()
    Path("drawn").mkdir()
    for overwrite in (False, True):
        with pytest.raises(ModelFileError) as error:
            check_files(**{**NOTHING, **UNUSABLE[case]}, overwrite=overwrite)

    golden(f"messages/run-files-{case}", str(error.value))


def test_a_resumed_run_keeps_its_number():
    """The model and the pictures get the name of the checkpoint."""
    reserved()
    second = reserved()
    second.checkpoint.write_bytes(b"state")
    second.release(finished=False)

    files = reserved(resume=second.checkpoint)

    assert (files.model, files.checkpoint) == (second.model, second.checkpoint)
    assert files.temporary


@pytest.mark.parametrize(
    ("given", "checkpoint", "temporary"),
    [
        ({}, "striate-output/digits-lenet5.checkpoint", True),
        ({"resume": Path("mine")}, "mine", False),
        ({"checkpoint": Path("mine")}, "mine", False),
        ({"checkpoint": Path("mine"), "resume": Path("old")}, "mine", False),
    ],
)
def test_a_checkpoint_that_the_user_named_is_kept(given, checkpoint, temporary):
    """Only a checkpoint with a default name is removed after training."""
    files = reserved(**given)
    assert (files.checkpoint, files.temporary) == (Path(checkpoint), temporary)

    files.checkpoint.write_bytes(b"state")
    files.release(finished=True)

    left = [] if temporary else ["mine"]
    assert [path.name for path in Path().rglob("*") if path.is_file()] == left


def test_an_unused_reservation_is_removed():
    """A run that fails before its first checkpoint leaves only the folder."""
    reserved().release(finished=False)

    assert list(FOLDER.iterdir()) == []


def test_an_earlier_stopped_run_is_named():
    """Its checkpoint is suggested for --resume; that of a run that is still training isn't."""
    first = reserved()
    first.checkpoint.write_bytes(b"state")

    assert reserved().stopped is None
    first.release(finished=False)
    assert reserved().stopped == first.checkpoint


def test_how_to_resume():
    """After Ctrl-C, only a state that this run has written is offered."""
    files = reserved()
    assert files.how_to_resume("striate train digits") == (
        "Nothing was saved: training had not started."
    )

    files.checkpoint.write_bytes(b"state")
    assert files.how_to_resume("striate train digits") == (
        "The training state is in striate-output/digits-lenet5.checkpoint. To resume the run:\n"
        "  striate train digits --resume striate-output/digits-lenet5.checkpoint"
    )


def test_a_model_that_appeared_during_training_is_kept():
    """Two runs with one `--output`: the second to finish saves under the next number."""
    files = reserved(output=Path("mine.safetensors"))
    Path("mine.safetensors").write_bytes(b"another run")

    saved = files.save_model(classifier())

    assert saved == Path("mine-2.safetensors")
    assert Path("mine.safetensors").read_bytes() == b"another run"
    assert load(saved).parameter_count == classifier().parameter_count


def test_overwriting_replaces_the_model():
    """With `--overwrite` the name is used although the file exists."""
    files = reserved(output=Path("mine.safetensors"), overwrite=True)
    Path("mine.safetensors").write_bytes(b"earlier")

    assert files.save_model(classifier()) == files.model
    assert load(files.model).parameter_count == classifier().parameter_count


def test_a_model_that_cannot_be_written_goes_to_the_temporary_folder(tmp_path, monkeypatch):
    """Hours of training are not lost if a folder disappears."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "temporary"))
    files = reserved(output=Path("gone/mine.safetensors"))
    Path("gone").rmdir()

    with pytest.warns(StriateWarning) as warned:
        saved = files.save_model(classifier())

    assert str(warned[0].message) == (
        "Cannot write gone/mine.safetensors: no such file or directory. Create the folder first, "
        f"or choose another one. The model is in {saved}, a folder for temporary files: move it "
        "from there."
    )
    assert saved == tmp_path / "temporary" / "mine.safetensors"
    assert load(saved).parameter_count == classifier().parameter_count


def test_a_folder_without_permission(tmp_path, monkeypatch):
    """A folder that cannot be written to is an error before training."""
    # The superuser may write anywhere, so os.access is replaced.
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(ModelFileError) as error:
        reserved(output=tmp_path / "net.safetensors")

    assert str(error.value) == (
        f"Cannot write to the folder {tmp_path}: permission denied. "
        "Choose writable folders with --output, --checkpoint, --log and --pictures."
    )


STARTED = """
import sys
from pathlib import Path
from striate.recipes.run_files import choose_files, reserve
given = {name: Path(path) for name, path in (word.split("=") for word in sys.argv[1:])}
files = reserve(choose_files("digits", **given))
print(files.model, flush=True)
sys.stdin.read()
"""


def started(*words):
    """Start a run in another process, which has reserved its files and written nothing."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTED, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline()
    return process


def test_a_killed_run_frees_its_number():
    """A run killed before its first checkpoint leaves nothing that blocks its number."""
    process = started()
    assert reserved().model.name == "digits-lenet5-2.safetensors"
    process.kill()
    process.communicate()

    files = reserved()

    assert files.model.name == "digits-lenet5.safetensors"
    assert files.stopped is None
    files.release(finished=True)
    assert sorted(path.name for path in FOLDER.iterdir()) == [".digits-lenet5-2.checkpoint.lock"]


def test_leftovers_of_killed_runs_are_removed():
    """Temporary and empty files of a killed run are removed when its number is tried again."""
    first = reserved()
    first.pictures.mkdir()
    first.model.write_bytes(b"model")
    first.release(finished=True)
    left = [
        FOLDER / ".digits-lenet5.safetensors.abcdefgh.part",
        FOLDER / ".digits-lenet5.checkpoint.abcdefgh.part",
        first.pictures / ".kernels.png.abcdefgh.part",
    ]
    for path in left:
        path.write_bytes(b"half")
    (FOLDER / "digits-lenet5-2.safetensors").touch()  # killed before the model was written

    second = reserved()

    assert [path for path in left if path.exists()] == []
    assert second.model == FOLDER / "digits-lenet5-2.safetensors"
    assert not second.model.exists()
    assert first.model.read_bytes() == b"model"


@pytest.mark.parametrize("option", ["checkpoint", "resume"])
def test_two_runs_at_once_do_not_share_a_checkpoint(option, golden):
    """The second is refused while the first is running, however the path is spelled."""
    Path("mine").write_bytes(b"state")
    Path("link").symlink_to("mine")
    process = started(f"{option}=mine")
    try:
        for path in (Path("mine"), Path("link")):
            with pytest.raises(ModelFileError) as error:
                reserved(**{option: path})
    finally:
        process.kill()
        process.communicate()

    golden(f"messages/run-files-in-use-{option}", str(error.value))
    assert reserved(**{option: Path("mine")}).checkpoint == Path("mine")


def test_a_run_that_is_refused_frees_its_number():
    """The next run gets the number that it had reserved."""
    first = reserved(checkpoint=Path("mine"))
    with pytest.raises(ModelFileError):
        reserved(checkpoint=Path("mine"))
    first.release(finished=False)

    assert reserved().model == first.model


@pytest.mark.parametrize("before", [None, b"earlier"])
def test_a_link_as_output(before):
    """The link stays, and its target is written; a target that exists needs `--overwrite`."""
    Path("disk").mkdir()
    target, link = Path("disk/net.safetensors"), Path("latest.safetensors")
    link.symlink_to(target)
    if before is not None:
        target.write_bytes(before)
        with pytest.raises(ModelFileError):
            check_files(**{**NOTHING, "output": link}, overwrite=False)

    files = reserved(output=link, overwrite=before is not None)
    saved = files.save_model(classifier())

    assert saved == link
    assert link.is_symlink()
    assert load(target).parameter_count == classifier().parameter_count


def test_the_target_folder_of_a_link_is_checked_before_training():
    """A link into a folder that doesn't exist yet: the folder is made, as for other outputs."""
    Path("latest.safetensors").symlink_to("disk/net.safetensors")

    files = reserved(output=Path("latest.safetensors"))

    assert Path("disk").is_dir()
    assert files.save_model(classifier()) == Path("latest.safetensors")


def test_pictures_that_appeared_during_training_are_kept():
    """Two runs with one `--pictures`: the second to finish draws into another folder."""
    first, second = reserved(pictures=Path("drawn")), reserved(pictures=Path("drawn"))
    with first.pictures_folder() as folder:
        assert folder == Path("drawn")
        (folder / "kernels.png").write_bytes(b"the first run's")

    with second.pictures_folder() as folder:
        assert folder == Path("drawn-2")
    with reserved(pictures=Path("drawn"), overwrite=True).pictures_folder() as folder:
        assert folder == Path("drawn")
    assert [path.name for path in Path("drawn").iterdir()] == ["kernels.png"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_two_runs_never_draw_into_one_folder_at_once(overwrite):
    """A folder without pictures may be one that another run is about to draw into."""
    first, second = (reserved(pictures=Path("drawn"), overwrite=overwrite) for _ in range(2))

    with first.pictures_folder(), second.pictures_folder() as folder:
        assert folder == Path("drawn-2")


@pytest.mark.parametrize("option", ["output", "checkpoint"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_device_or_a_pipe_is_refused_before_training(option, overwrite, golden):
    """A model is written to a new file that then gets the name; hours later that would fail."""
    os.mkfifo("pipe")
    for path in (Path("pipe"), Path("/dev/null")):
        with pytest.raises(ModelFileError) as error:
            check_files(**{**NOTHING, option: path}, overwrite=overwrite)

    golden(f"messages/run-files-device-{option}", str(error.value))


def named(**more):
    """Reserve files that the user named, all in the folder ``mine``."""
    names = {"output": "net.safetensors", "checkpoint": "run.checkpoint", "log": "run.csv"}
    paths = {name: Path("mine", path) for name, path in names.items()}
    return reserved(no_pictures=True, **{**paths, **more})


def test_a_run_whose_files_are_all_named_writes_nothing_elsewhere(tmp_path):
    """The current folder may be read-only."""
    files = named()

    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert [path.name for path in Path("mine").iterdir()] == [".run.checkpoint.lock"]
    files.release(finished=False)
    assert list(Path("mine").iterdir()) == []


def test_two_runs_whose_files_are_all_named():
    """They have no number to tell them apart: the second is refused."""
    first = named()
    with pytest.raises(ModelFileError, match=r"--checkpoint mine/run\.checkpoint is in use"):
        named()
    first.release(finished=False)

    assert named().model == first.model


def test_a_folder_on_a_read_only_disk(monkeypatch):
    """The error names the options that choose other folders."""

    def refused(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("pathlib.Path.mkdir", refused)
    with pytest.raises(ModelFileError) as error:
        reserved()

    assert str(error.value) == (
        "Cannot create the folder striate-output: read-only file system. "
        "Choose writable folders with --output, --checkpoint, --log and --pictures."
    )


def test_the_folder_of_a_log_is_made():
    """As that of a model."""
    reserved(log=Path("logs/today/run.csv"))

    assert Path("logs/today").is_dir()


def test_an_existing_log_is_refused_before_anything_is_read():
    """Unless its run is resumed, or it may be replaced."""
    Path("run.csv").write_text("epoch\n")
    for more in ({}, {"overwrite": True}, {"resume": Path("run.csv")}):
        given = {**NOTHING, "log": Path("run.csv"), "overwrite": False, **more}
        if more:
            check_files(**given)
            continue
        with pytest.raises(ModelFileError, match=r"run\.csv already exists"):
            check_files(**given)
