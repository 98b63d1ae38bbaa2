"""Turns the rows of an annotation table into `Examples`."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from videoqa._checks import Refusal
from videoqa._counted import counted
from videoqa.config import RunConfig
from videoqa.data.opposites import mirrored_answers
from videoqa.data.source import MIRRORED
from videoqa.features.contents import distinct_requests
from videoqa.input_pipeline.examples import Examples, grid_lengths, trim_padding
from videoqa.text.vocabulary import AnswerList, Vocabulary
from videoqa.video.decoding import ClipRequest

if TYPE_CHECKING:
    from videoqa.features.encoding import EncodingReport
    from videoqa.features.frame_encoder import FrameEncoder
    from videoqa.features.kept_frames import FrameKeeper


def make_examples(
    table: pd.DataFrame,
    config: RunConfig,
    *,
    vocabulary: Vocabulary | None,
    answers: AnswerList,
    encoder: "FrameEncoder | FrameKeeper | None" = None,
    for_training: bool = False,
    decode_workers: int | None = None,
    progress: bool = True,
) -> tuple[Examples, pd.DataFrame]:
    """Return the rows of an annotation table as `Examples`, and the outcome of each row's video.

    Args:
        table: annotation table.
        config: says what the model sees: nothing (`video_branch="none"`), cached features, or kept frames.
        vocabulary: None for actions.
        answers: answer of each class.
        encoder: an encoder to reuse; None: one is made if a clip is not in the cache.
        for_training: rows of the "train" split get the random crops and flips of the sampling.
        decode_workers: threads that decode what is not in the cache; see `encode_clips`.
        progress: show bars on a terminal.

    Returns:
        The examples, and a DataFrame with `status` and `error` per row, indexed like `table`. A row whose
        video failed, or is too short with `short_clips="skip"`, has `clip_index` −1 and must be left out of
        training and counted as wrong.
    """
    tokens = None if vocabulary is None else trim_padding(vocabulary.encode(table["question"].tolist()))
    answer_ids = answers.encode(table["answer"].tolist())
    sampling, model = config.sampling, config.model
    if not model.sees_video:
        index = np.zeros(len(table), np.int64)
        outcome = pd.DataFrame({"status": "ok", "error": ""}, index=table.index)
        return Examples(None, index, tokens, answer_ids, sampling.num_frames), outcome
    requests, row_request = distinct_requests(table)
    loaded = _Loader(requests, config, encoder, {"decode_workers": decode_workers, "progress": progress})
    if sampling.short_clips == "skip":
        loaded.skip_short()
    flipped, flips = None, for_training and sampling.flip
    if flips and not model.learns_from_frames:
        trained = row_request[(table["split"] == "train").to_numpy()]
        flipped = loaded.flipped(np.isin(np.arange(len(requests)), trained))
    examples = Examples(
        loaded.clips,
        loaded.position[row_request],
        tokens,
        answer_ids,
        sampling.num_frames,
        clip_input="clip" if model.learns_from_frames else "features",
        short_clips=sampling.short_clips,
        frame_size=model.frame_size if model.learns_from_frames else None,
        num_flow=model.num_flow,
        with_mask=model.facts.needs_mask,
        random_crop=for_training and sampling.crop == "random",
        flip=flips,
        flipped_clips=flipped,
        mirrored_ids=answers.encode(mirrored_answers(table)) if flips and MIRRORED in table else None,
    )
    return examples, loaded.outcome.iloc[row_request].set_index(table.index)


def check_some_long_enough(examples: Examples) -> None:
    """Raise `ValueError`, naming the longest clip, if every clip that was read is shorter than a window."""
    if examples.short_clips != "skip" or examples.clips is None or not len(examples.clips):
        return
    longest = int(examples.grid_lengths.max())
    if longest < examples.num_frames:
        requirement = f"be at most {longest}, the frames of the longest clip's grid, with short_clips='skip'"
        advice = "Give fewer, or short_clips='loop' to go round in short clips."
        raise Refusal("num_frames", requirement, examples.num_frames, advice)


class _Loader:
    """The clips of distinct requests, with the outcome of each.

    Attributes:
        clips: grids of the clips that could be read.
        position: int64 `(num_requests,)` into `clips`; −1 where a clip failed.
    """

    def __init__(
        self, requests: list[ClipRequest], config: RunConfig, encoder: Any, options: dict[str, Any]
    ) -> None:
        """Read the clips; `options` go to `encode_clips`."""
        from videoqa.features.encoding import load_features

        self._requests, self._config, self._options = requests, config, options
        report = self._encoded(requests, encoder)
        self._encoder = report.encoder
        failed = report.rows["status"] == "failed"
        self._status = report.rows["status"].where(failed, report.rows["decoding_status"]).tolist()
        self._error = report.rows["error"].tolist()
        self.clips: Any = load_features(report)
        self.position = np.full(len(requests), -1, np.int64)
        self.position[~failed.to_numpy()] = np.arange(len(self.clips))

    @property
    def outcome(self) -> pd.DataFrame:
        """The `status` and `error` of each request."""
        return pd.DataFrame({"status": self._status, "error": self._error}, dtype=object)

    def skip_short(self) -> None:
        """Mark clips that are shorter than a window as failed."""
        num_frames, lengths = self._config.sampling.num_frames, grid_lengths(self.clips)
        for request in np.flatnonzero(self.position >= 0).tolist():
            length = int(lengths[self.position[request]])
            if length < num_frames:
                found = f"{self._requests[request].path} has {counted(length, 'frame')} in its grid"
                self._fail(request, f"{found}, fewer than num_frames={num_frames}.")

    def flipped(self, wanted: np.ndarray) -> list[np.ndarray | None]:
        """Return each clip's features of mirrored frames; None unless `wanted`, bool `(num_requests,)`."""
        from videoqa.features.cache_keys import FLIPPED
        from videoqa.features.encoding import load_features

        places = np.flatnonzero(wanted & (self.position >= 0)).tolist()
        report = self._encoded([self._requests[place] for place in places], self._encoder, view=FLIPPED)
        features = iter(load_features(report))
        views: list[np.ndarray | None] = [None] * len(self.clips)
        for place, status, error in zip(places, report.rows["status"], report.rows["error"], strict=True):
            if status == "failed":
                self._fail(place, error)
            else:
                views[self.position[place]] = next(features)
        return views

    def _encoded(self, requests: list[ClipRequest], encoder: Any, **view: Any) -> "EncodingReport":
        from videoqa.features.encoding import encode_clips

        sampling, model = self._config.sampling, self._config.model
        return encode_clips(requests, sampling, model, encoder=encoder, **view, **self._options)

    def _fail(self, request: int, error: str) -> None:
        self._status[request], self._error[request] = "failed", error
        self.position[request] = -1
