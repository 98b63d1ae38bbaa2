"""Answers that turn into each other when a clip is played backwards, or mirrored left to right.

The user declares them by a file of pairs or by the columns `opposite` and `mirrored`; nothing is guessed.
"""

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, check_columns, check_file
from videoqa._counted import counted
from videoqa._text_normalization import normalize_answer
from videoqa.config import DataConfig, RunConfig
from videoqa.data.annotation_columns import as_texts, shown_texts
from videoqa.data.annotation_files import READERS, open_source
from videoqa.data.source import MIRRORED, OPPOSITE, Source
from videoqa.data.spreadsheets import WORKBOOK_SUFFIXES

DECLARED = {OPPOSITE: "reverse_labels", MIRRORED: "mirror_labels"}
"""Column of the table -> the option that names its file of pairs."""
KINDS = {OPPOSITE: "reversed", MIRRORED: "mirrored"}
"""Column of the table -> its name in a model folder."""
HAPPENS = {OPPOSITE: "the clip is played backwards", MIRRORED: "the clip is mirrored"}
SHOWN_LABELS = 30
_MEANS_ELSE = "If the column means something else, rename it."


def declare_opposites(table: pd.DataFrame, data: DataConfig, task: str, sources: Sequence[Source]) -> None:
    """Fill the columns `opposite` and `mirrored` of a table where its sources or the files of `data` do.

    A file of pairs holds for every row whose answer is in it; where the column of the data is filled too, the
    two must agree.

    Args:
        table: annotation table of all sources.
        data: names the files.
        task: of the rows.
        sources: the rows of the table, in its order, for messages.

    Raises:
        ValueError: a label that is opposite to itself or in no row, or opposites that do not lead back.
        FileNotFoundError: no such file.
    """
    listed = [label for source in sources for label in source.table.attrs.get("classes", ())]
    spelled = {normalize_answer(text): text for text in reversed([*table["answer"].unique(), *listed])}
    spelled.pop("", None)
    for column, option in DECLARED.items():
        path = getattr(data, option)
        if path is None and column not in table:
            continue
        answers = table["answer"].map(normalize_answer)
        given = table[column] if column in table else pd.Series("", index=table.index, dtype=object)
        found = given.map(normalize_answer)
        if path is not None:
            pairs = read_pairs(option, path, task, spelled, column)
            of_file = answers.map(pairs).fillna("")
            differ = (found != "") & (of_file != "") & (found != of_file)
            if differ.any():
                row = int(differ.to_numpy().argmax())
                why = (
                    f"It is {_place(sources, row)}; {path} says {of_file.iloc[row]!r}. Leave one of them out."
                )
                raise Refusal(column, f"agree with `{option}`", given.iloc[row], why)
            found = found.where(found != "", of_file)
        _check_column(column, table, answers, found, spelled, task, sources)
        table[column] = found.map(spelled).fillna("")


def read_pairs(
    option: str, path: str | os.PathLike[str], task: str, labels: Mapping[str, str], column: str = OPPOSITE
) -> dict[str, str]:
    """Return the pairs of a file, both ways, in the form of `normalize_answer`.

    Args:
        option: that names the file, for messages.
        path: a table with the columns `label` and `opposite`, one row for each pair.
        task: of the labels.
        labels: that there are, in the form of `normalize_answer` -> as shown.
        column: what is declared, for messages.

    Raises:
        ValueError: no such columns, a blank cell, a label opposite to itself or of two others, or that is not
            among `labels`.
        FileNotFoundError: no such file.
    """
    source = _open_pairs(option, path)
    texts = {name: shown_texts(source.table[name], task) for name in ("label", "opposite")}
    pairs: dict[str, str] = {}
    lines: dict[str, int] = {}
    for row in source.table.index:
        label, other = (normalize_answer(texts[name][row]) for name in ("label", "opposite"))
        where = f"It is {source.where(row)}."
        for name, key in (("label", label), ("opposite", other)):
            if not key:
                raise Refusal(name, "be filled in every row", source.table[name][row], where)
        if label == other:
            raise _opposite_to_itself(column, texts["label"][row], where)
        for name, key in (("label", label), ("opposite", other)):
            _check_known(name, key, texts[name][row], labels, where)
        for one, two in ((label, other), (other, label)):
            if pairs.setdefault(one, two) != two:
                first = source.where(lines[one])
                received = f"{one!r} with {pairs[one]!r} ({first}) and with {two!r} ({source.where(row)})"
                raise _not_symmetric(option, received)
            lines.setdefault(one, row)
    return pairs


def notes_on_opposites(table: pd.DataFrame) -> list[str]:
    """Return how many rows have an opposite, and how many a mirrored answer, where any has."""
    names = {OPPOSITE: "an opposite answer, for the clip played backwards", MIRRORED: "a mirrored answer"}
    return [
        f"{number:,} of {counted(len(table), 'row')} {'has' if number == 1 else 'have'} {name}."
        for column, name in names.items()
        if column in table and (number := int((table[column] != "").sum()))
    ]


def always_opposite(rows: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the opposites that a model folder keeps: of the answers that have the same one in all `rows`.

    An answer that no row has, but that is the opposite of one other alone, has that one as its own: it was
    learned from clips turned round.

    Returns:
        "reversed" and "mirrored": answer -> opposite, as shown; empty if `rows` declare none.
    """
    found: dict[str, dict[str, str]] = {}
    for column, kind in KINDS.items():
        if column not in rows or not (rows[column] != "").any():
            continue
        grouped = rows.groupby(rows["answer"].map(normalize_answer), sort=False)[["answer", column]]
        firsts = (part.iloc[0] for _, part in grouped if part[column].nunique() == 1)
        found[kind] = {first["answer"]: first[column] for first in firsts if first[column]}
        found[kind] |= _led_back(rows, column)
    return {kind: found.get(kind, {}) for kind in KINDS.values()} if found else {}


def _led_back(rows: pd.DataFrame, column: str) -> dict[str, str]:
    """Return, of each opposite that is no row's answer, the only answer that has it."""
    there = set(rows["answer"].map(normalize_answer))
    declared = rows.loc[rows[column] != "", ["answer", column]]
    grouped = declared.groupby(declared[column].map(normalize_answer), sort=False)
    return {
        part[column].iloc[0]: part["answer"].iloc[0]
        for opposite, part in grouped
        if opposite not in there and part["answer"].map(normalize_answer).nunique() == 1
    }


def with_known_opposites(table: pd.DataFrame, known: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Return the table with the opposites of a model folder where it declares none itself.

    Args:
        table: annotation table.
        known: from `always_opposite`.
    """
    for column, kind in KINDS.items():
        is_declared = column in table and (table[column] != "").any()
        if is_declared or not known.get(kind):
            continue
        opposites = {normalize_answer(answer): opposite for answer, opposite in known[kind].items()}
        filled = [opposites.get(normalize_answer(answer), "") for answer in table["answer"]]
        table = table.assign(**{column: pd.Series(filled, index=table.index, dtype=object)})
    return table


def played_backwards(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have an opposite with the answers that are right when their clips are reversed.

    `opposite` is then the answer of the clip as it is, and `mirrored` the answer of the reversed clip in a
    mirror: the one declared for this answer to the question, else the opposite of the mirrored answer. Where
    the data tells neither, it is `UNKNOWN`.
    """
    backwards = rows[rows[OPPOSITE] != ""] if OPPOSITE in rows else rows.iloc[:0]
    turned = backwards.assign(answer=backwards.get(OPPOSITE, ""), opposite=backwards["answer"])
    if MIRRORED not in rows:
        return turned
    opposites, mirrors = _by_question(rows, OPPOSITE), _by_question(rows, MIRRORED)
    cells = turned[["question", "answer", OPPOSITE, MIRRORED]].itertuples(index=False, name=None)
    answers = [_mirrored_backwards(cell, opposites, mirrors) for cell in cells]
    return turned.assign(mirrored=pd.Series(answers, index=turned.index, dtype=object))


def answers_to_learn(rows: pd.DataFrame, config: RunConfig) -> pd.Series:
    """Return the answers of the training rows, and of those shown backwards and in a mirror."""
    if not config.model.sees_video:
        return rows["answer"]
    shown = [rows, played_backwards(rows)]
    answers = [each["answer"] for each in shown]
    if config.sampling.flip and MIRRORED in rows:
        answers += [each.loc[~each[MIRRORED].isin(["", UNKNOWN]), MIRRORED] for each in shown]
    learned = pd.concat(answers, ignore_index=True)
    if not config.data.classes:
        return learned
    kept = set(map(normalize_answer, config.data.classes))
    return learned[learned.map(normalize_answer).isin(kept)].reset_index(drop=True)


def mirrored_answers(rows: pd.DataFrame) -> list[str]:
    """Return the answer of each row's clip in a mirror: the declared one, else the row's own."""
    answers = rows["answer"]
    return (rows[MIRRORED].where(rows[MIRRORED] != "", answers) if MIRRORED in rows else answers).tolist()


UNKNOWN = "\0"
"""Stands for an answer that is not known, and is in no list of answers."""
_ByQuestion = Mapping[tuple[str, str], str]


def _mirrored_backwards(cells: tuple[str, ...], opposites: _ByQuestion, mirrors: _ByQuestion) -> str:
    """Return the answer of a reversed clip in a mirror; "" where it stays as it is."""
    question, answer, before, mirrored = cells
    asked = normalize_answer(question)
    known = mirrors.get((asked, normalize_answer(answer)))
    if known is not None or not mirrored:
        return known or ""
    if normalize_answer(mirrored) == normalize_answer(answer):
        return before
    return opposites.get((asked, normalize_answer(mirrored)), UNKNOWN)


def _by_question(rows: pd.DataFrame, column: str) -> dict[tuple[str, str], str]:
    """Return what is declared by question and answer, and back."""
    declared = rows.loc[rows[column] != "", ["question", "answer", column]].drop_duplicates()
    there, back = {}, {}
    for question, answer, other in declared.itertuples(index=False, name=None):
        asked = normalize_answer(question)
        there[asked, normalize_answer(answer)] = other
        back[asked, normalize_answer(other)] = answer
    return {**back, **there}


def _open_pairs(option: str, path: str | os.PathLike[str]) -> Source:
    file = check_file(option, path)
    kinds = [*READERS, *WORKBOOK_SUFFIXES]
    if file.suffix.lower() not in kinds:
        raise Refusal(option, f"be a table in a file that ends in one of {', '.join(kinds)}", os.fspath(path))
    source = as_texts(open_source(Path(path), DataConfig()))
    names = {"answer": "label", MIRRORED: OPPOSITE}
    others = {name: meant for name, meant in names.items() if meant not in source.table}
    table = source.table.rename(columns=others)
    check_columns(table.columns, ("label", OPPOSITE), source.name)
    return replace(source, table=table)


def _check_column(
    column: str,
    table: pd.DataFrame,
    answers: pd.Series,
    found: pd.Series,
    spelled: Mapping[str, str],
    task: str,
    sources: Sequence[Source],
) -> None:
    """Refuse what the filled rows of a column declare, if it contradicts itself.

    Args:
        column: what is declared.
        table: annotation table.
        answers, found: answers and opposites in the form of `normalize_answer`.
        spelled: each answer that there is as it is shown.
        task: of actions the opposites must lead back; answers of questions may have several names.
        sources: for messages.
    """
    questions = table["question"].map(normalize_answer)
    declared: dict[tuple[str, str], tuple[str, int]] = {}
    for row in np.flatnonzero((found != "").to_numpy()).tolist():
        answer, other = answers.iloc[row], found.iloc[row]
        where = f"It is {_place(sources, row)}."
        if answer == other:
            raise _opposite_to_itself(column, table["answer"].iloc[row], f"{where} {_MEANS_ELSE}")
        _check_known(column, other, other, spelled, f"{where} {_MEANS_ELSE}")
        first, before = declared.setdefault((questions.iloc[row], answer), (other, row))
        if first != other:
            places = [_place(sources, each) for each in (before, row)]
            asked = f" to {table['question'].iloc[row]!r}" if table["question"].iloc[row] else ""
            received = f"{answer!r}{asked} with {first!r} ({places[0]}) and with {other!r} ({places[1]})"
            raise _not_symmetric(column, received)
    if task == "action":
        _check_leads_back(column, declared, sources)


def _check_leads_back(
    column: str, declared: Mapping[tuple[str, str], tuple[str, int]], sources: Sequence[Source]
) -> None:
    """Refuse labels of which one is the opposite of two others, or of one that is not its own."""
    back: dict[str, tuple[str, int]] = {}
    for (_, label), (other, row) in declared.items():
        first, before = back.setdefault(other, (label, row))
        back_again = declared.get(("", other), (label, row))
        if first != label:
            places = [_place(sources, each) for each in (before, row)]
            received = f"{first!r} with {other!r} ({places[0]}) and {label!r} with {other!r} ({places[1]})"
            raise _not_symmetric(column, received)
        if back_again[0] != label:
            places = [_place(sources, each) for each in (row, back_again[1])]
            received = (
                f"{label!r} with {other!r} ({places[0]}) and {other!r} with {back_again[0]!r} ({places[1]})"
            )
            raise _not_symmetric(column, received)


def _check_known(name: str, key: str, shown: str, known: Mapping[str, str], where: str) -> None:
    """Refuse a label that no row of the data has: it cannot be scored, and is perhaps misspelled."""
    if key in known:
        return
    near = difflib.get_close_matches(key, known, n=1)
    hint = f" Did you mean {known[near[0]]!r}?" if near else ""
    labels = sorted(known.values())
    listed = ", ".join(map(repr, labels[:SHOWN_LABELS]))
    more = f" and {len(labels) - SHOWN_LABELS} more" if len(labels) > SHOWN_LABELS else ""
    requirement = f"be an answer that a row of the data has: {listed}{more}"
    raise Refusal(name, requirement, shown, f"{where}{hint}")


def _opposite_to_itself(column: str, label: str, where: str) -> Refusal:
    advice = f"Leave it out if it stays the same when {HAPPENS[column]}."
    return Refusal(column, "be another answer than the row's own", label, f"{where} {advice}")


def _not_symmetric(name: str, received: str) -> Refusal:
    return Refusal(
        f"`{name}` must be symmetric: an answer has one opposite, whose opposite it is. "
        f"Received: {received}. Mend or leave out one of them."
    )


def _place(sources: Sequence[Source], row: int) -> str:
    """Return where a row of the joined table stands in its source."""
    for source in sources:
        if row < len(source.table):
            return source.where(int(source.table.index[row]))
        row -= len(source.table)
    raise IndexError(row)
