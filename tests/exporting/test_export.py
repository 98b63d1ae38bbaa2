"""Exports of a question model in every format: equal to the model, and whole or not there."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import videoqa
from videoqa.cli.main import main
from videoqa.config import EXPORT_FORMATS
from videoqa.exporting import proof
from videoqa.exporting.errors import NotExported
from videoqa.exporting.formats import graph_ops, write_format
from videoqa.exporting.proof import NUM_CLIPS, drawn_clips, prove
from videoqa.saving import ModelFolder, load_model_folder

COMMON = {"answers.json", "comparison.json", "preprocessing.json", "question_vocabulary.json"}
CLIENT = {"client.py", "clip_windows.py", "question_tokens.py"}
FILES = {"saved_model", "model.onnx", "model.tflite", "model.keras"}


@pytest.mark.numeric
def test_every_format_answers_as_the_model_does(all_formats: Path) -> None:
    found = json.loads((all_formats / "comparison.json").read_text())["formats"]
    assert set(found) == set(EXPORT_FORMATS)
    assert list(found["saved_model"]["largest_difference"]) == ["frames", "features"]
    for each in found.values():
        assert each["num_clips"] == NUM_CLIPS and each["cold_start_seconds"] > 0
        assert all(0 <= difference <= 1e-4 for difference in each["largest_difference"].values())
    assert {path.name for path in all_formats.iterdir()} == COMMON | CLIENT | FILES


def test_no_graph_has_an_op_of_cudnn(
    question_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Keras takes cuDNN's op where it sees a GPU while it traces a graph; tracing needs none
    monkeypatch.setattr("keras.src.backend.tensorflow.rnn._is_gpu_available", lambda: True)
    path = write_format("saved_model", load_model_folder(question_run), ("frames", "features"), tmp_path)
    ops = graph_ops(path)
    assert {"While", "StatelessWhile"} & ops, "the LSTMs are in the library of functions"
    assert not [op for op in ops if "Cudnn" in op]


@pytest.mark.numeric
def test_the_client_needs_neither_tensorflow_nor_this_package(
    all_formats: Path, question_run: Path, small_set: Path, tmp_path: Path
) -> None:
    clip = next(small_set.glob("waving-5/*.avi"))
    program = (
        "import json, runpy, sys; sys.path.insert(0, sys.argv[1])\n"
        "ask = runpy.run_path(sys.argv[1] + '/client.py')['ask']\n"
        "answers = [ask(sys.argv[2], question) for question in sys.argv[3:]]\n"
        "loaded = [name for name in ('tensorflow', 'keras', 'videoqa') if name in sys.modules]\n"
        "print(json.dumps([answers, loaded]))"
    )
    questions = ("what is he doing?", "Is he WAVING", "is he waving or loading ，呢")
    done = subprocess.run(
        [sys.executable, "-c", program, str(all_formats), str(clip), *questions],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers, loaded = json.loads(done.stdout)
    assert loaded == []
    for question, given in zip(questions, answers, strict=True):
        wanted = videoqa.ask(clip, question, model=question_run, top_k=99).alternatives
        assert [answer for answer, _ in given] == [answer for answer, _ in wanted]
        np.testing.assert_allclose(
            [value for _, value in given], [value for _, value in wanted], rtol=0, atol=1e-4
        )


def test_what_is_not_equal_is_not_handed_over(
    drawn_folder: Callable[..., ModelFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "LARGEST_DIFFERENCE", -1.0)
    folder = drawn_folder(task="action", backbone="tiny", num_frames=3, video_branch="mean")
    with pytest.raises(NotExported, match=r"onnx export from frames gives .* away .*Nothing was written to"):
        videoqa.export(folder.path, "onnx", tmp_path / "parent" / "out")
    assert list((tmp_path / "parent").iterdir()) == []


@pytest.mark.numeric
def test_another_model_is_not_equal(drawn_folder: Callable[..., ModelFolder], tmp_path: Path) -> None:
    options = {"task": "action", "backbone": "tiny", "num_frames": 3, "video_branch": "mean"}
    folder, hotter = drawn_folder(**options), drawn_folder(temperature=2.0, **options)
    path = write_format("onnx", hotter, ("features",), tmp_path)
    with pytest.raises(NotExported, match="onnx export from features gives probabilities up to 0"):
        prove("onnx", path, drawn_clips(folder, ("features",)), ("features",))


def test_an_export_is_replaced_only_if_that_was_said(
    drawn_folder: Callable[..., ModelFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = drawn_folder(video_branch="none"), tmp_path / "out"
    words = ["export", str(folder.path), "--format", "onnx", "--out", str(out)]
    assert main(words) == 0
    assert "onnx from question: model.onnx" in capsys.readouterr().out
    assert main(words) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main([*words, "--overwrite", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["formats"]["onnx"]["num_clips"] == NUM_CLIPS
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("options", "keywords", "message"),
    [
        ({}, {"format": "onxx"}, "must be one of 'saved_model'.*Did you mean 'onnx'"),
        ({}, {"format": []}, "name at least one of 'saved_model'"),
        ({"motion": "flow"}, {"starts_from": "frames"}, "'features' for this model.*flow is found outside"),
        ({"video_branch": "none"}, {"starts_from": "frames"}, "left out for a blind model"),
        ({}, {"starts_from": "clips"}, "must be one of 'frames', 'features'"),
        ({}, {"out": "."}, "holds something else"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_refused(
    drawn_folder: Callable[..., ModelFolder],
    options: dict,
    keywords: dict,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    chosen = {"format": "onnx", "out": "exported"} | keywords
    with pytest.raises(ValueError, match=message):
        videoqa.export(drawn_folder(**options).path, chosen.pop("format"), chosen.pop("out"), **chosen)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
