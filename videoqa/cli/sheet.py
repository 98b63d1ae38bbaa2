"""`videoqa sheet`: frames to look at, as a picture, as a page, or as training draws them."""

import argparse
from pathlib import Path
from typing import Any

from videoqa._checks import Refusal, check_not_read
from videoqa._counted import counted
from videoqa._progress import say
from videoqa.cli.arguments import add_out, add_segment, keywords
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import SamplingConfig, field_names

HELP = "show the frames of a clip: the sampled ones in one picture, or all of them in a page"
EXAMPLE = """example:
  videoqa sheet clip.mp4 --out sheet.png
  videoqa sheet clip.mp4 --out sheet.png --num-frames 8 --columns 4
  videoqa sheet clip.mp4 --html
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", metavar="VIDEO", help="the video file; after `--` it may start with a dash")
    parser.add_argument(
        "--html",
        action="store_true",
        help="write every frame, with its number and time, into one HTML page with a slider and keys",
    )
    where = "the picture to write, .png or .jpg; with --html the page (default: VIDEO-frames.html here)"
    add_out(parser, where, "FILE")
    parser.add_argument("--columns", type=int, metavar="N", help="frames in a row (default: 5)")
    parser.add_argument(
        "--max-frames",
        type=int,
        metavar="N",
        help="most frames in a page: of a longer clip one in so many is shown (default: 1000)",
    )
    add_segment(parser)
    add_option_flags(parser, [SamplingConfig])


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    sampling = SamplingConfig(**typed_options(arguments, [SamplingConfig]))
    as_page = hasattr(arguments, "html")
    _check_fits(arguments, as_page)
    from videoqa.data.file_names import find_video

    path, notes = find_video(arguments.video)
    for note in notes:
        say(note)
    return _write_page(path, arguments) if as_page else _write_picture(path, sampling, arguments)


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    print(f"{counted(result['num_frames'], 'frame')} written to {result['out']}.")
    if result.get("step", 1) > 1:
        print(
            f"Of the clip's {result['num_clip_frames']:,} frames one in {result['step']:,} is shown: "
            "--max-frames says how many a page may have."
        )
    if result.get("status", "ok") != "ok":
        print(f"The video's status: {result['status']}.")


def _check_fits(arguments: argparse.Namespace, as_page: bool) -> None:
    """Refuse options that would do nothing, and a picture without a name."""
    useless = ["columns", *field_names(SamplingConfig)] if as_page else ["max_frames"]
    for name in useless:
        if hasattr(arguments, name):
            requirement = f"be left out {'with' if as_page else 'without'} --html"
            advice = "A page has every frame." if as_page else "It counts the frames of a page."
            raise Refusal(f"--{name.replace('_', '-')}", requirement, getattr(arguments, name), advice)
    if not as_page and not hasattr(arguments, "out"):
        raise Refusal("`--out` is missing. Type next:\n  videoqa sheet VIDEO --out sheet.png")


def _write_page(path: str, arguments: argparse.Namespace) -> dict[str, Any]:
    from videoqa.video.frame_page import frame_page

    page = frame_page(path, **keywords(arguments, "out", "max_frames", "start_seconds", "end_seconds"))
    counts = {"num_frames": page.num_shown, "num_clip_frames": page.num_frames, "step": page.step}
    return {"out": str(page.path), **counts}


def _write_picture(path: str, sampling: SamplingConfig, arguments: argparse.Namespace) -> dict[str, Any]:
    from videoqa.video.contact_sheet import TILE_LONG_SIDE, contact_sheet, save_image
    from videoqa.video.decoding import ClipRequest, decode

    request = ClipRequest(path, **keywords(arguments, "start_seconds", "end_seconds"))
    check_not_read("out", arguments.out, [path, *Path(path).glob("*")])
    clip = decode(request, sampling, long_side=TILE_LONG_SIDE)
    image = contact_sheet(clip.frames, clip.timestamps_seconds, **keywords(arguments, "columns"))
    save_image(arguments.out, image)
    return {"out": arguments.out, "num_frames": len(clip.frames), "status": clip.status}
