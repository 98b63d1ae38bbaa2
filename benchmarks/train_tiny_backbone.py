"""Train the `tiny` backbone on drawn frames and write the weights that ship with the package.

    python benchmarks/train_tiny_backbone.py

Each frame is seen alone, so nothing about the order of frames can be learned. Heads read the scene's state
off the features, each fact off a dozen of them, and are thrown away; noise added to the features while
training makes every fact loud in them. Scenes come from a stream of their own, never from one of the sample set. Expected: under ten minutes on
two quiet CPU cores, and the scores on scenes of another seed that stand in `benchmarks/README.md`.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import keras
import numpy as np
import tensorflow as tf

from videoqa.data.sample_canvas import encode_frames
from videoqa.data.sample_renderer import draw_frame, make_look
from videoqa.data.sample_scene import BACKBONE_STREAM, COLOURS, Scene, draw_scene
from videoqa.data.sample_scripts import SCRIPTS, state_at
from videoqa.models.tiny import TINY_FEATURE_DIM, TINY_INPUT_SIZE, TINY_WEIGHTS_PATH, build_tiny_network

PERSON_FACTS = {
    "x": (8.0, 88.0, 17),
    "feet y": (62.0, 86.0, 9),
    "lift": (0.0, 15.0, 6),
    "crouch": (0.0, 1.0, 3),
    "stride": (0.0, 1.0, 3),
    "left arm": (0.0, 160.0, 6),
    "right arm": (0.0, 160.0, 6),
    "carrying": (0.0, 1.0, 2),
}
SCENE_FACTS = {
    "box x": (8.0, 88.0, 17),
    "box y": (60.0, 90.0, 9),
    "door": (0.0, 1.0, 4),
    "shutter": (0.0, 1.0, 6),
    "depth": (0.0, 1.0, 4),
    "mirrored": (0.0, 1.0, 2),
}
FACTS = PERSON_FACTS | SCENE_FACTS
"""Fact of one frame -> the first and last bin and how many there are: a head tells the bins, softly."""
HEADS = {name: bins for name, (_, _, bins) in FACTS.items()} | {"shirt": len(COLOURS), "box": len(COLOURS)}
NOISE = 0.3
FRAMES_PER_SCENE, SCENES_PER_PART = 6, 512


def frame_facts(scene: Scene, frame: int, shake: np.ndarray) -> np.ndarray:
    """Return what the heads must tell of one frame: all heads' bins in a row, zeros where nobody is seen."""
    state = state_at(scene, frame)
    arms = (state.right_arm, state.left_arm) if scene.mirrored else (state.left_arm, state.right_arm)
    values = {
        "x": _seen_x(state.x, shake, scene),
        "feet y": state.feet_y - state.lift - shake[0],
        "lift": state.lift,
        "crouch": state.crouch,
        "stride": abs(state.stride),
        "left arm": arms[0],
        "right arm": arms[1],
        "carrying": state.carrying,
        "box x": _seen_x(state.box_x, shake, scene),
        "box y": state.box_y - shake[0],
        "door": state.door,
        "shutter": state.shutter,
        "depth": state.depth,
        "mirrored": float(scene.mirrored),
    }
    bins = {name: _soft_bins(value, *FACTS[name]) for name, value in values.items()}
    bins["shirt"], bins["box"] = np.eye(len(COLOURS))[
        [list(COLOURS).index(name) for name in (scene.shirt_colour, scene.box_colour)]
    ]
    if state.depth > 0.5:
        bins |= {name: bins[name] * 0 for name in (*PERSON_FACTS, "shirt")}
    return np.concatenate([bins[name] for name in HEADS]).astype(np.float32)


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


def heads_loss(wanted: tf.Tensor, told: tf.Tensor) -> tf.Tensor:
    """Return the sum over heads of the cross-entropy between wanted and told bins, (batch,)."""
    sizes = list(HEADS.values())
    pairs = zip(tf.split(wanted, sizes, axis=1), tf.split(told, sizes, axis=1), strict=True)
    return tf.add_n([tf.nn.softmax_cross_entropy_with_logits(bins, logits) for bins, logits in pairs])


def print_scores(model: keras.Model, frames: np.ndarray, wanted: np.ndarray) -> None:
    """Print how well each head reads its fact off the features of scenes never seen."""
    told = model.predict(frames, batch_size=256, verbose=0)
    ends = np.cumsum(list(HEADS.values()))[:-1]
    print(f"{'fact':<12}{'bins':>6}{'right bin':>11}{'within one':>12}")
    heads = zip(HEADS, np.split(wanted, ends, axis=1), np.split(told, ends, axis=1), strict=True)
    for name, bins, logits in heads:
        rows = bins.sum(axis=1) > 0
        off = np.abs(bins[rows].argmax(axis=1) - logits[rows].argmax(axis=1))
        within = f"{np.mean(off <= 1):>12.1%}" if name in FACTS else ""
        print(f"{name:<12}{bins.shape[1]:>6}{np.mean(off == 0):>11.1%}{within}")


def build_model(steps: int) -> tuple[keras.Model, keras.Model]:
    """Return the backbone, and the compiled model of backbone, noise and heads."""
    backbone = build_tiny_network(TINY_INPUT_SIZE)
    noisy = keras.layers.GaussianNoise(NOISE, seed=0, name="noise")(backbone.output)
    width = TINY_FEATURE_DIM // len(HEADS)
    told = [
        keras.layers.Dense(bins, name=f"head_{place}")(noisy[:, place * width : (place + 1) * width])
        for place, bins in enumerate(HEADS.values())
    ]
    told = keras.layers.Concatenate(name="heads")(told)
    model = keras.Model(backbone.input, told)
    rate = keras.optimizers.schedules.CosineDecay(1e-5, steps, warmup_target=2e-3, warmup_steps=steps // 20)
    model.compile(keras.optimizers.Adam(rate), heads_loss)
    return backbone, model


def main() -> None:
    """Train, print the scores and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="seed of scenes and weights")
    parser.add_argument(
        "--parts", type=int, default=60, help=f"parts of {SCENES_PER_PART} new scenes, each seen twice"
    )
    parser.add_argument("--out", type=Path, default=TINY_WEIGHTS_PATH, help="the weights file to write")
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
