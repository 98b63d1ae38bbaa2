"""The audit on real video with planted faults: which are found, which missed, what is invented, how fast.

    VIDEOQA_REAL_DATA=path python benchmarks/audit_subset.py

Four audits: the 128 UCF101 clips of the real-data folder as they are, the same with faults planted in copies,
the folder `awkward`, and the physio and single clips, none of which may be called still. What each awkward
file truly is was decided from `tests/video/test_real_files.py` and by looking at it.
"""

import os
import re
import struct
import tempfile
import time
from pathlib import Path

os.environ["VIDEOQA_HOME"] = tempfile.mkdtemp(prefix="videoqa-audit-")

import cv2
import numpy as np
import pandas as pd
from _real_data import real_data

import videoqa

LAST_TEST_GROUP = 7
TOO_FEW = (
    *("decord_unordered.mov", "decord_video_0.mov", "decord_video_180.mov", "decord_video_270.mov"),
    *("moviepy_-video-with-dash-.mp4", "moviepy_bitmap.mp4", "torchcodec_h265_video.mp4"),
)
AWKWARD = {
    *((name, "too_few_frames") for name in TOO_FEW),
    *((name, "duplicate_content") for name in ("moviepy_-video-with-dash-.mp4", "moviepy_bitmap.mp4")),
    ("decord_unordered.mov", "still"),  # four white frames
    ("decord_corrupted.mp4", "undecodable"),
    ("decord_corrupted.mp4", "header_count"),  # announces 50 frames, gives 28
    ("moviepy_crunching.mp3", "undecodable"),
    ("moviepy_result.webm", "undecodable"),
}
"""What is wrong with the files of `awkward`, as rows of one table that wants 20 frames of each."""
CLIPS = {
    ("unusual_nonvio_2.mp4", "header_count"),  # announces 103 frames, gives 101
    ("unusual_nonvio_5.mp4", "header_count"),  # announces 22, gives 21
}
"""What is wrong with the files of `clips` and `physio`."""
Faults = set[tuple[str, str]]


def subset_table(folder: Path) -> pd.DataFrame:
    """Return `video, label, split` of the 128 clips, split as UCF101's first list has them."""
    rows = []
    for path in sorted((folder / "ucf101_subset").glob("*/*.avi")):
        group = int(re.search(r"_g(\d+)_", path.name)[1])
        rows.append((str(path), path.parent.name, "test" if group <= LAST_TEST_GROUP else "train"))
    return pd.DataFrame(rows, columns=["video", "label", "split"])


def plant(table: pd.DataFrame, folder: Path) -> tuple[pd.DataFrame, Faults]:
    """Return the table with rows of faulty copies, written to `folder`, and the faults."""
    training = table[table["split"] == "train"].reset_index(drop=True)
    faults: Faults = set()
    rows = [(str(folder / "missing.avi"), "Punch", "train")]
    faults.add(("missing.avi", "missing"))
    for number, source in enumerate(training["video"].iloc[[0, 20, 40]]):
        copy = folder / f"copy_{number}.avi"
        copy.write_bytes(Path(source).read_bytes())
        rows.append((str(copy), Path(source).parent.name, "test"))
        for name in (copy.name, Path(source).name):
            faults |= {(name, "duplicate_content"), (name, "same_video_in_two_splits")}
    for share, number in ((0.5, 5), (0.8, 25), (0.96, 45)):
        path = folder / f"cut_at_{share:.0%}.avi"
        data = Path(training["video"][number]).read_bytes()
        path.write_bytes(data[: int(len(data) * share)])
        rows.append((str(path), training["label"][number], "train"))
        faults.add((path.name, "header_count"))
        if share < 0.9:
            faults.add((path.name, "undecodable"))
    for codec, number in (("mp4v", 10), ("MJPG", 30), ("XVID", 50)):
        path = make_still(Path(training["video"][number]), folder / f"still_{codec}.avi", codec)
        rows.append((str(path), training["label"][number], "train"))
        faults.add((path.name, "still"))
    path = folder / "header.avi"
    path.write_bytes(with_header_count(Path(training["video"][60]).read_bytes(), 7))
    rows.append((str(path), training["label"][60], "train"))
    faults |= {(path.name, "header_count"), (path.name, "duplicate_content")}  # its frames are the source's
    faults.add((Path(training["video"][60]).name, "duplicate_content"))
    return pd.concat([table, pd.DataFrame(rows, columns=table.columns)]), faults


def make_still(source: Path, target: Path, codec: str) -> Path:
    """Write the first frame of a video sixty times."""
    capture = cv2.VideoCapture(str(source))
    frame = capture.read()[1]
    writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*codec), 25, frame.shape[1::-1])
    for _ in range(60):
        writer.write(frame)
    writer.release()
    return target


def with_header_count(content: bytes, more: int) -> bytes:
    """Return an .avi whose two headers announce more frames than it has."""
    data = bytearray(content)
    for header, offset in ((b"avih", 16), (b"strh", 32)):
        start = data.index(header) + 8 + offset
        data[start : start + 4] = struct.pack("<I", struct.unpack("<I", data[start : start + 4])[0] + more)
    return bytes(data)


def files_table(paths: list[Path]) -> pd.DataFrame:
    """Return a training row for each file."""
    labels = np.where(np.arange(len(paths)) % 2, "a", "b")
    return pd.DataFrame({"video": [str(path) for path in paths], "label": labels, "split": "train"})


def score(name: str, table: pd.DataFrame, truth: Faults, out: Path) -> set[str]:
    """Audit a table, print how it did, and return the lines about what is wrong with the audit."""
    report = videoqa.audit(table, out=out / name.replace(" ", "-"), progress=False)
    rows = report.findings
    found = {(Path(path).name, what) for path, what in zip(rows["video_path"], rows["finding"], strict=True)}
    num_found, num_missed, num_invented = len(truth & found), len(truth - found), len(found - truth)
    print(
        f"{name:<28} {len(report.videos):>6} {len(truth):>7} {num_found:>6} {num_missed:>7} {num_invented:>9}"
    )
    return {f"missed: {each}" for each in truth - found} | {f"invented: {each}" for each in found - truth}


def main() -> None:
    """Print the table of planted, found, missed and invented faults, and the speed."""
    data = real_data()
    subset = subset_table(data)
    awkward = files_table(sorted((data / "awkward").iterdir()))
    clips = files_table(sorted((data / "clips").iterdir()) + sorted((data / "physio").glob("*/*.mp4")))
    print(f"{'':<28} {'videos':>6} {'planted':>7} {'found':>6} {'missed':>7} {'invented':>9}")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        planted, faults = plant(subset, out)
        wrong = score("UCF101 subset", subset, set(), out)
        wrong |= score("the same, faults planted", planted, faults, out)
        wrong |= score("awkward", awkward, AWKWARD, out)
        wrong |= score("clips and physio", clips, CLIPS, out)
        print(*sorted(wrong), sep="\n")
        for workers in (1, 2):
            os.environ["VIDEOQA_HOME"] = str(out / f"home-{workers}")
            started = time.perf_counter()
            report = videoqa.audit(subset, out=out / "speed", decode_workers=workers, progress=False)
            seconds = 100 * (time.perf_counter() - started) / report.num_decoded
            print(f"{workers} workers: {seconds:.1f} s per 100 UCF101 clips")


if __name__ == "__main__":
    main()
