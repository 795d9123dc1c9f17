"""Model files: damaged ones are refused with an explanation, and a failed save changes nothing."""

import errno
import json
import os
import pickle
import struct
import subprocess

import numpy as np
import pytest
from safetensors.numpy import save, save_file

import striate as st
from networks import classifier, digest
from striate.errors import ModelFileError
from striate.training.tensors import METADATA, read_tensors, write_tensors


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Save a small model in the working folder."""
    monkeypatch.chdir(tmp_path)
    classifier().save("model.safetensors")
    return tmp_path / "model.safetensors"


def header_of(raw):
    """Read the header of a safetensors file."""
    return json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])


def with_header(raw, header):
    """Replace the header, and keep the data."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = int.from_bytes(raw[:8], "little")
    return struct.pack("<Q", len(text)) + text + raw[8 + size :]


def changed(raw, **parts):
    """Change one array's entry in the header."""
    header = header_of(raw)
    header["conv1.weight"] = {**header["conv1.weight"], **parts}
    return with_header(raw, header)


def with_description(raw, text):
    """Change the description in the metadata of a file."""
    header = header_of(raw)
    return with_header(raw, {**header, "__metadata__": {METADATA: text}})


def with_format(raw, said):
    """Change the format that a file states."""
    description = json.loads(header_of(raw)["__metadata__"][METADATA])
    return with_description(raw, json.dumps({**description, "format": said}))


def _offsets(raw, shift):
    start, end = header_of(raw)["conv1.weight"]["data_offsets"]
    return [start + shift, end + shift]


DAMAGED = {
    "empty": lambda raw: raw[:0],
    "half-a-length": lambda raw: raw[:5],
    "half-a-header": lambda raw: raw[:50],
    "without-data": lambda raw: raw[: 8 + int.from_bytes(raw[:8], "little")],
    "half-the-data": lambda raw: raw[:-200],
    "one-byte-short": lambda raw: raw[:-1],
    "one-byte-long": lambda raw: raw + b"\0",
    "huge-header-length": lambda raw: struct.pack("<Q", 2**62) + raw[8:],
    "header-longer-than-file": lambda raw: struct.pack("<Q", len(raw)) + raw[8:],
    "header-no-json": lambda raw: with_header(raw, b"{" * 40),
    "header-not-utf8": lambda raw: with_header(raw, b"\xff" * 40),
    "header-a-list": lambda raw: with_header(raw, []),
    "offsets-beyond": lambda raw: changed(raw, data_offsets=_offsets(raw, 10**9)),
    "offsets-overlap": lambda raw: changed(raw, data_offsets=_offsets(raw, 4)),
    "offsets-backwards": lambda raw: changed(raw, data_offsets=_offsets(raw, 0)[::-1]),
    "shape-too-large": lambda raw: changed(raw, shape=[2, 1, 3, 4000]),
    "shape-overflows": lambda raw: changed(raw, shape=[2**40, 2**40, 3, 3]),
    "unknown-dtype": lambda raw: changed(raw, dtype="F31"),
    "dtype-too-wide": lambda raw: changed(raw, dtype="F64"),
    "zip": lambda raw: b"PK\3\4" + raw,
    "text": lambda raw: b"conv 6@5x5 tanh | dense 10",  # noqa: ARG005  # of a table
    "pickle": lambda raw: pickle.dumps({"weights": [1, 2]}),  # noqa: ARG005  # of a table
    "no-metadata": lambda raw: with_header(
        raw, {k: v for k, v in header_of(raw).items() if k != "__metadata__"}
    ),
    "no-format": lambda raw: with_format(raw, ""),
    "format-no-number": lambda raw: with_format(raw, "model x"),
    "of-another-kind": lambda raw: with_format(raw, "sculpture 1"),
    "newer": lambda raw: with_format(raw, "model 2"),
    "document-no-json": lambda raw: with_description(raw, "{"),
    "document-a-list": lambda raw: with_description(raw, "[]"),
    "document-too-deep": lambda raw: with_description(raw, "[" * 100_000 + "]" * 100_000),
    "document-huge-number": lambda raw: with_description(raw, "9" * 10_000),
    "document-empty": lambda raw: with_description(raw, '{"format": "model 1"}'),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file(damage, model, golden):
    """Whatever is wrong with a file, the error explains it and says what to do."""
    model.write_bytes(DAMAGED[damage](model.read_bytes()))
    with pytest.raises(ModelFileError) as error:
        st.load(model.name)

    golden(f"messages/model-file-{damage}", str(error.value))


def test_every_truncation_is_found(model):
    """A file cut off anywhere is refused."""
    raw = model.read_bytes()
    for length in [*range(64), *range(64, len(raw), 97), len(raw) - 1]:
        model.write_bytes(raw[:length])
        with pytest.raises(ModelFileError):
            st.load(model)


def test_every_flipped_byte_of_the_header_is_survived(model):
    """A header with any byte changed gives a network or a ModelFileError, nothing else."""
    raw = model.read_bytes()
    outcomes = set()
    for place in range(0, 8 + int.from_bytes(raw[:8], "little"), 7):
        model.write_bytes(raw[:place] + bytes([raw[place] ^ 0x15]) + raw[place + 1 :])
        try:
            outcomes.add(type(st.load(model)))
        except ModelFileError as error:
            outcomes.add(type(error))

    assert outcomes <= {st.Network, ModelFileError}
    assert ModelFileError in outcomes


def test_a_pickle_is_never_executed(tmp_path):
    """Loading does not run code, whatever the file contains."""
    marker = tmp_path / "executed"

    class Evil:
        def __reduce__(self):
            return (os.system, (f"touch {marker}",))

    path = tmp_path / "model.safetensors"
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ModelFileError):
        st.load(path)

    assert not marker.exists()


def test_a_missing_file(tmp_path, monkeypatch, golden):
    """A missing file and a folder get the same explanation."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelFileError) as error:
        st.load("model.safetensors")

    golden("messages/model-file-missing", str(error.value))
    with pytest.raises(ModelFileError, match="does not exist or is not a file"):
        st.load(tmp_path)


def test_a_file_that_may_not_be_read(model, monkeypatch):
    """The error has the reason of the operating system."""

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("striate.training.tensors.safe_open", refuse)
    with pytest.raises(ModelFileError, match=r"Cannot read .*: permission denied"):
        st.load(model)


FULL = OSError(errno.ENOSPC, "No space left on device")


def full_disk(*_, **__):
    """Fail like a full disk."""
    raise FULL


@pytest.mark.parametrize("where", ["os.fsync", "tempfile.mkstemp", "pathlib.Path.replace"])
def test_a_full_disk_leaves_the_old_file_unchanged(where, model, monkeypatch, golden):
    """If the disk is full, the old file is unchanged, and no partial file is left."""
    before = model.read_bytes()
    network = classifier(seed=1)
    with monkeypatch.context() as patch:
        patch.setattr(where, full_disk)
        with pytest.raises(ModelFileError) as error:
            network.save(model.name)

    assert model.read_bytes() == before
    assert [path.name for path in model.parent.iterdir()] == [model.name]
    golden("messages/disk-full", str(error.value))


def test_an_interrupt_while_saving_leaves_the_old_file_unchanged(model, monkeypatch):
    """Ctrl-C while a file is written leaves the old one."""
    before = model.read_bytes()

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            classifier(seed=1).save(model)

    assert model.read_bytes() == before
    assert [path.name for path in model.parent.iterdir()] == [model.name]


def test_a_really_full_disk(tmp_path):
    """On a file system of 64 KiB the old file is unchanged (if the system allows creating one)."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        made = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        made = False
    if not made:
        pytest.skip("this system does not let a test make a small file system")
    try:
        classifier().save(folder / "model")
        before = (folder / "model").read_bytes()
        with pytest.raises(ModelFileError, match="no space left on device"):
            st.Network.preset("lenet5").save(folder / "model")

        assert (folder / "model").read_bytes() == before
        assert [path.name for path in folder.iterdir()] == ["model"]
    finally:
        subprocess.run(["umount", str(folder)], capture_output=True, check=True)


def test_folders_that_cannot_be_written_to(tmp_path, monkeypatch, golden):
    """A folder that is missing, is a file, or cannot be written to is named."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    texts = []
    for path in ("nowhere/model", "file/model"):
        with pytest.raises(ModelFileError) as error:
            classifier().save(path)
        texts.append(str(error.value))

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(ModelFileError) as error:
        classifier().save("model")
    golden("messages/folder-not-writable", "\n".join([*texts, str(error.value)]))


def test_a_folder_in_the_way(tmp_path, monkeypatch, golden):
    """A model does not replace a folder of the same name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    with pytest.raises(ModelFileError) as error:
        classifier().save("model")

    golden("messages/folder-in-the-way", str(error.value))
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_arrays_and_document_come_back(tmp_path):
    """Bits, shapes, dtypes and the document are kept, also of arrays that are not contiguous."""
    arrays = {
        "a": np.array([1.5, np.nan, -0.0, np.inf], np.float32),
        "b": np.arange(6, dtype=np.int64).reshape(2, 3).T,
        "empty": np.zeros((0,), np.float32),
    }
    document = {"rows": [{"loss": float("nan")}], "word": "größe", "none": None}
    write_tensors(tmp_path / "file", "checkpoint", arrays, document)
    found, read = read_tensors(tmp_path / "file", "checkpoint")

    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].tobytes() == np.ascontiguousarray(array).tobytes()
    assert json.dumps(read) == json.dumps({"format": "checkpoint 1", **document})


def test_home_is_expanded(tmp_path, monkeypatch):
    """A file that is saved below ``~`` is read from there."""
    monkeypatch.setenv("HOME", str(tmp_path))
    network = classifier()

    network.save("~/net.safetensors")

    assert (tmp_path / "net.safetensors").is_file()
    assert digest(st.load("~/net.safetensors")) == digest(network)


def test_a_foreign_safetensors_file(tmp_path, monkeypatch, golden):
    """A safetensors file that striate did not save is refused."""
    monkeypatch.chdir(tmp_path)
    save_file({"weight": np.zeros(3, np.float32)}, "foreign.safetensors")
    with pytest.raises(ModelFileError) as error:
        st.load("foreign.safetensors")

    golden("messages/model-file-foreign", str(error.value))
    (tmp_path / "other").write_bytes(save({"weight": np.zeros(3, np.float32)}, {"format": "pt"}))
    with pytest.raises(ModelFileError, match="was not saved by striate"):
        st.load("other")


def test_saving_twice_gives_the_same_bytes(tmp_path):
    """A file depends only on the network."""
    for name in ("a", "b"):
        classifier().save(tmp_path / name)

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert digest(st.load(tmp_path / "a")) == digest(classifier())


@pytest.mark.parametrize("typed", ["net", "nett.safetensors", "Net.safetensor"])
def test_a_file_with_a_similar_name_is_suggested(tmp_path, typed):
    """Mostly the ending is forgotten; files of other kinds are not suggested."""
    (tmp_path / "net.safetensors").touch()
    (tmp_path / "nett.checkpoint").touch()
    with pytest.raises(ModelFileError) as error:
        read_tensors(tmp_path / typed, "model")

    assert f"Did you mean {tmp_path}/net.safetensors?" in str(error.value)
