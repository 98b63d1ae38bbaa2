"""A list of texts as a small JSON file, checked when read."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from videoqa._checks import Refusal, check_file
from videoqa._manifest import read_json, write_json

Built = TypeVar("Built")


def save_texts(path: str | Path, key: str, texts: Sequence[str]) -> None:
    """Write `{key: texts}` to `path`."""
    write_json(Path(path), {key: list(texts)})


def load_texts(path: str | Path, key: str, build: Callable[[tuple[str, ...]], Built]) -> Built:
    """Return `build` of the texts that `save_texts` wrote.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not such a file, or texts that `build` refuses.
    """
    content = read_json(check_file("path", path))
    texts = content.get(key) if set(content) == {key} else None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        requirement = f"be a JSON file with the one field {key!r}, a list of texts"
        raise Refusal("path", requirement, str(path))
    try:
        return build(tuple(texts))
    except ValueError as error:
        raise Refusal(f"{path}: {error}") from error
