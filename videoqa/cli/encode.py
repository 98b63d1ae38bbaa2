"""`videoqa encode`: fill the feature cache."""

import argparse
from typing import Any

from videoqa._ray import import_ray
from videoqa.cli.arguments import add_data, add_json, add_progress, check_data_given, keywords
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import (
    PARTS,
    RUNNERS,
    DataConfig,
    LaunchConfig,
    SamplingConfig,
    field_names,
    run_config_from_options,
)

HELP = "run the frozen backbone over every video once and keep its features, or the frames, in the cache"
EXAMPLE = """example:
  videoqa encode --data my.csv --videos clips/
  videoqa encode --data sample
  videoqa encode --data my.csv --shard 2/4
  videoqa encode --data labels.csv --architecture c3d --decode-workers 8
  RAY_ADDRESS=auto videoqa encode --data my.csv --runner ray
"""
BACKBONE_FIELDS = ("backbone", "backbone_weights", "backbone_layer", "pooling", "motion", "frame_size")
FRAMES_FIELDS = ("architecture", "train_backbone")
"""Options that decide whether frames or features are cached."""
FIELDS = (*field_names(DataConfig)[1:], *field_names(SamplingConfig), "seed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument(
        "--shard",
        metavar="I/N",
        help="encode only the I-th of N equal parts of the clips, I from 1: one part on each machine "
        "(default: all clips)",
    )
    parser.add_argument(
        "--runner",
        choices=RUNNERS,
        help="processes: this process; ray: the Ray cluster that RAY_ADDRESS names, or one started on this "
        "machine for as long as it takes (default: processes)",
    )
    add_progress(parser)
    add_json(parser)
    add_option_flags(parser, PARTS.values(), only=FIELDS + BACKBONE_FIELDS + FRAMES_FIELDS)
    add_option_flags(parser, (LaunchConfig,), only=("decode_workers",))


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Encode every clip that the annotations name."""
    check_data_given(arguments, "videoqa encode --data sample", "the built-in clips")
    options = typed_options(arguments, PARTS.values())
    run_config_from_options(options)  # a bad option is refused before TensorFlow is loaded
    typed = keywords(arguments, "shard", "runner", "decode_workers", "progress")
    if "shard" in typed:
        from videoqa.features.encode import parse_shard

        parse_shard(typed["shard"])
    if typed.get("runner") == "ray":
        import_ray()
    from videoqa import encode

    return encode(options.pop("data"), **options, **typed).to_dict()


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print the counts and each video that could not be encoded."""
    for failure in result["failures"]:
        print(f"failed: {failure['path']}: {failure['error']}")
    counts = [result[name] for name in ("num_encoded", "num_cached", "num_failed")]
    print("{} encoded, {} already in the cache, {} failed.".format(*counts))
