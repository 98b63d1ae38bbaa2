"""Checks a built site without a network: links, anchors and pictures resolve, and every page has a title.

    python docs/site/check_pages.py build/docs

Of an address elsewhere only the form is looked at. Nothing that a page needs may be loaded from elsewhere.
"""

import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script", "img", "link", "iframe", "source", "video", "audio"}
"""Tags whose address is loaded with the page; of `a` it is only followed."""


@dataclass
class Page:
    """What a page says of itself and where it leads: `links` are (tag, address)."""

    title: str = ""
    heading: str = ""
    addresses: set[str] = field(default_factory=set)
    links: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.page.addresses.update(value for name in ("id", "name") if (value := values.get(name)))
        for name in ("href", "src"):
            if (value := values.get(name)) is not None and values.get("rel") != "canonical":
                self.page.links.append((tag, value))
        words = values.get("alt") or ""
        if tag == "img" and (not words or words.endswith((".png", ".svg"))):
            self.page.problems.append(f"a picture without words for it: {values.get('src', '')[:80]}")
        if tag in ("title", "h1"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside[-1:] == ["title"]:
            self.page.title += data
        elif self._inside[-1:] == ["h1"]:
            self.page.heading += data


def read_pages(site: Path) -> dict[Path, Page]:
    """Return every page of a built site by its file."""
    pages = {}
    for file in sorted(site.rglob("*.html")):
        if "_static" not in file.relative_to(site).parts:
            reader = _Reader()
            reader.feed(file.read_text("utf-8"))
            pages[file] = reader.page
    return pages


def problems_of(site: Path) -> list[str]:
    """Return what is wrong with a built site, a line each; nothing if all is well."""
    site = site.resolve()
    pages = read_pages(site)
    if not pages:
        return [f"{site} holds no page"]
    found = []
    for file, page in pages.items():
        found += [(file, problem) for problem in page.problems]
        if not page.title.strip() or not page.heading.strip():
            found.append((file, "it has no title"))
        for tag, address in page.links:
            if problem := _problem_of_link(file, tag, address, pages):
                found.append((file, problem))
    return [f"{file.relative_to(site)}: {problem}" for file, problem in found]


def _problem_of_link(file: Path, tag: str, address: str, pages: dict[Path, Page]) -> str | None:
    parts = urlsplit(address)
    if parts.scheme == "data" or (parts.scheme == "mailto" and "@" in parts.path):
        return None
    if parts.scheme or parts.netloc:
        if tag in LOADED:
            return f"{address} is loaded from elsewhere"
        well_formed = parts.scheme in ("http", "https") and "." in parts.netloc and " " not in address
        return None if well_formed else f"{address} is no address"
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not target.is_file():
        return f"{address} leads nowhere"
    if parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].addresses:
        return f"{address} leads to no place of that page"
    return None


def main() -> int:
    """Print what is wrong; return 1 if anything is."""
    found = problems_of(Path(sys.argv[1]))
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
