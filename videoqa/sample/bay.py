"""Draws the loading bay itself: wall, floor, car and distractors, shutter, door leaf and box."""

import numpy as np

from videoqa.sample.canvas import MARGIN, SIDE, Canvas, Colour, shaded
from videoqa.sample.scene import CHAIN_X, DOOR_X, FLOOR_Y, SHUTTER_X

WALLS = ((196, 182, 160), (172, 180, 188), (190, 168, 150), (178, 188, 172), (206, 200, 190))
FLOORS = ((120, 118, 114), (140, 132, 122), (104, 108, 112), (150, 146, 138))
CARS = ((70, 78, 92), (222, 222, 218), (120, 40, 44), (40, 70, 84), (150, 140, 120))
DARK = (38, 38, 44)


def draw_background(rng: np.random.Generator) -> np.ndarray:
    """Return everything that never moves, in random colours: a uint8 RGB canvas (104, 104, 3)."""
    canvas = Canvas(np.empty((SIDE, SIDE, 3), np.uint8))
    wall, floor = pick_colour(rng, WALLS), pick_colour(rng, FLOORS)
    canvas.image[:] = wall
    if rng.random() < 0.6:
        for row in range(2, int(FLOOR_Y), 8):
            canvas.line((-MARGIN, row), (100, row), shaded(wall, 0.93), 1)
    canvas.box(-MARGIN, FLOOR_Y, 100, 100, floor)
    canvas.line((-MARGIN, FLOOR_Y), (100, FLOOR_Y), shaded(floor, 0.8), 1)
    if rng.random() < 0.5:
        canvas.line((-MARGIN, 92), (100, 92), (214, 196, 96), 2)
    _draw_opening(canvas, SHUTTER_X, 13.0, 22.0, wall)
    canvas.box(SHUTTER_X - 14, 17, SHUTTER_X + 14, 23, shaded(wall, 0.6))
    _draw_opening(canvas, DOOR_X, 7.0, 32.0, wall)
    canvas.line((CHAIN_X, 20), (CHAIN_X, 56), (90, 90, 90), 1)
    _draw_distractors(canvas, rng, wall)
    _draw_car(canvas, pick_colour(rng, CARS))
    return canvas.image


def _draw_opening(canvas: Canvas, x: float, half: float, top: float, wall: Colour) -> None:
    """Draw the dark opening behind a door or shutter, with its frame."""
    canvas.box(x - half - 1.5, top - 1.5, x + half + 1.5, FLOOR_Y, shaded(wall, 0.6))
    canvas.box(x - half, top, x + half, FLOOR_Y, DARK)


def _draw_distractors(canvas: Canvas, rng: np.random.Generator, wall: Colour) -> None:
    """Draw a window, a sign, a lamp, a bush, a barrel or a cone, never in front of the action."""
    if rng.random() < 0.5:
        x, y = rng.uniform(4, 16), rng.uniform(8, 16)
        canvas.box(x - 1, y - 1, x + 15, y + 15, shaded(wall, 1.15))
        canvas.box(x, y, x + 14, y + 14, pick_colour(rng, ((110, 140, 160), (70, 90, 110))))
        canvas.line((x + 7, y), (x + 7, y + 14), shaded(wall, 1.15), 1)
    if rng.random() < 0.5:
        x, y = rng.uniform(30, 80), rng.uniform(3, 8)
        canvas.box(
            x,
            y,
            x + rng.uniform(8, 16),
            y + 6,
            pick_colour(rng, ((230, 230, 224), (60, 70, 80), (130, 100, 80))),
        )
    if rng.random() < 0.4:
        canvas.disc((DOOR_X, 26), 2.0, (250, 240, 190))
    for _ in range(rng.integers(0, 3)):
        x, kind = rng.uniform(2, 94), rng.integers(3)
        if kind == 0:
            canvas.polygon(((x - 3, 97), (x + 3, 97), (x, 90)), (196, 110, 50))
        elif kind == 1:
            canvas.box(x - 4, 91, x + 4, 100, pick_colour(rng, ((92, 86, 78), (74, 82, 90))))
        else:
            canvas.disc((x, 96), 5.0, pick_colour(rng, ((84, 104, 70), (104, 116, 80))))


def _draw_car(canvas: Canvas, colour: Colour) -> None:
    """Draw a car from its side at the left edge, its boot open towards the bay."""
    glass, shadow = (150, 176, 190), shaded(colour, 0.72)
    canvas.box(-MARGIN, 78, 36, 81, (70, 70, 72))
    canvas.polygon(((-MARGIN, 46), (14, 46), (22, 58), (-MARGIN, 58)), colour)
    canvas.polygon(((-MARGIN, 48), (12, 48), (18, 58), (-MARGIN, 58)), glass)
    canvas.polygon(((-MARGIN, 57), (24, 57), (38, 61), (38, 76), (-MARGIN, 76)), colour)
    canvas.polygon(((22, 59), (38, 61), (38, 74), (22, 74)), DARK)
    canvas.line((22, 58), (34, 43), shadow, 3)
    canvas.line((-MARGIN, 74), (38, 75), shadow, 2)
    canvas.disc((12, 77), 5.5, (30, 30, 32))
    canvas.disc((12, 77), 2.5, (150, 150, 150))


def draw_shutter(canvas: Canvas, opened: float) -> None:
    """Draw the shutter, `opened` in [0, 1]."""
    bottom = FLOOR_Y - 40.0 * opened
    canvas.box(SHUTTER_X - 13, 23, SHUTTER_X + 13, bottom, (208, 212, 214))
    for row in np.arange(bottom - 4, 23, -5):
        canvas.line((SHUTTER_X - 13, row), (SHUTTER_X + 13, row), (168, 172, 176), 1)
    canvas.line((SHUTTER_X - 13, bottom), (SHUTTER_X + 13, bottom), (90, 92, 96), 2)


def draw_leaf(canvas: Canvas, opened: float) -> None:
    """Draw the leaf of the door, hinged on the right, `opened` in [0, 1]."""
    width = 14.0 * (1 - 0.85 * opened)
    canvas.box(DOOR_X + 7 - width, 32, DOOR_X + 7, FLOOR_Y, (134, 96, 62))
    canvas.disc((DOOR_X + 8.5 - width, 49), 1.0, (230, 220, 160))


def draw_box(canvas: Canvas, x: float, y: float, colour: Colour) -> None:
    """Draw a box whose bottom stands at (x, y)."""
    canvas.box(x - 5.5, y - 9, x + 5.5, y, colour)
    canvas.box(x - 5.5, y - 9, x + 5.5, y - 6.5, shaded(colour, 0.78))
    canvas.line((x, y - 9), (x, y), shaded(colour, 1.3), 1)


def pick_colour(rng: np.random.Generator, choices: tuple[Colour, ...], spread: float = 8.0) -> Colour:
    """Return one of the colours, slightly varied."""
    shade = np.array(choices[rng.integers(len(choices))]) + rng.normal(0, spread, 3)
    red, green, blue = np.clip(shade, 0, 255).astype(int).tolist()
    return red, green, blue
