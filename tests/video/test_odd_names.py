"""Video files whose names are no UTF-8: OpenCV would crash over one."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, decode


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
@pytest.mark.parametrize("ending", [b".avi", b".\xe4vi", b""])
def test_a_name_that_is_no_utf8_gives_the_same_frames(write_numbered, tmp_path: Path, ending: bytes) -> None:
    plain = write_numbered(range(6), "plain.avi")
    odd = tmp_path / os.fsdecode(b"B\xe4r \xff" + ending)
    odd.write_bytes(Path(plain).read_bytes())
    sampling = SamplingConfig(num_frames=4)
    expected, found = (decode(ClipRequest(os.fspath(path)), sampling) for path in (plain, odd))
    np.testing.assert_array_equal(found.frames, expected.frames)
    assert found.status == expected.status == "ok"
