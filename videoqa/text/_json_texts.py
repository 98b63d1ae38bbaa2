"""Texts in a small JSON file with one field, checked when read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from videoqa._checks import Refusal, check_file
from videoqa._manifest import read_json, write_json

Built = TypeVar("Built")


def save_texts(path: str | Path, key: str, texts: list[str] | dict[str, str]) -> None:
    """Write `{key: texts}` to `path`."""
    write_json(Path(path), {key: texts})


def load_texts(path: str | Path, key: str, kind: type, build: Callable[[Any], Built]) -> Built:
    """Return `build` of the list or dict of texts that `save_texts` wrote.

    Args:
        path: the file.
        key: its field.
        kind: list or dict.
        build: takes the texts and may refuse them.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another file, or texts that `build` refuses.
    """
    content = read_json(check_file("path", path))
    texts: Any = content.get(key) if set(content) == {key} else None
    values = texts.values() if isinstance(texts, dict) else texts
    if not isinstance(texts, kind) or not all(isinstance(text, str) for text in values):
        what = "a list" if kind is list else "an object"
        raise Refusal("path", f"be a JSON file with the one field {key!r}, {what} of texts", str(path))
    try:
        return build(texts)
    except ValueError as error:
        raise Refusal(f"{path}: {error}") from error
