"""Findings that need no decoding: duplicates, contents and pairs in two splits, impossible answers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from videoqa._text_normalization import normalize_answer
from videoqa.auditing.findings import Found
from videoqa.config import MAX_QUESTION_CHARACTERS, RunConfig
from videoqa.data.headers import KNOWN_COLUMNS
from videoqa.data.opposites import answers_to_learn
from videoqa.data.source import PAIR
from videoqa.text.answers import OUTSIDE_ID, build_answer_list

SHOWN = 3
"""How many other files, splits or answers a detail names."""
LONGEST_CELL = MAX_QUESTION_CHARACTERS
LONGEST_NOTE = 32_767
"""Characters that a cell of Excel can hold."""


def duplicates(paths: Sequence[str], contents: Mapping[str, str]) -> dict[str, list[str]]:
    """Return path -> the other paths with the same content, for paths that have any.

    Args:
        paths: distinct paths.
        contents: path -> identifier of its content; paths without one are no duplicates.
    """
    same: dict[str, list[str]] = {}
    for path in paths:
        if path in contents:
            same.setdefault(contents[path], []).append(path)
    return {
        path: [other for other in together if other != path]
        for together in same.values()
        if len(together) > 1
        for path in together
    }


def split_findings(table: pd.DataFrame, contents: pd.Series) -> Iterator[Found]:
    """Yield a finding for each row whose video content is also in another split.

    Args:
        table: annotation table, index 0, 1, ...
        contents: identifier of each row's video content.
    """
    for rows in _groups_of_several(contents, table["split"]):
        part = table.iloc[rows]
        first = part.drop_duplicates("split").set_index("split")["video_path"]
        for row, split in zip(rows, part["split"], strict=True):
            others = "; ".join(f"{name} as {path}" for name, path in first.items() if name != split)
            yield int(row), "same_video_in_two_splits", f"also in {others}"


def pair_findings(table: pd.DataFrame) -> Iterator[Found]:
    """Yield a finding for each row of a pair, by the column `pair`, that has rows in another split too."""
    if PAIR not in table:
        return
    paired = np.flatnonzero((table[PAIR] != "").to_numpy())
    for rows in _groups_of_several(table[PAIR].iloc[paired], table["split"].iloc[paired]):
        splits = table["split"].iloc[paired[rows]]
        for row, split in zip(paired[rows], splits, strict=True):
            others = ", ".join(sorted(set(splits) - {split}))
            yield (
                int(row),
                "pair_in_two_splits",
                f"pair {_shown(str(table[PAIR].iloc[row]))} is also in {others}",
            )


def gold_answer_findings(table: pd.DataFrame, contents: pd.Series) -> Iterator[Found]:
    """Yield a finding for each row if the same question about its clip has another answer in another row."""
    seconds = [table[name].fillna(-1) for name in ("start_seconds", "end_seconds")]
    questions, answers = _normalized(table["question"]), _normalized(table["answer"])
    asked = pd.Series(list(zip(contents, *seconds, questions, strict=True)), index=table.index)
    texts = answers.to_numpy(dtype=object)
    for rows in _groups_of_several(asked, answers):
        counts = Counter(texts[rows]).most_common()
        shown = ", ".join(_shown(answer) for answer, _ in counts[:SHOWN])
        more = f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
        for row in rows:
            yield int(row), "several_gold_answers", f"{len(counts)} answers: {shown}{more}"


def vocabulary_findings(table: pd.DataFrame, config: RunConfig) -> Iterator[Found]:
    """Yield a finding for each validation or test row whose answer no model can give, so that it scores 0.

    A model has the most frequent answers of the training rows, and of those shown backwards too. If these
    have fewer than two different answers, no model can be trained and nothing is yielded.
    """
    num_answers = config.model.num_answers
    training = answers_to_learn(table[table["split"] == "train"], config)
    known = set(_normalized(training))
    if len(known) < 2:
        return
    answers = table["answer"].tolist()
    ids = build_answer_list(training, num_answers).encode(answers)
    for row in np.flatnonzero((ids == OUTSIDE_ID) & (table["split"] != "train").to_numpy()):
        rare = normalize_answer(answers[row]) in known
        why = f"not among the {num_answers} most frequent" if rare else "in no training row"
        yield int(row), "answer_outside_vocabulary", f"{_shown(answers[row])} is {why}"


def long_cell_findings(table: pd.DataFrame) -> Iterator[Found]:
    """Yield a finding for each cell that is too long to be meant, as one that has swallowed other rows is.

    A known column has at most `LONGEST_CELL` characters, a further one `LONGEST_NOTE`.
    """
    for column in table.columns:
        limit = LONGEST_CELL if column in KNOWN_COLUMNS else LONGEST_NOTE
        for row, cell in enumerate(table[column].tolist()):
            texts = cell if isinstance(cell, list) else [cell]
            length = max((len(text) for text in texts if isinstance(text, str)), default=0)
            if length > limit:
                yield row, "long_cell", f"{column} has {length:,} characters; at most {limit:,} are usual"


def row_contents(table: pd.DataFrame, contents: Mapping[str, str]) -> pd.Series:
    """Return the identifier of each row's video content: from `contents`, else its path."""
    paths = table["video_path"]
    return paths.map({path: contents.get(path, path) for path in paths.unique()})


def _shown(text: str) -> str:
    return repr(text) if len(text) <= LONGEST_CELL else f"{text[:80]!r}..."


def _normalized(texts: pd.Series) -> pd.Series:
    """Return the normalized texts, each distinct text normalized once."""
    return texts.map({text: normalize_answer(text) for text in texts.unique()})


def _groups_of_several(keys: pd.Series, values: pd.Series) -> Iterator[np.ndarray]:
    """Yield the positions, int64, of the rows of each key that has several distinct values."""
    codes, _ = keys.factorize()
    pairs = pd.DataFrame({"key": codes, "value": values.to_numpy()})
    several = pairs.drop_duplicates()["key"].value_counts()
    wanted = pairs["key"].isin(several.index[several > 1]).to_numpy()
    for _, rows in pd.Series(np.flatnonzero(wanted)).groupby(codes[wanted]):
        yield rows.to_numpy()
