"""Links from the pages to the reference: code such as `videoqa.train(...)` leads to what it names."""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

import videoqa

NAME = re.compile(r"videoqa\.(\w+)(?:\(.*\))?", re.S)


def link_public_names(app: Sphinx, doctree: nodes.document) -> None:
    """Make links of code that is a public name, unless it is in a link or a heading."""
    for literal in list(doctree.findall(nodes.literal)):
        found = NAME.fullmatch(literal.astext())
        if found is None or found[1] not in videoqa.__all__ or found[1].startswith("_"):
            continue
        if _inside(literal, (nodes.reference, nodes.title, addnodes.pending_xref)):
            continue
        target = f"videoqa.{found[1]}"
        link = addnodes.pending_xref(
            "", refdomain="py", reftype="obj", reftarget=target, refexplicit=True, refwarn=True
        )
        link["refdoc"] = app.env.docname
        literal.replace_self(link)
        link += literal


def _inside(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", link_public_names)
    return {"parallel_read_safe": True}
