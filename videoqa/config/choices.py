"""The names of all choices, and defaults that depend on a choice."""

FORMAT_VERSION = 2
"""Format of a model folder. Version 1 is read too, except for c3d, which was another function then."""
TASKS = ("open_ended", "action")
SPLITS = ("train", "validation", "test")
OTHER_SPLIT_NAMES = {"val": "validation"}
CROSS_VALIDATION = "cross-validation"
"""The split, in scores, of rows that were each scored by a model of another fold."""
BACKBONES = ("inception_v3", "tiny")
POOLINGS = {"mean": 0, "grid2": 2, "grid3": 3}
"""What is kept of a frame's last map -> rows and columns of the grid of averages beside the whole."""
MOTIONS = ("none", "difference", "flow", "both", "flow_alone")
FLOW_SIDES, FLOW_DIRECTIONS = 3, 8
FLOW_COLUMNS = (1 + FLOW_SIDES**2) * (3 + FLOW_DIRECTIONS)
"""Numbers that sum up the flow between two frames: of the whole frame and of each cell of a grid, the mean to
the right and downwards, the mean length, and the length in each direction."""
VIDEO_BRANCHES = ("lstm", "bidirectional", "convolution", "attention", "mean", "none")
MODEL_INPUTS = ("clip", "features")
SHORT_CLIPS = ("repeat", "skip", "loop", "mask")
CROPS = ("center", "random")
LEARNING_RATE_SCHEDULES = ("constant", "cosine", "staircase")
PRETRAININGS = ("order",)
STRATEGIES = ("single", "mirrored", "multiworker")
RUNNERS = ("processes", "ray")
EXPORT_FORMATS = ("saved_model", "onnx", "litert", "keras")
EXPORT_STARTS = ("frames", "features")
"""What an export may start from."""
LABEL_SELECTIONS = ("random", "unlabelled", "wrong", "uncertain", "unfamiliar")
"""Which rows people are asked about."""
LABEL_KINDS = ("answer", "label", "write", "verify")
"""Answer a question; name the action; write questions and their answers; say whether an answer is right."""
LABEL_WEIGHTS = ("agreement",)
"""What may weigh training rows by how sure people are of their answers."""
LABEL_FORMATS = ("mturk", "labelstudio", "csv")
"""Where they answer."""
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16", "float64")
DEFAULT_FRAME_SIZES = {"inception_v3": (150, 150), "tiny": (96, 96)}
"""Backbone -> default (height, width) of its frames in pixels."""
DEFAULT_BACKBONE_WEIGHTS = {"inception_v3": "imagenet", "tiny": "package"}
SMALLEST_FRAMES = {"inception_v3": 75, "tiny": 16}
"""Backbone -> shortest side of a frame in pixels that its layers can process."""
SAMPLE = "sample"
"""Name of the built-in sample set."""
SAMPLE_LANGUAGES = {"en": SAMPLE, "zh": "sample_zh"}
"""Language -> name of the built-in set whose questions and answers are in it."""
SAMPLE_DEFAULTS = {
    "backbone": "tiny",
    "epochs": 15,
    "learning_rate": 2e-3,
    "learning_rate_schedule": "cosine",
    "patience": 4,
}
"""Default options for the sample set, chosen on its validation rows; `patience` keeps the demo short."""
CHINESE_SAMPLE_DEFAULTS = {"epochs": 30, "patience": 8}
"""Those that differ in Chinese: questions of twice as many tokens, characters, take longer to learn."""
MAX_QUESTION_TOKENS = 32
MAX_QUESTION_CHARACTERS = 1000
