"""What answers without any video score on public annotation files, and how fast those are read.

    VIDEOQA_REAL_DATA=path python benchmarks/annotation_floors.py

Prints the floors of MSVD-QA and ActivityNet-QA on their test splits, then the time and memory of reading,
joining and tokenizing all rows of both sets into arrays, measured in a process of its own.
"""

import resource
import subprocess
import sys
import time

import pandas as pd
from _real_data import real_data

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations
from videoqa.evaluation.metrics import majority_answers, score_table
from videoqa.evaluation.row_marks import RowAnswers
from videoqa.text.answers import build_answer_list
from videoqa.text.question_prior import build_question_prior
from videoqa.text.vocabulary import build_vocabulary

SETS = {"msvd_qa": "msvd-qa", "activitynet_qa": "activitynet-qa"}
ALWAYS = {"msvd_qa": (("how", "two"), ("when", "stage"))}
"""First words of questions of which a set's answers are mostly one."""


def read_set(name: str) -> pd.DataFrame:
    """Return the annotation table of a named set; its videos are not needed."""
    data = DataConfig(data=(name,), annotations=str(real_data() / "annotations" / SETS[name]))
    return read_annotations(data, with_videos=False)


def print_floors(name: str) -> None:
    """Print the floors over the test split of one set, as per cent."""
    table = read_set(name)
    train, test = (table[table["split"] == split] for split in ("train", "test"))
    prior = build_question_prior(train["question"].tolist(), train["answer"].tolist())
    scores = score_table(
        test,
        RowAnswers(test["answer"].tolist()),
        majority=majority_answers(train),
        answer_vocabulary=build_answer_list(train["answer"], 1000).answers,
        question_prior=prior,
    )
    first_words = test.assign(question_type=test["question"].str.split().str[0])
    print(f"\n{name}: {len(test):,} test rows of {test['video_id'].nunique()} videos")
    print(f"  majority answer {scores['majority_answer']!r}: {scores['majority_accuracy']:.2%}")
    print(f"  majority per question type: {scores['majority_per_type_accuracy']:.2%}")
    print(f"  longest-prefix prior: {scores['prefix_prior_accuracy']:.2%}")
    print(f"  coverage of the top-1000 training answers: {scores['share_in_vocabulary']:.2%}")
    for word, answer in ALWAYS.get(name, ()):
        rows = first_words[first_words["question_type"] == word]
        print(f"  always {answer!r} on {word!r}: {(rows['answer'] == answer).mean():.2%} of {len(rows)} rows")
    print(f"  rows per type: {test['question_type'].value_counts().to_dict()}")


def read_into_arrays() -> None:
    """Read, join and tokenize every row of both sets and print the time and the peak memory."""
    begin = time.perf_counter()
    num_rows = 0
    for name in SETS:
        table = read_set(name)
        train = table[table["split"] == "train"]
        token_ids = build_vocabulary(train["question"]).encode(table["question"].tolist())
        answer_ids = build_answer_list(train["answer"]).encode(table["answer"].tolist())
        num_rows += len(token_ids)
        assert len(token_ids) == len(answer_ids) == len(table)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{num_rows:,} rows as arrays in {seconds:.1f} s, at most {peak:.0f} MB in all")


def main() -> None:
    """Print the floors of each set, then the cost of reading both, three times."""
    if sys.argv[1:] == ["read"]:
        return read_into_arrays()
    for name in SETS:
        print_floors(name)
    print()
    for _ in range(3):
        subprocess.run([sys.executable, __file__, "read"], check=True)


if __name__ == "__main__":
    main()
