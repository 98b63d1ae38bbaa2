"""Where the real-data folder is, for the benchmarks that need it."""

import os
from pathlib import Path


def real_data() -> Path:
    """Return the real-data folder, or end with a message."""
    folder = Path(
        os.environ.get("VIDEOQA_REAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
    )
    if not folder.is_dir():
        raise SystemExit(f"Set VIDEOQA_REAL_DATA to the real-data folder; {folder} is not there.")
    return folder


def real_backbone() -> dict[str, str]:
    """Return the options of a run on InceptionV3 with the real weights, which end at the layer `mixed8`."""
    weights = real_data() / "weights" / "inception_v3_imagenet2015_to_mixed8.weights.h5"
    return {"backbone_weights": str(weights), "backbone_layer": "mixed8"}
