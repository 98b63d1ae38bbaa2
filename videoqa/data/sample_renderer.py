"""Draws the loading bay frame by frame (the one file of this room with cv2)."""

import functools
from dataclasses import dataclass

import cv2
import numpy as np

from videoqa.data.sample_scene import (
    BOOT_X,
    CHAIN_X,
    COLOURS,
    DOOR_X,
    FLOOR_Y,
    FRAME_SIZE,
    SHUTTER_X,
    Scene,
    State,
    state_at,
)

MARGIN = 4
SHIFT = 4
"""Positions are passed to cv2 in 1/16 pixel, so that slow movement is smooth."""
JPEG_QUALITY = 80
WALLS = ((196, 182, 160), (172, 180, 188), (190, 168, 150), (178, 188, 172), (206, 200, 190))
FLOORS = ((120, 118, 114), (140, 132, 122), (104, 108, 112), (150, 146, 138))
CARS = ((70, 78, 92), (222, 222, 218), (120, 40, 44), (40, 70, 84), (150, 140, 120))
SKINS = ((240, 204, 172), (206, 156, 118), (140, 96, 66))
TROUSERS = ((44, 48, 66), (70, 62, 54), (92, 96, 104))
HAIR = ((40, 30, 24), (96, 66, 40), (190, 160, 100), (120, 120, 120))
DARK = (38, 38, 44)
Colour = tuple[int, int, int]


@dataclass
class Canvas:
    """A uint8 RGB image with a margin around the frame, and cv2 drawing in frame units."""

    image: np.ndarray

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Fill the rectangle with sub-pixel edges."""
        self.polygon(((left, top), (right, top), (right, bottom), (left, bottom)), colour)

    def polygon(self, points: object, colour: Colour) -> None:
        """Fill the convex polygon of `points`."""
        fixed = np.round((np.asarray(points, np.float64) + MARGIN) * (1 << SHIFT)).astype(np.int32)
        cv2.fillConvexPoly(self.image, fixed, colour, cv2.LINE_AA, SHIFT)

    def line(self, start: tuple[float, float], end: tuple[float, float], colour: Colour, width: int) -> None:
        """Draw a thick line with round ends."""
        cv2.line(self.image, _fixed(start), _fixed(end), colour, width, cv2.LINE_AA, SHIFT)

    def disc(self, center: tuple[float, float], radius: float, colour: Colour) -> None:
        """Fill a circle."""
        cv2.circle(self.image, _fixed(center), round(radius * (1 << SHIFT)), colour, -1, cv2.LINE_AA, SHIFT)


def _fixed(point: tuple[float, float]) -> tuple[int, int]:
    return round((point[0] + MARGIN) * (1 << SHIFT)), round((point[1] + MARGIN) * (1 << SHIFT))


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
    """Return the look of a scene, drawn from `scene.look`; its background holds all that never moves."""
    rng = np.random.default_rng(scene.look)
    side = FRAME_SIZE + 2 * MARGIN
    background = _draw_background(rng)
    strength = np.float32(rng.uniform(1.5, 4.0))
    return Look(
        background=background,
        skin=_pick(rng, SKINS),
        trousers=_pick(rng, TROUSERS),
        hair=_pick(rng, HAIR),
        height=float(rng.uniform(0.94, 1.08)),
        shakes=rng.integers(-2, 3, (scene.num_frames, 2)),
        lights=rng.uniform(0.85, 1.08) + rng.normal(0, 0.012, scene.num_frames),
        noise=(_noise(2 * side) * strength).astype(np.int16),
        noise_at=rng.integers(0, side, (scene.num_frames, 2)),
    )


@functools.cache
def _noise(side: int) -> np.ndarray:
    """Return one sheet of normal noise, float32 (side, side, 3); each frame adds a piece of it."""
    return np.random.default_rng(0).standard_normal((side, side, 3), np.float32)


def _pick(rng: np.random.Generator, choices: tuple[Colour, ...], spread: float = 8.0) -> Colour:
    """Return one of the colours, a little off."""
    shade = np.array(choices[rng.integers(len(choices))]) + rng.normal(0, spread, 3)
    red, green, blue = np.clip(shade, 0, 255).astype(int).tolist()
    return red, green, blue


def _shaded(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255, int(part * factor)) for part in colour)
    return red, green, blue


def _draw_background(rng: np.random.Generator) -> np.ndarray:
    side = FRAME_SIZE + 2 * MARGIN
    canvas = Canvas(np.empty((side, side, 3), np.uint8))
    wall, floor = _pick(rng, WALLS), _pick(rng, FLOORS)
    canvas.image[:] = wall
    if rng.random() < 0.6:
        for row in range(2, int(FLOOR_Y), 8):
            canvas.line((-MARGIN, row), (100, row), _shaded(wall, 0.93), 1)
    canvas.box(-MARGIN, FLOOR_Y, 100, 100, floor)
    canvas.line((-MARGIN, FLOOR_Y), (100, FLOOR_Y), _shaded(floor, 0.8), 1)
    if rng.random() < 0.5:
        canvas.line((-MARGIN, 92), (100, 92), (214, 196, 96), 2)
    _draw_opening(canvas, SHUTTER_X, 13.0, 22.0, wall)
    canvas.box(SHUTTER_X - 14, 17, SHUTTER_X + 14, 23, _shaded(wall, 0.6))
    _draw_opening(canvas, DOOR_X, 7.0, 32.0, wall)
    canvas.line((CHAIN_X, 20), (CHAIN_X, 56), (90, 90, 90), 1)
    _draw_distractors(canvas, rng, wall)
    _draw_car(canvas, _pick(rng, CARS))
    return canvas.image


def _draw_opening(canvas: Canvas, x: float, half: float, top: float, wall: Colour) -> None:
    """Draw the dark opening behind a door or shutter, with its frame."""
    canvas.box(x - half - 1.5, top - 1.5, x + half + 1.5, FLOOR_Y, _shaded(wall, 0.6))
    canvas.box(x - half, top, x + half, FLOOR_Y, DARK)


def _draw_distractors(canvas: Canvas, rng: np.random.Generator, wall: Colour) -> None:
    """Draw a window, a sign, a lamp, a bush, a barrel or a cone, never where the action is seen."""
    if rng.random() < 0.5:
        x, y = rng.uniform(4, 16), rng.uniform(8, 16)
        canvas.box(x - 1, y - 1, x + 15, y + 15, _shaded(wall, 1.15))
        canvas.box(x, y, x + 14, y + 14, _pick(rng, ((110, 140, 160), (70, 90, 110))))
        canvas.line((x + 7, y), (x + 7, y + 14), _shaded(wall, 1.15), 1)
    if rng.random() < 0.5:
        x, y = rng.uniform(30, 80), rng.uniform(3, 8)
        canvas.box(x, y, x + rng.uniform(8, 16), y + 6, _pick(rng, ((230, 230, 224), (60, 70, 80), (130, 100, 80))))
    if rng.random() < 0.4:
        canvas.disc((DOOR_X, 26), 2.0, (250, 240, 190))
    for _ in range(rng.integers(0, 3)):
        x, kind = rng.uniform(2, 94), rng.integers(3)
        if kind == 0:
            canvas.polygon(((x - 3, 97), (x + 3, 97), (x, 90)), (196, 110, 50))
        elif kind == 1:
            canvas.box(x - 4, 91, x + 4, 100, _pick(rng, ((92, 86, 78), (74, 82, 90))))
        else:
            canvas.disc((x, 96), 5.0, _pick(rng, ((84, 104, 70), (104, 116, 80))))


def _draw_car(canvas: Canvas, colour: Colour) -> None:
    """Draw a car from its side at the left edge, its boot open towards the bay."""
    glass, shadow = (150, 176, 190), _shaded(colour, 0.72)
    canvas.box(-MARGIN, 78, 36, 81, (70, 70, 72))
    canvas.polygon(((-MARGIN, 46), (14, 46), (22, 58), (-MARGIN, 58)), colour)
    canvas.polygon(((-MARGIN, 48), (12, 48), (18, 58), (-MARGIN, 58)), glass)
    canvas.polygon(((-MARGIN, 57), (24, 57), (38, 61), (38, 76), (-MARGIN, 76)), colour)
    canvas.polygon(((22, 59), (38, 61), (38, 74), (22, 74)), DARK)
    canvas.line((22, 58), (34, 43), shadow, 3)
    canvas.line((-MARGIN, 74), (38, 75), shadow, 2)
    canvas.disc((12, 77), 5.5, (30, 30, 32))
    canvas.disc((12, 77), 2.5, (150, 150, 150))


def draw_frame(scene: Scene, look: Look, frame: int) -> np.ndarray:
    """Return one frame of the clip played forwards: uint8 RGB (96, 96, 3)."""
    state = state_at(scene, frame)
    canvas = Canvas(look.background.copy())
    _draw_shutter(canvas, state.shutter)
    _draw_door(canvas, scene, look, state)
    box = COLOURS[scene.box_colour]
    if state.depth == 0:
        _draw_person(canvas, scene, look, state)
    _draw_box(canvas, state.box_x, state.box_y, box)
    if state.carrying > 0 and state.depth == 0:
        for sign in (-1, 1):
            canvas.disc((state.x + sign * 6.0, state.box_y - 4.0), 1.8, look.skin)
    return _finish(canvas.image, scene, look, frame)


def _finish(image: np.ndarray, scene: Scene, look: Look, frame: int) -> np.ndarray:
    """Crop with the frame's shake, mirror, and add its light and noise."""
    top, left = MARGIN + look.shakes[frame]
    cut = image[top : top + FRAME_SIZE, left : left + FRAME_SIZE]
    cut = cv2.flip(cut, 1) if scene.mirrored else cut
    lit = cv2.convertScaleAbs(cut, alpha=float(look.lights[frame]))
    row, column = look.noise_at[frame]
    return cv2.add(lit, look.noise[row : row + FRAME_SIZE, column : column + FRAME_SIZE], dtype=cv2.CV_8U)


def _draw_shutter(canvas: Canvas, opened: float) -> None:
    bottom = FLOOR_Y - 40.0 * opened
    canvas.box(SHUTTER_X - 13, 23, SHUTTER_X + 13, bottom, (208, 212, 214))
    for row in np.arange(bottom - 4, 23, -5):
        canvas.line((SHUTTER_X - 13, row), (SHUTTER_X + 13, row), (168, 172, 176), 1)
    canvas.line((SHUTTER_X - 13, bottom), (SHUTTER_X + 13, bottom), (90, 92, 96), 2)


def _draw_door(canvas: Canvas, scene: Scene, look: Look, state: State) -> None:
    """Draw whoever is inside the doorway, darker the deeper he is, then the door leaf over him."""
    left, right = MARGIN + int(DOOR_X) - 7, MARGIN + int(DOOR_X) + 7
    if 0 < state.depth < 1:
        inside = canvas.image.copy()
        _draw_person(Canvas(inside), scene, look, state)
        floor = MARGIN + int(FLOOR_Y)
        doorway = canvas.image[:floor, left:right]
        cv2.addWeighted(
            inside[:floor, left:right], 1 - 0.75 * state.depth, doorway, 0.75 * state.depth, 0, dst=doorway
        )
        if state.depth < 0.35:
            canvas.image[floor:] = inside[floor:]
    width = 14.0 * (1 - 0.85 * state.door)
    leaf = (134, 96, 62)
    canvas.box(DOOR_X + 7 - width, 32, DOOR_X + 7, FLOOR_Y, leaf)
    canvas.disc((DOOR_X + 8.5 - width, 49), 1.0, (230, 220, 160))


def _draw_box(canvas: Canvas, x: float, y: float, colour: Colour) -> None:
    """Draw a box whose bottom stands at (x, y)."""
    canvas.box(x - 5.5, y - 9, x + 5.5, y, colour)
    canvas.box(x - 5.5, y - 9, x + 5.5, y - 6.5, _shaded(colour, 0.78))
    canvas.line((x, y - 9), (x, y), _shaded(colour, 1.3), 1)


def _draw_person(canvas: Canvas, scene: Scene, look: Look, state: State) -> None:
    """Draw him from the front, the same whichever way he walks."""
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
        canvas.line((x + sign * spread - 1, foot - raised), (x + sign * spread + 1, foot - raised), (30, 26, 24), 3)
    for sign, degrees in ((-1, state.left_arm), (1, state.right_arm)):
        _draw_arm(canvas, (x + sign * 4.6 * size, neck + 2.2 * size), sign, degrees, size, shirt, look.skin)
    canvas.box(x - 4.8 * size, neck, x + 4.8 * size, hip + 1, shirt)
    canvas.box(x - 1.4 * size, neck - 2.5 * size, x + 1.4 * size, neck + 0.5, _shaded(look.skin, 0.85))
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
    canvas.line(shoulder, elbow, _shaded(shirt, 0.85), 4)


def render_clip(scene: Scene) -> np.ndarray:
    """Return all frames of the clip played forwards: uint8 RGB (num_frames, 96, 96, 3)."""
    look = make_look(scene)
    return np.stack([draw_frame(scene, look, frame) for frame in range(scene.num_frames)])


def encode_frames(frames: np.ndarray) -> list[bytes]:
    """Return each uint8 RGB frame of (num_frames, height, width, 3) as the bytes of a JPEG picture."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    return [cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), quality)[1].tobytes() for frame in frames]
