"""Texts in a small JSON file with the name of the tokenizer that they go with, checked when read."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

from videoqa._checks import Refusal, check_choice, check_file
from videoqa._manifest import read_json, write_json

Built = TypeVar("Built")
TOKENIZER = "tokenizer"
FIRST_TOKENIZER = "nltk"
"""The tokenizer of files that name none, written before there was a second one."""


def save_texts(
    path: str | Path, key: str, texts: list[str] | dict[str, str], tokenizer: str | None = None
) -> None:
    """Write `{key: texts}` to `path`, and before it the name of a tokenizer if one is given."""
    write_json(Path(path), ({} if tokenizer is None else {TOKENIZER: tokenizer}) | {key: texts})


def load_texts(path: str | Path, key: str, kind: type, build: Callable[[Any], Built]) -> Built:
    """Return `build` of the list or dict of texts that `save_texts` wrote without a tokenizer.

    Args:
        path: the file.
        key: its field.
        kind: list or dict.
        build: takes the texts and may refuse them.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another file, or texts that `build` refuses.
    """
    return _build(path, key, kind, read_json(check_file("path", path)), build)


def load_tokenized_texts(
    path: str | Path, key: str, kind: type, tokenizers: Collection[str], build: Callable[[Any, str], Built]
) -> Built:
    """Return `build` of the texts and the tokenizer that `save_texts` wrote.

    Args:
        path, key, kind: as in `load_texts`.
        tokenizers: the known ones.
        build: takes the texts and the tokenizer's name, `FIRST_TOKENIZER` where the file names none.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another file, an unknown tokenizer, or texts that `build` refuses.
    """
    content = read_json(check_file("path", path))
    name = content.pop(TOKENIZER, FIRST_TOKENIZER)
    try:
        check_choice(TOKENIZER, name, tuple(tokenizers))
    except ValueError as error:
        raise Refusal(f"{path}: {error} Install the version of videoqa that wrote it.") from error
    return _build(path, key, kind, content, lambda texts: build(texts, name))


def _build(path: str | Path, key: str, kind: type, content: Any, build: Callable[[Any], Built]) -> Built:
    texts: Any = content.get(key) if set(content) == {key} else None
    values = texts.values() if isinstance(texts, dict) else texts
    if not isinstance(texts, kind) or not all(isinstance(text, str) for text in values):
        what = "a list" if kind is list else "an object"
        raise Refusal("path", f"be a JSON file with the one field {key!r}, {what} of texts", str(path))
    try:
        return build(texts)
    except ValueError as error:
        raise Refusal(f"{path}: {error}") from error
