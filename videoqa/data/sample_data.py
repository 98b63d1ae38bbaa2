"""The built-in sample data: a drawn loading bay, generated from a seed once and kept in the home folder."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from videoqa._checks import check_choice, check_integer
from videoqa.data.sample_avi import avi_bytes
from videoqa.data.sample_questions import BLOCK_CLIPS, Group, ask_questions, plan_groups
from videoqa.data.sample_scene import (
    ACTIVITIES,
    CLIP_STREAM,
    FPS,
    FRAME_SIZE,
    PAIRS,
    SAMPLE_STREAM,
    Scene,
    draw_scene,
)

DEFAULT_NUM_CLIPS = 990
SPLIT_SHARES = {"validation": 0.09, "test": 0.29}
SAMPLE_VERSION = 1
"""Part of the folder's name: raised whenever the same seed gives other clips."""
SAMPLE_TASKS = ("open_ended", "action")


@dataclass(frozen=True)
class SampleClip:
    """One video file of the set: a scene played forwards or in opposite order."""

    group: Group
    scene: Scene
    place: int

    @property
    def video_id(self) -> str:
        """The file's name; it says nothing about what is seen."""
        return f"{self.group.number:05d}{'ab'[self.place]}.avi"

    @property
    def activity(self) -> str:
        """What is seen."""
        return self.group.activities[self.place]

    @property
    def action_seconds(self) -> tuple[float, float]:
        """When the action starts and ends, seconds from the start of the clip."""
        return action_seconds(self.scene, reverse=self.place == 1)


def action_seconds(scene: Scene, *, reverse: bool) -> tuple[float, float]:
    """Return the interval [start, end) in seconds that the action fills."""
    start, end = scene.action_start, scene.action_end
    if reverse:
        start, end = scene.num_frames - end, scene.num_frames - start
    return start / FPS, end / FPS


def plan_clips(num_clips: int = DEFAULT_NUM_CLIPS, *, seed: int = 0) -> list[SampleClip]:
    """Return every clip of the set without drawing one; `num_clips` is rounded up to whole blocks of 11."""
    check_integer("num_clips", num_clips, minimum=1)
    check_integer("seed", seed, minimum=0)
    blocks = max(3, -(-num_clips // BLOCK_CLIPS))
    num_blocks = {split: max(1, round(share * blocks)) for split, share in SPLIT_SHARES.items()}
    num_blocks = {"train": blocks - sum(num_blocks.values())} | num_blocks
    clips = []
    for group in plan_groups(num_blocks, np.random.default_rng([SAMPLE_STREAM, seed])):
        scene = draw_scene(
            np.random.default_rng([SAMPLE_STREAM, seed, group.number]), group.activities[0],
            shirt_colour=group.shirt_colour, box_colour=group.box_colour, jumps=group.jumps, idle=group.idle,
        )  # fmt: skip
        clips += [SampleClip(group, scene, place) for place in range(len(group.activities))]
    return clips


def load_sample_table(
    home: str | os.PathLike[str] | None = None,
    *,
    seed: int = 0,
    num_clips: int = DEFAULT_NUM_CLIPS,
    task: str = "open_ended",
    progress: bool = True,
) -> pd.DataFrame:
    """Return the annotation table of the sample set, generating its clips the first time.

    Args:
        home: folder under which `sample/` is kept; None: the home folder of videoqa.
        seed: of everything random in the set.
        num_clips: clips of all splits together, rounded up to whole blocks of 11.
        task: "open_ended", or "action" (one row per clip, the answer is the activity).
        progress: show a progress bar while generating.

    Returns:
        The annotation table, with the columns `activity`, `action_start_seconds`, `action_end_seconds`,
        `pair_id` and `pair_kind` ("" for clips without an opposite) and `order_dependent` (bool: clips of
        opposite answers have the same frames).

    Raises:
        ValueError: an unknown task, or a number that is no positive integer.
        OSError: the clips cannot be written.
    """
    check_choice("task", task, SAMPLE_TASKS)
    clips = plan_clips(num_clips, seed=seed)
    folder = generate_clips(clips, sample_folder(home, seed, len(clips)), progress=progress)
    rows = _action_rows(clips) if task == "action" else _question_rows(clips)
    return _finish_table(rows, folder, task)


def sample_folder(home: str | os.PathLike[str] | None, seed: int, num_clips: int) -> Path:
    """Return where the clips of one sample set lie, made or not."""
    if home is None:
        from videoqa._home import home_directory

        home = home_directory()
    return Path(home) / "sample" / f"{seed}-{num_clips}-v{SAMPLE_VERSION}"


def _question_rows(clips: Sequence[SampleClip]) -> Iterator[dict]:
    by_place = {(clip.group.number, clip.place): clip for clip in clips}
    groups = list({clip.group.number: clip.group for clip in clips}.values())
    for row in ask_questions(groups):
        clip = by_place[row["group"].number, row["clip"]]
        yield {
            **_clip_columns(clip),
            "question": row["question"],
            "answer": row["answer"],
            "question_type": row["question_type"],
            "order_dependent": row["question_type"] in ("activity", "yes_no", "direction") and bool(clip.group.pair_kind),
        }  # fmt: skip


def _action_rows(clips: Sequence[SampleClip]) -> Iterator[dict]:
    for clip in clips:
        row = {"question": "", "answer": clip.activity, "question_type": "action"}
        yield {**_clip_columns(clip), **row, "order_dependent": bool(clip.group.pair_kind)}


def _clip_columns(clip: SampleClip) -> dict:
    start, end = clip.action_seconds
    return {
        "video_id": clip.video_id,
        "split": clip.group.split,
        "group": f"{clip.group.number:05d}",
        "activity": clip.activity,
        "action_start_seconds": start,
        "action_end_seconds": end,
        "pair_id": f"{clip.group.number:05d}" if clip.group.pair_kind else "",
        "pair_kind": clip.group.pair_kind,
    }


def _finish_table(rows: Iterator[dict], folder: Path, task: str) -> pd.DataFrame:
    """Return the rows as an annotation table, with paths, question ids and whole-clip segments."""
    table = pd.DataFrame(list(rows))
    table["video_path"] = [str(folder.resolve() / video_id) for video_id in table["video_id"]]
    table["question_id"] = [f"sample-{place}" for place in range(len(table))]
    table["start_seconds"] = table["end_seconds"] = np.nan
    first = [
        "video_id", "video_path", "question_id", "question", "answer", "question_type", "split", "group",
        "start_seconds", "end_seconds",
    ]  # fmt: skip
    table = table[first + [column for column in table if column not in first]]
    table.attrs.update(task=task, sources=["sample"], automatic_split=False)
    return table


def generate_clips(clips: Sequence[SampleClip], folder: Path, *, progress: bool = True) -> Path:
    """Return `folder` with every clip in it; it appears under that name only when whole.

    A killed run leaves `<folder>.unfinished`, whose finished clips the next run keeps. Two processes may
    generate the same set: both write the same bytes, and the one that comes second uses what it finds.
    """
    if folder.is_dir():
        return folder
    unfinished = folder.with_name(folder.name + ".unfinished")
    try:
        unfinished.mkdir(parents=True, exist_ok=True)
        _write_missing(clips, unfinished, progress)
        for path in unfinished.glob(".*"):
            path.unlink(missing_ok=True)
        os.rename(unfinished, folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _write_missing(clips: Sequence[SampleClip], folder: Path, progress: bool) -> None:
    by_group: dict[int, list[SampleClip]] = {}
    for clip in clips:
        by_group.setdefault(clip.group.number, []).append(clip)
    with tqdm(total=len(clips), desc="drawing sample clips", unit="clip", disable=None if progress else True) as bar:
        for members in by_group.values():
            missing = [clip for clip in members if not (folder / clip.video_id).exists()]
            if missing:
                jpegs = _encode_scene(missing[0].scene)
                for clip in missing:
                    _write_clip(folder / clip.video_id, jpegs[::-1] if clip.place else jpegs)
            bar.update(len(members))


def _encode_scene(scene: Scene) -> list[bytes]:
    from videoqa.data.sample_renderer import encode_frames, render_clip

    return encode_frames(render_clip(scene))


def _write_clip(path: Path, jpegs: list[bytes]) -> None:
    """Write one .avi file; it appears whole or not at all."""
    unfinished = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        unfinished.write_bytes(avi_bytes(jpegs, fps=FPS, width=FRAME_SIZE, height=FRAME_SIZE))
        os.replace(unfinished, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            unfinished.unlink()


def sample_clip(activity: str = "loading", *, seed: int = 0, folder: str | os.PathLike[str] | None = None) -> str:
    """Return the path of one drawn clip, made the first time.

    Args:
        activity: one of `videoqa.data.sample_scene.ACTIVITIES`.
        seed: of the scene; the two activities of a pair are the same frames in opposite order.
        folder: where to put the file; None: the home folder of videoqa.

    Raises:
        ValueError: an unknown activity, listing the choices.
        OSError: the file cannot be written.

    Example:
        >>> path = sample_clip("loading")
    """
    check_choice("activity", activity, ACTIVITIES)
    check_integer("seed", seed, minimum=0)
    forwards = next((pair[0] for pair in PAIRS.values() if activity in pair), activity)
    parent = sample_folder(None, seed, 1).parent if folder is None else Path(folder)
    path = parent / f"{activity.replace(' ', '-')}-{seed}-v{SAMPLE_VERSION}.avi"
    if not path.exists():
        scene = draw_scene(np.random.default_rng([CLIP_STREAM, seed]), forwards, idle=False)
        jpegs = _encode_scene(scene)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_clip(path, jpegs if activity == forwards else jpegs[::-1])
    return str(path.resolve())
