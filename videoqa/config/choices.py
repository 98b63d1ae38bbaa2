"""The names of every choice, and the defaults that depend on one."""

FORMAT_VERSION = 1
TASKS = ("open_ended", "action")
SPLITS = ("train", "validation", "test")
OTHER_SPLIT_NAMES = {"val": "validation"}
BACKBONES = ("inception_v3", "tiny")
VIDEO_BRANCHES = ("lstm", "mean", "none")
MODEL_INPUTS = ("clip", "features")
LEARNING_RATE_SCHEDULES = ("constant", "cosine")
STRATEGIES = ("single", "mirrored", "multiworker")
RUNNERS = ("processes", "ray")
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16", "float64")
DEFAULT_FRAME_SIZES = {"inception_v3": (150, 150), "tiny": (96, 96)}
"""Height and width in pixels of the frames a backbone takes unless told otherwise."""
DEFAULT_BACKBONE_WEIGHTS = {"inception_v3": "imagenet", "tiny": "package"}
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
