"""The public face: names that are promised, and a run that is used without knowing where it lies."""

from pathlib import Path

import pytest

import videoqa

PROMISED = (
    "DataConfig",
    "SamplingConfig",
    "ModelConfig",
    "TrainingConfig",
    "LaunchConfig",
    "ExtractionConfig",
    "RunConfig",
    "VideoQA",
    "TrainingRun",
    "WatchedSegment",
    "WatchedWindow",
    "WorkerLost",
    "StartError",
)


def test_what_functions_return_and_raise_can_be_named() -> None:
    assert set(PROMISED) < set(videoqa.__all__)
    assert all(isinstance(getattr(videoqa, name), type) for name in PROMISED)
    assert videoqa.ModelConfig(backbone="tiny").frame_size == (96, 96)
    assert issubclass(videoqa.WorkerLost, Exception) and issubclass(videoqa.StartError, Exception)


@pytest.mark.slow
def test_a_run_is_evaluated_asked_and_reported(question_run: Path, small_set: Path, tmp_path: Path) -> None:
    run = videoqa.TrainingRun(question_run, videoqa.RunConfig(), [], {})
    scores = run.evaluate(split="validation", out=tmp_path / "scores", progress=False)
    assert scores["split"] == "validation" and (tmp_path / "scores" / "metrics.json").exists()
    clip = next(small_set.glob("waving-5/*.avi"))
    answer = run.ask(clip, "is he waving?", top_k=2)
    assert answer == videoqa.ask(clip, "is he waving?", model=question_run, top_k=2)
    page = run.report(out=tmp_path / "report.html", progress=False)
    assert page == tmp_path / "report.html" and "<html" in page.read_text("utf-8")
