"""What Prometheus reads: numbers, and sizes as a histogram."""

from videoqa.web.metrics import Metrics


def test_sizes_are_a_histogram() -> None:
    sizes = {1: 3, 5: 2, 32: 1, 40: 1}
    text = Metrics(dict, lambda: {"batch_questions": ("Questions.", sizes)}).text().decode()
    shown = [line for line in text.splitlines() if line.startswith("videoqa_batch_questions")]
    counts = {"1.0": 3, "2.0": 3, "4.0": 3, "8.0": 5, "16.0": 5, "32.0": 6, "+Inf": 7}
    assert shown == [
        *(f'videoqa_batch_questions_bucket{{le="{most}"}} {count}.0' for most, count in counts.items()),
        "videoqa_batch_questions_count 7.0",
        "videoqa_batch_questions_sum 85.0",
    ]
    assert "# TYPE videoqa_batch_questions histogram" in text
