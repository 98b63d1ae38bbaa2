"""What the `tiny` backbone tells of a frame; known without building it, so Keras need not be loaded."""

TINY_FACTS = {
    "x": 17,
    "feet_y": 9,
    "lift": 6,
    "crouch": 3,
    "stride": 3,
    "left_arm": 6,
    "right_arm": 6,
    "carrying": 2,
    "box_x": 17,
    "box_y": 9,
    "door": 4,
    "shutter": 6,
    "depth": 4,
    "mirrored": 2,
    "shirt": 5,
    "box": 5,
}
"""Fact about a frame -> its bins: places in the frame, how far a thing is open or an arm raised, colours."""
TINY_FEATURE_DIM = sum(TINY_FACTS.values())
