"""`pretrain_videos`: clips without labels, of which none shows a held-out video."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from videoqa.config import LaunchConfig
from videoqa.launching.job import Job
from videoqa.training.further_clips import further_clips
from videoqa.training.preparing import PreparedData, prepare_data
from videoqa.training.request import read_request
from videoqa.training.train import train


def clip(small_set: Path, name: str) -> Path:
    """Return the clip of an activity and a seed."""
    activity, seed = name.split("-")
    videos = pd.read_csv(small_set / "labels.csv").groupby("label")["video"].apply(list)
    return small_set / videos[activity][int(seed)]


@pytest.fixture
def table(small_set: Path, tmp_path: Path) -> Path:
    """Return a CSV file of labels whose clips are copies under other names."""
    rows = [("loading-0", "train"), ("unloading-0", "train"), ("loading-4", "val"), ("waving-5", "test")]
    lines = ["video,label,split"]
    for number, (name, split) in enumerate(rows):
        shutil.copy(clip(small_set, name), tmp_path / f"{number}.avi")
        lines.append(f"{number}.avi,{name.split('-')[0]},{split}")
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "labels.csv"


@pytest.fixture
def unlabelled(small_set: Path, tmp_path: Path) -> Path:
    """Return a folder of two new clips, one of them twice, and one of each split."""
    folder = tmp_path / "further"
    folder.mkdir()
    new = ["loading-1", "waving-2"]
    for name in [*new, "loading-0", "loading-4", "waving-5"]:
        shutil.copy(clip(small_set, name), folder / f"{name}.avi")
    shutil.copy(clip(small_set, "waving-2"), folder / "waving-again.avi")
    return folder


def prepared(table: Path, small_options: dict, **options) -> PreparedData:
    given = {name: value for name, value in {**small_options, **options}.items() if name != "progress"}
    job = Job((str(table),), given, LaunchConfig(), progress=False)
    return prepare_data(read_request(job), progress=False)


def test_held_out_clips_are_left_out_by_their_content(
    table: Path, unlabelled: Path, small_options: dict
) -> None:
    data = prepared(table, small_options, pretrain="order", pretrain_videos=unlabelled)
    assert data.order is not None
    assert (len(data.order.training), len(data.order.validation)) == (2 * (2 + 2), 2)
    alone = prepared(table, small_options)
    assert alone.order is None and "pretrain_videos" not in alone.hashes
    pd.testing.assert_frame_equal(data.table, alone.table)
    start, rows = np.zeros(3, int), np.arange(3)
    ours, theirs = (each.examples.model_inputs(rows, start)["features"] for each in (data, alone))
    assert ours.tobytes() == theirs.tobytes()
    assert {**alone.hashes, "pretrain_videos": data.hashes["pretrain_videos"]} == data.hashes
    assert len(data.videos["train"]) == 4 and data.videos["validation"] == alone.videos["validation"]


def test_the_reasons_are_counted_and_told(
    table: Path, unlabelled: Path, small_options: dict, capsys: pytest.CaptureFixture
) -> None:
    rows = pd.read_csv(table).rename(columns={"label": "answer"}).assign(question="")
    rows["video_path"] = [str(table.parent / name) for name in rows["video"]]
    (unlabelled / "gone.csv").write_text("video,start,end\nloading-1.avi,,\nnot-there.avi,,\n")
    found = further_clips([str(unlabelled), str(unlabelled / "gone.csv")], rows)
    assert sorted(Path(path).name for path in found["video_path"]) == ["loading-1.avi", "waving-2.avi"]
    said = capsys.readouterr().err
    assert (
        "2 further clips without labels for --pretrain; left out: 2 of videos of validation or test rows, 1 "
        "of videos of training rows, which are learned from anyway, 1 that cannot be read, 2 there twice."
    ) in said
    assert "not-there.avi" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pretrain_videos": "clips"}, r"`pretrain_videos` must be left out without pretrain='order'"),
        (
            {"pretrain": "order", "pretrain_videos": "nowhere"},
            r"`pretrain_videos` must be an existing folder.*nowhere",
        ),
        ({"pretrain": "order", "pretrain_videos": "."}, r"`pretrain_videos` must hold files ending in"),
    ],
)
def test_refused(
    options: dict,
    message: str,
    table: Path,
    tmp_path: Path,
    small_options: dict,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        train(table, out=tmp_path / "run", **{**small_options, **options})
