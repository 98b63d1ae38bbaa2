"""`watch`: the answers of `ask` about every window of a film, in one pass, resumable, over damage."""

import csv
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import videoqa
from videoqa.sample.avi import avi_bytes

QUESTIONS = ["what is he doing?", "is he waving?"]


def jpegs_of(clip: Path) -> list[bytes]:
    """Return the pictures of a drawn clip as they are stored."""
    content, jpegs, at = clip.read_bytes(), [], 0
    at = content.index(b"movi") + 4
    while content[at : at + 4] == b"00dc":
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        jpegs.append(content[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return jpegs


@pytest.fixture(scope="session")
def film(small_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a film of six drawn clips, 12 frames per second."""
    clips = [
        next(small_set.glob(f"{name}-{seed}/*.avi")) for name in ("loading", "waving") for seed in (1, 3, 5)
    ]
    path = tmp_path_factory.mktemp("film") / "film.avi"
    jpegs = [jpeg for clip in clips for jpeg in jpegs_of(clip)]
    path.write_bytes(avi_bytes(jpegs, fps=12, width=96, height=96))
    return path


def watched(film: Path, questions: object = QUESTIONS, **options: object) -> list[videoqa.WatchedWindow]:
    return list(videoqa.watch(film, questions, progress=False, **options))  # type: ignore[arg-type]


@pytest.mark.numeric
@pytest.mark.parametrize(("window", "stride"), [(3.0, 3.0), (1.25, 1.0)], ids=["apart", "overlapping"])
def test_answers_are_those_of_ask_about_the_segment(
    question_run: Path, film: Path, rounding: Callable[..., float], window: float, stride: float
) -> None:
    # of 15 frames in 1.25 s, 8 regular ones are 2 frames apart, and a stride is 12: the grids coincide
    seconds = {"window_seconds": window, "stride_seconds": stride}
    windows = watched(film, model=question_run, cuts=False, end_seconds=9.25, **seconds)
    assert [w.question for w in windows[:2]] == QUESTIONS
    for each in islice(windows, 0, 8):
        span = {"start_seconds": each.start_seconds, "end_seconds": each.end_seconds}
        answer = videoqa.ask(film, each.question, model=question_run, **span)
        assert each.answer == answer.text and each.status == "ok" and each.is_reliable == answer.is_reliable
        assert each.familiarity == pytest.approx(answer.familiarity, abs=1e-6)
        assert each.probability == pytest.approx(answer.probability, abs=rounding(10, 120))


def test_windows_end_at_cuts_and_each_frame_is_encoded_once(
    question_run: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videoqa.features.frame_encoder import FrameEncoder

    encoded: list[bytes] = []
    run = FrameEncoder.__call__

    def counted(encoder: FrameEncoder, frames: np.ndarray) -> np.ndarray:
        encoded.extend(frame.tobytes() for frame in frames)
        return run(encoder, frames)

    monkeypatch.setattr(FrameEncoder, "__call__", counted)
    windows = watched(film, QUESTIONS[0], model=question_run, stride_seconds=0.5)
    assert len(encoded) == len(set(encoded)) < 8 * 20
    ends = {each.end_seconds for each in windows}
    starts = {round(float(start), 2) for start in np.cumsum([0, *lengths(film)])}
    assert {round(end, 2) for end in ends} & starts >= starts - {0.0}
    for each in windows:
        assert not any(each.start_seconds + 0.01 < cut < each.end_seconds - 0.01 for cut in starts)


def lengths(film: Path) -> list[float]:
    """Return the seconds of the six clips of the film."""
    from videoqa.video.decoding import probe
    from videoqa.video.film_pass import FilmPass
    from videoqa.video.film_times import film_times

    info = probe(film)
    passed = FilmPass(info, film_times(info))
    for _ in passed.frames(np.zeros(len(passed.times), bool), lambda frame: frame):
        pass
    return np.diff([0, *(passed.times[cut] for cut in passed.cuts), len(passed.times) / 12]).tolist()


def test_a_film_shorter_than_a_window_is_one_window(
    question_run: Path, small_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = next(small_set.glob("loading-5/*.avi"))
    (one,) = watched(clip, QUESTIONS[0], model=question_run, window_seconds=60)
    answer = videoqa.ask(clip, QUESTIONS[0], model=question_run)
    assert (one.start_seconds, one.answer) == (0.0, answer.text) and 3 <= one.end_seconds < 4
    assert "less than a window: it is one window" in capsys.readouterr().err


def test_a_stopped_watch_goes_on_where_it_ended(question_run: Path, film: Path, tmp_path: Path) -> None:
    out = tmp_path / "film.csv"
    options = {"model": question_run, "out": out, "stride_seconds": 0.5}
    whole = watched(film, **options)
    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert len(rows) == len(whole) and not (tmp_path / "film.csv.unfinished").exists()
    assert [float(row["start_seconds"]) for row in rows] == [each.start_seconds for each in whole]
    assert {"question", "answer", "probability", "familiarity", "is_reliable", "status"} <= set(rows[0])
    finished = out.read_bytes()
    out.unlink()
    windows = videoqa.watch(film, QUESTIONS, progress=False, **options)  # type: ignore[arg-type]
    first = [next(windows) for _ in range(5)]
    windows.close()  # type: ignore[attr-defined]
    journal = tmp_path / "film.csv.unfinished"
    with journal.open("ab") as file:
        file.write(b'[{"start_seconds": 1')
    with pytest.raises(FileExistsError, match="--resume"):
        videoqa.watch(film, QUESTIONS, **options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="`window_seconds` must be what it was when the watch began, 4.0"):
        videoqa.watch(film, QUESTIONS, window_seconds=3, resume=True, **options)  # type: ignore[arg-type]
    resumed = watched(film, resume=True, **options)
    assert resumed[:5] == first and len(resumed) == len(whole) and not journal.exists()
    for one, other in zip(resumed, whole, strict=True):
        assert (one.start_seconds, one.end_seconds, one.answer) == (
            other.start_seconds,
            other.end_seconds,
            other.answer,
        )
    assert len(out.read_bytes().splitlines()) == len(finished.splitlines())


def test_an_undecodable_middle_is_marked_and_the_rest_answered(
    question_run: Path, film: Path, tmp_path: Path
) -> None:
    content = bytearray(film.read_bytes())
    first, last = int(0.4 * len(content)), int(0.6 * len(content))
    content[first:last] = bytes(last - first)
    damaged = tmp_path / "damaged.avi"
    damaged.write_bytes(content)
    options = {"model": question_run, "window_seconds": 2, "stride_seconds": 2, "cuts": False}
    before, after = (watched(each, QUESTIONS[0], **options) for each in (film, damaged))
    statuses = [each.status for each in after]
    assert statuses.index("failed") > 2 and statuses[-1] == "ok" and statuses.count("failed") >= 1
    for one, other in zip(before, after, strict=True):
        assert (one.start_seconds, one.end_seconds) == (other.start_seconds, other.end_seconds)
        if other.status == "ok":
            assert one == other
        else:
            assert not other.is_reliable and other.error
    failed = next(each for each in after if each.status == "failed")
    assert failed.answer == "" and failed.probability is None and "cannot be decoded" in failed.error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stride_seconds": 0}, "`stride_seconds` must be a number of at least 0.001"),
        ({"stride_seconds": 0.01}, "`stride_seconds` must be at least the time of one frame, 0.0833 seconds"),
        ({"window_seconds": -1}, "`window_seconds` must be a number of at least 0.001"),
        ({"window_seconds": float("nan")}, "`window_seconds` must be a number"),
        ({"start_seconds": 500}, "`start_seconds` must lie within the video"),
        ({"end_seconds": 0}, "`end_seconds` must be after start_seconds"),
        ({"questions": []}, "`questions` must be one question or a list of such"),
        ({"questions": ["zorro sleeps"]}, "hold a word of the training questions"),
        ({"resume": True}, "`out` must be given with resume"),
        ({"picture": "film.jpg"}, "`picture` must end in .png"),
        ({"out": "no/such/folder/film.csv"}, "`out` must be a file to write"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_options_are_refused_before_any_work(
    question_run: Path, film: Path, options: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        videoqa.watch(film, **{"questions": QUESTIONS, "model": question_run, **options})


def test_what_is_no_film_is_refused(question_run: Path, film: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`video` must be the path of a film.*call `ask`"):
        videoqa.watch(np.zeros((4, 96, 96, 3), np.uint8), QUESTIONS, model=question_run)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match="missing.mp4"):
        videoqa.watch(tmp_path / "missing.mp4", QUESTIONS, model=question_run)
    with pytest.raises(ValueError, match="must see the video; this is a blind model"):
        videoqa.watch(film, QUESTIONS, model=question_run / "blind")
    with pytest.raises(ValueError, match="not be a file that is read"):
        videoqa.watch(film, QUESTIONS, model=question_run, out=film, overwrite=True)


def test_an_action_model_needs_no_question_and_a_picture_is_drawn(
    action_run: Path, film: Path, tmp_path: Path
) -> None:
    windows = watched(film, (), model=action_run, picture=tmp_path / "film.png")
    assert {each.answer for each in windows} <= {"loading", "unloading", "waving"}
    assert {each.question for each in windows} == {""}
    assert (tmp_path / "film.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(FileExistsError, match="film.png"):
        videoqa.watch(film, model=action_run, picture=tmp_path / "film.png")
