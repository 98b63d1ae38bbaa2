"""`watch`: the answers of `ask` about every window of a film, in one pass, resumable, over damage."""

import csv
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import av
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
    loaded = videoqa.load(question_run)
    assert [one] == list(loaded.watch(clip, QUESTIONS[0], window_seconds=60, progress=False))
    answer = loaded.ask(clip, QUESTIONS[0])
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


@pytest.mark.numeric
def test_an_undecodable_middle_is_marked_and_the_rest_answered(
    question_run: Path, film: Path, tmp_path: Path, rounding: Callable[..., float]
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
        if other.status == "ok":  # in a smaller batch, which may round otherwise
            assert (one.answer, one.familiarity, one.error) == (other.answer, other.familiarity, "")
            assert one.probability == pytest.approx(other.probability, abs=rounding(10, 120))
        else:
            assert not other.is_reliable and other.error
    failed = next(each for each in after if each.status == "failed")
    assert failed.answer == "" and failed.probability is None and "cannot be decoded" in failed.error


def test_a_watch_whose_table_could_not_be_written_is_finished_without_reading_the_film(
    question_run: Path, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videoqa.answering import watch as module

    options = {"model": question_run, "out": tmp_path / "film.csv", "progress": False}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space"):
        patched.setattr(module, "write_text", full)
        list(videoqa.watch(film, QUESTIONS, **options))
    monkeypatch.setattr("videoqa.video.film_pass.FilmPass.frames", full)
    windows = list(videoqa.watch(film, QUESTIONS, resume=True, **options))
    assert len((tmp_path / "film.csv").read_text("utf-8").splitlines()) == len(windows) + 1


def test_a_stop_says_how_to_go_on(question_run: Path, film: Path, tmp_path: Path) -> None:
    out = tmp_path / "film.csv"
    windows = videoqa.watch(film, QUESTIONS, model=question_run, out=out, progress=False)
    next(windows)
    with pytest.raises(KeyboardInterrupt) as stop:
        windows.throw(KeyboardInterrupt())  # type: ignore[attr-defined]
    assert "film.csv.unfinished has the answers so far: --resume" in "".join(stop.value.__notes__)
    assert not out.exists() and (tmp_path / "film.csv.unfinished").exists()


def test_frames_are_kept_no_longer_than_a_window_needs_them(
    question_run: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videoqa.features.film_clips import _Kept

    most = []
    forget = _Kept.forget_before

    def counted(kept: _Kept, place: int) -> None:
        most.append(len(kept._rows))
        forget(kept, place)

    monkeypatch.setattr(_Kept, "forget_before", counted)
    watched(film, QUESTIONS[0], model=question_run, stride_seconds=0.25)
    assert len(most) > 40 and max(most) <= 4 * 12 + 32 + 3  # a window at 12 frames a second, and one batch


def test_where_there_is_sound_only_windows_fail(question_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    write_late(path, picture_from=3.0, seconds=8.0)
    windows = watched(path, QUESTIONS[0], model=question_run, window_seconds=2, stride_seconds=2, cuts=False)
    assert [each.status for each in windows] == ["failed", "ok", "ok", "ok"]
    assert "sound only" in windows[0].error and not windows[0].is_reliable


def write_late(path: Path, picture_from: float, seconds: float) -> None:
    """Write a film whose pictures begin some seconds after its sound."""
    rng, rate = np.random.default_rng(0), 8000
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 96, 96, "yuv420p"
        sound = container.add_stream("flac", rate=rate, layout="mono")
        for start in range(0, int(seconds * rate), 4000):
            samples = np.zeros((1, 4000), np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate, frame.pts = rate, start
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
        for number in range(int((seconds - picture_from) * 10)):
            noise = rng.integers(0, 255, (96, 96, 3), np.uint8)
            picture = av.VideoFrame.from_ndarray(noise, format="rgb24")
            picture.pts = number + int(picture_from * 10)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))


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
        ({"out": "a.png", "picture": "a.png"}, "`picture` must be another file than `out`"),
        ({"out": "a.png", "picture": "./b/../a.png"}, "`picture` must be another file than `out`"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_options_are_refused_before_any_work(
    question_run: Path,
    film: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict,
    message: str,
) -> None:
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path)
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
