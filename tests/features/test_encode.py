"""`videoqa.encode`: from an annotation table to a report."""

import json

import pandas as pd
import pytest

import videoqa
from videoqa.features.contents import distinct_requests
from videoqa.video.decoding import ClipRequest

OPTIONS = {"backbone": "tiny", "backbone_weights": None, "frame_size": (16, 16), "num_frames": 5}


@pytest.fixture
def annotations(write_video, tmp_path, monkeypatch) -> str:
    """Six questions about two videos and one that is not there."""
    monkeypatch.setenv("VIDEOQA_HOME", str(tmp_path / "home"))
    for seed in range(2):
        write_video(f"{seed}.avi", seed=seed)
    rows = [
        {"video": video, "question": question, "answer": "yes"}
        for video in ("0.avi", "1.avi", "none.avi")
        for question in ("is he waving?", "is he jumping?")
    ]
    path = tmp_path / "my.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return str(path)


def test_every_clip_of_the_table_is_encoded_once(annotations):
    report = videoqa.encode(annotations, **OPTIONS)
    assert (report.num_encoded, report.num_cached, report.num_failed) == (2, 0, 1)
    (failure,) = json.loads(json.dumps(report.to_dict()))["failures"]
    assert failure["path"].endswith("none.avi") and "existing file" in failure["error"]
    again = videoqa.encode(pd.read_csv(annotations), videos=str(report.cache.folder.parents[1]), **OPTIONS)
    assert (again.num_encoded, again.num_cached, again.num_failed) == (0, 2, 1)


def test_segments_are_clips_of_their_own():
    table = pd.DataFrame(
        {
            "video_path": ["a.avi", "b.avi", "a.avi", "a.avi"],
            "start_seconds": [float("nan"), 1.0, float("nan"), 2.5],
            "end_seconds": [float("nan"), 2.0, float("nan"), float("nan")],
        }
    )
    expected = [ClipRequest("a.avi"), ClipRequest("b.avi", 1.0, 2.0), ClipRequest("a.avi", 2.5)]
    requests, row_request = distinct_requests(table)
    assert requests == expected and row_request.tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"video_branch": "none"}, "nothing to encode with video_branch='none'"),
        ({"num_frame": 5}, "Did you mean 'num_frames'"),
        ({"backbone": "resnet"}, "`backbone` must be one of"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(annotations, options, message):
    with pytest.raises(ValueError, match=message):
        videoqa.encode(annotations, **options)


def test_no_data_is_refused_with_the_next_thing_to_type():
    with pytest.raises(ValueError, match="--data sample"):
        videoqa.encode()
