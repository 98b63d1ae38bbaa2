"""Whether a clip is like those a model was trained on: a strangeness, and what share of clips has as much."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from videoqa._checks import Refusal
from videoqa.trust.shrinkage import shrunk_covariance

MOST_DIRECTIONS, MOST_CLIPS, MOST_KEPT, MOST_CLASSES = 128, 2048, 512, 256
"""Limits of what is fitted and kept, so that the file stays below 1 MB with 2,048 features."""
NUM_NEAREST = 3
FEWEST_FOLDS, CLIPS_FITTED = 5, 8000
"""Few clips are held out group by group: the more are left to compare with, the less strange they look."""
WEIGHTS = np.array([1.0, 2.0, 1.0, 1.0, 1.0])
"""Of the terms: the distance tells foreign film apart best. Equal weights tell classes apart as well, see
`benchmarks/unfamiliar.py`."""
_SMALLEST, _NO_CHANGE, _SMALLEST_SPREAD, _NO_DIFFERENCE = 1e-9, 1e-4, 1e-6, 1e-4
_SHAPES: dict[str, tuple[str | int, ...]] = {
    "center": ("dim",), "basis": ("directions", "dim"), "whitening": ("directions", "directions"),
    "rest": (), "means": ("classes", "directions"), "kept": ("kept", "directions"), "kept_lengths": ("kept",),
    "amounts": (2, 2), "scales": (2, 5), "held_out": ("held_out",), "num_clips": (),
}  # fmt: skip
"""Of the arrays that are kept; equal names are equal lengths."""


@dataclass(frozen=True)
class ClipVectors:
    """What is compared of clips.

    Attributes:
        vectors: float64 `(num_clips, dim)`, of length 1 each.
        amounts: float64 `(num_clips, 2)`, logarithms: of the length that the vector had, and of how much the
            features change over time; NaN where there is no time to change in.
    """

    vectors: np.ndarray
    amounts: np.ndarray

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, rows: Any) -> "ClipVectors":
        return ClipVectors(self.vectors[rows], self.amounts[rows])


def vectors_of_features(clips: Sequence[np.ndarray]) -> ClipVectors:
    """Return the mean of each clip's features `(num_frames, dim)` and how much they vary over its frames."""
    means, changes = [], []
    for clip in clips:
        features = np.asarray(clip, np.float64)
        mean = features.mean(axis=0)
        means.append(mean)
        changes.append(features.std(axis=0).mean() / (np.abs(mean).mean() + _SMALLEST))
    return _clip_vectors(np.array(means), np.array(changes))


def vectors_of_hidden(hidden: np.ndarray) -> ClipVectors:
    """Return the outputs of a model's last hidden layer `(num_rows, dim)`, without a time to vary in."""
    return _clip_vectors(np.asarray(hidden, np.float64), np.full(len(hidden), np.nan))


def _clip_vectors(means: np.ndarray, changes: np.ndarray) -> ClipVectors:
    lengths = np.linalg.norm(means, axis=1)
    amounts = np.log(np.column_stack([lengths + _SMALLEST, changes + _NO_CHANGE]))
    return ClipVectors(means / np.maximum(lengths, _SMALLEST)[:, None], amounts)


@dataclass(frozen=True, eq=False)
class _Space:
    """Where clips are compared: the directions in which training clips differ, and their spread.

    Attributes:
        center: `(dim,)`, the mean of the training clips.
        basis: `(num_directions, dim)`, orthonormal.
        whitening: `(num_directions, num_directions)`; gives coordinates a spread of 1 within a class.
        rest: spread of one direction outside `basis`.
        means: `(num_classes, num_directions)`.
        kept: `(num_kept, num_directions)`, training clips.
        kept_lengths: `(num_kept,)`, their distance from the centre.
        amounts: `(2, 2)`, the median of each amount over the training clips, and its spread; NaN without any.
    """

    center: np.ndarray
    basis: np.ndarray
    whitening: np.ndarray
    rest: np.ndarray
    means: np.ndarray
    kept: np.ndarray
    kept_lengths: np.ndarray
    amounts: np.ndarray

    def terms(self, clips: ClipVectors) -> np.ndarray:
        """Return five measures of strangeness, `(num_clips, 5)`; those that do not apply are 0.

        They are: the angle to the nearest training clips; the distance to the nearest class; how little
        nearer that is than the centre of all classes; how unusual the length of the vector is; and how
        unusual the change over time.
        """
        moved = clips.vectors - self.center
        places = _products(moved, self.basis)
        squares = (moved**2).sum(axis=1)
        lengths = np.sqrt(squares)[:, None] * self.kept_lengths
        angles = 1 - _products(places, self.kept) / np.maximum(lengths, _SMALLEST)
        number = min(NUM_NEAREST, angles.shape[1])
        nearest = np.partition(angles, number - 1, axis=1)[:, :number].mean(axis=1)
        white, means = (_products(each, self.whitening) for each in (places, self.means))
        outside = np.maximum(squares - (places**2).sum(axis=1), 0) / self.rest**2
        to_means = ((white[:, None] - means) ** 2).sum(axis=2).min(axis=1)
        between = to_means - (white**2).sum(axis=1) if len(means) > 1 else np.zeros(len(clips))
        unusual = np.abs(clips.amounts - self.amounts[0]) / self.amounts[1]
        unusual = np.where(np.isnan(unusual), 0, unusual)
        return np.column_stack([nearest, np.sqrt(to_means + outside), between, unusual])


def _products(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return `rows @ others.T`, in one thread: those of BLAS go on spinning for a while after so small a job.

    Beside a network that takes all cores, as while a film is watched, that costs as much again as it.
    """
    return np.einsum("ij,kj->ik", rows, others)


@dataclass(frozen=True, eq=False)
class ClipFamiliarity:
    """Compares clips with those a model was trained on; `fit_clip_familiarity` makes one.

    Attributes:
        space: where they are compared.
        scales: `(2, 5)`, median and spread of each term over training clips that were held out.
        held_out: strangeness of clips that were held out, increasing.
        num_clips: clips that the model was trained on.
    """

    space: _Space
    scales: np.ndarray
    held_out: np.ndarray
    num_clips: int

    def strangeness(self, clips: ClipVectors) -> np.ndarray:
        """Return the weighted sum of the terms, each in units of its spread, `(num_clips,)`.

        Raises:
            ValueError: vectors of another length than those it was fitted to.
        """
        if clips.vectors.shape[1:] != self.space.center.shape:
            raise Refusal(
                f"familiarity.npz compares vectors of {len(self.space.center)} numbers; this model gives "
                f"{clips.vectors.shape[-1]}. Use the folder as it was written, or train again."
            )
        return _strangeness(self.space.terms(clips), self.scales)

    def familiarity(self, clips: ClipVectors) -> np.ndarray:
        """Return the share of held-out clips that look at least as strange as each clip, in [0, 1].

        Of new clips like the training clips at most a share p has a familiarity below p, plus one in
        `num_held_out` + 1 that is stranger than all of them: a conformal p-value.

        Source: Vovk, Gammerman and Shafer 2005, "Algorithmic learning in a random world", section 2.2.
        """
        scores = self.strangeness(clips)
        below = np.searchsorted(self.held_out, scores - _NO_DIFFERENCE, side="left")
        return (len(self.held_out) - below) / len(self.held_out)

    @property
    def num_held_out(self) -> int:
        """Clips that new ones are compared with."""
        return len(self.held_out)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all that makes it up, as arrays to keep."""
        kept = {name: np.asarray(value, np.float32) for name, value in vars(self.space).items()}
        kept["basis"] = self.space.basis.astype(np.float16)
        kept |= {"center": self.space.center, "amounts": self.space.amounts}  # what is equal stays so
        scores = {"scales": self.scales.astype(np.float64), "held_out": self.held_out.astype(np.float64)}
        return kept | scores | {"num_clips": np.array(self.num_clips)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "ClipFamiliarity":
        """Return what `arrays` gave.

        Raises:
            KeyError: a missing one.
            ValueError: one of another shape or kind than the others ask for, naming it.
        """
        names = (*_Space.__dataclass_fields__, "scales", "held_out", "num_clips")
        found = {name: np.asarray(arrays[name], np.float64) for name in names}
        _check_arrays(found)
        scales, held_out, num_clips = (found.pop(name) for name in names[-3:])
        return cls(_Space(**found), scales, held_out, int(num_clips))


def _check_arrays(arrays: Mapping[str, np.ndarray]) -> None:
    """Refuse arrays that do not fit together; see `_Space` and `ClipFamiliarity` for their shapes."""
    sizes = {"dim": len(np.atleast_1d(arrays["center"])), "directions": len(np.atleast_1d(arrays["basis"]))}
    sizes |= {"classes": len(np.atleast_1d(arrays["means"])), "kept": len(np.atleast_1d(arrays["kept"]))}
    sizes["held_out"] = arrays["held_out"].size
    for name, axes in _SHAPES.items():
        shape = tuple(sizes[axis] if isinstance(axis, str) else axis for axis in axes)
        if arrays[name].shape != shape or 0 in shape:
            raise Refusal(name, f"have the shape {shape}, without a 0", arrays[name].shape)
        if name != "amounts" and not np.isfinite(arrays[name]).all():
            raise Refusal(f"{name} holds numbers that are not finite.")
    if (np.diff(arrays["held_out"]) < 0).any():
        raise Refusal("held_out does not increase.")
    if not (arrays["scales"][1] > 0).all() or np.isinf(arrays["amounts"]).any():
        raise Refusal("scales or amounts hold a spread that cannot be divided by.")
    if arrays["num_clips"] < 1 or arrays["num_clips"] % 1:
        raise Refusal("num_clips", "be a number of clips", float(arrays["num_clips"]))


def fit_clip_familiarity(
    training: ClipVectors,
    validation: ClipVectors,
    *,
    groups: Sequence[Any],
    classes: Sequence[Any] | None = None,
    hold_out: bool = True,
    num_clips: int | None = None,
    seed: int = 0,
) -> ClipFamiliarity | None:
    """Return a measure of familiarity; None if too few clips could be held out to compare with.

    Args:
        training: clips that the model learned from; `MOST_CLIPS` are enough.
        validation: clips that it did not learn from; they are compared as they are.
        groups: of each training clip; clips of one group are held out together.
        classes: of each training clip; None: there are none.
        hold_out: compare training clips too, each with those of other groups. Only for features that the
            training did not make: others know their training clips.
        num_clips: how many clips the model learned from; None: as many as `training` holds.
        seed: of the folds, and of the choice of what is kept.
    """
    rng = np.random.default_rng(seed)
    labels = np.zeros(len(training), np.int64) if classes is None else _numbered(classes)
    numbers = _numbered(groups)
    if len(training) < 2:
        return None
    space = _fit_space(training, labels, rng)
    held_out = list(_held_out_terms(training, labels, numbers, rng)) if hold_out else []
    if not held_out and not len(validation):
        return None
    own = np.concatenate(held_out) if held_out else space.terms(validation)
    scales = np.stack([np.median(own, axis=0), own.std(axis=0)])
    scales[1] = np.maximum(scales[1], 1e-6 * (1 + np.abs(scales[0])))
    fitted = ClipFamiliarity(space, scales, np.zeros(1), len(training) if num_clips is None else num_clips)
    fitted = ClipFamiliarity.from_arrays(fitted.arrays())  # with the precision that is kept
    scores = [_strangeness(own, scales)] if held_out else []
    scores += [fitted.strangeness(validation)] if len(validation) else []
    return ClipFamiliarity(fitted.space, scales, np.sort(np.concatenate(scores)), fitted.num_clips)


def _held_out_terms(
    training: ClipVectors, labels: np.ndarray, groups: np.ndarray, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yield the terms of training clips, compared with the clips of other groups."""
    names = np.unique(groups)
    num_folds = min(max(FEWEST_FOLDS, CLIPS_FITTED // len(training)), len(names))
    folds = rng.permutation(len(names)) % num_folds
    for fold in range(num_folds if len(names) > 1 else 0):
        out = np.isin(groups, names[folds == fold])
        if out.any() and (~out).sum() >= 2:
            yield _fit_space(training[~out], labels[~out], rng).terms(training[out])


def _fit_space(clips: ClipVectors, labels: np.ndarray, rng: np.random.Generator) -> _Space:
    center = clips.vectors.mean(axis=0)
    moved = clips.vectors - center
    basis = _main_directions(moved)
    places = moved @ basis.T
    names, counts = np.unique(labels, return_counts=True)
    names = names[np.argsort(-counts, kind="stable")[:MOST_CLASSES]]
    means = np.stack([places[labels == name].mean(axis=0) for name in names])
    within = moved.copy()
    for name in np.unique(labels):
        within[labels == name] -= moved[labels == name].mean(axis=0)
    covariance, rest = shrunk_covariance(within, basis)
    values, turned = np.linalg.eigh(covariance)
    floor = max(1e-9 * values.max(initial=0), _SMALLEST_SPREAD**2)
    whitening = (turned / np.sqrt(np.maximum(values, floor))) @ turned.T
    kept = rng.permutation(len(clips))[:MOST_KEPT]
    amounts = np.stack([np.median(clips.amounts, axis=0), np.maximum(clips.amounts.std(axis=0), 1e-3)])
    return _Space(
        center, basis, whitening, np.sqrt(max(rest, floor)), means, places[kept],
        np.sqrt((moved[kept] ** 2).sum(axis=1)), amounts,
    )  # fmt: skip


def _main_directions(moved: np.ndarray) -> np.ndarray:
    """Return the directions in which vectors of mean 0 differ most, orthonormal `(num_directions, dim)`."""
    num = min(MOST_DIRECTIONS, len(moved) - 1, moved.shape[1])
    if moved.shape[0] < moved.shape[1]:
        _, vectors = np.linalg.eigh(moved @ moved.T)
        return np.linalg.qr(moved.T @ vectors[:, -num:])[0].T
    _, vectors = np.linalg.eigh(moved.T @ moved)
    return vectors[:, -num:].T


def _strangeness(terms: np.ndarray, scales: np.ndarray) -> np.ndarray:
    return ((terms - scales[0]) / scales[1]) @ WEIGHTS


def _numbered(names: Sequence[Any]) -> np.ndarray:
    """Return a number for each name, equal for equal names."""
    return np.unique(np.asarray(list(map(str, names))), return_inverse=True)[1]
