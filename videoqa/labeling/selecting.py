"""Which rows people are asked about: the ones from which a model learns most, one a video at first."""

import random
from collections import Counter
from collections.abc import Callable

from videoqa._checks import Refusal, check_choice
from videoqa.config import LABEL_SELECTIONS
from videoqa.labeling.candidate_rows import Candidate, check_has


def select_rows(rows: list[Candidate], select: str, limit: int | None, seed: int) -> list[Candidate]:
    """Return rows in the order in which they are worth asking about, at most one a video until all had one.

    Args:
        rows: all there are.
        select: "random"; "unlabelled", without an annotated answer; "wrong", where the model answers
            otherwise than is annotated, the surest first; "uncertain", the smallest margin between the two
            best answers first; "unfamiliar", the least familiar clips first.
        limit: how many; None: all.
        seed: of the order of rows that are worth the same.

    Raises:
        ValueError: no row can be chosen so.
    """
    check_choice("select", select, LABEL_SELECTIONS)
    found = list(rows)
    random.Random(seed).shuffle(found)
    worth: Callable[[Candidate], float] = lambda row: 0.0  # noqa: E731
    if select == "unlabelled":
        found = [row for row in found if not row.truth]
    elif select == "wrong":
        found = check_has(check_has(found, "ranked", select), "truth", select)
        found = [row for row in found if row.is_wrong]
        worth = lambda row: -(row.ranked[0][1] or 0.0)  # noqa: E731
    elif select == "uncertain":
        found = check_has(found, "margin", select)
        worth = lambda row: row.margin or 0.0  # noqa: E731
    elif select == "unfamiliar":
        found = check_has(found, "familiarity", select)
        worth = lambda row: row.familiarity or 0.0  # noqa: E731
    if not found:
        raise Refusal("select", f"be another one: no row of {len(rows):,} is {select}", select)
    return _one_a_video_first(sorted(found, key=worth))[:limit]


def _one_a_video_first(rows: list[Candidate]) -> list[Candidate]:
    """Return rows with the first of each video before the second of any."""
    seen: Counter[str] = Counter()
    rounds = []
    for row in rows:
        rounds.append(seen[row.video])
        seen[row.video] += 1
    order = sorted(range(len(rows)), key=lambda place: rounds[place])
    return [rows[place] for place in order]
