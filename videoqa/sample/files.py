"""Plans the clips of the built-in sample set and writes them as video files."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from videoqa._checks import check_integer
from videoqa._files import write_bytes
from videoqa._progress import progress_bar
from videoqa.sample.avi import avi_bytes
from videoqa.sample.questions import BLOCK_CLIPS, Group, plan_groups
from videoqa.sample.scene import FPS, FRAME_SIZE, SAMPLE_STREAM, Scene, draw_scene

DEFAULT_NUM_CLIPS = 1158
BLOCK_SHARES = {"validation": 0.09, "test": 0.29}
"""Split -> share of the blocks; the rest is for training."""
SAMPLE_VERSION = 1
"""Part of the folder's name; raise it when the same seed gives other clips."""


@dataclass(frozen=True)
class SampleClip:
    """One video file of the set: a scene played forwards (place 0) or backwards (place 1)."""

    group: Group
    scene: Scene
    place: int

    @property
    def video_id(self) -> str:
        """The file's name, which does not tell the activity."""
        return f"{self.group.number:05d}{'ab'[self.place]}.avi"

    @property
    def activity(self) -> str:
        """The activity shown."""
        return self.group.activities[self.place]

    @property
    def action_seconds(self) -> tuple[float, float]:
        """The interval [start, end) that the action fills, in seconds from the start of the clip."""
        start, end = self.scene.action_start, self.scene.action_end
        if self.place:
            start, end = self.scene.num_frames - end, self.scene.num_frames - start
        return start / FPS, end / FPS


def plan_clips(num_clips: int = DEFAULT_NUM_CLIPS, *, seed: int = 0) -> list[SampleClip]:
    """Return every clip of the set without drawing one; `num_clips` is rounded up to whole blocks.

    Raises:
        ValueError: `num_clips` or `seed` is no integer in range.
    """
    check_integer("num_clips", num_clips, minimum=1)
    check_integer("seed", seed, minimum=0)
    num_blocks = _blocks_for(num_clips)
    clips = []
    for group in plan_groups(num_blocks, np.random.default_rng([SAMPLE_STREAM, seed])):
        scene = draw_scene(
            np.random.default_rng([SAMPLE_STREAM, seed, group.number]),
            group.activities[0],
            shirt_colour=group.shirt_colour,
            box_colour=group.box_colour,
            jumps=group.jumps,
            idle=group.idle,
        )
        clips += [SampleClip(group, scene, place) for place in range(len(group.activities))]
    return clips


def _blocks_for(num_clips: int) -> dict[str, int]:
    """Return the fewest blocks of each split, at least one, that together hold `num_clips` clips."""
    blocks = len(BLOCK_CLIPS)
    while True:
        held = {split: max(1, round(share * blocks)) for split, share in BLOCK_SHARES.items()}
        held = {"train": blocks - sum(held.values())} | held
        if sum(held[split] * BLOCK_CLIPS[split] for split in held) >= num_clips:
            return held
        blocks += 1


def generate_clips(clips: Sequence[SampleClip], folder: Path, *, progress: bool = True) -> Path:
    """Return `folder` after writing every clip; it gets this name only when it is complete.

    A killed run leaves `<folder>.unfinished`, whose finished clips the next run keeps. Two processes may
    generate the same set: both write the same bytes, and the second one uses the first one's folder.

    Raises:
        OSError: the clips cannot be written.
    """
    if folder.is_dir():
        return folder
    unfinished = folder.with_name(folder.name + ".unfinished")
    try:
        unfinished.mkdir(parents=True, exist_ok=True)
        _write_missing(clips, unfinished, progress)
        for leftover in unfinished.glob(".*"):
            leftover.unlink(missing_ok=True)
        os.rename(unfinished, folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _write_missing(clips: Sequence[SampleClip], folder: Path, progress: bool) -> None:
    """Write the missing clips, drawing each scene once for all its clips."""
    by_group: dict[int, list[SampleClip]] = {}
    for clip in clips:
        by_group.setdefault(clip.group.number, []).append(clip)
    with progress_bar(progress=progress, total=len(clips), desc="drawing sample clips", unit="clip") as bar:
        for members in by_group.values():
            missing = [clip for clip in members if not (folder / clip.video_id).exists()]
            jpegs = draw_jpegs(members[0].scene) if missing else []
            for clip in missing:
                write_clip(folder / clip.video_id, jpegs[::-1] if clip.place else jpegs)
            bar.update(len(members))


def draw_jpegs(scene: Scene) -> list[bytes]:
    """Return every frame of the scene, played forwards, as a JPEG picture."""
    from videoqa.sample.canvas import encode_frames
    from videoqa.sample.renderer import render_clip

    return encode_frames(render_clip(scene))


def write_clip(path: Path, jpegs: Sequence[bytes]) -> None:
    """Write one .avi file of the pictures, in order and atomically."""
    write_bytes(path, avi_bytes(jpegs, fps=FPS, width=FRAME_SIZE, height=FRAME_SIZE))
