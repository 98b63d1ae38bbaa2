"""Order in time on real film: six pairs of opposite actions of a robot arm, folds by group.

    VIDEOQA_REAL_DATA=path python benchmarks/real_order.py --choose      # candidates, on groups for it
    VIDEOQA_REAL_DATA=path python benchmarks/real_order.py               # the chosen one, on all groups
    VIDEOQA_REAL_DATA=path python benchmarks/real_order.py --questions   # asked as questions
    VIDEOQA_REAL_DATA=path python benchmarks/real_order.py --arrow       # UCF101, forwards or backwards

InceptionV3 with ImageNet weights, cut at `mixed8`, frozen; 20 regular frames of each clip, whole frames of
150 x 267 pixels. A group (lab, day and camera) is never split. Each clip is scored by a model of a fold that
does not hold its group: as it is, backwards (where the opposite is right) and with its frames shuffled.
Settings are chosen on the groups of `is_for_choosing` alone; the others were looked at once, other seeds.
"""

import argparse
import hashlib
import json
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from _real_data import real_backbone, real_data
from ucf101_subset import subset_table

import videoqa
from videoqa.config import RunConfig, run_config_from_options
from videoqa.data.strata import folds_by_answer
from videoqa.evaluation.order_scores import order_rows, order_scores
from videoqa.features.encoding import load_features
from videoqa.features.motion import reversed_features, without_flow
from videoqa.models.building import build_from_config
from videoqa.training.stages import standardize

NUM_FOLDS = 5
SHARE_FOR_CHOOSING = 65
"""Percent of the groups."""
SETS = {
    "put_in_take_out": ("put_in", "take_out"), "open_close": ("open", "close"), "move_lr": ("left", "right"),
    "fold": ("fold", "unfold"), "lid": ("put_on", "take_off"), "hang": ("hang", "unhang"),
}  # fmt: skip
OPPOSITES = dict(SETS.values()) | {two: one for one, two in SETS.values()}
QUESTIONS = {
    "put_in_take_out": "is it putting something in or taking it out?",
    "open_close": "is it opening or closing something?",
    "move_lr": "does it move something to the left or to the right?",
    "fold": "is it folding or unfolding something?",
    "lid": "is it putting a lid on or taking it off?",
    "hang": "is it hanging something up or taking it down?",
}
WHAT = "what is the robot doing?"
USUAL = {
    "frame_size": (150, 267),
    "validation_share": 0.0,
    "epochs": 30,
    "batch_size": 16,
    "blind": False,
    "balance": True,
    "learning_rate_schedule": "cosine",
    "video_units": 64,
    "dropout": 0.5,
}
"""Of every setting."""
BEFORE = {"video_branch": "lstm"}
FIRST_FRAME = {"video_branch": "mean", "num_frames": 1}
BAG = {"video_branch": "mean"}
FLOORS: dict[str, dict] = {"first frame": FIRST_FRAME, "bag of frames": BAG}
KEPT = {"reverse_labels": True, "standardize": True}
CANDIDATES: dict[str, dict] = {
    **FLOORS,
    "lstm": BEFORE,
    "lstm, reversed": {"reverse_labels": True},
    "lstm, difference": {**KEPT, "motion": "difference"},
    "lstm, grid2, flow": {**KEPT, "pooling": "grid2", "motion": "flow"},
    "attention, grid2, flow": {**KEPT, "video_branch": "attention", "pooling": "grid2", "motion": "flow"},
    "lstm, flow alone": {**KEPT, "pooling": "grid2", "motion": "flow_alone"},
    "attention, flow alone": {
        **KEPT, "video_branch": "attention", "pooling": "grid2", "motion": "flow_alone",
    },
}  # fmt: skip
"""With a grid throughout, so that features are made once; of the flow alone nothing depends on it."""
CHOSEN = "attention, flow alone"


def order_table(folder: Path) -> pd.DataFrame:
    """Return `video, label, opposite, group, pair_set, pair` of the clips."""
    rows = pd.read_csv(folder / "order" / "labels.csv", keep_default_na=False)
    return pd.DataFrame({
        "video": [str(folder / "order" / name) for name in rows["video"]],
        "label": rows["label"],
        "opposite": rows["label"].map(OPPOSITES),
        "group": rows["group"],
        "pair_set": rows["pair_set"],
        "pair": rows["same_scene_pair"],
    })  # fmt: skip


def is_for_choosing(groups: pd.Series) -> pd.Series:
    """Whether settings may be chosen on the clips of each group."""
    numbers = [int(hashlib.md5(("dev" + group).encode()).hexdigest(), 16) % 100 for group in groups]
    return pd.Series([number < SHARE_FOR_CHOOSING for number in numbers], groups.index)


def as_questions(table: pd.DataFrame) -> pd.DataFrame:
    """Return two rows for each clip: the question of its pair, and what the robot is doing."""
    asked = [table["pair_set"].map(QUESTIONS), WHAT]
    rows = [table.assign(question=question).rename(columns={"label": "answer"}) for question in asked]
    return pd.concat(rows, ignore_index=True)


def predictions(table: pd.DataFrame, seeds: list[int], options: dict, work: Path) -> pd.DataFrame:
    """Return the answers to all rows, each by a model that `videoqa.train` made without its group."""
    label = "label" if "label" in table else "answer"
    found = []
    for seed in seeds:
        fold_of_row = folds_by_answer(table["group"], table[label], NUM_FOLDS, seed)
        for fold in range(1, NUM_FOLDS + 1):
            rows = table.assign(split=(fold_of_row == fold).map({True: "test", False: "train"}))
            taught = {**real_backbone(), **USUAL, **options}
            if not taught.pop("reverse_labels", False):
                rows.loc[rows["split"] == "train", "opposite"] = ""
            with tempfile.TemporaryDirectory(dir=work) as out:
                run = videoqa.train(rows, out=out, seed=seed * 10 + fold, progress=False, **taught)
                scores = videoqa.evaluate(run.out, rows, out=Path(out, "scores"), progress=False)
                found.append(pd.read_csv(Path(scores["out"]) / "predictions.csv", keep_default_na=False))
            keras.backend.clear_session()
    rows = order_rows(pd.concat(found, ignore_index=True))
    assert rows is not None
    return rows.drop(columns=["group", "pair_set", "pair"], errors="ignore").join(
        table.drop_duplicates("video").set_index("video")[["group", "pair_set", "pair"]], on="video_path"
    )


def quick_predictions(table: pd.DataFrame, seeds: list[int], options: dict) -> pd.DataFrame:
    """Return the answers to all rows of one pair set, as `predictions`, by one model trained over and over.

    The network is the library's and the rows, their weights and the number of steps are those of `train`; but
    Keras's `fit` takes the steps, so that TensorFlow compiles once for all folds and seeds.
    """
    options = {**real_backbone(), **USUAL, **options}
    reverse = options.pop("reverse_labels", False)
    config = run_config_from_options({**options, "num_answers": 2, "task": "action"})
    views = clip_views(table, config, options)
    model = build_from_config(config.model, config.sampling.num_frames)
    found = []
    for seed in seeds:
        fold_of_row = folds_by_answer(table["group"], table["label"], NUM_FOLDS, seed).to_numpy()
        given = np.zeros((len(views), len(table)), int)
        for fold in range(1, NUM_FOLDS + 1):
            held_out = fold_of_row == fold
            keras.utils.set_random_seed(seed * 10 + fold)
            train_anew(model, config, views, first_answers(table), ~held_out, reverse=reverse)
            for place, view in enumerate(views):
                given[place, held_out] = model.predict_on_batch({"features": view[held_out]}).argmax(1)
        found.append(answers_of(table, given).assign(seed=seed))
    return pd.concat(found, ignore_index=True)


def first_answers(table: pd.DataFrame) -> np.ndarray:
    """Return which label of its pair set each row has: int32 `(num_rows,)`, 0 or 1."""
    return (table["label"] == SETS[table["pair_set"].iloc[0]][1]).to_numpy().astype(np.int32)


def clip_views(table: pd.DataFrame, config: RunConfig, options: dict) -> list[np.ndarray]:
    """Return the features of the clips as they are, backwards and shuffled, without flow in the last.

    Each is float32 `(num_rows, num_frames, feature_dim)`.
    """
    if config.sampling.num_frames == 1:
        table = table.assign(start_seconds=0.0, end_seconds=0.03)
    names = ("backbone_weights", "backbone_layer", "pooling", "motion", "frame_size", "num_frames")
    report = videoqa.encode(
        table, progress=False, **{name: options[name] for name in names if name in options}
    )
    clips = np.asarray(load_features(report), np.float32)[report.clip_index]
    num_flow, rng = config.model.num_flow, np.random.default_rng(0)
    backwards = [reversed_features(clip, num_flow) for clip in clips]
    shuffled = [without_flow(clip[rng.permutation(len(clip))], num_flow) for clip in clips]
    return [clips, np.stack(backwards), np.stack(shuffled)]


def train_anew(
    model: keras.Model,
    config: RunConfig,
    views: list[np.ndarray],
    answer: np.ndarray,
    trained: np.ndarray,
    *,
    reverse: bool,
) -> None:
    """Give a model fresh weights and train it on the rows where `trained`, bool `(num_rows,)`, is True."""
    training = config.training
    model.set_weights(build_from_config(config.model, config.sampling.num_frames).get_weights())
    for variable in model.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))
    shown, wanted = views[0][trained], answer[trained]
    if config.model.standardize:
        standardize(model, config.model, shown)
    if reverse:
        shown = np.concatenate([shown, views[1][trained]])
        wanted = np.concatenate([wanted, 1 - wanted])
    weights = len(wanted) / 2 / np.bincount(wanted, minlength=2)
    cosine = keras.callbacks.LearningRateScheduler(
        lambda epoch, _: training.learning_rate * (1 + np.cos(np.pi * epoch / training.epochs)) / 2
    )
    model.fit(
        {"features": shown}, wanted, sample_weight=weights[wanted], epochs=training.epochs,
        batch_size=training.batch_size, callbacks=[cosine], verbose=0,
    )  # fmt: skip


def answers_of(table: pd.DataFrame, given: np.ndarray) -> pd.DataFrame:
    """Return what `order_scores` reads, of answers to three views of the clips, int `(3, num_rows)`."""
    answer, texts = first_answers(table), np.array(SETS[table["pair_set"].iloc[0]], object)
    rows = table[["opposite", "group", "pair_set", "pair"]]
    return rows.assign(
        answer=table["label"],
        video_path=table["video"],
        forwards_answer=texts[given[0]],
        backwards_answer=texts[given[1]],
        backwards_correct=given[1] == 1 - answer,
        shuffled_accuracy=(given[2] == answer).astype(float),
    )


def summary(found: pd.DataFrame) -> dict[str, dict]:
    """Return the scores of each pair set, and how many pairs of one scene are right."""
    scores = {}
    for name, rows in found.groupby("pair_set", sort=False):
        scores[name] = order_scores(rows.reset_index(drop=True))
        paired = rows[rows["pair"] != ""]
        right = (
            (paired["forwards_answer"] == paired["answer"]).groupby([paired["seed"], paired["pair"]]).all()
        )
        scores[name]["same_scene"] = (len(right), float(right.mean())) if len(right) else None
    return scores


def shown(scores: dict) -> str:
    """Return the scores of a pair set in one line."""

    def percent(field: str) -> str:
        value, interval = scores[field], scores.get(f"{field}_interval")
        between = f" ({100 * interval[0]:.1f}-{100 * interval[1]:.1f})" if interval else ""
        return "-" if value is None else f"{100 * value:.1f}{between}"

    fields = {
        "balanced": "balanced_forwards_accuracy", "both ways": "both_ways_accuracy",
        "both right": "both_right", "changed": "changed_answers", "shuffled": "balanced_shuffled_accuracy",
    }  # fmt: skip
    return ", ".join(f"{name} {percent(field)}" for name, field in fields.items() if field in scores)


def score(name: str, table: pd.DataFrame, seeds: list[int], options: dict, work: Path | None) -> pd.DataFrame:
    """Train and score one setting, print its scores for each pair set, and return the answers.

    Args:
        name: of the setting.
        table: actions of several pair sets, each of which has models of its own; or questions, for one model.
        seeds: of the folds and of the weights.
        options: of `train`.
        work: a folder for models that `videoqa.train` makes; None: `quick_predictions`.
    """
    begin = time.perf_counter()
    parts = [table] if "question" in table else [part for _, part in table.groupby("pair_set", sort=False)]
    parts = [part.reset_index(drop=True) for part in parts]
    found = pd.concat(
        [
            quick_predictions(part, seeds, options)
            if work is None
            else predictions(part, seeds, options, work)
            for part in parts
        ],
        ignore_index=True,
    )
    print(f"{name}: {json.dumps(options)}, {time.perf_counter() - begin:.0f} s", flush=True)
    print_scores(found)
    return found


def print_scores(found: pd.DataFrame) -> None:
    """Print a line for each pair set, and the mean over the sets."""
    scores = summary(found)
    for pair_set, each in scores.items():
        scene = each["same_scene"]
        both = "" if scene is None else f", same scene {100 * scene[1]:.1f} of {scene[0]}"
        print(f"    {pair_set:16} {shown(each)}{both}", flush=True)
    mean = np.mean([each["balanced_forwards_accuracy"] for each in scores.values()])
    print(f"    mean of {len(scores)} sets  {100 * mean:.1f}", flush=True)


def arrow_table(folder: Path, work: Path) -> pd.DataFrame:
    """Return the UCF101 clips and copies of them played backwards, which are written to `work`.

    Both labels are "forwards" and "backwards"; a clip and its copy are a pair.
    """
    import cv2

    parts = []
    for number, row in subset_table(folder).iterrows():
        reading, frames = cv2.VideoCapture(row["video"]), []
        while (frame := reading.read())[0]:
            frames.append(frame[1])
        copy, size = work / f"{number}.avi", frames[0].shape[1::-1]
        writing = cv2.VideoWriter(str(copy), cv2.VideoWriter.fourcc(*"FFV1"), 25.0, size)
        for image in reversed(frames):
            writing.write(image)
        writing.release()
        known = {"split": row["split"], "group": row["group"], "pair": str(number)}
        parts.append({**known, "video": row["video"], "label": "forwards"})
        parts.append({**known, "video": str(copy), "label": "backwards"})
    return pd.DataFrame(parts)


def score_arrow(name: str, table: pd.DataFrame, seeds: list[int], options: dict, work: Path) -> None:
    """Train on groups 8 to 25, and print how many clips of groups 1 to 7 are told from their reverse."""
    figures = []
    for seed in seeds:
        with tempfile.TemporaryDirectory(dir=work) as out:
            settings = {**real_backbone(), **USUAL, "frame_size": (150, 150), **options}
            settings.pop("reverse_labels", None)
            run = videoqa.train(table, out=out, seed=seed, progress=False, **settings)
            scores = videoqa.evaluate(run.out, table, progress=False)
            figures.append((scores["accuracy"], scores["pair_accuracy"]))
        keras.backend.clear_session()
    shown_scores = "; ".join(f"{right:.1%}, both of a pair {both:.1%}" for right, both in figures)
    print(f"{name}: forwards or backwards on UCF101: {shown_scores}", flush=True)


def main() -> None:
    """Score settings and print a line for each pair set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--choose", action="store_true", help="candidates, on the groups for choosing")
    parser.add_argument("--only", nargs="+", help="names of candidates")
    parser.add_argument("--sets", nargs="+", default=list(SETS), help="pair sets")
    parser.add_argument("--seeds", type=int, nargs="+", help="(default: 0 to choose, 101 102 103 else)")
    parser.add_argument("--train", action="store_true", help="train each model by `videoqa.train`: slower")
    parser.add_argument("--questions", action="store_true", help="one model, two questions a clip")
    parser.add_argument("--arrow", action="store_true", help="UCF101 clips, forwards or backwards")
    parser.add_argument("--options", type=json.loads, default={}, help="other options of train, as JSON")
    arguments = parser.parse_args()
    table = order_table(real_data())
    table = table[table["pair_set"].isin(arguments.sets)].reset_index(drop=True)
    seeds = arguments.seeds or ([0] if arguments.choose else [101, 102, 103])
    if arguments.choose:
        table = table[is_for_choosing(table["group"])].reset_index(drop=True)
    names = arguments.only or (
        list(CANDIDATES) if arguments.choose else ["first frame", "bag of frames", CHOSEN]
    )
    if arguments.questions:
        table = as_questions(table)
    with tempfile.TemporaryDirectory() as work:
        if arguments.arrow:
            clips = arrow_table(real_data(), Path(work))
            for name in arguments.only or ["bag of frames", "lstm", CHOSEN]:
                options = {**CANDIDATES.get(name, {}), **arguments.options}
                score_arrow(name, clips, seeds, options, Path(work))
            return
        for name in names:
            options = {**CANDIDATES.get(name, {}), **arguments.options}
            through_train = arguments.questions or arguments.train
            found = score(name, table, seeds, options, Path(work) if through_train else None)
            if not arguments.choose:
                print("  groups that nothing was chosen on:")
                print_scores(found[~is_for_choosing(found["group"])])


if __name__ == "__main__":
    main()
