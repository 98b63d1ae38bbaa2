"""Several questions on one clip: exercise, shirt colour and yes/no on 30 real clips, by cross-validation.

    VIDEOQA_REAL_DATA=path python benchmarks/physio_questions.py

InceptionV3 with ImageNet weights, cut at `mixed8`, frozen. Five folds, each with one clip of every exercise
and shirt, so that every clip is tested once by a model that has not seen it. The yes/no rows have as many
yes as no for every wording in every fold, so a wording gives nothing away.
"""

import argparse
import itertools
import tempfile

import numpy as np
import pandas as pd
from _real_data import real_backbone, real_data

import videoqa

NUM_FOLDS = 5
SETTINGS = {"epochs": 40, "validation_share": 0.0}
TYPES = ("exercise", "shirt colour", "yes/no")


def question_table() -> pd.DataFrame:
    """Return `video, question, answer, question_type, fold`: six rows for each clip."""
    folder = real_data() / "physio"
    labels = pd.read_csv(folder / "labels.csv").sort_values("file")
    labels["fold"] = labels.groupby(["exercise", "shirt"]).cumcount() % NUM_FOLDS
    exercises, shirts = sorted(labels["exercise"].unique()), sorted(labels["shirt"].unique())
    rows = []
    for clip in labels.itertuples():
        name = clip.exercise.replace("_", " ")
        # The wrong exercise asked about is the next one for one shirt, the one before for the other.
        step = 1 if clip.shirt == shirts[0] else -1
        wrong = exercises[(exercises.index(clip.exercise) + step) % len(exercises)].replace("_", " ")
        asked = [
            ("what exercise is the person doing", name, TYPES[0]),
            ("what colour is the shirt", clip.shirt, TYPES[1]),
            (f"is the person doing {name}", "yes", TYPES[2]),
            (f"is the person doing {wrong}", "no", TYPES[2]),
            *(
                (f"is the shirt {shirt}", "yes" if shirt == clip.shirt else "no", TYPES[2])
                for shirt in shirts
            ),
        ]
        rows += [(str(folder / clip.file), *row, clip.fold) for row in asked]
    return pd.DataFrame(rows, columns=["video", "question", "answer", "question_type", "fold"])


def check_balance(table: pd.DataFrame) -> None:
    """Stop unless every yes/no wording has as many yes as no in every fold, and every fold six clips."""
    asked = table[table["question_type"] == TYPES[2]]
    counts = asked.groupby(["fold", "question"])["answer"].value_counts().unstack(fill_value=0)
    if not (counts["yes"] == counts["no"]).all() or set(table.groupby("fold")["video"].nunique()) != {6}:
        raise SystemExit(f"The rows are not balanced:\n{counts}")


def test_fold(table: pd.DataFrame, fold: int, seed: int) -> pd.DataFrame:
    """Train on the other folds and return this fold's predictions with the training majority of each type."""
    rows = table.assign(split=np.where(table["fold"] == fold, "test", "train"))
    with tempfile.TemporaryDirectory() as out:
        run = videoqa.train(rows, out=out, seed=seed, progress=False, **real_backbone(), **SETTINGS)
        videoqa.evaluate(run.out, rows, out=f"{out}/scores", progress=False)
        predictions = pd.read_csv(f"{out}/scores/predictions.csv", keep_default_na=False)
        if fold == 0:
            show_one_clip(run.out, rows[rows["split"] == "test"])
    majority = run.metrics["majority_answers"]["by_question_type"]
    return predictions.assign(majority_answer=predictions["question_type"].map(majority), seed=seed)


def show_one_clip(model: object, rows: pd.DataFrame) -> None:
    """Ask the first held-out clip all of its questions."""
    loaded = videoqa.load(model)
    clip = rows[rows["video"] == rows["video"].iloc[0]]
    print("one held-out clip:")
    for row in clip.itertuples():
        print(f"  {row.question}? {loaded.ask(row.video, row.question).text} (right: {row.answer})")


def main() -> None:
    """Print accuracy, floor and blind accuracy per type, pooled over the folds, for each seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    table = question_table()
    check_balance(table)
    seeds = parser.parse_args().seeds
    print(f"{table['video'].nunique()} clips, {len(table)} rows, {NUM_FOLDS} folds, seeds {seeds}")
    done = [test_fold(table, fold, seed) for seed, fold in itertools.product(seeds, range(NUM_FOLDS))]
    rows = pd.concat(done, ignore_index=True)
    scores = pd.DataFrame({"question_type": rows["question_type"], "seed": rows["seed"]})
    for name, column in (
        ("model", "predicted_answer"),
        ("majority", "majority_answer"),
        ("blind", "blind_answer"),
    ):
        scores[name] = rows[column] == rows["answer"]
    names = ["model", "majority", "blind"]
    per_type = scores.groupby("question_type")[names].mean()
    per_type.loc["all"] = scores[names].mean()
    per_type["rows"] = [*scores.groupby("question_type").size() // len(seeds), len(table)]
    print(per_type.map(lambda share: f"{share:.2%}" if isinstance(share, float) else share).to_string())
    print("model, all rows, by seed:", *(f"{share:.2%}" for share in scores.groupby("seed")["model"].mean()))


if __name__ == "__main__":
    main()
