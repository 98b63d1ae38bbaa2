"""Which clips one of several machines encodes."""

import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.features.contents import distinct_requests
from videoqa.features.encode import parse_shard, rows_of_shard

OPTIONS = {"backbone": "tiny", "backbone_weights": None, "frame_size": (16, 16), "num_frames": 5}


def table_of(folder: str) -> pd.DataFrame:
    """Thirteen clips, two rows each but the last: of videos a to d whole and two parts, of e whole."""
    segments = [(float("nan"), float("nan")), (0.0, 1.0), (1.0, float("nan"))]
    clips = [(name, *segment) for name in "abcde" for segment in segments][:-2]
    rows = [(name, f"{folder}/{name}.avi", start, end) for name, start, end in clips for _ in range(2)]
    rows.pop()  # the numbers of rows are uneven, those of clips count
    return pd.DataFrame(rows, columns=["video_id", "video_path", "start_seconds", "end_seconds"])


def shards_of(table: pd.DataFrame, num_shards: int) -> list[set]:
    parts = [rows_of_shard(table, (place, num_shards)) for place in range(1, num_shards + 1)]
    return [
        {(request.path[-5], request.start_seconds) for request in distinct_requests(part)[0]}
        for part in parts
    ]


@pytest.mark.parametrize("num_shards", [1, 2, 4, 20])
def test_every_clip_is_in_one_part_and_the_parts_are_equal(num_shards):
    parts = shards_of(table_of("/data"), num_shards)
    assert len(set.union(*parts)) == sum(map(len, parts)) == 13
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_neither_the_order_of_rows_nor_the_folder_matters():
    there = table_of("/mnt/elsewhere")
    order = np.random.default_rng(0).permutation(len(there))
    assert shards_of(table_of("/data"), 3) == shards_of(there.iloc[order], 3)


def test_videos_of_one_id_are_told_apart_by_the_end_of_their_paths():
    def table(first: str, second: str) -> pd.DataFrame:
        paths = {"video_path": [f"{first}/one/x.avi", f"{second}/two/x.avi"]}
        return pd.DataFrame({"video_id": "x", **paths, "start_seconds": np.nan, "end_seconds": np.nan})

    for tables in (table("/a", "/b"), table("/b", "/a")):
        assert "/one/" in rows_of_shard(tables, (1, 2))["video_path"].item()


def test_rows_of_one_clip_stay_together():
    table = table_of("/data")
    assert sum(len(rows_of_shard(table, (place, 3))) for place in (1, 2, 3)) == len(table) == 25


@pytest.mark.parametrize("shard", ["2/4", " 2/4", (2, 4), [2, 4]])
def test_both_forms_are_read(shard):
    assert parse_shard(shard) == (2, 4)


@pytest.mark.parametrize(
    "shard", ["", "1", "0/4", "5/4", "1/0", "a/b", "1/2/3", (1,), (0, 4), (1.0, 2), 3, "-1/4"]
)
def test_other_forms_are_refused(shard):
    with pytest.raises(ValueError, match=r'`shard` must be the i-th of n parts as "i/n".*Received: shard='):
        parse_shard(shard)


@pytest.mark.slow
def test_machines_encode_their_part_and_a_copied_cache_holds_all(write_video, tmp_path, monkeypatch):
    names = [f"{seed}.avi" for seed in range(5)]
    for seed, name in enumerate(names):
        write_video(name, seed=seed)
    table = pd.DataFrame({"video": names, "label": ["left", "right", "left", "right", "left"]})
    for place in (1, 2):
        monkeypatch.setenv("VIDEOQA_HOME", str(tmp_path / f"machine-{place}"))
        report = videoqa.encode(table, videos=str(tmp_path), shard=f"{place}/2", **OPTIONS)
        assert (report.num_encoded, report.num_cached, report.num_failed) == (4 - place, 0, 0)
    together = tmp_path / "machine-2" / "cache"
    for file in (tmp_path / "machine-1" / "cache").glob("??/*"):
        (together / file.parent.name).mkdir(exist_ok=True)
        file.rename(together / file.parent.name / file.name)
    assert videoqa.encode(table, videos=str(tmp_path), **OPTIONS).num_cached == 5


def test_a_bad_shard_is_refused_before_the_table_is_read():
    with pytest.raises(ValueError, match="`shard` must be .* Received: shard='3/2'. The second of four"):
        videoqa.encode("no such file.csv", shard="3/2")
