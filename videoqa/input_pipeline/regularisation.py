"""Changes of training windows against learning them by heart: mixed, with frames lost, with noise."""

from dataclasses import dataclass, replace

import numpy as np

from videoqa.config import TrainingConfig
from videoqa.input_pipeline.balance import question_numbers
from videoqa.input_pipeline.examples import Examples
from videoqa.input_pipeline.moments import feature_moments
from videoqa.input_pipeline.windows import Windows

STREAM = 1
"""After (seed, epoch, row): draws of their own, so that windows stay as they are without regularisation."""


@dataclass(frozen=True)
class Regularisation:
    """How the windows of some examples are changed, each drawn anew from (seed, epoch, row).

    First a window is mixed, then frames are lost, then noise is added.

    Attributes:
        mixup: parameter of the beta distribution that the shares of mixed windows are drawn from; 0: none.
        frame_dropping: share of the frames that are lost.
        noise: float32 `(feature_dim,)`, standard deviation of what is added to each feature; None: nothing.
        partners: of the examples, for `mixup`; None: nothing is mixed.
    """

    mixup: float = 0.0
    frame_dropping: float = 0.0
    noise: np.ndarray | None = None
    partners: "Partners | None" = None

    def change(
        self,
        examples: Examples,
        inputs: dict[str, np.ndarray],
        rows: np.ndarray,
        windows: Windows,
        seed: int,
        epoch: int,
    ) -> None:
        """Change the windows in the inputs of the examples at `rows`, `(k,)`, in an epoch.

        Args:
            examples: all rows of the training.
            inputs: theirs, see `Examples.model_inputs`; changed in place.
            rows: which examples.
            windows: what `inputs` show.
            seed, epoch: as in `training_batches`.
        """
        shown = inputs[examples.clip_input]
        mask = inputs.get("mask")
        lengths = [shown.shape[1]] * len(rows) if mask is None else mask.sum(axis=1).tolist()
        draws = [np.random.default_rng([seed, epoch, int(row), STREAM]) for row in rows]
        if self.partners is not None:
            self._mix(shown, examples, rows, windows, draws, epoch_of=(seed, epoch))
        for window, length, rng in zip(shown, lengths, draws, strict=True):
            if self.frame_dropping:
                window[:length] = window[kept_frames(rng.random(length) < self.frame_dropping)]
            if self.noise is not None:
                window[:length] += rng.standard_normal((length, len(self.noise)), np.float32) * self.noise

    def _mix(
        self,
        shown: np.ndarray,
        examples: Examples,
        rows: np.ndarray,
        windows: Windows,
        draws: list[np.random.Generator],
        epoch_of: tuple[int, int],
    ) -> None:
        """Mix into each window the one that a partner shows in this epoch, mirrored if the window is."""
        assert self.partners is not None
        shares = [rng.beta(self.mixup, self.mixup) for rng in draws]
        chosen = [self.partners.draw(int(row), rng) for row, rng in zip(rows, draws, strict=True)]
        places = np.array([place for place, partner in enumerate(chosen) if partner is not None], np.int64)
        if not len(places):
            return
        others = np.array([partner for partner in chosen if partner is not None], np.int64)
        flipped = None if windows.flipped is None else windows.flipped[places]
        theirs = replace(examples.random_windows(others, *epoch_of), flipped=flipped)
        mixed_in = examples.model_inputs(others, theirs)[examples.clip_input]
        for place, other in zip(places, mixed_in, strict=True):
            share = np.float32(max(shares[place], 1 - shares[place]))
            shown[place] = share * shown[place] + (1 - share) * other


class Partners:
    """Which examples have the same answer to the same question, and in a mirror too.

    Args:
        examples: those shown backwards among them, with the answers that are right then; an answer outside
            the list has no partners.
    """

    def __init__(self, examples: Examples) -> None:
        answers = examples.answer_ids.astype(np.int64)
        mirrored = answers if examples.mirrored_ids is None else examples.mirrored_ids.astype(np.int64)
        pairs = np.stack([question_numbers(examples.token_ids, len(answers)), answers, mirrored], axis=1)
        groups = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
        self._rows = np.argsort(groups, kind="stable")
        begins = np.searchsorted(groups[self._rows], groups)
        self._begins, self._sizes = begins, np.where(answers >= 0, np.bincount(groups)[groups], 1)
        self._places = np.empty(len(groups), np.int64)
        self._places[self._rows] = np.arange(len(groups))
        self._places -= begins

    def draw(self, row: int, rng: np.random.Generator) -> int | None:
        """Return another row, each of `row`'s partners as often; None where it has none."""
        if self._sizes[row] < 2:
            return None
        number = int(rng.integers(self._sizes[row] - 1))
        return int(self._rows[self._begins[row] + number + (number >= self._places[row])])


def regularised(examples: Examples, training: TrainingConfig) -> Examples:
    """Return training rows whose windows are changed as the options say; noise is for features only."""
    from_features = examples.clips is not None and examples.clip_input == "features"
    noise = training.feature_noise if from_features else 0.0
    mixup = training.mixup if from_features else 0.0
    if examples.clips is None or not (noise or mixup or training.frame_dropping):
        return examples
    regularisation = Regularisation(
        mixup=mixup,
        frame_dropping=training.frame_dropping,
        noise=np.float32(noise) * feature_deviations(examples) if noise else None,
        partners=Partners(examples) if mixup else None,
    )
    return replace(examples, regularisation=regularisation)


def feature_deviations(examples: Examples) -> np.ndarray:
    """Return the standard deviation of each feature over all frames of the clips shown: float32 `(dim,)`."""
    return feature_moments(examples.clips_shown())[1].astype(np.float32)


def kept_frames(lost: np.ndarray) -> np.ndarray:
    """Return, for each frame, the frame that is shown: the one before where it is lost, int64 `(n,)`.

    For lost frames at the beginning it is the first that is kept; if all are lost, the middle one is kept.

    Args:
        lost: bool `(n,)`.
    """
    kept = np.flatnonzero(~lost)
    if not len(kept):
        kept = np.array([len(lost) // 2])
    return kept[np.maximum(np.searchsorted(kept, np.arange(len(lost)), side="right") - 1, 0)]
