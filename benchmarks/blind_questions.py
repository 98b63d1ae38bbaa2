"""The small blind model of `videoqa label questions` beside the prefix prior, and the time of its audit.

    VIDEOQA_REAL_DATA=path python benchmarks/blind_questions.py

Test rows of MSVD-QA answered from training rows, no video seen: of all of them, and of as many as people may
write. Then the audit of so many questions, in processor time.
"""

import time

import pandas as pd
from annotation_floors import read_set

from videoqa._text_normalization import matching_form
from videoqa.labeling.blind_guess import BlindGuess
from videoqa.labeling.question_audit import audit_questions
from videoqa.text.question_prior import build_question_prior

SIZES = (300, 1000, 3000)
AUDITED = (300, 1000, 3000)


def first_videos(table: pd.DataFrame, num_rows: int) -> pd.DataFrame:
    """Return at least so many rows: whole videos, in a drawn order."""
    order = table["video_id"].drop_duplicates().sample(frac=1, random_state=0)
    sizes = table["video_id"].value_counts()[order].cumsum()
    return table[table["video_id"].isin(sizes.index[: int((sizes < num_rows).sum()) + 1])]


def accuracies(train: pd.DataFrame, test: pd.DataFrame) -> tuple[float, float]:
    """Return the shares of the test rows that the prior and the small blind model answer rightly."""
    questions, answers = train["question"].tolist(), train["answer"].map(matching_form).tolist()
    prior, model = build_question_prior(questions, answers), BlindGuess(questions, answers)
    by_prior = {each: matching_form(prior.answer(each)) for each in test["question"].unique()}
    by_model = {each: model.answers[int(model.probabilities(each).argmax())] for each in by_prior}
    right = test["answer"].map(matching_form)
    return (test["question"].map(by_prior) == right).mean(), (test["question"].map(by_model) == right).mean()


def main() -> None:
    table = read_set("msvd_qa")
    train, test = (table[table["split"] == split] for split in ("train", "test"))
    for size in (*SIZES, len(train)):
        rows = first_videos(train, size)
        start = time.process_time()
        by_prior, by_model = accuracies(rows, test)
        seconds = time.process_time() - start
        print(
            f"{len(rows):,} training rows of {rows['video_id'].nunique():,} videos: prefix prior "
            f"{by_prior:.2%}, small blind model {by_model:.2%} of {len(test):,} test rows, {seconds:.0f} s",
            flush=True,
        )
    for size in AUDITED:
        rows = first_videos(train, size)
        start = time.process_time()
        found = audit_questions(rows.assign(video=rows["video_id"], group=""))
        seconds = time.process_time() - start
        print(f"audit of {len(rows):,} questions of {rows['video_id'].nunique():,} videos: {seconds:.1f} s")
        print(f"  {found.rows['without_video'].value_counts().to_dict()}", flush=True)


if __name__ == "__main__":
    main()
