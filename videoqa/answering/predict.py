"""`predict`: labels many clips or answers many questions, one table row each."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, refusal
from videoqa._files import write_text
from videoqa._frame_folders import frame_files, frame_number
from videoqa.answering.ask import load
from videoqa.answering.video_qa import VideoQA
from videoqa.data.annotations import read_questions, say_notes
from videoqa.data.folder_walk import walk_folder
from videoqa.data.video_index import VIDEO_SUFFIXES
from videoqa.evaluation.prediction import predict_examples
from videoqa.input_pipeline import make_examples


def predict(
    model: str | os.PathLike[str] | VideoQA | None,
    videos: str | os.PathLike[str] | None = None,
    *,
    data: Any = None,
    num_test_clips: int | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Return a table of answers: an action model labels clips, a question model answers a file of questions.

    A video that cannot be read becomes a row with `status` "failed" and its `error`.

    Args:
        model: model folder, or the result of `load`.
        videos: folder of clips (with its subfolders) or one clip; with `data` the folder that the video paths
            start from.
        data: CSV or JSONL path or DataFrame with `video` and, for a question model, `question`.
        num_test_clips: average the probabilities of this many evenly spaced windows of each clip; None: the
            model's own setting.
        out: CSV file to write as well.
        progress: show bars on a terminal.

    Returns:
        One row per clip or question: `video`, `start_seconds`, `end_seconds`, `question_id`, `question`,
        `answer`, `probability`, `status`, `error`. If the video failed, `answer` is "" and `probability` NaN.

    Raises:
        ValueError: a question model without `data`, a folder without videos, a file that lacks columns, or
            several windows for a model whose window is the whole clip.
        FileNotFoundError: no such folder or file.
    """
    loaded = model if isinstance(model, VideoQA) else load(model)
    target = None if out is None else _check_out(out)
    folder = loaded.folder
    config = folder.config_to_score(num_test_clips)
    rows = _rows(loaded, videos, data)
    say_notes(rows, progress=progress)
    examples, outcome = make_examples(
        rows,
        config,
        vocabulary=folder.vocabulary,
        answers=folder.answers,
        encoder=loaded.encoder,
        progress=progress,
    )
    found = predict_examples(
        loaded.model, examples, num_test_clips=config.sampling.num_test_clips, progress=progress
    )
    table = _table(rows, outcome, found.probabilities, loaded.answers)
    if target is not None:
        write_text(target, table.to_csv(index=False))
    return table


def _rows(loaded: VideoQA, videos: Any, data: Any) -> pd.DataFrame:
    if data is not None:
        return read_questions(data, videos, task=loaded.task)
    if loaded.task != "action":
        advice = "Columns: video, question. For one question use `videoqa ask`."
        raise Refusal("data", "name a file of questions for a question model", None, advice)
    if videos is None:
        raise Refusal("videos", "be a folder of clips or one clip", None)
    paths, root, notes = find_videos(videos)
    clips = pd.DataFrame({"video": [os.fspath(path.relative_to(root)) for path in paths]})
    table = read_questions(clips, root, task="action")
    table.attrs["notes"] += notes
    return table


def find_videos(videos: str | os.PathLike[str]) -> tuple[list[Path], Path, list[str]]:
    """Return the sorted videos of a folder and its subfolders, or one video; the folder; what to say of it.

    A folder of frames `0000.jpg`, `0001.jpg`, ... counts as one video, unless it also holds video files.

    Raises:
        FileNotFoundError: no such file or folder.
        ValueError: a folder without frames and without video files.
    """
    root = Path(videos)
    if not root.exists():
        raise FileNotFoundError(refusal("videos", "be an existing folder or file", str(videos)))
    if root.is_file():
        return [root], root.parent, []
    walk = walk_folder(root)
    paths = [root / name for name in walk.files]
    files = {path for path in paths if path.suffix.lower() in VIDEO_SUFFIXES}
    if frame_files(root) and not files:
        return [root], root.parent, []
    frames = {path.parent for path in paths if frame_number(path.name) is not None}
    found = sorted(files | frames - {path.parent for path in files})
    if not found:
        requirement = f"hold files ending in {', '.join(VIDEO_SUFFIXES)}, or folders of frames 0000.jpg, ..."
        raise Refusal("videos", requirement, str(videos), " ".join(walk.notes()))
    return found, root, walk.notes()


def _table(
    rows: pd.DataFrame, outcome: pd.DataFrame, probabilities: np.ndarray, answers: tuple[str, ...]
) -> pd.DataFrame:
    best = probabilities.argmax(axis=1)
    seen = probabilities.any(axis=1)
    columns = ["video_id", "start_seconds", "end_seconds", "question_id", "question"]
    table = rows[columns].rename(columns={"video_id": "video"})
    table["answer"] = np.where(seen, np.array(answers, object)[best], "")
    table["probability"] = np.where(seen, probabilities.max(axis=1), np.nan)
    return table.assign(status=outcome["status"], error=outcome["error"])


def _check_out(out: str | os.PathLike[str]) -> Path:
    path = Path(out)
    if path.is_dir() or not path.parent.is_dir():
        advice = "Its folder must exist, and it must not be a folder itself."
        raise Refusal("out", "be a file to write", str(out), advice)
    try:
        write_text(path.with_name(f".probe-{path.name}"), "")
        path.with_name(f".probe-{path.name}").unlink()
    except OSError as error:
        requirement = "be a file that can be written"
        raise PermissionError(refusal("out", requirement, str(out), f"Cause: {error}.")) from error
    return path
