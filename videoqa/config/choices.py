"""The names of every choice, and the defaults that depend on one."""

FORMAT_VERSION = 2
"""Of a model folder. Version 1 is read too, but for c3d: its weights were those of another function."""
TASKS = ("open_ended", "action")
SPLITS = ("train", "validation", "test")
OTHER_SPLIT_NAMES = {"val": "validation"}
BACKBONES = ("inception_v3", "tiny")
ARCHITECTURES = ("cnn_lstm", "c3d", "conv_lstm")
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
ARCHITECTURE_FRAME_SIZES = {"c3d": (112, 112), "conv_lstm": (240, 320)}
"""The published sizes of frames of the architectures that have no backbone."""
SMALLEST_FRAMES = {"inception_v3": 75, "tiny": 16, "c3d": 16, "conv_lstm": 34}
"""Pixels of the shorter side that leave something to every layer."""
ARCHITECTURE_L2 = {"cnn_lstm": 0.0, "c3d": 1e-4 / 2 / 11, "conv_lstm": 1e-3 / 2}
"""Published factors of the squared weights. C3D: 1e-4 of half the squared sum, averaged over 11 tensors."""
ARCHITECTURE_DROPOUT = {"cnn_lstm": 0.0, "c3d": 0.5, "conv_lstm": 0.0}
ARCHITECTURE_DEFAULTS = {
    "cnn_lstm": {},
    "c3d": {
        "num_frames": 10,
        "frame_step": 1,
        "short_clips": "loop",
        "crop": "random",
        "epochs": 20,
        "batch_size": 24,
        "learning_rate_schedule": "staircase",
    },
    "conv_lstm": {
        "num_frames": 100,
        "frame_step": 1,
        "short_clips": "mask",
        "epochs": 20,
        "batch_size": 8,
    },
}
"""Options that an architecture brings along where none are given."""
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
