"""The navigation of the site: the pages that the tables of `docs/index.md` name, under their headings."""

import posixpath
import re

from sphinx.application import Sphinx

FIRST_CELL = re.compile(r"^\| \[([^\]]+)\]\(([^)#]+)\)", re.M)


def add_navigation(app: Sphinx, docname: str, source: list[str]) -> None:
    """Add to each section of the start page a hidden table of contents of the pages that its table names."""
    if docname != app.config.root_doc:
        return
    first, *sections = re.split(r"(?m)^(?=## )", source[0])
    source[0] = first + "".join(section + _contents(app, section) for section in sections)


def _contents(app: Sphinx, section: str) -> str:
    entries = [_entry(app, title, path) for title, path in FIRST_CELL.findall(section)]
    if not entries:
        return ""
    heading = section.partition("\n")[0].removeprefix("## ")
    return "\n".join(["\n```{toctree}", ":hidden:", f":caption: {heading}", "", *entries, "```\n\n"])


def _entry(app: Sphinx, title: str, path: str) -> str:
    shown = f"{title} (notebook)" if path.endswith(".ipynb") else title
    return f"{shown} <{app.project.path2doc(posixpath.normpath(path))}>"


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", add_navigation)
    return {"parallel_read_safe": True}
