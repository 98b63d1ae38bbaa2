"""Answer questions about short video clips: a clip and a question become two vectors that choose an answer.

Public names are imported on first use (PEP 562), so `import videoqa` loads no TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING, Any

from videoqa._fork import notice_forks
from videoqa._keras_layers import register_with_keras
from videoqa._quiet import keep_tensorflow_quiet
from videoqa._version import __version__ as __version__

if TYPE_CHECKING:
    from videoqa.answering.ask import ask as ask
    from videoqa.answering.ask import load as load
    from videoqa.answering.predict import predict as predict
    from videoqa.answering.video_qa import Answer as Answer
    from videoqa.answering.video_qa import VideoQA as VideoQA
    from videoqa.answering.watch import watch as watch
    from videoqa.answering.watched import WatchedSegment as WatchedSegment
    from videoqa.answering.watched import WatchedWindow as WatchedWindow
    from videoqa.answering.watched import join_windows as join_windows
    from videoqa.auditing.audit import audit as audit
    from videoqa.config import DataConfig as DataConfig
    from videoqa.config import ExtractionConfig as ExtractionConfig
    from videoqa.config import LaunchConfig as LaunchConfig
    from videoqa.config import ModelConfig as ModelConfig
    from videoqa.config import RunConfig as RunConfig
    from videoqa.config import SamplingConfig as SamplingConfig
    from videoqa.config import TrainingConfig as TrainingConfig
    from videoqa.evaluation.evaluate import evaluate as evaluate
    from videoqa.exporting.export import export as export
    from videoqa.extraction.extract import extract_frames as extract_frames
    from videoqa.features.encode import encode as encode
    from videoqa.launching.errors import StartError as StartError
    from videoqa.launching.errors import WorkerLost as WorkerLost
    from videoqa.models.building import build_action_model as build_action_model
    from videoqa.models.building import build_model as build_model
    from videoqa.reporting.compare import compare as compare
    from videoqa.reporting.report import report as report
    from videoqa.sample.sample_set import sample_clip as sample_clip
    from videoqa.training.run import TrainingRun as TrainingRun
    from videoqa.training.train import train as train
    from videoqa.training.training_sheet import training_sheet as training_sheet
    from videoqa.video.errors import DecodingError as DecodingError
    from videoqa.video.frame_page import frame_page as frame_page

_HOME_OF_NAME = {
    "Answer": "videoqa.answering.video_qa",
    "DataConfig": "videoqa.config",
    "DecodingError": "videoqa.video.errors",
    "ExtractionConfig": "videoqa.config",
    "LaunchConfig": "videoqa.config",
    "ModelConfig": "videoqa.config",
    "RunConfig": "videoqa.config",
    "SamplingConfig": "videoqa.config",
    "StartError": "videoqa.launching.errors",
    "TrainingConfig": "videoqa.config",
    "TrainingRun": "videoqa.training.run",
    "VideoQA": "videoqa.answering.video_qa",
    "WatchedSegment": "videoqa.answering.watched",
    "WatchedWindow": "videoqa.answering.watched",
    "WorkerLost": "videoqa.launching.errors",
    "ask": "videoqa.answering.ask",
    "audit": "videoqa.auditing.audit",
    "build_action_model": "videoqa.models.building",
    "build_model": "videoqa.models.building",
    "compare": "videoqa.reporting.compare",
    "encode": "videoqa.features.encode",
    "evaluate": "videoqa.evaluation.evaluate",
    "export": "videoqa.exporting.export",
    "extract_frames": "videoqa.extraction.extract",
    "frame_page": "videoqa.video.frame_page",
    "join_windows": "videoqa.answering.watched",
    "load": "videoqa.answering.ask",
    "predict": "videoqa.answering.predict",
    "report": "videoqa.reporting.report",
    "sample_clip": "videoqa.sample.sample_set",
    "train": "videoqa.training.train",
    "training_sheet": "videoqa.training.training_sheet",
    "watch": "videoqa.answering.watch",
}

__all__ = ["__version__", *sorted(_HOME_OF_NAME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF_NAME:
        raise AttributeError(f"module 'videoqa' has no attribute {name!r}. Its names: {', '.join(__all__)}.")
    value = getattr(importlib.import_module(_HOME_OF_NAME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


keep_tensorflow_quiet()
notice_forks()
register_with_keras()
