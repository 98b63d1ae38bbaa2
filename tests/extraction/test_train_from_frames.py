"""A folder of extracted frames is trained from, scored, audited and labelled like the videos."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

import videoqa
from videoqa.features.content_hashes import ContentHashes


@pytest.fixture(scope="module")
def frames(small_set, tmp_path_factory) -> Path:
    """Return the frames of the drawn clips."""
    out = tmp_path_factory.mktemp("extracted") / "frames"
    videoqa.extract_frames(small_set / "labels.csv", out=out, fps=4, progress=False)
    return out


@pytest.mark.slow
def test_train_evaluate_audit_predict(frames, quick_options, tmp_path):
    broken = tmp_path / "frames"
    shutil.copytree(frames, broken)
    first, second = sorted((broken / "train" / "waving").iterdir())[:2]
    (first / "0002.jpg").unlink()
    run = videoqa.train(str(broken), out=tmp_path / "run", **quick_options).out
    scores = videoqa.evaluate(run)
    rows = pd.read_csv(Path(scores["out"]) / "predictions.csv")
    assert scores["num_rows"] == 3 and set(rows["answer"]) == {"loading", "unloading", "waving"}
    assert scores["accuracy"] == (rows["predicted_answer"] == rows["answer"]).mean()
    assert videoqa.evaluate(run, data=str(frames), progress=False)["num_rows"] == 3

    rows = videoqa.predict(run, broken / "train", progress=False)
    assert len(rows) == 12 and rows["status"].eq("failed").sum() == 1
    assert "0002.jpg is missing" in rows["error"][rows["status"] == "failed"].item()
    assert len(videoqa.predict(run, second, progress=False)) == 1
    assert len(videoqa.predict(run, data=str(frames), progress=False)) == 18

    lines = (broken / "test.txt").read_text().splitlines()
    name, label, count = lines[0].split()
    (broken / "test.txt").write_text("\n".join([f"{name} {label} {int(count) + 1}", *lines[1:]]))
    report = videoqa.audit(str(broken), out=tmp_path / "audit", progress=False)
    found = report.findings[report.findings["finding"] == "undecodable"]["detail"].tolist()
    assert len(found) == 2
    assert any("have a hole" in text for text in found)
    assert any(f"and {int(count) + 1} stand in the list" in text for text in found)
    assert pd.read_csv(tmp_path / "audit" / "videos.csv")["bytes"].min() > 1000


def test_the_content_of_a_folder_is_its_frames(frames, tmp_path):
    folder = next((frames / "train" / "waving").iterdir())
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "notes.txt").write_text("not a frame")
    hashes = ContentHashes(tmp_path / "contents")
    first = hashes.of(folder)
    assert hashes.of(copy) == first and len(first) == 64
    (copy / "0001.jpg").write_bytes((copy / "0002.jpg").read_bytes())
    assert hashes.of(copy) != first
    (copy / "0001.jpg").unlink()
    (copy / "0002.jpg").rename(copy / "0001.jpg")
    assert hashes.of(copy) != first
