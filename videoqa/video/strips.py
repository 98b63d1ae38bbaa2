"""Draws many videos in one picture: a few frames of each side by side, with lines of text below."""

import base64
import math
from collections.abc import Sequence

import numpy as np

from videoqa.video._opencv import cv2

TILE_HEIGHT, TILE_WIDTH = 120, 160
TILES = 3
MARGIN = 8
LINE_HEIGHT = 16
COLUMNS = 2
_FONT, _FONT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.4
_INK, _EMPTY = (40, 40, 40), 205


def strips(videos: Sequence[tuple[Sequence[str], Sequence[str]]], title: str) -> np.ndarray:
    """Return one picture with a strip of up to three frames for each video, in reading order.

    Args:
        videos: for each, its frames as JPEG in base64 (missing ones become grey tiles), and the lines to
            write below, which are cut to the width of the strip.
        title: line at the top.

    Returns:
        uint8 RGB `(height, width, 3)` on white.
    """
    num_lines = max(len(lines) for _, lines in videos)
    cell_height = TILE_HEIGHT + num_lines * LINE_HEIGHT + 2 * MARGIN
    cell_width = TILES * (TILE_WIDTH + 2) + 2 * MARGIN
    top = LINE_HEIGHT + 2 * MARGIN
    columns = min(COLUMNS, len(videos))
    shape = (top + math.ceil(len(videos) / columns) * cell_height, columns * cell_width, 3)
    sheet = np.full(shape, 255, dtype=np.uint8)
    _write(sheet, title, MARGIN, MARGIN + LINE_HEIGHT - 4, shape[1] - 2 * MARGIN)
    for number, (frames, lines) in enumerate(videos):
        row, column = divmod(number, columns)
        y, x = top + row * cell_height, column * cell_width + MARGIN
        for place in range(TILES):
            left = x + place * (TILE_WIDTH + 2)
            tile = _tile(frames[place]) if place < len(frames) else _no_tile()
            sheet[y : y + TILE_HEIGHT, left : left + TILE_WIDTH] = tile
        for place, line in enumerate(lines):
            _write(sheet, line, x, y + TILE_HEIGHT + (place + 1) * LINE_HEIGHT - 3, cell_width - 2 * MARGIN)
    return sheet


def _tile(frame: str) -> np.ndarray:
    """Return a frame in the middle of a tile, aspect kept."""
    tile = _no_tile(240)
    data = np.frombuffer(base64.b64decode(frame), np.uint8)
    image = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    scale = min(TILE_HEIGHT / image.shape[0], TILE_WIDTH / image.shape[1])
    height, width = (max(1, round(pixels * scale)) for pixels in image.shape[:2])
    y, x = (TILE_HEIGHT - height) // 2, (TILE_WIDTH - width) // 2
    tile[y : y + height, x : x + width] = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return tile


def _no_tile(grey: int = _EMPTY) -> np.ndarray:
    return np.full((TILE_HEIGHT, TILE_WIDTH, 3), grey, dtype=np.uint8)


def _write(sheet: np.ndarray, text: str, x: int, y: int, width: int) -> None:
    """Write a line, cut at the right where it is too long."""
    cut = text = text.encode("utf-8", "replace").decode()
    while _width(cut) > width and len(text) > 4:
        text = text[:-1]
        cut = f"{text}..."
    cv2.putText(sheet, cut, (x, y), _FONT, _FONT_SCALE, _INK, 1, cv2.LINE_AA)


def _width(text: str) -> int:
    return cv2.getTextSize(text, _FONT, _FONT_SCALE, 1)[0][0]
