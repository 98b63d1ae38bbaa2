"""The baselines on the public MSVD-QA annotations against figures known for them."""

import os
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from videoqa.evaluation.metrics import majority_answers, score_table

REAL_DATA = Path(os.environ.get("VIDEOQA_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))


def read_msvd(split: str) -> pd.DataFrame:
    path = REAL_DATA / "annotations" / "msvd-qa" / f"{split}_qa.json"
    if not path.exists():
        pytest.skip(f"needs the public MSVD-QA annotations: {path} is not there (set VIDEOQA_REAL_DATA)")
    rows = pd.read_json(path)
    return rows.assign(question_type=rows["question"].str.split().str[0])


@pytest.mark.real_data
def test_majorities_of_msvd_qa() -> None:
    train, test = read_msvd("train"), read_msvd("test")
    top_answers = [
        answer for answer, _ in Counter(train["answer"]).most_common(1000)
    ]  # ties by first appearance
    scores = score_table(
        test,
        predicted_answers=list(test["answer"]),
        blind_answers=None,
        majority=majority_answers(train),
        answer_vocabulary=top_answers,
    )
    assert scores["majority_accuracy"] == pytest.approx(0.1408, abs=5e-5)
    assert scores["majority_per_type_accuracy"] == pytest.approx(0.1886, abs=5e-5)
    assert scores["share_in_vocabulary"] == pytest.approx(0.9108, abs=5e-5)
    assert (
        scores["accuracy"] == scores["share_in_vocabulary"]
    )  # what a perfect model of this vocabulary reaches
    assert scores["by_question_type"]["how"]["majority_per_type_answer"] == "two"
    assert scores["by_question_type"]["how"]["majority_per_type_accuracy"] == pytest.approx(0.8378, abs=5e-5)
