"""Small sets in the form of the public ones."""

import json
from pathlib import Path

import pandas as pd
import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations


class SmallSet:
    """A folder of annotation files and one of (empty) video files, read by a set's name."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.lists, self.videos = folder / "lists", folder / "videos"
        self.lists.mkdir(parents=True)
        self.videos.mkdir()

    def write(self, name: str, content: str | list) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        (self.lists / name).write_bytes(text.encode())

    def add_videos(self, *names: str) -> None:
        for name in names:
            path = self.videos / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    def read(self, *, with_videos: bool = True, **options: object) -> pd.DataFrame:
        folders = {"annotations": self.lists, "videos": self.videos if with_videos else None}
        config = {"allow_other_counts": True, "data": (self.name,), **folders, **options}
        return read_annotations(DataConfig(**config), with_videos=with_videos)


@pytest.fixture
def msvd(tmp_path: Path) -> SmallSet:
    """Return two training rows, one validation row and one test row as MSVD-QA has them."""
    made = SmallSet(tmp_path / "msvd", "msvd_qa")
    question = {"question": "what is a man doing?", "answer": "Cook"}
    made.write("train_qa.json", [{"id": 0, "video_id": 1} | question, {"id": 1, "video_id": 2} | question])
    made.write("val_qa.json", [{"id": 2, "video_id": 3} | question])
    made.write("test_qa.json", [{"id": 3, "video_id": 4} | question])
    made.write("youtube_mapping.txt", "-4wsuPCjDBc_5_15 vid1\nabc_1_2 vid4\n")
    made.add_videos("-4wsuPCjDBc_5_15.avi", "vid2.mp4", "deep/VID3.AVI", "abc_1_2.avi")
    return made


@pytest.fixture
def activitynet(tmp_path: Path) -> SmallSet:
    """Return one row of each split as ActivityNet-QA has them, two in training."""
    made = SmallSet(tmp_path / "activitynet", "activitynet_qa")
    for split, name, kind in (("train", "aaa", 3), ("val", "bbb", 0), ("test", "ccc", 7)):
        key = f"v_{name}_1"
        made.write(f"{split}_q.json", [{"video_name": name, "question": "is it red", "question_id": key}])
        made.write(f"{split}_a.json", [{"answer": "yes", "type": kind, "question_id": key}])
        made.add_videos(f"v_{name}.mkv")
    return made


@pytest.fixture
def ucf(tmp_path: Path) -> SmallSet:
    """Return three classes as UCF101 has them: CRLF, labels from 1, one class spelled in two ways."""
    made = SmallSet(tmp_path / "ucf", "ucf101")
    made.write("classInd.txt", "1 Archery\r\n2 HandstandPushups\r\n3 YoYo\r\n")
    for fold, test_group in ((1, "01"), (2, "08"), (3, "15")):
        training, test = [], []
        for number, (label, spelled) in enumerate(
            [("Archery", "Archery"), ("HandstandPushups", "HandStandPushups"), ("YoYo", "YoYo")], start=1
        ):
            for group in ("01", "08", "15"):
                clip = f"{label}/v_{spelled}_g{group}_c01.avi"
                if group == test_group:
                    test.append(clip)
                else:
                    training.append(f"{clip} {number}")
                made.add_videos(clip)
        made.write(f"trainlist0{fold}.txt", "\r\n".join(training) + "\r\n")
        made.write(f"testlist0{fold}.txt", "\r\n".join(test) + "\r\n")
    return made
