"""The files of a client that asks an ONNX export without TensorFlow and without this package."""

import ast
import shutil
from pathlib import Path
from types import ModuleType

from videoqa import _text_normalization, _words
from videoqa.saving import ModelFolder
from videoqa.text import vocabulary

FILES = Path(__file__).parent / "client_files"
CLIENT, WINDOWS, TOKENS = "client.py", "clip_windows.py", "question_tokens.py"
PARTS: tuple[tuple[ModuleType, tuple[str, ...]], ...] = (
    (
        _text_normalization,
        (
            "_APOSTROPHES", "_QUOTATION_MARKS", "_HYPHENS", "_DASHES", "_FOLDED", "_INVISIBLE", "_DOT_ABOVE",
            "collapse_spaces", "matching_form", "_folded", "_is_invisible", "holds_words",
        ),
    ),
    (_words, ("WITHOUT_SPACES", "_MARKS", "spaced_words", "_is_word")),
    (vocabulary, ("_NLTK", "_PLAIN", "_CONTRACTED", "_as_typed", "_in_every_script", "TOKENIZERS")),
)  # fmt: skip
"""Module -> the definitions that turn a question into words, in an order in which they can be run."""
HEAD = '''"""Turns questions into token ids as the model was trained with; needs numpy and nltk."""

import functools
import itertools
import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
from nltk.tokenize import NLTKWordTokenizer

FIRST_TOKENIZER, NEWEST_TOKENIZER = {names}


def token_ids(question: str, folder: Path, rules: dict) -> np.ndarray:
    """Return the ids of a question, int32 `(1, max_tokens)`.

    Args:
        question: the text.
        folder: of the export, with the vocabulary.
        rules: the part "question" of `preprocessing.json`.
    """
    words = json.loads((folder / rules["vocabulary"]).read_text("utf-8"))["words"]
    known = {{word: place for place, word in enumerate(words)}}
    ids = [known.get(word, rules["unknown_id"]) for word in tokens(question, rules["tokenizer"])]
    row = np.full((1, rules["max_tokens"]), rules["padding_id"], np.int32)
    row[0, : len(ids)] = ids[: rules["max_tokens"]]
    return row


def tokens(question: str, tokenizer: str) -> list[str]:
    """Return the words of a question."""
    text = TOKENIZERS[tokenizer](question)
    if _PLAIN.fullmatch(text) and not _CONTRACTED.search(text):
        return text.replace("?", " ? ").split()
    return _NLTK.tokenize(text)
'''


def write_client(out: Path, folder: ModelFolder) -> None:
    """Write `client.py` and the modules that it imports to `out`."""
    shutil.copyfile(FILES / CLIENT, out / CLIENT)
    shutil.copyfile(FILES / WINDOWS, out / WINDOWS)
    if folder.vocabulary is not None:
        (out / TOKENS).write_text(question_tokens(), encoding="utf-8")


def question_tokens() -> str:
    """Return a module that tokenizes as this package does, made of the same definitions."""
    names = repr((vocabulary.FIRST_TOKENIZER, vocabulary.NEWEST_TOKENIZER))[1:-1]
    pieces = [definition for module, names in PARTS for definition in _definitions(module, names)]
    return "\n\n".join([HEAD.format(names=names), *pieces]) + "\n"


def _definitions(module: ModuleType, names: tuple[str, ...]) -> list[str]:
    """Return the source of top-level definitions, with their decorators, in the order of `names`."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    lines, found = source.splitlines(), {}
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
        decorators = getattr(node, "decorator_list", [])
        begin = min([node.lineno, *(each.lineno for each in decorators)])
        for target in targets:
            name = getattr(target, "id", getattr(target, "name", ""))
            found[name] = "\n".join(lines[begin - 1 : node.end_lineno])
    return [found[name] for name in names]
