"""List what the built documentation would load from other hosts: it must work without a network.

    python tools/foreign_hosts.py docs/_build/html

Links that a reader clicks on may lead anywhere. Scripts, styles, fonts, pictures and frames must
come with the pages. The exit status is 1 if anything is listed.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

HOST = re.compile(r"(?:https?:)?//[\w-]", re.IGNORECASE)
LOADED_BY_CSS = re.compile(
    r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s;]+)""", re.IGNORECASE
)
NOT_LOADED = {"alternate", "author", "canonical", "help", "license", "next", "prev", "search"}
"""Relations of a `link` element that a browser doesn't load."""


class Loaded(HTMLParser):
    """Collects the addresses that a browser loads when it shows a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the addresses in an element."""
        values = {name: value or "" for name, value in attrs}
        self.addresses += [values[name] for name in ("src", "data", "poster") if name in values]
        self.addresses += [one.split()[0] for one in values.get("srcset", "").split(",") if one]
        if tag == "link" and not NOT_LOADED & set(values.get("rel", "").lower().split()):
            self.addresses.append(values.get("href", ""))
        self.addresses += LOADED_BY_CSS.findall(values.get("style", ""))


def foreign(text: str, *, css: bool = False) -> list[str]:
    """Return the addresses on other hosts that a page, or a style sheet, loads.

    Parameters
    ----------
    text
        HTML, or CSS.
    css
        Whether it is CSS.

    Returns
    -------
    list of str

    Examples
    --------
    >>> foreign('<script src="https://cdn.example/x.js"></script><a href="https://example.org">')
    ['https://cdn.example/x.js']
    """
    if css:
        return LOADED_BY_CSS.findall(text)
    page = Loaded()
    page.feed(text)
    styles = re.findall(r"<style[^>]*>(.*?)</style>", text, re.DOTALL | re.IGNORECASE)
    found = [*page.addresses, *(one for style in styles for one in LOADED_BY_CSS.findall(style))]
    return [address for address in found if HOST.match(address)]


def foreign_in(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield what the pages and style sheets in a folder load from other hosts."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".html", ".css"}:
            for address in foreign(path.read_text(), css=path.suffix == ".css"):
                yield path.relative_to(folder), address


def main() -> None:
    """Print what is loaded from other hosts."""
    folder = Path(sys.argv[1])
    if not (folder / "index.html").is_file():
        sys.exit(f"{folder} has no index.html. Build the documentation first: make docs")
    found = list(foreign_in(folder))
    for path, address in found:
        print(f"{path}: {address}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
