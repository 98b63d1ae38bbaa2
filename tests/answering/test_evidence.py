"""`answer.evidence`: lazy, of files, segments, arrays and windows, for every kind of model."""

import copy
import dataclasses
import pickle
from pathlib import Path

import keras
import numpy as np
import pytest

import videoqa
from videoqa.answering.explaining import explanation_of
from videoqa.answering.video_qa import VideoQA
from videoqa.config import ModelConfig, RunConfig, SamplingConfig
from videoqa.models.building import build_from_config
from videoqa.saving import METRICS_NEEDED, load_model_folder, save_model_folder
from videoqa.video.decoding import ClipRequest, decode

NO_METRICS = {name: kind() for name, kind in METRICS_NEEDED.items()}


@pytest.fixture
def clip() -> str:
    return videoqa.sample_clip("loading", seed=7)


def test_evidence_is_found_when_it_is_asked_for(question_run: Path, clip: str) -> None:
    answer = videoqa.load(question_run).ask(clip, "is he waving?")
    assert "evidence" not in vars(answer), "plain `ask` does nothing for it"
    evidence = answer.evidence
    assert answer.evidence is evidence
    ranked = dict(answer.alternatives)
    others = [name for name in ranked if name in ("yes", "no") and name != answer.text]
    assert (evidence.answer, evidence.against) == (answer.text, others[0]), (
        "the runner-up is the best of the answers that such questions had in training"
    )
    assert evidence.margin == pytest.approx(np.log(ranked[answer.text] / ranked[others[0]]), rel=1e-3)
    assert evidence.timestamps_seconds == answer.timestamps_seconds
    assert len(evidence.contributions) == len(answer.timestamps_seconds) == 8
    assert [word for word, _ in evidence.words] == ["is", "he", "waving", "?"]
    assert all(np.isfinite([*evidence.contributions, *dict(evidence.words).values()]))
    assert evidence.attention is None


def test_a_copy_is_equal_and_says_that_it_cannot_be_explained(question_run: Path, clip: str) -> None:
    answer = videoqa.load(question_run).ask(clip, "is he waving?")
    for other in (pickle.loads(pickle.dumps(answer)), copy.deepcopy(answer)):
        assert other == answer and hash(other) == hash(answer) and repr(other) == repr(answer)
        with pytest.raises(ValueError, match="no longer knows its clip. Ask the question again"):
            _ = other.evidence
    assert "_asked" not in dataclasses.asdict(answer), "nothing of the model is copied"
    _ = answer.evidence
    assert pickle.loads(pickle.dumps(answer)).evidence == answer.evidence, "what was found stays"


def test_two_answers_of_choice_are_compared(action_run: Path, clip: str) -> None:
    answer = videoqa.load(action_run).ask(clip)
    one, other = answer.evidence_for("loading", "waving"), answer.evidence_for("waving", "loading")
    assert (one.answer, one.against) == ("loading", "waving")
    assert other.contributions == pytest.approx(-np.array(one.contributions))
    assert one.words == ()
    with pytest.raises(ValueError, match="`answer` must be one of 'loading', 'unloading', 'waving'"):
        answer.evidence_for("flying", "waving")
    with pytest.raises(ValueError, match="`against` must be another answer"):
        answer.evidence_for("waving", "waving")


def test_an_array_has_frame_numbers_and_a_segment_its_own_times(action_run: Path, clip: str) -> None:
    model = videoqa.load(action_run)
    part = model.ask(clip, start_seconds=1.0, end_seconds=2.0)
    assert part.evidence.timestamps_seconds == part.timestamps_seconds
    assert min(part.evidence.timestamps_seconds) >= 1.0
    frames = decode(ClipRequest(clip, 1.0, 2.0), SamplingConfig(12)).frames
    array = model.ask(frames)
    assert array.evidence.timestamps_seconds == ()
    assert array.evidence.frame_numbers == (0, 2, 3, 5, 6, 8, 9, 11)
    one = model.ask(frames[:1]).evidence
    assert one.frame_numbers == (0,) and len(one.contributions) == 1


@pytest.mark.parametrize("options", [{"frame_step": 2}, {"frames_per_second": 4, "num_test_clips": 2}])
def test_windows_name_the_frames_that_they_show(action_run: Path, clip: str, options: dict) -> None:
    folder = load_model_folder(action_run)
    sampling = SamplingConfig(8, **options)
    answer = VideoQA(
        dataclasses.replace(folder, config=dataclasses.replace(folder.config, sampling=sampling))
    ).ask(clip)
    assert answer.evidence.timestamps_seconds == answer.timestamps_seconds
    assert len(answer.evidence.contributions) == len(answer.timestamps_seconds)


@pytest.mark.slow
def test_a_pair_changes_sign_with_the_order() -> None:
    model = videoqa.load()
    for seed in range(3):
        margins = [
            model.ask(videoqa.sample_clip(activity, seed=seed), "what is he doing?")
            .evidence_for("loading", "unloading")
            .margin
            for activity in ("loading", "unloading")
        ]
        assert margins[0] > 0 > margins[1]


@pytest.mark.slow
def test_a_blind_model_rests_on_words_alone(question_run: Path, clip: str) -> None:
    evidence = VideoQA(load_model_folder(question_run).blind).ask(clip, "is he waving?").evidence
    assert evidence.contributions == evidence.timestamps_seconds == ()
    assert len(evidence.words) == 4


def untrained(model: ModelConfig, sampling: SamplingConfig, other: Path, out: Path) -> VideoQA:
    """Return a model with the weights it starts from; answers and metrics are those of another folder."""
    folder = load_model_folder(other)
    keras.utils.set_random_seed(0)
    starts_from = "features" if model.has_backbone else "clip"
    built = build_from_config(model, sampling.num_frames, starts_from=starts_from)
    config = RunConfig(model=model, sampling=sampling)
    parts = {"vocabulary": None, "answers": folder.answers, "metrics": folder.metrics}
    return VideoQA(save_model_folder(out, built, config, **parts))


def test_attention_gives_its_weights_too(action_run: Path, clip: str, tmp_path: Path) -> None:
    sizes = {"num_answers": 3, "video_units": 8, "hidden_units": 8}
    model = ModelConfig(task="action", backbone="tiny", video_branch="attention", **sizes)
    evidence = untrained(model, SamplingConfig(8), action_run, tmp_path).ask(clip).evidence
    assert len(evidence.attention) == len(evidence.contributions) == 8
    assert sum(evidence.attention) == pytest.approx(1.0, rel=1e-3)
    windows = SamplingConfig(8, frame_step=2, num_test_clips=3)
    evidence = untrained(model, windows, action_run, tmp_path / "windows").ask(clip).evidence
    assert len(evidence.attention) == len(evidence.contributions) > 8
    assert sum(evidence.attention) == pytest.approx(1.0, rel=1e-3)


@pytest.mark.slow
def test_a_model_that_reads_frames(action_run: Path, clip: str, tmp_path: Path) -> None:
    model = ModelConfig(
        task="action", architecture="conv_lstm", width=0.25, num_answers=3, frame_size=(40, 40)
    )
    sampling = SamplingConfig(num_frames=24, frame_step=1, short_clips="mask")
    answer = untrained(model, sampling, action_run, tmp_path).ask(clip)
    assert answer._asked.kept is None, "decoded frames are too many to keep with each answer"
    assert answer.evidence.timestamps_seconds == answer.timestamps_seconds
    assert np.ptp(answer.evidence.contributions) > 0
    shown = explanation_of(answer, answer._asked)
    assert len(shown.frames) == 24 and {each.heat for each in shown.close_ups} == {None}
