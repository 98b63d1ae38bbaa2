"""Says what the scores of a run mean, in sentences that claim no more than the rows show."""

from collections.abc import Callable, Mapping
from typing import Any

from videoqa.evaluation.class_metrics import classes_not_tested
from videoqa.evaluation.exact_intervals import FEW_VIDEOS
from videoqa.evaluation.score_fields import FLOORS, REVERSED, SCORE_FIELDS, known_fields

GOOD, UNSURE, BAD = "good", "unsure", "bad"


def percent(value: float | None) -> str:
    """Return a fraction as per cent with two decimals, a dash for None."""
    return "–" if value is None else f"{100 * value:.2f} %"


def points(value: float | None) -> str:
    """Return a difference of fractions as signed points, a dash for None."""
    if value is None:
        return "–"
    shown = f"{100 * value:+.2f}"
    return "0.00" if float(shown) == 0 else shown.replace("-", "−")


def interval_text(interval: list[float] | None, shown: Callable[[float], str] = percent) -> str:
    """Return `low to high`, a dash for None."""
    return "–" if interval is None else f"{shown(interval[0]).removesuffix(' %')} to {shown(interval[1])}"


def verdict(scores: Mapping[str, Any], *, sees_video: bool = True) -> tuple[str, list[str]]:
    """Return a judgement of the scores and one to five sentences that explain it.

    Args:
        scores: result of `evaluate`.
        sees_video: False for a model without a video branch.

    Returns:
        "bad" if the score does not beat a floor; "good" if it beats every floor by more than its interval
        leaves in doubt (for questions the floors must include a blind model); else "unsure". Then the
        sentences.
    """
    if scores.get("view") == REVERSED:
        return UNSURE, [*_in_reverse(scores), *_order(scores), *_caveats(scores)]
    if not sees_video:
        return UNSURE, [
            "This model never sees the video: its score is a floor for models that do.",
            *_caveats(scores),
        ]
    if scores.get("task") == "action" or scores.get("blind_accuracy") is None:
        kind, sentences = _against_floors(scores)
    else:
        kind, sentences = _against_blind(scores)
    return kind, [*sentences, *_order(scores), *_caveats(scores)]


def _order(scores: Mapping[str, Any]) -> list[str]:
    """Return whether the answers depend on the order of the frames, where some have opposites."""
    return [scores["order"]["conclusion"]] if scores.get("order") else []


def _in_reverse(scores: Mapping[str, Any]) -> list[str]:
    """Return what an evaluation of reversed clips shows, of which nobody says what is right."""
    changed, interval = scores["order_dependent_answers"], scores["order_dependent_answers_interval"]
    known = "known of opposites only" if scores.get("order") else "not known"
    shown = f"{percent(changed)} of the answers (95 % interval {interval_text(interval)})"
    return [
        f"{shown} are other ones than forwards, so many depend on the order of the frames. Forwards the "
        f"accuracy is {percent(scores['forwards_accuracy'])}.",
        f"What is right in reverse is {known}: right and wrong mean here the answer annotated for the clip "
        "as it is, and another one.",
    ]


def _against_blind(scores: Mapping[str, Any]) -> tuple[str, list[str]]:
    gain, interval = scores["video_gain"], scores.get("video_gain_interval")
    shown = f"{points(gain)} points"
    if interval is not None:
        shown += f" (95 % interval {interval_text(interval, points)})"
    if gain <= 0:
        return BAD, [
            "It does not beat the blind model, which never sees the video: nothing here shows that it has "
            f"learned anything from the video. The difference is {shown}."
        ]
    if interval is None or interval[0] <= 0:
        return UNSURE, [
            f"It scores {shown} over the blind model, which never sees the video: these rows do not settle "
            "whether it has learned anything from the video."
        ]
    name, floor = _highest_floor(scores)
    sentence = f"The video adds {shown} over a model that never sees it."
    if floor is not None and floor >= scores["accuracy"]:
        return BAD, [sentence, f"But {name}, which needs no video, scores {percent(floor)}."]
    return GOOD, [sentence]


def _against_floors(scores: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Judge by the highest floor; for actions and for runs without a blind model."""
    name, floor = _highest_floor(scores)
    is_action, unknown = scores.get("task") == "action", []
    if not is_action:
        unknown = ["No blind model was trained with it, so what the video adds is not known."]
    if floor is None:
        return UNSURE, unknown
    interval, difference = scores.get("accuracy_interval"), scores["accuracy"] - floor
    if difference <= 0:
        learned = " Nothing here shows that it has learned anything from the video." if is_action else ""
        return BAD, [f"It does not beat {name}, which scores {percent(floor)}.{learned}", *unknown]
    sentence = (
        f"It scores {points(difference)} points over {name}, which needs no video and scores {percent(floor)}"
    )
    if interval is None:
        return UNSURE, [f"{sentence}.", *unknown]
    if interval[0] <= floor:
        doubt = "that is inside the 95 % interval of the score, so these rows do not settle it"
        return UNSURE, [f"{sentence}; {doubt}.", *unknown]
    return GOOD if is_action else UNSURE, [f"{sentence}.", *unknown]


def _highest_floor(scores: Mapping[str, Any]) -> tuple[str, float | None]:
    """Return the name and the score of the highest floor; ("", None) if there is none."""
    known = known_fields(reversed(FLOORS), scores.get("task"), [scores])
    if not known:
        return "", None
    highest = max(known, key=lambda field: scores[field])
    is_label = scores.get("task") == "action"
    name = "the most frequent label of training" if is_label else SCORE_FIELDS[highest].phrase
    return name, scores[highest]


def _caveats(scores: Mapping[str, Any]) -> list[str]:
    """Return warnings about the ceiling, classes without rows, and few videos."""
    sentences = []
    ceiling = scores.get("share_in_vocabulary")
    if ceiling is not None and ceiling < 1:
        sentences.append(
            f"No model with this list of answers can score above {percent(ceiling)}: the other rows have "
            "answers outside it, and count as wrong."
        )
    if sentence := classes_not_tested(scores):
        sentences.append(sentence)
    videos = scores.get("num_videos")
    if videos is not None and videos < FEW_VIDEOS:
        sentences.append(f"With {videos} video{'s' if videos != 1 else ''} the interval itself is rough.")
    return sentences
