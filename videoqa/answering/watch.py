"""`watch`: answers questions about every window of a long video."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, check_flag, check_not_read, refusal
from videoqa._files import write_bytes, write_text
from videoqa._fork import check_not_forked
from videoqa._manifest import MANIFEST
from videoqa._progress import progress_bar, say
from videoqa._tables import csv_text
from videoqa._version import __version__
from videoqa.answering.ask import loaded_model, say_notes
from videoqa.answering.out_files import check_out_file
from videoqa.answering.video_qa import VideoQA, notes_on_judging
from videoqa.answering.watch_journal import WatchJournal
from videoqa.answering.watched import COLUMNS, DAMAGED, FAILED, WatchedWindow, join_windows
from videoqa.answering.window_answers import Questions, answered_windows
from videoqa.data.file_names import find_video
from videoqa.features.film_clips import window_clips
from videoqa.features.frame_encoder import FrameEncoder
from videoqa.trust.trust import MIN_FAMILIARITY, Thresholds
from videoqa.video.decoding import ClipRequest, probe
from videoqa.video.files import refuse_url
from videoqa.video.film_pass import FilmPass
from videoqa.video.film_times import film_times
from videoqa.video.film_windows import FilmPlan, Windowing

WINDOW_SECONDS, STRIDE_SECONDS = 4.0, 2.0
WINDOWS_AT_ONCE = 32
"""Windows answered together; the next answers come when so many more are there."""


def watch(
    video: str | os.PathLike[str],
    questions: str | Sequence[str] = "",
    *,
    window_seconds: float = WINDOW_SECONDS,
    stride_seconds: float = STRIDE_SECONDS,
    model: str | os.PathLike[str] | VideoQA | None = None,
    start_seconds: float | None = None,
    end_seconds: float | None = None,
    cuts: bool = True,
    min_familiarity: float = MIN_FAMILIARITY,
    min_probability: float | None = None,
    out: str | os.PathLike[str] | None = None,
    picture: str | os.PathLike[str] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: bool = True,
) -> Iterator[WatchedWindow]:
    """Yield the answers about each window of a long video, while it is read once from its start to its end.

    Memory does not grow with the film. Options are refused at once, before the first answer is asked for.
    `join_windows` makes segments of what is yielded.

    Args:
        video: path of a video file or of a folder of frames.
        questions: one free text or several; an action model needs none.
        window_seconds: length of a window: about that of the clips that the model was trained on.
        stride_seconds: from the start of one window to that of the next.
        model: model folder or what `load` returned; None: `$VIDEOQA_MODEL`, else the small model in the
            package.
        start_seconds, end_seconds: watch this part of the film; None: from its start, to its end.
        cuts: a window ends at a hard cut and keeps the shot of its middle; shots in which no window has its
            middle are windows of their own. False: windows go on across cuts.
        min_familiarity, min_probability: below which an answer is "I don't know", see `VideoQA.ask_many`.
        out: CSV file that is written when the film has ended. Until then the answers are kept beside it, in
            a file that ends in `.unfinished`.
        picture: PNG file of a time line.
        resume: go on where a stopped call with the same `out` ended; its answers are yielded again.
        overwrite: write to `out` and `picture` although they exist.
        progress: show a bar on a terminal.

    Yields:
        One `WatchedWindow` for each window and question, in the order of time. The last window may be
        shorter. A window whose pictures cannot be read has the status "failed" and no answer.

    Raises:
        ValueError: an option out of range, a question that cannot be answered, a part outside the film, or a
            journal of other settings.
        FileNotFoundError, DecodingError: see `ask`.
        FileExistsError: `out` or `picture` exists.

    Example:
        >>> windows = videoqa.watch(videoqa.sample_clip("loading"), "what is he doing?")
        >>> next(windows).answer
        'loading'
    """
    check_not_forked("watch")
    windowing = Windowing(window_seconds, stride_seconds, start_seconds, end_seconds)
    for name, flag in (("cuts", cuts), ("resume", resume), ("overwrite", overwrite)):
        check_flag(name, flag)
    if not isinstance(video, (str, os.PathLike)):
        advice = "For an array of frames call `ask`."
        raise Refusal("video", "be the path of a film", type(video).__name__, advice)
    thresholds = Thresholds(min_familiarity, min_probability)
    loaded = loaded_model(model)
    refuse_url("video", video)
    video, found = find_video(video)
    asked = Questions(_checked_questions(questions, loaded), thresholds)
    film = _film(video, loaded, windowing, cuts)
    plan = FilmPlan(
        film.info,
        film.times,
        loaded.folder.config.sampling,
        windowing,
        may_share=isinstance(loaded.encoder, FrameEncoder),
    )
    for name, path in (("out", out), ("picture", picture)):
        if path is not None:
            check_not_read(name, path, [video, *loaded.folder.path.glob("*")])
    settings = _settings(loaded, video, plan, asked, cuts)
    outputs = _Outputs(out, picture, settings, resume=resume, overwrite=overwrite)
    say_notes(loaded, (*loaded.notes, *found, *notes_on_judging(loaded.folder)))
    if plan.end - plan.start < window_seconds:
        say(f"The film lasts {plan.end - plan.start:.2f} seconds, less than a window: it is one window.")
    return _watched(loaded, film, plan, asked, outputs, progress)


def _watched(
    loaded: VideoQA,
    film: FilmPass,
    plan: FilmPlan,
    questions: Questions,
    outputs: "_Outputs",
    progress: bool,
) -> Iterator[WatchedWindow]:
    """Yield the windows of the journal, then those that are answered now, and write what was asked for."""
    known = outputs.begin()
    clips = window_clips(film, plan, loaded.encoder, len(known))
    bar = progress_bar(progress=progress, desc="watching", total=plan.num_windows, unit="window")
    bar.update(min(len(known), plan.num_windows))
    try:
        with bar:
            for windows in known:
                yield from outputs.keep(windows)
            while group := list(islice(clips, WINDOWS_AT_ONCE)):
                answered = answered_windows(loaded, group, questions)
                for windows in answered:
                    outputs.write(windows)
                bar.update(min(len(group), plan.num_windows - bar.n))
                for windows in answered:
                    yield from outputs.keep(windows)
        outputs.finish()
    except KeyboardInterrupt as stop:
        if outputs.journal is not None:
            stop.add_note(f"{outputs.journal.path} has the answers so far: --resume goes on from there.")
        raise
    finally:
        clips.close()


class _Outputs:
    """The files that a watch writes: a CSV file, a picture, and a journal until both are there."""

    def __init__(
        self,
        out: str | os.PathLike[str] | None,
        picture: str | os.PathLike[str] | None,
        settings: dict[str, Any],
        *,
        resume: bool,
        overwrite: bool,
    ) -> None:
        self.out = None if out is None else check_out_file("out", out, overwrite)
        self.picture = None if picture is None else _checked_picture(picture, overwrite)
        if self.out and self.picture and os.path.realpath(self.out) == os.path.realpath(self.picture):
            raise Refusal("picture", "be another file than `out`", os.fspath(self.picture))
        self.journal = None if self.out is None else WatchJournal(self.out, settings)
        self._resume = resume
        self._kept: list[WatchedWindow] = []
        if resume and self.journal is None:
            raise Refusal("out", "be given with resume: the answers so far lie beside it", None)
        if self.journal is not None and self.journal.path.exists() and not (resume or overwrite):
            advice = "Add --resume to go on, or --overwrite to begin anew (in Python: resume=True)."
            raise FileExistsError(refusal("out", "not be the file of a stopped watch", str(out), advice))
        self._known = self.journal.read() if resume and self.journal and self.journal.path.exists() else None

    def begin(self) -> list[list[WatchedWindow]]:
        """Return the windows that an earlier call answered; else begin a journal."""
        if self.journal is not None and self._known is None:
            self.journal.begin()
        return self._known or []

    def write(self, windows: list[WatchedWindow]) -> None:
        """Add the windows of the next regular window to the journal."""
        if self.journal is not None:
            self.journal.append(windows)

    def keep(self, windows: list[WatchedWindow]) -> list[WatchedWindow]:
        """Return windows, and remember them for the files."""
        if self.out is not None or self.picture is not None:
            self._kept += windows
        return windows

    def finish(self) -> None:
        """Write the files and remove the journal."""
        if self.out is not None:
            import pandas as pd

            table = pd.DataFrame([each.to_row() for each in self._kept], columns=COLUMNS)
            write_text(self.out, csv_text(table))
        if self.picture is not None:
            write_bytes(self.picture, _time_line(self._kept))
        if self.journal is not None:
            self.journal.remove()


def _time_line(windows: list[WatchedWindow]) -> bytes:
    """Return the picture of a film's segments as PNG bytes."""
    from videoqa.evaluation.time_line import Stretch, time_line_png

    return time_line_png(
        Stretch(
            each.start_seconds,
            each.end_seconds,
            each.question,
            each.answer,
            each.probability,
            is_failed=each.status == FAILED,
            is_damaged=each.status == DAMAGED,
        )
        for each in join_windows(windows)
    )


def _checked_picture(picture: str | os.PathLike[str], overwrite: bool) -> Path:
    """Return the PNG file to write to."""
    if Path(picture).suffix.lower() != ".png":
        raise Refusal("picture", "end in .png", os.fspath(picture))
    return check_out_file("picture", picture, overwrite)


def _checked_questions(questions: Any, loaded: VideoQA) -> list[str]:
    """Return the questions, each once; of an action model the empty one."""
    if isinstance(questions, str):
        questions = [questions]
    if not isinstance(questions, Sequence):
        raise Refusal("questions", "be one question or a list of such", questions)
    if loaded.folder.vocabulary is None:
        return [""]
    if not questions:
        raise Refusal("questions", "be one question or a list of such", questions)
    for question in questions:
        loaded.folder.vocabulary.check_known(question)
    return list(dict.fromkeys(questions))


def _film(video: str | os.PathLike[str], loaded: VideoQA, windowing: Windowing, cuts: bool) -> FilmPass:
    """Return the pass over a film, not begun, for a model that sees it."""
    if not loaded.folder.config.model.sees_video:
        raise Refusal("model", "see the video; this is a blind model", str(loaded.folder.path))
    request = ClipRequest(os.fspath(video), windowing.start_seconds, windowing.end_seconds)
    info = probe(request.path)
    return FilmPass(info, film_times(info), find_cuts=cuts)


def _settings(
    loaded: VideoQA, video: str | os.PathLike[str], plan: FilmPlan, questions: Questions, cuts: bool
) -> dict[str, Any]:
    """Return what a watch that goes on must have been begun with."""
    return {
        "videoqa": __version__,
        "model": _digest(loaded),
        "video": _film_digest(video),
        "questions": questions.texts,
        "window_seconds": plan.window_seconds,
        "stride_seconds": plan.stride_seconds,
        "start_seconds": plan.start,
        "end_seconds": plan.end,
        "cuts": cuts,
        "min_familiarity": questions.thresholds.min_familiarity,
        "min_probability": questions.thresholds.min_probability,
    }


def _digest(loaded: VideoQA) -> str:
    """Return what changes with the model."""
    return hashlib.sha256((loaded.folder.path / MANIFEST).read_bytes()).hexdigest()[:16]


def _film_digest(video: str | os.PathLike[str]) -> str:
    """Return what changes with the film: its size and when it was written."""
    status = os.stat(video)
    return f"{status.st_size} bytes of {status.st_mtime_ns}"
