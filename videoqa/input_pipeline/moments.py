"""Mean and standard deviation of each feature over clips."""

from collections.abc import Iterable

import numpy as np


def feature_moments(clips: Iterable[np.ndarray], num_changing: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the deviation of each feature over all frames of some clips.

    Args:
        clips: float `(num_frames, dim)` each.
        num_changing: of the first so many features also what they differ from the frame before by, 0 at the
            first frame, as behind the others.

    Returns:
        Two of float64 `(dim + num_changing,)`.
    """
    count, total, squares = 0, np.zeros(()), np.zeros(())
    for clip in clips:
        frames = np.asarray(clip, np.float64)
        if num_changing:
            changing = frames[:, :num_changing]
            frames = np.concatenate([frames, np.diff(changing, axis=0, prepend=changing[:1])], axis=1)
        count += len(frames)
        total, squares = total + frames.sum(0), squares + np.square(frames).sum(0)
    mean = np.asarray(total / count)
    return mean, np.sqrt(np.maximum(squares / count - mean**2, 0))
