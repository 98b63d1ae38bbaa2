"""The demo's story, told with few rows; the real one is `make demo`."""

from pathlib import Path

import pytest

from videoqa.demo import run_demo


@pytest.mark.slow
def test_the_demo_trains_scores_and_asks(tmp_path: Path, capsys) -> None:
    scores = run_demo(out=tmp_path / "demo", limit=60, epochs=1, video_units=8, question_units=8)
    assert scores["num_rows"] == 60 and scores["blind_accuracy"] is not None
    shown = capsys.readouterr().err
    assert "type majority" in shown and "95 % interval" in shown
    assert shown.count("'what is he doing?' --model") == 3
    assert shown.rstrip().endswith(f"videoqa serve --model {tmp_path / 'demo'}")
