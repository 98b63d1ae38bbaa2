"""Predicts the time of a step on several machines: compute for a share of the batch + bytes / bandwidth.

    python benchmarks/scaling_model.py

Compute is measured here at several batch sizes, for the model of `videoqa.build_model` from cached features
and end to end through the frozen InceptionV3; bytes are counted from its weights. A ring all-reduce over n
workers sends 2 (n - 1) / n times the gradients through each worker's link, in 2 (n - 1) messages.

Source: Patarasuk and Yuan 2009, "Bandwidth optimal all-reduce algorithms for clusters of workstations".
"""

import argparse

import numpy as np
from training_speed import NUM_FRAMES, make_batch, seconds_per_step

from videoqa.config import ModelConfig
from videoqa.models.building import build_from_config

WORKERS = (1, 2, 8, 64)
LINKS = {"1 Gbit/s": 1e9 / 8, "10 Gbit/s": 1e10 / 8, "100 Gbit/s": 1e11 / 8}
"""Bytes per second of each machine's link."""
LATENCY_SECONDS = 1e-4
"""Of one message between two machines of one network."""
BATCH = 32


def gradient_bytes(batch_size: int) -> tuple[int, int]:
    """Return the bytes of a step's dense gradients, and of the embedding's, which are rows for the words."""
    model = build_from_config(ModelConfig(backbone_weights=None), NUM_FRAMES, starts_from="features")
    embedding = model.get_layer("question_embedding").embeddings
    dense = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    words = make_batch(model, batch_size)["inputs"]["question"].size
    return 4 * (dense - int(np.prod(embedding.shape))), 4 * words * embedding.shape[1]


def step_seconds(compute: float, num_workers: int, sizes: tuple[int, int], bandwidth: float) -> float:
    """Return the predicted seconds of a step.

    Args:
        compute: seconds for one worker's share of the batch.
        num_workers: equal workers, one to a machine.
        sizes: bytes of the dense gradients and of the gathered rows.
        bandwidth: bytes per second of a machine's link.
    """
    others = num_workers - 1
    sent = 2 * others / num_workers * sizes[0] + others / num_workers * sizes[1]
    return compute + sent / bandwidth + 2 * others * LATENCY_SECONDS


def main() -> None:
    """Measure compute, print it, and print the predicted speed-ups."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="counted end-to-end steps (cached: 4 times)")
    repeats = parser.parse_args().repeats
    sizes = gradient_bytes(BATCH)
    print(
        f"gradients of a step of {BATCH} rows: {sizes[0] / 1e6:.1f} MB dense, {sizes[1] / 1e6:.2f} MB of rows"
    )
    shares = {num_workers: max(BATCH // num_workers, 1) for num_workers in WORKERS}
    for title, starts_from, times in (("cached features", "features", 4), ("end to end", "clip", 1)):
        compute = {
            share: seconds_per_step(starts_from, share, times * repeats) for share in set(shares.values())
        }
        measured = ", ".join(
            f"{share} rows {compute[share]:.3f} s" for share in sorted(compute, reverse=True)
        )
        print(f"\n{title}: compute {measured}")
        print(f"{'workers':>8}" + "".join(f"{name:>24}" for name in LINKS))
        for num_workers, share in shares.items():
            cells = ""
            for bandwidth in LINKS.values():
                seconds = step_seconds(compute[share], num_workers, sizes, bandwidth)
                cells += f"{seconds:15.3f} s {compute[BATCH] / seconds:5.1f} x"
            print(f"{num_workers:8d}{cells}", flush=True)


if __name__ == "__main__":
    main()
