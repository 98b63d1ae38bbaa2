"""Is it said when a clip is unlike the training clips? The model in the package, and models of real video.

    VIDEOQA_REAL_DATA=path python benchmarks/unfamiliar.py              # the model in the package
    VIDEOQA_REAL_DATA=path python benchmarks/unfamiliar.py --leave-out  # each class of the UCF101 subset
    VIDEOQA_REAL_DATA=path python benchmarks/unfamiliar.py --few        # how many clips it takes

The first asks the model in the package about all real clips, about sample sets it never saw, about empty bays
and about one frame shown again and again. The second trains on three of four classes (one epoch: familiarity
reads the features, not what is learned from them), on groups 8 to 25, and says how well strangeness tells the
clips of the fourth from the test clips of the three; then, on all four, other real clips. Its last tables
choose the weights of the terms on one class left out alone and try them on the other three. The third
compares with few drawn clips of one set, whole groups at random, by the features of the model in the package.
"""

import argparse
import itertools
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from _real_data import real_backbone, real_data
from ucf101_subset import subset_table

import videoqa
from videoqa.answering.video_qa import VideoQA
from videoqa.config import SamplingConfig
from videoqa.data.video_index import VIDEO_SUFFIXES
from videoqa.sample.sample_set import load_sample_table
from videoqa.trust.clip_familiarity import (
    WEIGHTS,
    ClipVectors,
    fit_clip_familiarity,
    vectors_of_features,
)
from videoqa.video.decoding import ClipRequest, decode

QUESTION = "what is he doing"
REAL_FOLDERS = ("clips", "physio", "ucf101_subset")
NUM_STILL, NUM_FRAMES = 50, 20
FIRST_STILL_SEED = 1000
LEVELS = (0.01, 0.05)
"""The usual `min_familiarity`, and a larger one."""
TERMS = ("angle", "distance", "nearer", "length", "change")
"""Those of `_Space.terms`."""
WEIGHT_CHOICES = ((0.0, 1.0, 2.0), (1.0, 2.0))
"""Of a grid in which terms can be left out, and of one in which all count."""
FEW_CLIPS, FEW_SEEDS, NUM_DRAWS = (15, 24, 40, 72, 150, 300), (201, 202), 12
SETTINGS = {"epochs": 1, "validation_share": 0.0, "progress": False}


def videos_in(folder: Path) -> list[str]:
    """Return the paths of a folder's videos, subfolders included."""
    return sorted(str(path) for path in folder.rglob("*") if path.suffix.lower() in VIDEO_SUFFIXES)


def ask_all(model: VideoQA, videos: list[str]) -> pd.DataFrame:
    """Return the answers to what is done in each video."""
    rows = model.predict(data=pd.DataFrame({"video": videos, "question": QUESTION}), progress=False)
    failed = rows[rows["status"] == "failed"]
    if len(failed):
        raise SystemExit(f"{len(failed)} videos failed:\n{failed[['video', 'error']].to_string()}")
    return rows


def print_rows(name: str, rows: pd.DataFrame) -> None:
    """Print how many clips are called unfamiliar, and how many answers reliable."""
    strange, reliable = rows["familiarity"] < LEVELS[0], rows["is_reliable"]
    print(
        f"{name:<28} {len(rows):5d} clips, unfamiliar {strange.sum():5d} ({strange.mean():7.2%}), "
        f"reliable answers {reliable.sum():5d} ({reliable.mean():7.2%})",
        flush=True,
    )


def frozen(seed: int) -> np.ndarray:
    """Return the middle frame of a drawn clip, shown for as long as the clip lasts."""
    activities = ("loading", "waving", "jumping", "walking left", "entering")
    path = videoqa.sample_clip(activities[seed % len(activities)], seed=seed)
    frames = decode(ClipRequest(path), SamplingConfig(num_frames=NUM_FRAMES)).frames
    return np.repeat(frames[NUM_FRAMES // 2][None], NUM_FRAMES, axis=0)


def ask_the_package(sample_seeds: list[int], num_clips: int) -> None:
    """Print what the model in the package thinks of real, drawn and still clips."""
    model = videoqa.load()
    parts = {name: ask_all(model, videos_in(real_data() / name)) for name in REAL_FOLDERS}
    for name, rows in parts.items():
        print_rows(name, rows)
    print_rows("all real clips", pd.concat(parts.values()))
    for seed in sample_seeds:
        table = load_sample_table(seed=seed, num_clips=num_clips, progress=False)
        print_rows(f"sample set {seed}", ask_all(model, table["video_path"].unique().tolist()))
    seeds = range(FIRST_STILL_SEED, FIRST_STILL_SEED + NUM_STILL)
    print_rows("empty bays", ask_all(model, [videoqa.sample_clip("empty", seed=seed) for seed in seeds]))
    answers = [model.ask(frozen(seed), QUESTION) for seed in seeds]
    columns = {name: [getattr(each, name) for each in answers] for name in ("familiarity", "is_reliable")}
    print_rows("one frame, frozen", pd.DataFrame(columns))


def above(strange: np.ndarray, known: np.ndarray) -> float:
    """Return the area under the ROC curve: how often a strange clip's score is above a known one's."""
    differences = strange[:, None] - known
    return float((differences > 0).mean() + (differences == 0).mean() / 2)


def scores_of(model: VideoQA, videos: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the terms of the strangeness of clips in units of their spread, `(num_clips, 5)`, and their
    familiarity."""
    trust = model.folder.trust
    assert trust is not None and trust.clips is not None  # it was trained on 54 clips or more
    vectors = trust.vectors_of([model.sample_file(ClipRequest(video)).grid for video in videos])
    terms = (trust.clips.space.terms(vectors) - trust.clips.scales[0]) / trust.clips.scales[1]
    assert np.allclose(terms @ WEIGHTS, trust.clips.strangeness(vectors))  # scored as the model does
    return terms, trust.clips.familiarity(vectors)


def train_on(table: pd.DataFrame, out: Path) -> VideoQA:
    """Return a model of a table's training clips."""
    return videoqa.load(videoqa.train(table, out=out, **real_backbone(), **SETTINGS))


def print_separation(name: str, model: VideoQA, strange: list[str], known: list[str]) -> tuple:
    """Print how well strange clips are told from known ones, and return the terms of both."""
    (out, out_familiarity), (inside, familiarity) = (scores_of(model, each) for each in (strange, known))
    shares = [
        f"below {level:g}: {(out_familiarity < level).mean():5.1%} and {(familiarity < level).mean():5.1%}"
        for level in LEVELS
    ]
    print(
        f"{name:<14} AUROC {above(out @ WEIGHTS, inside @ WEIGHTS):.3f}; familiarity of {len(strange)} "
        f"strange and {len(known)} known clips {', '.join(shares)}",
        flush=True,
    )
    return out, inside


def choose_on_one(terms: dict[str, tuple[np.ndarray, np.ndarray]], choices: tuple[float, ...]) -> None:
    """Print, for weights chosen on each class left out alone, how they do on the other three."""
    grid = [np.array(each) for each in itertools.product(choices, repeat=len(TERMS)) if any(each)]
    found = np.array([[above(out @ each, inside @ each) for out, inside in terms.values()] for each in grid])
    from_equal = [float(np.abs(each - 1).sum()) for each in grid]
    equal, means = found[from_equal.index(0)], []
    print(f"\nweights of {', '.join(TERMS)}: one of {len(grid)}, chosen on one class left out")
    for place, name in enumerate(terms):
        best = min(range(len(grid)), key=lambda row: (-found[row, place], from_equal[row]))
        others = np.delete(found[best], place)
        means.append(others.mean())
        print(
            f"{name:<14} {'/'.join(f'{weight:g}' for weight in grid[best])}: AUROC there "
            f"{found[best, place]:.3f}, on the others {', '.join(f'{each:.3f}' for each in others)}, "
            f"mean {means[-1]:.3f}"
        )
    listed = ", ".join(f"{each:.3f}" for each in equal)
    print(f"mean over the choices {np.mean(means):.3f}; all weights 1: {listed}, mean {equal.mean():.3f}")


def leave_out(folder: Path) -> None:
    """Train without each class in turn, then on all four, and print how well other clips are told apart."""
    table = subset_table(real_data())
    terms = {}
    for label in sorted(table["label"].unique()):
        left = table["label"] == label
        strange = table.loc[left, "video"].tolist()
        known = table.loc[~left & (table["split"] == "test"), "video"].tolist()
        terms[label] = print_separation(label, train_on(table[~left], folder / label), strange, known)
    weighted = [above(out @ WEIGHTS, inside @ WEIGHTS) for out, inside in terms.values()]
    print(f"{'mean':<14} AUROC {np.mean(weighted):.3f}")
    model, known = train_on(table, folder / "all"), table.loc[table["split"] == "test", "video"].tolist()
    for name in ("physio", "clips"):
        print_separation(name, model, videos_in(real_data() / name), known)
    for choices in WEIGHT_CHOICES:
        choose_on_one(terms, choices)


def compare_with_few() -> None:
    """Print what share of real clips, and of another drawn set, few training clips call unfamiliar."""
    model, none = videoqa.load(), ClipVectors(np.zeros((0, 104)), np.zeros((0, 2)))

    def vectors_of(videos: list[str]) -> ClipVectors:
        return vectors_of_features([model.sample_file(ClipRequest(video)).grid for video in videos])

    training, other = (load_sample_table(seed=seed, task="action", progress=False) for seed in FEW_SEEDS)
    known, groups = vectors_of(training["video_path"].tolist()), training["group"].to_numpy()
    new = vectors_of(other["video_path"].tolist()[::4])
    real = vectors_of([path for name in REAL_FOLDERS for path in videos_in(real_data() / name)])
    for number in FEW_CLIPS:
        shares = []
        for seed in range(NUM_DRAWS):
            order = np.random.default_rng(seed).permutation(np.unique(groups)).tolist()
            rows = np.concatenate([np.flatnonzero(groups == name) for name in order])[:number]
            compared = fit_clip_familiarity(
                known[rows], none, groups=groups[rows], classes=training["answer"].to_numpy()[rows]
            )
            assert compared is not None  # there are several groups
            shares.append([(compared.familiarity(each) < LEVELS[0]).mean() for each in (real, new)])
        strange, false = np.mean(shares, axis=0)
        lowest, highest = np.array(shares)[:, 0].min(), np.array(shares)[:, 0].max()
        print(
            f"{number:4d} clips: unfamiliar are {strange:6.1%} of {len(real)} real clips ({lowest:.1%} to "
            f"{highest:.1%} in {NUM_DRAWS} draws) and {false:5.2%} of {len(new)} drawn ones (1 in "
            f"{number + 1} is {1 / (number + 1):.2%})",
            flush=True,
        )


def main() -> None:
    """Print one of the three tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leave-out", action="store_true", help="classes of the UCF101 subset left out")
    parser.add_argument("--few", action="store_true", help="models of few drawn clips")
    parser.add_argument("--sample-seeds", type=int, nargs="+", default=[101, 102, 103], help="sets drawn")
    parser.add_argument("--num-clips", type=int, default=1158, help="of each set")
    arguments = parser.parse_args()
    if arguments.leave_out:
        with tempfile.TemporaryDirectory() as folder:
            leave_out(Path(folder))
    elif arguments.few:
        compare_with_few()
    else:
        ask_the_package(arguments.sample_seeds, arguments.num_clips)


if __name__ == "__main__":
    main()
