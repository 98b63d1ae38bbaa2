"""Annotation tables some of whose sources are corrections of the others' rows."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from videoqa.data.annotation_columns import refuse_unanswered, standard_columns
from videoqa.data.choosing import Choice
from videoqa.data.correction_tables import is_corrections
from videoqa.data.joining import check_splits, join, none_there
from videoqa.data.opposites import declare_opposites
from videoqa.data.source import ABSENT, Source
from videoqa.data.superseding import (
    ALONE,
    CORRECTION,
    FURTHER,
    Contents,
    Superseded,
    corrections_in_words,
    located,
    supersede,
)

_PLACE = "place_in_own_rows"


def own_first(sources: Sequence[Source]) -> tuple[list[Source], int]:
    """Return the sources, tables of corrections last, and the number of the others."""
    ordered = sorted(sources, key=lambda source: is_corrections(source.table.columns))
    return ordered, sum(not is_corrections(source.table.columns) for source in sources)


def read_corrected(
    sources: Sequence[Source],
    num_own: int,
    task: str,
    choice: Choice,
    contents: Contents,
    test_is_held_out: bool,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the rows of sources with their corrections, and the attributes about them.

    Splits, and the rows kept under a limit, are drawn as if there were no corrections: a model that learns
    from corrections is tested on the rows that the corrected model was tested on.

    Args:
        sources: from `own_first`.
        num_own: how many of them are no corrections.
        task, choice: of the rows.
        contents: hashes videos.
        test_is_held_out: see `read_annotations`.

    Raises:
        ValueError: an unusable row, or one that has no answer although none corrects it.
    """
    own, corrections, whys = _read(sources, num_own, task, contents)
    own[_PLACE] = range(len(own))
    automatic, kept = False, None
    if num_own:
        check_splits(own, sources[:num_own])
        automatic = bool((own["split"] == "").all())
        if automatic or choice.data.limit is not None:
            drawn, _ = choice.chosen(own, sources, task)
            choice.split(drawn, task)
            kept = set(choice.limited(drawn)[_PLACE])
            if automatic:
                split_of = dict(zip(drawn["group"], drawn["split"], strict=True))
                own["split"] = own["group"].map(split_of).fillna("train")
    is_held_out = test_is_held_out or not automatic
    found = supersede(own, corrections, contents, test_is_held_out=is_held_out)
    table = found.table if num_own else _alone(found, corrections)
    _refuse_unanswered(table, sources[:num_own], task)
    where = _Places(sources[num_own:])
    declare_opposites(table, choice.data, task, [*sources[:num_own], *where.with_rows(found.added)])
    table, about = choice.chosen(table, sources, task)
    if not num_own:
        check_splits(table, where.with_rows(found.added))
        automatic = choice.split(table, task)
        table = choice.limited(table)
    elif kept is not None and choice.data.limit is not None:
        table = table[table[_PLACE].isin(kept) | (table[CORRECTION] == FURTHER)]
        table = table.groupby("split", sort=False).head(choice.data.limit).reset_index(drop=True)
    about |= {"automatic_split": automatic, "none_there": whys, "corrections": found.counts}
    about["held_out_corrections"] = [where.of(row) for row in found.held_out]
    about["notes"] = [corrections_in_words(found.counts, len(corrections), are_alone=not num_own)]
    return table.drop(columns=[ABSENT, _PLACE], errors="ignore"), about


def _read(
    sources: Sequence[Source], num_own: int, task: str, contents: Contents
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return the own rows, the corrections, and which sources have no video that is there."""
    tables = [
        standard_columns(source, task, labelled=number >= num_own) for number, source in enumerate(sources)
    ]
    if num_own:
        videos = pd.concat([table[["video_id", "video_path"]] for table in tables[:num_own]])
        tables[num_own:] = [located(table, videos, contents) for table in tables[num_own:]]
    whys = none_there(sources, tables)
    joined, num_rows = join(sources, tables), sum(map(len, tables[:num_own]))
    return joined.iloc[:num_rows].copy(), joined.iloc[num_rows:].reset_index(drop=True), whys


def _alone(found: Superseded, corrections: pd.DataFrame) -> pd.DataFrame:
    """Return corrections that nothing but themselves is given beside, as rows of a table of their own."""
    rows = corrections.iloc[found.added]
    return found.table.assign(
        split=rows["split"].to_numpy(), group=rows["group"].to_numpy(), **{CORRECTION: ALONE}
    )


def _refuse_unanswered(table: pd.DataFrame, sources: Sequence[Source], task: str) -> None:
    """Refuse a row that has no answer, of which there may be some as long as they are corrected."""
    first = 0
    for source in sources:
        answers = table["answer"].iloc[first : first + len(source.table)]
        refuse_unanswered(answers.set_axis(source.table.index), source, task)
        first += len(source.table)


class _Places:
    """The rows of several sources by their place in all of them."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._rows = [(source, row) for source in sources for row in source.table.index]

    def of(self, place: int) -> str:
        """Return in words where a row stands."""
        source, row = self._rows[place]
        return source.where(row)

    def with_rows(self, places: Sequence[int]) -> list[Source]:
        """Return the sources with some of their rows only."""
        kept = [self._rows[place] for place in places]
        rows = [[row for of, row in kept if of is source] for source in self._sources]
        return [
            replace(source, table=source.table.loc[chosen])
            for source, chosen in zip(self._sources, rows, strict=True)
        ]
