"""An extraction that was stopped goes on; nothing half-written counts, nothing is mixed."""

import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from videoqa import extract_frames


def statuses(table, out, **options):
    return extract_frames(table, out=out, progress=False, **options).rows["status"].tolist()


def test_what_is_there_is_left_and_what_changed_is_made_again(small_table, tmp_path, write_clip):
    out = tmp_path / "frames"
    statuses(small_table, out)
    before = (out / "train/run/run_1/0003.jpg").stat().st_mtime_ns
    assert statuses(small_table, out) == [*["present"] * 4, "failed"]
    (out / "train/run/run_1/0003.jpg").unlink()
    (out / "test/jump/jump_2/0001.jpg").write_bytes(b"half")
    write_clip("clips/run_2.avi", 20)
    write_clip("clips/broken.avi", 20)
    assert statuses(small_table, out) == ["extracted", "extracted", "present", "extracted", "extracted"]
    assert (out / "train/run/run_1/0003.jpg").stat().st_mtime_ns > before
    assert "run/run_2 1 8\n" in (out / "test.txt").read_text()
    assert not (out / "failed.csv").exists()


def test_a_clip_without_its_line_counts_as_missing(small_table, tmp_path):
    out = tmp_path / "frames"
    statuses(small_table, out)
    lines = (out / "done.jsonl").read_text().splitlines(keepends=True)
    (out / "done.jsonl").write_text("".join(lines[:2]) + lines[2][:30])  # broke off while it was written
    assert sorted(statuses(small_table, out)) == [*["extracted"] * 2, "failed", *["present"] * 2]
    assert sorted(statuses(small_table, out)) == ["failed", *["present"] * 4]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"fps": 5}, r"fps=5.0 \(was 4.0\)"),
        ({"quality": 80, "short_side": 32}, r"short_side=32 \(was None\), quality=80 \(was 95\)"),
        ({"limit": 1}, r"limit=1 \(was None\), labels=.*"),
    ],
)
def test_other_settings_are_refused_by_name(small_table, tmp_path, options, named):
    out = tmp_path / "frames"
    statuses(small_table, out)
    before = (out / "train.txt").read_text()
    with pytest.raises(
        ValueError, match=f"made with the same settings. Received: {named} for .*another --out"
    ):
        statuses(small_table, out, **options)
    assert (out / "train.txt").read_text() == before


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_process_leaves_whole_clips_and_the_next_one_ends_it(write_clip, tmp_path, number):
    videos = [write_clip(f"{n}.avi", 60, size=(240, 320)) for n in range(40)]
    table = pd.DataFrame({"video": videos, "label": ["a", "b"] * 20, "split": ["train", "test"] * 20})
    table.to_csv(tmp_path / "labels.csv", index=False)
    out = tmp_path / "frames"
    program = (
        "import signal; from videoqa.cli.main import main; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); raise SystemExit(main())"
    )
    words = ["extract-frames", "--data", str(tmp_path / "labels.csv"), "--out", str(out), "--fps", "10"]
    running = subprocess.Popen([sys.executable, "-c", program, *words], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not ((out / "done.jsonl").exists() and (out / "done.jsonl").stat().st_size):
        assert running.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(running.pid, number)
    errors = running.communicate(timeout=60)[1]
    assert running.returncode == (130 if number == signal.SIGINT else -number)
    assert "Traceback" not in errors
    num_done = (out / "done.jsonl").read_text().count("\n")
    assert 0 < num_done < 40 and not (out / "train.txt").exists()
    assert all(len(list(clip.iterdir())) == 60 for clip in out.glob("t*/*/*"))
    done = subprocess.run(
        [sys.executable, "-c", program, *words, "--json"], check=True, capture_output=True, text=True
    )
    counts = json.loads(done.stdout)
    assert (counts["num_present"], counts["num_extracted"]) == (num_done, 40 - num_done)
    assert (
        counts["num_frames"] == 40 * 60
        and not (out / ".partial").exists()
        or not any((out / ".partial").iterdir())
    )
