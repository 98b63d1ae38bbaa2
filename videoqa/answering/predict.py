"""`predict`: labels many clips or answers many questions, one table row each."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, check_not_read, refusal
from videoqa._counted import counted
from videoqa._files import write_text
from videoqa._fork import check_not_forked
from videoqa._frame_folders import frame_files, frame_number
from videoqa._progress import say
from videoqa._tables import csv_text
from videoqa.answering.ask import load
from videoqa.answering.out_files import check_out_file
from videoqa.answering.video_qa import VideoQA, notes_on_judging
from videoqa.config import RunConfig
from videoqa.data.annotations import read_clips, read_questions, say_none_there, say_notes
from videoqa.data.file_names import find_video
from videoqa.data.folder_walk import walk_folder
from videoqa.data.video_index import VIDEO_SUFFIXES
from videoqa.evaluation.judging import Judged, predict_and_judge
from videoqa.features.cache import FeatureCache
from videoqa.features.contents import segments_of
from videoqa.features.known_damage import clip_damages
from videoqa.input_pipeline import make_examples
from videoqa.text.vocabulary import Vocabulary
from videoqa.trust.trust import MIN_FAMILIARITY, Thresholds
from videoqa.video.decoding import ClipRequest
from videoqa.video.files import refuse_url

SHOWN_ERRORS, SHOWN_WORDS = 5, 10


def predict(
    model: str | os.PathLike[str] | VideoQA | None,
    videos: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None = None,
    *,
    data: Any = None,
    num_test_clips: int | None = None,
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    min_familiarity: float = MIN_FAMILIARITY,
    min_probability: float | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Return a table of answers: an action model labels clips, a question model answers a file of questions.

    A video that cannot be read becomes a row with `status` "failed" and its `error`; such rows are counted on
    stderr, and the first videos named.

    Args:
        model: model folder, or the result of `load` or `train`.
        videos: folder of clips (with its subfolders), one clip, or a list of such; with `data` the folder
            that the video paths start from.
        data: CSV or JSONL path or DataFrame with `video` and, for a question model, `question`.
        num_test_clips: average the probabilities of this many evenly spaced windows of each clip; None: the
            model's own setting.
        out: CSV file to write as well, never one that is read here.
        overwrite: write to `out` although it exists.
        min_familiarity, min_probability: below which an answer is not reliable, see `VideoQA.ask_many`.
        progress: show bars on a terminal.

    Returns:
        One row per clip or question: `video`, `start_seconds`, `end_seconds`, `question_id`, `question`,
        `answer` (the best guess), `probability`, `second_answer`, `margin` (how much more probable the best
        guess is than the second), `is_reliable`, `why_not` (reasons, joined by "; "), `likely` (the
        prediction set, joined by " | "), `familiarity` (NaN where it is not known), `unknown_words` (of
        the question, in none of the training questions, between spaces; "" without any), `status`, `error`,
        `damaged_frames` (how many seem so). If the video failed, `answer` is "", `probability` and
        `margin` NaN, and `damaged_frames` <NA>.

    Raises:
        ValueError: a question model without `data`, a folder without videos, a file that lacks columns, or
            several windows for a model whose window is the whole clip.
        FileNotFoundError: no such folder or file.
        FileExistsError: `out` exists.
    """
    check_not_forked("predict")
    thresholds = Thresholds(min_familiarity, min_probability)
    target = None if out is None else check_out_file("out", out, overwrite)
    if not isinstance(videos, (str, os.PathLike, type(None))):
        videos = _listed(videos)
    loaded = model if isinstance(model, VideoQA) else load(model)
    config = loaded.folder.config_to_score(num_test_clips)
    rows = _rows(loaded, videos, data)
    if target is not None:
        check_not_read("out", target, [data, *rows["video_path"].unique(), *loaded.folder.path.glob("*")])
    say_notes(rows, progress=progress)
    table = _answered(loaded, rows, config, thresholds, progress)
    _say_failed(table)
    _say_unreliable(table)
    for note in notes_on_judging(loaded.folder):
        say(f"note: {note}")
    say_none_there(rows, progress=progress)
    table["damaged_frames"] = _damaged_frames(rows, table["status"], loaded.cache, progress)
    if target is not None:
        write_text(target, csv_text(table))
    return table


def _listed(videos: Iterable[Any]) -> list[str]:
    """Return the paths of several videos as texts; refuse anything else."""
    requirement = "be a folder of clips, one clip, or a list of such"
    paths = list(videos) if isinstance(videos, Iterable) else [videos]
    for path in paths:
        if not isinstance(path, (str, os.PathLike)):
            advice = "For an array of frames call `ask`."
            raise Refusal("videos", requirement, type(path).__name__, advice)
    if not paths:
        raise Refusal("videos", requirement, paths)
    return [os.fspath(path) for path in paths]


def _rows(loaded: VideoQA, videos: Any, data: Any) -> pd.DataFrame:
    if data is not None:
        if isinstance(videos, list):
            raise Refusal("videos", "be one folder with `data`, whose rows name the clips", videos)
        return read_questions(data, videos, task=loaded.task)
    if loaded.task != "action":
        advice = "Columns: video, question. For one question use `videoqa ask`."
        raise Refusal("data", "name a file of questions for a question model", None, advice)
    if videos is None:
        raise Refusal("videos", "be a folder of clips or one clip", None)
    root, notes = Path.cwd(), []
    if isinstance(videos, list):
        found = [find_videos(each) for each in videos]
        names = list(dict.fromkeys(os.fspath(path) for paths, _, _ in found for path in paths))
        notes = [note for _, _, each in found for note in each]
    else:
        paths, root, notes = find_videos(videos)
        names = [os.fspath(path.relative_to(root)) for path in paths]
    table = read_clips(names, root)
    table.attrs["notes"] += notes
    return table


def find_videos(videos: str | os.PathLike[str], name: str = "videos") -> tuple[list[Path], Path, list[str]]:
    """Return the sorted videos of a folder and its subfolders, or one video; the folder; what to say of it.

    A folder of frames `0000.jpg`, `0001.jpg`, ... counts as one video, unless it also holds video files.
    `name` is the option, for messages.

    Raises:
        FileNotFoundError: no such file or folder.
        ValueError: a folder without frames and without video files.
    """
    refuse_url(name, videos)
    path, respelled = find_video(videos, name)
    root = Path(path)
    if not respelled and not root.exists():
        raise FileNotFoundError(refusal(name, "be an existing folder or file", str(videos)))
    if root.is_file():
        return [root], root.parent, respelled
    walk = walk_folder(root)
    paths = [root / name for name in walk.files]
    files = {path for path in paths if path.suffix.lower() in VIDEO_SUFFIXES}
    if frame_files(root) and not files:
        return [root], root.parent, respelled
    frames = {path.parent for path in paths if frame_number(path.name) is not None}
    clips = sorted(files | frames - {path.parent for path in files})
    if not clips:
        requirement = f"hold files ending in {', '.join(VIDEO_SUFFIXES)}, or folders of frames 0000.jpg, ..."
        raise Refusal(name, requirement, str(videos), " ".join(walk.notes()))
    used = {path for path in paths if path in files or path.parent in clips}
    return clips, root, walk.notes({path.relative_to(root).as_posix() for path in used})


def _answered(
    loaded: VideoQA, rows: pd.DataFrame, config: RunConfig, thresholds: Thresholds, progress: bool
) -> pd.DataFrame:
    """Return the table of `predict` without its damaged frames."""
    folder = loaded.folder
    examples, outcome = make_examples(
        rows,
        config,
        vocabulary=folder.vocabulary,
        answers=folder.answers,
        encoder=loaded.encoder,
        progress=progress,
    )
    judged = predict_and_judge(
        loaded.model, examples, folder.trust, questions=rows["question"].tolist(), thresholds=thresholds,
        vocabulary=folder.vocabulary, num_test_clips=config.sampling.num_test_clips, progress=progress,
    )  # fmt: skip
    return _table(rows, judged, loaded.answers).assign(
        unknown_words=_unknown_words(rows, folder.vocabulary),
        status=outcome["status"],
        error=outcome["error"],
    )


def _table(rows: pd.DataFrame, judged: Judged, answers: tuple[str, ...]) -> pd.DataFrame:
    probabilities, names = judged.probabilities, np.array(answers, object)
    best = probabilities.argmax(axis=1)
    seen = probabilities.any(axis=1)
    columns = ["video_id", "start_seconds", "end_seconds", "question_id", "question"]
    table = rows[columns].rename(columns={"video_id": "video"})
    table["answer"] = np.where(seen, names[best], "")
    table["probability"] = np.where(seen, probabilities.max(axis=1), np.nan)
    table["second_answer"] = judged.second(answers)
    table["margin"] = judged.margins
    table["is_reliable"] = judged.is_reliable
    table["why_not"] = judged.reasons()
    table["likely"] = judged.likely(answers)
    table["familiarity"] = judged.familiarity
    return table


def _unknown_words(rows: pd.DataFrame, vocabulary: Vocabulary | None) -> pd.Series:
    """Return each question's words that no training question had, and say how many questions have some."""
    if vocabulary is None:
        return pd.Series("", index=rows.index, dtype=object)
    words = {question: vocabulary.unknown_words(question) for question in rows["question"].unique()}
    found = rows["question"].map(words)
    counts = Counter(word for each in found for word in each)
    if counts:
        number = int(found.map(bool).sum())
        shown = ", ".join(word for word, _ in counts.most_common(SHOWN_WORDS))
        more = f" and {len(counts) - SHOWN_WORDS} more" if len(counts) > SHOWN_WORDS else ""
        say(
            f"{number} of {counted(len(rows), 'question')} {'has' if number == 1 else 'have'} words never "
            f"seen in training, which mean nothing to the model: {shown}{more} (column `unknown_words`)."
        )
    return found.map(" ".join)


def _say_failed(table: pd.DataFrame) -> None:
    """Print how many rows have no answer, and the first errors of their videos."""
    failed = table[table["status"] == "failed"]
    if not len(failed):
        return
    errors = failed.groupby("video", sort=False)["error"].first()
    verb, videos = "has" if len(failed) == 1 else "have", counted(len(errors), "video")
    rows = counted(len(table), "row")
    say(f"{len(failed)} of {rows} {verb} no answer, of {videos} that could not be used:")
    for video, error in errors.iloc[:SHOWN_ERRORS].items():
        say(f"  {error}" if str(video) in error else f"  {video}: {error}")
    if len(errors) > SHOWN_ERRORS:
        say("  ... the column `error` has all of them.")


def _say_unreliable(table: pd.DataFrame) -> None:
    """Print how many rows have an answer that the model itself does not rely on."""
    unsure = int((~table["is_reliable"] & (table["status"] != "failed")).sum())
    if unsure:
        verb = "has an answer" if unsure == 1 else "have answers"
        say(
            f"{unsure} of {counted(len(table), 'row')} {verb} that the model does not rely on "
            "(columns `is_reliable`, `why_not`)."
        )


def _damaged_frames(
    rows: pd.DataFrame, statuses: pd.Series, cache: FeatureCache, progress: bool
) -> pd.Series:
    """Return how many pictures of each row's clip are damaged; no number where it failed."""
    read = (statuses != "failed").to_numpy()
    clips = zip(rows["video_path"], segments_of(rows), strict=True)
    requests = [ClipRequest(path, *segment) for path, segment in clips]
    damages = clip_damages(
        [request for request, ok in zip(requests, read, strict=True) if ok], cache, progress=progress
    )
    numbers = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    numbers[read] = [damage.num_suspect for damage in damages]
    if (numbers > 0).any():
        number = int((numbers > 0).sum())
        whose = "is of a clip" if number == 1 else "are of clips"
        say(f"{number} of {counted(len(rows), 'row')} {whose} whose frames are damaged in part.")
    return numbers
