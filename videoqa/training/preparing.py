"""The data of a run: the rows of its table whose video could be read, as arrays."""

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from videoqa._progress import say
from videoqa.config import RunConfig
from videoqa.data.annotations import require_split
from videoqa.data.source import MIRRORED, OPPOSITE
from videoqa.data.splits import groups_of_splits
from videoqa.features.contents import content_hashes, short_hash
from videoqa.input_pipeline import Examples, check_some_long_enough, make_examples
from videoqa.saving import ModelFolder
from videoqa.text.answers import AnswerList
from videoqa.text.question_prior import QuestionPrior, build_question_prior
from videoqa.text.vocabulary import Vocabulary
from videoqa.training.backwards import BackwardsRows, find_backwards_rows, say_backwards
from videoqa.training.checks import check_num_rows
from videoqa.training.fingerprint import hashes_of_data
from videoqa.training.further_clips import say_unusable
from videoqa.training.held_out import EARLIER, learned_videos, test_videos
from videoqa.training.label_weights import label_weights
from videoqa.training.memory import ONE_REPLICA, Replicas, check_memory
from videoqa.training.order_clips import OrderClips, clips_both_ways
from videoqa.training.request import Request
from videoqa.training.rows import RunRows, rows_to_learn
from videoqa.training.startup_messages import say_dropped, say_short


@dataclass(frozen=True)
class PreparedData:
    """The rows of a run whose video could be read, as a table and as arrays.

    Attributes:
        config: with the sizes of `vocabulary` and `answers`.
        table: training and validation rows.
        examples: the same rows.
        frame_examples: the same rows as frames, for the second stage; None: there is none.
        vocabulary: None for actions.
        answers: answer of each class.
        backwards: the training rows that are shown backwards too.
        num_dropped: rows left out because their video failed.
        failures: path of each such video -> why.
        groups: see `data.annotations.groups_of_splits`.
        videos: short hashes of the contents of the videos of training and of validation rows, and of those
            that the initial model learned from, by which `evaluate` knows them again.
        test_videos: those of test rows, which no correction may show.
        label_weights: float32 `(num_rows,)`, how much each row of `table` counts by what is known of its
            answer; None: all alike.
        corrections: how many corrections met each fate, see `supersede`; None: there were none.
        hashes: of what a resumed run and every worker must share: "data" (the rows in their order and the
            contents of their videos, wherever these lie), "vocabulary", "answers", "backbone".
        num_tables: how many of the sources were DataFrames.
        stratified: splits that were drawn were drawn by answers.
        fold: see `Job`.
        num_test_rows: rows of the test split, whether or not their videos can be read.
        untested: answers without a test row, see `say_untested`.
        order: the clips both ways round, to learn forwards or backwards from; None: that is not wanted.
    """

    config: RunConfig
    table: pd.DataFrame
    examples: Examples
    frame_examples: Examples | None
    vocabulary: Vocabulary | None
    answers: AnswerList
    backwards: BackwardsRows
    num_dropped: int
    failures: dict[str, str]
    groups: dict[str, list[str]]
    videos: dict[str, list[str]]
    test_videos: list[str]
    label_weights: np.ndarray | None
    corrections: dict[str, int] | None
    hashes: dict[str, str]
    num_tables: int
    stratified: bool
    fold: tuple[int, int] | None
    num_test_rows: int
    untested: list[str]
    order: OrderClips | None

    def split(self, name: str) -> tuple[pd.DataFrame, Examples]:
        """Return the rows of one split."""
        return self.table[self.table["split"] == name], self.rows_of(name, self.examples)

    def rows_of(self, name: str, examples: Examples) -> Examples:
        """Return those of `examples`, this run's, that are of one split."""
        return examples.select(np.flatnonzero((self.table["split"] == name).to_numpy()))

    def shown_in_training(self, examples: Examples) -> Examples:
        """Return the training rows of `examples`, this run's, and behind them those shown backwards too."""
        return self.backwards.appended(examples, np.flatnonzero((self.table["split"] == "train").to_numpy()))

    @cached_property
    def question_prior(self) -> QuestionPrior | None:
        """The prefix prior of the training questions; None for actions."""
        if self.vocabulary is None:
            return None
        rows = self.table[self.table["split"] == "train"]
        return build_question_prior(rows["question"].tolist(), rows["answer"].tolist())


def prepare_data(
    request: Request, replicas: Replicas = ONE_REPLICA, *, progress: bool = True
) -> PreparedData:
    """Read the table, build the vocabularies, encode the videos and leave out the rows whose video failed.

    Args:
        request: what to train.
        replicas: what the memory forecast depends on.
        progress: print what was found, and bars on a terminal.

    Raises:
        ValueError: data that does not fit the request, no training row, fewer than two different answers or
            than a batch needs, a forecast that does not fit, or windows longer than every clip.
    """
    launch = request.job.launch
    rows = rows_to_learn(request, replicas, progress=progress)
    config, answers = rows.config, rows.answers
    if replicas.is_first_local:  # the others would forecast the same, and may have to load TensorFlow for it
        check_memory(config, rows.num_clips, replicas=replicas, prefetch_batches=launch.prefetch_batches)
    clips = _load_clips(rows, launch.decode_workers, progress)
    _say_failed(rows, clips, progress)
    table = rows.table[clips.is_good].reset_index(drop=True)
    num_rows = len(require_split(table, "train"))
    examples = clips.of_table.select(clips.is_good)
    backwards = find_backwards_rows(table, examples, answers)
    say_backwards(table, backwards, answers, config, progress)
    if left_out := check_num_rows(config.model, num_rows + len(backwards.rows), config.training.batch_size):
        say(left_out, progress=progress)
    further, order = _order_clips(rows, clips, progress)
    contents = _video_contents(table, config)
    videos = _videos_of_splits(table, contents, further, request.initial)
    weights = label_weights(table, config.training.label_weight)
    return PreparedData(
        config=config,
        table=table,
        examples=examples,
        frame_examples=None if clips.frames is None else clips.frames.select(clips.is_good),
        vocabulary=rows.vocabulary,
        answers=answers,
        backwards=backwards,
        num_dropped=int((~clips.is_good).sum()),
        failures=clips.failures(rows.table),
        groups=groups_of_splits(rows.table),
        videos=videos,
        test_videos=test_videos(rows.whole, videos, request.initial) if config.model.sees_video else [],
        label_weights=weights,
        corrections=rows.whole.attrs.get("corrections"),
        hashes=hashes_of_data(rows, table, contents=contents, further=further, weights=weights),
        num_tables=len(request.tables),
        stratified=request.job.stratified,
        fold=request.job.fold,
        num_test_rows=rows.num_test_rows,
        untested=rows.untested,
        order=order,
    )


@dataclass(frozen=True)
class _LoadedClips:
    """The rows of a run as arrays, and what became of the video of each.

    Attributes:
        of_all: the rows of the table, then those of the clips without labels.
        of_table: the rows of the table alone.
        frames: the rows of the table as frames, for a second stage; None: there is none.
        outcomes: `status` and `error` of each of `of_all`.
        is_good: bool `(num_rows,)`, whether the clip of each row of the table can be learned from.
    """

    of_all: Examples
    of_table: Examples
    frames: Examples | None
    outcomes: pd.DataFrame
    is_good: np.ndarray

    def failures(self, table: pd.DataFrame) -> dict[str, str]:
        """Return path -> why of each video of the table that failed."""
        errors = self.outcomes["error"].iloc[: len(table)]
        why = errors.loc[~self.is_good].groupby(table.loc[~self.is_good, "video_path"]).first()
        return {str(path): str(error) for path, error in why.items()}


def _load_clips(rows: RunRows, decode_workers: int | None, progress: bool) -> _LoadedClips:
    config = rows.config
    options: dict[str, Any] = {
        "vocabulary": rows.vocabulary,
        "answers": rows.answers,
        "for_training": True,
        "decode_workers": decode_workers,
        "progress": progress,
    }
    of_all, outcomes = make_examples(_joined(rows.table, rows.further), config, **options)
    check_some_long_enough(of_all)
    of_table = of_all.select(np.arange(len(rows.table)))
    is_good, frames = of_table.clip_index >= 0, None
    if config.training.unfreeze_from is not None:
        from_frames = dataclasses.replace(
            config, model=dataclasses.replace(config.model, train_backbone=True)
        )
        frames, _ = make_examples(rows.table, from_frames, **options)
        is_good &= frames.clip_index >= 0
    return _LoadedClips(of_all, of_table, frames, outcomes, is_good)


def _say_failed(rows: RunRows, clips: _LoadedClips, progress: bool) -> None:
    """Print how many rows are left out because their video failed, and which clips are short."""
    say_dropped(int((~clips.is_good).sum()), clips.failures(rows.table), progress)
    is_learned = clips.is_good & (rows.table["split"] == "train").to_numpy()
    say_short(clips.of_table.select(is_learned), rows.config.sampling, progress)


def _order_clips(
    rows: RunRows, clips: _LoadedClips, progress: bool
) -> tuple[pd.DataFrame, OrderClips | None]:
    """Return the clips without labels that can be used, and with them all clips both ways round.

    Both as they are, and None, where no order is learned.
    """
    if rows.config.training.pretrain is None:
        return rows.further, None
    num_rows = len(rows.table)
    say_unusable(rows.further, clips.outcomes.iloc[num_rows:], progress=progress)
    usable = (clips.of_all.clip_index >= 0) & np.append(clips.is_good, np.ones(len(rows.further), bool))
    further = rows.further[usable[num_rows:]]
    joined = _joined(rows.table[clips.is_good].reset_index(drop=True), further)
    return further, clips_both_ways(joined, clips.of_all.select(usable), rows.config)


def _joined(table: pd.DataFrame, further: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table, then those of clips without labels, of which no opposite is declared."""
    if not len(further):
        return table
    undeclared = {name: "" for name in (OPPOSITE, MIRRORED) if name in table}
    return pd.concat([table, further.assign(**undeclared)], ignore_index=True)


def _video_contents(table: pd.DataFrame, config: RunConfig) -> pd.Series | None:
    """Return the short hash of each row's video; None for a model that sees no video."""
    if not config.model.sees_video:
        return None
    hashes, _ = content_hashes(table["video_path"].unique().tolist(), progress=False)
    return table["video_path"].map(hashes).map(short_hash, na_action="ignore")


def _videos_of_splits(
    table: pd.DataFrame, contents: pd.Series | None, further: pd.DataFrame, initial: ModelFolder | None
) -> dict[str, list[str]]:
    """Return the short hashes of the videos of each split, clips without labels among those of training, and
    of those that the initial model learned from; none for a model that sees no video."""
    if contents is None:
        return {}
    videos = {split: set(contents[table["split"] == split].dropna()) for split in ("train", "validation")}
    videos["train"] |= {short_hash(content) for content in further["content"]}
    if initial is not None and (earlier := learned_videos(initial.metrics).difference(*videos.values())):
        videos[EARLIER] = earlier
    return {split: sorted(names) for split, names in videos.items()}
