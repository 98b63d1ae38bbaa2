"""The data of a run: the rows of its table as arrays, and the hashes by which workers compare them."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from videoqa._files import name_bytes
from videoqa._manifest import MANIFEST
from videoqa._progress import say
from videoqa._version import installed_versions
from videoqa.auditing.table_audit import say_table_findings
from videoqa.config import PARTS, ModelConfig, RunConfig
from videoqa.data.annotations import check_some_there, read_annotations, require_split, say_notes
from videoqa.data.opposites import answers_to_learn, played_backwards
from videoqa.data.source import MIRRORED, OPPOSITE
from videoqa.data.splits import attach_validation, groups_of_splits, hold_out_fold
from videoqa.features.contents import content_hashes, distinct_requests, hashes_of_videos, short_hash
from videoqa.input_pipeline import (
    Examples,
    check_some_long_enough,
    make_examples,
)
from videoqa.models.backbones import backbone_identity
from videoqa.models.weight_files import file_digest
from videoqa.saving import ModelFolder
from videoqa.text.answers import AnswerList, build_answer_list
from videoqa.text.question_prior import QuestionPrior, build_question_prior
from videoqa.text.vocabulary import Vocabulary, build_vocabulary
from videoqa.training.backwards import (
    BackwardsRows,
    find_backwards_rows,
    say_backwards,
    say_undeclared_mirrors,
)
from videoqa.training.checks import check_initial, check_input, check_num_rows, check_shares
from videoqa.training.further_clips import CLIP, further_clips, say_unusable
from videoqa.training.held_out import (
    EARLIER,
    check_corrections,
    learned_videos,
    say_learned_before,
    test_videos,
)
from videoqa.training.label_weights import label_weights
from videoqa.training.memory import ONE_REPLICA, Replicas, check_memory
from videoqa.training.order_clips import OrderClips, clips_both_ways
from videoqa.training.request import Request
from videoqa.training.startup_messages import (
    description,
    say_classes,
    say_dropped,
    say_left_out,
    say_short,
    say_untested,
)

PATHS = (
    "data.data", "data.videos", "data.annotations", "data.reverse_labels", "data.mirror_labels",
    "model.backbone_weights", "training.pretrain_videos",
)  # fmt: skip
"""Fields that may differ between machines; what lies there is compared by content."""


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
    table, config = read_rows(request, replicas)
    if config.model.sees_video:
        check_some_there(table)
    say_notes(table, progress=progress)
    say_table_findings(table, config, progress=progress)
    training_rows = require_split(table, "train")
    say_left_out(table, progress and request.job.fold is None)
    say_undeclared_mirrors(training_rows, config, progress)
    config, vocabulary, answers = _sized(config, training_rows)
    num_test_rows = int((table["split"] == "test").sum())
    untested = [] if request.job.fold else say_untested(answers, table, progress)
    further = further_clips(config.training.pretrain_videos, table, progress=progress)
    say_learned_before(table, request.initial, progress=progress)
    whole, table = table, table[table["split"].isin(("train", "validation"))].reset_index(drop=True)
    num_clips = _say_rows(table, training_rows, config, answers, progress) + len(further)
    if replicas.is_first_local:  # the others would forecast the same, and may have to load TensorFlow for it
        check_memory(config, num_clips, replicas=replicas, prefetch_batches=launch.prefetch_batches)
    together, frame_examples, outcomes = _examples(
        table,
        further,
        config,
        vocabulary=vocabulary,
        answers=answers,
        decode_workers=launch.decode_workers,
        progress=progress,
    )
    examples, outcome = together.select(np.arange(len(table))), outcomes.iloc[: len(table)]
    good = examples.clip_index >= 0
    if frame_examples is not None:
        good &= frame_examples.clip_index >= 0
    why = outcome.loc[~good, "error"].groupby(table.loc[~good, "video_path"]).first()
    failures = {str(path): str(error) for path, error in why.items()}
    say_dropped(int((~good).sum()), failures, progress)
    say_short(examples.select(good & (table["split"] == "train").to_numpy()), config.sampling, progress)
    kept = table[good].reset_index(drop=True)
    num_rows = len(require_split(kept, "train"))
    examples = examples.select(good)
    backwards = find_backwards_rows(kept, examples, answers)
    say_backwards(kept, backwards, answers, config, progress)
    num_shown = num_rows + len(backwards.rows)
    if left_out := check_num_rows(config.model, num_shown, config.training.batch_size):
        say(left_out, progress=progress)
    order = None
    if config.training.pretrain is not None:
        usable = (together.clip_index >= 0) & np.append(good, np.ones(len(further), bool))
        say_unusable(further, outcomes.iloc[len(table) :], progress=progress)
        further = further[usable[len(table) :]]
        order = clips_both_ways(_joined(kept, further), together.select(usable), config)
    contents = _video_contents(kept, config)
    videos = _videos_of_splits(kept, contents, further, request.initial)
    weights = label_weights(kept, config.training.label_weight)
    return PreparedData(
        config=config,
        table=kept,
        examples=examples,
        frame_examples=None if frame_examples is None else frame_examples.select(good),
        vocabulary=vocabulary,
        answers=answers,
        backwards=backwards,
        num_dropped=int((~good).sum()),
        failures=failures,
        groups=groups_of_splits(table),
        videos=videos,
        test_videos=test_videos(whole, videos, request.initial) if config.model.sees_video else [],
        label_weights=weights,
        corrections=whole.attrs.get("corrections"),
        hashes=_hashes(kept, contents, config.model, vocabulary, answers)
        | _hash_of_further(further)
        | ({} if weights is None else {"label weights": _hash_of(weights.tolist())}),
        num_tables=len(request.tables),
        stratified=request.job.stratified,
        fold=request.job.fold,
        num_test_rows=num_test_rows,
        untested=untested,
        order=order,
    )


def fingerprint(request: Request, data: PreparedData) -> dict[str, str]:
    """Return what workers compare before they train: each value or hash that must be equal, by its name."""
    versions = installed_versions()
    values = {f"version of {name}": versions[name] for name in versions if name != "platform"}
    values |= data.hashes
    values |= fields_of(data.config)
    values["checkpoint_steps"] = str(request.job.launch.checkpoint_steps)
    values["rows"] = f"{len(data.table)} and {data.num_dropped} left out"
    if request.initial is not None:
        values["initial_model"] = file_digest(request.initial.path / MANIFEST, "sha256")[:16]
    return values


def fields_of(config: RunConfig) -> dict[str, str]:
    """Return every field of a configuration, as "part.field", that is no path."""
    return {
        f"{key}.{item.name}": repr(getattr(getattr(config, key), item.name))
        for key, part in PARTS.items()
        for item in dataclasses.fields(part)
        if f"{key}.{item.name}" not in PATHS
    }


def read_rows(request: Request, replicas: Replicas) -> tuple[pd.DataFrame, RunConfig]:
    """Return the annotation table with a validation split, and the configuration with the table's task."""
    config, training = request.config, request.config.training
    check_shares(config.model, training.batch_size, replicas.num_workers * replicas.num_per_worker)
    table = read_annotations(
        config.data,
        tables=request.tables,
        seed=training.seed,
        with_videos=config.model.sees_video,
        stratified=request.job.stratified,
        contents=hashes_of_videos,
        test_is_held_out=request.job.fold is None,
    )
    check_corrections(table, request.initial)
    if request.job.fold is not None:
        number, num_folds = request.job.fold
        table = hold_out_fold(table, number, num_folds, training.seed)
    table = attach_validation(
        table, training.seed, training.validation_share, stratified=request.job.stratified
    )
    config = dataclasses.replace(config, model=dataclasses.replace(config.model, task=table.attrs["task"]))
    check_input(config)
    check_initial(request.initial, config)
    label_weights(table[table["split"] != "test"], training.label_weight)
    return table, config


def _sized(config: RunConfig, training_rows: pd.DataFrame) -> tuple[RunConfig, Vocabulary | None, AnswerList]:
    """Return the configuration with the numbers of words and answers, and the two lists of these."""
    order = training_rows.attrs.get("classes", ())
    answers = build_answer_list(
        answers_to_learn(training_rows, config), config.model.num_answers, order=order
    )
    model, vocabulary = dataclasses.replace(config.model, num_answers=len(answers)), None
    if config.model.task != "action":
        vocabulary = build_vocabulary(training_rows["question"], config.model.vocabulary_size)
        model = dataclasses.replace(model, vocabulary_size=vocabulary.size)
    return dataclasses.replace(config, model=model), vocabulary, answers


def _say_rows(
    table: pd.DataFrame, training_rows: pd.DataFrame, config: RunConfig, answers: AnswerList, progress: bool
) -> int:
    """Print what there is to learn from, refuse too little for a batch, and return the number of clips."""
    num_clips = len(distinct_requests(table)[0])
    say_classes(training_rows, answers, progress)
    say(description(table, training_rows, answers, num_clips), progress=progress)
    num_shown = len(training_rows)
    if config.model.sees_video:
        num_shown += len(played_backwards(training_rows))
    check_num_rows(config.model, num_shown, config.training.batch_size)
    return num_clips


def _examples(
    table: pd.DataFrame, further: pd.DataFrame, config: RunConfig, **options: Any
) -> tuple[Examples, Examples | None, pd.DataFrame]:
    """Return the rows as arrays, and the outcome of each row's video.

    Returns:
        The rows of `table`, then those of `further`; the rows of `table` as frames, for a second stage, or
        None; the outcomes of all.
    """
    examples, outcome = make_examples(_joined(table, further), config, for_training=True, **options)
    check_some_long_enough(examples)
    if config.training.unfreeze_from is None:
        return examples, None, outcome
    from_frames = dataclasses.replace(config, model=dataclasses.replace(config.model, train_backbone=True))
    return examples, make_examples(table, from_frames, for_training=True, **options)[0], outcome


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


def _hashes(
    table: pd.DataFrame,
    contents: pd.Series | None,
    model: ModelConfig,
    vocabulary: Vocabulary | None,
    answers: AnswerList,
) -> dict[str, str]:
    return {
        "data": _hash_of_rows(table, contents),
        "vocabulary": "" if vocabulary is None else _hash_of(vocabulary.words),
        "answers": _hash_of(answers.answers),
        "backbone": _hash_of_backbone(model),
    }


def _hash_of_further(further: pd.DataFrame) -> dict[str, str]:
    """Return the hash of the clips without labels by its name; empty where there are none."""
    return (
        {"pretrain_videos": _hash_of(further[CLIP].astype(str).to_numpy().tolist())} if len(further) else {}
    )


def _hash_of_rows(table: pd.DataFrame, contents: pd.Series | None) -> str:
    columns = ["split", "question", "answer", "start_seconds", "end_seconds"]
    columns += [name for name in (OPPOSITE, MIRRORED) if name in table and (table[name] != "").any()]
    rows = table[columns].astype(str)
    return _hash_of(rows.assign(video="" if contents is None else contents.astype(str)).to_numpy().tolist())


def _hash_of_backbone(model: ModelConfig) -> str:
    """Return the hash of the backbone's weights, whatever their path; "" for a model without a backbone."""
    if not (model.sees_video and model.has_backbone):
        return ""
    return _hash_of(
        backbone_identity(model.backbone, model.backbone_weights, model.backbone_layer, model.pooling)
    )


def _hash_of(content: Any) -> str:
    """Return 16 hexadecimal digits of the sha256 of JSON content."""
    return hashlib.sha256(name_bytes(json.dumps(content, ensure_ascii=False))).hexdigest()[:16]
