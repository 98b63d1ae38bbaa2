"""The column `pair` of annotation tables: read, and kept in one split."""

from pathlib import Path

import pandas as pd
import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations, read_questions


def read(folder: Path, rows: list[str], header: str = "video,label,pair", **options) -> pd.DataFrame:
    path = folder / "rows.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return read_annotations(DataConfig((str(path),), (str(folder),)), with_videos=False, **options)


def test_pairs_stay_in_one_split(tmp_path: Path) -> None:
    rows = [f"{half}{number}.mp4,{half},{number}" for number in range(30) for half in ("a", "b")]
    table = read(tmp_path, rows)
    assert set(table["split"]) == {"train", "validation", "test"}
    assert (table.groupby("pair")["split"].nunique() == 1).all()
    assert (table.groupby("pair")["group"].nunique() == 1).all() and table["group"].nunique() == 30


def test_pairs_that_share_a_video_are_one_group(tmp_path: Path) -> None:
    table = read(tmp_path, ["a.mp4,x,1", "b.mp4,y,1", "b.mp4,y,2", "c.mp4,x,2", "d.mp4,x,", "e.mp4,y,3"])
    assert table["pair"].tolist() == ["1", "1", "2", "2", "", "3"]
    assert table["group"].tolist() == ["a.mp4"] * 4 + ["d.mp4", "e.mp4"]


def test_given_groups_stay_and_others_join_them(tmp_path: Path) -> None:
    rows = ["a.mp4,x,1,", "b.mp4,y,1,film", "c.mp4,x,2,one", "d.mp4,y,2,two", "e.mp4,x,,", "a.mp4,z,,"]
    table = read(tmp_path, rows, "video,label,pair,group")
    assert table["group"].tolist() == ["film", "film", "one", "two", "e.mp4", "film"]


def test_tables_without_pairs_are_as_they_were(tmp_path: Path) -> None:
    rows = [f"{number}.mp4,{'xy'[number % 2]}" for number in range(40)]
    plain = read(tmp_path, rows, "video,label")
    empty = read(tmp_path, [f"{row}," for row in rows])
    pd.testing.assert_frame_equal(plain, empty.drop(columns="pair"))


def test_a_header_in_another_spelling_is_the_same_column(tmp_path: Path) -> None:
    table = read(tmp_path, ["a.mp4,x,7", "b.mp4,y,7"], "video,label, Pair ")
    assert table["pair"].tolist() == ["7", "7"] and table["group"].nunique() == 1


def test_a_second_source_without_pairs(tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("video,label\nz.mp4,x\n")
    (tmp_path / "rows.csv").write_text("video,label,pair\na.mp4,x,7\nb.mp4,y,7\n")
    sources = (str(tmp_path / "rows.csv"), str(tmp_path / "more.csv"))
    table = read_annotations(DataConfig(sources, (str(tmp_path),)), with_videos=False)
    assert table["pair"].tolist() == ["7", "7", ""]
    assert read_questions(str(tmp_path / "rows.csv"), tmp_path, task="action")["pair"].tolist() == ["7", "7"]


def test_a_pair_of_many_videos_is_remarked_on(tmp_path: Path) -> None:
    rows = [f"{number}.mp4,{'xy'[number % 2]},{'no' if number else 'yes'}" for number in range(12)]
    notes = read(tmp_path, rows).attrs["notes"]
    assert [note for note in notes if "`pair` 'no'" in note and "names 11 videos" in note]
    assert not read(tmp_path, rows[:11]).attrs["notes"]


def test_a_list_is_no_pair(tmp_path: Path) -> None:
    table = pd.DataFrame({"video": ["a.mp4"], "label": ["x"], "pair": [["a", "b"]]})
    with pytest.raises(ValueError, match="`pair` must be one text or number"):
        read_annotations(DataConfig(), tables=[table], with_videos=False)
