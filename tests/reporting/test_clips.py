"""Which clips a report shows."""

import pandas as pd

from videoqa.reporting.clips import NUM_CLIPS, most_unfamiliar


def predictions(familiarity: list[str], **columns: list) -> pd.DataFrame:
    number = range(len(familiarity))
    table = pd.DataFrame({"video_id": [f"{each}.mp4" for each in number], "familiarity": familiarity})
    return table.assign(question_id=[str(each) for each in number], status="ok", **columns)


def test_the_least_familiar_clips_come_first_and_each_once() -> None:
    rows = predictions(["0.5", "", "0.01", "0.01", "1.0"], question=list("abcde"))
    rows.loc[3, "video_id"] = "2.mp4"
    assert most_unfamiliar(rows)["question"].tolist() == ["c", "a", "e"], "not known: not shown"
    assert len(most_unfamiliar(predictions(["0.5"] * 20))) == NUM_CLIPS


def test_no_familiarity_no_clips() -> None:
    assert most_unfamiliar(predictions(["", ""])).empty
    assert most_unfamiliar(predictions(["0.1"]).drop(columns="familiarity")).empty
    assert most_unfamiliar(predictions(["0.1"]).assign(status="failed")).empty
