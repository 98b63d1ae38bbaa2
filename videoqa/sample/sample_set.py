"""The built-in sample data: clips of a drawn loading bay, generated once per seed into the home folder."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from videoqa._checks import check_choice, check_integer
from videoqa._home import home_directory
from videoqa.config import SAMPLE_LANGUAGES
from videoqa.sample.files import (
    DEFAULT_NUM_CLIPS,
    SAMPLE_VERSION,
    SampleClip,
    draw_jpegs,
    generate_clips,
    plan_clips,
    write_clip,
)
from videoqa.sample.questions import ORDER_TYPES, ask_questions
from videoqa.sample.scene import (
    ACTIVITIES,
    CLIP_STREAM,
    EMPTY,
    FPS,
    PAIRS,
    SINGLE_ACTIVITIES,
    Scene,
    draw_scene,
)
from videoqa.sample.wordings import LANGUAGES

Home = str | os.PathLike[str] | None


def load_sample_table(
    home: Home = None,
    *,
    seed: int = 0,
    num_clips: int = DEFAULT_NUM_CLIPS,
    task: str = "open_ended",
    language: str = "en",
    progress: bool = True,
) -> pd.DataFrame:
    """Return the annotation table of the sample set, generating its clips the first time.

    Args:
        home: folder under which `sample/` is kept; None: the home folder of videoqa.
        seed: of everything random in the set.
        num_clips: clips of all splits together, rounded up to whole blocks of 11 to 14.
        task: "open_ended", or "action" (one row per clip, the answer is the activity).
        language: of questions and answers, a key of `videoqa.config.SAMPLE_LANGUAGES`.
        progress: show a progress bar while generating.

    Returns:
        The annotation table, with the columns `activity`, `action_start_seconds`, `action_end_seconds`,
        `pair`, `pair_id` (the same) and `pair_kind` ("" for clips without an opposite) and `order_dependent`
        (bool: the two clips of the pair, made of the same frames, have different answers).

    Raises:
        ValueError: an unknown task or language, or a number that is no positive integer.
        OSError: the clips cannot be written.
    """
    check_choice("task", task, tuple(ROWS_OF_TASK))
    check_choice("language", language, tuple(SAMPLE_LANGUAGES))
    clips = plan_clips(num_clips, seed=seed)
    folder = generate_clips(
        clips, sample_folder(home) / f"{seed}-{len(clips)}-v{SAMPLE_VERSION}", progress=progress
    )
    return _make_table(ROWS_OF_TASK[task](clips, language), folder, task, SAMPLE_LANGUAGES[language])


def sample_clip(activity: str = "loading", *, seed: int = 0, folder: Home = None) -> str:
    """Return the path of one drawn clip, made the first time.

    Args:
        activity: one of `videoqa.sample.scene.ACTIVITIES`, or "empty": nobody is there. No sample set has
            such a clip, so a model that was trained on one should say that it does not know.
        seed: of the scene; the two activities of a pair show the same frames in opposite order.
        folder: where to put the file; None: `sample/` in the home folder of videoqa.

    Raises:
        ValueError: an unknown activity, listing the choices.
        OSError: the file cannot be written.

    Example:
        >>> path = videoqa.sample_clip("loading", seed=7)
        >>> path.endswith(".avi")
        True
    """
    scene, is_backwards = _drawn_scene(activity, seed)
    parent = sample_folder(None) if folder is None else Path(folder)
    path = parent / f"{activity.replace(' ', '-')}-{seed}-v{SAMPLE_VERSION}.avi"
    if not path.exists():
        jpegs = draw_jpegs(scene)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_clip(path, jpegs[::-1] if is_backwards else jpegs)
    return str(path.resolve())


def write_sample_webm(path: Path, activity: str = "loading", *, seed: int = 0) -> None:
    """Write the clip of `sample_clip` as VP9 in WebM, which browsers play.

    Args:
        path: a file, written whole or not at all.
        activity, seed: see `sample_clip`.

    Raises:
        ValueError: an unknown activity, listing the choices.
        OSError: the file cannot be written.
    """
    from videoqa.sample.renderer import render_clip
    from videoqa.sample.webm import write_webm

    scene, is_backwards = _drawn_scene(activity, seed)
    frames = render_clip(scene)
    write_webm(path, frames[::-1] if is_backwards else frames, fps=FPS)


def _drawn_scene(activity: str, seed: int) -> tuple[Scene, bool]:
    """Return the scene of a clip of `sample_clip`, and whether it is played backwards."""
    check_choice("activity", activity, (*ACTIVITIES, EMPTY))
    check_integer("seed", seed, minimum=0)
    forwards = next((pair[0] for pair in PAIRS.values() if activity in pair), activity)
    rng = np.random.default_rng([CLIP_STREAM, seed])
    if activity == EMPTY:
        return replace(draw_scene(rng, SINGLE_ACTIVITIES[0]), activity=EMPTY), False
    return draw_scene(rng, forwards), activity != forwards


def sample_folder(home: Home) -> Path:
    """Return the folder of all drawn clips, which may not exist yet."""
    return (home_directory() if home is None else Path(home)) / "sample"


def _question_rows(clips: Sequence[SampleClip], language: str = "en") -> Iterator[dict]:
    by_place = {(clip.group.number, clip.place): clip for clip in clips}
    groups = list({clip.group.number: clip.group for clip in clips}.values())
    for asked in ask_questions(groups, language):
        clip = by_place[asked.group.number, asked.place]
        row = {"question": asked.question, "answer": asked.answer, "question_type": asked.question_type}
        differs = bool(clip.group.pair_kind) and asked.question_type in ORDER_TYPES
        yield {**_clip_columns(clip), **row, "order_dependent": differs}


def _action_rows(clips: Sequence[SampleClip], language: str = "en") -> Iterator[dict]:
    for clip in clips:
        label = LANGUAGES[language].answer(clip.activity)
        row = {"question": "", "answer": label, "question_type": "action"}
        yield {**_clip_columns(clip), **row, "order_dependent": bool(clip.group.pair_kind)}


ROWS_OF_TASK = {"open_ended": _question_rows, "action": _action_rows}


def _clip_columns(clip: SampleClip) -> dict:
    start, end = clip.action_seconds
    group = f"{clip.group.number:05d}"
    return {
        "video_id": clip.video_id,
        "split": clip.group.split,
        "group": group,
        "activity": clip.activity,
        "action_start_seconds": start,
        "action_end_seconds": end,
        "pair": group if clip.group.pair_kind else "",
        "pair_id": group if clip.group.pair_kind else "",
        "pair_kind": clip.group.pair_kind,
    }


def _make_table(rows: Iterable[dict], folder: Path, task: str, name: str) -> pd.DataFrame:
    """Return the rows as an annotation table, with paths, question ids and no segments."""
    table = pd.DataFrame(list(rows))
    table["video_path"] = [str(folder.resolve() / video_id) for video_id in table["video_id"]]
    table["question_id"] = [f"{name}-{place}" for place in range(len(table))]
    table["start_seconds"] = table["end_seconds"] = np.nan
    first = ["video_id", "video_path", "question_id", "question", "answer", "question_type", "split", "group"]
    first += ["start_seconds", "end_seconds"]
    table = table[first + [column for column in table if column not in first]]
    table.attrs.update(task=task, sources=[name], automatic_split=False)
    return table
