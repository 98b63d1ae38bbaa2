"""McNemar's exact test against values worked out by hand."""

import math

import pytest

from videoqa.reporting.compare import mcnemar_p_value


@pytest.mark.parametrize(
    ("only_first", "only_second", "expected"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),  # 2 * 1/2
        (0, 6, 2 / 64),
        (1, 6, 0.125),  # 2 * (1 + 7) / 128
        (6, 1, 0.125),
        (2, 8, 2 * (1 + 10 + 45) / 1024),
        (5, 5, 1.0),
    ],
)
def test_values_worked_out_by_hand(only_first: int, only_second: int, expected: float) -> None:
    assert mcnemar_p_value(only_first, only_second) == expected


def test_many_rows_neither_overflow_nor_take_long() -> None:
    # the normal approximation with continuity correction: z = (|b - c| - 1) / sqrt(b + c) = 1.99
    expected = math.erfc((200 - 1) / math.sqrt(10_000) / math.sqrt(2))
    assert mcnemar_p_value(4900, 5100) == pytest.approx(expected, rel=1e-3)
    assert mcnemar_p_value(0, 20_000) == 0.0


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="`only_second` must be an integer of at least 0"):
        mcnemar_p_value(1, -1)
