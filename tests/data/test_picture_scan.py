"""Folders of pictures as people have them: odd and bad files, copies, and odd arrangements."""

import gzip
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import striate as st
from striate.data import picture_errors, picture_reading, pictures
from striate.data.picture_reading import read_all
from striate.errors import DataError

SIZE = (24, 32)  # rows, columns
_ORIENTATION = 0x0112


def photo(seed=0):
    """Make a smooth picture in color, which differs from seed to seed."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (4, 5, 3), np.uint8))
    return small.resize(SIZE[::-1], Image.Resampling.BICUBIC)


def encoded(picture, kind, **options):
    """Encode a picture."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def turned():
    """Store the photo on its side, with EXIF data that turn it upright."""
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    side = photo().transpose(Image.Transpose.ROTATE_90)
    return encoded(side, "JPEG", quality=95, exif=exif)


def with_alpha(level):
    """Return the photo with an alpha channel of one level."""
    picture = photo().convert("RGBA")
    picture.putalpha(level)
    return picture


def two_frames(kind, **options):
    """Encode the photo and another one as frames."""
    return encoded(photo(), kind, save_all=True, append_images=[photo(9)], **options)


def deep():
    """Return the photo in gray with 16 bits."""
    return Image.fromarray(np.asarray(photo().convert("L")).astype(np.uint16) * 257)


WHITE = Image.new("RGB", SIZE[::-1], "white")
GOOD = {  # name of the file, its bytes, and what it shows if that isn't the photo
    "JPEG": ("a.jpg", lambda: encoded(photo(), "JPEG", quality=95)),
    "upper case": ("A.JPG", lambda: encoded(photo(), "JPEG", quality=95)),
    "jfif": ("a.jfif", lambda: encoded(photo(), "JPEG", quality=95)),
    "progressive": ("a.jpeg", lambda: encoded(photo(), "JPEG", quality=95, progressive=True)),
    "JPEG CMYK": ("a.jpg", lambda: encoded(photo().convert("CMYK"), "JPEG", quality=95)),
    "JPEG gray": ("a.jpg", lambda: encoded(photo().convert("L"), "JPEG", quality=95), "gray"),
    "turned by EXIF": ("a.jpg", turned),
    "broken EXIF": ("a.jpg", lambda: encoded(photo(), "JPEG", quality=95, exif=b"Exif\0\0bad")),
    "PNG": ("a.png", lambda: encoded(photo(), "PNG")),
    "PNG named .jpg": ("a.jpg", lambda: encoded(photo(), "PNG")),
    "PNG gray": ("a.png", lambda: encoded(photo().convert("L"), "PNG"), "gray"),
    "PNG with 16 bits": ("a.png", lambda: encoded(deep(), "PNG"), "gray"),
    "palette": ("a.png", lambda: encoded(photo().quantize(256), "PNG")),
    "opaque": ("a.png", lambda: encoded(with_alpha(255), "PNG")),
    "transparent": ("a.png", lambda: encoded(with_alpha(0), "PNG"), "white"),
    "gray and alpha": ("a.png", lambda: encoded(with_alpha(0).convert("LA"), "PNG"), "white"),
    "GIF": ("a.gif", lambda: encoded(photo().quantize(256), "GIF")),
    "animated GIF": ("a.gif", lambda: two_frames("GIF")),
    "WebP": ("a.webp", lambda: encoded(photo(), "WEBP", quality=95)),
    "animated WebP": ("a.webp", lambda: two_frames("WEBP", quality=95)),
    "TIFF": ("a.tif", lambda: encoded(photo(), "TIFF", compression="tiff_lzw")),
    "TIFF CMYK": ("a.tiff", lambda: encoded(photo().convert("CMYK"), "TIFF")),
    "pages of TIFF": ("a.tif", lambda: two_frames("TIFF")),
    "BMP": ("a.bmp", lambda: encoded(photo(), "BMP")),
    "PPM": ("a.ppm", lambda: encoded(photo(), "PPM")),
    "Targa": ("a.tga", lambda: encoded(photo(), "TGA")),
    "JPEG 2000": ("a.jp2", lambda: encoded(photo(), "JPEG2000")),
    "name in Greek": ("\u03b3\u03ac\u03c4\u03b1 1.png", lambda: encoded(photo(), "PNG")),
    "name with a byte": (os.fsdecode(b"caf\xe9.png"), lambda: encoded(photo(), "PNG")),
}


def zipped():
    """Return a ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "text")
    return file.getvalue()


def cut(content, share=0.5):
    """Cut off the end of a file."""
    return content[: int(len(content) * share)]


BAD = {
    "bomb.png": lambda: encoded(Image.new("1", (200, 200)), "PNG"),
    "cut.gif": lambda: encoded(photo().quantize(256), "GIF")[:30],
    "cut.jpg": lambda: cut(encoded(photo(), "JPEG", quality=95)),
    "cut.png": lambda: cut(encoded(photo(), "PNG")),
    "cut.tif": lambda: cut(encoded(photo(), "TIFF", compression="tiff_lzw"), 0.9),
    "cut.webp": lambda: cut(encoded(photo(), "WEBP")),
    "document.jpg": lambda: b"%PDF-1.7\n",
    "drawing.png": lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "empty.jpg": lambda: b"",
    "float.tif": lambda: encoded(Image.fromarray(np.ones((3, 3), np.float32)), "TIFF"),
    "iphone.jpg": lambda: b"\0\0\0\x18ftypheic" + b"\0" * 20,
    "lfs.png": lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    "noise.jpg": lambda: b"\x93\x01\xff\x7f" * 50,
    "packed.png": lambda: gzip.compress(b"picture"),
    "page.jpg": lambda: b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "print.jpg": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "text.jpg": lambda: b"this is no picture",
    "video.jpg": lambda: b"\0\0\0\x18ftypmp42" + b"\0" * 20,
    "zeros.jpg": lambda: b"\0" * 100,
    "zip.jpg": zipped,
}


@pytest.mark.parametrize("kind", GOOD)
def test_odd_pictures_are_read(kind, tmp_path):
    """Whatever the format, the pixels are those that a viewer shows."""
    name, content, *shows = GOOD[kind]
    path = tmp_path / name
    path.write_bytes(content())
    expected = {"white": WHITE, "gray": photo().convert("L").convert("RGB")}

    found = read_all([path], root=tmp_path, channels=3)

    pixels = np.asarray(found.images[0], float) / (257 if found.images.dtype == np.uint16 else 1)
    wanted = np.asarray(expected[shows[0]] if shows else photo(), float)
    assert pixels.shape == wanted.shape
    # The mean distance that 256 colors and JPEG at quality 95 cause; other pictures differ by 60.
    assert np.abs(pixels - wanted).mean() < 6
    assert found.skipped == ()


@pytest.fixture
def few_pixels(monkeypatch):
    """Allow fewer pixels than the largest picture of these tests has."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)


@pytest.fixture
def photos(tmp_path):
    """Write a folder with two classes of 20 pictures."""
    for k in range(40):
        path = tmp_path / "photos" / ("cat", "dog")[k % 2] / f"{k:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        photo(100 + k).save(path)
    return tmp_path / "photos"


@pytest.fixture
def with_bad(photos, few_pixels):  # noqa: ARG001  # changes a limit
    """Add all kinds of bad files, and links."""
    for name, content in BAD.items():
        (photos / "dog" / name).write_bytes(content())
    (photos / "dog" / "gone.jpg").symlink_to("nowhere.jpg")
    (photos / "dog" / "link.png").symlink_to(photos / "cat" / "00.png")
    return photos


def test_all_bad_files_are_listed_at_once(with_bad, message, monkeypatch):
    """One error names each file and its reason, before any time is spent on training."""
    monkeypatch.setattr(picture_reading, "MOST_LISTED", 100)

    with pytest.raises(DataError) as error:
        st.data.open_dataset(with_bad)

    message(error, lines=True)


def test_a_long_list_is_cut(with_bad):
    """Of more than 20 files, the rest is counted."""
    with pytest.raises(DataError, match=r"\n  and 1 more\nCopy") as error:
        st.data.open_dataset(with_bad)

    assert str(error.value).count("\n  dog/") == 20


@pytest.mark.parametrize("in_memory", [True, False])
def test_bad_files_are_skipped_if_asked(with_bad, in_memory, tmp_path, monkeypatch):
    """With `skip_bad`, the others are read; a note counts the rest, and `scan` has all of them.

    The second time, decoded pictures come from a file.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    plain = [st.data.open_dataset(with_bad, skip_bad=True, in_memory=in_memory, test=0)]
    if not in_memory:
        monkeypatch.setattr(pictures, "_decoded", None)  # nothing is decoded again
        plain.append(st.data.open_dataset(with_bad, skip_bad=True, in_memory=False, test=0))

    for data in plain:
        assert len(data.x) == len(data.y) == len(data.files) == 41  # with a link
        assert {path.name for path, _ in data.scan.skipped} == {*BAD, "gone.jpg"}
        assert any(
            note.startswith("21 pictures that can't be read were skipped: dog/")
            for note in data.notes
        )
        for k in (0, 25, 40):
            with Image.open(data.files[k]) as picture:
                assert np.array_equal(data.x[k], np.asarray(picture))


def test_a_file_that_may_not_be_read(photos, monkeypatch):
    """The reason is the system's; the tests may run as root, whom no permission stops."""
    original = Path.open

    def opened(path, *rest, **options):
        if path.name == "02.png":
            raise PermissionError(13, "Permission denied", str(path))
        return original(path, *rest, **options)

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(DataError) as error:
        st.data.open_dataset(photos)

    assert str(error.value) == (
        f"Cannot read {photos / 'cat' / '02.png'} as a picture: permission denied. Copy or convert "
        "it again, or remove it. Use skip_bad=True to leave it out."
    )


def test_no_picture_can_be_read(photos):
    """If nothing is left, skipping doesn't help."""
    for path in photos.rglob("*.png"):
        path.write_bytes(b"")

    with pytest.raises(DataError, match=r"^Cannot read 40 of the 40 pictures in .*photos:\n  cat"):
        st.data.open_dataset(photos, skip_bad=True)


def test_no_picture_of_a_class_can_be_read(photos, message):
    """A class without a readable training picture is an error, also if bad files are skipped."""
    for path in (photos / "cat").iterdir():
        path.write_bytes(b"")

    with pytest.raises(DataError) as error:
        st.data.open_dataset(photos, skip_bad=True)

    message(error)


def test_a_plug_in_is_used_if_it_is_installed(tmp_path, monkeypatch):
    """Pictures whose plug-in is there are read like all others."""

    class Plugin:
        @staticmethod
        def register_heif_opener():
            Image.register_extension("PNG", ".heic")  # stands for a decoder

    monkeypatch.setattr(pictures.importlib.util, "find_spec", lambda name: name == "pillow_heif")
    monkeypatch.setattr(pictures.importlib, "import_module", lambda _: Plugin)
    pictures._formats.cache_clear()
    try:
        assert pictures.is_picture(tmp_path / "a.HEIC")
        assert pictures.plug_in_for(".heic") is None
    finally:
        Image.EXTENSION.pop(".heic", None)
        pictures._formats.cache_clear()


def test_raw_pictures_of_cameras_are_named(photos):
    """They aren't pictures yet; a note says what to do."""
    for k in range(3):
        (photos / "cat" / f"{k}.NEF").write_bytes(b"II*\0")

    (note,) = [one for one in st.data.open_dataset(photos).notes if "skipped" in one]

    assert note == (
        "3 files that are not a picture were skipped: 3 .nef. Export raw pictures of a camera as "
        "JPEG or TIFF first."
    )


def test_transparency_is_noted(photos):
    """Pictures with transparent pixels are counted; an alpha channel alone doesn't count."""
    with_alpha(255).save(photos / "cat" / "opaque.png")
    with_alpha(100).save(photos / "cat" / "glass.png")

    notes = st.data.open_dataset(photos).notes

    assert "1 picture has transparent pixels, which became white: cat/glass.png." in notes


def copied(source, target, **options):
    """Save a picture again, as JPEG, smaller and slightly cropped."""
    target.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.open(source)
    picture.crop((1, 0, picture.width, picture.height - 1)).resize((27, 20)).save(target, **options)


def moved(photos, part, numbers):
    """Move some pictures of each class to another part."""
    for path in list(photos.glob("*/*.png")):
        place = photos / (part if int(path.stem) in numbers else "train") / path.parent.name
        place.mkdir(parents=True, exist_ok=True)
        path.rename(place / path.name)
    for name in ("cat", "dog"):
        (photos / name).rmdir()


def test_copies_in_the_test_set_are_noted(photos):
    """A test picture that is a training picture saved again is named, with the original."""
    moved(photos, "Test", range(30, 40))
    copied(photos / "train/cat/04.png", photos / "Test/cat/new.jpg", quality=60)
    copied(photos / "train/dog/05.png", photos / "Validation/dog/new.jpg", quality=60)
    copied(photos / "Test/cat/30.png", photos / "Validation/cat/other.png")

    data = st.data.open_dataset(photos)

    test, validation = data.scan.test_copies, data.scan.validation_copies
    assert test == ((photos / "Test/cat/new.jpg", photos / "train/cat/04.png"),)
    assert validation == (
        (photos / "Validation/cat/other.png", photos / "Test/cat/30.png"),
        (photos / "Validation/dog/new.jpg", photos / "train/dog/05.png"),
    )
    test_note = (
        "1 test picture is nearly the same as a picture in another part: Test/cat/new.jpg (like "
        "train/cat/04.png). This inflates the test accuracy; remove one picture of each "
        "pair."
    )
    validation_note = (
        "2 validation pictures are nearly the same as pictures in another part: "
        "Validation/cat/other.png (like Test/cat/30.png), Validation/dog/new.jpg (like "
        "train/dog/05.png). This inflates the validation accuracy; remove one picture of "
        "each pair."
    )
    assert data.notes[-2:] == (test_note, validation_note)


def test_copies_in_two_classes_are_noted(photos):
    """The same picture as cat and as dog: one of the labels is wrong."""
    copied(photos / "cat/04.png", photos / "dog/new.jpg", quality=60)

    data = st.data.open_dataset(photos)

    assert data.scan.conflicting == ((photos / "cat/04.png", photos / "dog/new.jpg"),)
    assert (
        "1 pair of nearly the same picture is in two classes: cat/04.png and dog/new.jpg. One of "
        "the labels must be wrong; remove or move a picture of each pair."
    ) in data.notes


def test_copies_stay_together_when_a_test_set_is_held_out(photos):
    """Whatever the seed, a picture and its copies are in the same part."""
    for k in range(0, 40, 2):
        for number in range(2):
            copied(photos / f"cat/{k:02}.png", photos / f"cat/{k:02}-{number}.jpg", quality=80)

    for seed in range(5):
        data = st.data.open_dataset(photos, seed=seed)

        parts = [{path.stem[:2] for path in files} for files in (data.files, data.files_test)]
        assert not parts[0] & parts[1]
        assert len(data.groups) == len(data.x)
        assert np.bincount(data.y_test).tolist() == [12, 4]  # a fifth of each class


def test_wrapper_folders_are_entered(photos, tmp_path):
    """An archive unpacked to photos/photos/cat, with leftovers of macOS and Windows around it."""
    outer = tmp_path / "outer" / "photos"
    outer.mkdir(parents=True)
    photos.rename(outer / "photos")
    (tmp_path / "outer" / "__MACOSX" / "photos").mkdir(parents=True)
    (tmp_path / "outer" / ".DS_Store").write_bytes(b"x")
    (outer / "Thumbs.db").write_bytes(b"x")

    data = st.data.open_dataset(tmp_path / "outer")

    assert data.classes == ("cat", "dog")
    assert len(data.x) + len(data.x_test) == 40
    assert [note for note in data.notes if "skipped" in note] == []


@pytest.mark.parametrize("names", ["plain", "words"])
def test_a_flat_folder_is_explained(tmp_path, names, message):
    """Pictures without class folders are an error that says how to give them classes."""
    for k in range(6):
        name = f"IMG_{k}.jpg" if names == "plain" else f"{('cat', 'dog')[k % 2]}.{k}.jpg"
        photo(k).save(tmp_path / name)

    with pytest.raises(DataError) as error:
        st.data.open_dataset(tmp_path)

    message(error)


def test_flat_parts_are_explained(tmp_path, message):
    """Folders train and test with pictures but without classes are not two classes."""
    for part in ("train", "test"):
        (tmp_path / part).mkdir()
        for k in range(4):
            photo(k).save(tmp_path / part / f"{('cat', 'dog')[k % 2]}.{k}.jpg")

    with pytest.raises(DataError) as error:
        st.data.open_dataset(tmp_path)

    message(error)


def test_labels_by_name(photos):
    """`labels` has the classes' names, ready for training; `y` their indices."""
    data = st.data.open_dataset(photos)

    assert data.labels.tolist() == [path.parent.name for path in data.files]
    assert data.labels_test.tolist() == [path.parent.name for path in data.files_test]
    assert len(data.labels_validation) == 0


def test_contents_are_recognized_by_their_first_bytes(tmp_path):
    """A long text that is cut in the middle of a letter is still text."""
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" + "\u00e4".encode() * 400)

    error = picture_errors.explained(ValueError("cannot identify image file"), path, lambda _: None)

    assert error.reason == "it contains text, not a picture"


def test_a_plug_in_is_named_by_what_the_file_holds(tmp_path):
    """A picture of a phone that was renamed to .jpg needs the same plug-in."""
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\0\0\0\x1cftypavif" + b"\0" * 20)

    error = picture_errors.explained(ValueError("?"), path, {".avif": "some-plugin"}.get)

    assert str(error) == (
        f"Cannot read {path} as a picture: AVIF needs the Pillow plug-in some-plugin. Install it "
        "with pip install some-plugin, or convert the picture to PNG or JPEG."
    )
