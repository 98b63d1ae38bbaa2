"""The audit's processes: killed, stopped, and started from programs without a main guard."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import videoqa

from .conftest import moving_frames, write_frames

NUM_CLIPS = 30
MAIN = (
    "import signal; from videoqa.cli.main import main; "
    "signal.signal(signal.SIGINT, signal.default_int_handler); raise SystemExit(main())"
)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a table of thirty clips that take a while, and return its path; not to be changed."""
    folder, lines = tmp_path_factory.mktemp("many"), ["video,label,split"]
    for number in range(NUM_CLIPS):
        write_frames(folder / "clips" / f"{number}.avi", moving_frames(number, 150), "FFV1")
        lines.append(f"clips/{number}.avi,{'ab'[number % 2]},train")
    (folder / "my.csv").write_text("\n".join(lines) + "\n")
    return folder / "my.csv"


def start(data: Path, out: Path) -> subprocess.Popen:
    words = ["audit", "--data", str(data), "--out", str(out), "--decode-workers", "1", "--json"]
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_records(process: subprocess.Popen, home: Path, number: int) -> None:
    deadline = time.monotonic() + 60
    while len(list(home.glob("audits/??/*.json"))) < number:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_audit_goes_on_where_it_was(many, own_home, tmp_path, number):
    process = start(many, tmp_path / "audit")
    wait_for_records(process, own_home, 5)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == (130 if number == signal.SIGINT else -9)
    assert "Traceback" not in errors
    time.sleep(0.5)  # a worker that outlives its parent only finishes the clip it is at
    done = len(list(own_home.glob("audits/??/*.json")))
    assert 5 <= done < NUM_CLIPS
    result = json.loads(finish(start(many, tmp_path / "audit")))
    assert (result["num_known"], result["num_decoded"]) == (done, NUM_CLIPS - done)
    assert result["findings"] == {}
    again = json.loads(finish(start(many, tmp_path / "audit")))
    assert (again["num_known"], again["num_decoded"]) == (NUM_CLIPS, 0)


def finish(process: subprocess.Popen) -> str:
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return out


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_a_worker_that_dies_costs_one_row(many, own_home, tmp_path):
    process = start(many, tmp_path / "audit")
    wait_for_records(process, own_home, 3)
    [worker] = [
        int(each)
        for task in Path(f"/proc/{process.pid}/task").iterdir()
        for each in (task / "children").read_text().split()
    ]
    os.kill(worker, signal.SIGKILL)
    result = json.loads(finish(process))
    assert result["num_decoded"] == NUM_CLIPS
    assert result["findings"] == {"undecodable": {"rows": 1, "videos": 1}}
    detail = pd.read_csv(tmp_path / "audit" / "findings.csv")["detail"][0]
    assert "the process that decoded it died (signal 9)" in detail
    again = json.loads(finish(start(many, tmp_path / "audit")))
    assert (again["num_decoded"], again["findings"]) == (1, {})


@pytest.mark.slow
def test_a_program_without_a_main_guard_can_audit(clips, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import sys, pandas as pd, videoqa\n"
        "rows = pd.DataFrame({'video': ['c0.mp4', 'c1.mp4'], 'label': ['a', 'b'], 'split': 'train'})\n"
        "print(videoqa.audit(rows, videos=sys.argv[1], out=sys.argv[2], decode_workers=2).num_decoded)\n"
    )
    command = [sys.executable, str(program), str(clips), str(tmp_path / "audit")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.returncode) == ("2\n", 0), done.stderr


def test_where_nothing_can_be_kept_the_audit_still_reports(table, clips, tmp_path, own_home):
    own_home.write_text("a file where the home should be")
    report = videoqa.audit(table, videos=clips, out=tmp_path / "audit", decode_workers=1, progress=False)
    assert report.num_decoded == 6 and len(report.findings) == 0
    assert len(report.notes) == 1 and "cannot be kept" in report.notes[0]
