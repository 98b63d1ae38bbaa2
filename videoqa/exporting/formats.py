"""The formats of an export: the file of each, the packages it needs, and the function that writes it."""

import functools
import importlib.util
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from videoqa._checks import NotInstalled
from videoqa._quiet import hidden_unless_it_fails
from videoqa.exporting.errors import NotExported
from videoqa.exporting.serving_models import input_specs, serving_models
from videoqa.saving import ModelFolder

if TYPE_CHECKING:
    import keras

INSTALL = 'pip install "videoqa[export]"'


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        file: its name in the folder of the export.
        packages: what must be installed to write and to run it.
        write: writes it, from models by what they start from, the first being the one that is usually called.
        fixed_shapes: one clip a call, questions of one length, recurrent layers unrolled.
        several_starts: one file takes frames as well as features.
    """

    file: str
    packages: tuple[str, ...]
    write: "Callable[[dict[str, keras.Model], Path], None]"
    fixed_shapes: bool = False
    several_starts: bool = False


def write_format(name: str, folder: ModelFolder, starts: tuple[str, ...], out: Path) -> Path:
    """Write a model in one format and return the path of the file, or folder.

    Args:
        name: a key of `FORMATS`.
        folder: the trained model.
        starts: what it can start from; the first is used by a format that takes one.
        out: the folder of the export.

    Raises:
        NotExported: the format cannot hold this model.
    """
    chosen = FORMATS[name]
    starts = starts if chosen.several_starts else starts[:1]
    models = serving_models(folder, starts, fixed_shapes=chosen.fixed_shapes)
    path = out / chosen.file
    with hidden_unless_it_fails(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # converters print and warn of what only their authors can change
        chosen.write(models, path)
    return path


def check_installed(name: str) -> None:
    """Raise `NotInstalled` unless the packages of a format are there."""
    missing = [package for package in FORMATS[name].packages if importlib.util.find_spec(package) is None]
    if missing:
        raise NotInstalled(
            f"The format {name!r} needs {', '.join(missing)}, which is not installed. Type next:\n  {INSTALL}"
        )


def _write_saved_model(models: "dict[str, keras.Model]", path: Path) -> None:
    """Write a SavedModel with a signature for each start; the first is also "serving_default"."""
    _save_signatures(models, path)
    if found := sorted(op for op in graph_ops(path) if op.startswith("Cudnn")):
        raise NotExported(f"The graph has {', '.join(found)}, which runs on NVIDIA's processors alone.")


def _save_signatures(models: "dict[str, keras.Model]", path: Path, *, batch_size: int | None = None) -> None:
    import keras

    # The archive finds the variables by itself; `track` would trace each nested model once more, for any
    # length of question, which an unrolled layer cannot read.
    archive = keras.export.ExportArchive()
    for start, model in models.items():
        call = functools.partial(model.__call__, training=False)
        archive.add_endpoint(start, call, input_signature=[input_specs(model, batch_size=batch_size)])
    archive.write_out(str(path), verbose=False)


def graph_ops(saved_model: Path) -> set[str]:
    """Return the names of all ops in a SavedModel, those in its library of functions included."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    content = SavedModel.FromString((saved_model / "saved_model.pb").read_bytes())
    ops = set()
    for graph in content.meta_graphs:
        ops |= {node.op for node in graph.graph_def.node}
        ops |= {node.op for function in graph.graph_def.library.function for node in function.node_def}
    return ops


def _write_onnx(models: "dict[str, keras.Model]", path: Path) -> None:
    (model,) = models.values()
    model.export(str(path), format="onnx", verbose=False, input_signature=[input_specs(model)])


NOT_IN_LITERT = {"MaxPool3D", "AvgPool3D"}


def _write_litert(models: "dict[str, keras.Model]", path: Path) -> None:
    """Write a LiteRT model for one clip a call, of LiteRT's own ops alone."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory(prefix="videoqa-export-") as folder:
        _save_signatures(models, Path(folder), batch_size=1)
        if found := sorted(graph_ops(Path(folder)) & NOT_IN_LITERT):
            raise NotExported(
                f"LiteRT has no {' and no '.join(found)}, which this model needs. Choose another format."
            )
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["serving_default"])
        converter.experimental_enable_resource_variables = True
        path.write_bytes(converter.convert())


def _write_keras(models: "dict[str, keras.Model]", path: Path) -> None:
    (model,) = models.values()
    model.save(path)


FORMATS = {
    # TensorFlow Serving looks for numbered versions of a model
    "saved_model": Format("saved_model/1", ("tensorflow",), _write_saved_model, several_starts=True),
    "onnx": Format("model.onnx", ("onnx", "tf2onnx", "onnxruntime"), _write_onnx),
    "litert": Format("model.tflite", ("ai_edge_litert",), _write_litert, fixed_shapes=True),
    "keras": Format("model.keras", ("keras",), _write_keras),
}
"""Name of a format -> the format."""
