"""`report`: one whole page of both kinds of run, which nothing in the data can break out of."""

import html.parser
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

import videoqa
from videoqa.cli.main import main

VOID = {"meta", "img", "br"}
TAGS = set(
    "html head meta title style body main header section article h1 h2 h3 p div span strong bdi br table "
    "caption thead tbody tr th td dl dt dd figure figcaption img pre code details summary footer svg "
    "rect".split()
)
ATTRIBUTES = set(
    "lang charset http-equiv content name class scope style alt src role aria-label aria-hidden "
    "tabindex viewbox preserveaspectratio x y width height".split()
)
EVIL = "<script>alert('x')</script>"


class Page(html.parser.HTMLParser):
    """A page read strictly: known tags and attributes, all closed in order, pictures inside.

    Pictures have a text, headings go down one level at a time, tables have a caption and headings of columns
    and rows.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.texts: list[str] = []
        self.pictures: list[str] = []
        self.headings: list[int] = [0]
        self.tables: list[list[str]] = []
        self.source = path.read_text("utf-8")
        self.feed(self.source)
        self.close()
        assert self.open == []
        assert self.headings.count(1) == 1
        assert all(each[:2] == ["caption", "col"] and set(each[2:]) >= {"row"} for each in self.tables)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attributes):
        assert tag in TAGS, f"<{tag}>"
        assert {name for name, _ in attributes} <= ATTRIBUTES
        if tag == "img":
            self.pictures.append(dict(attributes)["alt"])
            assert re.match(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/]+=*$", dict(attributes)["src"])
            assert dict(attributes)["alt"]
        if tag in ("h1", "h2", "h3"):
            assert int(tag[1]) <= self.headings[-1] + 1
            self.headings.append(int(tag[1]))
        if tag == "table":
            self.tables.append([])
        if tag in ("caption", "th"):
            self.tables[-1].append(dict(attributes).get("scope", tag))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.texts.append(data)


def page_of(path: Path) -> Page:
    """Return the page, which names nothing outside itself."""
    page = Page(path)
    without_pictures = re.sub(r"base64,[^\"]+", "", page.source)
    assert not re.search(r"https?:|//|url\(|@import|href", without_pictures.replace("alert('x')", ""))
    return page


@pytest.fixture
def run_of(tmp_path: Path):
    """Return a function that copies a run, so that its own evaluation folder can be written."""

    def copy(run: Path, name: str = "run") -> Path:
        return Path(shutil.copytree(run, tmp_path / name, ignore=shutil.ignore_patterns("evaluation")))

    return copy


@pytest.mark.slow
def test_a_question_run(question_run: Path, run_of) -> None:
    run = run_of(question_run)
    path = videoqa.report(run, progress=False)
    assert path == run / "evaluation" / "test" / "report.html"
    page, scores = page_of(path), json.loads((path.parent / "metrics.json").read_text())
    assert f"{100 * scores['accuracy']:.2f} %" in page.text
    for expected in ("blind model", "longest-prefix prior", "majority per type", "ceiling", "Question types",
                     "Most confused pairs", "Best clips", "Worst clips", "With 3 videos",
                     "What the model says of its own answers", "Most unfamiliar clips"):  # fmt: skip
        assert expected in page.text
    assert "videoqa-train --data" in page.text and "tensorflow 2." in page.text
    shown = path.read_text("utf-8").count('<figure class="evidence">')
    assert shown == page.text.count("moments that speak for") > 0
    assert page.pictures[0].startswith("Bars of the scores")
    assert "Curves of loss and accuracy over 2 epochs." in page.pictures
    assert "Share of right answers by their probability; metrics.json has the numbers." in page.pictures
    rows = pd.read_csv(path.parent / "predictions.csv")
    assert sum(alt.startswith(f"{rows['video_id'][0]} at ") for alt in page.pictures) >= 5
    times = [alt.rpartition(" at ")[2] for alt in page.pictures if " s" in alt[-2:]]
    assert len(times) % 5 == 0 and all(time in page.texts for time in times)  # text, not letters in a picture


def test_an_action_run_through_the_command(action_run: Path, tmp_path: Path, capfd) -> None:
    out = tmp_path / "mine.html"
    assert main(["report", str(action_run), "--split", "val", "--out", str(out), "--no-progress"]) == 0
    assert capfd.readouterr().out == f"The report is in {out}.\n"
    page = page_of(out)
    assert "3 actions of the validation split" in page.text and "macro F1" in page.text
    assert "type majority" not in page.text and "majority per type" not in page.text
    assert "blind model" not in page.text and "Question types" not in page.text


@pytest.mark.slow
def test_hostile_names_and_videos_that_are_gone(
    action_run: Path, small_set: Path, run_of, tmp_path: Path
) -> None:
    run = run_of(action_run, "<b onload=x> & co")
    table = pd.read_csv(small_set / "labels.csv").query("split == 'test'")
    clips = [
        shutil.copy(small_set / video, tmp_path / f"{EVIL[:8]}{number}.avi")
        for number, video in enumerate(table["video"])
    ]
    table = table.assign(video=clips, label=[EVIL, "a\u202eb\x00c", "waving"])
    missing = pd.DataFrame({"video": [f"{EVIL}.avi"], "label": ["waving"], "split": ["test"]})
    out = tmp_path / "scores"
    videoqa.evaluate(run, pd.concat([table, missing]), out=out, progress=False)
    Path(clips[0]).unlink()
    Path(clips[1]).write_bytes(b"no video")
    page = page_of(videoqa.report(out, progress=False))
    assert (
        EVIL in page.text and "<b onload=x> & co" in page.text and "a\N{REPLACEMENT CHARACTER}b" in page.text
    )
    assert page.text.count("The video cannot be shown.") == 4, "among the worst and the most unfamiliar clips"
    assert "Videos that could not be read" in page.text and "1 video, whose rows count as wrong" in page.text


@pytest.mark.slow
def test_without_a_blind_model(small_set: Path, quick_options: dict, tmp_path: Path) -> None:
    table = pd.read_csv(small_set / "questions.csv")
    table["video"] = [str(small_set / video) for video in table["video"]]
    run = videoqa.train(table, out=tmp_path / "run", **{**quick_options, "epochs": 1, "blind": False}).out
    with pytest.raises(ValueError, match="`run` must have been evaluated: it was trained on a DataFrame"):
        videoqa.report(run, progress=False)
    scores = videoqa.evaluate(run, table, shuffle_frames=True, out=tmp_path / "scores", progress=False)
    page = page_of(videoqa.report(scores["out"], progress=False))
    assert "No blind model was trained with it" in page.text
    assert "Every clip was shown with its frames in random order." in page.text
    assert "which no command line can name" in page.text
    assert "the surest right answers." in page.text


@pytest.mark.slow
def test_scores_of_an_older_model_are_made_again(question_run: Path, run_of) -> None:
    run = run_of(question_run)
    scores = run / "evaluation" / "test" / "metrics.json"
    videoqa.report(run, progress=False)
    good = json.loads(scores.read_text())
    scores.write_text(json.dumps(good | {"accuracy": 0.125}))
    assert "12.50 %" in page_of(videoqa.report(run, progress=False)).text, "taken as they are"
    scores.write_text(json.dumps(good | {"accuracy": 0.125, "model_sha256": "0" * 64}))
    videoqa.report(run, progress=False)
    assert json.loads(scores.read_text()) == good
    moved = scores.parent.rename(run.parent / "elsewhere")
    (moved / "metrics.json").write_text(json.dumps(good | {"model_sha256": "0" * 64}))
    with pytest.raises(FileNotFoundError, match="must belong to a model that is still there, unchanged"):
        videoqa.report(moved, progress=False)


@pytest.mark.slow
def test_the_same_run_gives_the_same_page(question_run: Path, tmp_path: Path) -> None:
    one, two = (videoqa.report(question_run, out=tmp_path / f"{n}.html", progress=False) for n in "ab")
    assert one.read_bytes() == two.read_bytes()


def test_where_a_report_cannot_be_written(question_run: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`out` must be a file ending in .html"):
        videoqa.report(question_run, out=tmp_path / "report.pdf")
    with pytest.raises(FileNotFoundError, match="`out` must lie in an existing folder"):
        videoqa.report(question_run, out=tmp_path / "missing" / "report.html")
