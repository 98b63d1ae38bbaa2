"""Mean and standard deviation of each feature over the clips of some examples."""

import numpy as np

from videoqa.input_pipeline.examples import Examples


def feature_moments(examples: Examples, num_changing: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the deviation of each feature over all frames of the clips shown, each clip once.

    Args:
        examples: rows with features.
        num_changing: of the first so many features also what they differ from the frame before by, 0 at the
            first frame, as behind the others.

    Returns:
        Two of float64 `(dim + num_changing,)`.
    """
    assert examples.clips is not None
    count, total, squares = 0, np.zeros(()), np.zeros(())
    for index in np.unique(examples.clip_index[examples.clip_index >= 0]):
        frames = np.asarray(examples.clips[index], np.float64)
        if num_changing:
            changing = frames[:, :num_changing]
            frames = np.concatenate([frames, np.diff(changing, axis=0, prepend=changing[:1])], axis=1)
        count += len(frames)
        total, squares = total + frames.sum(0), squares + np.square(frames).sum(0)
    mean = total / count
    return mean, np.sqrt(np.maximum(squares / count - mean**2, 0))
