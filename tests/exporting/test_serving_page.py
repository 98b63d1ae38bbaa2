"""`docs/serving.md` against a SavedModel: the request that it shows is one that the signature takes."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videoqa import sample_clip
from videoqa.saving import ANSWERS

for library in ("onnx", "tf2onnx", "onnxruntime", "ai_edge_litert"):
    pytest.importorskip(library, reason=f"needs {library}: pip install -e .[export]")

pytestmark = pytest.mark.slow

PAGE = Path(__file__).resolve().parents[2] / "docs" / "serving.md"
Call = Callable[[dict[str, Any]], dict[str, Any]]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.S)


@pytest.fixture(scope="module")
def predict(exported: Path) -> Call:
    """Return what TensorFlow Serving's REST interface does with the JSON of a request.

    Source: the row format of https://www.tensorflow.org/tfx/serving/api_rest: instances become a batch, and
    predictions are bare lists if there is one output.
    """
    import tensorflow as tf

    loaded = tf.saved_model.load(str(exported / "saved_model" / "1"))

    def call(request: dict[str, Any]) -> dict[str, Any]:
        assert set(request) <= {"signature_name", "instances"}
        serve = loaded.signatures[request.get("signature_name", "serving_default")]
        specs = serve.structured_input_signature[1]
        assert all(set(instance) == set(specs) for instance in request["instances"])
        inputs = {
            name: tf.constant([instance[name] for instance in request["instances"]], spec.dtype)
            for name, spec in specs.items()
        }
        outputs = {name: values.numpy().tolist() for name, values in serve(**inputs).items()}
        rows = [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]
        return {"predictions": rows if len(outputs) > 1 else [next(iter(row.values())) for row in rows]}

    call.loaded = loaded  # type: ignore[attr-defined]
    return call


def test_the_signatures_have_the_names_of_the_library(predict: Call) -> None:
    signatures = predict.loaded.signatures  # type: ignore[attr-defined]
    found = {
        name: (set(each.structured_input_signature[1]), set(each.structured_outputs))
        for name, each in signatures.items()
    }
    from_frames, from_features = ({"clip", "question"}, {"answer"}), ({"features", "question"}, {"answer"})
    assert found == {"serving_default": from_frames, "frames": from_frames, "features": from_features}


def shape_of(predict: Call, name: str) -> list[int]:
    """Return the shape of one clip's input of the signature `name`."""
    signature = predict.loaded.signatures[name]  # type: ignore[attr-defined]
    return signature.structured_input_signature[1][name].shape[1:].as_list()


def test_the_request_of_the_page_is_answered(predict: Call) -> None:
    request, response = map(json.loads, blocks("json"))
    (instance,) = request["instances"]
    assert np.ndim(instance["features"]) == 2 and np.ndim(instance["question"]) == 1
    # the page cuts the features short: the rows of the model's own clips are longer
    instance["features"] = np.resize(instance["features"], shape_of(predict, "features")).tolist()
    answered = predict(request)
    assert set(answered) == set(response)
    assert len(answered["predictions"]) == len(response["predictions"]) == 1
    for (probabilities,) in (answered["predictions"], response["predictions"]):
        assert sum(probabilities) == pytest.approx(1)


def test_the_program_of_the_page_makes_a_request(
    exported: Path, predict: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (program,) = blocks("python")
    shutil.copytree(exported, tmp_path / "exported" / "mine")
    shutil.copyfile(sample_clip("waving", seed=1), tmp_path / "clip.mp4")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    exec(program, {})
    request = json.loads((tmp_path / "request.json").read_text())
    (probabilities,) = predict(request)["predictions"]
    assert len(probabilities) == len(json.loads((exported / ANSWERS).read_text())["answers"])
