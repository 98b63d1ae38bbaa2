"""The navigation of the site: the pages that the tables of `docs/index.md` name, under their headings."""

import posixpath
import re

from sphinx.application import Sphinx

FIRST_CELL = re.compile(r"^\| \[[^\]]+\]\(([^)#]+)\)", re.M)


def add_navigation(app: Sphinx, docname: str, source: list[str]) -> None:
    """Add to each section of the start page a hidden table of contents of the pages that its table names."""
    if docname != app.config.root_doc:
        return
    first, *sections = re.split(r"(?m)^(?=## )", source[0])
    source[0] = first + "".join(section + _contents(app, section) for section in sections)


def _contents(app: Sphinx, section: str) -> str:
    paths = [posixpath.normpath(path) for path in FIRST_CELL.findall(section)]
    pages = [page for path in paths if (page := app.project.path2doc(path)) is not None]
    if not pages:
        return ""
    heading = section.partition("\n")[0].removeprefix("## ")
    return "\n".join(["\n```{toctree}", ":hidden:", f":caption: {heading}", "", *pages, "```\n\n"])


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", add_navigation)
    return {"parallel_read_safe": True}
