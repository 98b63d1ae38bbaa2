"""What a worker process reports of a failure."""

import pytest

from videoqa.training.worker import MAX_CAUSE, cause_line

COLLECTIVE = """Graph execution error:

Detected at node CollectiveReduceV2 defined at (most recent call last):
<stack traces unavailable>
Collective ops is aborted by: worker 1 does not answer
Additional GRPC error information from remote target /job:worker/replica:0/task:0:
:{"created":"@1","description":"Connection reset by peer"}
The error could be from a previous operation. Restart your program to reset.
\t [[{{node CollectiveReduceV2}}]] [Op:__inference_step_1]"""
LAYER = """in user code:

    File "layers.py", line 3, in call

    ValueError: Dimensions must be equal

    Arguments received by Answer.call():
      • inputs=(2, 3)"""


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (COLLECTIVE, "Collective ops is aborted by: worker 1 does not answer"),
        (LAYER, "ValueError: Dimensions must be equal"),
        ("one line", "one line"),
        ("Graph execution error:\n\n", ""),
        ("", ""),
        ("x" * 1000, "x" * MAX_CAUSE),
    ],
)
def test_the_line_that_names_the_cause_is_told(text, cause):
    assert cause_line(RuntimeError(text)) == cause
