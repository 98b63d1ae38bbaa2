"""Parts of a report's page that no small run has, and its colours."""

import re
from pathlib import Path

import pytest

import videoqa.reporting
from videoqa.reporting.page import SHOWN_ENTRIES, ReportContent, build_page

ENTRY = {"num_rows": 4, "accuracy": 0.5, "majority_accuracy": 0.25, "majority_per_type_accuracy": 0.25}
SCORES = {
    **ENTRY, "task": "open_ended", "split": "test", "num_videos": 40, "num_failed_videos": 0,
    "absent_rows": 0, "majority_answer": "yes", "blind_accuracy": None, "by_question_type": {},
    "by_group": {}, "confused_pairs": [], "limit": None, "seed": 0, "model_sha256": "0",
}  # fmt: skip
CONFIG = {"model": {"video_branch": "mean"}, "training": {"seed": 0}, "data": {"data": ()}}


def page(metrics: dict | None = None, **scores: object) -> str:
    return build_page(ReportContent("run", SCORES | scores, metrics or {}, CONFIG, [], [], [], [], []))


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ({"command": "", "num_tables": 1}, "on a DataFrame, which no command line can name"),
        ({"command": "", "num_tables": 0}, "The name of a class has a comma in it"),
        ({}, "Its command was not recorded."),
        ({"command": "videoqa-train --data <x>", "num_tables": 0}, "videoqa-train --data &lt;x&gt;"),
    ],
)
def test_why_there_is_no_command(metrics: dict, said: str) -> None:
    assert said in page(metrics)


TRUST = {
    "share_reliable": 0.75, "reliable_accuracy": 2 / 3, "reliable_accuracy_interval": [0.5, 0.9],
    "set_coverage": 0.9, "set_coverage_interval": [0.8, 1.0], "mean_set_size": 2.5,
    "expected_calibration_error": 0.05, "brier_score": 0.25, "area_under_risk_coverage": 0.125,
}  # fmt: skip


def test_what_the_model_says_of_its_own_answers() -> None:
    shown = page(**TRUST, expected_calibration_error_before=0.1)
    cells = re.findall(r"<bdi>(.*?)</bdi>", shown.split("What the model says of its own answers")[1])
    assert cells[:8] == ["all", "4", "75.00", "66.67", "50.00 to 90.00", "90.00", "80.00 to 100.00", "2.50"]
    assert "5.00 %, without the temperature 10.00 %" in shown and "0.125" in shown


def test_an_older_evaluation_has_no_such_part_and_an_older_model_says_why() -> None:
    assert "its own answers" not in page()
    assert "cannot judge its answers" in page(brier_score=0.25, share_reliable=None)


def test_groups_of_actions_have_no_majority_per_type() -> None:
    assert "type majority" in page(by_group={"free": ENTRY})
    actions = page(task="action", by_group={"sports": ENTRY})
    assert "sports" in actions and "type majority" not in actions and "majority per type" not in actions


def test_of_many_types_those_with_most_rows_are_shown() -> None:
    types = {f"type {number:03}": {**ENTRY, "num_rows": 1 + number} for number in range(SHOWN_ENTRIES + 2)}
    shown = page(by_question_type=types)
    assert "type 001<" not in shown and "type 002<" in shown
    assert "2 more, with fewer rows, stand in metrics.json." in shown


def test_long_texts_are_cut() -> None:
    shown = page(confused_pairs=[{"gold": "a" * 301, "predicted": "b" * 300, "num_rows": 1}])
    assert f">{'a' * 299}…<" in shown and f">{'b' * 300}<" in shown


def test_a_clip_that_labels_no_frame_says_so() -> None:
    assert "No frame was labelled." in page(frames={"num_frames": 0, "accuracy": None, "confused_pairs": []})


def test_texts_can_be_read_on_every_ground() -> None:
    """Source: WCAG 2.2, success criterion 1.4.3: a contrast of 4.5."""
    style = (Path(videoqa.reporting.__file__).parent / "report.css").read_text("utf-8")
    schemes = [
        dict(re.findall(r"--(\w+): (#\w+)", block)) for block in re.findall(r":root \{(.*?)\}", style, re.S)
    ]
    assert len(schemes) == 3, "light, dark and paper"
    for scheme in schemes:
        for text in ("ink", "soft", "good", "bad"):
            for ground in ("paper", "panel"):
                assert contrast(scheme[text], scheme[ground]) >= 4.5, (text, ground)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    """Return the relative luminance of `#rgb` or `#rrggbb`."""
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    shares = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
