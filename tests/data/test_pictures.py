"""Pictures in files: what each format becomes, and what is said about files that cannot be read."""

import io

import numpy as np
import pytest
from PIL import Image

from striate.data.pictures import read_pictures
from striate.errors import DataError, OptionError

GRAY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
COLOR = np.stack([GRAY, 255 - GRAY, GRAY // 2], axis=-1)


def save(path, values, **options):
    """Write one picture."""
    Image.fromarray(values).save(path, **options)
    return path


@pytest.mark.parametrize("ending", ["png", "tif", "bmp", "pgm", "gif", "tga"])
def test_gray_pictures_come_back(tmp_path, ending):
    """A gray picture of a lossless format is read pixel by pixel, with one channel."""
    path = save(tmp_path / f"a.{ending}", GRAY)

    found = read_pictures([path])

    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, GRAY[np.newaxis, ..., np.newaxis])


@pytest.mark.parametrize("ending", ["png", "tif", "bmp", "ppm"])
def test_color_pictures_come_back(tmp_path, ending):
    """A color picture of a lossless format is read pixel by pixel, with three channels."""
    path = save(tmp_path / f"a.{ending}", COLOR)

    np.testing.assert_array_equal(read_pictures([path]), COLOR[np.newaxis])


def test_one_color_picture_makes_the_set_color(tmp_path):
    """Gray among colors is repeated in each channel; on request, color becomes gray."""
    files = [save(tmp_path / "a.png", GRAY), save(tmp_path / "b.png", COLOR)]

    mixed = read_pictures(files)
    gray = read_pictures(files, channels=1)

    np.testing.assert_array_equal(mixed[0], np.repeat(GRAY[..., np.newaxis], 3, axis=-1))
    np.testing.assert_array_equal(mixed[1], COLOR)
    luma = COLOR @ [0.299, 0.587, 0.114]
    # Pillow's weights are rounded to 65536ths, and the sum is rounded to a whole number.
    assert np.abs(gray[1, ..., 0] - luma).max() <= 0.51


def test_palettes_decide_by_their_colors(tmp_path):
    """A picture with a palette is gray if all colors of the palette are."""
    palette = Image.fromarray(GRAY).convert("P")
    palette.putpalette([level for level in range(256) for _ in range(3)])
    palette.save(tmp_path / "gray.png")
    Image.fromarray(COLOR).quantize(16).save(tmp_path / "color.png")

    assert read_pictures([tmp_path / "gray.png"]).shape == (1, 3, 4, 1)
    np.testing.assert_array_equal(read_pictures([tmp_path / "color.png"])[0], COLOR)


def test_black_and_white_become_0_and_255(tmp_path):
    """A picture of one bit for each pixel is gray."""
    Image.fromarray(GRAY > 100).save(tmp_path / "a.png")

    found = read_pictures([tmp_path / "a.png"])

    np.testing.assert_array_equal(found[0, ..., 0], np.where(GRAY > 100, 255, 0))


@pytest.mark.parametrize("ending", ["png", "tif", "pgm"])
def test_deep_gray_becomes_8_bits(tmp_path, ending):
    """Gray levels of 16 bits are scaled, so that the largest becomes 255, and rounded."""
    levels = np.array([[0, 128, 129, 257], [0x7FFF, 0x8000, 0xFF7F, 0xFFFF]], np.uint16)
    path = save(tmp_path / f"a.{ending}", levels)

    found = read_pictures([path])

    np.testing.assert_array_equal(found[0, ..., 0], np.rint(levels / 257))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_laid_on_white(tmp_path, mode):
    """What is transparent is white, and what is half transparent is half way to white."""
    picture = Image.new(mode, (3, 1))
    black = (0,) * (len(mode) - 1)
    for place, alpha in enumerate((0, 51, 255)):
        picture.putpixel((place, 0), (*black, alpha))
    picture.save(tmp_path / "a.png")

    found = read_pictures([tmp_path / "a.png"], channels=1)

    assert found[0, 0, :, 0].tolist() == [255, 204, 0]


def test_a_transparent_color_of_a_palette(tmp_path):
    """A palette may have transparent entries; they too are laid on white."""
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
def test_pictures_are_turned_upright(tmp_path, ending, options, orientation):
    """Each of the eight orientations of EXIF is brought upright."""
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


def test_the_first_frame_is_taken(tmp_path):
    """Of an animation the first picture is read."""
    later = Image.fromarray(255 - GRAY)
    Image.fromarray(GRAY).save(tmp_path / "a.gif", save_all=True, append_images=[later])

    found = read_pictures([tmp_path / "a.gif"], channels=1)

    np.testing.assert_array_equal(found[0, ..., 0], GRAY)


def test_sizes_that_differ_become_the_median(tmp_path):
    """Without a size, pictures of several sizes are brought to the median rows and columns."""
    shapes = [(10, 30), (20, 20), (24, 8)]
    files = [
        save(tmp_path / f"{rows}.png", np.full((rows, columns), 9, np.uint8))
        for rows, columns in shapes
    ]

    assert read_pictures(files).shape == (3, 20, 20, 1)
    assert read_pictures(files[:1]).shape == (1, 10, 30, 1)
    assert read_pictures(files, size=(5, 6)).shape == (3, 5, 6, 1)


@pytest.mark.parametrize("content", [b"", b"no picture at all"], ids=["empty", "text"])
def test_files_that_are_no_pictures_are_named(tmp_path, content):
    """A file of no known format is refused by its name."""
    path = tmp_path / "a.png"
    path.write_bytes(content)

    with pytest.raises(DataError) as error:
        read_pictures([path])

    ending = (
        "Pictures are whole files in a format that Pillow reads, such as PNG, JPEG or TIFF. "
        "Copy or convert the file again, or leave it out."
    )
    assert str(error.value).startswith(f"{path} could not be read as a picture: ")
    assert str(error.value).endswith(ending)


def test_truncated_pictures_are_named(tmp_path):
    """A picture that was cut short is refused, not filled up."""
    rows = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    path = save(tmp_path / "a.png", rows)
    path.write_bytes(path.read_bytes()[:2000])

    with pytest.raises(DataError) as error:
        read_pictures([path])

    assert str(error.value) == (
        f"{path} could not be read as a picture: image file is truncated. "
        "Pictures are whole files in a format that Pillow reads, such as PNG, JPEG or TIFF. "
        "Copy or convert the file again, or leave it out."
    )


@pytest.mark.parametrize(("limit", "reported"), [(11, 11), (5, 10)])
def test_decompression_bombs_are_refused(tmp_path, monkeypatch, limit, reported):
    """A picture that claims more pixels than Pillow's limit is refused before it is decoded."""
    path = save(tmp_path / "a.png", GRAY)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)

    with pytest.raises(DataError) as error:
        read_pictures([path])

    assert str(error.value) == (
        f"{path} was not decoded: Image size (12 pixels) exceeds limit of {reported} pixels, "
        "could be decompression bomb DOS attack. A small file must not fill the memory. Make the "
        "picture smaller, or leave it out."
    )


def test_gray_levels_without_a_scale_are_refused(tmp_path):
    """Pictures of 32-bit numbers have no white; nothing is guessed."""
    path = save(tmp_path / "a.tif", GRAY.astype(np.int32) * 1000)

    with pytest.raises(DataError) as error:
        read_pictures([path])

    assert str(error.value) == (
        f"{path} has gray levels from 0 to 220000 of type int32. Gray levels of pictures are "
        "whole numbers of 8 or 16 bits. Convert the picture, or save all images as float32 in an "
        ".npz file."
    )


def test_postscript_is_refused(tmp_path):
    """Encapsulated PostScript is a program; it is not run, whatever its name."""
    path = tmp_path / "a.png"
    Image.fromarray(COLOR).save(path, format="EPS")

    with pytest.raises(DataError, match=r"a\.png could not be read as a picture"):
        read_pictures([path])


def test_no_pictures_are_refused():
    """An empty list of files is refused."""
    with pytest.raises(DataError) as error:
        read_pictures([])

    assert str(error.value) == (
        "There are no pictures to read. At least one file is needed. Check the folder or the "
        "pattern."
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"size": 0},
            (
                "size=0 is not a size. A size is one number of pixels, or rows and columns, each "
                "at least 1. Use for example size=32 or size=(24, 32)."
            ),
        ),
        (
            {"size": (3, 4, 5)},
            (
                "size=(3, 4, 5) is not a size. A size is one number of pixels, or rows and "
                "columns, each at least 1. Use for example size=32 or size=(24, 32)."
            ),
        ),
        (
            {"channels": 4},
            (
                "channels=4 is not possible. Pictures have 1 channel (gray) or 3 (red, green, "
                "blue). Use channels=1 or channels=3."
            ),
        ),
        (
            {"resize": "zoom"},
            (
                "resize='zoom' is not a rule. The rules are fit, crop, stretch. "
                "Use resize='fit' to keep all of each picture and its proportions."
            ),
        ),
    ],
)
def test_options_that_cannot_be_are_refused(tmp_path, options, message):
    """Sizes, channels and rules that do not exist are refused with those that do."""
    path = save(tmp_path / "a.png", GRAY)

    with pytest.raises(OptionError) as error:
        read_pictures([path], **options)

    assert str(error.value) == message


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
