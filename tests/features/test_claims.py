"""Who encodes which clip: one at a time, whoever dies or stops, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from videoqa.features.cache import FeatureCache
from videoqa.features.claims import MAX_HELD, Claims, is_left_behind
from videoqa.features.encoding import encode_clips
from videoqa.video.decoding import ClipRequest

KEY = "ab" + "0" * 62


@pytest.fixture
def folder(cache):
    return cache.folder


def claim_file(folder):
    return folder / "ab" / f"{KEY}.claim"


HOLDER = """
import sys; from pathlib import Path; from videoqa.features.claims import Claims
claims = Claims(Path(sys.argv[1]))
print(claims.take(sys.argv[2]), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(folder):
    """Another process that holds the claim."""
    command = [sys.executable, "-c", HOLDER, str(folder), KEY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


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


def test_the_claim_of_a_process_that_is_killed_is_free_at_once(folder, holder):
    with Claims(folder) as claims:
        assert not claims.take(KEY) and not is_left_behind(claim_file(folder))
        holder.kill()
        holder.wait()
        assert is_left_behind(claim_file(folder))
        assert claims.take(KEY) and not is_left_behind(claim_file(folder))


def test_a_process_that_is_stopped_is_not_waited_for_without_end(folder, holder):
    holder.send_signal(signal.SIGSTOP)
    with Claims(folder, abandoned_seconds=0.3) as claims:
        assert not claims.take(KEY)
        time.sleep(0.4)
        assert claims.take(KEY)
        claims.release(KEY)
        assert claim_file(folder).exists()


def test_few_claims_are_held_and_those_of_others_are_seen_beyond(folder):
    keys = [f"{number:02x}" + "0" * 62 for number in range(MAX_HELD + 2)]
    with Claims(folder) as claims, Claims(folder) as other:
        assert other.take(keys[-1])
        assert [claims.take(key) for key in keys] == [True] * (MAX_HELD + 1) + [False]
        assert len(list(folder.glob("??/*.claim"))) == MAX_HELD + 1


def test_a_folder_that_takes_no_claims_stops_nobody(tmp_path):
    (tmp_path / "file").write_text("")
    with Claims(tmp_path / "file") as claims:
        assert claims.take(KEY)


def test_upkeep_counts_and_removes_only_claims_of_nobody(cache, folder, holder):
    assert cache.info()["num_leftovers"] == 0
    cache.clear()
    assert claim_file(folder).exists()
    holder.kill()
    holder.wait()
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
