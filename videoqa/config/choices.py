"""The names of every choice, and the defaults that depend on one."""

FORMAT_VERSION = 2
"""Of a model folder. Version 1 is read too, but for c3d: its weights were those of another function."""
TASKS = ("open_ended", "action")
SPLITS = ("train", "validation", "test")
OTHER_SPLIT_NAMES = {"val": "validation"}
BACKBONES = ("inception_v3", "tiny")
VIDEO_BRANCHES = ("lstm", "mean", "attention", "none")
MODEL_INPUTS = ("clip", "features")
SHORT_CLIPS = ("repeat", "skip", "loop", "mask")
CROPS = ("center", "random")
LEARNING_RATE_SCHEDULES = ("constant", "cosine", "staircase")
STRATEGIES = ("single", "mirrored", "multiworker")
RUNNERS = ("processes", "ray")
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16", "float64")
DEFAULT_FRAME_SIZES = {"inception_v3": (150, 150), "tiny": (96, 96)}
"""Height and width in pixels of the frames a backbone takes unless told otherwise."""
DEFAULT_BACKBONE_WEIGHTS = {"inception_v3": "imagenet", "tiny": "package"}
SMALLEST_FRAMES = {"inception_v3": 75, "tiny": 16}
"""Pixels of the shorter side that leave something to every layer."""
SAMPLE = "sample"
"""Name of the built-in sample set."""
SAMPLE_DEFAULTS = {
    "backbone": "tiny",
    "epochs": 15,
    "learning_rate": 2e-3,
    "learning_rate_schedule": "cosine",
    "patience": 4,
}
"""Options for the built-in sample set where none are given; chosen on its validation rows, the patience for
the time the demo takes."""
MAX_QUESTION_TOKENS = 32
MAX_QUESTION_CHARACTERS = 1000
