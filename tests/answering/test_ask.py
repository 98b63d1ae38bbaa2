"""`ask`: answers, what it refuses, and that a second question costs no decoding."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import videoqa
from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodingError, decode


@pytest.fixture()
def clip(small_set: Path) -> Path:
    return next(small_set.glob("loading-5/*.avi"))


@pytest.mark.slow
def test_an_answer_is_the_best_of_its_alternatives(question_run: Path, clip: Path) -> None:
    answer = videoqa.ask(clip, "what is he doing?", model=question_run, top_k=3)
    assert str(answer) == answer.text == answer.alternatives[0][0]
    assert answer.probability == answer.alternatives[0][1]
    assert len(answer.alternatives) == 3
    probabilities = [probability for _, probability in answer.alternatives]
    assert probabilities == sorted(probabilities, reverse=True) and 0 < sum(probabilities) <= 1 + 1e-5
    assert len(answer.timestamps_seconds) == 8
    assert answer.unknown_words == () and answer.notes == ()


@pytest.mark.numeric
def test_all_probabilities_sum_to_one(question_run: Path, clip: Path, rounding: Callable[..., float]) -> None:
    answer = videoqa.load(question_run).ask(clip, "is he waving?", top_k=100)
    assert len(answer.alternatives) == 5
    assert sum(probability for _, probability in answer.alternatives) == pytest.approx(1, abs=rounding(4, 5))


def test_unknown_words_are_named(question_run: Path, clip: Path) -> None:
    answer = videoqa.ask(clip, "what is zorro doing?", model=question_run)
    assert answer.unknown_words == ("zorro",)
    assert any("zorro" in note for note in answer.notes)


@pytest.mark.numeric
def test_many_questions_get_the_answers_each_would_get_alone(
    question_run: Path, clip: Path, rounding: Callable[..., float]
) -> None:
    qa, questions = videoqa.load(question_run), ["what is he doing?", "is he waving?", "is zorro waving?"]
    answers = qa.ask_many(clip, questions, top_k=2)
    alone = [qa.ask(clip, question, top_k=2) for question in questions]
    assert [answer.text for answer in answers] == [answer.text for answer in alone]
    assert answers[0].alternatives != answers[1].alternatives and answers[2].unknown_words == ("zorro",)
    for one, other in zip(answers, alone, strict=True):
        # 8 steps of the LSTMs and two dense layers, of sums of at most 104 + 16 terms
        assert one.probability == pytest.approx(other.probability, abs=rounding(10, 120))


@pytest.mark.parametrize("questions", ["what is he doing?", [], None])
def test_many_questions_must_be_a_list(question_run: Path, clip: Path, questions: object) -> None:
    with pytest.raises(ValueError, match="`questions` must be a list of at least one question.*call `ask`"):
        videoqa.load(question_run).ask_many(clip, questions)


def test_a_loaded_model_predicts_as_the_function_does(action_run: Path, small_set: Path) -> None:
    folder = small_set / "waving-5"
    table = videoqa.load(action_run).predict(folder, progress=False)
    assert len(table) == 1 and table.equals(videoqa.predict(action_run, folder, progress=False))


@pytest.mark.slow
def test_an_action_model_gives_its_label(action_run: Path, clip: Path) -> None:
    answer = videoqa.ask(clip, model=action_run)
    assert answer.text in {"loading", "unloading", "waving"}
    assert videoqa.ask(clip, "what is he doing?", model=action_run) == answer


def test_frames_of_an_array_give_the_answer_of_the_file(question_run: Path, clip: Path) -> None:
    frames = decode(ClipRequest(str(clip)), SamplingConfig(num_frames=8)).frames
    from_array = videoqa.ask(frames, "what is he doing?", model=question_run)
    from_file = videoqa.ask(clip, "what is he doing?", model=question_run)
    assert from_array.alternatives == from_file.alternatives
    assert from_array.timestamps_seconds == ()


def test_a_name_spelled_otherwise_is_taken_and_said(
    question_run: Path, clip: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    (tmp_path / "Übung.avi").symlink_to(clip)
    monkeypatch.chdir(tmp_path)
    answer = videoqa.ask("übung.mp4", "is he waving?", model=question_run)
    assert answer.alternatives == videoqa.ask(clip, "is he waving?", model=question_run).alternatives
    assert "'übung.mp4' is taken to mean" in answer.notes[0]
    assert "note: 1 video of `video` found under another spelling" in capsys.readouterr().err
    (tmp_path / "ÜBUNG.mov").touch()
    with pytest.raises(ValueError, match="`video` must name one file.*ÜBUNG.mov"):
        videoqa.ask("übung", "is he waving?", model=question_run)


def test_a_segment_is_looked_at_alone(question_run: Path, clip: Path) -> None:
    whole = videoqa.ask(clip, "is he waving?", model=question_run)
    part = videoqa.ask(clip, "is he waving?", model=question_run, start_seconds=0.0, end_seconds=0.5)
    assert max(part.timestamps_seconds) < 0.5 < max(whole.timestamps_seconds)


@pytest.mark.slow
def test_asking_again_decodes_and_encodes_nothing(
    question_run: Path, clip: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("VIDEOQA_HOME", str(tmp_path))
    first = videoqa.load(question_run).ask(clip, "is he waving?")
    again = videoqa.load(question_run)
    assert again.ask(clip, "is he waving?") == first
    assert "_compiled" not in vars(again.encoder), "the backbone was built although the features are cached"


@pytest.mark.slow
def test_an_unwritable_cache_does_not_stop_an_answer(
    question_run: Path, clip: Path, tmp_path: Path, monkeypatch
) -> None:
    expected = videoqa.load(question_run).ask(clip, "is he waving?")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VIDEOQA_HOME", str(tmp_path / "file"))
    assert videoqa.load(question_run).ask(clip, "is he waving?") == expected


def test_the_environment_names_the_model(action_run: Path, clip: Path, monkeypatch) -> None:
    monkeypatch.setenv("VIDEOQA_MODEL", str(action_run))
    assert videoqa.ask(clip).text in {"loading", "unloading", "waving"}
    monkeypatch.setenv("VIDEOQA_MODEL", str(action_run / "nothing"))
    with pytest.raises(FileNotFoundError, match="`model` must be an existing directory"):
        videoqa.ask(clip)


@pytest.mark.slow
def test_the_shipped_model_says_what_it_knows(capsys) -> None:
    answer = videoqa.ask(videoqa.sample_clip("loading"), "what is he doing?")
    assert "only knows drawn clips" in answer.notes[0] and "unloading" in answer.notes[0]
    assert "only knows drawn clips" in capsys.readouterr().err


BAD_QUESTIONS = [
    ("", "hold at least one word"),
    ("  ?! ", "hold at least one word"),
    ("why " * 300, "have at most 1000 characters"),
    ("zorro sleeps", "hold a word of the training questions"),
]


@pytest.mark.parametrize(("question", "message"), BAD_QUESTIONS)
def test_a_bad_question_is_refused(question_run: Path, clip: Path, question: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        videoqa.ask(clip, question, model=question_run)


BAD_ARRAYS = [
    np.zeros((4, 8, 8, 3), np.float32),
    np.zeros((4, 8, 8), np.uint8),
    np.zeros((0, 8, 8, 3), np.uint8),
    np.zeros((4, 8, 8, 4), np.uint8),
    [1, 2],
]


@pytest.mark.parametrize("video", BAD_ARRAYS)
def test_a_bad_array_is_refused(action_run: Path, video: object) -> None:
    with pytest.raises(ValueError, match=r"be a path, or uint8 RGB frames \(num_frames, height, width, 3\)"):
        videoqa.ask(video, model=action_run)


def test_a_segment_of_an_array_is_refused(action_run: Path) -> None:
    with pytest.raises(ValueError, match="be None for an array of frames"):
        videoqa.ask(np.zeros((4, 96, 96, 3), np.uint8), model=action_run, end_seconds=1.0)


def test_a_bad_video_is_refused(action_run: Path, clip: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing.avi"):
        videoqa.ask(tmp_path / "missing.avi", model=action_run)
    with pytest.raises(ValueError, match="director"):
        videoqa.ask(tmp_path, model=action_run)
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(DecodingError, match="text.mp4"):
        videoqa.ask(tmp_path / "text.mp4", model=action_run)
    with pytest.raises(ValueError, match="start_seconds"):
        videoqa.ask(clip, model=action_run, start_seconds=1000.0)
    with pytest.raises(ValueError, match="`top_k` must be an integer of at least 1"):
        videoqa.ask(clip, model=action_run, top_k=0)
