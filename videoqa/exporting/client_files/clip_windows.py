"""Reads the frames that a model sees of a video, as `preprocessing.json` says; needs numpy and OpenCV."""

import math

import cv2
import numpy as np


def windows_of_clip(video: str, rules: dict) -> dict[str, np.ndarray]:
    """Return the windows of a clip by the names of the model's inputs, each `(num_windows, num_frames, ...)`.

    Args:
        video: a video file; of a model that starts from features a .npy file, `(len(grid), feature_dim)`.
        rules: the content of `preprocessing.json`.
    """
    sampling = rules["sampling"]
    if sampling is None:
        return {}
    if rules["starts_from"] == "features":
        grid = np.load(video).astype(np.float32)
    else:
        grid = read_grid(video, sampling, rules["frames"]["height"], rules["frames"]["width"])
    num_frames, num_windows = sampling["num_frames"], sampling["num_windows"]
    if sampling["short_clips"] == "skip" and len(grid) < num_frames:
        raise SystemExit(f"The clip must have at least {num_frames} frames in its grid, not {len(grid)}.")
    last = max(len(grid) - num_frames, 0)
    starts = [last // 2] if num_windows == 1 else np.unique(np.rint(np.linspace(0, last, num_windows)))
    places = np.asarray(starts, int)[:, None] + np.arange(num_frames)
    mask = places < len(grid)
    windows = grid[places % len(grid)]
    if sampling["short_clips"] != "loop":
        windows[~mask] = 0
    inputs = {"features" if rules["starts_from"] == "features" else "clip": windows}
    return inputs | ({"mask": mask} if "mask" in rules["inputs"] else {})


def average_of_windows(outputs: dict[str, np.ndarray], rules: dict) -> np.ndarray:
    """Return the calibrated probabilities of a clip, `(num_answers,)`, from those of its windows."""
    if "uncalibrated" not in outputs:
        return outputs["answer"].mean(axis=0)
    logs = np.log(np.maximum(outputs["uncalibrated"].mean(axis=0), 1e-12)) / rules["temperature"]
    scaled = np.exp(logs - logs.max())
    return scaled / scaled.sum()


def read_grid(video: str, sampling: dict, height: int, width: int) -> np.ndarray:
    """Return the frame grid of a video, uint8 RGB `(len(grid), height, width, 3)`."""
    times = list(_frames(video, read=False))
    if not times:
        raise SystemExit(f"{video} has no frame that OpenCV can read.")
    wanted = grid_of(np.array(times), sampling)
    needed, kept = set(wanted.tolist()), {}
    for place, frame in enumerate(_frames(video, read=True, needed=needed)):
        if place in needed:
            kept[place] = resize_and_crop(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), height, width)
    return np.stack([kept[place] for place in wanted.tolist()])


def _frames(video: str, *, read: bool, needed: set[int] = frozenset()):  # type: ignore[no-untyped-def, assignment]
    """Yield the time of each frame in seconds, or with `read` the needed frames, BGR, and None for others."""
    capture = cv2.VideoCapture(video, cv2.CAP_FFMPEG)
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    place = 0
    while capture.grab():
        if read:
            yield capture.retrieve()[1] if place in needed else None
        else:
            yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        place += 1
    capture.release()


def grid_of(times: np.ndarray, sampling: dict) -> np.ndarray:
    """Return which frames are in the grid, for a constant frame rate: int64 `(len(grid),)`.

    Args:
        times: of all frames, in seconds, increasing.
        sampling: the part of `preprocessing.json`.
    """
    count, most, step = len(times), sampling["max_grid_frames"], sampling["frame_step"]
    if step is not None:
        kept = min((count - 1) // step + 1, most)
        grid = (count - 1 - (kept - 1) * step) // 2 + step * np.arange(kept)
    elif sampling["frames_per_second"] is not None:
        grid = _on_show(times, sampling["frames_per_second"])
        first = max(len(grid) - most, 0) // 2
        grid = grid[first : first + most]
    else:
        return regular(count, sampling["num_frames"])
    if len(grid) < sampling["num_frames"] and sampling["short_clips"] == "repeat":
        return grid[regular(len(grid), sampling["num_frames"])]
    return grid


def regular(count: int, wanted: int) -> np.ndarray:
    """Return `wanted` regular places of `count`, the second half mirroring the first."""
    if wanted == 1:
        return np.array([np.rint((count - 1) / 2)], int)
    first_half = np.rint(np.arange((wanted + 1) // 2) * (count - 1) / (wanted - 1)).astype(int)
    return np.concatenate([first_half, count - 1 - first_half[: wanted // 2][::-1]])


def _on_show(times: np.ndarray, fps: float) -> np.ndarray:
    """Return the frame on show at 0, 1 / fps, 2 / fps, ... seconds after the first."""
    times = times - times[0]
    duration = times[-1] + (times[-1] / (len(times) - 1) if len(times) > 1 else 1 / fps)
    is_rounded = np.abs(1000 * times - np.rint(1000 * times)).max() < 1e-3
    tolerance = 5e-4 + 1e-6 if is_rounded and duration > 4 * (5e-4 + 1e-6) else 1e-6
    count = max(1, math.ceil((duration - tolerance) * fps))
    return np.searchsorted(times, np.arange(count) / fps + tolerance, side="right") - 1


def resize_and_crop(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a frame with its short side resized to that of `height` x `width`, its middle cut out."""
    scale = min(height, width) / min(frame.shape[:2])
    longest = math.ceil(2 * max(height, width) / scale)  # the ends of very long frames are never seen
    frame = _middle(frame, longest, longest)
    size = [max(1, round(side * scale)) for side in frame.shape[:2]]
    if tuple(size) != frame.shape[:2]:
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        frame = cv2.resize(frame, (size[1], size[0]), interpolation=how)
    frame = _middle(frame, height, width)
    padded = np.zeros((height, width, 3), np.uint8)
    top, left = (height - frame.shape[0]) // 2, (width - frame.shape[1]) // 2
    padded[top : top + frame.shape[0], left : left + frame.shape[1]] = frame
    return padded


def _middle(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    top, left = max(frame.shape[0] - height, 0) // 2, max(frame.shape[1] - width, 0) // 2
    return frame[top : top + height, left : left + width]
