"""Draws the scenes of the loading bay frame by frame."""

import functools
from dataclasses import dataclass

import numpy as np

from videoqa.sample.bay import draw_background, draw_box, draw_leaf, draw_shutter, pick_colour
from videoqa.sample.canvas import MARGIN, SIDE, Canvas, Colour, blend, lit_with_noise, shaded
from videoqa.sample.scene import COLOURS, DOOR_X, EMPTY, FLOOR_Y, FRAME_SIZE, Scene, State
from videoqa.sample.scripts import state_at

SKINS = ((240, 204, 172), (206, 156, 118), (140, 96, 66))
TROUSERS = ((44, 48, 66), (70, 62, 54), (92, 96, 104))
HAIR = ((40, 30, 24), (96, 66, 40), (190, 160, 100), (120, 120, 120))


@dataclass(frozen=True)
class Look:
    """Colours and distractors of one clip, and the shake, light and noise of each of its frames."""

    background: np.ndarray
    skin: Colour
    trousers: Colour
    hair: Colour
    height: float
    shakes: np.ndarray
    lights: np.ndarray
    noise: np.ndarray
    noise_at: np.ndarray


def make_look(scene: Scene) -> Look:
    """Return the random look of a scene, from the seed `scene.look`."""
    rng = np.random.default_rng(scene.look)
    background = draw_background(rng)
    strength = np.float32(rng.uniform(1.5, 4.0))
    return Look(
        background=background,
        skin=pick_colour(rng, SKINS),
        trousers=pick_colour(rng, TROUSERS),
        hair=pick_colour(rng, HAIR),
        height=float(rng.uniform(0.94, 1.08)),
        shakes=rng.integers(-2, 3, (scene.num_frames, 2)),
        lights=rng.uniform(0.85, 1.08) + rng.normal(0, 0.012, scene.num_frames),
        noise=(_noise(2 * SIDE) * strength).astype(np.int16),
        noise_at=rng.integers(0, SIDE, (scene.num_frames, 2)),
    )


@functools.cache
def _noise(side: int) -> np.ndarray:
    """Return a sheet of normal noise, float32 (side, side, 3), from which each frame takes a piece."""
    return np.random.default_rng(0).standard_normal((side, side, 3), np.float32)


def draw_frame(scene: Scene, look: Look, frame: int) -> np.ndarray:
    """Return one frame of the clip played forwards: uint8 RGB (96, 96, 3)."""
    canvas = Canvas(look.background.copy())
    if scene.activity == EMPTY:
        draw_shutter(canvas, scene.shutter)
        return _finish(canvas.image, scene, look, frame)
    state = state_at(scene, frame)
    draw_shutter(canvas, state.shutter)
    _draw_doorway(canvas, scene, look, state)
    box = COLOURS[scene.box_colour]
    if state.depth == 0:
        _draw_person(canvas, scene, look, state)
    draw_box(canvas, state.box_x, state.box_y, box)
    if state.carrying > 0 and state.depth == 0:
        for sign in (-1, 1):
            canvas.disc((state.x + sign * 6.0, state.box_y - 4.0), 1.8, look.skin)
    return _finish(canvas.image, scene, look, frame)


def _finish(image: np.ndarray, scene: Scene, look: Look, frame: int) -> np.ndarray:
    """Crop with the frame's shake, mirror, and add its light and noise."""
    top, left = MARGIN + look.shakes[frame]
    cut = image[top : top + FRAME_SIZE, left : left + FRAME_SIZE]
    row, column = look.noise_at[frame]
    noise = look.noise[row : row + FRAME_SIZE, column : column + FRAME_SIZE]
    return lit_with_noise(cut, float(look.lights[frame]), noise, mirrored=scene.mirrored)


def _draw_doorway(canvas: Canvas, scene: Scene, look: Look, state: State) -> None:
    """Draw the man if he is in the doorway, darker the deeper he is, then the door leaf in front."""
    left, right = MARGIN + int(DOOR_X) - 7, MARGIN + int(DOOR_X) + 7
    if 0 < state.depth < 1:
        inside = canvas.image.copy()
        _draw_person(Canvas(inside), scene, look, state)
        floor = MARGIN + int(FLOOR_Y)
        blend(canvas.image[:floor, left:right], inside[:floor, left:right], 1 - 0.75 * state.depth)
        if state.depth < 0.35:
            canvas.image[floor:] = inside[floor:]
    draw_leaf(canvas, state.door)


def _draw_person(canvas: Canvas, scene: Scene, look: Look, state: State) -> None:
    """Draw the man from the front, whichever way he walks."""
    size = look.height * (1 - 0.12 * state.depth)
    foot = scene.feet_y - state.lift
    if state.depth > 0:
        foot -= (scene.feet_y - FLOOR_Y + 1.0) * min(1.0, state.depth / 0.4)
    hip = foot - (14.0 - 5.0 * state.crouch) * size
    neck = hip - (13.0 - 3.0 * state.crouch) * size
    x, spread = state.x, (2.2 + 3.2 * abs(state.stride)) * size
    shirt = COLOURS[scene.shirt_colour]
    for sign in (-1, 1):
        raised = 2.5 * max(0.0, sign * state.stride)
        canvas.line((x + sign * 1.8 * size, hip), (x + sign * spread, foot - 1 - raised), look.trousers, 4)
        canvas.line(
            (x + sign * spread - 1, foot - raised), (x + sign * spread + 1, foot - raised), (30, 26, 24), 3
        )
    for sign, degrees in ((-1, state.left_arm), (1, state.right_arm)):
        _draw_arm(canvas, (x + sign * 4.6 * size, neck + 2.2 * size), sign, degrees, size, shirt, look.skin)
    canvas.box(x - 4.8 * size, neck, x + 4.8 * size, hip + 1, shirt)
    canvas.box(x - 1.4 * size, neck - 2.5 * size, x + 1.4 * size, neck + 0.5, shaded(look.skin, 0.85))
    canvas.disc((x, neck - 5.4 * size), 4.3 * size, look.hair)
    canvas.disc((x, neck - 4.6 * size), 3.7 * size, look.skin)


def _draw_arm(
    canvas: Canvas,
    shoulder: tuple[float, float],
    sign: int,
    degrees: float,
    size: float,
    shirt: Colour,
    skin: Colour,
) -> None:
    angle = np.deg2rad(degrees)
    across, down = float(sign * np.sin(angle)), float(np.cos(angle))
    elbow = (shoulder[0] + 5.5 * size * across, shoulder[1] + 5.5 * size * down)
    hand = (shoulder[0] + 11.5 * size * across, shoulder[1] + 11.5 * size * down)
    canvas.line(elbow, hand, skin, 3)
    canvas.line(shoulder, elbow, shaded(shirt, 0.85), 4)


def render_clip(scene: Scene) -> np.ndarray:
    """Return all frames of the clip played forwards: uint8 RGB (num_frames, 96, 96, 3)."""
    look = make_look(scene)
    return np.stack([draw_frame(scene, look, frame) for frame in range(scene.num_frames)])
