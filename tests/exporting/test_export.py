"""Exports of a question model: equal to the model, asked by a client without it, whole or not there."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import videoqa
from videoqa.cli.main import main
from videoqa.evaluation.prediction import predict_examples
from videoqa.exporting import proof
from videoqa.exporting.errors import NotExported
from videoqa.exporting.formats import graph_ops, write_format
from videoqa.exporting.proof import LARGEST_DIFFERENCE, NUM_CLIPS, drawn_clips, prove
from videoqa.saving import ModelFolder
from videoqa.trust.calibration import with_temperature
from videoqa.video.decoding import ClipRequest, decode

for library in ("onnx", "tf2onnx", "onnxruntime", "ai_edge_litert"):
    pytest.importorskip(library, reason=f"needs {library}: pip install -e .[export]")

COMMON = {"answers.json", "comparison.json", "preprocessing.json", "question_vocabulary.json"}
CLIENT = {"client.py", "clip_windows.py", "question_tokens.py"}
FILES = {"saved_model", "model.onnx"}


@pytest.mark.numeric
@pytest.mark.slow
def test_both_formats_answer_as_the_model_does(exported: Path) -> None:
    found = json.loads((exported / "comparison.json").read_text())["formats"]
    assert set(found) == {"saved_model", "onnx"}
    assert list(found["saved_model"]["largest_difference"]) == ["frames", "features"]
    for each in found.values():
        assert each["num_clips"] == NUM_CLIPS and each["cold_start_seconds"] > 0
        assert all(0 <= difference <= 1e-4 for difference in each["largest_difference"].values())
    assert {path.name for path in exported.iterdir()} == COMMON | CLIENT | FILES


def test_no_graph_has_an_op_of_cudnn(
    question_folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras  # noqa: F401

    # Keras takes cuDNN's op where it sees a GPU while it traces a graph; tracing needs none
    monkeypatch.setattr(sys.modules["keras.src.backend.tensorflow.rnn"], "_is_gpu_available", lambda: True)
    path = write_format("saved_model", question_folder, ("features",), tmp_path)
    ops = graph_ops(path)
    assert {"While", "StatelessWhile"} & ops, "the LSTMs are in the library of functions"
    assert not [op for op in ops if "Cudnn" in op]


@pytest.mark.numeric
@pytest.mark.slow
def test_the_client_needs_neither_tensorflow_nor_this_package(
    exported: Path, question_folder: ModelFolder, tmp_path: Path
) -> None:
    clip = videoqa.sample_clip("waving", seed=5, folder=tmp_path)
    program = (
        "import json, runpy, sys; sys.path.insert(0, sys.argv[1])\n"
        "ask = runpy.run_path(sys.argv[1] + '/client.py')['ask']\n"
        "answers = [ask(sys.argv[2], question) for question in sys.argv[3:]]\n"
        "loaded = [name for name in ('tensorflow', 'keras', 'videoqa') if name in sys.modules]\n"
        "print(json.dumps([answers, loaded]))"
    )
    questions = ("what is he doing?", "Is he WAVING", "is he waving or loading ，呢")
    done = subprocess.run(
        [sys.executable, "-c", program, str(exported), clip, *questions],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers, loaded = json.loads(done.stdout)
    assert loaded == []
    for question, given in zip(questions, answers, strict=True):
        probabilities = unrounded_answers(videoqa.load(question_folder.path), clip, question)
        assert given[0][0] == videoqa.ask(clip, question, model=question_folder.path).text
        np.testing.assert_allclose(
            [value for _, value in given], np.sort(probabilities)[::-1], rtol=0, atol=LARGEST_DIFFERENCE
        )


def unrounded_answers(qa: videoqa.VideoQA, clip: str, question: str) -> np.ndarray:
    """Return what the library answers if it does not keep features in float16, `(num_answers,)`."""
    config = qa.folder.config
    frames = decode(ClipRequest(clip), config.sampling, frame_size=config.model.frame_size).frames
    examples = qa.examples([qa.encoder(frames)], [question])
    probabilities = predict_examples(qa.model, examples).probabilities
    temperature = qa.folder.trust.temperature
    return (probabilities if temperature is None else with_temperature(probabilities, temperature))[0]


@pytest.mark.numeric
@pytest.mark.slow
def test_another_model_is_not_equal(drawn_folder: Callable[..., ModelFolder], tmp_path: Path) -> None:
    folder, hotter = drawn_folder(video_branch="none"), drawn_folder(temperature=2.0, video_branch="none")
    path = write_format("onnx", hotter, ("question",), tmp_path)
    with pytest.raises(NotExported, match="onnx export from question gives probabilities up to 0"):
        prove("onnx", path, drawn_clips(folder, ("question",)), ("question",))


@pytest.mark.slow
def test_a_folder_is_replaced_whole_or_not_at_all(
    drawn_folder: Callable[..., ModelFolder],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "comparison.json").write_text("of an earlier export")
    words = ["export", str(drawn_folder(video_branch="none").path), "--format", "onnx", "--out", str(out)]
    assert main(words) == 2
    assert "--overwrite" in capfd.readouterr().err
    with monkeypatch.context() as nothing_is_equal:
        nothing_is_equal.setattr(proof, "LARGEST_DIFFERENCE", -1.0)
        assert main([*words, "--overwrite"]) == 2
    message = capfd.readouterr().err
    assert re.search("onnx export from question gives .* away .*Nothing was written to", message)
    assert [path.read_text() for path in out.iterdir()] == ["of an earlier export"]
    assert main([*words, "--overwrite", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["formats"]["onnx"]["num_clips"] == NUM_CLIPS
    assert {path.name for path in out.iterdir()} == COMMON | CLIENT | {"model.onnx"}
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
