"""Draw docs/images/page_*.png: the page of `videoqa serve` in each of its states, with drawn clips.

python benchmarks/draw_page.py                          # the pictures of the documentation
python benchmarks/draw_page.py --all --out /tmp/page    # each state at a desk and on a phone, light and dark

It needs Playwright and Debian's Chromium (`apt-get install chromium`).
"""

import argparse
import io
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
from _served import served
from PIL import Image
from playwright.sync_api import Page, Route, expect, sync_playwright

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "docs" / "images"
DESK, PHONE = {"width": 1240, "height": 860}, {"width": 390, "height": 844}
QUESTION = "what is he doing?"
PATIENCE_SECONDS = 240
DOCUMENTED = {
    "answer": ("light", "desk"),
    "unsure": ("light", "desk"),
    "phone": ("dark", "phone"),
    "empty": ("light", "desk"),
    "frames": ("dark", "desk"),
}
"""Picture of the documentation -> its colours and its screen."""


def write_avi(path: Path) -> Path:
    """Write a drawn clip as FFV1, which no browser plays."""
    import videoqa

    drawn = cv2.VideoCapture(videoqa.sample_clip("unloading", seed=3, folder=path.parent / "drawn"))
    size = (int(drawn.get(cv2.CAP_PROP_FRAME_WIDTH)), int(drawn.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), drawn.get(cv2.CAP_PROP_FPS), size)
    while (read := drawn.read())[0]:
        writer.write(read[1])
    writer.release()
    return path


class States:
    """Brings the page into each state.

    Args:
        folder: for the files that are given to the page.
    """

    def __init__(self, folder: Path) -> None:
        self._avi = write_avi(folder / "camera_03.avi")
        self._text = folder / "notes.mp4"
        self._text.write_text("This is no video.\n")
        self._large = folder / "holiday.mp4"
        with self._large.open("wb") as file:
            file.truncate(300_000_000)

    def all(self) -> dict[str, Callable[[Page], None]]:
        """Return each state's name and what leads to it from an empty page."""
        names = (
            "empty", "answer", "unsure", "frames", "sending", "looking", "busy", "thinking", "not_a_video",
            "too_large", "gone", "lost", "correction", "history", "about", "token",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def empty(self, page: Page) -> None:
        expect(page.locator(".sample")).to_have_count(6)
        for number in range(6):
            expect(page.locator(".sample video").nth(number)).to_have_js_property("readyState", 4)

    def _sample(self, page: Page, name: str) -> None:
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator("#strip img").nth(5)).to_have_attribute("src", re.compile("blob:"))
        page.wait_for_timeout(400)

    def _ask(self, page: Page, question: str = QUESTION) -> None:
        page.get_by_label("Your question").fill(question)
        page.get_by_role("button", name="Ask", exact=True).click()

    def _answered(self, page: Page, text: str) -> None:
        expect(page.locator("#answer-text")).to_contain_text(text)

    def answer(self, page: Page) -> None:
        self._sample(page, "loading")
        self._ask(page)
        self._answered(page, "loading")
        page.get_by_role("button", name="Why this answer?").click()
        frames = page.get_by_role("button", name="Go to the frame at")
        frames.first.click()
        expect(page.locator("#heat")).to_be_visible()
        page.wait_for_timeout(300)

    def unsure(self, page: Page) -> None:
        self._sample(page, "empty")
        self._ask(page)
        self._answered(page, "know")

    def frames(self, page: Page) -> None:
        page.locator("#file").set_input_files(self._avi)
        expect(page.locator("#strip img")).to_have_count(20)
        strip = page.get_by_role("slider", name="Frames the model saw")
        for _ in range(7):
            strip.press("ArrowRight")
        self._ask(page)
        self._answered(page, "unloading")
        page.wait_for_timeout(300)

    def sending(self, page: Page) -> None:
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 60_000}
        page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
        page.locator("#file").set_input_files(self._avi)
        page.wait_for_timeout(1500)

    def looking(self, page: Page) -> None:
        page.route("**/api/clips?*", lambda route: None)
        page.locator("#file").set_input_files(self._avi)
        page.wait_for_timeout(500)

    def busy(self, page: Page) -> None:
        self._sample(page, "waving")
        page.route("**/api/ask", lambda route: route.fulfill(status=429, headers={"Retry-After": "20"}))
        self._ask(page)
        expect(page.locator("#waiting-text")).to_contain_text("busy")

    def thinking(self, page: Page) -> None:
        self._sample(page, "waving")
        page.route("**/api/ask", lambda route: None)
        self._ask(page)

    def not_a_video(self, page: Page) -> None:
        page.locator("#file").set_input_files(self._text)
        expect(page.locator("#trouble")).to_contain_text("no video")

    def too_large(self, page: Page) -> None:
        page.locator("#file").set_input_files(self._large)
        expect(page.locator("#trouble")).to_contain_text("takes up to")

    def gone(self, page: Page) -> None:
        self._sample(page, "jumping")
        page.route("**/api/ask", lambda route: route.abort())
        self._ask(page)
        expect(page.locator("#trouble")).to_contain_text("cannot be reached")

    def lost(self, page: Page) -> None:
        def refuse(route: Route) -> None:
            error = {"code": "send_clip_again", "message": "", "what_to_do": ""}
            route.fulfill(status=409, json={"error": error})

        self._sample(page, "loading")
        self._ask(page)
        self._answered(page, "loading")
        page.evaluate("indexedDB.deleteDatabase('videoqa')")
        page.route(re.compile("/api/clips/[^?]*"), refuse)
        page.reload()
        expect(page.locator("#choose-again")).to_be_visible()

    def correction(self, page: Page) -> None:
        self._sample(page, "loading")
        self._ask(page)
        self._answered(page, "loading")
        page.get_by_role("button", name="That’s wrong").click()
        page.get_by_label("What is the right answer?").fill("unloading")

    def history(self, page: Page) -> None:
        for name in ("loading", "waving", "empty"):
            if name != "loading":
                page.get_by_role("button", name="Another clip").click()
            self._sample(page, name)
            for question in (QUESTION, "is he waving?", "what colour is his shirt?"):
                self._ask(page, question)
                expect(page.locator(".asked")).to_have_text(question)
        page.locator("#history").scroll_into_view_if_needed()

    def about(self, page: Page) -> None:
        self.empty(page)
        page.locator("#about-button").click()

    def token(self, page: Page) -> None:
        refused = {"error": {"code": "unauthorized", "message": "This server needs a token."}}
        page.route("**/api/model", lambda route: route.fulfill(status=401, json=refused))
        page.reload()
        expect(page.locator("#token")).to_be_visible()


def draw(out: Path, *, everything: bool) -> None:
    """Write the pictures as PNG files into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=1000 * PATIENCE_SECONDS)
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        tempfile.TemporaryDirectory() as name,
        served(Path(name), "--corrections", str(Path(name, "corrections.csv"))) as server,
        sync_playwright() as started,
    ):
        states = States(Path(name))
        browser = started.chromium.launch(executable_path=executable, args=["--no-sandbox"])

        def picture(path: Path, state: Callable[[Page], None], scheme: Any, screen: str) -> None:
            size = DESK if screen == "desk" else PHONE
            context = browser.new_context(color_scheme=scheme, reduced_motion="reduce", viewport=size)
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{server.port}")
            state(page)
            page.evaluate("scrollTo(0, 0)")
            drawn = Image.open(io.BytesIO(page.screenshot(full_page=True)))
            drawn.convert("RGB").quantize(256).save(path, optimize=True)
            context.close()

        if everything:
            for state, lead in states.all().items():
                for scheme in ("light", "dark"):
                    for screen in ("desk", "phone"):
                        picture(out / f"{state}_{screen}_{scheme}.png", lead, scheme, screen)
        else:
            for state, (scheme, screen) in DOCUMENTED.items():
                lead = states.answer if state == "phone" else states.all()[state]
                picture(out / f"page_{state}.png", lead, scheme, screen)
        browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder (default: %(default)s)")
    parser.add_argument("--all", action="store_true", help="every state, at a desk and on a phone")
    arguments = parser.parse_args()
    draw(arguments.out, everything=arguments.all)
