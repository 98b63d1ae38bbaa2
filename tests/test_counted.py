"""Numbers with their nouns."""

import pytest

from videoqa._counted import counted


@pytest.mark.parametrize(
    ("number", "nouns", "text"),
    [
        (0, ("clip",), "0 clips"),
        (1, ("clip",), "1 clip"),
        (2000, ("training row",), "2,000 training rows"),
        (1, ("class", "classes"), "1 class"),
        (3, ("class", "classes"), "3 classes"),
        (1, ("row has", "rows have"), "1 row has"),
    ],
)
def test_one_has_the_singular(number: int, nouns: tuple[str, ...], text: str) -> None:
    assert counted(number, *nouns) == text
