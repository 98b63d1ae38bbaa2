"""`encode`: fill the feature cache for annotated videos, or for one of several equal parts of them."""

import re
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pandas as pd

from videoqa._checks import Refusal, check_choice
from videoqa._fork import check_not_forked
from videoqa._ray import import_ray
from videoqa.config import RUNNERS, LaunchConfig, RunConfig, run_config_from_options
from videoqa.config.keywords import EncodeOptions, shows_options
from videoqa.config.run import check_crop
from videoqa.data.annotations import check_some_there, read_annotations, say_notes, split_sources
from videoqa.features.contents import distinct_requests, hashes_of_videos
from videoqa.features.encoding import encode_clips
from videoqa.features.report import EncodingReport

_CLIP = ("video_path", "start_seconds", "end_seconds")


@shows_options(EncodeOptions)
def encode(
    data: Any = None,
    *,
    shard: str | tuple[int, int] | None = None,
    runner: str = "processes",
    decode_workers: int | None = None,
    progress: bool = True,
    **options: Unpack[EncodeOptions],
) -> EncodingReport:
    """Run the frozen backbone once over every clip of an annotation table and keep its features on disk.

    For a model that learns from frames (`architecture="c3d"`, `train_backbone=True`, ...), the decoded uint8
    frames are kept instead, at the model's frame size. Training, evaluation and `ask` use the same cache
    (`$VIDEOQA_HOME`, else `~/.cache/videoqa`), which several processes may fill at once. Running it again
    resumes a killed run.

    Args:
        data: path of a CSV or JSONL file, the name of a built-in set, a DataFrame, or a list of these.
        shard: "i/n" or `(i, n)`: only the i-th of n equal parts of the clips, i from 1, so that n machines
            without a common disk share the work; each clip is in one part, the same one everywhere.
        runner: "processes": this process encodes; "ray": a Ray cluster does, the one that `RAY_ADDRESS` names
            or one started on this machine for the duration.
        decode_workers: threads that decode; None: one per core, but at most four beside a backbone.
        progress: show bars on a terminal.
        **options: any field of `DataConfig` and `SamplingConfig` (`videos`, `num_frames`, `limit`, ...), the
            backbone's, `architecture`, `train_backbone` and `seed`, as `train` would have them.

    Returns:
        The report: what was encoded, what was there already, and each video that failed with the reason.

    Raises:
        ValueError: an option out of range, a malformed `shard`, an unusable table, a model that sees no video
            (`video_branch="none"`), Ray when frames are kept, random crops when features are, or too little
            space on the disk.
        FileNotFoundError: an annotation file or folder that does not exist.
        OSError: the cache cannot be written.
        ImportError: `runner="ray"` without Ray.

    Example:
        >>> report = videoqa.encode("my.csv", videos="clips/", backbone="tiny")
        >>> report.num_encoded, report.num_cached, report.num_failed
        (18, 0, 0)
    """
    check_not_forked("encode")
    check_runner(runner)
    part = None if shard is None else parse_shard(shard)
    sources, tables = split_sources(data)
    config = run_config_from_options({**options, "data": sources})
    launch = LaunchConfig(decode_workers=decode_workers)
    _check_kept(config, runner)
    table = read_annotations(config.data, tables=tables, seed=config.training.seed, contents=hashes_of_videos)
    check_some_there(table)
    say_notes(table, progress=progress)
    table = table if part is None else rows_of_shard(table, part)
    return encode_clips(
        distinct_requests(table)[0],
        config.sampling,
        config.model,
        progress=progress,
        runner=runner,
        decode_workers=launch.decode_workers,
    )


def check_runner(runner: str) -> None:
    """Raise unless `runner` is one of `RUNNERS` and installed.

    Raises:
        ValueError: it is none of them.
        ImportError: it is "ray", which is not installed.
    """
    check_choice("runner", runner, RUNNERS)
    if runner == "ray":
        import_ray()


def _check_kept(config: RunConfig, runner: str) -> None:
    if not config.model.sees_video:
        raise Refusal("There is nothing to encode with video_branch='none': the blind model sees no frame.")
    check_crop(config)
    if config.model.learns_from_frames and runner == "ray":
        requirement = (
            "be 'processes' for a model that learns from frames, which this machine decodes and keeps"
        )
        raise Refusal("runner", requirement, runner)


def parse_shard(shard: Any) -> tuple[int, int]:
    """Return `(i, n)` of "i/n" or of a pair: the i-th of n parts, counted from 1.

    Raises:
        ValueError: it has another form, or not 1 <= i <= n.
    """
    match = re.fullmatch(r"(\d+)/(\d+)", shard.strip()) if isinstance(shard, str) else None
    pair = tuple(map(int, match.groups())) if match else shard
    whole = isinstance(pair, (tuple, list)) and len(pair) == 2 and all(type(number) is int for number in pair)
    if not whole or not 1 <= pair[0] <= pair[1]:
        requirement = 'be the i-th of n parts as "i/n", with i from 1 to n'
        raise Refusal("shard", requirement, shard, 'The second of four is "2/4".')
    return pair[0], pair[1]


def rows_of_shard(table: pd.DataFrame, shard: tuple[int, int]) -> pd.DataFrame:
    """Return the rows of an annotation table whose clips belong to one of `n` parts.

    Clips are sorted by video id and segment and dealt out in turn. Neither the order of the rows nor the
    folder of the videos matters, and the parts' sizes differ by at most one clip.

    Args:
        table: annotation table.
        shard: `(i, n)`, i from 1.

    Returns:
        The rows, in their order; every row of one clip is in the same part.
    """
    place, num_shards = shard
    clip_of_row = table.groupby(list(_CLIP), dropna=False, sort=False).ngroup().to_numpy()
    clips = table[list(_CLIP)].groupby(clip_of_row).first()
    clips["video_id"] = table["video_id"].astype(str).groupby(clip_of_row).min()
    # videos that share an id are sorted by file name first, then by the folders above
    clips["path"] = [Path(path).parts[::-1] for path in clips["video_path"]]
    order = clips.sort_values(["video_id", "start_seconds", "end_seconds", "path"], na_position="first")
    wanted = order.index[place - 1 :: num_shards]
    return table[np.isin(clip_of_row, wanted)]
