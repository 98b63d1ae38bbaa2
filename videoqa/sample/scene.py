"""Draws random scenes of the loading bay, as plain numbers; `renderer` paints them.

Coordinates are in units of a frame 96 wide and 96 high, y downwards.
"""

import math
from dataclasses import dataclass

import numpy as np

PAIRS = {
    "load_unload": ("loading", "unloading"),
    "enter_leave": ("entering", "leaving"),
    "raise_lower": ("raising", "lowering"),
    "walk_left_right": ("walking left", "walking right"),
}
"""Pair kind -> two activities; each shows the other's frames in opposite order."""
SINGLE_ACTIVITIES = ("waving", "jumping")
EMPTY = "empty"
"""Not an activity: a bay without anyone, which is in no sample set, so that a model should not know it."""
ACTIVITIES = tuple(activity for pair in PAIRS.values() for activity in pair) + SINGLE_ACTIVITIES
COLOURS = {
    "red": (206, 44, 44),
    "yellow": (236, 200, 40),
    "green": (52, 160, 70),
    "blue": (48, 88, 208),
    "purple": (150, 66, 176),
}
"""Name -> RGB of shirts and boxes."""
JUMP_COUNTS = (1, 2, 3, 4)
FRAME_SIZE = 96
FPS = 12.0
NUM_FRAMES_RANGE = (36, 44)
FLOOR_Y = 64.0
DOOR_X, SHUTTER_X, CHAIN_X, BOOT_X = 83.0, 53.0, 70.0, 31.0
BOX_IN_BOOT_Y = 69.0
SAMPLE_STREAM, CLIP_STREAM, BACKBONE_STREAM = 0, 1, 2
"""Streams of random scenes; two streams never share random numbers, whatever the seeds."""


@dataclass(frozen=True)
class Scene:
    """Everything that stays the same throughout one clip.

    Attributes:
        activity: the activity of the clip played forwards.
        shirt_colour, box_colour: names in `COLOURS`.
        num_frames: frames of the clip.
        action_start, action_end: the action fills the frames `[action_start, action_end)`.
        jumps: how often he jumps (0 unless jumping).
        jump_frames, jump_pause: frames of one jump and of the rest after it.
        mirrored: the frame is flipped left to right.
        near, far: x of his feet at the start and at the end of the action.
        feet_y: y of his feet.
        box_x, box_y: where the box stands before anyone moves it.
        door, shutter: how far each is open while nobody moves it, in [0, 1].
        look: seed of colours, distractors, shake and noise.
    """

    activity: str
    shirt_colour: str
    box_colour: str
    num_frames: int
    action_start: int
    action_end: int
    jumps: int
    jump_frames: float
    jump_pause: float
    mirrored: bool
    near: float
    far: float
    feet_y: float
    box_x: float
    box_y: float
    door: float
    shutter: float
    look: int


@dataclass
class State:
    """One frame: positions in frame units; arms in degrees from hanging (0) to straight up (180)."""

    x: float
    feet_y: float
    box_x: float
    box_y: float
    door: float
    shutter: float
    lift: float = 0.0
    depth: float = 0.0
    crouch: float = 0.0
    stride: float = 0.0
    left_arm: float = 8.0
    right_arm: float = 8.0
    carrying: float = 0.0


def draw_scene(
    rng: np.random.Generator,
    activity: str,
    *,
    shirt_colour: str | None = None,
    box_colour: str | None = None,
    jumps: int | None = None,
    idle: bool | None = None,
) -> Scene:
    """Return a random scene of a forward `activity`; values that are not given are drawn from `rng`.

    `idle=True` leaves him idle for at least 40 % of the clip (three and four jumps may need more time).
    """
    names = list(COLOURS)
    shirt_colour = shirt_colour or names[rng.integers(len(names))]
    box_colour = box_colour or names[rng.integers(len(names))]
    idle = bool(rng.random() < 0.6) if idle is None else idle
    num_frames = int(rng.integers(NUM_FRAMES_RANGE[0], NUM_FRAMES_RANGE[1] + 1))
    jumps = 0 if activity != "jumping" else int(jumps or rng.choice(JUMP_COUNTS))
    length, jump_frames, jump_pause = _action_frames(rng, num_frames, jumps, idle)
    start = int(rng.integers(0, num_frames - length + 1))
    mirrored = bool(rng.random() < 0.5)
    near, far = _path(rng, activity, mirrored)
    feet_y = float(rng.uniform(80, 86))
    box_x, box_y = _box_place(rng, activity, near, feet_y)
    return Scene(
        activity=activity,
        shirt_colour=shirt_colour,
        box_colour=box_colour,
        num_frames=num_frames,
        action_start=start,
        action_end=start + length,
        jumps=jumps,
        jump_frames=jump_frames,
        jump_pause=jump_pause,
        mirrored=mirrored,
        near=near,
        far=far,
        feet_y=feet_y,
        box_x=box_x,
        box_y=box_y,
        door=0.0 if rng.random() < 0.7 else float(rng.uniform(0.3, 1.0)),
        shutter=float(rng.choice([0.0, 0.0, 0.5, 1.0])),
        look=int(rng.integers(2**62)),
    )


def _action_frames(
    rng: np.random.Generator, num_frames: int, jumps: int, idle: bool
) -> tuple[int, float, float]:
    """Return the frames of the action, of one jump and of the rest between jumps."""
    if not jumps:
        share = rng.uniform(0.45, 0.6) if idle else rng.uniform(0.65, 0.95)
        return int(share * num_frames), 0.0, 0.0
    jump_frames = float(rng.uniform(0.155, 0.17) * num_frames)
    pause = float(rng.uniform(0.04, 0.07) * num_frames)
    return math.ceil(jumps * jump_frames + (jumps - 1) * pause), jump_frames, pause


def _path(rng: np.random.Generator, activity: str, mirrored: bool) -> tuple[float, float]:
    """Return x of his feet when the action starts and when it ends."""
    if activity == "loading":
        return float(rng.uniform(58, 88)), BOOT_X + 14
    if activity == "entering":
        return float(rng.uniform(28, 62)), DOOR_X
    if activity == "raising":
        return CHAIN_X, CHAIN_X
    if activity == "walking left":
        left, right = float(rng.uniform(10, 30)), float(rng.uniform(66, 88))
        return (left, right) if mirrored else (right, left)
    spot = float(rng.uniform(14, 84))
    return spot, spot


def _box_place(rng: np.random.Generator, activity: str, near: float, feet_y: float) -> tuple[float, float]:
    """Return where the box stands: on the floor, or in the boot unless he is about to load it."""
    if activity == "loading":
        return float(np.clip(near + rng.uniform(-16, -10), 50, 80)), feet_y + 1.0
    if rng.random() < 0.4:
        return BOOT_X, BOX_IN_BOOT_Y
    return float(rng.uniform(46, 86)), feet_y + float(rng.uniform(3, 5))
