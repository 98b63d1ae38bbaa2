"""Train the small model that comes with the package and write it to `videoqa/shipped_model`.

    python benchmarks/make_shipped_model.py
    python benchmarks/make_shipped_model.py --judge    # keep its weights, fit what it knows of its limits

It is the model of `videoqa-train --data sample`, trained on the training rows of two sample sets of other
seeds, without its logs and its blind model; about six minutes on two CPU cores. Its score on new clips:

    python benchmarks/sample_order.py --model videoqa/shipped_model --sample-seeds 101 102 103
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import pandas as pd

import videoqa
from videoqa._manifest import read_json, write_json, write_manifest
from videoqa.config import SAMPLE, SAMPLE_DEFAULTS, LaunchConfig
from videoqa.launching.job import Job
from videoqa.sample.questions import wordings_of
from videoqa.sample.sample_set import load_sample_table
from videoqa.sample.wordings import ENGLISH
from videoqa.saving import CONFIG, METRICS, PARTS_OF_A_FOLDER, load_model_folder
from videoqa.training.preparing import prepare_data
from videoqa.training.request import read_request
from videoqa.training.stages import TrainedModel
from videoqa.training.state import Position
from videoqa.training.trusting import fit_trust

SAMPLE_SEEDS = (1, 2)
SHIPPED_MODEL = Path(videoqa.__file__).parent / "shipped_model"


def training_table() -> pd.DataFrame:
    """Return the training and validation rows of the sample sets, their ids and groups kept apart."""
    tables = []
    for seed in SAMPLE_SEEDS:
        table = load_sample_table(seed=seed).query("split != 'test'")
        apart = {name: f"{seed}-" + table[name] for name in ("question_id", "video_id", "group")}
        tables.append(table.assign(**apart))
    return pd.concat(tables, ignore_index=True)


def main() -> None:
    """Train, keep the parts of a model folder, and add the example questions that `ask` shows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=SHIPPED_MODEL, help="folder to write anew")
    parser.add_argument("--seed", type=int, default=0, help="of the training")
    parser.add_argument("--judge", action="store_true", help="keep the weights, fit its trust anew")
    arguments = parser.parse_args()
    if arguments.judge:
        fit_trust_anew(arguments.out)
        return
    options = {**SAMPLE_DEFAULTS, "patience": 10, "seed": arguments.seed, "blind": False}
    with tempfile.TemporaryDirectory() as folder:
        run = videoqa.train(training_table(), out=Path(folder) / "run", **options)
        shutil.rmtree(arguments.out, ignore_errors=True)
        arguments.out.mkdir(parents=True)
        for name in PARTS_OF_A_FOLDER:
            if (run.out / name).is_file():
                shutil.copy(run.out / name, arguments.out / name)
    describe(arguments.out)
    size = sum(path.stat().st_size for path in arguments.out.iterdir())
    accuracy = run.metrics["validation"]["accuracy"]
    print(f"{arguments.out}: {size / 1e6:.2f} MB, validation accuracy {accuracy:.2%}")


def fit_trust_anew(folder: Path) -> None:
    """Fit what the model knows of its limits to the clips that it was trained on, and write it beside it."""
    loaded = load_model_folder(folder)
    job = Job(data=(training_table(),), options={**SAMPLE_DEFAULTS, "blind": False}, launch=LaunchConfig())
    data = prepare_data(read_request(job))
    if data.answers != loaded.answers or data.vocabulary != loaded.vocabulary:
        raise SystemExit("The rows give other words or answers than the model has: train it anew.")
    model = loaded.build()
    trust, calibration = fit_trust(data, TrainedModel(model, model, Position(), None), progress=True)
    trust.save(folder)
    config = read_json(folder / CONFIG) | {"temperature": trust.temperature}
    write_json(folder / CONFIG, config)
    write_json(folder / METRICS, read_json(folder / METRICS) | {"calibration": calibration})
    write_manifest(folder, PARTS_OF_A_FOLDER)
    print(calibration)


def describe(folder: Path) -> None:
    """Point the model at the built-in set, whose rows it never saw, and add its example questions."""
    config, metrics = read_json(folder / CONFIG), read_json(folder / METRICS)
    config["data"]["data"] = [SAMPLE]
    ing, inf = ENGLISH.phrases["loading"]
    examples = [wordings_of(question_type, "train")[0] for question_type in ENGLISH.forms]
    metrics |= {
        "num_tables": 0,
        "groups": {split: [] for split in metrics["groups"]},
        "history": metrics["history"][-1:],
        "example_questions": [wording.format(ing=ing, inf=inf) for wording in examples],
    }
    write_json(folder / CONFIG, config)
    write_json(folder / METRICS, metrics)
    write_manifest(folder, PARTS_OF_A_FOLDER)


if __name__ == "__main__":
    main()
