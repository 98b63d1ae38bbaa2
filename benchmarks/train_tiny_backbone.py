"""Train the `tiny` backbone on drawn frames and write the weights that ship with the package.

    python benchmarks/train_tiny_backbone.py

Each frame is seen alone, so nothing about the order of frames can be learned; the heads that read the scene's
state off the features are thrown away. Scenes come from a stream of their own, never from one of the sample set.
Expected: under ten minutes on two CPU cores; the table printed at the end is on scenes of another seed.
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

from videoqa.data.sample_renderer import draw_frame, encode_frames, make_look
from videoqa.data.sample_scene import BACKBONE_STREAM, COLOURS, SCRIPTS, Scene, draw_scene, state_at
from videoqa.models.tiny import TINY_INPUT_SIZE, TINY_WEIGHTS_PATH, build_tiny_network

PERSON_FACTS = ("x", "feet y", "lift", "depth", "crouch", "stride", "left arm", "right arm", "carrying")
SCENE_FACTS = ("box x", "box y", "door", "shutter", "mirrored", "visible")
FACTS = PERSON_FACTS + SCENE_FACTS
NUM_COLOURS = len(COLOURS)
FRAMES_PER_SCENE = 6


def frame_facts(scene: Scene, frame: int, shake: np.ndarray) -> np.ndarray:
    """Return what the heads must tell of one frame: facts, which of them count, and the two colours one-hot."""
    state = state_at(scene, frame)
    seen = state.depth < 0.5
    sides = (state.right_arm, state.left_arm) if scene.mirrored else (state.left_arm, state.right_arm)
    facts = [
        _centred(state.x, shake[1], scene.mirrored), _centred(state.feet_y - state.lift, shake[0]),
        state.lift / 8, state.depth * 2, state.crouch * 2, abs(state.stride) * 2, sides[0] / 60, sides[1] / 60,
        state.carrying * 2, _centred(state.box_x, shake[1], scene.mirrored), _centred(state.box_y, shake[0]),
        state.door * 2, state.shutter * 2, 2.0 * scene.mirrored - 1, 2.0 * seen - 1,
    ]  # fmt: skip
    counts = [float(seen)] * len(PERSON_FACTS) + [1.0] * len(SCENE_FACTS)
    counts[PERSON_FACTS.index("depth")] = 1.0
    colours = np.eye(NUM_COLOURS)[[list(COLOURS).index(name) for name in (scene.shirt_colour, scene.box_colour)]]
    return np.concatenate([facts, counts, colours[0] * seen, colours[1]]).astype(np.float32)


def _centred(position: float, shake: float, mirrored: bool = False) -> float:
    """Return a position of the frame, in pixels, as a number around zero."""
    place = position - shake
    return ((95 - place if mirrored else place) - 48) / 16


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
    """Return the squared error of the facts that count plus the cross-entropy of both colours, (batch,)."""
    facts, counts, shirt, box = tf.split(wanted, [len(FACTS), len(FACTS), NUM_COLOURS, NUM_COLOURS], axis=1)
    told_facts, told_shirt, told_box = tf.split(told, [len(FACTS), NUM_COLOURS, NUM_COLOURS], axis=1)
    error = tf.reduce_sum(counts * tf.square(facts - told_facts), axis=1)
    colours = tf.nn.softmax_cross_entropy_with_logits(shirt, told_shirt)
    return error + colours + tf.nn.softmax_cross_entropy_with_logits(box, told_box)


def print_scores(model: keras.Model, frames: np.ndarray, wanted: np.ndarray) -> None:
    """Print how well a linear head reads each fact off the features of unseen scenes."""
    told = model.predict(frames, batch_size=256, verbose=0)
    num_facts = len(FACTS)
    print(f"{'fact':<14}{'R2':>8}{'mean error':>12}")
    for place, name in enumerate(FACTS):
        rows = wanted[:, num_facts + place] > 0
        truth, error = wanted[rows, place], told[rows, place] - wanted[rows, place]
        print(f"{name:<14}{1 - error.var() / truth.var():>8.3f}{np.abs(error).mean():>12.3f}")
    for place, name in enumerate(("shirt colour", "box colour")):
        first = 2 * num_facts + place * NUM_COLOURS
        truth, guess = wanted[:, first : first + NUM_COLOURS], told[:, first - num_facts :][:, :NUM_COLOURS]
        rows = truth.sum(1) > 0
        print(f"{name:<14}{(truth[rows].argmax(1) == guess[rows].argmax(1)).mean():>8.1%} right")


def main() -> None:
    """Train, print the scores and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="seed of scenes and weights")
    parser.add_argument("--parts", type=int, default=60, help="parts of 512 new scenes, each seen twice")
    parser.add_argument("--out", type=Path, default=TINY_WEIGHTS_PATH, help="the weights file to write")
    options = parser.parse_args()
    started = time.perf_counter()
    keras.utils.set_random_seed(options.seed)
    tf.config.experimental.enable_op_determinism()
    backbone = build_tiny_network(TINY_INPUT_SIZE)
    told = keras.layers.Dense(len(FACTS) + 2 * NUM_COLOURS, name="heads")(backbone.output)
    model = keras.Model(backbone.input, told)
    steps = options.parts * 2 * (512 * FRAMES_PER_SCENE // 64)
    schedule = keras.optimizers.schedules.CosineDecay(1e-5, steps, warmup_target=2e-3, warmup_steps=steps // 20)
    model.compile(keras.optimizers.Adam(schedule), facts_loss)
    for part in range(options.parts):
        frames, facts = draw_examples(options.seed, part, 512)
        loss = model.fit(frames, facts, batch_size=64, epochs=2, verbose=0).history["loss"][-1]
        if part % 10 == 9:
            print(f"part {part + 1}/{options.parts}: loss {loss:.3f}, {time.perf_counter() - started:.0f} s", flush=True)
    print_scores(model, *draw_examples(options.seed + 1, 0, 300))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    backbone.save_weights(options.out)
    size = options.out.stat().st_size / 1e6
    print(f"{options.out}: {size:.2f} MB, {time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
