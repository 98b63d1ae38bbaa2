"""Train the small model that comes with the package and write it to `videoqa/shipped_model`.

    python benchmarks/make_shipped_model.py

It is the model of `videoqa-train --data sample`, without its logs and its blind model. Score it on clips it
never saw with `python benchmarks/sample_order.py --model videoqa/shipped_model --sample-seeds 101 102 103`.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import videoqa
from videoqa._manifest import MANIFEST, read_json, write_json, write_manifest
from videoqa.config import SAMPLE
from videoqa.data.sample_questions import FORMS, PHRASES, wordings_of
from videoqa.saving import METRICS, PARTS_OF_A_FOLDER

SHIPPED_MODEL = Path(videoqa.__file__).parent / "shipped_model"


def main() -> None:
    """Train, keep the parts of a model folder, and add the example questions that `ask` shows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=SHIPPED_MODEL, help="folder to write anew")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = videoqa.train(SAMPLE, out=Path(folder) / "run", seed=arguments.seed, blind=False)
        shutil.rmtree(arguments.out, ignore_errors=True)
        arguments.out.mkdir(parents=True)
        for name in (*PARTS_OF_A_FOLDER, MANIFEST):
            if (run.out / name).is_file():
                shutil.copy(run.out / name, arguments.out / name)
    metrics = read_json(arguments.out / METRICS)
    metrics["groups"] = {split: [] for split in metrics["groups"]}
    metrics["history"] = metrics["history"][-1:]
    ing, inf = PHRASES["loading"]
    examples = [wordings_of(question_type, "train")[0] for question_type in FORMS]
    metrics["example_questions"] = [wording.format(ing=ing, inf=inf) for wording in examples]
    write_json(arguments.out / METRICS, metrics)
    write_manifest(arguments.out, PARTS_OF_A_FOLDER)
    size = sum(path.stat().st_size for path in arguments.out.iterdir())
    print(
        f"{arguments.out}: {size / 1e6:.2f} MB, validation accuracy {metrics['validation']['accuracy']:.2%}"
    )


if __name__ == "__main__":
    main()
