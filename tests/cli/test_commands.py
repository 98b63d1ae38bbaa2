"""Whole commands as a user types them."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest

from videoqa.cli.main import build_parser, main
from videoqa.features.cache import FeatureCache
from videoqa.sample.sample_set import sample_clip


def refused(done, *texts):
    """Assert a refusal: exit code 2, every text on stderr, no traceback, nothing on stdout."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for text in texts:
        assert text in done.stderr
    return True


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Return one drawn clip."""
    return Path(sample_clip("loading", seed=3, folder=tmp_path_factory.mktemp("clips")))


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Run a command in an empty folder, with a home of its own and no terminal."""
    monkeypatch.setenv("VIDEOQA_HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(*words):
        capfd.readouterr()
        code = main([str(word) for word in words])
        printed = capfd.readouterr()
        return subprocess.CompletedProcess(words, code, printed.out, printed.err)

    return run


def test_no_command_is_refused(run):
    assert refused(run(), "COMMAND")


def test_an_unknown_flag_is_refused(run):
    assert refused(run("train", "--data", "sample", "--epoch", "3"), "--epoch")


@pytest.mark.parametrize("command", ["train", "encode"])
def test_without_data_the_next_command_is_named(run, command):
    program = "videoqa-train" if command == "train" else "videoqa encode"
    assert refused(run(command), "`--data` is missing", f"{program} --data sample")


def test_the_command_named_repeats_what_was_typed(run):
    typed = ("--out", "my run", "--strategy", "multiworker", "--workers", "a:1,b:2", "--worker-index", "1")
    more = (
        "--patience",
        "none",
        "--no-blind",
        "--frame-size",
        "48",
        "64",
        "--classes",
        "x",
        "--classes",
        "y",
    )
    done = run("train", *typed, *more)
    named = shlex.split(done.stderr.splitlines()[-1])
    assert named[:3] == ["videoqa-train", "--data", "sample"]
    parse = build_parser().parse_args
    assert parse(["train", *named[1:]]) == parse(["train", "--data", "sample", *typed, *more])


def test_a_missing_annotation_file_is_refused(run):
    assert refused(run("train", "--data", "missing.csv"), "missing.csv")


def test_a_bad_option_is_refused_before_any_work(run):
    assert refused(
        run("train", "--data", "sample", "--epochs", "0"), "`epochs` must be an integer", "epochs=0"
    )


def test_an_out_that_cannot_be_written_is_refused(run, tmp_path):
    (tmp_path / "work" / "file").write_text("")
    (tmp_path / "work" / "my.csv").write_text(
        "video,question,answer,split\na.avi,what?,one,train\nb.avi,what?,two,test\nc.avi,what?,two,validation\n"
    )
    assert refused(run("train", "--data", "my.csv", "--backbone", "tiny", "--out", "file/run"), "file/run")


@pytest.mark.parametrize("command", [("evaluate",), ("predict",), ("ask", "clip.mp4", "what?", "--model")])
def test_a_missing_model_folder_is_refused(run, command):
    assert refused(run(*command, "runs/missing"), "runs/missing")


def test_a_missing_video_is_refused(run):
    assert refused(run("sheet", "missing.mp4", "--out", "sheet.png"), "missing.mp4")


def test_a_sheet_of_a_video_whose_name_starts_with_a_dash(run, tmp_path, clip):
    (tmp_path / "work" / "-clip.avi").write_bytes(clip.read_bytes())
    done = run("sheet", "--num-frames", "4", "--columns", "2", "--out", "sheet.png", "--", "-clip.avi")
    assert done.returncode == 0, done.stderr
    assert "4 frames written to sheet.png" in done.stdout
    assert (tmp_path / "work" / "sheet.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_summary_is_a_table_of_layers(run):
    done = run("summary", "--task", "open_ended", "--backbone", "tiny", "--num-answers", "7")
    assert done.returncode == 0, done.stderr
    assert "video_lstm" in done.stdout
    assert "answer" in done.stdout


def test_the_summary_tells_parameters_and_memory_of_an_architecture(run):
    options = ("--task", "action", "--architecture", "conv_lstm", "--num-answers", "9", "--batch-size", "2")
    done = run("summary", *options)
    assert done.returncode == 0, done.stderr
    assert "conv1            Conv2D                (None, 58, 78, 30)" in done.stdout
    assert "149,599 parameters, of which training changes 149,599." in done.stdout
    assert re.search(
        r"a batch size of 2 needs about 0\.\d\d GiB of memory \(weights 0\.00, activ", done.stdout
    )
    told = json.loads(run("summary", *options, "--json").stdout)
    assert (
        told["parameters"] == told["trained_parameters"] == sum(row["parameters"] for row in told["layers"])
    )
    assert told["memory_bytes"].pop("total") == sum(told["memory_bytes"].values())
    assert refused(run("summary", "--architecture", "c3d"), "`task` must be 'action' with architecture='c3d'")


def test_the_cache_is_shown_pruned_and_cleared(run, tmp_path):
    cache = FeatureCache(tmp_path / "home")
    for number in range(2):
        cache.write(f"{number:064x}", np.zeros((2, 3), np.float16), {})
    assert "num_entries: 2" in run("cache", "info").stdout
    assert refused(run("cache", "clear"), "videoqa cache clear --yes")
    assert refused(run("cache", "prune", "--max-gb", "-1"), "max_gb")
    assert "num_entries: 2" in run("cache", "prune", "--max-gb", "1").stdout
    done = run("cache", "clear", "--yes")
    assert done.returncode == 0, done.stderr
    assert "num_entries: 0" in run("cache", "info").stdout
