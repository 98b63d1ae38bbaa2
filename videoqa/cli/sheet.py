"""`videoqa sheet`: frames to look at, as a picture, as a page, or as training draws them."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, check_not_read
from videoqa._counted import counted
from videoqa._progress import say
from videoqa.cli.arguments import add_data, add_out, add_segment, check_data_given, keywords
from videoqa.cli.encode import BACKBONE_FIELDS, FRAMES_FIELDS
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import PARTS, DataConfig, SamplingConfig, field_names, run_config_from_options

HELP = "show frames: the sampled ones of a clip, all of them in a page, or those that training will draw"
EXAMPLE = """example:
  videoqa sheet clip.mp4 --out sheet.png
  videoqa sheet clip.mp4 --out sheet.png --num-frames 8 --columns 4
  videoqa sheet clip.mp4 --html
  videoqa sheet --data my.csv --training --num-clips 16 --flip
"""
SAMPLING = tuple(field_names(SamplingConfig))
TRAINING = (*field_names(DataConfig), *BACKBONE_FIELDS, *FRAMES_FIELDS, "seed", "validation_share")
"""Options that decide, with those of sampling, which rows, frames, crops and flips training draws."""
SEGMENT = ("start_seconds", "end_seconds")
USED = {
    "": ("video", "out", "columns", *SEGMENT, *SAMPLING),
    "html": ("video", "out", "max_frames", *SEGMENT),
    "training": ("out", "num_clips", "epoch", *SAMPLING, *TRAINING),
}
"""Kind of sheet -> the arguments that it uses."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "video", metavar="VIDEO", nargs="?", help="the video file; after `--` it may start with a dash"
    )
    parser.add_argument(
        "--html",
        action="store_true",
        help="write every frame, with its number and time, into one HTML page with a slider and keys",
    )
    parser.add_argument(
        "--training",
        action="store_true",
        help="without VIDEO, of --data: the clips that training begins with, their windows, crops and flips "
        "as it will draw them, with their labels",
    )
    where = (
        "the picture to write, .png or .jpg (default with --training: training-sheet.png); with --html the "
        "page (default: VIDEO-frames.html)"
    )
    add_out(parser, where, "FILE")
    parser.add_argument("--columns", type=int, metavar="N", help="frames in a row (default: 5)")
    most = "most frames in a page: of a longer clip one in so many is shown (default: 1000)"
    parser.add_argument("--max-frames", type=int, metavar="N", help=most)
    add_segment(parser)
    add_data(parser)
    clips = "clips of --training to show, the first that the epoch draws (default: 16)"
    parser.add_argument("--num-clips", type=int, metavar="N", help=clips)
    epoch = "the epoch of --training whose draws are shown, the first being 0 (default: 0)"
    parser.add_argument("--epoch", type=int, metavar="N", help=epoch)
    add_option_flags(parser, PARTS.values(), only=(*SAMPLING, *TRAINING[1:]))


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    kind = _kind(arguments)
    _check_used(arguments, kind)
    if kind == "training":
        return _draw(arguments)
    sampling = SamplingConfig(**typed_options(arguments, [SamplingConfig]))
    if not hasattr(arguments, "video"):
        raise Refusal("`VIDEO` is missing. Type next:\n  videoqa sheet clip.mp4 --out sheet.png")
    if not kind and not hasattr(arguments, "out"):
        raise Refusal("`--out` is missing. Type next:\n  videoqa sheet VIDEO --out sheet.png")
    from videoqa.data.file_names import find_video

    path, notes = find_video(arguments.video)
    for note in notes:
        say(note)
    return _write_page(path, arguments) if kind else _write_picture(path, sampling, arguments)


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    if "num_examples" in result:
        shown = counted(result["num_examples"], "example")
        print(f"{shown} of {result['num_rows']:,} training rows written to {result['out']}.")
        return
    print(f"{counted(result['num_frames'], 'frame')} written to {result['out']}.")
    if result.get("step", 1) > 1:
        print(
            f"Of the clip's {result['num_clip_frames']:,} frames one in {result['step']:,} is shown: "
            "--max-frames says how many a page may have."
        )
    if result.get("status", "ok") != "ok":
        print(f"The video's status: {result['status']}.")


def _kind(arguments: argparse.Namespace) -> str:
    """Return what is asked for, a key of `USED`."""
    asked = [name for name in ("html", "training") if hasattr(arguments, name)]
    if len(asked) > 1:
        raise Refusal(
            "`--html` and `--training` must not both be given: the one shows a clip, the other rows."
        )
    return asked[0] if asked else ""


def _check_used(arguments: argparse.Namespace, kind: str) -> None:
    """Refuse arguments that would do nothing, with the kind of sheet that uses them."""
    every: Sequence[str] = sorted({name for names in USED.values() for name in names})
    for name in every:
        if not hasattr(arguments, name) or name in USED[kind]:
            continue
        others = [f"with --{other}" if other else "without --html" for other in USED if name in USED[other]]
        flag = "VIDEO" if name == "video" else f"--{name.replace('_', '-')}"
        requirement = f"be left out {f'with --{kind}' if kind else 'of the picture of a clip'}"
        raise Refusal(flag, requirement, getattr(arguments, name), f"It is used {' and '.join(others)}.")


def _draw(arguments: argparse.Namespace) -> dict[str, Any]:
    command = "videoqa sheet --data my.csv --training --num-clips 16"
    check_data_given(arguments, command, "a file of yours")
    options = typed_options(arguments, PARTS.values())
    run_config_from_options(options)  # a bad option is refused before anything is loaded
    from videoqa import training_sheet

    sheet = training_sheet(options.pop("data"), **options, **keywords(arguments, "out", "num_clips", "epoch"))
    counts = {"num_examples": sheet.num_examples, "num_rows": sheet.num_rows}
    return {"out": str(sheet.path), **counts, "num_left_out": sheet.num_left_out}


def _write_page(path: str, arguments: argparse.Namespace) -> dict[str, Any]:
    from videoqa.video.frame_page import frame_page

    page = frame_page(path, **keywords(arguments, "out", "max_frames", *SEGMENT))
    counts = {"num_frames": page.num_shown, "num_clip_frames": page.num_frames, "step": page.step}
    return {"out": str(page.path), **counts}


def _write_picture(path: str, sampling: SamplingConfig, arguments: argparse.Namespace) -> dict[str, Any]:
    from videoqa.video.contact_sheet import TILE_LONG_SIDE, contact_sheet, save_image
    from videoqa.video.decoding import ClipRequest, decode

    request = ClipRequest(path, **keywords(arguments, *SEGMENT))
    check_not_read("out", arguments.out, [path, *Path(path).glob("*")])
    clip = decode(request, sampling, long_side=TILE_LONG_SIDE)
    image = contact_sheet(clip.frames, clip.timestamps_seconds, **keywords(arguments, "columns"))
    save_image(arguments.out, image)
    return {"out": arguments.out, "num_frames": len(clip.frames), "status": clip.status}
