"""Shows why an answer was given: as a picture in a file, and in notebooks."""

import base64
import html
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from videoqa._checks import Refusal, UserError, check_not_read, refusal
from videoqa._files import write_bytes
from videoqa.answering.asked import Asked, answer_ids
from videoqa.evaluation.evidence import Evidence
from videoqa.features.frame_encoder import FrameEncoder
from videoqa.video.decoding import decode
from videoqa.video.transforms import part_kept

if TYPE_CHECKING:
    from videoqa.answering.video_qa import Answer
    from videoqa.evaluation.evidence_plot import CloseUp, Explanation

SUFFIX = ".png"
LONG_SIDE, LONG_SIDE_OF_MANY, MANY_FRAMES = 480, 240, 64
NUM_CLOSE_UPS = 3


def check_picture(name: str, path: str | os.PathLike[str], video: object = None) -> Path:
    """Return the file of a picture after checking that it can be written; an older one may be there.

    Raises:
        ValueError: another suffix, a folder, or the video itself.
        FileNotFoundError: its folder does not exist.
        PermissionError: it cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() != SUFFIX:
        raise Refusal(name, f"end in {SUFFIX}", os.fspath(path))
    if os.path.isdir(target):
        raise Refusal(name, "be a file to write; this is a folder", os.fspath(path))
    if os.path.exists(target) and not os.path.isfile(target):
        raise Refusal(name, "be a file to write; this is a device", os.fspath(path))
    if not os.path.isdir(target.parent):
        raise FileNotFoundError(refusal(name, "lie in an existing folder", os.fspath(path)))
    check_not_read(name, target, [video])
    probe = target.with_name(f".probe-{target.name}")
    try:
        write_bytes(probe, b"")
        probe.unlink()
    except OSError as error:
        requirement = "be a file that can be written"
        raise PermissionError(refusal(name, requirement, os.fspath(path), f"Cause: {error}.")) from error
    return target


def explanation_of(answer: "Answer", asked: Asked, *, with_heat: bool = True) -> "Explanation":
    """Return all that is drawn of an answer; a file that is gone leaves no pictures but a line that says so.

    Args:
        answer: with its evidence.
        asked: what the answer keeps.
        with_heat: show where in the frames that count most; this encodes them again.
    """
    from videoqa.evaluation.evidence_plot import Explanation

    evidence, lines = answer.evidence, _lines(answer)
    frames: list[np.ndarray] = []
    close_ups: list[CloseUp] = []
    try:
        frames = _pictures(asked, evidence)
        if with_heat and frames:
            close_ups = _close_ups(asked, evidence, frames)
    except (OSError, UserError) as error:
        lines.append(f"No pictures: {error}")
    return Explanation(str(answer), asked.question, answer.alternatives, evidence, lines, frames, close_ups)


def answer_html(answer: "Answer", asked: Asked | None) -> str:
    """Return an answer as HTML for a notebook: the best guess, why it is not reliable, the time line."""
    text, guess = html.escape(str(answer)), html.escape(answer.text)
    parts = [f"<p><b>{text}</b></p>", f"<p>{guess}: {100 * answer.probability:.1f} %</p>"]
    parts += [f"<p>{html.escape(line)}</p>" for line in _lines(answer)]
    try:
        parts.append(_time_line_html(answer, asked))
    except Exception as error:  # a notebook shows nothing at all where this raises
        parts.append(f"<p>No picture: {html.escape(str(error) or type(error).__name__)}</p>")
    return f"<div>{''.join(parts)}</div>"


def _time_line_html(answer: "Answer", asked: Asked | None) -> str:
    from videoqa.evaluation.evidence_plot import time_line_png

    if asked is None:
        return "<p>No picture: this answer was copied or read back and no longer knows its clip.</p>"
    explanation = explanation_of(answer, asked, with_heat=False)
    said = "".join(f"<p>{html.escape(line)}</p>" for line in explanation.lines[len(_lines(answer)) :])
    if not explanation.evidence.contributions:
        return said
    data = base64.b64encode(time_line_png(explanation)).decode("ascii")
    alt = "frames of the clip and what each contributes to the answer"
    return f'{said}<img alt="{alt}" style="max-width:100%" src="data:image/png;base64,{data}">'


def _lines(answer: "Answer") -> list[str]:
    """Return what is to be said of an answer besides its text."""
    lines = [f"Not reliable: {reason}." for reason in answer.why_not]
    if answer.familiarity is not None:
        lines.append(
            f"Familiarity of the clip: {answer.familiarity:.2f}, the share of held-out clips that look at "
            "least as strange."
        )
    if answer.likely:
        lines.append(
            f"In 90 % of clips like those trained on, one of these is right: {', '.join(answer.likely)}."
        )
    return [*lines, *answer.notes]


def _pictures(asked: Asked, evidence: Evidence) -> list[np.ndarray]:
    """Return a picture of each of the evidence's frames, uint8 RGB; none for a blind model."""
    if not evidence.contributions:
        return []
    clip = asked.kept
    if asked.request is None:
        assert clip is not None and clip.frames is not None
        return [clip.frames[clip.frame_numbers.index(number)] for number in evidence.frame_numbers]
    many = clip is None or len(clip.timestamps_seconds) > MANY_FRAMES
    decoded = _decoded(asked, evidence, long_side=LONG_SIDE_OF_MANY if many else LONG_SIDE)
    return [decoded[seconds] for seconds in evidence.timestamps_seconds]


def _decoded(asked: Asked, evidence: Evidence, **size: Any) -> dict[float, np.ndarray]:
    """Return the frames of a file's grid by their times; refuse a file that has other times by now."""
    assert asked.request is not None
    found = decode(asked.request, asked.qa.folder.config.sampling, **size)
    by_time = dict(zip(found.timestamps_seconds.tolist(), found.frames, strict=True))
    if not by_time.keys() >= set(evidence.timestamps_seconds):
        raise Refusal(f"{asked.request.path} was changed since it was asked about.")
    return by_time


def _close_ups(asked: Asked, evidence: Evidence, frames: Sequence[np.ndarray]) -> list["CloseUp"]:
    """Return the frames that count most, cut to what the model sees, with heat where it has a backbone."""
    from videoqa.evaluation.evidence_plot import CloseUp

    places = evidence.most_important(NUM_CLOSE_UPS)
    encoder, size = asked.qa.encoder, asked.qa.encoder.frame_size
    if asked.request is None:
        seen = {place: frames[place] for place in places}
    else:
        decoded = _decoded(asked, evidence, frame_size=size)
        seen = {place: decoded[evidence.timestamps_seconds[place]] for place in places}
    maps: Sequence[np.ndarray | None] = [None] * len(places)
    if isinstance(encoder, FrameEncoder) and evidence.against:
        maps = heat_maps(asked, encoder, evidence, places, np.stack([seen[place] for place in places]))
    close_ups = []
    for place, heat in zip(places, maps, strict=True):
        whole = frames[place]
        part = part_kept(whole.shape[0], whole.shape[1], size) if asked.request is not None else None
        close_ups.append(CloseUp(place, seen[place] if part is None else whole[part], heat))
    return close_ups


def heat_maps(
    asked: Asked, encoder: FrameEncoder, evidence: Evidence, places: Sequence[int], frames: np.ndarray
) -> list[np.ndarray]:
    """Return where in some frames the answer is seen, see `evaluation.places.heat`.

    Args:
        asked: the question and its clip.
        encoder: has the backbone.
        evidence: of the answer, with an answer that it is compared with.
        places: of the frames among those of the evidence.
        frames: uint8 RGB `(num_places, height, width, 3)`, as the backbone takes them.

    Returns:
        float32 `(map_height, map_width)` in [0, 1] for each place.
    """
    from videoqa.evaluation.places import heat, place_contributions

    clip = asked.clip
    marks = np.array(clip.timestamps_seconds or clip.frame_numbers)
    own = evidence.timestamps_seconds or evidence.frame_numbers
    found = place_contributions(
        asked.qa.model,
        encoder.network,
        asked.qa.examples([clip.grid], [asked.question]),
        frames,
        [np.flatnonzero(marks == own[place]) for place in places],
        answer_ids(asked.qa.answers, evidence.answer, evidence.against),
        num_test_clips=asked.qa.folder.config.sampling.num_test_clips,
    )
    return [heat(each) for each in found]
