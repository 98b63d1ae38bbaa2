"""The small blind model of `videoqa label questions` beside the prefix prior, and the time of its audit.

    VIDEOQA_REAL_DATA=path python benchmarks/blind_questions.py
    VIDEOQA_REAL_DATA=path python benchmarks/blind_questions.py --choose   # its settings, on validation rows

Test rows of MSVD-QA answered from training rows, no video seen: of all of them, and of as many as people may
write. Then the audit of so many questions, in processor time.
"""

import argparse
import time

import pandas as pd
from annotation_floors import read_set

from videoqa._text_normalization import matching_form
from videoqa.labeling import blind_guess
from videoqa.labeling.blind_guess import BlindGuess
from videoqa.labeling.question_audit import audit_questions
from videoqa.text.question_prior import build_question_prior

SIZES = (300, 1000, 3000)
AUDITED = (300, 1000, 3000)
NUM_STEPS = ((20, 2), (40, 4), (80, 8), (160, 16))
"""Fewest steps, and passes over the questions."""
STEP_SIZES = (0.1, 0.2, 0.3, 0.5)


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


def choose(train: pd.DataFrame, validation: pd.DataFrame) -> None:
    """Print what settings come to, as the mean over the numbers of training rows."""
    parts = [first_videos(train, size) for size in SIZES]
    for fewest, passes in NUM_STEPS:
        for step_size in STEP_SIZES:
            blind_guess.FEWEST_STEPS, blind_guess.PASSES, blind_guess.STEP_SIZE = fewest, passes, step_size
            found = [accuracies(part, validation)[1] for part in parts]
            each = ", ".join(f"{share:.2%}" for share in found)
            print(
                f"{fewest} steps, {passes} passes, size {step_size}: {sum(found) / 3:.2%} ({each})",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--choose", action="store_true", help="settings, on a third of the validation rows")
    chosen = parser.parse_args().choose
    table = read_set("msvd_qa")
    if chosen:
        split = table["split"]
        choose(table[split == "train"], table[split == "validation"].iloc[::3])
        return
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
