"""Draw docs/images/label_page.png: the page of `videoqa label serve`, with a drawn clip.

It needs Playwright and Debian's Chromium (`apt-get install chromium`).
"""

import argparse
import io
import shutil
import tempfile
from pathlib import Path

from _served import served
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from videoqa.labeling.tasks import Task, TaskFile, stable_id, write_tasks

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "docs" / "images" / "label_page.png"
DESK = {"width": 1240, "height": 860}
PATIENCE_SECONDS = 240
CHOICES = ("unloading", "loading", "waving", "jumping")


def write_clip_and_tasks(folder: Path) -> None:
    """Write a drawn clip that browsers play, and tasks about it."""
    import cv2

    import videoqa

    drawn = cv2.VideoCapture(videoqa.sample_clip("loading", seed=7, folder=folder / "drawn"))
    size = (int(drawn.get(cv2.CAP_PROP_FRAME_WIDTH)), int(drawn.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    writer = cv2.VideoWriter(str(folder / "clip.webm"), cv2.VideoWriter.fourcc(*"VP90"), 12, size)
    while (read := drawn.read())[0]:
        writer.write(read[1])
    writer.release()
    asked = {"kind": "answer", "video": "clip.webm", "question": "What is he doing?", "choices": CHOICES}
    tasks = [Task(id=stable_id(number), **asked) for number in range(40)]
    write_tasks(folder / "tasks.json", TaskFile(tuple(tasks), {"num_assignments": 2}))


def draw(out: Path) -> None:
    """Write the picture: some tasks are answered, and an answer to the next one is chosen."""
    expect.set_options(timeout=1000 * PATIENCE_SECONDS)
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as name:
        write_clip_and_tasks(Path(name))
        command, answers = ("label", "serve", name), str(Path(name, "answers"))
        with (
            served(Path(name), "--data-dir", answers, command=command) as server,
            sync_playwright() as started,
        ):
            browser = started.chromium.launch(executable_path=executable, args=["--no-sandbox"])
            page = browser.new_page(color_scheme="light", reduced_motion="reduce", viewport=DESK)
            page.goto(f"http://127.0.0.1:{server.port}")
            page.get_by_label("Your name").fill("Anna")
            page.keyboard.press("Enter")
            for number in range(1, 13):
                expect(page.locator("legend")).to_be_focused()
                page.keyboard.press("2")
                page.keyboard.press("Enter")
                expect(page.locator("#progress-text")).to_contain_text(f"{number} task")
            expect(page.locator("#strip img").nth(9)).to_have_js_property("complete", True)
            for _ in range(7):
                page.keyboard.press("ArrowRight")
            page.keyboard.press("2")
            page.wait_for_timeout(500)
            drawn = Image.open(io.BytesIO(page.screenshot(full_page=True)))
            drawn.convert("RGB").quantize(256).save(out, optimize=True)
            browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="file (default: %(default)s)")
    draw(parser.parse_args().out)
