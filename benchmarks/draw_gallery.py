"""Draw the pictures of docs/gallery.md that commands make: an explained answer, a page of frames, a report.

    python benchmarks/draw_gallery.py

Of drawn clips and the model in the package. Pages are photographed by the Chromium that is on the path.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from importlib import resources
from pathlib import Path

import videoqa

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "docs" / "images"
QUESTION = "what is he doing?"


def draw_explanation(out: Path, seed: int, folder: Path) -> None:
    """Write why the answer about a drawn clip was given, as `videoqa ask --explain` does."""
    answer = videoqa.ask(videoqa.sample_clip("loading", seed=seed, folder=folder), QUESTION)
    answer.explain(out / "explanation.png")


def draw_frame_page(out: Path, seed: int, folder: Path) -> None:
    """Write how the page of `videoqa sheet --html` looks."""
    clip = videoqa.sample_clip("loading", seed=seed, folder=folder)
    photograph(videoqa.frame_page(clip, out=folder / "frames.html").path, out / "frame_page.png", 900, 640)


def draw_report(out: Path, folder: Path) -> None:
    """Write how the report about the model in the package looks, on the test rows of the built-in set."""
    with resources.as_file(resources.files("videoqa") / "shipped_model") as model:
        videoqa.evaluate(model, "sample", split="test", out=folder / "scores")
        photograph(videoqa.report(folder / "scores"), out / "report.png", 1000, 1100)


def photograph(page: Path, picture: Path, width: int, height: int) -> None:
    """Write the upper part of a page as a picture, in CSS pixels."""
    browser = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("Chromium must be on the path: apt install chromium.")
    words = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={width},{height}"]
    words += [f"--screenshot={picture}", page.resolve().as_uri()]
    subprocess.run([browser, *words], check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, help="folder of the pictures (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=7, help="which of the clips (default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        draw_explanation(arguments.out, arguments.seed, Path(temporary))
        draw_frame_page(arguments.out, arguments.seed, Path(temporary))
        draw_report(arguments.out, Path(temporary))
