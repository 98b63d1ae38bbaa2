"""Clips whose frames tell their own number, and the folders made of them."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

STEP = 4
"""Grey levels from one frame to the next, which a JPEG keeps apart."""


@pytest.fixture
def write_clip(tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes a lossless clip whose frame k has the grey level `STEP * k`."""

    def write(name: str, num_frames: int = 30, fps: float = 10, size: tuple[int, int] = (48, 64)) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = cv2.VideoWriter(
            str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"FFV1"), fps, (size[1], size[0])
        )
        for number in range(num_frames):
            writer.write(np.full((*size, 3), STEP * number % 256, np.uint8))
        writer.release()
        return str(path)

    return write


@pytest.fixture
def write_at(tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes a clip whose frame k, grey as above, is shown from `times[k]` on, ms."""

    def write(name: str, times: list[int]) -> str:
        path = str(tmp_path / name)
        with av.open(path, "w") as container:
            stream = container.add_stream("ffv1", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
            for number, milliseconds in enumerate(times):
                grey = np.full((48, 64, 3), STEP * number, np.uint8)
                frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
                frame.pts, frame.time_base = milliseconds, Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def numbers_in() -> Callable[[Path], list[int]]:
    """Return a function that reads which frames the JPEGs of a folder show, in order."""

    def read(folder: Path) -> list[int]:
        names = sorted(path.name for path in folder.iterdir())
        assert names == [f"{number:04d}.jpg" for number in range(len(names))]
        levels = [cv2.imread(str(folder / name)).mean() for name in names]
        return [round(level / STEP) for level in levels]

    return read


@pytest.fixture
def small_table(tmp_path: Path, write_clip: Callable[..., str]) -> Path:
    """Return a table of two classes, five clips, one of which is broken."""
    for name in ("run_1", "run_2", "jump_1", "jump_2"):
        write_clip(f"clips/{name}.avi")
    (tmp_path / "clips" / "broken.avi").write_text("no video")
    rows = ["run_1.avi,run,train", "run_2.avi,run,test", "jump_1.avi,jump,train", "jump_2.avi,jump,test"]
    path = tmp_path / "clips" / "labels.csv"
    path.write_text("\n".join(["video,label,split", *rows, "broken.avi,run,train"]) + "\n")
    return path


@pytest.fixture
def ucf_lists(tmp_path: Path, write_clip: Callable[..., str]) -> Path:
    """Return a folder of lists as UCF101 has them, of which two clips are there."""
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "classInd.txt").write_text("1 Archery\r\n2 Biking\r\n3 YoYo\r\n")
    (folder / "trainlist01.txt").write_text(
        "Archery/v_Archery_g08_c01.avi 1\r\nYoYo/v_YoYo_g08_c01.avi 3\r\n"
    )
    (folder / "testlist01.txt").write_text("Archery/v_Archery_g01_c01.avi\r\n")
    for name in ("Archery/v_Archery_g01_c01.avi", "YoYo/v_YoYo_g08_c01.avi"):
        write_clip(f"videos/{name}")
    return folder
