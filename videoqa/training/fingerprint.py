"""What workers compare before they train together: whatever would make them train different things."""

import dataclasses
from pathlib import Path

from videoqa._manifest import MANIFEST
from videoqa._versions import installed_versions
from videoqa.config import PARTS, RunConfig
from videoqa.launching.job import Job
from videoqa.models.weight_files import file_digest
from videoqa.training.preparing import PreparedData

PATHS = ("data.data", "data.videos", "data.annotations", "model.backbone_weights")
"""Fields that may differ between machines; what lies there is compared by content."""


def fingerprint(job: Job, prepared: PreparedData) -> dict[str, str]:
    """Return name to value or hash of everything that has to be equal on all workers."""
    versions = installed_versions()
    values = {f"version of {name}": versions[name] for name in versions if name != "platform"}
    values |= prepared.hashes
    values |= fields_of(prepared.config)
    values["checkpoint_steps"] = str(job.launch.checkpoint_steps)
    values["rows"] = f"{len(prepared.table)} and {prepared.num_dropped} left out"
    if job.initial_model is not None:
        values["initial_model"] = file_digest(Path(job.initial_model) / MANIFEST, "sha256")[:16]
    return values


def fields_of(config: RunConfig) -> dict[str, str]:
    """Return every field of a configuration, as "part.field", that is no path."""
    return {
        f"{key}.{item.name}": repr(getattr(getattr(config, key), item.name))
        for key, part in PARTS.items()
        for item in dataclasses.fields(part)
        if f"{key}.{item.name}" not in PATHS
    }
