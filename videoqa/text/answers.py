"""The answers a model can give: from answer texts to class ids."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from videoqa._checks import Refusal, check_integer
from videoqa._text_normalization import collapse_spaces, normalize_answer, shown_answer
from videoqa.text._json_texts import load_texts, save_texts

OUTSIDE_ID = -1
"""The id of an answer that is not in the list."""


@dataclass(frozen=True)
class AnswerList:
    """The classes of a model, by id; texts that `normalize_answer` makes equal are one class.

    Args:
        answers: at least two texts, spelled as they are shown, distinct after `shown_answer`. Older lists may
            hold two that only `normalize_answer` makes equal; such texts then mean the first.

    Raises:
        ValueError: fewer than two, a blank one, or two that are equal after `shown_answer`.
    """

    answers: tuple[str, ...]
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "answers", tuple(self.answers))
        if len(self.answers) < 2:
            raise Refusal("answers", "hold at least two different answers", self.answers)
        ids: dict[str, int] = {}
        seen: set[str] = set()
        for number, answer in enumerate(self.answers):
            text = shown_answer(answer) if isinstance(answer, str) else ""
            if not text or text in seen:
                raise Refusal("answers", "be distinct texts, none of them blank", answer)
            seen.add(text)
            ids.setdefault(normalize_answer(answer), number)
        object.__setattr__(self, "_ids", ids)

    def __len__(self) -> int:
        return len(self.answers)

    def encode(self, answers: Iterable[str]) -> np.ndarray:
        """Return the class ids of n answer texts: int32 `(n,)`, -1 for texts not in the list."""
        texts = list(answers)
        known = {text: self._ids.get(normalize_answer(text), OUTSIDE_ID) for text in set(texts)}
        return np.array([known[text] for text in texts], dtype=np.int32)

    def absent_from(self, answers: Iterable[str]) -> list[str]:
        """Return the answers of the list, in its order, that none of the texts is."""
        present = set(map(normalize_answer, set(answers)))
        return [answer for answer in self.answers if normalize_answer(answer) not in present]

    def save(self, path: str | Path) -> None:
        """Write the answers as JSON."""
        save_texts(path, "answers", list(self.answers))

    @classmethod
    def load(cls, path: str | Path) -> "AnswerList":
        """Return the list that `save` wrote; raises as `load_texts`."""
        return load_texts(path, "answers", list, cls)


def build_answer_list(
    answers: Iterable[str], num_answers: int = 1000, *, order: Sequence[str] = ()
) -> AnswerList:
    """Return the most frequent answers, ties in the order of their first rows.

    Args:
        answers: one text per training row.
        num_answers: answers kept at most, each in its most frequent spelling.
        order: kept answers that are in it come first, in its order: the classes of a named set.

    Raises:
        ValueError: `num_answers` below 2, or fewer than two different answers.
    """
    check_integer("num_answers", num_answers, minimum=2)
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for answer, rows in Counter(answers).items():
        spellings[normalize_answer(answer)][collapse_spaces(answer)] += rows
    spellings.pop("", None)
    if len(spellings) < 2:
        requirement = "hold at least two different answers, or there is nothing to learn"
        raise Refusal("training answers", requirement, sorted(spellings))
    totals = {key: sum(counts.values()) for key, counts in spellings.items()}
    ordered = sorted(totals, key=lambda key: -totals[key])[:num_answers]
    place = {normalize_answer(answer): number for number, answer in enumerate(order)}
    ordered.sort(key=lambda key: place.get(key, len(place)))
    return AnswerList(tuple(spellings[key].most_common(1)[0][0] for key in ordered))
