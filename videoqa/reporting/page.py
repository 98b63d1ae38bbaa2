"""The page of a report, as one HTML document that needs nothing but itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from videoqa.reporting.clips import ShownClip
from videoqa.reporting.markup import definitions, element, picture, plain, table, text
from videoqa.reporting.style import STYLE
from videoqa.reporting.tables import (
    class_table,
    frame_table,
    ladder,
    other_figures,
    pair_table,
    type_table,
)
from videoqa.reporting.verdict import interval_text, percent, verdict

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a browser may load for the page: nothing from elsewhere, and no script even from the page itself."""
VIEWS = {
    "shuffled": "Every clip was shown with its frames in random order.",
    "single-frame": "Only the middle frame of every clip was shown.",
}


@dataclass(frozen=True)
class ReportContent:
    """All a report is made of.

    Attributes:
        name: of the run.
        scores: what `evaluate` returned.
        metrics: `metrics.json` of the model folder.
        config: its configuration as nested dicts.
        pictures: title, caption and PNG of each chart.
        best, worst: clips with their frames.
        unreadable: video id and error of videos that could not be read.
    """

    name: str
    scores: Mapping[str, Any]
    metrics: Mapping[str, Any]
    config: Mapping[str, Mapping[str, Any]]
    pictures: Sequence[tuple[str, str, bytes]]
    best: Sequence[ShownClip]
    worst: Sequence[ShownClip]
    unreadable: Sequence[tuple[str, str]]


def build_page(content: ReportContent) -> str:
    """Return the whole document."""
    body = "".join(
        [
            _head(content),
            _tables(content),
            _charts(content),
            _confused(content),
            _clips(content),
            _origin(content),
        ]
    )
    footer = element(
        "footer", f"Written by videoqa {plain(content.metrics.get('versions', {}).get('videoqa', ''))}"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{plain(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f"<title>{plain(content.name)}: {plain(content.scores['split'])}</title>"
        f"<style>{STYLE}</style></head>\n"
        f"<body><main>{body}</main>{footer}</body></html>\n"
    )


def _section(title: str, content: str) -> str:
    """Return a section, or nothing where it has no content."""
    return f"\n<section><h2>{plain(title)}</h2>{content}</section>" if content else ""


def _head(content: ReportContent) -> str:
    scores = content.scores
    kind, sentences = verdict(scores, sees_video=content.config["model"]["video_branch"] != "none")
    sentences = [VIEWS[scores["view"]], *sentences] if scores.get("view") in VIEWS else sentences
    what = "actions" if scores.get("task") == "action" else "questions"
    rows = (
        f"{scores['num_rows']} {what} of the {scores['split']} split, {scores.get('num_videos', '?')} videos"
    )
    interval = ""
    if scores.get("accuracy_interval") is not None:
        interval = element("span", f"95 % interval {interval_text(scores['accuracy_interval'])}")
    said = "".join(element("p", plain(sentence)) for sentence in sentences)
    return (
        f"<h1>{text(content.name)}</h1>"
        + element("p", plain(rows), class_="soft")
        + element(
            "div",
            f"<strong>{percent(scores['accuracy'])}</strong><span>accuracy</span>{interval}",
            class_="headline",
        )
        + element("div", said, class_=f"verdict {kind}")
        + ladder(scores)
        + other_figures(scores)
        + element(
            "p",
            "Every row counts: an answer the model cannot give, or a video that cannot be read, is wrong. "
            "Intervals come from drawing videos, with all their rows, 2000 times with replacement.",
            class_="soft",
        )
    )


def _tables(content: ReportContent) -> str:
    scores, parts = content.scores, []
    if scores.get("task") == "action":
        parts.append(_section("Classes", class_table(scores["per_class"]) if scores.get("per_class") else ""))
    else:
        parts.append(_section("Question types", type_table(scores["by_question_type"], scores, "type")))
    if scores.get("by_group"):
        parts.append(_section("Groups", type_table(scores["by_group"], None, "group", scores.get("task"))))
    return "".join(parts)


def _charts(content: ReportContent) -> str:
    return "".join(
        _section(title, element("figure", picture(data, title) + element("figcaption", plain(caption))))
        for title, caption, data in content.pictures
    )


def _confused(content: ReportContent) -> str:
    pairs, frames = content.scores.get("confused_pairs"), content.scores.get("frames")
    confused = _section("Most confused pairs", pair_table(pairs) if pairs else "")
    return confused + _section("Single frames", frame_table(frames) if frames else "")


def _clips(content: ReportContent) -> str:
    has_blind = content.scores.get("blind_accuracy") is not None
    better = (
        "the surest right answers that the blind model gets wrong"
        if has_blind
        else "the surest right answers"
    )
    best = element("p", plain(f"Of different videos, {better}."), class_="soft") + "".join(
        map(_clip, content.best)
    )
    worst = element("p", "Of different videos, the surest wrong answers.", class_="soft")
    none = element("p", "None.")
    return _section("Best clips", best if content.best else best + none) + _section(
        "Worst clips", worst + ("".join(map(_clip, content.worst)) or none)
    )


def _clip(clip: ShownClip) -> str:
    row = clip.row
    title = row["question"] or row["video_id"]
    seen = picture(clip.picture, f"Five frames of {row['video_id']}") if clip.picture is not None else ""
    missing = element("div", text(clip.note), class_="missing") if clip.picture is None else ""
    predicted = element("span", text(row["predicted_answer"]), class_="right" if row["correct"] else "wrong")
    entries = [
        ("right answer", text(row["answer"])),
        ("answer given", f"{predicted}, probability {row['probability']:.3f}"),
    ]
    if row["blind_answer"]:
        entries.append(("blind model", text(row["blind_answer"])))
    if row.get("gold_rank") and not row["correct"]:
        entries.append(("rank of the right answer", text(row["gold_rank"])))
    where = row["video_id"]
    if row.get("start_seconds") or row.get("end_seconds"):
        where += f", {row.get('start_seconds') or '0'} s to {row.get('end_seconds') or 'the end'}"
    entries.append(("video", text(where)))
    return element(
        "article",
        f'{seen}{missing}<p class="question">{text(title)}</p>{definitions(entries)}',
        class_="clip",
    )


def _origin(content: ReportContent) -> str:
    return _section("Data", _counts(content)) + _section("How it was made", _made(content))


def _counts(content: ReportContent) -> str:
    scores, metrics = content.scores, content.metrics
    data = content.config["data"]
    entries = [
        ("sources", "<br>".join(text(each) for each in data["data"]) or "tables given in Python"),
        ("training rows", text(metrics.get("num_train_rows"))),
        ("validation rows", text(metrics.get("num_validation_rows"))),
        (
            "dropped in training",
            f"{text(metrics.get('num_dropped_rows'))} rows, whose video could not be read",
        ),
        (
            f"evaluated ({scores['split']})",
            f"{scores['num_rows']} rows of {text(scores.get('num_videos', '?'))} videos",
        ),
        ("not read in evaluation", f"{scores['num_failed_videos']} videos, whose rows count as wrong"),
    ]
    if scores.get("absent_rows") is not None:
        entries.append(("absent", f"{scores['absent_rows']} rows left out, whose video is not there"))
    if scores.get("limit") is not None:
        entries.append(("limit", f"at most {scores['limit']} rows were evaluated"))
    listed = ""
    if content.unreadable:
        rows = [("", [text(video), text(error)]) for video, error in content.unreadable]
        listed = "<h3>Videos that could not be read</h3>" + table(("video", "why"), rows, class_="words")
    return definitions(entries) + listed


def _made(content: ReportContent) -> str:
    metrics, config = content.metrics, content.config
    command = metrics.get("command")
    if command:
        shown = element("pre", element("code", plain(command)))
    elif command == "":
        reason = (
            "It was trained from Python on a DataFrame, which no command line can name."
            if metrics.get("num_tables")
            else "The name of a class has a comma in it, which no command line can say."
        )
        shown = element("p", reason)
    else:
        shown = element("p", "Its command was not recorded.")
    seeds = [
        ("seed of training", text(config["training"]["seed"])),
        ("seed of evaluation", text(content.scores.get("seed", "not recorded"))),
        ("model, sha256", text(content.scores.get("model_sha256", "not recorded"))),
    ]
    versions = metrics.get("versions", {})
    listed = definitions((name, text(number)) for name, number in versions.items()) or element(
        "p", "Not recorded."
    )
    options = [
        ("", [text(name), text(value)])
        for part in config.values()
        for name, value in part.items()
        if name != "data"
    ]
    return f"{shown}{definitions(seeds)}<h3>Versions</h3>{listed}" + element(
        "details", "<summary>Every option</summary>" + table(("option", "value"), options, class_="words")
    )
