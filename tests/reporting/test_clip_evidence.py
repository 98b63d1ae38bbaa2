"""The bars under a clip of a report: what each moment contributes to its answer."""

import pytest

from videoqa.evaluation.evidence import Evidence
from videoqa.reporting.clip_evidence import evidence_bars


def test_bars_by_hand() -> None:
    """The line between for and against is at 1; the longest bar reaches an end."""
    evidence = Evidence(
        "loading", "unloading", 2.0, (0.0, 1.0, 2.0, 3.0), contributions=(2.0, -1.0, 0.0, 0.5)
    )
    assert evidence_bars(evidence) == [
        (0.0, 1.0, "for"), (1.0, 0.5, "against"), (1.0, 0.0, "for"), (0.75, 0.25, "for"),
    ]  # fmt: skip


@pytest.mark.parametrize("contributions", [(), (0.0, 0.0)])
def test_moments_that_say_nothing_have_no_bar(contributions: tuple[float, ...]) -> None:
    evidence = Evidence("loading", "unloading", 0.0, contributions=contributions)
    assert evidence_bars(evidence) == [(1.0, 0.0, "for")] * len(contributions)
