"""Which questions are answered rightly without the video, by two that see the questions alone.

Each question is judged by what the questions of other videos teach: the videos are dealt out to folds, and
those of a fold are guessed by a blind model and a prefix prior that know all other folds.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from videoqa._text_normalization import matching_form
from videoqa._words import question_words
from videoqa.data.strata import folds_by_answer
from videoqa.evaluation.bootstrap import cluster_sums, resampled_sums
from videoqa.evaluation.exact_intervals import share_interval
from videoqa.labeling.blind_guess import BlindGuess
from videoqa.text.question_prior import build_question_prior

BOTH, BLIND_ONLY, PRIOR_ONLY, NEITHER, UNTOLD = "both", "blind model", "prefix prior", "neither", ""
FEWEST_QUESTIONS, FEWEST_VIDEOS = 20, 5
"""Below, nothing is judged: of 20 questions a share is known to within 22 points."""
MOST_FOLDS, FOLDS_OF_MANY, MANY = 10, 5, 2000
"""Folds, and of many questions, from which each fold learns enough."""
FEWEST_ALIKE = 5
"""Judged questions that a beginning must have to be named."""
AUDIT_COLUMNS = ("without_video", "blind_answer", "blind_probability", "prior_answer")


@dataclass(frozen=True)
class Audit:
    """What two that see no video make of a table of questions.

    Attributes:
        rows: one row per question, indexed like the table: `without_video`, who answers it rightly without
            its video (`BOTH`, `BLIND_ONLY`, `PRIOR_ONLY`, `NEITHER`; `UNTOLD` where no other video has its
            answer, or where there is too little of all); `blind_answer` and `blind_probability` of this
            answer; `prior_answer`.
        beginnings: the first two words of questions, with `num_judged`, `num_both` and the most frequent
            `answer` of these; those most of which both answer rightly first.
        too_few: why nothing is judged; "": enough questions.
    """

    rows: pd.DataFrame
    beginnings: pd.DataFrame
    too_few: str = ""


def audit_questions(table: pd.DataFrame, *, seed: int = 0) -> Audit:
    """Return which questions are answered rightly without their videos.

    Args:
        table: `video`, `group` ("": the video is one), `question`, `answer`.
        seed: of the folds and of the blind model.
    """
    table = table.reset_index(drop=True)
    groups = table["group"].where(table["group"] != "", table["video"]).astype(str)
    answers = table["answer"].map(matching_form)
    rows = pd.DataFrame(
        {"without_video": UNTOLD, "blind_answer": "", "blind_probability": np.nan, "prior_answer": ""},
        index=table.index,
    )
    empty = pd.DataFrame(columns=["beginning", "num_judged", "num_both", "answer"])
    num_groups = groups.nunique()
    if len(table) < FEWEST_QUESTIONS or num_groups < FEWEST_VIDEOS:
        least = f"{FEWEST_QUESTIONS} questions about {FEWEST_VIDEOS} videos"
        return Audit(rows, empty, f"{len(table):,} of {num_groups:,} videos; at least {least} are needed")
    num_folds = min(num_groups, MOST_FOLDS if len(table) < MANY else FOLDS_OF_MANY)
    folds = folds_by_answer(groups, answers, num_folds, seed)
    for fold in range(1, num_folds + 1):
        _guess(table["question"], answers, folds == fold, rows, seed)
    others = (
        pd.DataFrame({"answer": answers, "group": groups}).groupby("answer")["group"].transform("nunique")
    )
    by_blind = rows["blind_answer"] == answers
    by_prior = rows["prior_answer"] == answers
    verdict = np.select([by_blind & by_prior, by_blind, by_prior], [BOTH, BLIND_ONLY, PRIOR_ONLY], NEITHER)
    rows["without_video"] = np.where(others > 1, verdict, UNTOLD)
    return Audit(rows, _beginnings(table, rows))


def share_without_video(table: pd.DataFrame, rows: pd.DataFrame, by: tuple[str, ...]) -> dict[str, object]:
    """Return the share of judged questions that some answer rightly, with its interval over videos.

    Args:
        table: the questions, with `video` and `group`.
        rows: of the audit.
        by: what `without_video` says of a right answer.

    Returns:
        "num", "of", "share" and "interval" [low, high], 95 %; both None without judged questions.
    """
    judged = (rows["without_video"] != UNTOLD).to_numpy()
    right = rows["without_video"].isin(by).to_numpy()[judged]
    if not judged.any():
        return {"num": 0, "of": 0, "share": None, "interval": None}
    groups = table["group"].where(table["group"] != "", table["video"]).to_numpy()[judged]
    sums = cluster_sums(np.stack([right, np.ones(len(right))], axis=1).astype(float), groups)
    drawn = resampled_sums(sums)
    interval = share_interval(sums[:, 0], sums[:, 1], drawn[:, 0] / drawn[:, 1])
    return {"num": int(right.sum()), "of": len(right), "share": float(right.mean()), "interval": interval}


def _guess(questions: pd.Series, answers: pd.Series, held: pd.Series, rows: pd.DataFrame, seed: int) -> None:
    """Write into `rows` what is guessed of the questions that are held out, from all others."""
    known, asked = questions[~held].tolist(), questions[held]
    model = BlindGuess(known, answers[~held].tolist(), seed)
    prior = build_question_prior(known, answers[~held].tolist())
    found = {}
    for question in asked.unique():
        probabilities = model.probabilities(question)
        best = int(probabilities.argmax())
        guess = matching_form(prior.answer(question))
        found[question] = (model.answers[best], round(float(probabilities[best]), 4), guess)
    columns = ["blind_answer", "blind_probability", "prior_answer"]
    rows.loc[held, columns] = pd.DataFrame([found[each] for each in asked], asked.index, columns)


def _beginnings(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the beginnings of questions, those that give most of their answers away first."""
    judged = rows["without_video"] != UNTOLD
    first = table["question"].map(lambda question: " ".join(question_words(question)[:2]))
    both = rows["without_video"] == BOTH
    found: list[tuple[str, int, int, str]] = []
    for beginning, group in table[judged].groupby(first[judged]):
        if beginning and len(group) >= FEWEST_ALIKE:
            number = int(both[group.index].sum())
            found.append(
                (str(beginning), len(group), number, str(group["answer"].map(matching_form).mode().iloc[0]))
            )
    columns = ["beginning", "num_judged", "num_both", "answer"]
    found.sort(key=lambda each: (-each[2] / each[1], -each[1]))
    return pd.DataFrame(found, columns=columns)
