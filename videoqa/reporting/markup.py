"""Pieces of HTML in which everything that comes from data is escaped."""

import base64
import html
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

SHOWN_CHARACTERS = 300
"""Longer texts from data are cut."""


def text(value: Any) -> str:
    """Return a value as HTML text: escaped, control characters replaced, isolated from its direction, cut."""
    shown = "".join("\N{REPLACEMENT CHARACTER}" if _is_control(each) else each for each in str(value))
    if len(shown) > SHOWN_CHARACTERS:
        shown = shown[: SHOWN_CHARACTERS - 1] + "…"
    return f"<bdi>{html.escape(shown)}</bdi>"


def plain(value: Any) -> str:
    """Return a value of any length escaped, for places that take no tags: attributes, titles, commands."""
    return html.escape(
        "".join("\N{REPLACEMENT CHARACTER}" if _is_control(each) else each for each in str(value))
    )


def element(name: str, content: str, **attributes: str) -> str:
    """Return one element; `content` is HTML, attributes are text (`class_` for class)."""
    written = "".join(f' {key.rstrip("_")}="{plain(value)}"' for key, value in attributes.items() if value)
    return f"<{name}{written}>{content}</{name}>"


def table(
    headings: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], *, caption: str = "", class_: str = ""
) -> str:
    """Return a table in a box of its own that scrolls.

    Args:
        headings: text of the column headings.
        rows: (class of the row, its cells as HTML), the first cell being the row's own heading.
        caption: text above.
        class_: class of the table.
    """
    head = "".join(element("th", plain(each), scope="col") for each in headings)
    body = "".join(
        element("tr", element("th", first, scope="row") + "".join(map(_cell, rest)), class_=kind)
        for kind, (first, *rest) in rows
    )
    title = element("caption", plain(caption)) if caption else ""
    whole = f"{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return element("div", element("table", whole, class_=class_), class_="scroll")


def definitions(entries: Iterable[tuple[str, str]]) -> str:
    """Return a list of (term as text, value as HTML)."""
    return element(
        "dl", "".join(element("dt", plain(term)) + element("dd", value) for term, value in entries)
    )


def picture(data: bytes, alternative: str) -> str:
    """Return a PNG or JPEG inside the page itself.

    Args:
        data: content of the file.
        alternative: text for those who cannot see it.
    """
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return (
        f'<img alt="{plain(alternative)}" src="data:image/{kind};base64,{base64.b64encode(data).decode()}">'
    )


def _cell(content: str) -> str:
    return content if content.startswith("<td") else element("td", content)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Cf") and character not in "\n\t\u200c\u200d"
