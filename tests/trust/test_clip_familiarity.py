"""Clips like those trained on are familiar as often as promised; other clips, and still ones, are not."""

import numpy as np
import pytest

from videoqa.trust.clip_familiarity import (
    ClipFamiliarity,
    ClipVectors,
    fit_clip_familiarity,
    vectors_of_features,
    vectors_of_hidden,
)
from videoqa.trust.shrinkage import shrunk_covariance

DIM, NUM_FRAMES = 40, 6
LEVEL = 0.05


def drawn(rng: np.random.Generator, num_clips: int, center: float = 1.0) -> list[np.ndarray]:
    """Return clips of features that share their spread and differ in their mean."""
    means = center + rng.normal(0, 0.2, (num_clips, 1, DIM))
    return list(means + rng.normal(0, 0.1, (num_clips, NUM_FRAMES, DIM)))


def fitted(rng: np.random.Generator, num_clips: int = 150, **options) -> ClipFamiliarity:
    training, validation = (vectors_of_features(drawn(rng, number)) for number in (num_clips, 50))
    found = fit_clip_familiarity(training, validation, groups=range(num_clips), **options)
    assert found is not None
    return found


def test_new_clips_of_the_kind_are_called_unfamiliar_no_more_often_than_promised() -> None:
    rng = np.random.default_rng(0)
    unfamiliar = []
    for _ in range(5):
        compared = fitted(rng)
        unfamiliar.append(compared.familiarity(vectors_of_features(drawn(rng, 100))) < LEVEL)
    share = np.mean(unfamiliar)
    # Each of 5 shares varies with the 200 clips compared with and the 100 asked about: of sqrt(p q / 67).
    spread = np.sqrt(LEVEL * (1 - LEVEL) / 67 / 5)
    assert share <= LEVEL + 1 / 201 + 4 * spread


def test_clips_of_another_kind_are_stranger_than_all_held_out_ones() -> None:
    rng = np.random.default_rng(1)
    compared = fitted(rng)
    other = rng.normal(1, 0.2, (20, 1, DIM)) + np.linspace(-2, 2, DIM) + rng.normal(0, 0.1, (20, 1, DIM))
    assert (compared.familiarity(vectors_of_features(list(other))) == 0).all()


def test_a_clip_that_stands_still_is_strange_although_its_mean_is_not() -> None:
    rng = np.random.default_rng(2)
    compared = fitted(rng)
    moving = drawn(rng, 30)
    still = [np.repeat(clip.mean(axis=0, keepdims=True), NUM_FRAMES, axis=0) for clip in moving]
    assert (compared.familiarity(vectors_of_features(still)) == 0).all()
    assert np.median(compared.familiarity(vectors_of_features(moving))) > 0.1


def test_classes_make_what_lies_between_them_strange() -> None:
    rng = np.random.default_rng(3)
    labels = np.arange(200) % 2
    places = np.zeros((200, 1, DIM))
    places[labels == 0, :, :5], places[labels == 1, :, 5:10] = 3, 3
    training = vectors_of_features(
        [clip + place for clip, place in zip(drawn(rng, 200), places, strict=True)]
    )
    between = vectors_of_features([clip + places.mean(axis=0) for clip in drawn(rng, 20)])
    none = ClipVectors(np.zeros((0, DIM)), np.zeros((0, 2)))
    known = fit_clip_familiarity(training, none, groups=range(200), classes=labels)
    assert known is not None
    apart, inside = (known.space.terms(each)[:, 2] for each in (between, training))
    assert inside.max() < 0 < apart.min(), "a class is nearer than the middle of all, or it is not"


def test_what_is_kept_gives_the_same_and_stays_below_a_megabyte() -> None:
    rng = np.random.default_rng(4)
    compared = fitted(rng)
    again = ClipFamiliarity.from_arrays(compared.arrays())
    clips = vectors_of_features(drawn(rng, 30))
    # Only the float32 of the arrays stands between them, in sums of DIM terms.
    bound = 50 * DIM * np.finfo(np.float32).eps * np.abs(compared.strangeness(clips)).max()
    np.testing.assert_allclose(again.strangeness(clips), compared.strangeness(clips), atol=bound)
    large = fit_clip_familiarity(
        ClipVectors(rng.random((260, 2048)), rng.random((260, 2))),
        ClipVectors(rng.random((20, 2048)), rng.random((20, 2))),
        groups=range(260),
        classes=np.arange(260) % 130,
    )
    assert large is not None
    assert sum(array.nbytes for array in large.arrays().values()) <= 2**20


def test_equal_features_know_themselves_and_nothing_else() -> None:
    same = [np.ones((NUM_FRAMES, DIM))] * 30
    compared = fit_clip_familiarity(
        vectors_of_features(same), vectors_of_features(same[:5]), groups=range(30)
    )
    assert compared is not None
    other = np.ones(DIM)
    other[0] = 2
    found = compared.familiarity(vectors_of_features([same[0], np.tile(other, (NUM_FRAMES, 1))]))
    assert found.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("num_clips", [1, 2])
def test_too_few_clips_to_compare_with_give_no_measure(num_clips: int) -> None:
    clips = vectors_of_features(drawn(np.random.default_rng(5), num_clips))
    none = ClipVectors(np.zeros((0, DIM)), np.zeros((0, 2)))
    assert fit_clip_familiarity(clips, none, groups=["one"] * num_clips) is None


def test_hidden_outputs_are_compared_with_validation_clips_only() -> None:
    rng = np.random.default_rng(6)
    training, validation = (vectors_of_hidden(rng.normal(1, 0.3, (number, DIM))) for number in (60, 25))
    compared = fit_clip_familiarity(training, validation, groups=range(60), hold_out=False)
    assert compared is not None and compared.num_held_out == 25
    assert np.isfinite(compared.strangeness(validation)).all()


def test_a_shrunk_covariance_can_be_inverted_and_nears_the_true_one() -> None:
    rng = np.random.default_rng(7)
    true = np.diag(np.linspace(0.5, 2, DIM))
    few, many = (rng.multivariate_normal(np.zeros(DIM), true, number) for number in (20, 2_000))
    basis = np.eye(DIM)
    shrunk, rest = shrunk_covariance(few - few.mean(axis=0), basis)
    assert np.linalg.eigvalsh(shrunk).min() > 0 and rest > 0
    raw = np.cov(few.T, bias=True)
    assert np.linalg.norm(shrunk - true) < np.linalg.norm(raw - true)
    close, _ = shrunk_covariance(many, basis)
    # A variance from n rows is off by sqrt(2 / n) of itself, at most five times that over 1,600 entries.
    assert np.abs(close - true).max() < 5 * 2 * np.sqrt(2 / len(many))
