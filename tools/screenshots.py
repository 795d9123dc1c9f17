"""Take screenshots of built pages with Chromium, at three widths, light and dark, to look at them.

    python tools/screenshots.py FOLDER [--pages index learn/index] [--widths 1400 400]
        [--themes light] [--height 2400] [--scroll 0] [--html docs/_build/html]

`make docs` builds the pages. Chromium must be on the PATH (Debian: apt-get install chromium). The
program also reports pages that are wider than the window: on a phone, they would scroll sideways.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

WIDTHS = (1400, 1000, 400)
THEMES = ("light", "dark")
# Chromium's windows are at least 500 pixels wide, so a page is shown in a frame of the given width.
_FRAME = """<!DOCTYPE html><html><body style="margin:0">
<iframe id="page" src="{address}" style="border:0;width:{width}px;height:{height}px"></iframe>
<script>
const page = document.getElementById("page");
page.onload = () => {{
  const root = page.contentDocument.documentElement;
  root.dataset.theme = "{theme}"; root.dataset.mode = "{theme}";
  page.contentWindow.scrollTo(0, {scroll});
  document.title = root.scrollWidth > {width} ? "too wide: " + root.scrollWidth : "fits";
}};
</script></body></html>"""


def screenshot(address: Path, target: Path, size: tuple[int, int], theme: str, scroll: int) -> str:
    """Take one screenshot, and return whether the page fits into the width of the window."""
    width, height = size
    with tempfile.NamedTemporaryFile("w", suffix=".html", dir=address.parent) as frame:
        frame.write(
            _FRAME.format(
                address=address.name, width=width, height=height, theme=theme, scroll=scroll
            )
        )
        frame.flush()
        command = [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--allow-file-access-from-files", "--virtual-time-budget=8000", "--dump-dom"),
            *(f"--window-size={max(width, 500)},{height}", f"--screenshot={target}"),
            Path(frame.name).as_uri(),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    Image.open(target).crop((0, 0, width, height)).save(target)
    return done.stdout.partition("<title>")[2].partition("</title>")[0]


def main() -> None:
    """Take the screenshots."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where to write the screenshots")
    parser.add_argument("--html", type=Path, default=Path("docs/_build/html"))
    parser.add_argument("--pages", nargs="+", help="names without .html; by default all")
    parser.add_argument("--widths", nargs="+", type=int, default=WIDTHS)
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=THEMES)
    parser.add_argument("--height", type=int, default=2000)
    parser.add_argument("--scroll", type=int, default=0, help="pixels above the screenshot")
    options = parser.parse_args()
    if not shutil.which("chromium"):
        sys.exit(
            "Chromium isn't on the PATH. Install it, for example with apt-get install chromium."
        )
    pages = options.pages or [
        path.relative_to(options.html).with_suffix("").as_posix()
        for path in sorted(options.html.rglob("*.html"))
    ]
    options.folder.mkdir(parents=True, exist_ok=True)
    for page in pages:
        for width in options.widths:
            for theme in options.themes:
                name = f"{page.replace('/', '-')}-{width}-{theme}.png"
                size = (width, options.height)
                address = (options.html / f"{page}.html").resolve()
                target = options.folder / name
                result = screenshot(address, target, size, theme, options.scroll)
                print(f"{target}  {result}")


if __name__ == "__main__":
    main()
