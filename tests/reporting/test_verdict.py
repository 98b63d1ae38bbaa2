"""The sentences of a report claim no more than the rows show."""

import pytest

from videoqa.reporting.verdict import points, verdict

SCORES = {
    "task": "open_ended",
    "accuracy": 0.6,
    "accuracy_interval": [0.5, 0.7],
    "blind_accuracy": 0.4,
    "video_gain": 0.2,
    "video_gain_interval": [0.1, 0.3],
    "prefix_prior_accuracy": 0.35,
    "majority_per_type_accuracy": 0.3,
    "majority_accuracy": 0.2,
    "share_in_vocabulary": 1.0,
    "num_videos": 100,
}
NO_BLIND = {"blind_accuracy": None, "video_gain": None, "video_gain_interval": None}
ACTION = {"task": "action", "prefix_prior_accuracy": None, **NO_BLIND}


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        (
            {},
            "good",
            "The video adds +20.00 points (95 % interval +10.00 to +30.00) over a model that never sees",
        ),
        ({"video_gain_interval": [0.0, 0.3]}, "unsure", "these rows do not settle whether it has learned"),
        ({"video_gain_interval": None}, "unsure", "do not settle"),
        ({"video_gain": 0.0, "video_gain_interval": [-0.1, 0.1]}, "bad", "It does not beat the blind model"),
        ({"video_gain": -0.1}, "bad", "The difference is −10.00 points"),
        (
            {"prefix_prior_accuracy": 0.6},
            "bad",
            "But the longest-prefix prior, which needs no video, scores 60.00 %",
        ),
        (NO_BLIND, "unsure", "No blind model was trained with it"),
        (NO_BLIND, "unsure", "+25.00 points over the longest-prefix prior"),
        ({**NO_BLIND, "prefix_prior_accuracy": 0.7}, "bad", "does not beat the longest-prefix prior"),
        (ACTION, "good", "It scores +40.00 points over the most frequent label"),
        ({**ACTION, "accuracy_interval": [0.2, 0.9]}, "unsure", "do not settle it"),
        ({**ACTION, "accuracy": 0.2}, "bad", "Nothing here shows that it has learned"),
        ({"share_in_vocabulary": 0.9108}, "good", "can score above 91.08 %"),
        ({"num_videos": 3}, "good", "With 3 videos the interval itself is rough."),
    ],
)
def test_what_is_said(changes: dict, kind: str, sentence: str) -> None:
    found, sentences = verdict({**SCORES, **changes})
    assert found == kind
    assert sentence in " ".join(sentences)


def test_a_blind_model_is_a_floor_itself() -> None:
    assert verdict({**SCORES, **NO_BLIND}, sees_video=False)[1] == [
        "This model never sees the video: its score is a floor for models that do."
    ]


def test_points_are_signed_save_zero() -> None:
    assert [points(value) for value in (0.125, -0.125, 1e-9, -1e-9, None)] == [
        "+12.50",
        "−12.50",
        "0.00",
        "0.00",
        "–",
    ]
