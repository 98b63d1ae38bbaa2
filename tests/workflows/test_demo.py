"""The demo's story, told with few rows; the real one is `make demo`."""

import os
from pathlib import Path

import pytest

from videoqa.demo import run_demo
from videoqa.sample.files import SAMPLE_VERSION, plan_clips


@pytest.fixture
def drawn_set(small_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the sample set its 1,158 files without drawing them, which `tests/sample` is about: each is one of
    eighteen drawn clips."""
    monkeypatch.setenv("VIDEOQA_HOME", str(tmp_path / "home"))
    clips, drawn = plan_clips(), sorted(small_set.glob("*/*.avi"))
    folder = tmp_path / "home" / "sample" / f"0-{len(clips)}-v{SAMPLE_VERSION}"
    folder.mkdir(parents=True)
    for number, clip in enumerate(clips):
        os.link(drawn[number % len(drawn)], folder / clip.video_id)


@pytest.mark.slow
def test_the_demo_trains_scores_and_asks(drawn_set: None, tmp_path: Path, capsys) -> None:
    scores = run_demo(out=tmp_path / "demo", limit=60, epochs=1, video_units=8, question_units=8)
    assert scores["num_rows"] == 60 and scores["blind_accuracy"] is not None
    shown = capsys.readouterr().err
    assert "type majority" in shown and "95 % interval" in shown
    assert shown.count("'what is he doing?' --model") == 3
    assert shown.rstrip().endswith(f"videoqa serve --model {tmp_path / 'demo'}")
