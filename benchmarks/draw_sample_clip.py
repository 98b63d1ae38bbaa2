"""Draw docs/images/sample_clip.png: the frames that the model sees of one drawn clip.

python benchmarks/draw_sample_clip.py
"""

import argparse
import tempfile
from pathlib import Path

from videoqa import sample_clip
from videoqa.config import SamplingConfig
from videoqa.video.contact_sheet import contact_sheet, save_image
from videoqa.video.decoding import ClipRequest, decode

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "docs" / "images" / "sample_clip.png"


def draw_sample_clip(out: Path, activity: str, seed: int) -> None:
    """Write the contact sheet of one drawn clip to `out` as PNG."""
    with tempfile.TemporaryDirectory() as folder:
        path = sample_clip(activity, seed=seed, folder=folder)
        clip = decode(ClipRequest(path), SamplingConfig())
    out.parent.mkdir(parents=True, exist_ok=True)
    save_image(out, contact_sheet(clip.frames, clip.timestamps_seconds, columns=10))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, help="where to write the PNG (default: %(default)s)"
    )
    parser.add_argument("--activity", default="loading", help="what the person does (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="which of the clips (default: %(default)s)")
    arguments = parser.parse_args()
    draw_sample_clip(arguments.out, arguments.activity, arguments.seed)
