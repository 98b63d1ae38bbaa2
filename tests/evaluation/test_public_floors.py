"""The baselines on public annotations against figures known for them."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from videoqa.evaluation.metrics import majority_answers, score_table
from videoqa.evaluation.row_marks import RowAnswers
from videoqa.text.question_prior import build_question_prior


def read_msvd(folder: Path, split: str) -> pd.DataFrame:
    path = folder / "annotations" / "msvd-qa" / f"{split}_qa.json"
    if not path.exists():
        pytest.skip(f"needs the public MSVD-QA annotations: {path} is not there")
    rows = pd.read_json(path)
    return rows.assign(question_type=rows["question"].str.split().str[0])


@pytest.mark.slow
@pytest.mark.real_data
def test_floors_of_msvd_qa(real_data: Path) -> None:
    train, test = read_msvd(real_data, "train"), read_msvd(real_data, "test")
    top_answers = [
        answer for answer, _ in Counter(train["answer"]).most_common(1000)
    ]  # ties by first appearance
    scores = score_table(
        test,
        RowAnswers(list(test["answer"])),
        majority=majority_answers(train),
        answer_vocabulary=top_answers,
        question_prior=build_question_prior(train["question"].tolist(), train["answer"].tolist()),
    )
    assert scores["majority_accuracy"] == pytest.approx(0.1408, abs=5e-5)
    assert scores["majority_per_type_accuracy"] == pytest.approx(0.1886, abs=5e-5)
    assert scores["prefix_prior_accuracy"] == pytest.approx(0.2453, abs=5e-5)
    assert scores["share_in_vocabulary"] == pytest.approx(0.9108, abs=5e-5)
    assert (
        scores["accuracy"] == scores["share_in_vocabulary"]
    )  # what a perfect model of this vocabulary reaches
    assert scores["by_question_type"]["how"]["majority_per_type_answer"] == "two"
    assert scores["by_question_type"]["how"]["majority_per_type_accuracy"] == pytest.approx(0.8378, abs=5e-5)
    assert scores["by_question_type"]["when"]["majority_per_type_answer"] == "stage"
    assert scores["by_question_type"]["when"]["majority_per_type_accuracy"] == pytest.approx(0.7241, abs=5e-5)
    counts = {name: entry["num_rows"] for name, entry in scores["by_question_type"].items()}
    assert counts == {"what": 8149, "who": 4552, "how": 370, "when": 58, "where": 28}
    low, high = scores["accuracy_interval"]
    assert scores["num_videos"] == 504 and low < scores["accuracy"] < high
    assert high - low > 2 * 1.96 * (0.9108 * 0.0892 / len(test)) ** 0.5  # wider than of independent rows


@pytest.mark.slow
@pytest.mark.real_data
def test_floors_of_activitynet_qa(real_data: Path) -> None:
    folder = real_data / "annotations" / "activitynet-qa"
    if not folder.is_dir():
        pytest.skip(f"needs the public ActivityNet-QA annotations: {folder} is not there")
    train, test = (
        pd.read_json(folder / f"{split}_q.json")
        .merge(pd.read_json(folder / f"{split}_a.json"), on="question_id")
        .rename(columns={"video_name": "video_id", "type": "question_type"})
        for split in ("train", "test")
    )
    scores = score_table(
        test,
        RowAnswers(["yes"] * len(test)),
        majority=majority_answers(train),
        answer_vocabulary=["yes"],
        question_prior=build_question_prior(train["question"].tolist(), train["answer"].tolist()),
        score_groups={"free": ["3", "4", "5", "6", "7", "8"]},
    )
    assert scores["majority_answer"] == "yes"
    assert scores["accuracy"] == scores["majority_accuracy"] == pytest.approx(0.1378, abs=5e-5)
    assert scores["prefix_prior_accuracy"] == pytest.approx(0.2815, abs=5e-5)
    assert (scores["num_rows"], scores["num_videos"], scores["by_group"]["free"]["num_rows"]) == (
        8000,
        800,
        5600,
    )
