"""What is said of the rows of a run before it is trained."""

import numpy as np
import pytest

from videoqa.config import SamplingConfig
from videoqa.input_pipeline import Examples
from videoqa.training.startup_messages import say_short

CLIPS = [np.zeros((length, 4), np.float16) for length in (2, 8, 3, 5, 1)]
ROWS = Examples(CLIPS, np.array([0, 1, 1, 2, 3, 0]), None, np.zeros(6, np.int32), num_frames=5)


@pytest.mark.parametrize(
    ("short_clips", "theirs"),
    [("repeat", "repeated evenly"), ("loop", "gone round from their start"), ("mask", "followed by masked")],
)
def test_clips_shorter_than_a_window_are_counted_once_each(capsys, short_clips, theirs):
    say_short(ROWS, SamplingConfig(num_frames=5, frame_step=1, short_clips=short_clips), True)
    said = capsys.readouterr().err
    assert said.startswith("2 of 4 training clips have fewer frames than num_frames=5: theirs are " + theirs)
    assert said.count("\n") == 1


def test_nothing_is_said_where_all_is_well_or_otherwise_counted(capsys):
    say_short(ROWS, SamplingConfig(num_frames=5), True)  # regular frames: no windows
    say_short(ROWS, SamplingConfig(num_frames=2, frame_step=1), True)
    say_short(ROWS, SamplingConfig(num_frames=5, frame_step=1, short_clips="skip"), True)
    say_short(ROWS.without_clips(), SamplingConfig(num_frames=5, frame_step=1), True)
    assert capsys.readouterr().err == ""
