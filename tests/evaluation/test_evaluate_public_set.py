"""`evaluate` on a public set's own files: its class groups, and videos that are not there."""

import shutil
from pathlib import Path

import pytest

import videoqa

ACTIVITIES = {"Archery": "loading", "Typing": "waving"}
"""Two classes of UCF101 and what is drawn in their place."""


@pytest.fixture
def ucf101(small_set: Path, tmp_path: Path) -> Path:
    """Return a folder of lists as UCF101 has them: 8 training rows, 4 test rows, one video of them absent."""
    lists = {"classInd.txt": "1 Archery\n2 Typing\n", "trainlist01.txt": "", "testlist01.txt": ""}
    for number, (label, activity) in enumerate(ACTIVITIES.items(), 1):
        (tmp_path / "videos" / label).mkdir(parents=True)
        for group, drawn in enumerate(sorted(small_set.glob(f"{activity}-*/*")), 1):
            name = f"{label}/v_{label}_g{group:02d}_c01.avi"
            lists["trainlist01.txt" if group <= 4 else "testlist01.txt"] += (
                f"{name} {number}\n" if group <= 4 else f"{name}\n"
            )
            shutil.copy(drawn, tmp_path / "videos" / name)
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "videos" / "Typing" / "v_Typing_g06_c01.avi").unlink()
    return tmp_path


@pytest.mark.slow
def test_groups_and_absent_videos(ucf101: Path, small_options: dict) -> None:
    run = videoqa.train(
        "ucf101", videos=ucf101 / "videos", annotations=ucf101, allow_other_counts=True, out=ucf101 / "run",
        **small_options,
    )  # fmt: skip
    scores = videoqa.evaluate(run.out, progress=False)
    assert scores["num_rows"] == 3 and scores["absent_rows"] == 1
    groups = {name: entry["num_rows"] for name, entry in scores["by_group"].items() if entry["num_rows"]}
    assert groups == {"human-object interaction": 1, "sports": 2}
    assert scores["by_group"]["sports"]["accuracy"] == scores["per_class"]["Archery"]["recall"]
    assert set(run.metrics["validation"]["by_group"]) == set(scores["by_group"])
