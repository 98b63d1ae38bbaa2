"""Which rows people are asked about: the ones from which a model learns most, one a video at first."""

import os
import random
from collections import Counter
from collections.abc import Callable

from videoqa._checks import Refusal, check_choice
from videoqa._counted import counted
from videoqa.config import LABEL_SELECTIONS
from videoqa.labeling.candidate_rows import Candidate

FROM_A_MODEL = "It comes from a model: name its folder, or the CSV file that predict or evaluate wrote."
FROM_PEOPLE = "Name a model's folder and --data, or the predictions.csv that evaluate wrote."


def select_rows(
    rows: list[Candidate], select: str, limit: int | None = None, seed: int = 0
) -> list[Candidate]:
    """Return rows in the order in which they are worth asking about, at most one a video until all had one.

    Args:
        rows: all there are.
        select: "random"; "unlabelled", without an annotated answer; "wrong", where the model answers
            otherwise than is annotated, the most probable answers first; "uncertain", the smallest margin
            between the two most probable answers first, or the smallest probability where no row has a
            margin; "unfamiliar", the least familiar clips first. Rows without what is asked for are left out.
        limit: how many; None: all.
        seed: of the order of rows that are worth the same.

    Raises:
        ValueError: no row can be chosen so.
    """
    check_choice("select", select, LABEL_SELECTIONS)
    if not rows:
        advice = "The file has none, or the video of each has failed."
        raise Refusal("rows", "be some that can be asked about", 0, advice)
    found = list(rows)
    random.Random(seed).shuffle(found)
    worth: Callable[[Candidate], float] = lambda row: 0.0  # noqa: E731
    if select == "unlabelled":
        found = [row for row in found if not row.truth]
    elif select == "wrong":
        found = _with("predicted answer", select, [row for row in found if row.ranked], FROM_A_MODEL)
        found = _with("annotated answer", select, [row for row in found if row.truth], FROM_PEOPLE)
        found = [row for row in found if row.is_wrong]
        worth = lambda row: -(row.probability or 0.0)  # noqa: E731
    elif select in ("uncertain", "unfamiliar"):
        name = measure_of(rows, select)
        measured = [row for row in found if getattr(row, name) is not None]
        found = _with(name, select, measured, FROM_A_MODEL)
        worth = lambda row: getattr(row, name)  # noqa: E731
    if not found:
        raise Refusal("select", f"be another one: no row of {len(rows):,} is {select}", select)
    return _one_a_video_first(sorted(found, key=worth))[:limit]


def measure_of(rows: list[Candidate], select: str) -> str:
    """Return the attribute that a selection by a model's measure goes by; "" of one without."""
    if select == "uncertain":
        has_margins = any(row.margin is not None for row in rows)
        return "margin" if has_margins else "probability"
    return "familiarity" if select == "unfamiliar" else ""


def notes_on_measure(rows: list[Candidate], select: str) -> list[str]:
    """Return what is to be said of rows without the measure that a selection goes by."""
    name, notes = measure_of(rows, select), []
    if name == "probability":
        notes.append(
            "The predictions have no column `margin`, as those of earlier versions: the probability of the "
            "best answer stands for it. Predict again to have it."
        )
    number = sum(getattr(row, name) is None for row in rows) if name else 0
    if number:
        verb = "is" if number == 1 else "are"
        notes.append(f"{counted(number, 'row')} without a {name} {verb} left out.")
    return notes


def _with(what: str, select: str, found: list[Candidate], advice: str) -> list[Candidate]:
    """Return the rows that have what a selection needs; refuse a table in which none does."""
    if not found:
        raise Refusal("select", f"be another one: no row has {_a(what)}", select, advice)
    return found


def _a(what: str) -> str:
    return f"an {what}" if what.startswith("a") else f"a {what}"


def _one_a_video_first(rows: list[Candidate]) -> list[Candidate]:
    """Return rows with the first of each video before the second of any."""
    seen: Counter[str] = Counter()
    rounds = []
    for row in rows:
        video = os.path.normpath(row.video)
        rounds.append(seen[video])
        seen[video] += 1
    order = sorted(range(len(rows)), key=lambda place: rounds[place])
    return [rows[place] for place in order]
