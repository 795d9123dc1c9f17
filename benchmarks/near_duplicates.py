"""Which copies of pictures are found, and which other pictures are mistaken for copies.

    python benchmarks/near_duplicates.py              a table
    python benchmarks/near_duplicates.py --sheet DIR  pictures of the groups in unchanged data

The data are CIFAR-10 (a sample of JPEG files) and Fashion-MNIST from $STRIATE_DATA. For each kind
of copy, 500 pictures are copied and added to the others; a copy is found if it is in the group of
its original. Groups that are found without added copies are either true near-duplicates, of which
CIFAR-10 has many, or false positives: look at them with --sheet.
"""

import argparse
import gzip
import io
import os
import time
from pathlib import Path

import numpy as np
from PIL import Image

from striate.data.near_duplicates import near_duplicate_groups

COPIES = 500
SIDE = 32  # of the pictures that are compared


def as_jpeg(picture, quality):
    """Save a picture as JPEG and read it again."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)


def cropped(picture, rng, share):
    """Cut off a share of the width and of the height, divided at random among the two sides."""
    left, top = rng.uniform(0, share, 2)
    width, height = picture.size
    box = (left * width, top * height, (1 - share + left) * width, (1 - share + top) * height)
    return picture.resize(picture.size, Image.Resampling.BICUBIC, box=box)


def turned(picture):
    """Store a picture on its side with EXIF data, and turn it upright again as readers do."""
    side = as_jpeg(picture.transpose(Image.Transpose.ROTATE_90), 90)
    return side.transpose(Image.Transpose.ROTATE_270)


KINDS = {
    "the same pixels": lambda picture, _: picture,
    "JPEG, quality 60": lambda picture, _: as_jpeg(picture, 60),
    "half as large": lambda picture, _: picture.resize([s // 2 for s in picture.size]),
    "stored on its side (EXIF)": lambda picture, _: turned(picture),
    "20% brighter": lambda picture, _: picture.point(lambda level: min(255, round(1.2 * level))),
    "cropped by 5%": lambda picture, rng: cropped(picture, rng, 0.05),
    "cropped by 10%, JPEG 60": lambda picture, rng: as_jpeg(cropped(picture, rng, 0.1), 60),
    "cropped by 20%": lambda picture, rng: cropped(picture, rng, 0.2),
}


def cifar(folder):
    """Return the training pictures in color."""
    records = np.frombuffer(
        gzip.decompress((folder / "cifar10-jpeg/train_10000.bin.gz").read_bytes()), np.uint8
    )
    return records.reshape(-1, 3073)[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def fashion(folder):
    """Return the first 10,000 training pictures."""
    path = folder / "fashion-mnist/train-images-idx3-ubyte.gz"
    pixels = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=16)
    return pixels.reshape(-1, 28, 28)[:10_000]


def small(pictures):
    """Resize pictures as they are compared."""
    tiny = [picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR) for picture in pictures]
    return np.stack([np.asarray(one).reshape(SIDE, SIDE, -1) for one in tiny])


def draw_groups(x, groups, path):
    """Draw the pictures of each group in a row."""
    names, counts = np.unique(groups, return_counts=True)
    rows = []
    for name in names[counts > 1]:
        tiles = [
            np.asarray(Image.fromarray(one.squeeze()).convert("RGB")) for one in x[groups == name]
        ]
        tiles = [*tiles[:4], *[np.full_like(tiles[0], 255)] * (4 - len(tiles))]
        rows.append(np.concatenate([*tiles, np.full_like(tiles[0], 255)], axis=1))
    rows += [np.full_like(rows[0], 255)] * (-len(rows) % 6)
    sheet = np.concatenate([np.concatenate(rows[k::6]) for k in range(6)], axis=1)
    Image.fromarray(sheet).resize((2 * sheet.shape[1], 2 * sheet.shape[0])).save(path)


def main():
    """Print what is found in each data set, and with each kind of copies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("STRIATE_DATA", "data")))
    parser.add_argument("--size", type=int, default=200, help="of a picture before it is copied")
    parser.add_argument("--sheet", type=Path, metavar="DIR")
    options = parser.parse_args()
    for name, pixels in (
        ("CIFAR-10", cifar(options.data)),
        ("Fashion-MNIST", fashion(options.data)),
    ):
        rng = np.random.default_rng(0)
        large = (options.size, options.size)
        chosen = rng.choice(len(pixels), COPIES, replace=False)
        whole = {
            k: as_jpeg(Image.fromarray(pixels[k]).resize(large, Image.Resampling.BICUBIC), 90)
            for k in chosen.tolist()
        }
        x = small(Image.fromarray(one) for one in pixels)
        x[chosen] = small(whole.values())
        started = time.process_time()
        groups = near_duplicate_groups(x)
        seconds = time.process_time() - started
        counts = np.bincount(groups)
        print(
            f"{name}: {len(x):,} pictures in {seconds:.1f} s of one core; {(counts > 1).sum()} "
            f"groups of {counts[counts > 1].sum()} pictures without added copies",
            flush=True,
        )
        if options.sheet is not None:
            options.sheet.mkdir(parents=True, exist_ok=True)
            draw_groups(x, groups, options.sheet / f"{name}.png")
        for kind, copy in KINDS.items():
            copies = small(copy(picture, rng) for picture in whole.values())
            found = near_duplicate_groups(np.concatenate([x, copies]))
            share = (found[len(x) :] == found[chosen]).mean()
            print(f"  {kind:<28}{share:>7.1%} of {COPIES} copies found", flush=True)


if __name__ == "__main__":
    main()
