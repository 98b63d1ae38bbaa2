"""The picture of why an answer was given, and the same in a notebook."""

import base64
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

import videoqa
from videoqa.answering.explaining import explanation_of
from videoqa.answering.video_qa import Answer
from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, decode


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return Path(videoqa.sample_clip("loading", seed=7, folder=tmp_path))


def picture_in(html: str) -> np.ndarray:
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)


def test_a_picture_is_written_over_an_older_one(question_run: Path, clip: Path, tmp_path: Path) -> None:
    answer = videoqa.load(question_run).ask(clip, "is he waving?")
    target = tmp_path / "why.PNG"
    target.write_bytes(b"older")
    assert answer.explain(target) == target
    height, width = cv2.imread(str(target)).shape[:2]
    assert width > 1000 and height > 600
    assert {path.name for path in tmp_path.iterdir()} == {clip.name, "why.PNG"}


def test_frames_are_those_of_the_evidence_and_heat_shows_places(question_run: Path, clip: Path) -> None:
    answer = videoqa.load(question_run).ask(clip, "is he waving?", start_seconds=1.0)
    found = explanation_of(answer, answer._asked)
    decoded = decode(ClipRequest(str(clip), 1.0), SamplingConfig(8))
    assert np.array_equal(np.stack(found.frames), decoded.frames)
    assert [each.place for each in found.close_ups] == answer.evidence.most_important(3)
    for each in found.close_ups:
        assert np.array_equal(each.picture, decoded.frames[each.place])
        assert each.heat.shape == (6, 6) and 0 <= each.heat.min() and each.heat.max() in (0, 1)
    assert any(each.heat.any() for each in found.close_ups)


def test_a_notebook_shows_an_array_without_a_file_and_escapes_texts(action_run: Path, clip: Path) -> None:
    frames = decode(ClipRequest(str(clip)), SamplingConfig(8)).frames
    answer = videoqa.load(action_run).ask(frames)
    html = answer._repr_html_()
    assert answer.text in html and picture_in(html).shape[1] > 1000
    risky = Answer("<b>&", 0.5, (("<b>&", 0.5),), notes=("<script>",), why_not=("<i>",))
    html = risky._repr_html_()
    assert "<script>" not in html and "<i>" not in html and html.count("<b>") == 1
    assert "&lt;b&gt;&amp;" in html and "no longer knows its clip" in html


def test_a_file_that_is_gone_leaves_no_pictures_but_says_so(
    question_run: Path, clip: Path, tmp_path: Path
) -> None:
    answer = videoqa.load(question_run).ask(clip, "is he waving?")
    clip.rename(tmp_path / "moved.avi")
    assert clip.name in answer._repr_html_() and picture_in(answer._repr_html_()).shape[1] > 1000
    assert answer.explain(tmp_path / "why.png").exists()
    videoqa.sample_clip("waving", seed=1, folder=tmp_path / "other")
    next((tmp_path / "other").glob("*.avi")).rename(clip)
    assert "was changed since it was asked about" in answer._repr_html_()


def test_a_notebook_never_raises(question_run: Path, clip: Path, monkeypatch) -> None:
    answer = videoqa.load(question_run).ask(clip, "is he waving?")
    monkeypatch.setattr(answer._asked.qa, "examples", None)
    assert "No picture: " in answer._repr_html_()


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("why.jpg", ValueError, r"`path` must end in \.png"),
        ("why", ValueError, r"`path` must end in \.png"),
        ("nowhere/why.png", FileNotFoundError, "`path` must lie in an existing folder"),
        ("folder.png", ValueError, "`path` must be a file to write; this is a folder"),
    ],
)
def test_a_picture_that_cannot_be_written_is_refused_before_any_work(
    action_run: Path, clip: Path, tmp_path: Path, name: str, error: type, message: str
) -> None:
    (tmp_path / "folder.png").mkdir()
    answer = videoqa.load(action_run).ask(clip)
    with pytest.raises(error, match=message):
        answer.explain(tmp_path / name)
    assert "evidence" not in vars(answer)
