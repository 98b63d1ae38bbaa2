"""A number with its noun, as messages show it."""


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number and its noun: "1 clip", "2,000 clips".

    Args:
        number: how many.
        one: the noun, with what follows it if that depends on the number: "row has".
        several: the same of any other number: "rows have"; "": `one` with an s.
    """
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
