"""A service of the model in the package: the answers of `ask`, in batches, once for equal clips."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import videoqa
from videoqa.features.cache import FeatureCache
from videoqa.features.encoding import clip_features
from videoqa.video.decoding import ClipRequest
from videoqa.video.jpegs import decode_jpeg
from videoqa.web.service import UnknownClip

from .served import Served, serving

QUESTIONS = [
    "what is he doing?",
    "is he waving?",
    "what color is the vest?",
    "is zorro waving at the moon?",
    "who won the cup of nations?",
]


@pytest.fixture(scope="module")
def qa() -> videoqa.VideoQA:
    return videoqa.load()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def served(qa: videoqa.VideoQA, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served") / "private"
    with serving(qa, folder, cache=str(cache)) as made:
        yield made


def assert_same(given: dict[str, Any], wanted: videoqa.Answer, question: str, abs_error: float) -> None:
    expected = {"question": question, **wanted.to_dict()}
    assert given.keys() == expected.keys()
    for name in expected.keys() - {"probability", "alternatives", "familiarity", "shown"}:
        assert given[name] == expected[name], name
    assert given["shown"] == expected["shown"]
    assert given["probability"] == pytest.approx(expected["probability"], abs=abs_error)
    assert given["familiarity"] == pytest.approx(expected["familiarity"])
    for one, other in zip(given["alternatives"], expected["alternatives"], strict=True):
        assert one["answer"] == other["answer"]
        assert one["probability"] == pytest.approx(other["probability"], abs=abs_error)


@pytest.mark.slow
@pytest.mark.numeric
def test_its_answers_are_those_of_ask(
    served: Served, qa: videoqa.VideoQA, rounding: Callable[..., float]
) -> None:
    paths = [videoqa.sample_clip(activity) for activity in ("loading", "empty")]
    clips = [served.send(path) for path in paths]
    options: list[dict[str, Any]] = [{}, {"top_k": 2, "min_familiarity": 0, "min_probability": 0.99}]
    wanted = [qa.ask_many(path, QUESTIONS, **each) for path in paths for each in options]
    assert len({answer.why_not for answers in wanted for answer in answers}) > 3
    answers_before, batches_before = (
        served.number("questions_answered_total"),
        sum(served.service.batch_sizes.values()),
    )
    given = served.run(
        *(
            served.service.ask(clip.id, [question], **each)
            for clip in clips
            for each in options
            for question in QUESTIONS
        )
    )
    for number, (answer,) in enumerate(given):
        asked, question = divmod(number, len(QUESTIONS))
        # 20 steps of the LSTMs and two dense layers, of sums of at most 256 terms
        assert_same(answer, wanted[asked][question], QUESTIONS[question], rounding(22, 256))
    assert served.number("questions_answered_total") - answers_before == 20
    assert 0 < sum(served.service.batch_sizes.values()) - batches_before < 10


def test_an_answer_is_kept_for_other_spellings(served: Served) -> None:
    clip = served.send(videoqa.sample_clip("loading"))
    (first,) = served.ask(clip, "what is he doing?")
    before = served.number("questions_answered_total")
    for question in (
        "what is he doing?",
        "  WHAT is  he doing?",
        "what is he doing\N{FULLWIDTH QUESTION MARK}",
    ):
        assert served.ask(clip, question) == [{**first, "question": question}]
    assert served.number("questions_answered_total") == before
    assert len(served.ask(clip, "what is he doing?", top_k=2)[0]["alternatives"]) == 2


def test_equal_clips_sent_at_once_are_encoded_once(served: Served) -> None:
    before = served.number("clips_encoded_total")
    clip = videoqa.sample_clip("waving", seed=3)
    found = served.run(*(served.sending(clip, name) for name in ("a.avi", "b.avi", "c.avi")))
    assert served.number("clips_encoded_total") == before + 1
    assert [each.name for each in found] == ["a.avi", "b.avi", "c.avi"]
    assert served.send(clip, "d.avi").name == "d.avi"
    assert served.number("clips_encoded_total") == before + 1 and not list(
        (served.folder / "uploads").iterdir()
    )


def test_the_frames_are_those_that_the_model_saw(served: Served, qa: videoqa.VideoQA) -> None:
    path = videoqa.sample_clip("loading")
    clip = served.send(path)
    assert clip.timestamps_seconds == qa.ask(path, "is he waving?").timestamps_seconds
    assert clip.num_frames == len(clip.timestamps_seconds) > 5
    assert clip.duration_seconds > clip.timestamps_seconds[-1]
    sizes = {decode_jpeg(clip.frame_jpeg(number)).shape for number in range(clip.num_frames)}
    assert sizes == {(96, 96, 3)}
    with pytest.raises(IndexError, match=f"frame {clip.num_frames} of {clip.num_frames}"):
        clip.frame_jpeg(clip.num_frames)


@pytest.mark.slow
def test_evidence_is_that_of_the_answer(served: Served, qa: videoqa.VideoQA) -> None:
    path, question = videoqa.sample_clip("loading"), "what is he doing?"
    clip, evidence = served.send(path), qa.ask(path, question).evidence
    given = served.ask(clip, question, explain=True)[0]["evidence"]
    assert (given["answer"], given["against"]) == (evidence.answer, evidence.against)
    assert [each["word"] for each in given["words"]] == [word for word, _ in evidence.words]
    moments = given["moments"]
    assert [each["contribution"] for each in moments] == pytest.approx(evidence.contributions, abs=1e-3)
    assert moments[0]["start_seconds"] == 0 and moments[-1]["end_seconds"] == clip.duration_seconds
    for one, other, seconds in zip(moments, moments[1:], clip.timestamps_seconds, strict=False):
        assert one["start_seconds"] <= seconds <= one["end_seconds"] == other["start_seconds"]
    assert [each["frame"] for each in given["frames"]] == evidence.most_important(3)
    for each in given["frames"]:
        assert each["seconds"] == clip.timestamps_seconds[each["frame"]]
        values = [value for row in each["heat"] for value in row]
        assert 0 <= min(values) and max(values) == 1
    before = served.number("explanations_total")
    assert served.ask(clip, question, explain=True)[0]["evidence"] == given
    assert served.number("explanations_total") == before


@pytest.mark.parametrize(
    ("questions", "options", "message"),
    [
        ([], {}, "`questions` must be a list of 1 to 64 texts"),
        (["is he waving?"] * 65, {}, "Received: questions='65 questions'"),
        (["is he waving?", "zorro zzz"], {}, "hold a word of the training questions"),
        (["?"], {}, "`question` must hold at least one word"),
        (["a" * 1001], {}, "`question` must have at most 1,000 characters; this has 1,001"),
        (["is he waving?"], {"top_k": 0}, "`top_k` must be an integer of at least 1"),
        (["is he waving?"], {"min_familiarity": 2}, "`min_familiarity` must be a number from 0 to 1"),
    ],
)
def test_a_bad_question_is_refused(served: Served, questions, options, message) -> None:
    clip = served.send(videoqa.sample_clip("loading"))
    with pytest.raises(ValueError, match=message):
        served.ask(clip, *questions, **options)


def test_an_unknown_clip_has_to_be_sent(served: Served) -> None:
    assert served.service.clip("0" * 64) is None
    with pytest.raises(UnknownClip):
        served.run(served.service.ask("0" * 64, ["is he waving?"]))


def test_features_go_into_the_shared_cache(served: Served, qa: videoqa.VideoQA, cache: Path) -> None:
    path = videoqa.sample_clip("unloading", seed=5)
    served.send(path)
    shared = FeatureCache(cache)
    entries = shared.info()["num_entries"]
    assert entries == served.number("clips_encoded_total")
    assert shared.info()["num_remembered_files"] == 0  # of files that are gone
    sampling = qa.folder.config.sampling
    clip_features(ClipRequest(path), sampling, encoder=qa.encoder, cache=shared)
    assert shared.info()["num_entries"] == entries
