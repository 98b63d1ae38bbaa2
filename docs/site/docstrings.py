"""Docstrings as they are written here, as reStructuredText: names in single backticks, sections of prose."""

import importlib
import re

from docutils import nodes
from sphinx.application import Sphinx

import videoqa

CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
PUBLIC = re.compile(r"(?:videoqa\.)?([a-z_]+|[A-Z]\w+(?:\.\w+)?)(?:\(\))?")
"""A function; a class, or one of its names: `train.txt` is a file."""
PAGE = re.compile(r"docs/(\w+)\.md")
CHOICES = re.compile(r"one of `((?:videoqa\.[\w.]+\.)?)([A-Z_]+)`")
"""A tuple or dict of choices, of the module of the docstring or of the one that is named."""
PROSE = re.compile(r"(Returns|Yields|Source):(?: (.*))?")
"""Sections of prose, in which a colon separates nothing; `Source` may begin on the line of its name."""
FIELDS = {"Returns": ":returns:", "Yields": ":yields:", "Source": ":Source:"}


def as_restructured_text(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Rewrite a docstring before Napoleon reads it."""
    module = getattr(obj, "__module__", None)
    text = CHOICES.sub(lambda found: _choices(found, module), "\n".join(lines))
    text = CODE.sub(_code, text)
    lines[:] = [_begin_of_section(line) for line in text.split("\n")]


def _choices(found: re.Match[str], module: str | None) -> str:
    """Return the choices themselves in place of the name that holds them."""
    home = found[1].rstrip(".") or module
    choices = getattr(importlib.import_module(home), found[2], None) if home else None
    return "one of " + ", ".join(f'`"{choice}"`' for choice in choices) if choices else found[0]


def _code(found: re.Match[str]) -> str:
    """Return what stood in single backticks: a link, if it is a public name or a page, else code."""
    code = " ".join(found[1].split())
    if (page := PAGE.fullmatch(code)) is not None:
        return f":doc:`/{page[1]}`"
    public = PUBLIC.fullmatch(code)
    if public is None or public[1].partition(".")[0] not in videoqa.__all__:
        return f"``{code}``"
    return f":py:obj:`{code} <videoqa.{public[1]}>`"


def _begin_of_section(line: str) -> str:
    found = PROSE.fullmatch(line)
    return line if found is None else f"{FIELDS[found[1]]} {found[2] or ''}".rstrip()


def separate_by_dashes(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Put a dash between a parameter and what is said of it, after Napoleon put two hyphens there."""
    lines[:] = [line.replace("** -- ", "** – ", 1) for line in lines]


def color_examples(app: Sphinx, doctree: nodes.document) -> None:
    """Color what examples type and get as Python, whatever other code is."""
    for example in doctree.findall(nodes.doctest_block):
        example["language"] = "pycon"


def setup(app: Sphinx) -> dict[str, bool]:
    # before Napoleon, whose priority is 500
    app.connect("autodoc-process-docstring", as_restructured_text, priority=400)
    app.connect("autodoc-process-docstring", separate_by_dashes, priority=600)
    app.connect("doctree-read", color_examples)
    return {"parallel_read_safe": True}
