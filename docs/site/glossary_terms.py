"""The glossary on the site: each word has an address, which the search and links to the page lead to."""

from docutils import nodes
from sphinx.application import Sphinx

PAGE = "glossary"


def note_terms(app: Sphinx, doctree: nodes.document) -> None:
    """Give each word of the glossary's tables an address, and tell the search of it."""
    if app.env.docname != PAGE:
        return
    domain = app.env.get_domain("std")
    for row in doctree.findall(nodes.row):
        if isinstance(row.parent, nodes.thead):
            continue
        cell = row.children[0]
        for word in cell.astext().split(", "):
            address = f"term-{nodes.make_id(word)}"
            cell["ids"].append(address)
            domain.note_object("term", word, address, location=row)


def lead_to_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Let a link to the glossary whose text is one of its words lead to that word."""
    addresses = {
        name: address
        for name, _, kind, page, address, _ in app.env.get_domain("std").get_objects()
        if kind == "term" and page == PAGE
    }
    for link in doctree.findall(nodes.reference):
        page, _, _ = link.get("refuri", "").partition("#")
        word = link.astext().lower()
        address = addresses.get(word) or addresses.get(word.removesuffix("s"))
        if page.endswith(f"{PAGE}.html") and address is not None:
            link["refuri"] = f"{page}#{address}"


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", note_terms)
    app.connect("doctree-resolved", lead_to_terms)
    return {"parallel_read_safe": True}
