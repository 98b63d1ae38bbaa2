"""`videoqa sheet`: a picture of the sampled frames."""

import argparse
from pathlib import Path
from typing import Any

from videoqa._checks import check_not_read
from videoqa._counted import counted
from videoqa._progress import say
from videoqa.cli.arguments import add_out, add_segment, keywords
from videoqa.cli.flags import add_option_flags, typed_options
from videoqa.config import SamplingConfig

HELP = "write a contact sheet: the sampled frames of a clip in one picture"
EXAMPLE = """example:
  videoqa sheet clip.mp4 --out sheet.png
  videoqa sheet clip.mp4 --out sheet.png --num-frames 8 --columns 4
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", metavar="VIDEO", help="the video file; after `--` it may start with a dash")
    add_out(parser, "the picture to write, .png or .jpg", "FILE", required=True)
    parser.add_argument("--columns", type=int, metavar="N", help="frames in a row (default: 5)")
    add_segment(parser)
    add_option_flags(parser, [SamplingConfig])


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    sampling = SamplingConfig(**typed_options(arguments, [SamplingConfig]))
    from videoqa.data.file_names import find_video
    from videoqa.video.contact_sheet import TILE_LONG_SIDE, contact_sheet, save_image
    from videoqa.video.decoding import ClipRequest, decode

    path, notes = find_video(arguments.video)
    for note in notes:
        say(note)
    request = ClipRequest(path, **keywords(arguments, "start_seconds", "end_seconds"))
    check_not_read("out", arguments.out, [path, *Path(path).glob("*")])
    clip = decode(request, sampling, long_side=TILE_LONG_SIDE)
    image = contact_sheet(clip.frames, clip.timestamps_seconds, **keywords(arguments, "columns"))
    save_image(arguments.out, image)
    return {"out": arguments.out, "num_frames": len(clip.frames), "status": clip.status}


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    print(f"{counted(result['num_frames'], 'frame')} written to {result['out']}.")
    if result["status"] != "ok":
        print(f"The video's status: {result['status']}.")
