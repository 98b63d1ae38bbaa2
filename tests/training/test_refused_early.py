"""Batches that batch norm cannot take are refused before any clip is decoded."""

import pandas as pd
import pytest

import videoqa
from videoqa.config import LaunchConfig
from videoqa.launching.job import Job
from videoqa.training.memory import Replicas
from videoqa.training.request import read_request
from videoqa.training.run import prepare

C3D = {"task": "action", "architecture": "c3d", "width": 0.05, "frame_size": (16, 16), "batch_size": 7}


def absent_clips(num_rows: int) -> pd.DataFrame:
    """Return rows of videos that are not there: decoding them would leave none."""
    labels = ["loading", "waving"] * num_rows
    return pd.DataFrame(
        {"video": [f"absent-{row}.avi" for row in range(2 * num_rows)], "label": labels, "split": "train"}
    )


def test_shares_are_refused_before_workers_start(tmp_path):
    options = {**C3D, "strategy": "multiworker", "local_workers": 2, "progress": False}
    with pytest.raises(ValueError, match=r"divisible by the 2 replicas .*Nearest are 6 or 8"):
        videoqa.train(absent_clips(20), out=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_shares_are_refused_by_the_launcher_of_each_machine(tmp_path, monkeypatch):
    cluster = '{"cluster": {"worker": ["a:1", "b:1", "c:1"]}, "task": {"type": "worker", "index": 1}}'
    monkeypatch.setenv("TF_CONFIG", cluster)
    with pytest.raises(ValueError, match=r"divisible by the 3 replicas .*Nearest are 6 or 9"):
        videoqa.train(absent_clips(20), out=tmp_path / "run", strategy="multiworker", **C3D)


def test_shares_are_refused_by_a_worker_before_it_reads_the_data():
    job = Job(data=("sample",), launch=LaunchConfig(), options=C3D)
    with pytest.raises(ValueError, match="divisible by the 2 replicas"):
        prepare(job, read_request(job), Replicas(num_workers=2))


@pytest.mark.slow
def test_too_few_rows_for_a_batch_are_refused_before_decoding(tmp_path):
    with pytest.raises(ValueError, match="`batch_size` must be at most the number of training rows, 6"):
        videoqa.train(absent_clips(3), out=tmp_path / "run", validation_share=0.0, progress=False, **C3D)
