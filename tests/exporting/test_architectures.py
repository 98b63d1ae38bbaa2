"""Every architecture and branch in other runtimes: the layers that converters find hard."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from videoqa.exporting.errors import NotExported
from videoqa.exporting.formats import write_format
from videoqa.exporting.proof import drawn_clips, prove
from videoqa.exporting.serving_models import possible_starts
from videoqa.saving import ModelFolder

for library in ("onnx", "tf2onnx", "onnxruntime", "ai_edge_litert"):
    pytest.importorskip(library, reason=f"needs {library}: pip install -e .[export]")


C3D = {"task": "action", "architecture": "c3d", "width": 0.05, "frame_size": (32, 32), "num_frames": 4}
CONV_LSTM = {"task": "action", "architecture": "conv_lstm", "frame_size": (40, 48), "num_frames": 60}
FLOW = {
    "task": "action",
    "motion": "both",
    "pooling": "grid2",
    "standardize": True,
    "video_branch": "convolution",
}
WINDOWS = {
    "task": "action",
    "frame_step": 2,
    "num_test_clips": 3,
    "video_branch": "attention",
    "motion": "difference",
}


@pytest.mark.numeric
@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "format", "starts"),
    [
        (C3D, "onnx", ("frames",)),
        (CONV_LSTM, "onnx", ("frames",)),
        (CONV_LSTM | {"num_frames": 12}, "litert", ("frames",)),
        (FLOW, "onnx", ("features",)),
        (WINDOWS, "keras", ("frames", "features")),
        ({"video_branch": "bidirectional"}, "litert", ("frames", "features")),
    ],
    ids=["c3d", "conv_lstm", "conv_lstm-litert", "flow", "windows-keras", "questions-litert"],
)
def test_an_architecture_answers_as_it_does_here(
    options: dict[str, Any],
    format: str,
    starts: tuple[str, ...],
    drawn_folder: Callable[..., ModelFolder],
    tmp_path: Path,
) -> None:
    folder = drawn_folder(**options)
    assert possible_starts(folder) == starts
    used = starts[-1:]  # features where there are any: the backbone's layers are those of every test
    path = write_format(format, folder, used, tmp_path)
    found = prove(format, path, drawn_clips(folder, used), used)
    assert found["largest_difference"][used[0]] <= 1e-4


@pytest.mark.slow
def test_what_litert_lacks_is_named(drawn_folder: Callable[..., ModelFolder], tmp_path: Path) -> None:
    with pytest.raises(NotExported, match="LiteRT has no MaxPool3D, which this model needs. Choose another"):
        write_format("litert", drawn_folder(**C3D), ("frames",), tmp_path)
