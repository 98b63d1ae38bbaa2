"""Who encodes which clip: one taker, heirs of the dead and the silent, nothing left behind."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from videoqa.features import claims as claims_module
from videoqa.features.cache import FeatureCache
from videoqa.features.claims import Claims, is_left_behind
from videoqa.features.encoding import encode_clips
from videoqa.video.decoding import ClipRequest

KEY = "ab" + "0" * 62


@pytest.fixture
def folder(cache):
    return cache.folder


def claim_file(folder):
    return folder / "ab" / f"{KEY}.claim"


def claim_of_another(folder, *, host: str = "elsewhere", pid: int = 1, born: str = "") -> None:
    claim_file(folder).parent.mkdir(parents=True, exist_ok=True)
    claim_file(folder).write_text(json.dumps({"host": host, "pid": pid, "born": born, "run": "x"}))


def pid_of_ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_one_of_many_takes_a_clip(folder):
    runs = [Claims(folder) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda run: run.take(KEY), runs))
    assert sorted(taken) == [False] * 15 + [True]


def test_a_clip_given_back_is_free(folder):
    with Claims(folder) as first, Claims(folder) as second:
        assert first.take(KEY) and not second.take(KEY)
        first.release(KEY)
        assert second.take(KEY)
        first.release(KEY)
        assert claim_file(folder).exists()


def test_nothing_is_left_at_the_end_also_of_an_error(folder):
    with pytest.raises(KeyboardInterrupt), Claims(folder) as claims:
        claims.take(KEY)
        raise KeyboardInterrupt
    assert not claim_file(folder).exists()


def test_the_claim_of_a_process_that_is_gone_is_taken_over_at_once(folder):
    host = claims_module._this_host()
    claim_of_another(folder, host=host, pid=os.getppid())
    with Claims(folder) as claims:
        assert not claims.take(KEY)
        claim_of_another(folder, host=host, pid=os.getppid(), born=claims_module._birth(os.getppid()))
        assert not claims.take(KEY)
        claim_of_another(folder, host=host, pid=pid_of_ended_process())
        assert is_left_behind(claim_file(folder))
        assert claims.take(KEY)


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="this system does not say when processes began"
)
def test_a_process_with_the_number_of_one_that_is_gone_owns_nothing(folder):
    claim_of_another(folder, host=claims_module._this_host(), pid=os.getppid(), born="1")
    with Claims(folder) as claims:
        assert claims.take(KEY)


@pytest.mark.slow
@pytest.mark.parametrize("text", [None, "", "half a cla"])
def test_a_claim_from_elsewhere_is_taken_over_when_it_is_not_refreshed(folder, text):
    claim_of_another(folder)
    if text is not None:
        claim_file(folder).write_text(text)
    with Claims(folder, abandoned_seconds=0.5) as claims:
        assert not claims.take(KEY)
        for _ in range(4):
            time.sleep(0.2)
            os.utime(claim_file(folder))
            assert not claims.take(KEY)
        time.sleep(0.6)
        assert claims.take(KEY)


@pytest.mark.slow
def test_two_who_find_an_abandoned_claim_do_not_both_take_it(folder):
    for _ in range(20):
        claim_of_another(folder, host=claims_module._this_host(), pid=pid_of_ended_process())
        runs = [Claims(folder) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(lambda run: run.take(KEY), runs)) == 1
        claim_file(folder).unlink()


def test_claims_are_refreshed(folder, monkeypatch):
    monkeypatch.setattr(claims_module, "REFRESH_SECONDS", 0.05)
    with Claims(folder) as claims:
        claims.take(KEY)
        os.utime(claim_file(folder), (0, 0))
        time.sleep(0.5)
        assert claim_file(folder).stat().st_mtime > 0


def test_a_folder_that_takes_no_claims_stops_nobody(tmp_path):
    (tmp_path / "file").write_text("")
    with Claims(tmp_path / "file") as claims:
        assert claims.take(KEY)


def test_upkeep_counts_and_removes_only_claims_of_nobody(cache, folder):
    claim_of_another(folder)
    assert cache.info()["num_leftovers"] == 0
    cache.clear()
    assert claim_file(folder).exists()
    os.utime(claim_file(folder), (0, 0))
    assert cache.info()["num_leftovers"] == 1
    cache.prune(1)
    assert not claim_file(folder).exists() and cache.info()["num_leftovers"] == 0


def test_bad_clips_and_clips_made_meanwhile_leave_no_claim(write_video, sampling, model, cache, tmp_path):
    (tmp_path / "text.mp4").write_text("this is no video")
    good = write_video()
    os.utime(tmp_path / "text.mp4", (0, 0))
    requests = [ClipRequest(good), ClipRequest(good, 50, 60), ClipRequest(str(tmp_path / "text.mp4"))]
    report = encode_clips(requests, sampling, model, cache=cache)
    assert (report.num_encoded, report.num_failed) == (1, 2)
    assert not list(cache.folder.glob("??/*.claim"))


@pytest.mark.slow
def test_a_clip_that_another_run_is_encoding_is_waited_for(write_video, sampling, model, cache):
    requests = [ClipRequest(write_video(f"{seed}.avi", seed=seed)) for seed in range(2)]
    other = FeatureCache(cache.folder.parent / "other")
    key = encode_clips(requests, sampling, model, cache=other).rows["key"][0]
    with Claims(cache.folder) as claims, ThreadPoolExecutor(1) as pool:
        assert claims.take(key)
        running = pool.submit(encode_clips, requests, sampling, model, cache=cache)
        while cache.info()["num_entries"] < 1:
            time.sleep(0.01)
        time.sleep(0.5)
        assert not running.done()
        entry = other.read_entry(key)
        cache.write(key, entry.features, entry.metadata)
        claims.release(key)
        assert running.result(60).rows["status"].tolist() == ["cached", "encoded"]
    assert np.array_equal(cache.read(key), entry.features)
