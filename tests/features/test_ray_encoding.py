"""Clips spread over a real local Ray instance: same features, rows for bad clips, dead processes replaced."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.cache_keys import clip_key_parts, key_of
from videoqa.features.encoding import FrameEncoder, encode_clips, load_features
from videoqa.features.filling import fill_cache
from videoqa.features.jobs import ClipJob, distinct_jobs
from videoqa.features.ray_encoding import (
    CPUS_PER_WORKER,
    _Pool,
    dependencies,
    features_made_on_ray,
)
from videoqa.video.decoding import ClipRequest

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'videoqa[ray]'")
pytestmark = pytest.mark.slow

SAMPLING = SamplingConfig(num_frames=5)
MODEL = ModelConfig(backbone="tiny", backbone_weights=None, frame_size=(16, 16))
OPTIONS = ["--backbone", "tiny", "--backbone-weights", "none", "--frame-size", "16x16", "--num-frames", "5"]


@pytest.fixture(scope="module")
def local_ray():
    """A cluster for two processes on this machine; they know this file's classes by value."""
    ray.init(
        address="local",
        num_cpus=2 * CPUS_PER_WORKER,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    ray.shutdown()


@pytest.fixture
def requests(write_video, tmp_path) -> list[ClipRequest]:
    """Thirty good clips, a copy, and three bad ones."""
    paths = [write_video(f"{seed}.avi", seed=seed) for seed in range(20)]
    (tmp_path / "text.mp4").write_text("this is no video")
    shutil.copy(paths[0], tmp_path / "copy.avi")
    good = [ClipRequest(path) for path in paths] + [ClipRequest(path, 0.2, 0.9) for path in paths[:10]]
    bad = [ClipRequest(str(tmp_path / name)) for name in ("none.avi", "text.mp4")]
    return [*good, ClipRequest(str(tmp_path / "copy.avi")), *bad, ClipRequest(paths[0], 50, 60)]


@pytest.mark.numeric
def test_features_and_report_are_those_of_one_process(local_ray, requests, cache):
    spread = encode_clips(requests, SAMPLING, MODEL, cache=cache, runner="ray")
    other = FeatureCache(cache.folder.parent / "other")
    alone = encode_clips(requests, SAMPLING, MODEL, cache=other)
    pd.testing.assert_frame_equal(spread.rows.drop(columns="num_bytes"), alone.rows.drop(columns="num_bytes"))
    assert (spread.num_encoded, spread.num_cached, spread.num_failed) == (30, 1, 3)
    features, expected = load_features(spread), load_features(alone)
    # Float32 sums of another order may fall to the next float16: an epsilon of 2^-10, small ones of up to 1.
    np.testing.assert_allclose(features.astype(float), expected, rtol=2.0**-10, atol=2.0**-10)
    if (os.cpu_count() or 1) <= CPUS_PER_WORKER:  # as many threads, so not a bit differs
        assert features.tobytes() == expected.tobytes()
    metadata = [each.read_entry(spread.rows["key"][0]).metadata for each in (cache, other)]
    assert {**metadata[0], "sha256": ""} == {**metadata[1], "sha256": ""}
    assert not list(cache.folder.glob("??/*.claim"))
    again = encode_clips(requests[:30], SAMPLING, MODEL, cache=cache, runner="ray")
    assert again.num_cached == 30


class DeadlyJob(ClipJob):
    """A clip whose decoding kills the process as often as `deaths` says."""

    deaths = 0

    def decode(self, sampling, cache, frame_size):
        """Die, or decode."""
        for number in range(self.deaths):
            marker = Path(f"{self.request.path}.death-{number}")
            if not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return super().decode(sampling, cache, frame_size)


class JobThatKillsOnce(DeadlyJob):
    deaths = 1


class JobThatKillsTwice(DeadlyJob):
    deaths = 2


def test_dead_processes_are_replaced_and_their_clips_tried_again(local_ray, write_video, cache):
    encoder = FrameEncoder(MODEL, 16)
    jobs, _ = distinct_jobs([ClipRequest(write_video(f"{seed}.avi", seed=seed)) for seed in range(20)])
    jobs[3], jobs[11] = JobThatKillsOnce(jobs[3].request), JobThatKillsTwice(jobs[11].request)
    for job in jobs:
        job.parts = clip_key_parts(job.request, SAMPLING, MODEL, cache)
        job.key = key_of(job.parts)
    with features_made_on_ray(SAMPLING, cache, encoder) as make_features:
        for part in (jobs[:10], jobs[10:]):  # in one task the two could kill each other
            fill_cache(part, cache, make_features, progress=False)
    assert [job.status for job in jobs] == ["encoded"] * 11 + ["failed"] + ["encoded"] * 8
    assert jobs[11].error.endswith("11.avi: the process that decoded it died, and so did the next one.")


class EncoderThatKills(FrameEncoder):
    """Kills the process that builds it."""

    @property
    def frames_per_run(self):
        """Die."""
        os.kill(os.getpid(), signal.SIGKILL)


def test_processes_that_die_as_they_start_end_the_run(local_ray, write_video):
    jobs, _ = distinct_jobs([ClipRequest(write_video())])
    pool = _Pool(ray, EncoderThatKills(MODEL), SAMPLING)
    try:
        with pytest.raises(RuntimeError, match="The processes of the Ray cluster die as they start"):
            list(pool.make(jobs, ClipJob.fail))
    finally:
        pool.kill()


def test_a_machine_that_would_make_other_features_is_refused(local_ray):
    pool = _Pool(ray, FrameEncoder(MODEL), SAMPLING)
    found = dependencies(pool.encoder)
    assert (pool.num_workers, pool.needs["num_cpus"]) == (2, CPUS_PER_WORKER)
    pool._check_same("node-2", found)
    with pytest.raises(
        ValueError, match=r"'node-2' would make other features: videoqa .* here, 0\.0\.1 there"
    ):
        pool._check_same("node-2", {**found, "videoqa": "0.0.1"})


@pytest.fixture
def command(write_video, tmp_path, monkeypatch):
    """Return a function that starts `videoqa encode --runner ray` on 60 clips, with a Ray of its own."""
    for seed in range(60):
        write_video(f"{seed}.avi", seed=seed)
    rows = [{"video": f"{seed}.avi", "label": ("left", "right")[seed % 2]} for seed in range(60)]
    pd.DataFrame(rows).to_csv(tmp_path / "my.csv", index=False)
    for name in ("RAY_ADDRESS", "TF_CPP_MIN_LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)

    def start(*words: str, **environment: str) -> subprocess.Popen:
        line = [
            sys.executable,
            "-m",
            "videoqa",
            "encode",
            "--data",
            str(tmp_path / "my.csv"),
            "--runner",
            "ray",
        ]
        return subprocess.Popen(
            [*line, *OPTIONS, *words],
            env={**os.environ, "VIDEOQA_HOME": str(tmp_path / "home"), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def test_the_command_starts_a_ray_of_its_own_and_prints_only_its_result(command):
    process = command("--json")
    out, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    assert json.loads(out)["num_encoded"] == 60
    assert errors == ""


def test_sigterm_ends_the_command_on_a_cluster_that_is_there_as_ever(local_ray, command, cache):
    process = command(RAY_ADDRESS=ray.get_runtime_context().gcs_address)
    while cache.info()["num_entries"] < 8:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (143, "Stopped by SIGTERM.\n")
    assert not list(cache.folder.glob("??/*.claim"))


def test_an_address_where_nothing_answers_is_refused(command):
    process = command(RAY_ADDRESS="127.0.0.1:1")
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 2, errors
    assert "`RAY_ADDRESS` must name a Ray cluster that answers. Received: RAY_ADDRESS='127.0.0.1:1'" in errors
