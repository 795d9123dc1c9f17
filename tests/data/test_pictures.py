"""Pictures in files: what each format becomes, and the errors for files that cannot be read."""

import importlib.machinery
import io
import os
import struct
import sys
import types
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.data import pictures
from striate.data.pictures import read_pictures, survey
from striate.errors import DataError, OptionError, OutOfMemoryError
from striate.runtime.settings import using_threads

GRAY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
COLOR = np.stack([GRAY, 255 - GRAY, GRAY // 2], axis=-1)


def save(path, values, **options):
    """Write one picture."""
    Image.fromarray(values).save(path, **options)
    return path


@pytest.mark.parametrize("ending", ["png", "tif", "bmp", "pgm", "gif", "tga"])
def test_gray_pictures_come_back(tmp_path, ending):
    """A gray picture of a lossless format comes back exactly, with one channel."""
    path = save(tmp_path / f"a.{ending}", GRAY)

    found = read_pictures([path])

    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, GRAY[np.newaxis, ..., np.newaxis])


@pytest.mark.parametrize("ending", ["png", "tif", "bmp", "ppm"])
def test_color_pictures_come_back(tmp_path, ending):
    """A color picture of a lossless format comes back exactly, with three channels."""
    path = save(tmp_path / f"a.{ending}", COLOR)

    np.testing.assert_array_equal(read_pictures([path]), COLOR[np.newaxis])


def test_one_color_picture_makes_the_set_color(tmp_path):
    """Gray pictures among colors are repeated in each channel; colors become gray on request."""
    files = [save(tmp_path / "a.png", GRAY), save(tmp_path / "b.png", COLOR)]

    mixed = read_pictures(files)
    gray = read_pictures(files, channels=1)

    np.testing.assert_array_equal(mixed[0], np.repeat(GRAY[..., np.newaxis], 3, axis=-1))
    np.testing.assert_array_equal(mixed[1], COLOR)
    luma = COLOR @ [0.299, 0.587, 0.114]
    # Pillow's weights are rounded to 65536ths, and the sum is rounded to a whole number.
    assert np.abs(gray[1, ..., 0] - luma).max() <= 0.51


@pytest.mark.parametrize("options", [{"quality": 10}, {"quality": 90}, {"lossless": True}])
def test_pixels_of_webp_decide_about_gray(tmp_path, options):
    """WebP has no gray: it is read in gray if no pixel shows a color, as the same PNG would be."""
    gray = np.random.default_rng(0).integers(0, 256, (40, 30), np.uint8)
    color = gray[..., np.newaxis] // [1, 1, 2]
    files = [save(tmp_path / "a.png", gray), tmp_path / "b.webp", tmp_path / "c.webp"]
    Image.fromarray(gray).save(files[1], **options)
    Image.fromarray(color.astype(np.uint8)).save(files[2], **options)

    assert read_pictures(files[:2]).shape == (2, 40, 30, 1)
    assert read_pictures(files[1:2]).shape == (1, 40, 30, 1)
    assert read_pictures(files).shape == (3, 40, 30, 3)
    assert read_pictures(files[:2], channels=3).shape == (2, 40, 30, 3)
    if "lossless" in options:
        np.testing.assert_array_equal(read_pictures(files[1:2])[0, ..., 0], gray)


def test_broken_webp_is_named_by_decoding(tmp_path):
    """Looking for colors doesn't hide that a picture is broken."""
    path = tmp_path / "a.webp"
    Image.fromarray(GRAY).save(path)
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(DataError, match=r"a\.webp"):
        read_pictures([path])


def test_palettes_decide_by_their_colors(tmp_path):
    """A picture with a palette is gray if all colors of the palette are."""
    palette = Image.fromarray(GRAY).convert("P")
    palette.putpalette([level for level in range(256) for _ in range(3)])
    palette.save(tmp_path / "gray.png")
    Image.fromarray(COLOR).quantize(16).save(tmp_path / "color.png")

    assert read_pictures([tmp_path / "gray.png"]).shape == (1, 3, 4, 1)
    np.testing.assert_array_equal(read_pictures([tmp_path / "color.png"])[0], COLOR)


def test_black_and_white_become_0_and_255(tmp_path):
    """A picture of one bit per pixel is gray."""
    Image.fromarray(GRAY > 100).save(tmp_path / "a.png")

    found = read_pictures([tmp_path / "a.png"])

    np.testing.assert_array_equal(found[0, ..., 0], np.where(GRAY > 100, 255, 0))


DEEP = np.array([[0, 1, 128, 257], [0x7FFF, 0x8000, 0xFF7F, 0xFFFF]], np.uint16)


@pytest.mark.parametrize("ending", ["png", "tif", "pgm"])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_16_bits_are_kept(tmp_path, ending, order):
    """Every gray level of 16 bits comes back, whatever the byte order."""
    path = tmp_path / f"a.{ending}"
    if order == ">u2" and ending == "tif":
        picture = Image.frombytes("I;16B", (4, 2), DEEP.astype(order).tobytes())
        picture.save(path)
    else:
        save(path, DEEP)

    found = read_pictures([path])

    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found[0, ..., 0], DEEP)


def tiff(levels, bits, *, packed=None):
    """Write a gray TIFF file by hand, since Pillow writes only 8, 16 and 32 bits."""
    rows, columns = levels.shape
    content = levels.astype("<u2").tobytes() if packed is None else packed
    tags = [
        (256, 3, columns),  # width
        (257, 3, rows),  # height
        (258, 3, bits),  # bits per sample
        (259, 3, 1),  # no compression
        (262, 3, 1),  # zero is black
        (273, 4, 8),  # where the pixels are
        (277, 3, 1),  # samples per pixel
        (278, 3, rows),  # rows per strip
        (279, 4, len(content)),
    ]
    start = 8 + len(content) + len(content) % 2
    table = struct.pack("<H", len(tags))
    table += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return (
        struct.pack("<2sHI", b"II", 42, start)
        + content
        + bytes(len(content) % 2)
        + table
        + bytes(4)
    )


def test_12_bits_keep_all_their_levels(tmp_path):
    """A TIFF file of 12 bits, packed: white is 65,535, and all 4,096 levels stay apart."""
    levels = np.arange(4096).reshape(64, 64)
    pairs = levels.reshape(-1, 2)
    packed = np.stack(
        [pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], axis=1
    )
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(levels, 12, packed=packed.astype(np.uint8).tobytes()))

    found = read_pictures([path])[0, ..., 0]

    assert found.dtype == np.uint16
    assert len(np.unique(found)) == 4096
    np.testing.assert_array_equal(found, np.rint(levels * (65535 / 4095)))


def test_12_bits_in_16_keep_all_their_levels(tmp_path):
    """Without a word about the bits in the file, levels up to 4,095 are kept as they are."""
    levels = np.arange(4096, dtype=np.uint16).reshape(64, 64)

    np.testing.assert_array_equal(
        read_pictures([save(tmp_path / "a.png", levels)])[0, ..., 0], levels
    )


@pytest.mark.parametrize(
    ("most", "dtype"), [(255, np.uint8), (4095, np.uint16), (65535, np.uint16)]
)
def test_32_bit_integers_keep_their_levels(tmp_path, most, dtype):
    """An int32 TIFF is of 8 bits if its levels are, otherwise of 16."""
    levels = np.array([[0, 1, 100, most]], np.int32)
    path = save(tmp_path / "a.tif", levels)

    found = read_pictures([path])

    assert found.dtype == dtype
    np.testing.assert_array_equal(found[0, ..., 0], levels)


def test_all_32_bit_pictures_have_the_same_white(tmp_path):
    """One bright picture decides for the dark ones of its set."""
    dark, bright = np.array([[0, 200]], np.int32), np.array([[0, 60000]], np.int32)
    files = [save(tmp_path / "a.tif", dark), save(tmp_path / "b.tif", bright)]

    found = read_pictures(files)

    assert found[..., 0].tolist() == [[[0, 200]], [[0, 60000]]]


@pytest.mark.parametrize("channels", [1, 3])
def test_8_bits_among_16_have_the_same_white(tmp_path, channels):
    """In a set with deep pictures, the others are multiplied by 257."""
    files = [save(tmp_path / "a.png", DEEP), save(tmp_path / "b.png", GRAY[:2])]

    found = read_pictures(files, channels=channels)

    assert found.shape == (2, 2, 4, channels)
    np.testing.assert_array_equal(found[0, ..., -1], DEEP)
    np.testing.assert_array_equal(found[1, ..., 0], GRAY[:2].astype(int) * 257)


def test_deep_pictures_are_resized_and_rotated(tmp_path):
    """Deep gray is interpolated with all its bits, after it was turned upright."""
    steps = np.linspace(0, 65535, 16).astype(np.uint16)
    levels = np.repeat(np.repeat(steps.reshape(4, 4), 8, axis=0), 8, axis=1)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / "a.png", np.ascontiguousarray(levels.T[::-1]), exif=exif)

    found = read_pictures([path], size=4)

    assert found.dtype == np.uint16
    # A pixel is the weighted mean of its block and its neighbors: an eighth of a step at most.
    assert np.abs(found[0, ..., 0].astype(float) - steps.reshape(4, 4)).max() < 65535 / 4


def test_a_transparent_level_of_deep_gray(tmp_path):
    """Pixels of the transparent gray level are white."""
    path = save(tmp_path / "a.png", DEEP, transparency=128)

    found = read_pictures([path])[0, ..., 0]

    assert found[0, 2] == 65535
    np.testing.assert_array_equal(np.delete(found.ravel(), 2), np.delete(DEEP.ravel(), 2))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_16_bits_per_color_are_counted(tmp_path, mode):
    """Pillow decodes 16-bit colors with 8; the survey counts such pictures."""
    channels = len(mode)
    levels = np.zeros((2, 3, channels), ">u2")
    levels[..., 0], levels[..., -1] = 0x8000, 0xFFFF
    rows = b"".join(b"\0" + row.tobytes() for row in levels)
    kind = {"RGB": 2, "RGBA": 6, "LA": 4}[mode]

    def chunk(name, content):
        return (
            struct.pack(">I", len(content))
            + name
            + content
            + struct.pack(">I", zlib.crc32(name + content))
        )

    path = tmp_path / "a.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 2, 16, kind, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )

    layout = survey([path], size=None, channels=None)

    assert layout.reduced == 1
    assert read_pictures([path])[0, 0, 0, 0] == 0x80


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_every_mode_of_8_bits(tmp_path, mode):
    """Whatever the mode, black is 0 and white 255, with as many channels as it needs."""
    picture = Image.new("RGB", (2, 1))
    picture.putpixel((1, 0), (255, 255, 255))
    between = {"PA": "LA", "P": "L"}.get(mode, "RGB")  # so that the palette is gray
    picture.convert(between).convert(mode).save(tmp_path / "a.tif")

    found = read_pictures([tmp_path / "a.tif"])

    assert found.dtype == np.uint8
    assert found.shape[-1] == (3 if mode in ("RGB", "RGBA", "CMYK", "YCbCr") else 1)
    assert found[0, 0, :, 0].tolist() == [0, 255]


@pytest.mark.parametrize("values", [GRAY / 255, GRAY.astype(np.int32) * -1], ids=["float", "int"])
def test_levels_without_a_white_are_refused(tmp_path, values, message):
    """Floats and negative levels do not say which level is white."""
    path = save(
        tmp_path / "a.tif", values.astype(np.float32 if values.dtype == float else np.int32)
    )

    with pytest.raises(DataError) as error:
        read_pictures([path])

    message(error)


def test_memory_is_checked_before_pictures_are_decoded(tmp_path, monkeypatch, message):
    """A folder of photos that does not fit is refused with the bytes, and a size helps."""
    files = [save(tmp_path / f"{k}.png", np.zeros((200, 300, 3), np.uint8)) for k in range(5)]
    monkeypatch.setattr("striate.data.allocation.available", lambda: 500_000)

    with pytest.raises(OutOfMemoryError) as error:
        read_pictures(files)

    message(error)
    assert read_pictures(files, size=64).shape == (5, 64, 64, 3)


def test_an_array_that_the_system_refuses(tmp_path, monkeypatch, message):
    """A limit of the process is an error with a remedy, too."""
    monkeypatch.setattr("striate.data.allocation.available", lambda: None)
    path = save(tmp_path / "a.png", GRAY)

    with pytest.raises(OutOfMemoryError) as error:
        read_pictures([path], size=1 << 28)

    message(error)


@pytest.mark.parametrize("name", [b"caf\xe9.png", b"two\nlines.png"])
def test_errors_about_any_name_are_printable(tmp_path, name):
    """Names that are not text are escaped in errors, and such files are read."""
    path = tmp_path / os.fsdecode(name)
    Image.fromarray(GRAY).save(path)
    assert read_pictures([path]).shape == (1, 3, 4, 1)
    path.write_bytes(b"no picture")

    with pytest.raises(DataError) as error:
        read_pictures([path])

    assert str(error.value).encode().decode().isprintable()


def test_home_is_expanded(tmp_path, monkeypatch):
    """``~`` is the user's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    save(tmp_path / "a.png", GRAY)

    assert read_pictures(["~/a.png"]).shape == (1, 3, 4, 1)


def test_heic_names_its_plug_in(tmp_path, monkeypatch, message):
    """A picture of a phone needs pillow-heif, whose name is in the error."""
    monkeypatch.setattr(pictures, "is_picture", lambda _: False)  # as if it were not installed
    path = tmp_path / "IMG_1.HEIC"
    path.write_bytes(b"\0\0\0\x24ftypheic")

    with pytest.raises(DataError) as error:
        read_pictures([path])

    message(error)


def test_an_installed_plug_in_is_used(monkeypatch):
    """If pillow-heif is installed, its formats and endings are registered at once."""
    monkeypatch.setattr(Image, "OPEN", dict(Image.OPEN))
    monkeypatch.setattr(Image, "ID", list(Image.ID))
    monkeypatch.setattr(Image, "EXTENSION", dict(Image.EXTENSION))
    module = types.ModuleType("pillow_heif")
    module.__spec__ = importlib.machinery.ModuleSpec("pillow_heif", None)

    def register():
        Image.register_open("HEIF", Image.Image)
        Image.register_extension("HEIF", ".heic")

    module.register_heif_opener = register
    monkeypatch.setitem(sys.modules, "pillow_heif", module)
    pictures._formats.cache_clear()

    assert pictures.is_picture(Path("a.HEIC"))
    assert pictures.plug_in_for(".heic") is None
    assert "EPS" not in pictures._formats()
    pictures._formats.cache_clear()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_laid_on_white(tmp_path, mode):
    """Transparent pixels are white, and partly transparent ones are lighter."""
    picture = Image.new(mode, (3, 1))
    black = (0,) * (len(mode) - 1)
    for place, alpha in enumerate((0, 51, 255)):
        picture.putpixel((place, 0), (*black, alpha))
    picture.save(tmp_path / "a.png")

    found = read_pictures([tmp_path / "a.png"], channels=1)

    assert found[0, 0, :, 0].tolist() == [255, 204, 0]


def test_a_transparent_color_of_a_palette(tmp_path):
    """Transparent entries of a palette are laid on white, too."""
    picture = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    picture.putpalette([0, 0, 0, 10, 20, 30])
    picture.save(tmp_path / "a.gif", transparency=0)

    assert read_pictures([tmp_path / "a.gif"])[0, 0].tolist() == [[255, 255, 255], [10, 20, 30]]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("ending", "options"),
    [("png", {}), ("tif", {}), ("tif", {"compression": "tiff_lzw"})],
    ids=["png", "tiff", "tiff packed"],
)
def test_pictures_are_rotated_upright(tmp_path, ending, options, orientation):
    """Pictures of all eight EXIF orientations are turned upright."""
    # How the upright picture must be stored, by the meaning of the orientations in the standard.
    stored = {
        1: GRAY,
        2: GRAY[:, ::-1],
        3: GRAY[::-1, ::-1],
        4: GRAY[::-1],
        5: GRAY.T,
        6: GRAY.T[::-1],
        7: GRAY.T[::-1, ::-1],
        8: GRAY.T[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / f"a.{ending}", np.ascontiguousarray(stored), exif=exif, **options)

    np.testing.assert_array_equal(read_pictures([path])[0, ..., 0], GRAY)


def test_the_first_frame_is_read(tmp_path):
    """Of an animation, the first picture is read."""
    later = Image.fromarray(255 - GRAY)
    Image.fromarray(GRAY).save(tmp_path / "a.gif", save_all=True, append_images=[later])

    found = read_pictures([tmp_path / "a.gif"], channels=1)

    np.testing.assert_array_equal(found[0, ..., 0], GRAY)


def test_sizes_that_differ_become_the_median(tmp_path):
    """Without a size, pictures of several sizes get the median rows and columns."""
    shapes = [(10, 30), (20, 20), (24, 8)]
    files = [
        save(tmp_path / f"{rows}.png", np.full((rows, columns), 9, np.uint8))
        for rows, columns in shapes
    ]

    assert read_pictures(files).shape == (3, 20, 20, 1)
    assert read_pictures(files[:1]).shape == (1, 10, 30, 1)
    assert read_pictures(files, size=(5, 6)).shape == (3, 5, 6, 1)


@pytest.mark.parametrize("content", [b"", b"no picture at all"], ids=["empty", "text"])
def test_other_files_are_named(tmp_path, content, message):
    """A file of no known format is named in the error."""
    path = tmp_path / "a.png"
    path.write_bytes(content)

    with pytest.raises(DataError) as error:
        read_pictures([path])

    message(error)


def test_truncated_pictures_are_named(tmp_path, message):
    """A picture that was cut short is refused, not completed."""
    rows = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    path = save(tmp_path / "a.png", rows)
    path.write_bytes(path.read_bytes()[:2000])

    with pytest.raises(DataError) as error:
        read_pictures([path])

    message(error)


@pytest.mark.parametrize("limit", [11, 5])
def test_decompression_bombs_are_refused(tmp_path, monkeypatch, limit, message):
    """A picture that claims more pixels than Pillow's limit is refused before it is decoded."""
    path = save(tmp_path / "a.png", GRAY)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)

    with pytest.raises(DataError) as error:
        read_pictures([path])

    message(error)


def test_gray_levels_without_a_scale_are_refused(tmp_path, message):
    """Levels of 32 bits beyond those of 16 bits do not say which of them is white."""
    path = save(tmp_path / "a.tif", GRAY.astype(np.int32) * 1000)

    with pytest.raises(DataError) as error:
        read_pictures([path])

    message(error)


def test_postscript_is_refused(tmp_path):
    """Encapsulated PostScript is a program; it is never run, whatever the file's name."""
    path = tmp_path / "a.png"
    Image.fromarray(COLOR).save(path, format="EPS")

    with pytest.raises(DataError, match=r"^Cannot read .*a\.png as a picture"):
        read_pictures([path])


def test_no_pictures_are_refused(message):
    """An empty list of files is refused."""
    with pytest.raises(DataError) as error:
        read_pictures([])

    message(error)


@pytest.mark.parametrize(
    "options",
    [
        {"size": 0},
        {"size": (3, 4, 5)},
        {"channels": 4},
        {"resize": "zoom"},
        {"size": 2.5},
        {"size": "big"},
        {"resize": ["fit"]},
    ],
)
def test_invalid_options_are_refused(tmp_path, options, message):
    """The errors for sizes, channels and rules list what is valid."""
    path = save(tmp_path / "a.png", GRAY)

    with pytest.raises(OptionError) as error:
        read_pictures([path], **options)

    message(error)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "PPM"])
def test_changed_bytes_end_in_a_picture_or_an_error(tmp_path, form):
    """Whatever byte of a file is changed, reading it gives pixels or a DataError."""
    stream = io.BytesIO()
    Image.fromarray(COLOR).save(stream, form)
    generator = np.random.default_rng(3)
    path = tmp_path / "a.bin"
    refused = 0

    for _ in range(150):
        content = np.frombuffer(stream.getvalue(), np.uint8).copy()
        places = generator.integers(0, len(content), 3)
        content[places] = generator.integers(0, 256, 3)
        path.write_bytes(content.tobytes())
        try:
            assert read_pictures([path], size=8).shape[:3] == (1, 8, 8)
        except DataError:
            refused += 1

    assert 0 < refused < 150


def test_the_number_of_threads_does_not_matter(tmp_path):
    """Pictures decoded in several threads have the same pixels, in the order of the files."""
    images = np.random.default_rng(0).integers(0, 256, (12, 9, 7, 3), np.uint8)
    paths = [tmp_path / f"{k}.png" for k in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        Image.fromarray(image).save(path)
    with using_threads(1):
        alone = read_pictures(paths, size=(5, 6))
    with using_threads(4):
        together = read_pictures(paths, size=(5, 6))

    assert np.array_equal(alone, together)


def test_the_first_bad_picture_is_named(tmp_path):
    """Of several pictures that cannot be decoded, the error names the first one."""
    paths = [tmp_path / f"{k}.png" for k in range(20)]
    for k, path in enumerate(paths):
        Image.fromarray(np.zeros((64, 64), np.uint8) + np.uint8(k)).save(path)
        if k >= 7:
            path.write_bytes(path.read_bytes()[:60])  # the header is complete
    with (
        using_threads(4),
        pytest.raises(DataError, match=r"^Cannot read .*7\.png as a picture"),
    ):
        read_pictures(paths)
