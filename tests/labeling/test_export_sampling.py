"""Tasks say which frames the model that chose them sees, so that another model is shown the same."""

import json
import shutil
from pathlib import Path

import pytest

import videoqa
from videoqa._manifest import file_sha256
from videoqa.config import SamplingConfig
from videoqa.labeling.clip_frames import sampling_of
from videoqa.labeling.export_tasks import export_tasks
from videoqa.labeling.tasks import read_tasks

from .conftest import write_csv
from .test_export import EVALUATE, ROWS

MODEL = Path(videoqa.__file__).parent / "shipped_model"


def test_tasks_say_which_frames_their_model_sees(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    predictions = write_csv(run / "predictions.csv", EVALUATE, ROWS)
    options = {"select": "uncertain", "format": "csv"}
    export_tasks(predictions, out=tmp_path / "first", **options)
    assert "sampling" not in read_tasks(tmp_path / "first").about
    for name in ("MANIFEST.json", "config.json"):
        shutil.copy(MODEL / name, run)
    text = (run / "config.json").read_text().replace('"num_frames": 20', '"num_frames": 6')
    (run / "config.json").write_text(text)
    export_tasks(predictions, out=tmp_path / "second", **options)
    about = read_tasks(tmp_path / "second").about
    assert about["model"] == "run" and sampling_of(about, None) == SamplingConfig(num_frames=6)
    scores = tmp_path / "scores"  # as evaluate writes them, beside the name of the model
    scores.mkdir()
    named = {"model": str(run), "model_sha256": file_sha256(run / "MANIFEST.json")}
    for sha256, sampling in ((named["model_sha256"], about["sampling"]), ("0" * 64, None)):
        (scores / "metrics.json").write_text(json.dumps({**named, "model_sha256": sha256}))
        shutil.copy(predictions, scores)
        export_tasks(scores / "predictions.csv", out=tmp_path / sha256[:8], **options)
        assert read_tasks(tmp_path / sha256[:8]).about.get("sampling") == sampling
    assert sampling_of(about, 3) == SamplingConfig(num_frames=3) and sampling_of({}, None) == SamplingConfig()


@pytest.mark.parametrize("sampling", [[1], {"frames": 3}, {"num_frames": "6"}])
def test_what_is_no_sampling_is_refused(sampling):
    with pytest.raises(ValueError, match="hold the sampling of a model|num_frames"):
        sampling_of({"sampling": sampling}, None)
