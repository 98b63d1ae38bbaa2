"""Finds the words of a text in any script, also in scripts that write no spaces between them."""

import functools
import itertools
import string
import unicodedata

from videoqa._text_normalization import holds_words, matching_form

WITHOUT_SPACES = frozenset(
    ["CJK", "IDEOGRAPHIC", "BOPOMOFO", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HENTAIGANA", "YI"]
    + ["TANGUT", "NUSHU", "THAI", "LAO", "KHMER", "MYANMAR", "TAI", "NEW", "JAVANESE", "BALINESE"]
)
"""The first words of the Unicode names of characters in scripts without spaces between words."""
_MARKS = frozenset(".,:;!?'\"")


def spaced_words(text: str) -> str:
    """Return a text in `matching_form` with spaces around what is a word by itself, single ones everywhere.

    Words by themselves are the characters of scripts without spaces, each with the marks above or below it,
    and the punctuation marks and signs of every script; ASCII marks only beside such a word, as the rest of
    ASCII is the tokenizer's.

    Example:
        >>> spaced_words("他穿t恤吗?¿qué hace?")
        '他 穿 t 恤 吗 ? ¿ qué hace?'
    """
    if text.isascii():
        return text
    pieces = []
    follows = False  # whether the character before is a word by itself
    for character, after in itertools.zip_longest(text, text[1:], fillvalue=""):
        if unicodedata.category(character)[0] == "M":
            pieces.append(character)
            continue
        alone = _is_word(character) or (character in _MARKS and (follows or _is_word(after)))
        pieces.append(f" {character}" if alone or follows else character)
        follows = alone
    return " ".join("".join(pieces).split())


def question_words(question: str) -> list[str]:
    """Return the words of a question in `matching_form`, without punctuation at their ends."""
    words = (word.strip(string.punctuation) for word in spaced_words(matching_form(question)).split())
    return [word for word in words if word and (word.isascii() or holds_words(word))]


@functools.lru_cache(maxsize=2**14)
def _is_word(character: str) -> bool:
    """Return whether a character outside ASCII is punctuation, a sign, or of a script without spaces."""
    if not character or character.isascii():
        return False
    return unicodedata.category(character)[0] in "PS" or (
        unicodedata.name(character, "").partition(" ")[0] in WITHOUT_SPACES
    )
