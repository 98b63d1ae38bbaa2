"""`evaluate` on a public set's own files: its class groups, and videos that are not there."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

import videoqa

ACTIVITIES = {"Archery": "loading", "Typing": "waving"}
"""Two classes of UCF101 and what is drawn in their place."""


@pytest.fixture(scope="module")
def ucf101(small_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of lists as UCF101 has them: 8 training rows, 4 test rows, one video of them absent."""
    folder = tmp_path_factory.mktemp("ucf101")
    lists = {"classInd.txt": "1 Archery\n2 Typing\n", "trainlist01.txt": "", "testlist01.txt": ""}
    for number, (label, activity) in enumerate(ACTIVITIES.items(), 1):
        (folder / "videos" / label).mkdir(parents=True)
        for group, drawn in enumerate(sorted(small_set.glob(f"{activity}-*/*")), 1):
            name = f"{label}/v_{label}_g{group:02d}_c01.avi"
            lists["trainlist01.txt" if group <= 4 else "testlist01.txt"] += (
                f"{name} {number}\n" if group <= 4 else f"{name}\n"
            )
            shutil.copy(drawn, folder / "videos" / name)
    for name, text in lists.items():
        (folder / name).write_text(text)
    (folder / "videos" / "Typing" / "v_Typing_g06_c01.avi").unlink()
    return folder


@pytest.fixture(scope="module")
def run(ucf101: Path, quick_options: dict) -> videoqa.TrainingRun:
    options = {"videos": ucf101 / "videos", "annotations": ucf101, "allow_other_counts": True}
    return videoqa.train("ucf101", out=ucf101 / "run", **options, **quick_options)


@pytest.mark.slow
def test_groups_and_absent_videos(run: videoqa.TrainingRun) -> None:
    scores = videoqa.evaluate(run.out, progress=False)
    assert scores["num_rows"] == 3 and scores["absent_rows"] == 1
    groups = {name: entry["num_rows"] for name, entry in scores["by_group"].items() if entry["num_rows"]}
    assert groups == {"human-object interaction": 1, "sports": 2}
    assert scores["by_group"]["sports"]["accuracy"] == scores["per_class"]["Archery"]["recall"]
    assert set(run.metrics["validation"]["by_group"]) == set(scores["by_group"])
    assert scores["seen_rows"] == 0


@pytest.mark.slow
def test_videos_trained_on_are_no_test_rows_whatever_they_are_called(
    run: videoqa.TrainingRun, ucf101: Path, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    rows = []
    for number, path in enumerate(sorted((ucf101 / "videos").glob("*/*.avi"))):
        copy = tmp_path / f"other_{number}.avi"
        shutil.copy(path, copy)
        rows.append({"video": str(copy), "label": path.parent.name, "split": "test"})
    scores = videoqa.evaluate(run.out, pd.DataFrame(rows), progress=False)
    assert (scores["num_rows"], scores["seen_rows"]) == (3, 8)
    assert (
        "8 test rows show videos that the model was trained on: they are no test rows"
        in capfd.readouterr().err
    )
    description = (Path(__file__).parents[2] / "data_specs" / "ucf101.toml").read_text()
    (tmp_path / "mine.toml").write_text(description)
    swapped = {"train": "testlist01.txt", "test": "trainlist01.txt"}
    for split, name in swapped.items():
        text = (ucf101 / name).read_text().replace(" 1\n", "\n").replace(" 2\n", "\n")
        (tmp_path / "swapped").mkdir(exist_ok=True)
        (tmp_path / "swapped" / f"{split}list01.txt").write_text(text)
    shutil.copy(ucf101 / "classInd.txt", tmp_path / "swapped")
    with pytest.raises(ValueError, match="`split` must have at least one row"):
        videoqa.evaluate(
            run.out, str(tmp_path / "mine.toml"), videos=ucf101 / "videos", annotations=tmp_path / "swapped",
            allow_other_counts=True, progress=False,
        )  # fmt: skip


def test_what_evaluate_does_not_know_is_refused(action_run: Path) -> None:
    with pytest.raises(
        ValueError, match="`option` must be one of 'videos', 'annotations', 'reverse_labels', 'fold'"
    ):
        videoqa.evaluate(action_run, epochs=3)
    with pytest.raises(ValueError, match="`split` must be one of 'train', 'validation', 'test'"):
        videoqa.evaluate(action_run, split="bogus")
    assert not (action_run / "evaluation" / "bogus").exists()
