"""The rows that a run learns from: read, split and counted, before any video is opened."""

import dataclasses
from dataclasses import dataclass

import pandas as pd

from videoqa._progress import say
from videoqa.auditing.table_audit import say_table_findings
from videoqa.config import RunConfig
from videoqa.data.annotations import check_some_there, read_annotations, require_split, say_notes
from videoqa.data.opposites import answers_to_learn, played_backwards
from videoqa.data.splits import attach_validation, hold_out_fold
from videoqa.features.contents import distinct_requests, hashes_of_videos
from videoqa.text.answers import AnswerList, build_answer_list
from videoqa.text.vocabulary import Vocabulary, build_vocabulary
from videoqa.training.backwards import say_undeclared_mirrors
from videoqa.training.checks import check_initial, check_input, check_num_rows, check_shares
from videoqa.training.further_clips import further_clips
from videoqa.training.held_out import check_corrections, say_learned_before
from videoqa.training.label_weights import label_weights
from videoqa.training.memory import Replicas
from videoqa.training.request import Request
from videoqa.training.startup_messages import description, say_classes, say_left_out, say_untested


@dataclass(frozen=True)
class RunRows:
    """The rows of a run, and what is learned from their texts alone.

    Attributes:
        whole: rows of all splits.
        table: the training and validation rows of `whole`, index 0, 1, ...
        further: the clips without labels, see `further_clips`; perhaps no row.
        config: with the task of the rows and the sizes of `vocabulary` and `answers`.
        vocabulary: None for actions.
        answers: answer of each class.
        num_clips: distinct clips of `table` and `further`.
        untested: answers without a test row, see `say_untested`.
    """

    whole: pd.DataFrame
    table: pd.DataFrame
    further: pd.DataFrame
    config: RunConfig
    vocabulary: Vocabulary | None
    answers: AnswerList
    num_clips: int
    untested: list[str]

    @property
    def num_test_rows(self) -> int:
        """How many rows of the test split there are, whether or not their videos can be read."""
        return int((self.whole["split"] == "test").sum())


def rows_to_learn(request: Request, replicas: Replicas, *, progress: bool) -> RunRows:
    """Read the rows of a run, build the vocabularies, and print what was found.

    Raises:
        ValueError: data that does not fit the request, no training row, or fewer than two different answers
            or than a batch needs.
    """
    whole, config = read_rows(request, replicas)
    if config.model.sees_video:
        check_some_there(whole)
    say_notes(whole, progress=progress)
    say_table_findings(whole, config, progress=progress)
    training_rows = require_split(whole, "train")
    say_left_out(whole, progress and request.job.fold is None)
    say_undeclared_mirrors(training_rows, config, progress)
    config, vocabulary, answers = _sized(config, training_rows)
    untested = [] if request.job.fold else say_untested(answers, whole, progress)
    further = further_clips(config.training.pretrain_videos, whole, progress=progress)
    say_learned_before(whole, request.initial, progress=progress)
    table = whole[whole["split"].isin(("train", "validation"))].reset_index(drop=True)
    num_clips = _say_rows(table, training_rows, config, answers, progress) + len(further)
    return RunRows(whole, table, further, config, vocabulary, answers, num_clips, untested)


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
