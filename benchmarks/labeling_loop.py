"""The whole loop: a model that learned too little, people's answers to its worst rows, and training again.

    python benchmarks/labeling_loop.py                  # less than five minutes on two quiet cores
    python benchmarks/labeling_loop.py --label-weights  # corrections as they are, weighed, and as soft labels

On the built-in clips. A small table with some wrong answers trains the first model for few epochs. Rows that
it answers otherwise than is annotated, and rows of further clips that it is unsure of, are exported as tasks,
answered by simulated workers, imported, and learned from, beginning with the first model's weights. A third
model learns as long from the table without corrections: what more epochs alone would give.

With `--label-weights` corrections are learned from in three ways: as they are, weighed by agreement, and as
soft labels: each corrected row stands there once for every answer that somebody gave, weighed by the share
who gave it. The sum of their losses is the loss against the distribution of the answers.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from crowd import LEAST, MOST, NUM_WORKERS, PER_TASK

import videoqa
from videoqa.labeling.export_tasks import export_tasks
from videoqa.labeling.import_answers import import_answers
from videoqa.labeling.tasks import TaskFile, read_tasks
from videoqa.reporting.compare import format_comparison
from videoqa.sample.sample_set import load_sample_table

NUM_CLIPS, NUM_FURTHER, NUM_KNOWN = 100, 300, 40
"""Training clips of the table, further clips without answers, and rows whose answers are known."""
SHARE_WRONG = 0.25
FIRST_EPOCHS, EPOCHS = 3, 12
NUM_WRONG_ASKED, NUM_UNSURE_ASKED = 150, 450
COLUMNS = ["question_id", "video", "question", "answer", "question_type", "split", "group"]
MODEL = {"backbone": "tiny", "learning_rate": 2e-3, "patience": None, "blind": False, "progress": False}


def written_tables(folder: Path, seed: int) -> dict[str, str]:
    """Write the small table, the further rows and the known ones, and return the right answer of each id."""
    random = np.random.default_rng(seed)
    table = load_sample_table().rename(columns={"video_path": "video"})[COLUMNS]
    truth = dict(zip(table["question_id"], table["answer"], strict=True))
    training = table[table["split"] == "train"]
    clips = random.permutation(training["video"].unique())
    own = training[training["video"].isin(clips[:NUM_CLIPS])].copy()
    for _, rows in own.groupby("question_type"):
        wrong = rows.index[random.random(len(rows)) < SHARE_WRONG]
        others = {
            answer: [each for each in rows["answer"].unique() if each != answer] for answer in rows["answer"]
        }
        own.loc[wrong, "answer"] = [random.choice(others[answer]) for answer in own.loc[wrong, "answer"]]
    pd.concat([own, table[table["split"] != "train"]]).to_csv(folder / "my.csv", index=False)
    own.drop(columns="split").to_csv(folder / "mine.csv", index=False)
    further = training[training["video"].isin(clips[NUM_CLIPS : NUM_CLIPS + NUM_FURTHER])]
    further.assign(answer="").drop(columns="split").to_csv(folder / "more.csv", index=False)
    rest = training[training["video"].isin(clips[NUM_CLIPS + NUM_FURTHER :])]
    known = rest.sample(NUM_KNOWN, random_state=seed).drop(columns="split")
    known.to_csv(folder / "known.csv", index=False)
    num_wrong = (own["answer"] != own["question_id"].map(truth)).sum()
    print(
        f"{len(own):,} rows of {NUM_CLIPS} clips, of which {num_wrong} are wrong; {len(further):,} further "
        f"rows of {NUM_FURTHER} clips without answers"
    )
    return truth


def write_answers(path: Path, tasks: TaskFile, truth: dict[str, str], seed: int) -> None:
    """Write what workers answer: all but the last are right in 60 to 95 %, the last answers at random."""
    random = np.random.default_rng(seed)
    rows = []
    for task in tasks.tasks:
        right = truth[task.corrects]
        others = [choice for choice in task.choices if choice != right] or ["something else"]
        for worker in random.permutation(NUM_WORKERS)[:PER_TASK].tolist():
            at_random = worker == NUM_WORKERS - 1
            accuracy = (
                1 / len(task.choices) if at_random else np.linspace(LEAST, MOST, NUM_WORKERS - 1)[worker]
            )
            answer = right if random.random() < accuracy else random.choice(others)
            rows.append((task.id, tasks.sha256, f"worker {worker}", answer))
    pd.DataFrame(rows, columns=["task_id", "tasks_sha256", "worker", "answer"]).to_csv(path, index=False)


def corrections(folder: Path, model: Path, truth: dict[str, str], seed: int) -> Path:
    """Export what the model is wrong about or unsure of, have it answered, and return the imported table."""
    asked = (("mine", "wrong", NUM_WRONG_ASKED), ("more", "uncertain", NUM_UNSURE_ASKED))
    for name, select, limit in asked:
        out = folder / f"tasks of {name}"
        options = {"select": select, "limit": limit, "format": "csv", "seed": seed}
        export_tasks(model, data=folder / f"{name}.csv", known=folder / "known.csv", out=out, **options)
        tasks = read_tasks(out)
        write_answers(folder / f"{name} answered.csv", tasks, truth, seed)
        done = import_answers(folder / f"{name} answered.csv", tasks=out, out=folder / "corrections.csv")
        looked_at = ", ".join(done["look_at_workers"]) or "nobody"
        print(f"{select}: {len(tasks.tasks)} tasks, {done['added']} labelled; to look at: {looked_at}")
    found = pd.read_csv(folder / "corrections.csv")
    right = (found["answer"] == found["corrects"].map(truth)).mean()
    print(f"{right:.1%} of the {len(found)} corrections are right")
    return folder / "corrections.csv"


def soft_labels(folder: Path) -> Path:
    """Write the small table with a row for each answer that people gave to a correction, and its share."""
    answers = [pd.read_csv(path, dtype=str) for path in folder.glob("* answered.csv")]
    shares = pd.concat(answers).groupby("task_id")["answer"].value_counts(normalize=True)
    shares = shares.rename("agreement").reset_index()
    rows = pd.read_csv(folder / "corrections.csv", dtype=str)
    rows["question_id"], rows["split"] = rows["corrects"], "train"
    rows = rows[[*COLUMNS, "task_id"]].drop(columns="answer").merge(shares, on="task_id")
    own = pd.read_csv(folder / "my.csv", dtype=str)
    kept = own[~own["question_id"].isin(rows["question_id"])]
    rows["question_id"] += " " + rows["answer"]
    pd.concat([kept, rows.drop(columns="task_id")]).to_csv(folder / "soft.csv", index=False)
    return folder / "soft.csv"


def learned_in_three_ways(folder: Path, options: dict[str, object]) -> None:
    """Train with corrections as they are, weighed, and as soft labels, and print how they compare."""
    corrected, soft = [folder / "my.csv", folder / "corrections.csv"], soft_labels(folder)
    weighed = {"label_weight": "agreement"}
    ways = {"as they are": (corrected, {}), "weighed": (corrected, weighed), "soft": (soft, weighed)}
    for name, (data, more) in ways.items():
        videoqa.train(data, out=folder / name, **options, **more)
    for before, after in (("as they are", "weighed"), ("as they are", "soft"), ("weighed", "soft")):
        result = videoqa.compare(folder / before, folder / after, progress=False)
        print(f"\n{format_comparison(result | {'run_a': before, 'run_b': after})}", flush=True)


def main() -> None:
    """Go round once and print what changed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the tables, the workers and the training")
    parser.add_argument("--label-weights", action="store_true", help="learn from corrections in three ways")
    arguments = parser.parse_args()
    seed = arguments.seed
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        truth = written_tables(folder, seed)
        options = {**MODEL, "seed": seed}
        runs = {each: folder / each for each in ("first", "again", "corrected")}
        own = folder / "my.csv"
        videoqa.train(own, out=runs["first"], epochs=FIRST_EPOCHS, **options)
        new = corrections(folder, runs["first"], truth, seed)
        options |= {"initial_model": runs["first"], "epochs": EPOCHS}
        if arguments.label_weights:
            learned_in_three_ways(folder, options)
            return
        videoqa.train(own, out=runs["again"], **options)
        run = videoqa.train([own, new], out=runs["corrected"], **options)
        print(f"corrections: {run.metrics['corrections']}")
        for before in ("first", "again"):
            result = videoqa.compare(runs[before], runs["corrected"], progress=False)
            print(f"\n{format_comparison(result | {'run_a': before, 'run_b': 'corrected'})}")
    print(f"\n{time.perf_counter() - begin:.0f} s, {time.process_time():.0f} s of processor")


if __name__ == "__main__":
    main()
