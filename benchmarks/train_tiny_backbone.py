"""Train the `tiny` backbone on drawn frames and write the weights that ship with the package.

    python benchmarks/train_tiny_backbone.py

Each frame is seen alone, so nothing about the order of frames can be learned. It learns to tell the facts of
a scene (`videoqa.models.tiny.TINY_FACTS`) bin by bin. Scenes come from a stream of their own, never from that
of the sample set. Expected: about ten minutes on two quiet CPU cores, and the table of scores on scenes of
another seed that stands in `benchmarks/README.md`.
"""

import argparse
import time
from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf

from videoqa.models.tiny import TINY_FACTS, TINY_INPUT_SIZE, build_tiny_network
from videoqa.models.weight_files import TINY_WEIGHTS_FILE
from videoqa.sample.canvas import encode_frames
from videoqa.sample.renderer import draw_frame, make_look
from videoqa.sample.scene import BACKBONE_STREAM, COLOURS, Scene, draw_scene
from videoqa.sample.scripts import SCRIPTS, state_at

FACT_RANGES = {
    "x": (8.0, 88.0),
    "feet_y": (62.0, 86.0),
    "lift": (0.0, 15.0),
    "crouch": (0.0, 1.0),
    "stride": (0.0, 1.0),
    "left_arm": (0.0, 160.0),
    "right_arm": (0.0, 160.0),
    "carrying": (0.0, 1.0),
    "box_x": (8.0, 88.0),
    "box_y": (60.0, 90.0),
    "door": (0.0, 1.0),
    "shutter": (0.0, 1.0),
    "depth": (0.0, 1.0),
    "mirrored": (0.0, 1.0),
}
"""Fact of a frame that is a number -> what its first and last bin stand for."""
PERSON_FACTS = ("x", "feet_y", "lift", "crouch", "stride", "left_arm", "right_arm", "carrying", "shirt")
FRAMES_PER_SCENE, SCENES_PER_PART = 6, 512


def frame_facts(scene: Scene, frame: int, shake: np.ndarray) -> np.ndarray:
    """Return what the heads must tell of one frame: all heads' bins in a row, zeros where nobody is seen."""
    state = state_at(scene, frame)
    arms = (state.right_arm, state.left_arm) if scene.mirrored else (state.left_arm, state.right_arm)
    values = {
        "x": _seen_x(state.x, shake, scene),
        "feet_y": state.feet_y - state.lift - shake[0],
        "lift": state.lift,
        "crouch": state.crouch,
        "stride": abs(state.stride),
        "left_arm": arms[0],
        "right_arm": arms[1],
        "carrying": state.carrying,
        "box_x": _seen_x(state.box_x, shake, scene),
        "box_y": state.box_y - shake[0],
        "door": state.door,
        "shutter": state.shutter,
        "depth": state.depth,
        "mirrored": float(scene.mirrored),
    }
    bins = {name: _soft_bins(value, *FACT_RANGES[name], TINY_FACTS[name]) for name, value in values.items()}
    bins["shirt"], bins["box"] = np.eye(len(COLOURS))[
        [list(COLOURS).index(name) for name in (scene.shirt_colour, scene.box_colour)]
    ]
    if state.depth > 0.5:
        bins |= {name: bins[name] * 0 for name in PERSON_FACTS}
    return np.concatenate([bins[name] for name in TINY_FACTS]).astype(np.float32)


def _seen_x(x: float, shake: np.ndarray, scene: Scene) -> float:
    return 95 - (x - shake[1]) if scene.mirrored else x - shake[1]


def _soft_bins(value: float, first: float, last: float, bins: int) -> np.ndarray:
    """Return a bump of weight 1 around the bin of `value`."""
    place = (np.clip(value, first, last) - first) / (last - first) * (bins - 1)
    weights = np.exp(-((np.arange(bins) - place) ** 2) / 0.72)
    return weights / weights.sum()


def draw_examples(seed: int, part: int, num_scenes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return drawn frames, uint8 RGB (n, 96, 96, 3), as they come back from a file, and their facts."""
    rng = np.random.default_rng([BACKBONE_STREAM, seed, part])
    frames, facts = [], []
    for _ in range(num_scenes):
        scene = draw_scene(rng, str(rng.choice(list(SCRIPTS))))
        look = make_look(scene)
        chosen = rng.choice(scene.num_frames, FRAMES_PER_SCENE, replace=False)
        drawn = np.stack([draw_frame(scene, look, int(frame)) for frame in chosen])
        for jpeg in encode_frames(drawn):
            picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
            frames.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
        facts += [frame_facts(scene, int(frame), look.shakes[frame]) for frame in chosen]
    return np.stack(frames), np.stack(facts)


def facts_loss(wanted: tf.Tensor, told: tf.Tensor) -> tf.Tensor:
    """Return the sum over facts of the cross-entropy between wanted and told bins, (batch,)."""
    return -tf.reduce_sum(wanted * tf.math.log(tf.maximum(told, 1e-7)), axis=1)


def print_scores(model: keras.Model, frames: np.ndarray, wanted: np.ndarray) -> None:
    """Print how well each fact is told of scenes never seen."""
    told = model.predict(frames, batch_size=256, verbose=0)
    ends = np.cumsum(list(TINY_FACTS.values()))[:-1]
    print(f"{'fact':<12}{'bins':>6}{'right bin':>11}{'within one':>12}")
    facts = zip(TINY_FACTS, np.split(wanted, ends, axis=1), np.split(told, ends, axis=1), strict=True)
    for name, bins, guess in facts:
        rows = bins.sum(axis=1) > 0
        off = np.abs(bins[rows].argmax(axis=1) - guess[rows].argmax(axis=1))
        within = f"{np.mean(off <= 1):>12.1%}" if name in FACT_RANGES else ""
        print(f"{name:<12}{bins.shape[1]:>6}{np.mean(off == 0):>11.1%}{within}")


def build_model(steps: int) -> tuple[keras.Model, keras.Model]:
    """Return the backbone, and the compiled model of its facts."""
    backbone = build_tiny_network(TINY_INPUT_SIZE)
    model = keras.Model(backbone.input, backbone.get_layer("facts").output)
    rate = keras.optimizers.schedules.CosineDecay(1e-5, steps, warmup_target=2e-3, warmup_steps=steps // 20)
    model.compile(keras.optimizers.Adam(rate), facts_loss)
    return backbone, model


def main() -> None:
    """Train, print the scores and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="seed of scenes and weights")
    parser.add_argument(
        "--parts", type=int, default=30, help=f"parts of {SCENES_PER_PART} new scenes, each seen twice"
    )
    parser.add_argument("--out", type=Path, default=TINY_WEIGHTS_FILE, help="the weights file to write")
    options = parser.parse_args()
    started = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    tf.config.experimental.enable_op_determinism()
    backbone, model = build_model(options.parts * 2 * (SCENES_PER_PART * FRAMES_PER_SCENE // 64))
    for part in range(options.parts):
        frames, facts = draw_examples(options.seed, part, SCENES_PER_PART)
        loss = model.fit(frames, facts, batch_size=64, epochs=2, verbose=0).history["loss"][-1]
        if part % 5 == 4:
            print(
                f"part {part + 1}/{options.parts}: loss {loss:.3f}, {time.perf_counter() - started:.0f} s",
                flush=True,
            )
    print_scores(model, *draw_examples(options.seed + 1, 0, 300))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    backbone.save_weights(options.out)
    size = options.out.stat().st_size / 1e6
    print(f"{options.out}: {size:.2f} MB, {time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
