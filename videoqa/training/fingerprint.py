"""The fingerprint of a run: the hashes and values that every worker, and a resumed run, must share."""

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from videoqa._files import name_bytes
from videoqa._manifest import MANIFEST
from videoqa._version import installed_versions
from videoqa.config import PARTS, ModelConfig, RunConfig
from videoqa.data.source import MIRRORED, OPPOSITE
from videoqa.models.backbones import backbone_identity
from videoqa.models.weight_files import file_digest
from videoqa.training.further_clips import CLIP
from videoqa.training.request import Request
from videoqa.training.rows import RunRows

if TYPE_CHECKING:
    from videoqa.training.preparing import PreparedData

PATHS = (
    "data.data", "data.videos", "data.annotations", "data.reverse_labels", "data.mirror_labels",
    "model.backbone_weights", "training.pretrain_videos",
)  # fmt: skip
"""Fields that may differ between machines; what lies there is compared by content."""


def fingerprint(request: Request, data: "PreparedData") -> dict[str, str]:
    """Return what workers compare before they train: each value or hash that must be equal, by its name."""
    versions = installed_versions()
    values = {f"version of {name}": versions[name] for name in versions if name != "platform"}
    values |= data.hashes
    values |= fields_of(data.config)
    values["checkpoint_steps"] = str(request.job.launch.checkpoint_steps)
    values["rows"] = f"{len(data.table)} and {data.num_dropped} left out"
    if request.initial is not None:
        values["initial_model"] = file_digest(request.initial.path / MANIFEST, "sha256")[:16]
    return values


def fields_of(config: RunConfig) -> dict[str, str]:
    """Return every field of a configuration, as "part.field", that is no path."""
    return {
        f"{key}.{item.name}": repr(getattr(getattr(config, key), item.name))
        for key, part in PARTS.items()
        for item in dataclasses.fields(part)
        if f"{key}.{item.name}" not in PATHS
    }


def hashes_of_data(
    rows: RunRows,
    table: pd.DataFrame,
    *,
    contents: pd.Series | None,
    further: pd.DataFrame,
    weights: np.ndarray | None,
) -> dict[str, str]:
    """Return the hashes of what a run learns from, by their names.

    Args:
        rows: of the run.
        table: those of its training and validation rows that are kept, in their order.
        contents: the short hash of each row's video, wherever it lies; None for a model that sees no video.
        further: the clips without labels that are kept.
        weights: how much each row counts; None: all alike.
    """
    hashes = {
        "data": _hash_of_table(table, contents),
        "vocabulary": "" if rows.vocabulary is None else _hash_of(rows.vocabulary.words),
        "answers": _hash_of(rows.answers.answers),
        "backbone": _hash_of_backbone(rows.config.model),
    }
    if len(further):
        hashes["pretrain_videos"] = _hash_of(further[CLIP].astype(str).to_numpy().tolist())
    if weights is not None:
        hashes["label weights"] = _hash_of(weights.tolist())
    return hashes


def _hash_of_table(table: pd.DataFrame, contents: pd.Series | None) -> str:
    columns = ["split", "question", "answer", "start_seconds", "end_seconds"]
    columns += [name for name in (OPPOSITE, MIRRORED) if name in table and (table[name] != "").any()]
    rows = table[columns].astype(str)
    return _hash_of(rows.assign(video="" if contents is None else contents.astype(str)).to_numpy().tolist())


def _hash_of_backbone(model: ModelConfig) -> str:
    """Return the hash of the backbone's weights, whatever their path; "" for a model without a backbone."""
    if not (model.sees_video and model.has_backbone):
        return ""
    return _hash_of(
        backbone_identity(model.backbone, model.backbone_weights, model.backbone_layer, model.pooling)
    )


def _hash_of(content: Any) -> str:
    """Return 16 hexadecimal digits of the sha256 of JSON content."""
    return hashlib.sha256(name_bytes(json.dumps(content, ensure_ascii=False))).hexdigest()[:16]
